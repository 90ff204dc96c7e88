"""A refactor's changes in real notebook files, and out of them again byte for byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from jupyter_spark.errors import NotebookError
from jupyter_spark.journal import Journal
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.refactor import apply_proposal, compose, take_back
from jupyter_spark.settings import Limits
from jupyter_spark.wire import text_hash
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
