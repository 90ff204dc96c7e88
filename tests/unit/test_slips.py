"""Slips of the keyboard: what is mended is proved, and what is not sure is left alone."""

from __future__ import annotations

import pytest

from jupyter_spark.ipysyntax import syntax_error
from jupyter_spark.mending import mend
from jupyter_spark.slips import is_slip, with_what_is_missing
from tests.unit.under_check import edit


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("grade", "grades"),
        ("evens", "even"),
        ("frist", "first"),
        ("pritn", "print"),
        ("ordar", "order"),
        ("xrders", "orders"),
    ],
)
def test_a_slip(written: str, meant: str) -> None:
    assert is_slip(written, meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("even", "even"),
        ("abc", "abd"),
        ("data1", "data2"),
        ("data", "data2"),
        ("order", "owner"),
        ("people", "person"),
        ("frst", "fsrti"),
    ],
)
def test_no_slip(written: str, meant: str) -> None:
    assert not is_slip(written, meant)


@pytest.mark.parametrize(
    ("source", "whole"),
    [
        ("for x in xs\n    print(x)", "for x in xs:\n    print(x)"),
        ("if x == 1  # a: b\n    y()", "if x == 1:  # a: b\n    y()"),
        ("def f(x)\n    return '# ' + x", "def f(x):\n    return '# ' + x"),
        ("s = pd.Series([1, 2)\ns", "s = pd.Series([1, 2])\ns"),
        ("d = {\n    'a': {'b': 1,\n}\nd", "d = {\n    'a': {'b': 1,}\n}\nd"),
        ("grades.mean(", "grades.mean()"),
        ("print('a # b'  # c", "print('a # b')  # c"),
        ("return_ = f(g(1),\n    h(2)\nx = 1", "return_ = f(g(1),\n    h(2))\nx = 1"),
        ("x = [1, 2\ny = 3", "x = [1, 2]\ny = 3"),
        ("%time f(1)\nprint(2", "%time f(1)\nprint(2)"),
    ],
)
def test_the_one_character_that_is_missing(source: str, whole: str) -> None:
    assert syntax_error(source) is not None
    assert with_what_is_missing(source) == whole


@pytest.mark.parametrize("source", ["x = 1", "f(g(1", "x = = 1", "print 'a'", "s = 'abc", "", "def", "%%bash\nls ("])
def test_what_lacks_something_else_is_left_alone(source: str) -> None:
    assert with_what_is_missing(source) is None


def test_a_fix_has_its_slips_mended() -> None:
    source = "print(sum(order))"
    assert mend(edit(source, source, kind="fix", known=frozenset({"orders"}))) == "print(sum(orders))"
    assert mend(edit(source, source, kind="rewrite", known=frozenset({"orders"}))) is None
    either = frozenset({"orders", "ordes"})
    assert mend(edit(source, source, kind="fix", known=either)) is None
    assert mend(edit("pd.Series([1)", kind="fix")) == "import pandas as pd\npd.Series([1])"
    assert mend(edit("numpy.array([1])", kind="fix")) == "import numpy\nnumpy.array([1])"
