"""A plan that the user says more about."""

from __future__ import annotations

import asyncio

from jupyter_spark.refactor import RefactorJob, read_plan, run_refactor
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from tests.unit.turns import Replies

NOTEBOOK = NotebookSnapshot(cells=tuple(CellSnapshot(cell_id=f"id{i}", source=f"x{i} = {i}") for i in range(4)))
PLAN = "```\nedit cell 0: add one\nedit cell 1: add two\ninsert below cell 1: a new one\n```"


def revised(plan, words, *replies, **profile):
    provider = Replies(*replies, **profile)
    job = RefactorJob(NOTEBOOK, "add numbers", provider.profile)

    async def read():
        events = run_refactor(job, provider, plan=plan, revise=words, only_plan=True)
        return [event async for event in events]

    return asyncio.run(read()), provider


def dropped(plan, *numbers):
    steps = [step.model_copy(update={"accepted": i not in numbers}) for i, step in enumerate(plan.steps)]
    return plan.model_copy(update={"steps": tuple(steps)})


def told(plan):
    return [(step.operation, step.cell_id, step.instruction, step.accepted) for step in plan.steps]


def test_a_revised_plan_comes_in_the_same_conversation_and_what_was_dropped_stays_dropped():
    plan = dropped(read_plan(PLAN, NOTEBOOK, "add numbers"), 1)
    answer = "```\nedit cell 0: add ten\nedit cell 1: add two anyway\nedit cell 3: add four\n```"
    events, provider = revised(plan, "ten, and the last cell too", answer)
    assert events[-1].type == "plan_ready"
    after = events[-1].plan
    assert told(after) == [
        ("edit", "id0", "add ten", True),
        ("edit", "id1", "add two anyway", False),
        ("edit", "id3", "add four", True),
    ]
    assert after.instruction == "add numbers\nten, and the last cell too"
    messages = [message.content for message in provider.requests[0].messages]
    assert "Plan this refactor" in messages[-3]
    assert "edit cell 1" not in messages[-2]
    assert "ten, and the last cell too" in messages[-1]
    assert "edit cell 1: add two" in messages[-1]


def test_a_dropped_step_that_is_not_in_the_new_plan_can_still_be_taken_up():
    plan = dropped(read_plan(PLAN, NOTEBOOK, "add numbers"), 2)
    events, _ = revised(plan, "not the second", "```\nedit cell 0: add one\n```")
    steps = events[-1].plan.steps
    assert [step.accepted for step in steps] == [True, False]
    assert steps[1].operation == "insert"
    assert len({step.step_id for step in steps}) == 2


def test_a_small_model_is_told_more_in_each_cell():
    first, _ = revised(None, "", models=("m",), small=True)
    plan = dropped(first[-1].plan, 0)
    events, provider = revised(plan, "in words", models=("m",), small=True)
    after = events[-1].plan
    assert [step.accepted for step in after.steps] == [False, True, True, True]
    assert {step.instruction for step in after.steps} == {"add numbers\nin words"}
    assert not provider.requests


def test_there_must_be_a_plan_of_this_notebook_and_an_answer_with_one():
    events, _ = revised(None, "more")
    assert (events[-1].type, events[-1].code) == ("refactor_failed", "usage")
    plan = read_plan(PLAN, NOTEBOOK, "add numbers")
    events, _ = revised(plan.model_copy(update={"notebook_hash": "other"}), "more")
    assert events[-1].code == "plan_stale"
    events, _ = revised(plan, "more", "I would rather not.")
    assert events[-1].code == "no_plan"
