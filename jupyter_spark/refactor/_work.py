"""The whole work on one notebook, from its bytes to a proposal and its verification; it writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from pydantic import ConfigDict

from jupyter_spark.errors import SparkError
from jupyter_spark.notebook import arrange, parse_notebook, snapshot
from jupyter_spark.providers import open_provider
from jupyter_spark.refactor._composing import arrangement_of, became
from jupyter_spark.refactor._engine import run_refactor
from jupyter_spark.refactor._run import RefactorJob
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.verify import CellGroup, VerificationReport, VerifyMode, VerifyOptions, verify_notebook
from jupyter_spark.wire import Tier, WireModel
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
    plan : RefactorPlan, optional
        What is to be done, where that is known already.
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
    plan: RefactorPlan | None = None
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
    """

    plan: RefactorPlan
    proposal: RefactorProposal | None = None
    verification: VerificationReport | None = None
    findings: tuple[str, ...] = ()


async def do_work(work: NotebookWork, on_event: Callable[[AnyRefactorEvent], None] | None = None) -> WorkDone:
    """Refactor a notebook and verify the result.

    Parameters
    ----------
    work : NotebookWork
        What is to be done.
    on_event : callable, optional
        Is told the refactor's events, as they come.

    Raises
    ------
    SparkError
        It failed, as a whole or in every step, or the notebook cannot be run.
    """
    done = await _refactored(work, on_event)
    if (proposal := done.proposal) is None:
        return done
    done = done.model_copy(update={"findings": _findings(proposal, work.verify)})
    whole = proposed(work.data, proposal)
    if work.verify != "run" or done.findings or whole == work.data:
        return done
    return await _verified(work, done, proposal, whole)


def proposed(data: bytes, proposal: RefactorProposal) -> bytes:
    """Return a notebook's bytes with a proposal in them."""
    if not proposal.changes:
        return data
    cells = snapshot(parse_notebook(data)).cells
    return arrange(data, arrangement_of(cells, proposal.changes))[0]


async def _refactored(work: NotebookWork, on_event: Callable[[AnyRefactorEvent], None] | None) -> WorkDone:
    notebook = snapshot(parse_notebook(work.data, Path(work.path))).model_copy(update={"path": work.path})
    job = RefactorJob(notebook, work.instruction, work.profile, work.privacy, work.tier, work.jobs)
    provider = open_provider(work.profile)
    failed: list[str] = []
    plan: RefactorPlan | None = None
    try:
        async with aclosing(run_refactor(job, provider, plan=work.plan, only_plan=work.only_plan)) as events:
            async for event in events:
                if on_event is not None:
                    on_event(event)
                if isinstance(event, PlanReady):
                    plan = event.plan
                elif isinstance(event, StepDone):
                    failed += [event.error] if event.error else []
                elif isinstance(event, RefactorFailed):
                    raise SparkError(event.message, event.hint, code=event.code)
                elif isinstance(event, RefactorFinished):
                    if failed and not event.proposal.changes:
                        raise SparkError(f"Every step failed: {failed[0]}", "Nothing was written; try again.")
                    return WorkDone(plan=event.proposal.plan, proposal=event.proposal)
    finally:
        await provider.aclose()
    if plan is None or not work.only_plan:
        raise SparkError("The refactor ended without an end.", "This is a bug of jupyter_spark: please report it.")
    return WorkDone(plan=plan)


def _findings(proposal: RefactorProposal, verify: VerifyMode) -> tuple[str, ...]:
    """What does not hold; for ``none`` only of the cells themselves."""
    if verify == "none":
        kept = tuple(check for check in proposal.checks if check.name in _OF_PARTS)
        proposal = proposal.model_copy(update={"checks": kept})
    return proposal.findings


async def _verified(work: NotebookWork, done: WorkDone, proposal: RefactorProposal, whole: bytes) -> WorkDone:
    """Run the notebook before and after."""
    after_ids = [cell.snapshot.cell_id for cell in parse_notebook(whole).cells]
    pairs = became(snapshot(parse_notebook(work.data)).cells, proposal.changes, after_ids)
    options = VerifyOptions(groups=tuple(CellGroup(before=old, after=new) for old, new in pairs))
    folder = Path(os.path.realpath(work.path)).parent
    report = await verify_notebook(work.data, whole, folder, options)
    counts = ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in report.counts.items())
    findings = () if report.holds else (f"run before and after, its cells: {counts}.",)
    return done.model_copy(update={"verification": report, "findings": findings})
