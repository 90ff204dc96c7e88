"""One refactor: a plan, its steps in parallel, the checks of the whole; events come, exactly one ends them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from jupyter_spark.conversation import begin, settled
from jupyter_spark.errors import NotebookError, SparkError
from jupyter_spark.intent import asked_names
from jupyter_spark.providers import Provider
from jupyter_spark.refactor._checking import check_notebook
from jupyter_spark.refactor._composing import compose
from jupyter_spark.refactor._planning import PLAN_RULES, notebook_hash, plan_lines, read_plan, step_line
from jupyter_spark.refactor._rules import plan_by_rules, plan_each_cell
from jupyter_spark.refactor._steps import changes_of, renamed_changes, settled_changes
from jupyter_spark.request import build_request
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import (
    CellSnapshot,
    Conversation,
    Message,
    NotebookSnapshot,
    Proposal,
    Tier,
    TurnFailed,
    TurnFinished,
)
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    CellChange,
    CellTurn,
    NotebookCheck,
    NotebookChecked,
    PlanReady,
    PlanStep,
    PlanTurn,
    RefactorCancelled,
    RefactorFailed,
    RefactorFinished,
    RefactorPlan,
    RefactorProposal,
    RefactorReady,
    RefactorStarted,
    StepDone,
)


@dataclass(frozen=True)
class RefactorJob:
    """What is asked of which notebook; ``jobs`` is how many cells are written at once."""

    snapshot: NotebookSnapshot
    instruction: str
    profile: Profile
    privacy: Privacy = field(default_factory=Privacy)
    tier: Tier = "spark"
    jobs: int = 8


async def run_refactor(
    job: RefactorJob, provider: Provider, *, plan: RefactorPlan | None = None, only_plan: bool = False
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
    only_plan : bool
        Stop after ``plan_ready``.

    Yields
    ------
    event
        In order; ends in exactly one of ``refactor_finished``, ``refactor_failed`` and ``refactor_cancelled``, or with
        ``plan_ready`` if only the plan is wanted.
    """
    work = _Refactor(job, provider)
    cancelled: asyncio.CancelledError | None = None
    try:
        async with aclosing(work.events(plan, only_plan)) as events:
            async for event in events:
                yield event
    except asyncio.CancelledError as error:
        cancelled = error
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the reader gets its one end
        told = error if isinstance(error, SparkError) else _bug(error)
        yield RefactorFailed(**work.head(), code=told.code, message=told.message, hint=told.hint)
        return
    if cancelled is not None:
        yield RefactorCancelled(**work.head())
        raise cancelled


