"""What is mended without a model is exact, or is left alone."""

from __future__ import annotations

import pytest

from jupyter_spark.intent import Rename
from jupyter_spark.mending import mend, rename_everywhere
from tests.unit.under_check import edit

SUM = Rename("total", "revenue")


@pytest.mark.parametrize(
    ("source", "renamed"),
    [
        ("total = 0\ntotal += 1  # total", "revenue = 0\nrevenue += 1  # total"),
        ("print(f'{total:.1f} total', 'totals')", "print(f'{revenue:.1f} total', 'totals')"),
        (
            "def total(x):\n    global total\n    return total(x)",
            "def revenue(x):\n    global revenue\n    return revenue(x)",
        ),
        ("total = 1   \n    \nprint(total)\n", "revenue = 1   \n    \nprint(revenue)\n"),
        ("f(lambda total: total + subtotal)", "f(lambda revenue: revenue + subtotal)"),
        ("class total: pass\nx: total = 'total'\n", "class revenue: pass\nx: revenue = 'total'\n"),
    ],
)
def test_a_rename(source: str, renamed: str) -> None:
    assert rename_everywhere(source, SUM) == renamed


@pytest.mark.parametrize(
    "source",
    ["x = 1", "df.total = total", "f(total=total)", "import total", "%time total", "total = (", "x = 'total'"],
)
def test_a_rename_that_is_not_sure_is_not_made(source: str) -> None:
    assert rename_everywhere(source, SUM) is None


def test_a_rename_done_by_halves_is_finished() -> None:
    old = "total = 0\ntotal += 1"
    words = "rename total to revenue"
    assert mend(edit("total = 0\nrevenue += 1", old, instruction=words)) == "revenue = 0\nrevenue += 1"
    assert mend(edit(old, old, instruction=words)) == "revenue = 0\nrevenue += 1"
    assert mend(edit("revenue = 0\nrevenue += 1", old, instruction=words)) is None


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("os.listdir()", "import os"),
        ("x = np.zeros(3)", "import numpy as np"),
        ("Path('x')", "from pathlib import Path"),
    ],
)
def test_an_import_is_added(source: str, line: str) -> None:
    assert mend(edit(source)) == f"{line}\n{source}"


@pytest.mark.parametrize("source", ["code + 1", "nowhere()", "a = (", "import os\nos.listdir()", "a = 2"])
def test_what_is_not_sure_to_be_a_module_is_not_imported(source: str) -> None:
    assert mend(edit(source)) is None


def test_nothing_is_imported_that_is_known_or_may_be() -> None:
    assert mend(edit("os.listdir()", known=frozenset({"os"}))) is None
    assert mend(edit("os.listdir()", complete=False)) is None
    assert mend(edit("%%time\nos.listdir()")) is None
