"""Refactors of real notebooks, answered well, wrongly, partly and out of order: only what is right may be applied."""

from __future__ import annotations

import asyncio

import pytest

from evals.refactor import Ended, carry_out, is_good, judge, ways_of
from evals.refactoring import INSTRUCTIONS, every_task

# The largest two are left to `python -m evals.refactor`.
TASKS = [task for task in every_task() if "end_to_end" not in task.notebook and "loading" not in task.notebook]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.notebook}-{task.instruction}")
def test_only_the_right_notebook_is_applied(task):
    for way in ways_of(task):
        ended = judge(task, asyncio.run(carry_out(task, way)))
        assert is_good(way, ended), (way, str(ended), task.mistake)


def test_there_are_thirty_tasks_of_ten_instructions():
    assert len(TASKS) >= 30
    instructions = {"give" if task.instruction.startswith("give") else task.instruction for task in TASKS}
    assert len(instructions) == len(INSTRUCTIONS) == 10


def test_the_judge_sees_what_is_let_through():
    task = next(task for task in TASKS if task.instruction == "log instead of printing")
    right = asyncio.run(carry_out(task, "well"))
    assert judge(task, right) == Ended("right")
    change = right.changes[0]
    other = right.model_copy(
        update={"changes": (change.model_copy(update={"new_source": "other = 1"}), *right.changes[1:])}
    )
    assert judge(task, other).verdict == "LET THROUGH"
    assert not is_good("wrong", judge(task, other))
