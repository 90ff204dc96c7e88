"""A proposal is run: before and after; a cell that fails since is repaired once with its traceback, and run again.

Where the same was asked of each cell, one that does something else keeps its old text, and the others are done.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from jupyter_spark.notebook import arrange, parse_notebook, snapshot
from jupyter_spark.providers import Provider
from jupyter_spark.refactor._causes import with_causes
from jupyter_spark.refactor._checking import check_notebook
from jupyter_spark.refactor._composing import arrangement_of, became, compose
from jupyter_spark.refactor._findings import guilty_cells, repairs_of_failing
from jupyter_spark.refactor._output_marks import with_output_marks
from jupyter_spark.refactor._planning import cell_label
from jupyter_spark.refactor._repairing import RepairPass
from jupyter_spark.refactor._run import RefactorJob, Run
from jupyter_spark.refactor._steps import left_check, stands_alone
from jupyter_spark.verify import CellGroup, VerificationReport, VerifyOptions, VerifyProgress, verify_notebook
from jupyter_spark.wire import ErrorReport, TurnFigures
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    CellChange,
    NotebookCheck,
    NotebookChecked,
    RefactorNotice,
    RefactorProposal,
)

ROUNDS = 3  # of repairs: each is a run of the notebook more
ELSE = "with its change the notebook does something else."
RUNNING = "Running the notebook before and after."
Progress = Callable[[VerifyProgress], None]


@dataclass(frozen=True)
class Verified:
    """What a proposal did when it was run; ``figures`` are of the repairs that led to it."""

    proposal: RefactorProposal
    report: VerificationReport
    figures: TurnFigures

    @property
    def changes(self) -> tuple[CellChange, ...]:
        """The proposal's changes."""
        return self.proposal.changes


def proposed(data: bytes, proposal: RefactorProposal) -> bytes:
    """Return a notebook's bytes with a proposal in them."""
    if not proposal.changes:
        return data
    cells = snapshot(parse_notebook(data)).cells
    return arrange(data, arrangement_of(cells, proposal.changes))[0]


async def verify_proposal(
    data: bytes,
    proposal: RefactorProposal,
    path: Path,
    *,
    on_progress: Progress | None = None,
    cell_timeout_s: float = VerifyOptions.cell_timeout_s,
) -> VerificationReport:
    """Run a notebook without and with a proposal, in scratch copies of its folder.

    Parameters
    ----------
    data : bytes
        The file's content as it was read.
    path : Path
        The file; what it is a link to counts.
    cell_timeout_s : float
        How long a cell may run, in seconds.
    """
    whole = proposed(data, proposal)
    pairs = became(snapshot(parse_notebook(data)).cells, proposal.changes, _ids(whole))
    groups = tuple(CellGroup(before=old, after=new) for old, new in pairs)
    renames = tuple((change.old, change.new) for change in proposal.plan.renames)
    total_s = max(VerifyOptions.total_timeout_s, cell_timeout_s)
    options = VerifyOptions(groups, renames=renames, cell_timeout_s=cell_timeout_s, total_timeout_s=total_s)
    folder = Path(os.path.realpath(path)).parent
    return await verify_notebook(data, whole, folder, options, on_progress=on_progress)


async def run_verified(
    job: RefactorJob,
    provider: Provider,
    data: bytes,
    proposal: RefactorProposal,
    path: Path,
    *,
    on_progress: Progress | None = None,
    cell_timeout_s: float = VerifyOptions.cell_timeout_s,
) -> AsyncGenerator[AnyRefactorEvent | Verified, None]:
    """Verify a proposal, mend what fails since the change, and leave out what does something else where that can be.

    Yields
    ------
    event or Verified
        The events of the repairs' turns, numbered afresh, and what came of each run, which is never worse than the one
        before; the last one counts.
    """
    run = Run(job, provider, proposal.refactor_id)
    verifying = _Verifying(job, run, data, path, on_progress, cell_timeout_s)
    yield RefactorNotice(**run.head(), message=RUNNING)
    best = replace(await verifying.verified(proposal), figures=TurnFigures())
    yield best
    async with aclosing(_mended(verifying, provider, best)) as events:
        async for event in events:
            best = event if isinstance(event, Verified) else best
            yield event
    async with aclosing(_put_back(verifying, best)) as events:
        async for event in events:
            yield event


@dataclass(frozen=True)
class _Verifying:
    """What every further run of a notebook has in common."""

    job: RefactorJob
    run: Run
    data: bytes
    path: Path
    on_progress: Progress | None
    cell_timeout_s: float

    async def verified(self, proposal: RefactorProposal) -> Verified:
        report = await verify_proposal(
            self.data, proposal, self.path, on_progress=self.on_progress, cell_timeout_s=self.cell_timeout_s
        )
        return Verified(proposal, report, self.run.tally.figures())


