"""Every check holds where it should, does not where it should not, and says so in a line one can act on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_spark import checks
from jupyter_spark.checks import EditUnderCheck, check_edit
from jupyter_spark.wire import CheckName, CheckResult
from tests.unit.under_check import ALL, OLD, READABLE, TEN, edit, finding

# --- all together ----------------------------------------------------------------------------------


def test_an_edit_that_holds() -> None:
    results = check_edit(edit("a = 2\nb = a + 1"))
    assert [result.name for result in results] == list(ALL)
    assert all(result.ok and result.message == "" and result.line is None for result in results)


def test_without_code_only_the_fence_is_judged() -> None:
    for code in (None, ""):
        assert [result.name for result in check_edit(edit(code))] == ["closed_fence"]
    assert edit(None).new_source == ""


def test_names_are_not_judged_in_what_does_not_parse() -> None:
    assert [result.name for result in check_edit(edit("a = ("))] == list(READABLE)


def test_of_another_language_only_the_text_is_judged() -> None:
    results = check_edit(replace(edit("x <- c(1, 2)\nmean(x)", "x <- 1"), is_python=False))
    assert [result.name for result in results] == ["closed_fence", "no_elision", "keeps_size", "changed"]
    assert all(result.ok for result in results)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("closed_fence", edit("a = 2", closed=False)),
        ("parses", edit("a = 2\nb = (")),
        ("no_elision", edit("a = 2\n# ... rest of the code ...")),
        ("keeps_size", edit("x0 = 5", TEN)),
        ("changed", edit(OLD)),
        ("names_known", edit("a = nowhere")),
        ("keeps_definitions", edit("x = 1", "def f():\n    return 1")),
        ("as_asked", edit("a = 2", instruction="add a docstring")),
    ],
)
def test_each_check_is_run_and_finds_its_own(name: CheckName, bad: EditUnderCheck) -> None:
    results = check_edit(bad)
    assert [result.name for result in results if not result.ok] == [name]
    by_name = {result.name: result for result in results}
    assert by_name[name] == getattr(checks, name)(bad)
    assert by_name[name].message


# --- closed_fence ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (edit(None), "The answer has no fenced block of code."),
        (edit(None, closed=False, blocks=0), "The answer has no fenced block of code."),
        (edit(""), "The block of code is empty."),
        (edit(" \n"), "The block of code is empty."),
        (edit("x = 1", closed=False), "The block of code is not closed: it was cut off."),
        (edit("x = 1", blocks=2), "The answer has 2 blocks of code instead of one whole cell."),
        (edit("x = 1", blocks=3), "The answer has 3 blocks of code instead of one whole cell."),
    ],
)
def test_closed_fence(bad: EditUnderCheck, message: str) -> None:
    assert finding(checks.closed_fence(bad)) == (message, None)
    assert checks.closed_fence(bad).name == "closed_fence"


def test_closed_fence_holds() -> None:
    assert checks.closed_fence(edit("x = 1")) == CheckResult(name="closed_fence", ok=True)


# --- parses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", ["x = 1", "%matplotlib inline\n!ls {a}\nx = %time f()", "await f()", "%%time\nx = 1"]
)
def test_parses(source: str) -> None:
    assert checks.parses(edit(source)) == CheckResult(name="parses", ok=True)


@pytest.mark.parametrize(
    ("source", "says", "line"),
    [
        ("x = 1\ny = = 2", "invalid syntax", 2),
        ("return 1", "'return' outside function", 1),
        ("%%time\n\nx = (", "'(' was never closed", 3),
    ],
)
def test_does_not_parse(source: str, says: str, line: int) -> None:
    assert finding(checks.parses(edit(source))) == (f"SyntaxError: {says}", line)


def test_another_language_is_not_parsed_and_says_so() -> None:
    assert checks.parses(edit("%%bash\nif [")) == CheckResult(name="parses", ok=True, message="not checked (bash)")
    named = {check.name for check in checks.check_edit(edit("%%bash\nif [", old="%%bash\nif"))}
    assert named == {"closed_fence", "parses", "no_elision", "keeps_size", "changed", "keeps_magic"}


# --- no_elision ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "# ...",
        "    #...  ",
        "# …",
        "# ... existing code ...",
        "#... rest of the function",
        "# ... remaining lines",
        "# …previous",
        "# the unchanged part ...",
        "# same as above ...",
        "# AS BEFORE …",
        "# ... other imports",
        "# ... omitted",
        "# truncated...",
        "# your code ...",
        "# original ...",
        "# code here ...",
        "# rest of the code",
        "    # rest of your implementation",
        "# existing function",
        "# the existing class",
        "# Existing code",
        "#rest of the cell",
    ],
)
def test_a_placeholder_comment(line: str) -> None:
    bad = edit(f"a = 1\n{line}\nb = 2\nc = 3")
    assert finding(checks.no_elision(bad)) == (f"A placeholder stands instead of code: {line.strip()}", 2)


@pytest.mark.parametrize(
    "line",
    [
        "# wait ...",
        "# existing users are kept",
        "# the rest of the notebook",
        "x = '# ... existing code ...'",
        "x[...]",
        "# codes",
        "# brother...",
        "# remaining",
    ],
)
def test_no_placeholder(line: str) -> None:
    assert checks.no_elision(edit(f"{line}\na = 1\nb = 2")) == CheckResult(name="no_elision", ok=True)


def test_a_placeholder_that_was_there_before_stays() -> None:
    old = "a = 1\n    # ... rest of the code\nb = 2"
    assert checks.no_elision(edit("a = 2\n# ... rest of the code", old)).ok
    assert not checks.no_elision(edit("a = 2\n# ... rest of the code!", old)).ok


def test_a_bare_ellipsis_counts_only_where_code_went() -> None:
    old = "def f():\n    # doubles\n    y = 2\n    return y"
    assert finding(checks.no_elision(edit("def f():\n    ...", old)))[1] == 2
    assert checks.no_elision(edit("def f():\n    ...\n    return y", old)).ok  # as long as before
    assert checks.no_elision(edit("def f(): ...", old)).ok  # not alone on its line
    assert checks.no_elision(edit("def f():\n    ...", "def f():\n    ...\n    x = 1")).ok  # it was there
    # Comments and blank lines are no code on either side.
    assert not checks.no_elision(edit("def f():\n\n    # why\n    # so\n    ...", old)).ok


# --- keeps_size ------------------------------------------------------------------------------------


def test_the_floor_and_the_share() -> None:
    assert (checks.SHRINK_FLOOR_LINES, checks.SHRINK_SHARE) == (10, 0.3)
    assert checks.keeps_size(edit("a = 1\nb = 2\nc = 3", TEN)) == CheckResult(name="keeps_size", ok=True)
    assert finding(checks.keeps_size(edit("a = 1\nb = 2", TEN))) == (
        "Only 2 of 10 lines of code are left, and nothing was asked to be removed.",
        None,
    )
    nine = "\n".join(TEN.splitlines()[:9])
    assert checks.keeps_size(edit("a = 1", nine)).ok
    twenty = f"{TEN}\n{TEN}"
    assert not checks.keeps_size(edit("\n".join(TEN.splitlines()[:5]), twenty)).ok
    assert checks.keeps_size(edit("\n".join(TEN.splitlines()[:6]), twenty)).ok


def test_comments_and_blank_lines_are_not_code() -> None:
    nine = "\n".join(TEN.splitlines()[:9])
    assert checks.keeps_size(edit("a = 1", f"{nine}\n\n  \n# one\n    # two")).ok
    assert not checks.keeps_size(edit("a = 1\nb = 2\n\n# one\n    # two\n  ", TEN)).ok


def test_new_code_may_have_any_size() -> None:
    assert checks.keeps_size(edit("a = 1", TEN, kind="generate")).ok
    assert not checks.keeps_size(edit("a = 1", TEN, kind="fix")).ok


@pytest.mark.parametrize(
    "instruction",
    [
        *("Delete the plots", "removing prints", "drop x", "simplify", "shorten", "make it short", "strip comments"),
        *("clean up", "compact", "be concise", "one-liner", "as a one liner", "use a list comprehension", "vectorize"),
        *("vectorise it", "only the first", "just x", "replace it all", "keep x0", "extract f", "trim", "reduce"),
        *("minimal", "empty it"),
    ],
)
def test_less_was_asked_for(instruction: str) -> None:
    assert checks.keeps_size(edit("a = 1", TEN, instruction=instruction)).ok


@pytest.mark.parametrize("instruction", ["", "add hints", "unclean", "adjust", "make it faster"])
def test_less_was_not_asked_for(instruction: str) -> None:
    assert not checks.keeps_size(edit("a = 1", TEN, instruction=instruction)).ok


# --- changed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", [OLD, OLD.strip(), "\n\na = 1  \nb = a + 1\t\n\n", "a = 1\r\nb = a + 1"])
@pytest.mark.parametrize("kind", ["rewrite", "fix"])
def test_unchanged(new: str, kind: str) -> None:
    assert finding(checks.changed(edit(new, kind=kind))) == ("The cell is unchanged.", None)


def test_changed() -> None:
    ok = CheckResult(name="changed", ok=True)
    assert checks.changed(edit("a = 1\nb = a + 2")) == ok
    assert checks.changed(edit("a = 1\n  b = a + 1")) == ok  # indentation is a change
    assert checks.changed(edit("a = 1\n\nb = a + 1")) == ok
    assert checks.changed(edit(OLD, kind="generate")) == ok


def test_a_cell_without_any_code_left() -> None:
    gone = CheckResult(name="keeps_size", ok=False, message="No line of code is left.")
    assert checks.keeps_size(edit("# a = 1", "a = 1", instruction="add a comment")) == gone
    assert checks.keeps_size(edit("# a = 1", "a = 1", instruction="comment this out")).ok
    assert checks.keeps_size(edit("# a = 1", "a = 1", instruction="remove the code")).ok
    assert checks.keeps_size(edit("# b", "# a", instruction="say b")).ok


# --- keeps_definitions -----------------------------------------------------------------------------

TWO = "def f():\n    return 1\n\nclass C:\n    pass"


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("class C:\n    x = 1", "'f' is gone, and nothing was asked to be removed."),
        ("x = 1", "'f', 'C' are gone, and nothing was asked to be removed."),
    ],
)
def test_a_definition_that_is_lost(new: str, message: str) -> None:
    assert finding(checks.keeps_definitions(edit(new, TWO))) == (message, None)


def test_a_definition_of_any_kind_is_named_once() -> None:
    old = "async def f(): ...\ndef g(): ...\ndef g(): ...\nclass C: ..."
    message = "'f', 'g', 'C' are gone, and nothing was asked to be removed."
    assert finding(checks.keeps_definitions(edit("x = 1", old)))[0] == message


@pytest.mark.parametrize(
    ("new", "words", "kind"),
    [
        (TWO.replace("1", "2"), "return two", "rewrite"),
        ("f = C = 1", "any", "rewrite"),
        ("x = 1", "remove f and C", "rewrite"),
        ("class D:\n    def f(self): ...", "turn this into one class", "rewrite"),
        ("x = 1", "make C a function", "rewrite"),
        ("x = 1", "new code", "generate"),
        ("x = (", "any", "rewrite"),
    ],
)
def test_no_definition_is_lost_or_that_was_asked_for(new: str, words: str, kind: str) -> None:
    assert checks.keeps_definitions(edit(new, TWO, kind=kind, instruction=words)).ok


# --- as_asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "words", "message"),
    [
        ("a = 1\nx = a + 1", "rename b to x; call it so", None),
        ("a = 2\nb = a + 1", "rename b to x", "'b' is still there: it should be renamed to 'x' everywhere."),
        ("a = 2", "rename b to x", "'b' should be renamed to 'x', which is not there."),
        ("a = 2\nb = a + 1", "add a docstring", "A docstring was asked for and is not there."),
        ("a = 2\nb = a + 1", "read it with read_csv", "'read_csv' was asked for and is not there."),
        ("a = read_csv(1)", "read it with read_csv", None),
        ("a = 1\nb = 1 + a", "use 2 instead of 1", "'1' is still used, and should not be."),
        ("a = 2\nb = a + 1", "use 2 instead of 1", None),
        ("a = read_csv_fast(1)", "read it with read_csv", "'read_csv' was asked for and is not there."),
        ("a = 2", "don't use iterrows", None),
        ("def f():\n    'Says it.'", "add a docstring", None),
        ("a = (", "add a docstring", None),
    ],
)
def test_what_was_said_outright(new: str, words: str, message: str | None) -> None:
    result = checks.as_asked(edit(new, "a = 1\nb = a + 1", instruction=words))
    assert (result.ok, result.message) == (message is None, message or "")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a = read_csv(1)", "a = load(1)", "read_csv() is slow, write load()"),  # it speaks of what is there
        ("a = (", "a = 1", "add a docstring"),
        ("a = 1", "a = (", "add a docstring"),
    ],
)
def test_what_cannot_be_judged_is_not(old: str, new: str, words: str) -> None:
    assert checks.as_asked(edit(new, old, instruction=words)) == CheckResult(name="as_asked", ok=True)
