"""Which cells are repaired for cells that fail when they run."""

from __future__ import annotations

from jupyter_spark.refactor._findings import guilty_cells, repairs_of_failing
from jupyter_spark.wire import CellSnapshot, ErrorReport
from jupyter_spark.wire_refactor import CellChange

ERROR = ErrorReport(name="ValueError", message="no", traceback="...")


def repaired(sources, changed, failing):
    cells = [CellSnapshot(cell_id=str(i), source=source) for i, source in enumerate(sources)]
    changes = [CellChange(change_id=c, group=c, operation="edit", cell_id=c) for c in changed]
    found = repairs_of_failing(cells, changes, dict.fromkeys(failing, ERROR))
    assert all(repair.error == ERROR for repair in found)
    return [repair.cell_id for repair in found]


def test_a_changed_cell_that_fails_is_repaired_itself():
    assert repaired(("a = 1", "b = a"), "01", "1") == ["1"]


def test_a_cell_that_was_not_changed_fails_for_the_nearest_changed_one_that_it_rests_on():
    sources = ("def f():\n    return 1", "def g():\n    return f()", "c = 3", "print(g(), c)")
    assert repaired(sources, "0", "3") == ["0"]
    assert repaired(sources, "01", "3") == ["1"]
    assert repaired(sources, "", "3") == ["3"]


def test_a_cell_that_rests_on_another_that_fails_waits():
    assert repaired(("a = 1", "b = a", "c = b", "d = 4"), "0123", "123") == ["1", "3"]


def test_a_cell_that_does_something_else_does_so_for_its_own_change_or_the_nearest_it_rests_on():
    sources = ("def f():\n    return 1", "def g():\n    return f()", "c = 3", "print(g(), c)")
    cells = [CellSnapshot(cell_id=str(i), source=source) for i, source in enumerate(sources)]

    def guilty(changed, differing):
        changes = [CellChange(change_id=c, group=c, operation="edit", cell_id=c) for c in changed]
        return guilty_cells(cells, changes, {*differing})

    assert guilty("0123", "3") == {"3"}
    assert guilty("02", "3") == {"2"}
    assert guilty("0", "3") == {"0"}
    assert guilty("", "3") == guilty("2", "1") == frozenset()
