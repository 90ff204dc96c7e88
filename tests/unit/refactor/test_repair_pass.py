"""What the notebook as a whole does not hold goes back once, to the cells that can mend it."""

from __future__ import annotations

import asyncio

from jupyter_spark.refactor import RefactorJob, compose, run_refactor
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from tests.unit.turns import Replies

CELLS = ("df = [1, 2]", "print(df)", "def area(w, h):\n    return w * h", "print(area(2, 3))")


def fenced(code):
    return f"```python\n{code}\n```"


def run(plan, *replies, instruction="change it", cells=CELLS, **more):
    notebook = NotebookSnapshot(cells=tuple(CellSnapshot(cell_id=f"id{i}", source=s) for i, s in enumerate(cells)))
    provider = Replies(f"```\n{plan}\n```", *replies)
    job = RefactorJob(notebook, instruction, provider.profile, **more)

    async def read():
        return [event async for event in run_refactor(job, provider)]

    events = asyncio.run(read())
    proposal = events[-1].proposal
    after = [cell.source for cell in compose(notebook.cells, proposal.changes)]
    return events, proposal, after, provider


def of_type(events, name):
    return [event for event in events if event.type == name]


def test_cells_that_the_plan_forgot_are_mended_where_another_name_took_the_place():
    events, proposal, after, provider = run("edit cell 0: another name", fenced("rows = [1, 2]"), fenced("print(rows)"))
    assert after[:2] == ["rows = [1, 2]", "print(rows)"]
    assert proposal.holds, proposal.findings
    assert [any(not check.ok for check in event.checks) for event in of_type(events, "notebook_checked")] == [
        True,
        False,
    ]
    words = provider.requests[-1].messages[-1].content
    assert "now defines 'rows' in its place" in words
    assert "rows = [1, 2]" in words  # what changed since is told
    assert len({change.group for change in proposal.changes}) == 1  # neither can be taken alone


def test_what_got_lost_is_mended_where_it_was_defined():
    lost, again = "def load():\n    return [1, 2]", "def load():\n    return [1, 2]\n\n\ndf = load()"
    events, proposal, after, provider = run("edit cell 0: as a function", fenced(lost), fenced(again))
    assert after[:2] == [again, "print(df)"]
    assert proposal.holds, proposal.findings
    assert [event.cell_id for event in of_type(events, "refactor_notice")] == ["id0"]
    assert proposal.changes[0].repaired
    assert "it must define it still" in provider.requests[-1].messages[-1].content


def test_a_call_that_does_not_fit_any_more_is_mended():
    square = "def area(side):\n    return side * side"
    _, proposal, after, _ = run("edit cell 2: of a square only", fenced(square), fenced("print(area(2))"))
    assert after[2:] == [square, "print(area(2))"]
    assert proposal.holds, proposal.findings
    assert len({change.group for change in proposal.changes}) == 1


def test_a_repair_that_does_not_help_is_left_and_the_cell_marked():
    events, proposal, after, provider = run("edit cell 0: another name", fenced("rows = [1, 2]"), fenced("print(lost)"))
    assert after[:2] == ["rows = [1, 2]", "print(df)"]
    assert [(check.name, check.cell_id) for check in proposal.checks if not check.ok] == [("names_in_order", "id1")]
    assert "did not help" in of_type(events, "refactor_notice")[-1].message
    assert len(provider.requests) == 3  # once


def test_repairs_that_help_only_together_are_taken_together():
    cells = ("a = 1\nb = 2", "print(a)", "print(b)")
    replies = (fenced("c = 1\nd = 2"), fenced("print(c)"), fenced("print(d)"))
    _, proposal, after, _ = run("edit cell 0: other names", *replies, cells=cells)
    assert after == ["c = 1\nd = 2", "print(c)", "print(d)"]
    assert proposal.holds, proposal.findings


def test_a_repair_turn_that_fails_is_told_and_stops_nothing():
    events, proposal, _, _ = run("edit cell 0: another name", fenced("rows = [1, 2]"))
    assert events[-1].type == "refactor_finished"
    assert not proposal.holds
    assert any("was not repaired" in event.message for event in of_type(events, "refactor_notice"))


def test_a_repair_that_throws_the_cell_away_is_none():
    _, proposal, after, _ = run("edit cell 0: another name", fenced("rows = [1, 2]"), fenced("rows = [1, 2]"))
    assert after[1] == "print(df)"
    assert not proposal.holds
