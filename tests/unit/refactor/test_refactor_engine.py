"""A refactor from its words to its proposal, with an endpoint that answers as told."""

from __future__ import annotations

import asyncio

from jupyter_spark.refactor import RefactorJob, compose, run_refactor
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from tests.unit.turns import Replies

CELLS = ("import os\ndf = [1, 2]", "def f(df):\n    return df\n\nprint(f(df), f'{df}')", "n = len(df)")


def run(instruction, *replies, **more):
    cells = tuple(CellSnapshot(cell_id=f"id{i}", source=source) for i, source in enumerate(CELLS))
    provider = Replies(*replies)
    job = RefactorJob(NotebookSnapshot(cells=cells), instruction, provider.profile, **more)

    async def read():
        return [event async for event in run_refactor(job, provider)]

    events = asyncio.run(read())
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return cells, events, provider


def test_a_rename_asks_no_model_and_leaves_locals_alone():
    cells, events, provider = run("rename df to orders")
    proposal = events[-1].proposal
    assert proposal.holds and not provider.requests
    after = [cell.source for cell in compose(cells, proposal.changes)]
    assert after == [
        "import os\norders = [1, 2]",
        "def f(df):\n    return df\n\nprint(f(orders), f'{orders}')",
        "n = len(orders)",
    ]


def test_planned_steps_are_written_and_checked():
    plan = "Here it is:\n```\nedit cell 0: add a third number\ndelete cell 9\n```"
    cells, events, provider = run("add a number", plan, "```python\nimport os\ndf = [1, 2, 3]\n```", jobs=2)
    proposal = events[-1].proposal
    assert proposal.holds, proposal.findings
    assert "delete cell 9" in proposal.plan.notes[0]
    assert compose(cells, proposal.changes)[0].source == "import os\ndf = [1, 2, 3]"
    plan_messages, cell_messages = (request.messages for request in provider.requests)
    assert cell_messages[: len(plan_messages)] == plan_messages


def test_a_dangling_name_is_found():
    answers = ("```\nedit cell 0: use another name\n```", "```python\nimport os\nother = [1, 2]\n```")
    _, events, _ = run("use another name instead", *answers)
    proposal = events[-1].proposal
    assert not proposal.holds
    assert any("'df' is used in cell 1 and not defined above it" in finding for finding in proposal.findings)


def test_whatever_goes_wrong_the_refactor_ends_in_one_event(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("jupyter_spark.refactor._carrying_out.check_notebook", broken)
    _, events, _ = run("rename df to orders")
    assert (events[-1].type, events[-1].code) == ("refactor_failed", "bug")
    assert "ZeroDivisionError: oh" in events[-1].message
    assert not [event for event in events[:-1] if event.type in ("refactor_finished", "refactor_failed")]


def test_an_edit_of_a_renamed_cell_is_taken_with_the_rename():
    plan = "```\nrename df -> orders\nedit cell 0: add a third number\n```"
    cells, events, _ = run("rename df and add a number", plan, "```python\nimport os\norders = [1, 2, 3]\n```")
    proposal = events[-1].proposal
    assert proposal.holds, proposal.findings
    assert len({change.group for change in proposal.changes}) == 1
    after = compose(cells, proposal.changes, {proposal.changes[0].change_id})
    assert [cell.source.count("orders") for cell in after] == [1, 2, 1]


def test_the_time_left_and_what_all_turns_took_are_told():
    plan = "```\nedit cell 0: more\nedit cell 2: more\n```"
    first, second = "```python\nimport os\ndf = [1, 2, 3]\n```", "```python\nn = len(df) + 1\n```"
    _, events, _ = run("more", plan, first, second, jobs=1, one_stream_tokens=0)
    steps = [event for event in events if event.type == "step_done"]
    assert [(step.done, step.total) for step in steps] == [(1, 2), (2, 2)]
    assert steps[0].left_s > 0
    assert steps[1].left_s == 0
    figures = events[-1].figures
    assert (figures.usage.input_tokens, figures.usage.output_tokens) == (300, 30)
    assert figures.total_s > figures.first_token_s > 0
