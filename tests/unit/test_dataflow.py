"""What each cell defines and uses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.dataflow import MAX_LINE_CHARS, CellNames, NotebookFlow, cell_names, definitions, notebook_flow
from jupyter_spark.wire import CellSnapshot


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
        ("def f(a):\n    def g():\n        nonlocal a\n        a += b\n    return g", "f", "b"),
        ("def f():\n    x = 1\n    return lambda: x + y", "f", "y"),
        ("class A:\n    x = 1\n    def m(self):\n        return x", "A", "x"),
        ("class A:\n    x = 1\n    y = x + z", "A", "z"),
        ("def f(*a, k=d, **kw): return a, k, kw", "f", "d"),
        ("global g\ng = 1", "g", ""),
        (
            "match v:\n    case {'a': a, **rest}: pass\n    case [b, *c]: pass\n    case P(d) as e: pass",
            "a b c d e rest",
            "v P",
        ),
        ("match v:\n    case _: pass", "", "v"),
        ("try: pass\nexcept E: pass", "", "E"),
        ("async def f():\n    async for i in r: print(i)", "f", "r print"),
        ("[b for a in xs for b in a if b > k]", "", "xs k"),
        ("%time y = f(x)", "y", "get_ipython f x"),
        ("%timeit -n 10 f(x)", "", "get_ipython f x"),
        ("%time y = (", "", "get_ipython"),
        ("!ls {folder} $name", "", "get_ipython folder name"),
        ("df?", "", "get_ipython"),
    ],
)
def test_names(source: str, defines: str, uses: str) -> None:
    names = cell_names(source)
    assert (names.defines, names.uses) == (set(defines.split()), set(uses.split()))
    assert names.needs <= names.uses
    assert names.imports <= names.defines


@pytest.mark.parametrize("source", ["", "  \n", "%%bash\nx=1", "%%html\n<b>", "-" * 10_000 + "1"])
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
        ("def f(a: int, *b) -> str:\n    c = 1", [("f", "f(a: int, *b) -> str")]),
        ("async def f(): pass", [("f", "f()")]),
        ("class A(B):\n    c = 1", [("A", "class A: c")]),
        ("x = y = 1", [("x", "x = y = 1"), ("y", "x = y = 1")]),
        ("a, (b, c.d) = e", [("a", "a, (b, c.d) = e"), ("b", "a, (b, c.d) = e")]),
        ("x: int = 1\nx[0] = 2", [("x", "x: int = 1")]),
        ("if x:\n    y = 1\nprint(x)", []),
        ("%%time\nfiles = !ls", [("files", "files = get_ipython().getoutput('ls')")]),
        ("p = '\\d'", [("p", "p = '\\\\d'")]),
    ],
)
def test_definitions(source: str, lines: list[tuple[str, str]]) -> None:
    assert [(name, line) for name, line, _ in definitions(source)] == lines


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('def f(a, b=3):\n    """Round it.\n\n    More.\n    """', "f(a, b=3)  # Round it."),
        ('class A:\n    "  "', "class A"),
        ('class A(B):\n    "An A."\n    def _b(self): ...\n    async def c(self): ...', "class A: c()  # An A."),
        ("@dataclass\nclass A:\n    b: int\n    c: str = ''\n    d.e: int = 3", "class A: b: int, c: str"),
        (
            "class A:\n    e = 1\n    def __init__(self, b, *, c=2):\n        self.b, self._c, b.d = b, c, 1\n",
            "class A: __init__(b, *, c=2), b, e",
        ),
        ("class A:\n    def __init__(): pass", "class A: __init__()"),
        (
            "class A:\n" + "".join(f"    b{n} = 1\n" for n in range(20)),
            "class A: b0, b1, b2, b3, b4, b5, b6, b7, b8, b9",
        ),
        (f"def f():\n    '{'x' * 100}'", f"f()  # {'x' * 80} ..."),
    ],
)
def test_a_definition_says_how_it_is_used(source: str, text: str) -> None:
    (definition,) = definitions(source)
    assert definition.text == text


def test_a_long_definition_is_cut() -> None:
    ((name, line, _),) = definitions(f"x = {list(range(100))}")
    assert name == "x"
    assert line == f"x = {list(range(100))}"[:MAX_LINE_CHARS] + " ..."


@pytest.mark.parametrize(
    ("source", "needs", "imports", "mutates"),
    [
        ("x = 1\nprint(x)", "print", "", ""),
        ("print(x)\nx = 1", "print x", "", ""),
        ("x += 1", "x", "", ""),
        ("def f(): return later\nlater = 1", "", "", ""),
        ("class A:\n    y = later\nlater = 1", "later", "", ""),
        ("[later for _ in r]\nlater = 1", "later r", "", ""),
        ("import a.b, c as d\ndef f():\n    import e", "", "a d", ""),
        ("df['x'] = 1", "df", "", "df"),
        ("df.loc[0, 'x'] += 1", "df", "", "df"),
        ("model.layers[0].weight = w", "model w", "", "model"),
        ("del d[k]", "d k", "", "d"),
        ("xs.append(1)\nys.copy()", "xs ys", "", "xs"),
        ("df.dropna(inplace=True)\nother.dropna(inplace=False)", "df other", "", "df"),
        ("def f(a):\n    a.x = 1\n    b.x = 2", "b", "", "b"),
        ("def f():\n    a = []\n    def g(): a.append(1)", "", "", ""),
        ("f().x = 1", "f", "", ""),
    ],
)
def test_what_is_needed_imported_and_changed(source: str, needs: str, imports: str, mutates: str) -> None:
    names = cell_names(source)
    found = (names.needs, names.imports, names.mutates)
    assert found == (set(needs.split()), set(imports.split()), set(mutates.split()))


@pytest.mark.parametrize(
    ("source", "defines", "needs"),
    [
        ("x = (", "x", ""),
        ("x = '\0'", "x", ""),
        ("a = 1\nb = f(a, c\nd = e", "a b d", "f c e"),
        ("def g(n:\n    return n + k\nh = g", "g h", "n k"),
        ("class A(B:\n    pass", "A", "B"),
        ("import os\nx = 'open", "os x", "open"),
        ("%%time\ny = x +", "y", "x"),
        ("xs.append(1)\n)", "", "xs"),
        ("from m import *\ny = 'it' + # words\n", "y", ""),
    ],
)
def test_a_cell_that_does_not_parse_is_read_as_far_as_it_goes(source: str, defines: str, needs: str) -> None:
    names = cell_names(source)
    assert (names.defines, names.needs) == (set(defines.split()), set(needs.split()))


def test_what_runs_another_file_may_bind_anything() -> None:
    assert cell_names("%run setup.py").star_imports == ("%run",)
    assert cell_names("%pylab").star_imports == ("%pylab",)


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(["a", "b", "=", "(", ")", ":", "\n", "def", ".", "+", "%", "!", "?", "'", "[", "]"]),
        max_size=30,
    ).map("".join)
)
def test_no_text_makes_it_fail(source: str) -> None:
    names = cell_names(source)
    assert names.needs <= names.uses
    definitions(source)


# --- the notebook ----------------------------------------------------------------------------------


def flow(*cells: str | tuple[str, int | None]) -> NotebookFlow:
    pairs = [(cell, None) if isinstance(cell, str) else cell for cell in cells]
    return notebook_flow(
        [CellSnapshot(cell_id=str(i), source=source, execution_count=count) for i, (source, count) in enumerate(pairs)]
    )


def test_a_definition_is_the_nearest_above_and_else_below() -> None:
    notebook = flow("x = 1", "x = 2", "print(x)", "x = 3", "print(y)", "y = 1", "y = 2")
    assert notebook.definers("x", 2) == (1,)
    assert notebook.definers("x", 1) == (0,)
    assert notebook.definers("y", 4) == (5,)
    assert notebook.definers("print", 4) == ()
    assert notebook.redefined("x") == (0, 1, 3)
    assert notebook.redefined("z") == ()


def test_a_definition_that_ran_later_above_counts_too() -> None:
    notebook = flow(("x = 1", 1), ("print(x)", 4), ("x = 2", 3), ("x = 3", 5), ("x = 4", None))
    assert notebook.definers("x", 1) == (2, 0)
    assert flow(("x = 1", 1), ("x", 2)).definers("x", 1) == (0,)
    assert notebook.out_of_order == (2,)


def test_what_a_cell_rests_on_through_others() -> None:
    notebook = flow("import m", "a = m.f()", "b = a", "a['k'] = 1", "c = b + a", "other = 1")
    assert notebook.needed({"a", "b"}, 4) == {1: ["a"], 3: ["a"], 2: ["b"]}
    assert notebook.reach([4]) == {1: 1, 3: 1, 2: 1, 0: 2}
    assert notebook.users(1) == (2, 3, 4)
    assert notebook.users(3) == (4,)
    assert notebook.users(5) == ()


def test_cells_that_rest_on_each_other_are_told_once() -> None:
    notebook = flow("def f(): return g()", "def g(): return f()")
    assert notebook.reach([0]) == {1: 1}


def test_stale_cells_ran_before_what_they_rest_on() -> None:
    notebook = flow(("x = 1", 5), ("y = x", 2), ("z = y", 3), ("w = 1", 4), ("print(x)", 6), ("print(x)", None))
    assert notebook.stale == (1, 2)


def test_words_are_no_code() -> None:
    cells = [CellSnapshot(cell_id="m", kind="markdown", source="x = 1"), CellSnapshot(cell_id="c", source="x")]
    assert notebook_flow(cells).definers("x", 1) == ()
