"""Docstrings and type hints of an answer, put into a cell that stays as it was."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.dataflow import parse_cell
from jupyter_spark.grafting import Additions, asked_additions, bare_parameters, definitions, graft, lacking
from jupyter_spark.grafting._definitions import is_same_code
from jupyter_spark.notebook import parse_notebook, snapshot

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

BOTH = Additions(docstrings=True, type_hints=True)
DOCSTRINGS, HINTS = Additions(docstrings=True), Additions(type_hints=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("add a one-line docstring to each function", Additions(docstrings=True, one_line=True)),
        ("Please write NumPy-style docstrings for all classes and methods.", DOCSTRINGS),
        ("add type hints to the functions", HINTS),
        ("Add docstrings and type annotations everywhere", BOTH),
        ("give each function a docstring, and don't change anything else", DOCSTRINGS),
        (
            "Add type hints to the parameters and return values of all functions. Do not change what the code does.",
            HINTS,
        ),
        ("add docstrings and use pathlib", None),
        ("add type hints and rename x to width", None),
        ("remove the docstrings", None),
        ("rewrite the docstrings", None),
        ("add a docstring and fix the bug", None),
        ("add hints", None),
    ],
)
def test_words_that_ask_for_nothing_else_are_known(words, expected):
    assert asked_additions(words) == expected


def test_words_may_name_what_the_cell_defines():
    source = "def area(r):\n    return r\n\ndef ring(r):\n    return r"
    assert asked_additions("add a docstring to `area`", source) == Additions(docstrings=True, names=frozenset({"area"}))
    assert asked_additions("add a docstring to volume", source) is None
    answer = 'def area(r):\n    """A."""\n\ndef ring(r):\n    """B."""'
    told = graft(source, answer, Additions(docstrings=True, names=frozenset({"area"})), ())
    assert '"""A."""' in told and '"""B."""' not in told


def test_what_else_an_answer_changed_is_not_taken():
    source = "def df(x, y):\n    return g(x)[0]  # the first\n\ndf(1, 2), df(3, 4)"
    answer = 'import math\ndef df(x, y):\n    """Compute it."""\n    return g(x)[1], math.pi'
    assert graft(source, answer, DOCSTRINGS, ()) == (
        'def df(x, y):\n    """Compute it."""\n    return g(x)[0]  # the first\n\ndf(1, 2), df(3, 4)'
    )


def test_a_docstring_goes_where_its_definition_is():
    source = (
        "%matplotlib inline\nclass A(object):\n  # above\n  def f(self): return 'é'  # hi\n"
        "  @property\n  def g(\n      self,\n  ):\n    @wraps\n    def inner(): pass\n    return inner\n"
        "if True:\n    async def late(): return [\n      1]\n"
    )
    answer = (
        'class A:\n    """A."""\n    def f(self):\n        """F."""\n'
        '    def g(self):\n        """G.\n\n        More.\n        """\n'
        '        def inner():\n            """I."""\n'
        'async def late():\n    """L."""\n'
    )
    assert graft(source, answer, DOCSTRINGS, ()) == (
        '%matplotlib inline\nclass A(object):\n  """A."""\n  # above\n'
        '  def f(self):\n      """F."""\n      return \'é\'  # hi\n'
        '  @property\n  def g(\n      self,\n  ):\n    """G.\n\n    More.\n    """\n'
        '    @wraps\n    def inner():\n        """I."""\n'
        "        pass\n    return inner\n"
        'if True:\n    async def late():\n        """L."""\n        return [\n      1]\n'
    )


def test_a_docstring_that_is_there_stays():
    source = 'def f():\n    """Mine."""\n    return 1'
    assert graft(source, 'def f():\n    """Theirs."""', DOCSTRINGS, ()) == source


def test_a_method_does_not_get_the_docstring_of_its_class():
    source = 'class A:\n    """An A."""\n    def f(self): return 1\n    def g(self): return 2'
    told = graft(
        source, 'class A:\n    def f(self):\n        """An A."""\n    def g(self):\n        """G."""', DOCSTRINGS, ()
    )
    assert told == source.replace("g(self): return 2", 'g(self):\n        """G."""\n        return 2')


def test_one_line_is_one_line():
    answer = 'def f():\n    """\n    Compute the\n    gradient.\n\n    Parameters: none.\n    """'
    told = graft("def f():\n    return 1", answer, Additions(docstrings=True, one_line=True), ())
    assert told == 'def f():\n    """Compute the gradient."""\n    return 1'


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0\f\x1c\x1d\x1e\x85\u2028\u2029"), max_size=60))
def test_whatever_stands_in_a_docstring_the_code_is_the_same(text):
    source = "def f(x):\n    return x"
    told = graft(source, f"def f(x):\n    {text!r}\n    return 0", DOCSTRINGS, ())
    assert told is not None
    node = ast.parse(told).body[0]
    assert ast.unparse(node.body[-1]) == "return x"


# --- type hints ------------------------------------------------------------------------------------


def hinted(source: str, answer: str, known: tuple[str, ...] = ()) -> str:
    told = graft(source, f"{answer}: pass", HINTS, known)
    assert told is not None
    return told


def test_hints_go_behind_the_names_and_the_head():
    source = "def f(\n    a, b=1,  # two\n    *rest, é = 'ü', **more\n):\n    return [a]"
    answer = "def f(a: float, b: int, *rest: str, é: str, **more: bool) -> list[float]"
    assert hinted(source, answer) == (
        "def f(\n    a: float, b: int = 1,  # two\n"
        "    *rest: str, é: str = 'ü', **more: bool\n) -> list[float]:\n    return [a]"
    )


def test_hints_that_are_there_stay_and_self_gets_none():
    source = "class A:\n    def f(self, a: int, b): return a"
    told = graft(source, "class A:\n    def f(self: 'A', a: str, b: str): ...", HINTS, ())
    assert told == "class A:\n    def f(self, a: int, b: str): return a"


@pytest.mark.parametrize(
    "hint",
    [
        "float[int]",  # no type has that
        "List[int, int]",
        "[float]",
        "(int, int)",
        "Nowhere",
        "gradients",  # known, and no class by its name
        "np.ndarray",  # nobody imports np
        "print('hi')",
        "lambda: int",
        "...",
        "None",
        "'Forward'",
    ],
)
def test_what_python_cannot_evaluate_as_a_type_is_left(hint):
    source = "def f(a): return a"
    assert hinted(source, f"def f(a: {hint})", ("gradients",)) == source


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("return 1, 2", "float"),
        ("return 1, 2", "tuple[int, int, int]"),
        ("return [1], [2]", "tuple[float, float]"),
        ("return [a for a in b]", "dict"),
        ("raise NotImplementedError", "None | Nowhere"),
        ("return f'{1}'", "None"),
        ("yield 1", "list[int]"),
    ],
)
def test_a_hint_that_the_function_contradicts_is_left(body, hint):
    source = f"def f(): {body}"
    assert hinted(source, f"def f() -> {hint}") == source


def test_what_can_be_seen_to_return_nothing_does():
    source = "def f(self): self.x = lambda: 1"
    assert hinted(source, "def f(self)") == hinted(source, "def f(self) -> int") == source.replace("):", ") -> None:")
    assert hinted("def f(): pass", "def f()") == "def f(): pass"  # for others to write
    assert hinted("def f(): return g()", "def f()") == "def f(): return g()"


def test_a_hint_that_the_default_contradicts_is_left():
    assert hinted("def f(a=0.5, b=1): return a", "def f(a: int, b: float)") == "def f(a=0.5, b: float = 1): return a"


def test_what_a_hint_needs_is_imported():
    source = "%%time\nfrom __future__ import annotations\ndef f(a, b, c):\n    return a"
    answer = (
        "from numpy.typing import NDArray\nimport numpy as np\n"
        "def f(a: callable, b: Optional[NDArray], c: Dict[str, List[int]]) -> any"
    )
    assert hinted(source, answer) == (
        "%%time\nfrom __future__ import annotations\n"
        "from typing import Any, Callable, Dict, List, Optional\nfrom numpy.typing import NDArray\n\n"
        "def f(a: Callable, b: Optional[NDArray], c: Dict[str, List[int]]) -> Any:\n    return a"
    )
    assert hinted("def f(a): return a", "def f(a: List[int])", ("List",)) == "def f(a: List[int]): return a"
    # A name that was there before is not this answer's to import.
    assert hinted("def f(a: List, b): return a", "def f(a, b: int)") == "def f(a: List, b: int): return a"


def test_a_class_of_the_notebook_may_be_a_hint():
    assert hinted("def f(a): return a", "def f(a: Dual | None) -> list[Dual]", ("Dual",)) == (
        "def f(a: Dual | None) -> list[Dual]: return a"
    )


def test_a_class_that_is_not_there_yet_is_quoted():
    source = "class Old: pass\nclass Dual:\n    def add(self, a, b): return a"
    told = graft(source, "class Dual:\n    def add(self, a: Old, b: list[Dual]) -> Dual: ...", HINTS, ("Dual", "Old"))
    assert told is not None and told.endswith('    def add(self, a: Old, b: "list[Dual]") -> "Dual": return a')
    exec(told, {})


def test_what_is_lacking_is_told_by_name():
    tree = ast.parse('class A:\n    """A."""\n    def f(self) -> int: ...\n    def g(self, x: int): ...')
    assert lacking(tree, DOCSTRINGS) == [("A.f", 0), ("A.g", 0)]
    assert lacking(tree, HINTS) == [("A.g", 0)]
    assert [*definitions(tree)] == [("A", 0), ("A.f", 0), ("A.g", 0)]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_function_of_a_real_notebook_gets_all_that_it_lacks_and_stays_as_it_was(path):
    for cell in snapshot(parse_notebook(path.read_bytes())).cells:
        tree = parse_cell(cell.source) if cell.kind == "code" else None
        if tree is None or not definitions(tree):
            continue
        told = graft(cell.source, ast.unparse(_with_everything(parse_cell(cell.source))), BOTH, ())
        after = parse_cell(told)
        assert is_same_code(tree, after) and not lacking(after, BOTH)


def _with_everything(tree):
    """The tree of an answer in which every function has all that it can have."""
    for node in definitions(tree).values():
        if ast.get_docstring(node) is None:
            node.body.insert(0, ast.Expr(ast.Constant(f"What {node.name} does.\n\nMore of it.")))
        if not isinstance(node, ast.ClassDef):
            for arg in bare_parameters(node):
                arg.annotation = ast.Name("object", ast.Load())
            node.returns = node.returns or ast.Name("object", ast.Load())
    return ast.fix_missing_locations(tree)


def test_what_is_not_python_is_left_alone():
    assert graft("def f(:", "def f(): ...", BOTH, ()) is None
    assert graft("def f(): ...", "I would rather not.", BOTH, ()) is None
    assert graft("x = 1", "x: int = 1", BOTH, ()) is None  # a variable's hint is all that the words can mean
