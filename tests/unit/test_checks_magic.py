"""A cell keeps the cell magic it begins with; where it was only left out, it is put back without a model."""

from __future__ import annotations

import pytest

from jupyter_spark import checks
from jupyter_spark.checks import check_edit
from jupyter_spark.mending import mend
from jupyter_spark.wire import CheckResult
from tests.unit.under_check import ALL, edit, finding

HOLDS = CheckResult(name="keeps_magic", ok=True)
CONFIG = "%%writefile config.py\nDEBUG = True\nPORT = 80"
SHELL = "%%bash\nset -e\nfor f in *.csv; do wc -l $f; done"


def test_it_is_asked_only_of_cells_with_a_magic() -> None:
    assert "keeps_magic" not in [result.name for result in check_edit(edit("a = 2\nb = a + 1"))]
    names = {result.name for result in check_edit(edit("%%time\nx = 2", "%%time\nx = 1"))}
    assert names == {*ALL, "keeps_magic"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CONFIG, "DEBUG = False\nPORT = 80"),
        ("%%time\nx = 1", "x = 2"),
        ("%%capture out\nprint(1)", "print(2)"),
        (SHELL, "set -e\nfor f in *.csv; do wc -c $f; done"),
        ("%%sql\nselect 1", "select 2"),
    ],
)
def test_a_magic_that_is_gone(old: str, new: str) -> None:
    line = old.splitlines()[0]
    told = f"'{line}', the cell's first line, is gone, and was not asked to be removed."
    assert finding(checks.keeps_magic(edit(new, old, instruction="change the number"))) == (told, 1)
    assert not all(result.ok for result in check_edit(edit(new, old)))


@pytest.mark.parametrize(
    ("old", "new", "instruction"),
    [
        (CONFIG, CONFIG.replace("config.py", "other.py"), "turn debugging off"),
        (CONFIG, CONFIG.replace("writefile", "bash"), "turn debugging off"),
        ("%%time\nx = 1", "%%timeit\nx = 1", "make it faster"),
        (SHELL, "print(1)", "add the bash comments"),
        (CONFIG, "PORT = 80", "remove the debug flag"),
    ],
)
def test_a_magic_that_became_another(old: str, new: str, instruction: str) -> None:
    result = checks.keeps_magic(edit(new, old, instruction=instruction))
    assert not result.ok


@pytest.mark.parametrize(
    ("old", "new", "instruction"),
    [
        (CONFIG, CONFIG.replace("80", "81"), "another port"),
        (CONFIG, "\n" + CONFIG.replace("config.py ", "config.py"), "another port"),
        (CONFIG, CONFIG.replace("config.py", "settings.py"), "write it to settings.py"),
        (CONFIG, "DEBUG = True\nPORT = 80", "don't write a file"),
        (CONFIG, "DEBUG = True\nPORT = 80", "drop the magic"),
        ("%%time\nx = 1", "x = 1", "remove the timing"),
        ("%%time\nx = 1", "x = 1", "run it without %%time"),
        ("%%time\nx = 1", "%%timeit\nx = 1", "use timeit"),
        ("%%capture\nx = 1", "x = 1", "don't suppress the output"),
        (SHELL, "import glob", "rewrite this in Python"),
        ("%%sql\nselect 1", "df.head()", "use pandas"),
        ("%%spark make it\nx = 1", "x = 2", "make it two"),
        ("x = 1", "x = 2", "make it two"),
    ],
)
def test_a_magic_that_stays_or_was_to_go(old: str, new: str, instruction: str) -> None:
    assert checks.keeps_magic(edit(new, old, instruction=instruction)) == HOLDS


def test_a_new_cell_begins_as_it_likes() -> None:
    assert checks.keeps_magic(edit("x = 1", "%%time\nx = 2", kind="generate")) == HOLDS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CONFIG, "DEBUG = False\nPORT = 80"),
        ("%%time\nx = 1", "x = 2"),
        (SHELL, "set -e\nfor f in *.csv; do wc -c $f; done"),
    ],
)
def test_a_magic_that_was_left_out_is_put_back(old: str, new: str) -> None:
    mended = mend(edit(new, old))
    assert mended == f"{old.splitlines()[0]}\n{new}"
    assert all(result.ok for result in check_edit(edit(mended, old)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SHELL, "import subprocess\nsubprocess.run(['wc'], check=True)"),
        (CONFIG, "%%bash\nDEBUG = True\nPORT = 80"),
        ("%%time\nx = 1", "%time x = 1"),
        ("%%time\nx = 1", "x = ("),
    ],
)
def test_what_is_not_the_body_is_left_to_the_model(old: str, new: str) -> None:
    assert mend(edit(new, old)) is None
