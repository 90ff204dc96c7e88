"""A refactor's changes in real notebook files, and out of them again byte for byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from jupyter_spark.errors import NotebookError
from jupyter_spark.journal import Journal, notebook_scope
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.refactor import apply_proposal, became, compose, take_back
from jupyter_spark.settings import Limits
from jupyter_spark.wire import CellSnapshot, text_hash
from jupyter_spark.wire_refactor import CellChange, RefactorPlan, RefactorProposal

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def changed_at_random(cells, chance):
    made = []
    for number, cell in enumerate(cells):
        operation = chance.choice(["edit", "insert", "delete", "move", "", "", ""])
        if not operation or (operation == "delete" and number == 0):
            continue
        below = chance.choice(["", *(other.cell_id for other in cells if other.cell_id != cell.cell_id)])
        made.append(
            CellChange(
                change_id=str(number),
                group=str(number),
                operation=operation,
                cell_id=f"new{number}" if operation == "insert" else cell.cell_id,
                below=below if operation in ("insert", "move") else "",
                kind=cell.kind,
                old_source=cell.source,
                new_source=f"x = {number}\n# é\u2028\n",
                base_hash=text_hash(cell.source),
            )
        )
    return made


def proposed(changes):
    plan = RefactorPlan(plan_id="p", instruction="i", notebook_hash="h")
    return RefactorProposal(proposal_id="p", refactor_id="r", plan=plan, changes=tuple(changes))


@pytest.mark.parametrize("source", NOTEBOOKS, ids=lambda path: path.stem)
def test_random_changes_are_applied_and_taken_back_byte_for_byte(source, tmp_path):
    journal = Journal(tmp_path / "journal.db", Limits())
    path = tmp_path / "nb.ipynb"
    data = source.read_bytes()
    cells = snapshot(parse_notebook(data)).cells
    for seed in range(5):
        path.write_bytes(data)
        changes = changed_at_random(cells, random.Random(seed))
        entry = apply_proposal(path, data, proposed(changes), journal)
        now = path.read_bytes()
        wanted = [cell.source for cell in compose(cells, changes)]
        assert [cell.source for cell in snapshot(parse_notebook(now)).cells] == wanted
        assert take_back(now, entry) == data
        assert take_back(data, entry) == data  # killed before the file was written
        assert take_back(data, entry, undo=False) == now
    journal.close()


def test_a_file_that_was_changed_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "nb.ipynb"
    data = NOTEBOOKS[0].read_bytes()
    path.write_bytes(data + b"\n")
    journal = Journal(tmp_path / "journal.db", Limits())
    with pytest.raises(NotebookError, match="changed by somebody else"):
        apply_proposal(path, data, proposed([]), journal)
    assert path.read_bytes() == data + b"\n"
    journal.close()


def change(number, group, cell_id, operation="edit"):
    return CellChange(
        change_id=str(number), group=group, operation=operation, cell_id=cell_id, new_source=f"new{number}"
    )


def test_what_is_of_one_group_is_taken_together():
    cells = tuple(CellSnapshot(cell_id=name, source=name) for name in "abc")
    changes = [change(0, "merge", "a"), change(1, "merge", "b", "delete"), change(2, "other", "c")]
    assert [cell.source for cell in compose(cells, changes, {"1"})] == ["new0", "c"]
    assert [cell.source for cell in compose(cells, changes, {"2"})] == ["a", "b", "new2"]


def test_cells_are_followed_through_merges_splits_and_files_without_ids():
    cells = tuple(CellSnapshot(cell_id=f"#{i}", source="x") for i in range(4))
    changes = [
        change(0, "m", "#0").model_copy(update={"step_id": "m"}),
        change(1, "m", "#1", "delete").model_copy(update={"step_id": "m"}),
        change(2, "d", "#2", "delete"),
        change(3, "s", "#3").model_copy(update={"step_id": "s"}),
        change(4, "s", "new", "insert").model_copy(update={"step_id": "s", "below": "#3"}),
    ]
    found = became(cells, changes, ["#0", "#1", "#2"])
    assert found == [(("#0", "#1"), ("#0",)), (("#2",), ()), (("#3",), ("#1", "#2"))]


def test_a_write_that_fails_leaves_nothing_to_redo(tmp_path, monkeypatch):
    path, journal = tmp_path / "nb.ipynb", Journal(tmp_path / "journal.db", Limits())
    data = NOTEBOOKS[0].read_bytes()
    path.write_bytes(data)
    first = snapshot(parse_notebook(data)).cells[0]
    edit = change(0, "e", first.cell_id).model_copy(update={"base_hash": text_hash(first.source)})

    def full(*_):
        raise NotebookError("The disk is full.", "Free some space.")

    with monkeypatch.context() as patched, pytest.raises(NotebookError, match="disk is full"):
        patched.setattr("jupyter_spark.refactor._applying.write_atomically", full)
        apply_proposal(path, data, proposed([edit]), journal)
    assert path.read_bytes() == data
    assert journal.applied(notebook_scope(path)) == []
    journal.close()
