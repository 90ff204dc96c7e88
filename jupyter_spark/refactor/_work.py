"""The whole work on one notebook, from its bytes to a proposal and its verification; it writes nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from pydantic import ConfigDict

from jupyter_spark.errors import SparkError
from jupyter_spark.figures import add_figures
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.providers import Provider, open_provider
from jupyter_spark.refactor._engine import run_refactor
from jupyter_spark.refactor._run import RefactorJob
from jupyter_spark.refactor._telling import told_findings
from jupyter_spark.refactor._verifying import Progress, Verified, proposed, run_verified
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.verify import VerificationReport, VerifyMode, VerifyOptions
from jupyter_spark.wire import CellSnapshot, Tier, TurnFigures, WireModel
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    PlanReady,
    RefactorFailed,
    RefactorFinished,
    RefactorPlan,
    RefactorProposal,
    StepDone,
)

# Checks of the notebook's parts; the others are about how its cells fit together.
_OF_PARTS = ("parses", "cells_kept", "steps_done")


class NotebookWork(WireModel):
    """All that has to be known to refactor one notebook, here or on another machine; it holds no key.

    Attributes
    ----------
    path : str
        The notebook's file, by its real name. It is not read again.
    data : bytes
        Its content.
    jobs : int
        How many cells are written at once.
    verify : str
        ``none``: what the checks of the notebook as a whole find is told, and no finding; ``static``: they must hold;
        ``run``: and the notebook, run before and after in its folder, must still do what it did.
    cell_timeout_s : float
        For ``run``: how long a cell may run, in seconds.
    plan : RefactorPlan, optional
        What is to be done, where that is known already.
    revise : str
        What the user says about the plan, so that it is made anew.
    only_plan : bool
        Whether the plan is all that is wanted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    path: str
    data: bytes
    instruction: str
    profile: Profile
    privacy: Privacy = Privacy()
    tier: Tier = "spark"
    jobs: int = 8
    verify: VerifyMode = "static"
    cell_timeout_s: float = VerifyOptions.cell_timeout_s
    plan: RefactorPlan | None = None
    revise: str = ""
    only_plan: bool = False


class WorkDone(WireModel):
    """What came of it.

    Attributes
    ----------
    plan : RefactorPlan
        What was to be done.
    proposal : RefactorProposal, optional
        What would change; None if only the plan was wanted.
    verification : VerificationReport, optional
        What the notebook, run before and after, did; None if it was not run.
    findings : tuple of str
        What speaks against writing it, a line each.
    figures : TurnFigures
        What all its turns took together.
    """

    plan: RefactorPlan
    proposal: RefactorProposal | None = None
    verification: VerificationReport | None = None
    findings: tuple[str, ...] = ()
    figures: TurnFigures = TurnFigures()


OnEvent = Callable[[AnyRefactorEvent], None]


async def do_work(work: NotebookWork, on_event: OnEvent | None = None, on_progress: Progress | None = None) -> WorkDone:
    """Refactor a notebook and verify the result.

    Parameters
    ----------
    work : NotebookWork
        What is to be done.
    on_event : callable, optional
        Is told the refactor's events, as they come.
    on_progress : callable, optional
        Is told how far the runs of a verification are.

    Raises
    ------
    SparkError
        It failed, as a whole or in every step, or the notebook cannot be run.
    """
    notebook = snapshot(parse_notebook(work.data, Path(work.path))).model_copy(update={"path": work.path})
    job = RefactorJob(notebook, work.instruction, work.profile, work.privacy, work.tier, work.jobs)
    provider = open_provider(work.profile)
    done: WorkDone | None = None
    try:
        async with aclosing(worked_on(work, job, provider, on_progress)) as events:
            async for event in events:
                if isinstance(event, WorkDone):
                    done = event
                elif on_event is not None:
                    on_event(event)
    finally:
        await provider.aclose()
    assert done is not None  # noqa: S101 - it ends with it, or raises
    return done


