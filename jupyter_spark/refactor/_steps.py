"""What becomes of one step: the changes of cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jupyter_spark.refactor._planning import derived_id, new_id
from jupyter_spark.refactor._renaming import rename_global
from jupyter_spark.wire import CellSnapshot, CheckResult, Proposal, text_hash
from jupyter_spark.wire_refactor import CellChange, NotebookCheck, PlanStep, RefactorPlan

_PART = re.compile(r"^# %%.*\n?", re.MULTILINE)


def stands_alone(step: PlanStep, plan: RefactorPlan) -> bool:
    """Whether the same is asked of each cell by itself: then the others can be done without this one."""
    return plan.by == "rules" and not plan.renames and bool(step.instruction) and step.instruction == plan.instruction


def left_check(label: str, cell_id: str, why: str) -> NotebookCheck:
    """Return the check that tells of a cell that keeps its old text, while the others are done."""
    return NotebookCheck(name="steps_done", ok=True, message=f"{label} is left as it was: {why}", cell_id=cell_id)


def renamed_changes(cells: Sequence[CellSnapshot], plan: RefactorPlan) -> list[CellChange]:
    """Do a plan's renames in every cell; one that cannot be done for certain stays, and the checks tell of it."""
    out: list[CellChange] = []
    for cell in cells:
        if cell.kind != "code":
            continue
        source = cell.source
        for change in plan.renames:
            source = rename_global(source, change) or source
        if source != cell.source:
            out.append(_edit(cell, source, "rename", ""))
    return out


def _edit(cell: CellSnapshot, source: str, group: str, step_id: str, **more: object) -> CellChange:
    return CellChange(
        change_id=new_id(),
        group=group,
        operation="edit",
        cell_id=cell.cell_id,
        kind=cell.kind,
        old_source=cell.source,
        new_source=source,
        base_hash=text_hash(cell.source),
        step_id=step_id,
        **more,
    )


def _delete(cell: CellSnapshot, step: PlanStep) -> CellChange:
    return CellChange(
        change_id=new_id(),
        group=step.step_id,
        operation="delete",
        cell_id=cell.cell_id,
        kind=cell.kind,
        old_source=cell.source,
        base_hash=text_hash(cell.source),
        step_id=step.step_id,
    )


def settled_changes(
    step: PlanStep, base: Mapping[str, CellSnapshot], sources: Mapping[str, str]
) -> tuple[CellChange, ...]:
    """Return the changes of a step that needs no model."""
    if step.operation == "delete":
        return (_delete(base[step.cell_id], step),)
    if step.operation == "move":
        cell = base[step.cell_id]
        return (
            CellChange(
                change_id=new_id(),
                group=step.step_id,
                operation="move",
                cell_id=cell.cell_id,
                below=step.below,
                kind=cell.kind,
                old_source=cell.source,
                new_source=cell.source,
                base_hash=text_hash(cell.source),
                step_id=step.step_id,
            ),
        )
    if step.operation == "merge":
        source = "\n\n".join(sources[cell_id].strip("\n") for cell_id in step.cells)
        return _written(step, step.source or source, base)
    return _written(step, step.source or "", base)


def changes_of(step: PlanStep, proposal: Proposal, base: Mapping[str, CellSnapshot]) -> tuple[CellChange, ...]:
    """Return the changes of a step that a model wrote; none where there was nothing to do in the cell."""
    if {check.name for check in proposal.findings} == {"changed"}:
        return ()
    return _written(
        step,
        proposal.edit.new_source,
        base,
        checks=proposal.checks,
        words=proposal.words,
        repaired=proposal.repaired,
    )


def _written(
    step: PlanStep,
    source: str,
    base: Mapping[str, CellSnapshot],
    *,
    checks: tuple[CheckResult, ...] = (),
    words: str = "",
    repaired: bool = False,
) -> tuple[CellChange, ...]:
    if step.operation == "insert":
        return (_insert(step, step.cell_id, step.below, source, step.kind, checks),)
    parts = [source]
    if step.operation == "split":
        parts = [part.strip("\n") for part in _PART.split(source) if part.strip()] or [source]
    first = _edit(
        base[step.cell_id], parts[0], step.step_id, step.step_id, checks=checks, words=words, repaired=repaired
    )
    out, below = [first], step.cell_id
    for number, part in enumerate(parts[1:]):
        cell_id = derived_id(step.cell_id, base[step.cell_id].source, str(number), part)
        out.append(_insert(step, cell_id, below, part, "code", ()))
        below = cell_id
    return (*out, *(_delete(base[cell_id], step) for cell_id in step.cells[1:]))


def _insert(
    step: PlanStep, cell_id: str, below: str, source: str, kind: str, checks: tuple[CheckResult, ...]
) -> CellChange:
    return CellChange(
        change_id=new_id(),
        group=step.step_id,
        operation="insert",
        cell_id=cell_id,
        below=below,
        kind=kind,
        new_source=source,
        step_id=step.step_id,
        checks=checks,
    )


def joined(changes: Sequence[CellChange], more: Sequence[CellChange]) -> list[CellChange]:
    """Return changes with more of them; an edit of a cell that was renamed in takes the rename's place, and group."""
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
