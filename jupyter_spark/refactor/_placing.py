"""A new cell that stands above what it uses goes below it: another text of it would mend nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jupyter_spark.refactor._checking import check_notebook
from jupyter_spark.refactor._composing import compose
from jupyter_spark.refactor._planning import cell_label
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, NotebookCheck, RefactorPlan


def placed_lower(
    cells: Sequence[CellSnapshot], plan: RefactorPlan, changes: Sequence[CellChange]
) -> Iterator[tuple[CellChange, str]]:
    """Yield the new cells that stand above what they use, each where it has all of it, with what there is to tell.

    It goes no further down than it must, and only where no name is used above its definition for that. A cell of the
    notebook that a plan moves too far up stays a finding: it was asked to go just there.
    """
    own = {step.cell_id for step in plan.steps if step.operation == "insert"}
    current = list(changes)
    for check in reversed(_early(cells, plan, current)):  # who rests on another new cell goes before it
        if check.cell_id not in own:
            continue
        number = [change.cell_id for change in current].index(check.cell_id)
        before = _early(cells, plan, current)
        change = current[number]
        for below in _places_below(cells, change.cell_id, current):
            moved = change.model_copy(update={"below": below, "repaired": True})
            tried = [*current[:number], moved, *current[number + 1 :]]
            after = _early(cells, plan, tried)
            if _count(after) < _count(before) and all(c.cell_id != change.cell_id for c in after):
                current = tried
                names = ", ".join(f"'{name}'" for name in check.names)
                where, asked = cell_label(cells, below), cell_label(cells, change.below)
                yield moved, f"The new cell goes below {where} instead of {asked}: it uses {names} from there."
                break


def _early(cells: Sequence[CellSnapshot], plan: RefactorPlan, changes: Sequence[CellChange]) -> list[NotebookCheck]:
    checks = check_notebook(cells, compose(cells, changes), plan, changes, only=["names_in_order"])
    return [check for check in checks if not check.ok]


def _count(checks: Sequence[NotebookCheck]) -> int:
    return sum(max(1, len(check.names)) for check in checks)


def _places_below(cells: Sequence[CellSnapshot], cell_id: str, changes: Sequence[CellChange]) -> list[str]:
    """The notebook's own cells below a new one, the nearest first."""
    known = {cell.cell_id for cell in cells}
    order = [cell.cell_id for cell in compose(cells, changes)]
    return [other for other in order[order.index(cell_id) + 1 :] if other in known]