async def worked_on(
    work: NotebookWork, job: RefactorJob, provider: Provider, on_progress: Progress | None = None
) -> AsyncGenerator[AnyRefactorEvent | WorkDone, None]:
    """Do the same for a notebook that is known already, with a provider that is open.

    Without ``data`` there is nothing that could be run.

    Yields
    ------
    event or WorkDone
        The refactor's events, and at the end what came of it.
    """
    done: WorkDone | None = None
    begun_s = time.monotonic()
    async with aclosing(_refactored(work, job, provider)) as refactoring:
        async for event in refactoring:
            if isinstance(event, WorkDone):
                done = event
            else:
                yield event
    assert done is not None  # noqa: S101 - it ends with it, or raises
    if (proposal := done.proposal) is not None:
        done = done.model_copy(update={"findings": _findings(proposal, work.verify, job.snapshot.cells)})
        is_run = work.verify == "run" and work.data and not done.findings
        if is_run and proposed(work.data, proposal) != work.data:
            async with aclosing(_verified(work, job, provider, done, on_progress)) as verifying:
                async for event in verifying:
                    yield _timed(event, begun_s) if isinstance(event, WorkDone) else event
            return
    yield done


def _timed(done: WorkDone, begun_s: float) -> WorkDone:
    """What came of it, with all the time that a user waited: running the notebook too, however often."""
    took = done.figures.model_copy(update={"total_s": time.monotonic() - begun_s})
    return done.model_copy(update={"figures": took})


async def _refactored(
    work: NotebookWork, job: RefactorJob, provider: Provider
) -> AsyncGenerator[AnyRefactorEvent | WorkDone, None]:
    failed: list[str] = []
    planned: PlanReady | None = None
    running = run_refactor(job, provider, plan=work.plan, revise=work.revise, only_plan=work.only_plan)
    async with aclosing(running) as events:
        async for event in events:
            yield event
            if isinstance(event, PlanReady):
                planned = event
            elif isinstance(event, StepDone):
                failed += [event.error] if event.error else []
            elif isinstance(event, RefactorFailed):
                raise SparkError(event.message, event.hint, code=event.code)
            elif isinstance(event, RefactorFinished):
                if failed and not event.proposal.changes:
                    raise SparkError(f"Every step failed: {failed[0]}", "Nothing was written; try again.")
                yield WorkDone(plan=event.proposal.plan, proposal=event.proposal, figures=event.figures)
                return
    if planned is None or not work.only_plan:
        raise SparkError("The refactor ended without an end.", "This is a bug of jupyter_spark: please report it.")
    yield WorkDone(plan=planned.plan, figures=planned.figures)


def _findings(proposal: RefactorProposal, verify: VerifyMode, cells: Sequence[CellSnapshot]) -> tuple[str, ...]:
    """What does not hold; for ``none`` only of the cells themselves."""
    if verify == "none":
        kept = tuple(check for check in proposal.checks if check.name in _OF_PARTS)
        proposal = proposal.model_copy(update={"checks": kept})
    return told_findings(proposal, cells)


async def _verified(
    work: NotebookWork, job: RefactorJob, provider: Provider, done: WorkDone, on_progress: Progress | None
) -> AsyncGenerator[AnyRefactorEvent | WorkDone, None]:
    """Run the notebook before and after, and mend what fails since."""
    assert done.proposal is not None  # noqa: S101 - without one there is nothing to run
    last, path = None, Path(work.path)
    running = run_verified(
        job,
        provider,
        work.data,
        done.proposal,
        path,
        on_progress=on_progress,
        cell_timeout_s=work.cell_timeout_s,
    )
    async with aclosing(running) as verifying:
        async for event in verifying:
            if isinstance(event, Verified):
                last = event
            else:
                yield event
    assert last is not None  # noqa: S101 - it ran once, or raised
    report = last.report
    counts = ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in report.counts.items())
    told = report.unverified or f"run before and after, its cells: {counts}."
    findings = () if report.holds else (told,)
    yield WorkDone(
        plan=done.plan,
        proposal=last.proposal,
        verification=report,
        findings=(*_findings(last.proposal, work.verify, job.snapshot.cells), *findings),
        figures=add_figures(done.figures, last.figures),
    )