class _Refactor:
    def __init__(self, job: RefactorJob, provider: Provider) -> None:
        self.job, self.provider = job, provider
        self.refactor_id = uuid.uuid4().hex[:16]
        self._seq = 0
        cells = job.snapshot.cells
        self._real = {str(i): cell.cell_id for i, cell in enumerate(cells)}
        # A model knows cells by their index: the same label for one that ran and one that did not, and no outputs.
        numbered = [
            cell.model_copy(update={"cell_id": str(i), "execution_count": None, "outputs": ""})
            for i, cell in enumerate(cells)
        ]
        self._told = job.snapshot.model_copy(update={"cells": tuple(numbered)})

    def head(self) -> dict[str, Any]:
        self._seq += 1
        return {"refactor_id": self.refactor_id, "seq": self._seq}

    async def events(self, plan: RefactorPlan | None, only_plan: bool) -> AsyncGenerator[AnyRefactorEvent, None]:
        job = self.job
        yield RefactorStarted(
            **self.head(),
            instruction=job.instruction,
            notebook_path=job.snapshot.path,
            profile=job.profile.name,
            model=self.provider.model,
        )
        if plan is None:
            plan = plan_by_rules(job.snapshot, job.instruction)
        if plan is None and job.profile.small:
            plan = plan_each_cell(job.snapshot, job.instruction)
        if plan is None:
            async with aclosing(self._plan()) as planning:
                async for planned in planning:
                    if isinstance(planned, PlanTurn):
                        yield planned
                    else:
                        plan = planned
        assert plan is not None  # noqa: S101 - a planning turn ends with its plan or raises
        if plan.notebook_hash != notebook_hash(job.snapshot.cells):
            raise NotebookError("The plan is for another state of the notebook.", "Make it anew.", code="plan_stale")
        yield PlanReady(**self.head(), plan=plan)
        if not only_plan:
            async for event in self._carried_out(plan):
                yield event

    async def _plan(self) -> AsyncGenerator[PlanTurn | RefactorPlan, None]:
        request = self._request("ask", PLAN_RULES.format(instruction=self.job.instruction), begin())
        async with aclosing(run_turn(request, self.provider)) as turn:
            async for event in turn:
                yield PlanTurn(**self.head(), event=event)
                if isinstance(event, TurnFailed):
                    raise SparkError(event.message, event.hint, code=event.code)
                if isinstance(event, TurnFinished):
                    plan = read_plan(event.text, self.job.snapshot, self.job.instruction)
                    if not plan.steps and not plan.renames:
                        raise SparkError("The answer holds no plan.", "Say it in other words.", code="no_plan")
                    yield plan

    def _request(self, kind: Any, words: str, conversation: Conversation, **rest: Any) -> Any:
        job = self.job
        return build_request(
            kind,
            words,
            job.profile,
            self._told,
            tier=job.tier,
            privacy=job.privacy,
            conversation=None if job.profile.small else conversation,
            **rest,
        )

    async def _carried_out(self, plan: RefactorPlan) -> AsyncGenerator[AnyRefactorEvent, None]:
        cells = self.job.snapshot.cells
        base = {c.cell_id: c for c in cells}
        changes: list[CellChange] = [] if not plan.renames else renamed_changes(cells, plan)
        sources = {c.cell_id: c.source for c in cells} | {c.cell_id: c.new_source for c in changes}
        steps = [step for step in plan.steps if step.accepted]
        asked = [step for step in steps if step.source is None and step.operation in ("edit", "insert", "split")]
        asked += [step for step in steps if step.operation == "merge" and step.instruction]
        for step in steps:
            if step not in asked:
                changes = _joined(changes, settled_changes(step, base, sources))
        failed: list[NotebookCheck] = []
        async with aclosing(self._fan_out(plan, asked, base, sources)) as events:
            async for event in events:
                if isinstance(event, StepDone):
                    changes = _joined(changes, event.changes)
                    failed += _failures(event, steps, cells)
                yield event
        checks = (*check_notebook(cells, compose(cells, changes), plan, changes), *failed)
        yield NotebookChecked(**self.head(), checks=checks)
        proposal = RefactorProposal(
            proposal_id=uuid.uuid4().hex[:16],
            refactor_id=self.refactor_id,
            plan=plan,
            changes=tuple(changes),
            checks=checks,
        )
        yield RefactorReady(**self.head(), proposal=proposal)
        yield RefactorFinished(**self.head(), proposal=proposal)

    def _shared(self, plan: RefactorPlan) -> Conversation:
        """What every cell's request begins with, byte for byte the same: the notebook, and the plan."""
        words = PLAN_RULES.format(instruction=self.job.instruction)
        asked = self._request("ask", words, begin())
        told = "\n".join(plan_lines(plan, self.job.snapshot.cells))
        said = (Message(role="user", content=words), Message(role="assistant", content=f"```\n{told}\n```"))
        return settled(asked, said)

    async def _fan_out(
        self, plan: RefactorPlan, steps: Sequence[PlanStep], base: dict[str, CellSnapshot], sources: dict[str, str]
    ) -> AsyncGenerator[AnyRefactorEvent, None]:
        if not steps:
            return
        shared, known = self._shared(plan), frozenset(_names_of(plan))
        queue: asyncio.Queue[tuple[PlanStep, Any]] = asyncio.Queue()
        # The built-in model writes one cell as fast as several, and who waits for it loses its deadline.
        gate = asyncio.Semaphore(1 if self.job.profile.stays_here else max(1, self.job.jobs))
        numbers = {cell_id: number for number, cell_id in self._real.items()}

        async def write(step: PlanStep) -> None:
            async with gate:
                try:
                    source = "\n\n".join(sources[c] for c in (step.cells or (step.cell_id,)) if c in sources)
                    words = step.instruction
                    if step.operation == "split":
                        words += "\nBegin each part with a line `# %%`."
                    kind, target = "generate", None
                    if step.operation != "insert":
                        kind, target = "rewrite", CellSnapshot(cell_id=numbers[step.cell_id], source=source)
                    request = self._request(kind, words, shared, target=target)
                    context = request.context.model_copy(update={"known_names": request.context.known_names | known})
                    async with aclosing(run_turn(request.model_copy(update={"context": context}), self.provider)) as t:
                        async for event in t:
                            queue.put_nowait((step, event))
                except Exception as error:  # noqa: BLE001 - it is this step's, and stops no other
                    queue.put_nowait((step, error if isinstance(error, SparkError) else _bug(error)))

        # The longest first: the last one to end is then the shortest (Graham 1969, bounds on multiprocessing).
        longest = sorted(steps, key=lambda step: -len(sources.get(step.cell_id, "")))
        tasks = [asyncio.create_task(write(step)) for step in longest]
        done = 0
        try:
            while done < len(steps):
                step, event = await queue.get()
                if isinstance(event, SparkError | TurnFailed):
                    done += 1
                    yield self._done(
                        step, (), str(event) if isinstance(event, SparkError) else event.message, done, len(steps)
                    )
                    continue
                yield CellTurn(**self.head(), step_id=step.step_id, cell_id=step.cell_id, event=event)
                if isinstance(event, TurnFinished):
                    done += 1
                    proposal: Proposal = event.proposal  # type: ignore[assignment]
                    yield self._done(step, changes_of(step, proposal, base), "", done, len(steps))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, step: PlanStep, changes: tuple[CellChange, ...], error: str, done: int, total: int) -> StepDone:
        return StepDone(
            **self.head(),
            step_id=step.step_id,
            cell_id=step.cell_id,
            changes=changes,
            error=error,
            done=done,
            total=total,
        )