async def _mended(
    verifying: _Verifying, provider: Provider, best: Verified
) -> AsyncGenerator[AnyRefactorEvent | Verified, None]:
    """Repair the cells that fail since the change, and run again."""
    job, run = verifying.job, verifying.run
    mended: set[str] = set()
    for _ in range(ROUNDS):
        failing = _failing(job, verifying.data, best)
        repairs = [
            repair
            for repair in repairs_of_failing(compose(job.snapshot.cells, best.changes), best.changes, failing)
            if repair.cell_id not in mended
        ]
        if not repairs:
            return
        mended |= {repair.cell_id for repair in repairs}
        plan, check = best.proposal.plan, _checking(job, best.proposal)
        told = await asyncio.to_thread(run.with_plan, plan)
        repairing = RepairPass(run, plan, told, best.changes, check)
        async with aclosing(repairing.events(repairs)) as events:
            async for event in events:
                yield event
        if tuple(repairing.changes) == best.changes:
            return
        checks = with_causes(check(repairing.changes), job.snapshot.cells, plan, repairing.changes)
        yield NotebookChecked(**run.head(), checks=checks)
        marked = with_output_marks(job.snapshot.cells, plan, repairing.changes)
        update = {"changes": tuple(marked), "checks": checks}
        yield RefactorNotice(**run.head(), message=RUNNING)
        verified = await verifying.verified(best.proposal.model_copy(update=update))
        if _against(verified.report) > _against(best.report):
            return
        best = verified
        yield best


async def _put_back(verifying: _Verifying, best: Verified) -> AsyncGenerator[AnyRefactorEvent | Verified, None]:
    """Leave the cells as they were that do something else since, where the others can be done without them."""
    job, run = verifying.job, verifying.run
    alone = {step.cell_id for step in best.proposal.plan.steps if stands_alone(step, best.proposal.plan)}
    for _ in range(ROUNDS):
        differing = _differing(job, verifying.data, best)
        guilty = guilty_cells(compose(job.snapshot.cells, best.changes), best.changes, differing)
        groups = {change.group for change in best.changes if change.cell_id in guilty}
        kept = tuple(change for change in best.changes if change.group not in groups)
        gone = [change.cell_id for change in best.changes if change.group in groups]
        if not gone or not kept or not alone.issuperset(gone):
            return
        left = [left_check(cell_label(job.snapshot.cells, cell_id), cell_id, ELSE) for cell_id in gone]
        for told in left:
            yield RefactorNotice(**run.head(), message=told.message, cell_id=told.cell_id)
        held = _checking(job, best.proposal)(kept)
        checks = (*with_causes(held, job.snapshot.cells, best.proposal.plan, kept), *left)
        yield NotebookChecked(**run.head(), checks=checks)
        yield RefactorNotice(**run.head(), message=RUNNING)
        verified = await verifying.verified(best.proposal.model_copy(update={"changes": kept, "checks": checks}))
        if _against(verified.report) > _against(best.report):
            return
        best = verified
        yield best


def _checking(job: RefactorJob, proposal: RefactorProposal) -> Callable[..., tuple[NotebookCheck, ...]]:
    failed = tuple(check for check in proposal.checks if check.name == "steps_done")
    cells = job.snapshot.cells

    def check(changes: Sequence[CellChange]) -> tuple[NotebookCheck, ...]:
        return (*check_notebook(cells, compose(cells, changes), proposal.plan, changes), *failed)

    return check


def _failing(job: RefactorJob, data: bytes, verified: Verified) -> dict[str, ErrorReport]:
    """The errors of the cells that fail since the change, by what the cells are called in the proposal."""
    names = _names(job, data, verified)
    return {
        names[cell_id]: cell.error
        for cell in verified.report.newly_failing
        if cell.error is not None and cell.error.traceback  # without one it did not come to its end
        for cell_id in cell.after_ids[:1]
    }


def _differing(job: RefactorJob, data: bytes, verified: Verified) -> set[str]:
    """The cells against which something speaks, by what they are called in the proposal."""
    names = _names(job, data, verified)
    return {names[cell_id] for cell in verified.report.cells if not cell.holds for cell_id in cell.after_ids}


def _names(job: RefactorJob, data: bytes, verified: Verified) -> dict[str, str]:
    """What the cells that ran are called in the proposal."""
    after = compose(job.snapshot.cells, verified.proposal.changes)
    return dict(zip(_ids(proposed(data, verified.proposal)), (cell.cell_id for cell in after), strict=True))


def _ids(data: bytes) -> list[str]:
    return [cell.snapshot.cell_id for cell in parse_notebook(data).cells]


def _against(report: VerificationReport) -> int:
    """How many cells speak against the change."""
    return sum(not cell.holds for cell in report.cells)
