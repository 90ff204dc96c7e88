"""Where the same is asked of each cell, one that does not hold is left as it was, and the others are done."""

from __future__ import annotations

import asyncio

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from jupyter_spark.errors import ConnectionFailed
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.refactor import NotebookWork, RefactorJob, compose, do_work, proposed, run_refactor
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from tests.unit.turns import Replies

CELLS = ("a = 1", "b = [a, 2]\nprint(b)", "c = b")
BROKEN = ("b = (\n", "b = (\n", "b = (\n", "b = (\n")


def run(instruction, *replies):
    cells = tuple(CellSnapshot(cell_id=f"id{i}", source=source) for i, source in enumerate(CELLS))
    provider = Replies(*replies, small=True, prefill=True)
    job = RefactorJob(NotebookSnapshot(cells=cells), instruction, provider.profile, jobs=1)

    async def read():
        return [event async for event in run_refactor(job, provider)]

    events = asyncio.run(read())
    return cells, events, events[-1].proposal


def test_a_cell_that_does_not_hold_is_left_and_told():
    cells, events, proposal = run("use other numbers", *BROKEN, "a = 3", "c = b[:]")
    assert proposal.holds
    assert [cell.source for cell in compose(cells, proposal.changes)] == ["a = 3", CELLS[1], "c = b[:]"]
    (left,) = [check for check in proposal.checks if check.name == "steps_done"]
    assert left.ok and left.cell_id == "id1" and left.message.startswith("cell 1 is left as it was: SyntaxError")
    (notice,) = [event for event in events if event.type == "refactor_notice"]
    assert notice.message == left.message


def test_where_every_cell_is_left_it_does_not_hold():
    broken = [text.replace("b", name) for name in "bac" for text in BROKEN]
    _, _, proposal = run("use other numbers", *broken)
    assert not proposal.changes and not proposal.holds
    assert len(proposal.findings) == len(CELLS)


def test_an_endpoint_that_fails_is_no_cell_that_is_left():
    _, _, proposal = run("use other numbers", "b = [a, 3]\nprint(b)", [ConnectionFailed("no", "go")], "c = b[:]")
    assert not proposal.holds and "could not be done" in proposal.findings[0]


def test_cells_that_need_nothing_are_not_asked():
    _, events, _ = run("add type hints")
    (plan,) = [event.plan for event in events if event.type == "plan_ready"]
    assert not plan.steps


# --- when it runs ----------------------------------------------------------------------------------


def run_verified_work(tmp_path, monkeypatch, sources, *replies, instruction="use other numbers"):
    notebook = new_notebook(cells=[new_code_cell(source, id=f"id{i}") for i, source in enumerate(sources)])
    path = tmp_path / "small.ipynb"
    data = nbformat.writes(notebook).encode()
    path.write_bytes(data)
    provider = Replies(*replies, small=True, prefill=True)
    monkeypatch.setattr("jupyter_spark.refactor._work.open_provider", lambda profile: provider)
    work = NotebookWork(
        path=str(path), data=data, instruction=instruction, profile=provider.profile, jobs=1, verify="run"
    )
    told = []
    done = asyncio.run(do_work(work, told.append))
    after = [cell.source for cell in snapshot(parse_notebook(proposed(data, done.proposal))).cells]
    return after, done, [event.message for event in told if event.type == "refactor_notice"]


def test_a_cell_that_does_something_else_when_it_runs_is_put_back(tmp_path, monkeypatch):
    sources = ("def double(number):\n    return number * 2", "print('hello there')", "double(4)")
    replies = ("def double(number):\n    return number * 3", "print('hello' ' there')", "double( 4)")
    after, done, notices = run_verified_work(tmp_path, monkeypatch, sources, *replies)
    assert after == [sources[0], replies[1], sources[2]]
    assert done.verification.holds and done.verification.counts == {"same": 3}
    assert not done.findings
    left = [f"cell {i} is left as it was: with its change the notebook does something else." for i in (2, 0)]
    assert [notice for notice in notices if "left" in notice] == left
    assert [check.message for check in done.proposal.checks if check.name == "steps_done"] == left
