"""The refactors of this server's pages: planned, revised, written, verified; each may be joined again."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyter_spark.errors import SparkError, UsageError
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.providers import Provider
from jupyter_spark.refactor import RefactorJob, notebook_hash, refitted, run_refactor
from jupyter_spark.server.refactor_log import RefactorLog
from jupyter_spark.server.refactor_record import RefactorBook
from jupyter_spark.server.running import cancel_soon
from jupyter_spark.server.verifying import check_choice, chosen_changes, verify_choice
from jupyter_spark.settings import Profile, Settings
from jupyter_spark.wire import NotebookSnapshot, TurnRecord
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    CellChange,
    PlanReady,
    RefactorFinished,
    RefactorPlan,
    RefactorProposal,
)
from jupyter_spark.wire_review import (
    ChoiceChecked,
    ChoiceMade,
    PlanAccepted,
    PlanRevised,
    RefactorRequested,
    ReviewKept,
    VerificationEnded,
    VerificationProgressed,
    WorkBegun,
)

KEPT = 32


@dataclass
class RunningRefactor:
    """A refactor: whose it is, what was asked, the notebook, how far it is, and what the user made of it."""

    user: str
    asked: RefactorRequested
    snapshot: NotebookSnapshot
    log: RefactorLog = field(default_factory=RefactorLog)
    instruction: str = ""
    proposal: RefactorProposal | None = None
    work: asyncio.Task[None] | None = None
    verifying: asyncio.Task[None] | None = None
    kept: ReviewKept | None = None
    book: RefactorBook = field(default_factory=RefactorBook)

    @property
    def is_busy(self) -> bool:
        """Whether it is being planned or written."""
        return self.work is not None and not self.work.done()


class RunningRefactors:
    """Starts refactors, and finds them again. The ones begun last are kept.

    Parameters
    ----------
    settings : callable
        The settings as they are now.
    provider : callable
        The provider of a profile.
    path_of : callable
        The absolute path of a notebook that a page names.
    record : callable
        Keeps a refactor in the history.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        provider: Callable[[Profile], Provider],
        path_of: Callable[[str], str],
        record: Callable[[TurnRecord], object],
    ) -> None:
        self._settings, self._provider, self._path_of, self._record = settings, provider, path_of, record
        self._refactors: OrderedDict[str, RunningRefactor] = OrderedDict()

    def find(self, user: str, refactor_id: str) -> RunningRefactor | None:
        """Return a refactor of this user's."""
        one = self._refactors.get(refactor_id)
        return one if one is not None and one.user == user else None

    def newest(self, user: str, notebook: str) -> RunningRefactor | None:
        """Return the refactor of a notebook that this user began last."""
        mine = (one for one in reversed(tuple(self._refactors.values())) if one.user == user)
        return next((one for one in mine if one.asked.notebook == notebook), None)

    def start(self, user: str, frame: RefactorRequested, mirror: NotebookMirror) -> RunningRefactor:
        """Begin a refactor: its plan is made.

        Raises
        ------
        SparkError
            It cannot be asked.
        """
        if not frame.instruction.strip():
            raise UsageError("There are no words to go by.", "Say what is to change in the notebook.")
        if frame.refactor_id in self._refactors:
            raise UsageError("That refactor was asked for already.", "Ask again.")
        snapshot = mirror.snapshot(frame.notebook, self._path_of(frame.notebook))
        one = RunningRefactor(user, frame, snapshot, instruction=frame.instruction)
        self._begin(one, "planning", refitted(frame.plan, snapshot.cells) if frame.plan is not None else None)
        self._refactors[frame.refactor_id] = one
        self._forget_old()
        return one

    def revise(self, one: RunningRefactor, frame: PlanRevised, mirror: NotebookMirror) -> None:
        """Make the plan anew, with what the user says of it."""
        one.snapshot = mirror.snapshot(one.asked.notebook, self._path_of(one.asked.notebook))
        plan = frame.plan.model_copy(update={"notebook_hash": notebook_hash(one.snapshot.cells)})
        self._begin(one, "planning", plan, revise=frame.words)

    def write(self, one: RunningRefactor, frame: PlanAccepted, mirror: NotebookMirror) -> None:
        """Carry a plan out, on the cells as they are now, and verify what comes of it."""
        now = mirror.snapshot(one.asked.notebook, self._path_of(one.asked.notebook))
        plan = refitted(frame.plan, now.cells)
        if plan.notebook_hash == notebook_hash(now.cells):
            one.snapshot = now
        one.proposal = None
        self._begin(one, "writing", plan, accepted=frame)

    def choose(self, one: RunningRefactor, frame: ChoiceMade) -> None:
        """Check what the user would take, and verify it if that is asked for."""
        if one.proposal is None:
            return
        cancel_soon(one.verifying)
        chosen = chosen_changes(one.proposal.changes, frame.accepted, frame.texts)
        one.verifying = _spawn(self._checked(one, one.proposal, chosen, frame))

    def stop(self, one: RunningRefactor) -> None:
        """Stop what runs: the planning, the writing, the verification."""
        cancel_soon(one.work)
        cancel_soon(one.verifying)

    def drop(self, one: RunningRefactor) -> None:
        """Stop a refactor and forget it."""
        self.stop(one)
        self._refactors.pop(one.asked.refactor_id, None)

    async def aclose(self) -> None:
        """Stop everything."""
        tasks = [task for one in self._refactors.values() for task in (one.work, one.verifying) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what runs ---

    def _begin(
        self,
        one: RunningRefactor,
        work: Literal["planning", "writing"],
        plan: RefactorPlan | None = None,
        *,
        revise: str = "",
        accepted: PlanAccepted | None = None,
    ) -> None:
        if one.is_busy:
            raise UsageError("This refactor is under way.", "Stop it first.")
        settings = self._settings()
        profile = settings.for_tier(one.asked.tier, one.asked.profile)
        job = RefactorJob(one.snapshot, one.instruction, profile, settings.privacy, one.asked.tier)
        provider = self._provider(profile)
        events = run_refactor(job, provider, plan=plan, revise=revise, only_plan=work == "planning")
        cancel_soon(one.verifying)
        one.log.append(_begun(work, one))
        one.book.begin(one.asked.refactor_id, job)
        one.work = _spawn(self._run(one, events, accepted))

    async def _run(
        self, one: RunningRefactor, events: AsyncGenerator[AnyRefactorEvent, None], accepted: PlanAccepted | None
    ) -> None:
        begun_at_s = time.monotonic()
        async with aclosing(events):
            async for event in events:
                told = event
                if isinstance(event, PlanReady):
                    one.instruction = event.plan.instruction
                elif isinstance(event, RefactorFinished):
                    one.proposal = event.proposal
                    figures = {"total_s": round(time.monotonic() - begun_at_s, 3)}
                    told = event.model_copy(update={"figures": event.figures.model_copy(update=figures)})
                one.log.append(told)
                if (record := one.book.entry(event, only_plan=accepted is None)) is not None:
                    self._record(record)
        if accepted is not None and one.proposal is not None and accepted.verify == "run":
            self._verify_all(one, one.proposal, accepted.kernel_name)

    def _verify_all(self, one: RunningRefactor, proposal: RefactorProposal, kernel_name: str) -> None:
        if proposal.changes:
            one.verifying = _spawn(self._verified(one, proposal.plan, proposal.changes, 0, kernel_name))

    async def _checked(
        self, one: RunningRefactor, proposal: RefactorProposal, chosen: Sequence[CellChange], frame: ChoiceMade
    ) -> None:
        checks = await asyncio.to_thread(check_choice, one.snapshot.cells, proposal, chosen)
        one.log.append(ChoiceChecked(choice_id=frame.choice_id, checks=checks))
        if frame.verify == "run" and chosen:
            await self._verified(one, proposal.plan, chosen, frame.choice_id, frame.kernel_name)

    async def _verified(
        self,
        one: RunningRefactor,
        plan: RefactorPlan,
        chosen: Sequence[CellChange],
        choice_id: int,
        kernel_name: str,
    ) -> None:
        def told(progress: Any) -> None:
            one.log.append(VerificationProgressed(progress=progress))

        one.log.append(_begun("verifying", one))
        ended = VerificationEnded(choice_id=choice_id, problem="Stopped.")
        try:
            folder = Path(self._path_of(one.asked.notebook)).parent
            report = await verify_choice(one.snapshot.cells, plan, chosen, folder, kernel_name, told)
            ended = VerificationEnded(choice_id=choice_id, report=report)
        except SparkError as error:
            ended = VerificationEnded(choice_id=choice_id, problem=error.message, hint=error.hint)
        finally:
            one.log.append(ended)

    def _forget_old(self) -> None:
        for refactor_id in [key for key, one in self._refactors.items() if not one.is_busy][: -KEPT or None]:
            del self._refactors[refactor_id]


def _begun(work: Literal["planning", "writing", "verifying"], one: RunningRefactor) -> WorkBegun:
    order = tuple(cell.cell_id for cell in one.snapshot.cells)
    return WorkBegun(work=work, begun_at_s=time.time(), instruction=one.instruction, order=order)


def _spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work)
