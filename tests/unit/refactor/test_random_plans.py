"""Random plans over real notebooks: carried out, written, and taken back byte for byte."""

from __future__ import annotations

import asyncio
import tempfile
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_spark.journal import Journal
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.refactor import RefactorJob, apply_proposal, compose, read_plan, run_refactor, take_back
from jupyter_spark.settings import Limits
from jupyter_spark.wire_refactor import NameChange, PlanStep
from tests.unit.turns import Replies

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NAMES = {"pandas": "pd", "autodiff": "grad", "Probability.": "P"}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@lru_cache
def read(path):
    data = path.read_bytes()
    return data, snapshot(parse_notebook(data))


@st.composite
def planned(draw):
    """A notebook, and a plan that needs no model: steps about cells of its own, each cell in one of them."""
    path = draw(st.sampled_from(NOTEBOOKS))
    data, notebook = read(path)
    cells = notebook.cells
    chosen = draw(st.lists(st.sampled_from(range(len(cells))), unique=True, max_size=12))
    kinds = ["edit", "insert", "delete", "move", "merge", "split"]
    steps = []
    while chosen:
        operation, cell = draw(st.sampled_from(kinds)), cells[chosen.pop()]
        below = draw(st.sampled_from(["", *(c.cell_id for c in cells if c.cell_id != cell.cell_id)]))
        step = PlanStep(step_id=str(len(steps)), operation=operation, cell_id=cell.cell_id, source=draw(texts))
        if operation == "insert":
            step = step.model_copy(update={"cell_id": f"new{len(steps)}", "below": below})
        elif operation == "move":
            step = step.model_copy(update={"below": below})
        elif operation == "merge":
            more = [cells[chosen.pop()] for _ in range(min(len(chosen), 2))]
            step = step.model_copy(update={"cells": (cell.cell_id, *(c.cell_id for c in more))})
        elif operation == "split":
            step = step.model_copy(update={"source": f"# %%\n{draw(texts)}\n# %% b\n{draw(texts)}"})
        steps.append(step.model_copy(update={"accepted": draw(st.integers(0, 4)) > 0}))
    renames = [NameChange(old=old, new="renamed_") for part, old in NAMES.items() if part in path.name]
    plan = read_plan("", notebook, "anything, remove what you like").model_copy(
        update={"steps": tuple(steps), "renames": tuple(renames), "by": "user"}
    )
    return data, notebook, plan


async def proposal_of(notebook, plan):
    provider = Replies()
    job = RefactorJob(notebook, plan.instruction, provider.profile)
    events = [event async for event in run_refactor(job, provider, plan=plan)]
    assert events[-1].type == "refactor_finished", events[-1]
    return events[-1].proposal


# What is drawn is a whole notebook: hypothesis warns of its length in the place of a case that fails.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(planned(), st.data())
def test_random_plans_are_applied_and_taken_back_byte_for_byte(drawn, more):
    data, notebook, plan = drawn
    proposal = asyncio.run(proposal_of(notebook, plan))
    ids = [change.change_id for change in proposal.changes]
    accepted = more.draw(st.none() | st.sets(st.sampled_from(ids))) if ids else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nb.ipynb"
        path.write_bytes(data)
        journal = Journal(Path(folder) / "journal.db", Limits())
        entry = apply_proposal(path, data, proposal, journal, accepted)
        now = path.read_bytes()
        journal.close()
    wanted = compose(notebook.cells, proposal.changes, accepted)
    found = snapshot(parse_notebook(now)).cells
    assert [(cell.kind, cell.source) for cell in found] == [(cell.kind, cell.source) for cell in wanted]
    if entry is None:
        assert now == data
        return
    assert take_back(now, entry) == data
    assert take_back(data, entry, undo=False) == now
