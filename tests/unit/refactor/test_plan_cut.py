"""A plan that ended at the output limit is no plan."""

from __future__ import annotations

import asyncio

from jupyter_spark.providers import Completed, Delta, Started
from jupyter_spark.refactor import RefactorJob, run_refactor
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from tests.unit.turns import Replies


def ended(reason):
    reply = [Started("m"), Delta("```\nedit cell 0: two\nedit ce"), Completed(reason)]
    provider = Replies(reply, "```python\ndf = 2\n```")
    cells = (CellSnapshot(cell_id="a", source="df = 1"),)
    job = RefactorJob(NotebookSnapshot(cells=cells), "make it two", provider.profile)

    async def read():
        return [event async for event in run_refactor(job, provider)]

    return asyncio.run(read())[-1], provider


def test_a_plan_that_was_cut_off_is_not_carried_out():
    last, provider = ended("length")
    assert (last.type, last.code) == ("refactor_failed", "plan_cut")
    assert len(provider.requests) == 1
    assert ended("stop")[0].type == "refactor_finished"
