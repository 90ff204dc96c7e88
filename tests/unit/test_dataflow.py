"""What each cell defines and uses."""

from __future__ import annotations

import pytest

from jupyter_spark.dataflow import MAX_LINE_CHARS, CellNames, cell_names, definitions


@pytest.mark.parametrize(
    ("source", "defines", "uses"),
    [
        ("x = y", "x", "y"),
        ("x: int = y", "x", "int y"),
        ("a, (b, *c) = d", "a b c", "d"),
        ("a.b = c\nd[e] = f", "", "a c d e f"),
        ("total += step", "total", "total step"),
        ("del df, a[i]", "", "df a i"),
        ("import a.b, c as d\nfrom e import f, g as h", "a d f h", ""),
        ("def f(a: T = k) -> R:\n    b = a\n    return b + g", "f", "T k R g"),
        ("def f():\n    n = 0\n    n += 1", "f", ""),
        ("def f():\n    global g\n    g = 1", "f g", ""),
        ("def f():\n    global g\n    return g", "f", "g"),
        ("class A(B):\n    c = d\n    def m(self):\n        return e", "A", "B d e"),
        ("@dec\nasync def f(): await g()", "f", "dec g"),
        ("for i in r:\n    with o() as p: pass", "i p", "r o"),
        ("try: pass\nexcept E as e: pass", "e", "E"),
        ("while (w := f()): pass", "w", "f"),
        ("lambda q: q + z", "", "z"),
        ("[i + k for i in xs if i]", "", "k xs"),
        ("{i for i in xs}", "", "xs"),
        ("{k: v for k, v in d.items()}", "", "d"),
        ("sum(i for i in xs)", "", "sum xs"),
        ("[(last := i) for i in xs]", "last", "xs"),
        ("def f():\n    return [[g(i) for i in r] for r in rows]", "f", "g rows"),
        ("i = 1\n[i for i in xs]", "i", "xs"),
        ("files = !ls\n%matplotlib inline", "files", "get_ipython"),
        ("%%time\nx = y", "x", "y"),
        ("%%capture out\nprint(x)", "out", "print x"),
        ("await f(x)", "", "f x"),
        ("p = '\\d'", "p", ""),
    ],
)
def test_names(source: str, defines: str, uses: str) -> None:
    assert cell_names(source) == CellNames(frozenset(defines.split()), frozenset(uses.split()))


@pytest.mark.parametrize("source", ["", "  \n", "%%bash\nx=1", "x = (", "x = '\0'", "-" * 10_000 + "1"])
def test_cells_without_names(source: str) -> None:
    assert cell_names(source) == CellNames()
    assert definitions(source) == ()


def test_star_imports() -> None:
    names = cell_names("from numpy import *\ndef f():\n    pass\nfrom . import *\nfrom a.b import c\nfrom .m import *")
    assert names.star_imports == ("numpy", ".", "m")
    assert names.defines == {"f", "c"}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import a.b, c as d", [("a", "import a.b, c as d"), ("d", "import a.b, c as d")]),
        ("from e import f as g", [("g", "from e import f as g")]),
        ("def f(a: int, *b) -> str:\n    c = 1", [("f", "def f(a: int, *b) -> str")]),
        ("async def f(): pass", [("f", "def f()")]),
        ("class A(B):\n    c = 1", [("A", "class A")]),
        ("x = y = 1", [("x", "x = y = 1"), ("y", "x = y = 1")]),
        ("a, (b, c.d) = e", [("a", "a, (b, c.d) = e"), ("b", "a, (b, c.d) = e")]),
        ("x: int = 1\nx[0] = 2", [("x", "x: int = 1")]),
        ("if x:\n    y = 1\nprint(x)", []),
        ("%%time\nfiles = !ls", [("files", "files = get_ipython().getoutput('ls')")]),
        ("p = '\\d'", [("p", "p = '\\\\d'")]),
    ],
)
def test_definitions(source: str, lines: list[tuple[str, str]]) -> None:
    assert list(definitions(source)) == lines


def test_a_long_definition_is_cut() -> None:
    ((name, line),) = definitions(f"x = {list(range(100))}")
    assert name == "x"
    assert line == f"x = {list(range(100))}"[:MAX_LINE_CHARS] + " ..."
