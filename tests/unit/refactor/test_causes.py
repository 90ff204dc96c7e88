"""A finding names the changes that it is due to, whichever cell it is told of."""

from __future__ import annotations

from jupyter_spark.refactor import check_notebook, compose, read_plan, with_causes
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_refactor import CellChange, NameChange

CELLS = ("import os", "df = [1, 2]", "print(df)", "total = sum(df)", "print(total)")


def edit(cell_id, source, group=""):
    old = CELLS[int(cell_id)]
    return CellChange(
        change_id=f"e{cell_id}",
        group=group or f"e{cell_id}",
        operation="edit",
        cell_id=cell_id,
        old_source=old,
        new_source=source,
    )


def move(cell_id, below):
    return CellChange(change_id=f"m{cell_id}", group=f"m{cell_id}", operation="move", cell_id=cell_id, below=below)


def insert(cell_id, below, source):
    return CellChange(
        change_id=f"i{cell_id}",
        group=f"i{cell_id}",
        operation="insert",
        cell_id=cell_id,
        below=below,
        new_source=source,
    )


def causes(*changes, renames=()):
    cells = tuple(CellSnapshot(cell_id=str(i), source=source) for i, source in enumerate(CELLS))
    plan = read_plan("", NotebookSnapshot(cells=cells), "change it").model_copy(update={"renames": renames})
    checks = check_notebook(cells, compose(cells, changes), plan, changes)
    found = with_causes(checks, cells, plan, changes)
    return {(check.name, check.cell_id): check.groups for check in found if not check.ok}


def test_a_definition_that_moves_below_its_use_is_the_cause():
    found = causes(move("1", "4"), edit("0", "import os, sys"))
    assert found == {("names_in_order", "2"): ("m1",), ("names_in_order", "3"): ("m1",)}


def test_a_use_that_moves_above_its_definition_is_the_cause():
    assert causes(move("4", ""), edit("1", "df = [3]")) == {("names_in_order", "4"): ("m4",)}


def test_a_new_cell_above_what_it_uses_is_the_cause():
    assert causes(insert("n", "0", "print(len(df))"), move("4", "2")) == {
        ("names_in_order", "n"): ("in",),
        ("names_in_order", "4"): ("m4",),
    }


def test_an_edit_that_takes_a_name_away_is_the_cause_in_cells_that_nobody_changed():
    assert causes(edit("3", "amount = sum(df)"), edit("0", "import sys")) == {("names_in_order", "4"): ("e3",)}


def test_changes_that_are_the_cause_only_together_are_all_named():
    cells = causes(edit("1", "rows = [1, 2]"), edit("0", "import os\nrows = []"), move("3", "0"))
    assert cells[("names_in_order", "2")] == ("e1",)
    # Either alone leaves 'df' undefined above cell 3: only without both it is there.
    assert cells[("names_in_order", "3")] == ("e1", "m3")


def test_an_old_name_that_is_left_is_the_fault_of_the_rename():
    rename = (edit("1", "rows = [1, 2]", "rename"), edit("3", "total = sum(rows)", "rename"), edit("0", "import sys"))
    found = causes(*rename, renames=(NameChange(old="df", new="rows"),))
    assert found[("names_renamed", "2")] == ("rename",)
    assert found[("names_in_order", "2")] == ("rename",)
