"""What does not hold goes back once: cells are written again, and what is better is kept."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from difflib import SequenceMatcher
from functools import partial

from jupyter_spark.errors import SparkError
from jupyter_spark.refactor._composing import compose
from jupyter_spark.refactor._fan_out import CellTask, fan_out
from jupyter_spark.refactor._findings import Repair
from jupyter_spark.refactor._planning import cell_label, new_id
from jupyter_spark.refactor._run import Run, names_of
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import Conversation, Proposal, TurnFailed, TurnFinished, TurnKind, TurnRequest, text_hash
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    CellChange,
    NotebookCheck,
    RefactorNotice,
    RefactorPlan,
    StepTurn,
)

LEAST_ALIKE = 0.5  # from 0 to 1: a repair is a small change
_TOKENS = re.compile(r"\w+|\S")
Checking = Callable[[Sequence[CellChange]], Sequence[NotebookCheck]]


class RepairPass:
    """Repairs of one proposal, side by side.

    Parameters
    ----------
    told : Conversation
        What every request begins with.
    changes : sequence of CellChange
        What is to be mended.
    check : callable
        Checks the notebook as it is after changes.

    Attributes
    ----------
    changes : list of CellChange
        The better ones, when all events have come.
    """

    def __init__(
        self, run: Run, plan: RefactorPlan, told: Conversation, changes: Sequence[CellChange], check: Checking
    ) -> None:
        self._run, self._plan, self._told, self._check = run, plan, told, check
        self._after = compose(run.job.snapshot.cells, changes)
        self.changes = list(changes)

    async def events(self, repairs: Sequence[Repair]) -> AsyncGenerator[AnyRefactorEvent, None]:
        """Ask for each cell once more, and keep what is better."""
        run, cells = self._run, self._run.job.snapshot.cells
        locked = {cell.cell_id for cell in cells if cell.is_locked}
        repairs = [repair for repair in repairs if repair.cell_id not in locked]
        by_cell = {repair.cell_id: repair for repair in repairs}
        for repair in repairs:
            message = f"Repairing {cell_label(cells, repair.cell_id)}: {_reason(repair)}"
            yield RefactorNotice(**run.head(), message=message, cell_id=repair.cell_id)
        found: list[tuple[Repair, Proposal]] = []
        tasks = [self._task(repair) for repair in repairs]
        async with aclosing(fan_out(tasks, run.provider, run.jobs)) as turns:
            async for task, event in turns:
                if not isinstance(event, SparkError):
                    run.tally.see(event)
                    yield StepTurn(**run.head(), step_id=task.step_id, cell_id=task.cell_id, event=event)
                if isinstance(event, SparkError | TurnFailed):
                    message = f"{cell_label(cells, task.cell_id)} was not repaired: {_told(event)}"
                    yield RefactorNotice(**run.head(), message=message, cell_id=task.cell_id)
                elif isinstance(event, TurnFinished) and event.proposal is not None:
                    found.append((by_cell[task.cell_id], event.proposal))
        order = [cell.cell_id for cell in self._after]
        found.sort(key=lambda pair: order.index(pair[0].cell_id))
        for repair in self._keep(found):
            message = f"The repair of {cell_label(cells, repair.cell_id)} did not help and is left."
            yield RefactorNotice(**run.head(), message=message, cell_id=repair.cell_id)

    def _task(self, repair: Repair) -> CellTask:
        source = next(cell.source for cell in self._after if cell.cell_id == repair.cell_id)
        step_id = next((c.step_id for c in self.changes if c.cell_id == repair.cell_id), "")
        return CellTask(step_id, repair.cell_id, estimate_tokens(source), partial(self._put, repair, source))

    def _put(self, repair: Repair, source: str) -> TurnRequest:
        words = "\n".join(repair.found)
        kind: TurnKind = "fix"
        if repair.error is None:
            kind, words = "rewrite", f"After the refactor this does not hold:\n{words}\nMend it, and keep all else."
        request = self._run.request(
            kind,
            words,
            self._told,
            cells=self._after,
            target=self._run.target(repair.cell_id, source),
            error=repair.error,
            names=names_of(self._plan),
        )
        return request.model_copy(update={"repair": False})  # a repair is not repaired

    def _keep(self, found: Sequence[tuple[Repair, Proposal]]) -> list[Repair]:
        """Take the repairs that make it better, alone or together; return those that are left.

        One of an error when it ran is taken if it makes nothing worse: whether it helps is seen when it runs.
        """
        usable = [(repair, proposal) for repair, proposal in found if self._is_repair(repair, proposal)]
        one_by_one, kept = self.changes, []
        for repair, proposal in usable:
            tried = self._with(one_by_one, repair, proposal)
            before, after = self._faults(one_by_one), self._faults(tried)
            if after < before or (repair.error is not None and after <= before):
                one_by_one = tried
                kept.append(repair)
        together = self.changes
        for repair, proposal in usable:
            together = self._with(together, repair, proposal)
        if self._faults(together) < self._faults(one_by_one):
            one_by_one, kept = together, [repair for repair, _ in usable]
        self.changes = one_by_one
        return [repair for repair, _ in found if repair not in kept]

    def _is_repair(self, repair: Repair, proposal: Proposal) -> bool:
        """Whether the cell was changed and most of it is still there: one without what was found holds too easily.

        Most of it may also be of what stood there before the refactor, which went too far; only that is no change.
        """
        new, old = proposal.edit.new_source, proposal.edit.old_source
        first = next((c.source for c in self._run.job.snapshot.cells if c.cell_id == repair.cell_id), "")
        if new.strip() in (old.strip(), first.strip()):
            return False
        return _alike(old, new) >= LEAST_ALIKE or _alike(first, new) >= LEAST_ALIKE

    def _faults(self, changes: Sequence[CellChange]) -> int:
        cells = sum(not check.ok for change in changes for check in change.checks)
        return cells + sum(not check.ok for check in self._check(changes))

    def _with(self, changes: Sequence[CellChange], repair: Repair, proposal: Proposal) -> list[CellChange]:
        """Changes with a cell written again; of one group with what made that necessary."""
        update = {"new_source": proposal.edit.new_source, "checks": proposal.checks, "repaired": True}
        own = next((c for c in changes if c.cell_id == repair.cell_id and c.operation in ("edit", "insert")), None)
        causes = [c.group for c in changes if c.cell_id in repair.causes and c.operation in ("edit", "insert")]
        if own is not None:
            mended = own.model_copy(update=update | ({"words": proposal.words} if proposal.words else {}))
            out = [mended if c is own else c for c in changes]
            groups = {own.group, *causes}
        else:
            cell = next(cell for cell in self._run.job.snapshot.cells if cell.cell_id == repair.cell_id)
            mended = CellChange(
                change_id=new_id(),
                group=next(iter(causes), f"repair-{new_id()}"),
                operation="edit",
                cell_id=cell.cell_id,
                kind=cell.kind,
                old_source=cell.source,
                base_hash=text_hash(cell.source),
                words=proposal.words,
                **update,
            )
            out = [*changes, mended]
            groups = {mended.group, *causes}
        return [c.model_copy(update={"group": mended.group}) if c.group in groups else c for c in out]


def _alike(old: str, new: str) -> float:
    return SequenceMatcher(None, _TOKENS.findall(old), _TOKENS.findall(new), autojunk=False).ratio()


def _reason(repair: Repair) -> str:
    error = repair.error
    return f"{error.name}: {error.message}" if error is not None else repair.found[0]


def _told(event: SparkError | TurnFailed) -> str:
    return str(event) if isinstance(event, SparkError) else event.message
