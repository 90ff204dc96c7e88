"""The user's words about a plan make another plan; what the user dropped of it stays dropped."""

from __future__ import annotations

from jupyter_spark.refactor._planning import new_id, plan_lines, read_plan
from jupyter_spark.refactor._rules import plan_each_cell
from jupyter_spark.wire import NotebookSnapshot
from jupyter_spark.wire_refactor import PlanStep, RefactorPlan

_REVISE_RULES = """\
Revise the plan: {words}
{dropped}Answer with the whole revised plan in the same form; what is as it was is written again."""
_DROPPED = """\
I dropped these steps, leave them out:
{lines}
"""


def revision_words(plan: RefactorPlan, words: str, snapshot: NotebookSnapshot) -> str:
    """Return what a model that made a plan is told, so that it makes it anew."""
    lines = "\n".join(plan_lines(_only_dropped(plan), snapshot.cells))
    return _REVISE_RULES.format(words=words.strip(), dropped=_DROPPED.format(lines=lines) if lines else "")


def read_revision(answer: str, plan: RefactorPlan, words: str, snapshot: NotebookSnapshot) -> RefactorPlan:
    """Read a revised plan from a model's answer."""
    return _with_dropped(read_plan(answer, snapshot, _said(plan, words)), plan)


def revise_each_cell(plan: RefactorPlan, words: str, snapshot: NotebookSnapshot) -> RefactorPlan:
    """Return the plan of a model that is too small to plan, with more said to each cell."""
    return _with_dropped(plan_each_cell(snapshot, _said(plan, words)), plan)


def _said(plan: RefactorPlan, words: str) -> str:
    return f"{plan.instruction.rstrip()}\n{words.strip()}"


def _only_dropped(plan: RefactorPlan) -> RefactorPlan:
    steps = tuple(step.model_copy(update={"accepted": True}) for step in plan.steps if not step.accepted)
    return plan.model_copy(update={"renames": (), "steps": steps})


def _with_dropped(revised: RefactorPlan, plan: RefactorPlan) -> RefactorPlan:
    """The revised plan, in which what was dropped of the old one is dropped too, and can still be taken up again."""
    dropped = [step for step in plan.steps if not step.accepted]
    known = {_about(step) for step in dropped}
    kept = [step.model_copy(update={"accepted": _about(step) not in known}) for step in revised.steps]
    there = {_about(step) for step in kept}
    kept += [step for step in dropped if _about(step) not in there]
    return revised.model_copy(update={"steps": tuple(_numbered(kept))})


def _about(step: PlanStep) -> tuple[object, ...]:
    """What makes two steps the same part of a plan, in whatever words."""
    if step.operation == "insert":
        return ("insert", step.below, step.kind, " ".join((step.instruction or step.source or "").split()))
    return (step.operation, step.cell_id, step.cells, step.below)


def _numbered(steps: list[PlanStep]) -> list[PlanStep]:
    taken: set[str] = set()
    out = []
    for step in steps:
        fresh = step if step.step_id not in taken else step.model_copy(update={"step_id": new_id()})
        taken.add(fresh.step_id)
        out.append(fresh)
    return out
