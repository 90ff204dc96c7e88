"""A proposal is run: before and after; a cell that fails since is repaired once with its traceback, and run again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jupyter_spark.notebook import arrange, parse_notebook, snapshot
from jupyter_spark.providers import Provider
from jupyter_spark.refactor._causes import with_causes
from jupyter_spark.refactor._checking import check_notebook
from jupyter_spark.refactor._composing import arrangement_of, became, compose
from jupyter_spark.refactor._findings import repairs_of_failing
from jupyter_spark.refactor._output_marks import with_output_marks
from jupyter_spark.refactor._repairing import RepairPass
from jupyter_spark.refactor._run import RefactorJob, Run
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
    total_s = max(VerifyOptions.total_timeout_s, cell_timeout_s)
    options = VerifyOptions(groups=groups, cell_timeout_s=cell_timeout_s, total_timeout_s=total_s)
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
    """Verify a proposal, and mend what fails since the change.

    Yields
    ------
    event or Verified
        The events of the repairs' turns, numbered afresh, and what came of each run, which is never worse than the one
        before; the last one counts.
    """
    run = Run(job, provider, proposal.refactor_id)
    verified = partial(verify_proposal, path=path, on_progress=on_progress, cell_timeout_s=cell_timeout_s)
    yield RefactorNotice(**run.head(), message=RUNNING)
    best = Verified(proposal, await verified(data, proposal), TurnFigures())
    yield best
    mended: set[str] = set()
    for _ in range(ROUNDS):
        failing = _failing(job, data, best)
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
        mended_proposal = best.proposal.model_copy(update=update)
        yield RefactorNotice(**run.head(), message=RUNNING)
        report = await verified(data, mended_proposal)
        if _against(report) > _against(best.report):
            return
        best = Verified(mended_proposal, report, run.tally.figures())
        yield best


def _checking(job: RefactorJob, proposal: RefactorProposal) -> Callable[..., tuple[NotebookCheck, ...]]:
    failed = tuple(check for check in proposal.checks if check.name == "steps_done")
    cells = job.snapshot.cells

    def check(changes: Sequence[CellChange]) -> tuple[NotebookCheck, ...]:
        return (*check_notebook(cells, compose(cells, changes), proposal.plan, changes), *failed)

    return check


def _failing(job: RefactorJob, data: bytes, verified: Verified) -> dict[str, ErrorReport]:
    """The errors of the cells that fail since the change, by what the cells are called in the proposal."""
    after = compose(job.snapshot.cells, verified.proposal.changes)
    names = dict(zip(_ids(proposed(data, verified.proposal)), (cell.cell_id for cell in after), strict=True))
    return {
        names[cell_id]: cell.error
        for cell in verified.report.newly_failing
        if cell.error is not None and cell.error.traceback  # without one it did not come to its end
        for cell_id in cell.after_ids[:1]
    }


def _ids(data: bytes) -> list[str]:
    return [cell.snapshot.cell_id for cell in parse_notebook(data).cells]


def _against(report: VerificationReport) -> int:
    """How many cells speak against the change."""
    return sum(not cell.holds for cell in report.cells)
