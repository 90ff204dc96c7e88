"""A refactor that a page applied, out of the saved file again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_spark.errors import NotebookError
from jupyter_spark.journal import Journal
from jupyter_spark.notebook import parse_notebook
from jupyter_spark.refactor import take_back_opened
from jupyter_spark.settings import Limits
from jupyter_spark.wire_refactor import AppliedCell, AppliedRefactor


def cell(cell_id, source, **more):
    return {
        "cell_type": "code",
        "execution_count": 1,
        "id": cell_id,
        "metadata": {"tags": [cell_id]},
        "outputs": [],
        "source": source,
        **more,
    }


def whole(*cells):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


BEFORE = [cell("a", "a = 1"), cell("b", "b = 2"), cell("c", "print(b)", outputs=[{"output_type": "x"}]), cell("d", "d")]
AFTER = [cell("d", "d"), cell("a", "a = 100"), cell("n", "new"), cell("b", "b = 2")]
ACTS = (
    ("edit", "a", "a = 1", "a = 10", None),
    ("edit", "a", "a = 10", "a = 100", None),
    ("move", "d", "", "", None),
    ("insert", "n", "", "new", None),
    ("delete", "c", "print(b)", "", BEFORE[2]),
)


@pytest.fixture
def entry(tmp_path: Path):
    cells = tuple(
        AppliedCell(
            change_id=str(i), group="g", operation=operation, cell_id=cell_id, before=old, after=new, cell=json_
        )
        for i, (operation, cell_id, old, new, json_) in enumerate(ACTS)
    )
    applied = AppliedRefactor(instruction="i", order=("a", "b", "c", "d"), cells=cells)
    journal = Journal(tmp_path / "journal.db", Limits())
    yield journal.record_applied("r", "/n", "", "refactor_open", "", applied.model_dump_json())
    journal.close()


def test_all_of_it_is_taken_back(entry):
    assert json.loads(take_back_opened(whole(*AFTER), entry)) == json.loads(whole(*BEFORE))


def test_what_the_user_did_elsewhere_stays(entry):
    mine = [AFTER[0], cell("mine", "mine"), *AFTER[1:3], cell("b", "b = 3")]
    back = take_back_opened(whole(*mine), entry)
    sources = {one.snapshot.cell_id: one.snapshot.source for one in parse_notebook(back).cells}
    assert sources == {"a": "a = 1", "mine": "mine", "b": "b = 3", "c": "print(b)", "d": "d"}


@pytest.mark.parametrize("changed", [(1, cell("a", "a = 101")), (2, cell("n", "newer"))])
def test_a_cell_that_was_changed_since_is_left_alone(entry, changed):
    index, other = changed
    mine = [other if i == index else one for i, one in enumerate(AFTER)]
    with pytest.raises(NotebookError, match="changed"):
        take_back_opened(whole(*mine), entry)
