"""A few short cells in one answer, each streaming by itself; what is malformed there is asked by itself."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_spark.refactor import RefactorJob, compose, run_refactor
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from tests.unit.turns import Replies

CELLS = ("a = 1", "b = 2", "# ### cell 1\nc = 3")
PLAN = "```\nedit cell 0: ten\nedit cell 2: thirty\ninsert below cell 1: what is new\n```"
FIRST, SECOND = "### cell 0\n```python\na = 10\n```\n", "### cell 2\n```python\n# ### cell 1\nc = 30\n```\n"


def section(cell_id):
    return f"### new cell {cell_id}\n```python\nd = 4\n```"


def run(answer, *replies, **more):
    """Run the refactor; ``answer`` is made from the new cell's id, which only the request tells."""

    class Answering(Replies):
        async def stream(self, request):
            words = request.messages[-1].content
            if "all of them in this one answer" in words:
                new = words.partition("### new cell ")[2].split()[0]
                self.replies[0] = answer(new)
            async for event in super().stream(request):
                yield event

    notebook = NotebookSnapshot(cells=tuple(CellSnapshot(cell_id=f"id{i}", source=s) for i, s in enumerate(CELLS)))
    provider = Answering(PLAN, *([] if answer is None else [""]), *replies)
    job = RefactorJob(notebook, "larger numbers", provider.profile, **more)

    async def read():
        return [event async for event in run_refactor(job, provider)]

    events = asyncio.run(read())
    after = [cell.source for cell in compose(notebook.cells, events[-1].proposal.changes)]
    return events, after, provider


def streamed(events, cell_id):
    turns = [event.event for event in events if event.type == "step_turn" and event.cell_id == cell_id]
    assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
    assert len({turn.turn_id for turn in turns}) == 1
    assert [turn.type for turn in turns].count("turn_finished") == 1
    assert turns[-1].type == "turn_finished"
    return [line for turn in turns if turn.type == "edit_delta" for line in turn.lines]


def test_cells_stream_one_after_the_other_from_one_request():
    events, after, provider = run(lambda new: f"Here:\n{FIRST}{SECOND}{section(new)}")
    assert after == ["a = 10", "b = 2", "d = 4", "# ### cell 1\nc = 30"]
    assert events[-1].proposal.holds, events[-1].proposal.findings
    assert len(provider.requests) == 2
    assert streamed(events, "id0") == ["a = 10"]
    assert streamed(events, "id2") == ["# ### cell 1", "c = 30"]
    done = [event for event in events if event.type == "step_done"]
    assert [(event.done, event.total) for event in done] == [(1, 3), (2, 3), (3, 3)]
    first_done = events.index(done[0])
    assert any(event.type == "step_turn" and event.cell_id == "id2" for event in events[first_done:])


@pytest.mark.parametrize(
    "answer",
    [
        lambda new: f"{FIRST}{section(new)}",  # one is missing
        lambda new: f"{FIRST}{section(new)}\n### cell 2\n```python\nc = 3",  # cut off
        lambda new: f"{FIRST}{section(new)}\n### cell 2\nc = 30\n",  # no fence
        lambda new: f"{FIRST}### cell 2\n```python\nc = (\n```\n{section(new)}",  # does not parse
        lambda new: f"{FIRST}### cell 2\n```python\nc = 1\n```\nor\n```python\nc = 2\n```\n{section(new)}",
    ],
)
def test_a_malformed_section_is_asked_by_itself(answer):
    events, after, provider = run(answer, "```python\n# ### cell 1\nc = 30\n```")
    assert after == ["a = 10", "b = 2", "d = 4", "# ### cell 1\nc = 30"]
    assert events[-1].proposal.holds, events[-1].proposal.findings
    assert len(provider.requests) == 3
    assert streamed(events, "id2")[-1] == "c = 30"


def test_an_answer_without_sections_falls_back_to_a_request_for_each():
    replies = (f"```python\n{code}\n```" for code in ("# ### cell 1\nc = 30", "a = 10", "d = 4"))
    _, after, provider = run(lambda _: "```python\na = 10\n```", *replies, jobs=1)
    assert len(provider.requests) == 5
    assert sorted(after) == sorted(["a = 10", "b = 2", "d = 4", "# ### cell 1\nc = 30"])


def test_a_section_of_another_cell_is_not_believed():
    _, after, provider = run(lambda new: f"{FIRST}### cell 1\n```python\nb = 20\n```\n{SECOND}{section(new)}")
    assert after[1] == "b = 2"
    assert len(provider.requests) == 2


def test_long_cells_are_written_side_by_side():
    replies = (f"```python\n{code}\n```" for code in ("d = 4", "# ### cell 1\nc = 30", "a = 10"))
    events, after, provider = run(None, *replies, one_stream_tokens=20, jobs=1)
    assert len(provider.requests) == 4
    assert after == ["a = 10", "b = 2", "d = 4", "# ### cell 1\nc = 30"]
    assert events[-1].proposal.holds
