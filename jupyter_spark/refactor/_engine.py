"""One refactor: a plan, its steps in parallel, the checks of the whole; events come, exactly one ends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from jupyter_spark.errors import NotebookError, SparkError, UsageError
from jupyter_spark.providers import Provider
from jupyter_spark.refactor._admitting import admitted
from jupyter_spark.refactor._carrying_out import CarryingOut
from jupyter_spark.refactor._fan_out import bug
from jupyter_spark.refactor._planning import notebook_hash, read_plan
from jupyter_spark.refactor._revising import read_revision, revise_each_cell, revision_words
from jupyter_spark.refactor._rules import plan_by_rules, plan_each_cell
from jupyter_spark.refactor._run import RefactorJob, Run
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import TurnFailed, TurnFinished
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    PlanReady,
    PlanTurn,
    RefactorCancelled,
    RefactorFailed,
    RefactorPlan,
    RefactorStarted,
)


async def run_refactor(
    job: RefactorJob,
    provider: Provider,
    *,
    plan: RefactorPlan | None = None,
    revise: str = "",
    only_plan: bool = False,
) -> AsyncGenerator[AnyRefactorEvent, None]:
    """Run a refactor.

    Parameters
    ----------
    job : RefactorJob
        What is asked.
    provider : Provider
        Who answers.
    plan : RefactorPlan, optional
        What is to be done, where that is known already; otherwise it is made first.
    revise : str
        What the user says about ``plan``: one more turn makes it anew. Steps that are not accepted stay so.
    only_plan : bool
        Stop after ``plan_ready``.

    Yields
    ------
    event
        In order; ends in exactly one of ``refactor_finished``, ``refactor_failed`` and ``refactor_cancelled``, or with
        ``plan_ready`` if only the plan is wanted.
    """
    run = Run(job, provider)
    async with aclosing(ended(run, _events(run, plan, revise, only_plan))) as events:
        async for event in events:
            yield event


async def ended(run: Run, events: AsyncGenerator[AnyRefactorEvent, None]) -> AsyncGenerator[AnyRefactorEvent, None]:
    """Pass events on; whatever goes wrong becomes the one event that ends them."""
    cancelled: asyncio.CancelledError | None = None
    try:
        async with aclosing(events):
            async for event in events:
                yield event
    except asyncio.CancelledError as error:
        cancelled = error
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the reader gets its one end
        told = error if isinstance(error, SparkError) else bug(error)
        figures = run.tally.figures()
        yield RefactorFailed(**run.head(), code=told.code, message=told.message, hint=told.hint, figures=figures)
        return
    if cancelled is not None:
        yield RefactorCancelled(**run.head(), figures=run.tally.figures())
        raise cancelled


async def _events(
    run: Run, plan: RefactorPlan | None, revise: str, only_plan: bool
) -> AsyncGenerator[AnyRefactorEvent, None]:
    job = run.job
    yield RefactorStarted(
        **run.head(),
        instruction=job.instruction,
        notebook_path=job.snapshot.path,
        profile=job.profile.name,
        model=run.provider.model,
    )
    if plan is not None and plan.notebook_hash != notebook_hash(job.snapshot.cells):
        raise NotebookError("The plan is for another state of the notebook.", "Make it anew.", code="plan_stale")
    if not any(cell.source.strip() for cell in job.snapshot.cells):
        raise NotebookError("There is no cell with a text in the notebook.", "Write a cell first.", code="no_cell")
    async with aclosing(_planned(run, plan, revise)) as planning:
        async for event in planning:
            if isinstance(event, PlanTurn):
                run.tally.see(event.event)
                yield event
            else:
                plan = event
    assert plan is not None  # noqa: S101 - planning ends with a plan or raises
    yield PlanReady(**run.head(), plan=plan, figures=run.tally.figures())
    if not only_plan:
        async with aclosing(CarryingOut(run, plan).events()) as events:
            async for done in events:
                yield done


async def _planned(run: Run, plan: RefactorPlan | None, revise: str) -> AsyncGenerator[PlanTurn | RefactorPlan, None]:
    """Make the plan, or make it anew; what needs no model first."""
    job = run.job
    if revise.strip():
        if plan is None:
            raise UsageError("There is no plan to revise.", "Make one first.")
        if job.profile.small:
            yield revise_each_cell(plan, revise, job.snapshot)
            return
    elif plan is not None:
        yield admitted(plan, job.snapshot.cells)
        return
    else:
        known = plan_by_rules(job.snapshot, job.instruction, small=job.profile.small)
        if known is None and job.profile.small:
            known = plan_each_cell(job.snapshot, job.instruction)
        if known is not None:
            yield known
            return
    async with aclosing(_asked(run, plan, revise)) as turn:
        async for event in turn:
            yield event


async def _asked(run: Run, plan: RefactorPlan | None, revise: str) -> AsyncGenerator[PlanTurn | RefactorPlan, None]:
    """Let the model make the plan, or the old one anew, in the conversation that it was made in."""
    job = run.job
    request = run.asks_for_plan
    if plan is not None:
        request = run.request("ask", revision_words(plan, revise, job.snapshot), run.with_plan(plan))
    async with aclosing(run_turn(request, run.provider)) as turn:
        async for event in turn:
            yield PlanTurn(**run.head(), event=event)
            if isinstance(event, TurnFailed):
                raise SparkError(event.message, event.hint, code=event.code)
            if isinstance(event, TurnFinished):
                if event.is_cut:
                    raise SparkError(
                        "The plan was cut off at the output limit.",
                        "Ask for less at once, or raise max_output_tokens of the profile.",
                        code="plan_cut",
                    )
                if plan is None:
                    made = read_plan(event.text, job.snapshot, job.instruction)
                else:
                    made = read_revision(event.text, plan, revise, job.snapshot)
                if not made.renames and not any(step.accepted for step in made.steps):
                    raise _no_plan(made)
                yield made


def _no_plan(made: RefactorPlan) -> SparkError:
    """Why nothing of an answer can be done: what was dropped of it, where it held something like a step."""
    dropped = [note for note in made.notes if note.startswith("Dropped")]
    if not dropped:
        return SparkError("The answer holds no plan.", "Say it in other words.", code="no_plan")
    more = f" (and {len(dropped) - 1} more)" if len(dropped) > 1 else ""
    told = f"Nothing of the plan can be done. {dropped[0].rstrip('.')}{more}."
    return SparkError(told, "Say it in other words.", code="no_plan")
