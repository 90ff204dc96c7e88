"""A plan is carried out: what needs no model, the cells that a model writes, the checks of the whole."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import cached_property, partial

from jupyter_spark.errors import SparkError
from jupyter_spark.refactor._causes import with_causes
from jupyter_spark.refactor._checking import check_notebook
from jupyter_spark.refactor._composing import compose
from jupyter_spark.refactor._fan_out import CellTask, fan_out
from jupyter_spark.refactor._findings import repairs_for
from jupyter_spark.refactor._one_stream import fits_one_stream, one_stream
from jupyter_spark.refactor._output_marks import with_output_marks
from jupyter_spark.refactor._placing import placed_lower
from jupyter_spark.refactor._planning import cell_label, step_line
from jupyter_spark.refactor._repairing import RepairPass
from jupyter_spark.refactor._run import Run, names_of
from jupyter_spark.refactor._steps import (
    changes_of,
    joined,
    left_check,
    renamed_changes,
    settled_changes,
    stands_alone,
)
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import AnyTurnEvent, Conversation, TurnFailed, TurnFinished, TurnKind, TurnRequest
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    CellChange,
    NotebookCheck,
    NotebookChecked,
    PlanStep,
    RefactorFinished,
    RefactorNotice,
    RefactorPlan,
    RefactorProposal,
    RefactorReady,
    StepDone,
    StepTurn,
)

_NO_ANSWER = ("no_code", "no_answer")
NEW_CELL_TOKENS = 60  # about as long as a cell is of which nothing is known yet


class CarryingOut:
    """One plan on its way to a proposal.

    Parameters
    ----------
    run : Run
        The refactor.
    plan : RefactorPlan
        What is to be done; only what is accepted.
    """

    def __init__(self, run: Run, plan: RefactorPlan) -> None:
        self._run, self._plan = run, plan
        self._cells = run.job.snapshot.cells
        self._base = {cell.cell_id: cell for cell in self._cells}
        self._steps = {step.step_id: step for step in plan.steps if step.accepted}
        self._changes: list[CellChange] = [] if not plan.renames else renamed_changes(self._cells, plan)
        self._failed: list[NotebookCheck] = []
        self._left: list[NotebookCheck] = []
        self._names = names_of(plan)

    @cached_property
    def _told(self) -> Conversation:
        return self._run.with_plan(self._plan)

    async def events(self) -> AsyncGenerator[AnyRefactorEvent, None]:
        """Everything up to the successful end."""
        tasks = self._begun()
        async with aclosing(self._written(tasks)) as writing:
            async for event in writing:
                yield event
        for change, message in list(placed_lower(self._cells, self._plan, self._changes)):
            self._changes = [change if c.change_id == change.change_id else c for c in self._changes]
            yield RefactorNotice(**self._run.head(), message=message, cell_id=change.cell_id)
        checks = self._with_causes()
        yield NotebookChecked(**self._run.head(), checks=checks)
        after = compose(self._cells, self._changes)
        if repairs := repairs_for(self._cells, after, self._plan, self._changes, checks):
            repairing = RepairPass(self._run, self._plan, self._told, self._changes, self._checked)
            async with aclosing(repairing.events(repairs)) as mending:
                async for event in mending:
                    yield event
            self._changes = repairing.changes
            checks = self._with_causes()
            yield NotebookChecked(**self._run.head(), checks=checks)
        if left := self._without_losses(checks):
            for check in left:
                yield RefactorNotice(**self._run.head(), message=check.message, cell_id=check.cell_id)
            checks = self._with_causes()
            yield NotebookChecked(**self._run.head(), checks=checks)
        proposal = RefactorProposal(
            proposal_id=uuid.uuid4().hex[:16],
            refactor_id=self._run.refactor_id,
            plan=self._plan,
            changes=tuple(with_output_marks(self._cells, self._plan, self._changes)),
            checks=checks,
        )
        yield RefactorReady(**self._run.head(), proposal=proposal)
        yield RefactorFinished(**self._run.head(), proposal=proposal, figures=self._run.tally.figures())

    def _begun(self) -> list[CellTask]:
        """Do what needs no model, and return what needs one."""
        sources = {c.cell_id: c.source for c in self._cells} | {c.cell_id: c.new_source for c in self._changes}
        asked = [step for step in self._steps.values() if _needs_model(step)]
        for step in self._steps.values():
            if step not in asked:
                self._changes = joined(self._changes, settled_changes(step, self._base, sources))
        return [self._task(step, sources) for step in asked]

    def _task(self, step: PlanStep, sources: dict[str, str]) -> CellTask:
        source = "\n\n".join(sources[c] for c in (step.cells or (step.cell_id,)) if c in sources)
        size = estimate_tokens(source) if source else NEW_CELL_TOKENS
        return CellTask(step.step_id, step.cell_id, size, put=partial(self._put, step, source))

    def _put(self, step: PlanStep, source: str) -> TurnRequest:
        """Make the request of a step."""
        run, words, target = self._run, step.instruction, None
        kind: TurnKind = "generate"
        if step.operation == "split":
            words += "\nBegin each part with a line `# %%`."
        if step.operation != "insert":
            kind, target = "rewrite", run.target(step.cell_id, source)
        return run.request(kind, words, self._told, target=target, names=self._names)

    async def _written(self, tasks: Sequence[CellTask]) -> AsyncGenerator[AnyRefactorEvent, None]:
        """Let the model write the cells of the steps."""
        progress, left = _Progress(tasks), {task.step_id: task for task in tasks}
        if fits_one_stream(tasks, self._run):
            async with aclosing(one_stream(tasks, self._steps, self._run, self._told)) as together:
                async for task, turn_event in together:
                    yield self._step_turn(task, turn_event)
                    if isinstance(turn_event, TurnFinished):
                        del left[task.step_id]
                        yield self._step_done(task, turn_event, progress)
        async with aclosing(fan_out(list(left.values()), self._run.provider, self._run.jobs)) as events:
            async for task, event in events:
                if not isinstance(event, SparkError):
                    yield self._step_turn(task, event)
                if isinstance(event, SparkError | TurnFailed | TurnFinished):
                    told = len(self._left)
                    yield self._step_done(task, event, progress)
                    for check in self._left[told:]:
                        yield RefactorNotice(**self._run.head(), message=check.message, cell_id=check.cell_id)

    def _step_turn(self, task: CellTask, event: AnyTurnEvent) -> StepTurn:
        self._run.tally.see(event)
        return StepTurn(**self._run.head(), step_id=task.step_id, cell_id=task.cell_id, event=event)

    def _step_done(
        self, task: CellTask, event: SparkError | TurnFailed | TurnFinished, progress: _Progress
    ) -> StepDone:
        step, changes, error = self._steps[task.step_id], tuple[CellChange, ...](), ""
        if isinstance(event, TurnFinished):
            assert event.proposal is not None  # noqa: S101 - a turn that wants code finishes with it or fails
            changes = changes_of(step, event.proposal, self._base)
            if stands_alone(step, self._plan) and (
                found := [c for change in changes for c in change.checks if not c.ok]
            ):
                self._leave(step, found[0].message)
                changes = ()
            self._changes = joined(self._changes, changes)
        elif stands_alone(step, self._plan) and event.code in _NO_ANSWER:
            self._leave(step, str(event) if isinstance(event, SparkError) else event.message)
        else:
            error = str(event) if isinstance(event, SparkError) else event.message
            self._failed.append(self._failure(step, error))
        done, left_s = progress.done(task)
        return StepDone(
            **self._run.head(),
            step_id=task.step_id,
            cell_id=task.cell_id,
            changes=changes,
            error=error,
            done=done,
            total=progress.total,
            left_s=left_s,
        )

    def _without_losses(self, checks: Sequence[NotebookCheck]) -> list[NotebookCheck]:
        """Leave cells as they were that would lose a definition, where the others can be done without them."""
        lost = {check.cell_id: check.message for check in checks if not check.ok and check.name == "definitions_kept"}
        written = {change.step_id for change in self._changes}
        alone = [step for step in self._steps.values() if step.cell_id in lost and stands_alone(step, self._plan)]
        told = len(self._left)
        for step in alone:
            if step.step_id in written:
                self._leave(step, lost[step.cell_id])
                self._changes = [change for change in self._changes if change.step_id != step.step_id]
        return self._left[told:]

    def _leave(self, step: PlanStep, why: str) -> None:
        self._left.append(left_check(cell_label(self._cells, step.cell_id), step.cell_id, why))

    def _failure(self, step: PlanStep, error: str) -> NotebookCheck:
        """A step that failed, as a check: a proposal without one of its parts does not hold."""
        message = f"'{step_line(step, self._cells).splitlines()[0]}' could not be done: {error}"
        return NotebookCheck(name="steps_done", ok=False, message=message, cell_id=step.cell_id)

    def _with_causes(self) -> tuple[NotebookCheck, ...]:
        return with_causes(self._checked(self._changes), self._cells, self._plan, self._changes)

    def _checked(self, changes: Sequence[CellChange]) -> tuple[NotebookCheck, ...]:
        after = compose(self._cells, changes)
        # Where nothing at all was done, that is no success.
        left = [check.model_copy(update={"ok": bool(self._changes)}) for check in self._left]
        return (*check_notebook(self._cells, after, self._plan, changes), *self._failed, *left)


def _needs_model(step: PlanStep) -> bool:
    written = step.operation in ("edit", "insert", "split") or (step.operation == "merge" and bool(step.instruction))
    return step.source is None and written


class _Progress:
    """How far the writing is, and about how long the rest will take: at the pace of what is done so far."""

    def __init__(self, tasks: Sequence[CellTask]) -> None:
        self.total = len(tasks)
        self._begun_s = time.monotonic()
        self._left_tokens = sum(task.size_tokens for task in tasks)
        self._done_tokens = self._done = 0

    def done(self, task: CellTask) -> tuple[int, float]:
        """Note that a task is done; return how many are, and the seconds left."""
        self._done += 1
        self._done_tokens += task.size_tokens
        self._left_tokens -= task.size_tokens
        elapsed_s = time.monotonic() - self._begun_s
        return self._done, elapsed_s * self._left_tokens / max(1, self._done_tokens)
