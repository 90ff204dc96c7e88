"""What IPython makes of a cell, line for line."""

from __future__ import annotations

import ast
import gc
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.ipysyntax import PYTHON_MAGICS, PythonCell, parse_python, syntax_error, to_python, to_tree


def test_plain_python_stays() -> None:
    assert to_python("x = 1\ny = 2") == PythonCell("x = 1\ny = 2\n")
    assert to_python("") == to_python(" \n\t\n") == PythonCell("")


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("!ls", "system('ls')"),
        ("%matplotlib inline", "run_line_magic('matplotlib', 'inline')"),
        ("files = !ls", "files = get_ipython().getoutput('ls')"),
        ("print?", "run_line_magic('pinfo', 'print')"),
    ],
)
def test_ipythons_own_syntax(source: str, calls: str) -> None:
    code = to_python(f"x = 1\n{source}\ny = 2").code
    assert code is not None
    first, second, third = code.splitlines()
    assert (first, third) == ("x = 1", "y = 2")
    assert calls in second
    assert syntax_error(source) is None


def test_threads_that_parse_do_not_disturb_each_other() -> None:
    source = "x = [" + ", ".join(f"f({number}, [{{'a': (1, 2)}}] * 3)" for number in range(300)) + "]"

    def let_others_run(*_: object) -> None:
        time.sleep(1e-4)

    gc.callbacks.append(let_others_run)  # in the middle of a tree
    try:
        with ThreadPoolExecutor(8) as pool:
            trees = list(pool.map(parse_python, [source] * 50))
    finally:
        gc.callbacks.remove(let_others_run)
    assert {len(ast.dump(tree)) for tree in trees} == {len(ast.dump(ast.parse(source)))}


def test_a_parse_that_another_thread_disturbed_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parse, disturbed = ast.parse, iter([SystemError("AST constructor recursion depth mismatch")] * 2)

    def disturbing(source: str) -> ast.Module:
        if error := next(disturbed, None):
            raise error
        return parse(source)

    monkeypatch.setattr(ast, "parse", disturbing)
    assert ast.unparse(parse_python("x = 1")) == "x = 1"


@pytest.mark.parametrize("name", sorted(PYTHON_MAGICS))
def test_a_cell_magic_over_python(name: str) -> None:
    cell = to_python(f"%%{name} -n 1\nx = 1\n!ls")
    assert cell.magic == name
    assert cell.code is not None
    assert cell.code.splitlines() == ["", "x = 1", "get_ipython().system('ls')"]


@pytest.mark.parametrize("name", ["bash", "html", "js", "sql", "writefile", "cython"])
def test_a_cell_magic_over_another_language(name: str) -> None:
    source = f"%%{name}\nthis is ( not Python"
    assert to_python(source) == PythonCell(None, name)
    assert syntax_error(source) is None


def test_a_magic_line_alone() -> None:
    assert to_python("%%time") == PythonCell("", "time")
    assert to_python("%%capture out") == PythonCell("", "capture")
    assert to_python("%%bash") == PythonCell(None, "bash")


@pytest.mark.parametrize(
    ("line", "first"),
    [("out", "out = None"), ("--no-stderr out", "out = None"), ("", ""), ("--no-stderr", ""), ("a.b", "")],
)
def test_capture_binds_a_name(line: str, first: str) -> None:
    code = to_python(f"%%capture {line}\nx = 1").code
    assert code is not None
    assert code.splitlines() == [first, "x = 1"]


@pytest.mark.parametrize(
    "above", ["\n", "\n\n", "  \n\t\n", "%%time\n", "%%time\n\n", "\n\n%%time\n", "%%capture out\n\n"]
)
def test_line_numbers_stay(above: str) -> None:
    error = syntax_error(f"{above}x = 1\ny = = 2")
    assert error is not None
    assert error.lineno == above.count("\n") + 2


@pytest.mark.parametrize(
    "source",
    ["x = 1", "", "await f()", "async with a as b:\n    pass", "p = '\\d'", "    x = 1\n    y = 2", ">>> x = 1"],
)
def test_what_compiles(source: str) -> None:
    assert syntax_error(source) is None


@pytest.mark.parametrize("source", ["x = (", "def f(:", "return 1", "%%time\nx = (", "for x in y:\npass", "nonlocal x"])
def test_what_does_not_compile(source: str) -> None:
    error = syntax_error(source)
    assert error is not None
    assert error.msg


def test_what_the_compiler_itself_cannot_take() -> None:
    assert "null" in str(syntax_error("x = '\0'"))
    assert syntax_error("-" * 10_000 + "1") is not None


NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_short_way_gives_the_tree_that_ipython_gives(path: Path) -> None:
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or syntax_error(source) is not None:
            continue
        code = to_python(source).code
        tree = to_tree(source)
        assert (tree is None) == (code is None)
        assert tree is None or ast.dump(tree) == ast.dump(ast.parse(code or ""))


SIGNS = [*"x=1 \n%!?#'()\\;/", '"""', ">>> ", "... ", "In [1]: "]
PARTS = st.sampled_from(SIGNS)


@pytest.mark.filterwarnings("ignore:.*invalid escape sequence")
@given(st.lists(PARTS, max_size=12).map("".join))
def test_the_short_way_never_reads_a_cell_otherwise(source: str) -> None:
    try:
        tree = to_tree(source)
    except (SyntaxError, ValueError):
        return
    code = to_python(source).code
    if code is not None:
        assert tree is not None
        assert ast.dump(tree) == ast.dump(ast.parse(code))
