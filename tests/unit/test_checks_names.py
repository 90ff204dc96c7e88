"""Names that nothing defines, and which of two edits is the better one."""

from __future__ import annotations

import itertools
import warnings

import pytest

from jupyter_spark import checks
from jupyter_spark.checks import check_edit, score, undefined_names
from jupyter_spark.wire import CheckName, CheckResult
from tests.unit.under_check import edit, finding

# --- names_known -----------------------------------------------------------------------------------


def test_an_unknown_name() -> None:
    message = "'npp' is not defined in this cell, the notebook or the kernel."
    assert finding(checks.names_known(edit("a = 1\nb = npp.mean(a)\nc = npp"))) == (message, 2)


def test_several_unknown_names() -> None:
    message = "'second', 'first' are not defined in this cell, the notebook or the kernel."
    assert finding(checks.names_known(edit("a = 1\n\nsecond\nfirst\nsecond"))) == (message, 3)


def test_the_line_is_the_first_one() -> None:
    late = "def f():\n    return late\n\nearly"
    assert finding(checks.names_known(edit(late)))[1] == 2


@pytest.mark.parametrize(
    "source",
    [
        "print(len([1]))",
        "get_ipython().magic\ndisplay(In, Out, _, __, ___, _i, _ii, _dh)\nexit, quit",
        "import numpy as np\nnp.ones(3)",
        "def f():\n    return g()\ndef g():\n    return f",
        "[i for i in range(3)]",
        "files = !ls\nprint(files)\n%matplotlib inline",
        "%%time\nx = 1\nprint(x)",
        "%%capture out\nprint(1)\nout.show()",
        "%%bash\necho $UNKNOWN",
        "try:\n    unknown\nexcept NameError:\n    pass",
        "__name__",
    ],
)
def test_names_that_are_there(source: str) -> None:
    assert checks.names_known(edit(source, kind="generate")) == CheckResult(name="names_known", ok=True)


def test_what_the_notebook_or_the_kernel_knows() -> None:
    assert not checks.names_known(edit("df.head()", kind="fix")).ok
    assert checks.names_known(edit("df.head()", kind="fix", known=frozenset({"df"}))).ok


def test_a_rewrite_answers_for_its_own_names_only() -> None:
    old, new = "y = missing + 1", "y = missing + 2"
    assert checks.names_known(edit(new, old)).ok
    assert not checks.names_known(edit(new, old, kind="fix")).ok
    assert not checks.names_known(edit(new, old, kind="generate")).ok
    assert finding(checks.names_known(edit("z = 0\ny = missing + other", old))) == (
        "'other' is not defined in this cell, the notebook or the kernel.",
        2,
    )


def test_a_star_import_hides_names_and_says_so() -> None:
    hidden = CheckResult(name="names_known", ok=True, message="names not checked: a star import hides them")
    assert checks.names_known(edit("from pylab import *\nplot(x)", kind="fix")) == hidden
    assert checks.names_known(edit("plot(x)", kind="fix", complete=False)) == hidden
    assert not checks.names_known(edit("plot(x)", kind="fix")).ok


def test_undefined_names() -> None:
    assert undefined_names("b\na\nb", ()) == {"b": 1, "a": 2}
    assert undefined_names("b\na", ("b",)) == {"a": 2}
    assert undefined_names("a = (", ()) == undefined_names("", ()) == undefined_names("%%bash\na", ()) == {}
    assert undefined_names("import a\nb", ()) == {"b": 2}  # an unused import is not our concern
    assert undefined_names("+".join(["a"] * 900), ()) == {}  # too deep to walk, and still an answer


def test_a_cell_of_dubious_style_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = check_edit(edit("a = '\\d'\nb = 1 is 1\nassert (a, 'x')"))
    assert all(result.ok for result in results)


# --- score -----------------------------------------------------------------------------------------


def test_the_more_basic_check_weighs_more() -> None:
    order: list[CheckName] = ["closed_fence", "parses", "changed", "no_elision", "keeps_size"]
    order += ["keeps_definitions", "names_known", "as_asked"]
    failed = {name: CheckResult(name=name, ok=False) for name in order}
    assert score(()) == score([CheckResult(name=name, ok=True) for name in order]) == 0
    for place, name in enumerate(order):
        rest = [failed[other] for other in order[place + 1 :]]
        assert score([failed[name]]) < score(rest) <= 0
        assert score([failed[name], CheckResult(name="parses", ok=True)]) == score([failed[name]])
    for one, other in itertools.combinations(order, 2):
        assert score([failed[one], failed[other]]) == score([failed[one]]) + score([failed[other]])
