"""A plan that somebody wrote, or changed by hand: what of it can be done, and what is wrong with it, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_spark.dataflow import cell_names
from jupyter_spark.errors import UsageError
from jupyter_spark.mistakes import suggestion
from jupyter_spark.refactor._planning import cell_label, stand_together
from jupyter_spark.refactor._renaming import refuse_rename
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import PlanStep, RefactorPlan

PLAN_HINT = "Mend that in the plan, or have the plan made anew under another name."
_WRITTEN = ("edit", "insert", "split")


def admitted(plan: RefactorPlan, cells: Sequence[CellSnapshot]) -> RefactorPlan:
    """Return a plan as it can be done to a notebook: what is about locked cells, or no name, is dropped, and noted.

    Raises
    ------
    UsageError
        Something in it cannot be done: which step, which field, and why.
    """
    defined = frozenset[str]().union(*(cell_names(cell.source).defines for cell in cells if cell.kind == "code"))
    renames, notes = [], []
    for number, change in enumerate(plan.renames, start=1):
        why = refuse_rename(change, cells)
        if why and change.old in defined:
            raise _wrong(f"rename {number} ({change.old} -> {change.new})", why)
        if why:  # there is nothing to rename
            notes.append(f"Dropped: rename {change.old} -> {change.new} ({why.rstrip('.')})")
        else:
            renames.append(change)
    reading = _Admitting(cells, {step.cell_id for step in plan.steps if step.operation == "insert" and step.accepted})
    for number, step in enumerate(plan.steps, start=1):
        reading.take(number, step)
    notes = [*plan.notes, *notes, *reading.notes]
    return plan.model_copy(
        update={"renames": tuple(renames), "steps": tuple(reading.every), "notes": tuple(dict.fromkeys(notes))}
    )


class _Admitting:
    """Takes a plan's steps one by one."""

    def __init__(self, cells: Sequence[CellSnapshot], made: set[str]) -> None:
        self._cells, self._made = cells, made
        self._by_id = {cell.cell_id: cell for cell in cells}
        self.steps: list[tuple[int, PlanStep]] = []
        self.every: list[PlanStep] = []
        self.notes: list[str] = []

    def take(self, number: int, step: PlanStep) -> None:
        if not step.accepted:
            self.every.append(step)
            return
        where = f"step {number} ({step.operation})"
        if why := self._mistake(step):
            raise _wrong(where, why)
        if why := self._clash(step):
            raise _wrong(where, why)
        if locked := locked_of(step, self._cells):
            self.notes.append(f"Dropped: {step.operation} {cell_label(self._cells, step.cell_id)} ({locked})")
            self.every.append(step.model_copy(update={"accepted": False}))
            return
        self.steps.append((number, step))
        self.every.append(step)

    def _mistake(self, step: PlanStep) -> str:
        """What is wrong with a step by itself."""
        if step.operation == "insert":
            if step.cell_id in self._by_id:
                return f"'cell_id' is the new cell's own name, and '{step.cell_id}' is there already."
            if not step.cell_id:
                return "'cell_id' is empty: give the new cell a name of its own."
        elif step.cell_id not in self._by_id:
            return f"'cell_id' is '{step.cell_id}', which is no cell here. {self._known(step.cell_id)}"
        known = {*self._by_id, *self._made, ""}
        if step.operation in ("insert", "move") and step.below not in known:
            return f"'below' is '{step.below}', which is no cell here. {self._known(step.below)} '' is the top."
        if step.operation in ("insert", "move") and step.below == step.cell_id:
            return "'below' is the cell itself."
        if step.operation == "merge":
            if unknown := next((cell_id for cell_id in step.cells if cell_id not in self._by_id), None):
                return f"'cells' has '{unknown}', which is no cell here. {self._known(unknown)}"
            if not step.cells or step.cells[0] != step.cell_id or len(set(step.cells)) < len(step.cells):
                return "'cells' must be all that become one cell, each once, and the first of them the 'cell_id'."
        if step.operation in _WRITTEN and step.source is None and not step.instruction.strip():
            return "'instruction' is empty: say what is to be done there."
        return ""

    def _clash(self, step: PlanStep) -> str:
        """Why a step cannot stand beside those before it."""
        for number, other in self.steps:
            if step.step_id == other.step_id:
                return f"'step_id' is '{step.step_id}', and so is that of step {number}: give it another one."
            if not stand_together(step, other):
                return f"step {number} ({other.operation}) is about the same cell: make them one step."
        return ""

    def _known(self, name: str) -> str:
        near = suggestion(name, self._by_id)
        return near.strip() or f"Its cells are {_listed(self._by_id)}."


def locked_of(step: PlanStep, cells: Sequence[CellSnapshot]) -> str:
    """Return which cell of a step is locked, in words, or nothing."""
    about = {step.cell_id, *step.cells} if step.operation != "insert" else set()
    locked = next((cell for cell in cells if cell.cell_id in about and cell.is_locked), None)
    return f"{cell_label(cells, locked.cell_id)} is locked" if locked is not None else ""


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:5]) + (f" … ({len(every)} of them)" if len(every) > 5 else "")


def _wrong(where: str, why: str) -> UsageError:
    return UsageError(f"The plan's {where}: {why}", PLAN_HINT, code="plan_wrong")