def _bug(error: Exception) -> SparkError:
    return SparkError(
        f"{type(error).__name__}: {error}", "This is a bug of jupyter_spark: please report it.", code="bug"
    )


def _joined(changes: Sequence[CellChange], more: Sequence[CellChange]) -> list[CellChange]:
    """Changes with more of them; an edit of a cell that was renamed in takes the rename's place, and its group."""
    edited = {change.cell_id for change in more if change.operation in ("edit", "delete")}
    replaced = [change for change in changes if change.operation == "edit" and change.cell_id in edited]
    groups = {change.group for change in more} | {change.group for change in replaced}
    if replaced:  # a rename that is taken in half of its cells leaves names that dangle
        changes, more = (
            [c.model_copy(update={"group": replaced[0].group}) if c.group in groups else c for c in side]
            for side in (changes, more)
        )
    gone = {change.change_id for change in replaced}
    return [*(change for change in changes if change.change_id not in gone), *more]


def _failures(done: StepDone, steps: Sequence[PlanStep], cells: Sequence[CellSnapshot]) -> list[NotebookCheck]:
    """A step that failed, as a check: a proposal without one of its parts does not hold."""
    if not done.error:
        return []
    line = next(step_line(step, cells) for step in steps if step.step_id == done.step_id).splitlines()[0]
    message = f"'{line}' could not be done: {done.error}"
    return [NotebookCheck(name="steps_done", ok=False, message=message, cell_id=done.cell_id)]


def _names_of(plan: RefactorPlan) -> list[str]:
    """The names that a plan speaks of: a cell may rely on what another one is about to define."""
    return [name for step in plan.steps for name in asked_names(step.instruction)] + [r.new for r in plan.renames]
