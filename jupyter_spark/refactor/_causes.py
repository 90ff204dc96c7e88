"""Which changes a finding is due to: it may be told of a cell that no change is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from jupyter_spark.dataflow import cell_names
from jupyter_spark.refactor._checking import check_notebook
from jupyter_spark.refactor._composing import compose
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, NotebookCheck, RefactorPlan


def with_causes(
    checks: Sequence[NotebookCheck], before: Sequence[CellSnapshot], plan: RefactorPlan, changes: Sequence[CellChange]
) -> tuple[NotebookCheck, ...]:
    """Return checks with the groups of changes in each finding that it is due to.

    Parameters
    ----------
    checks : sequence of NotebookCheck
        What was found with all of the changes.
    before : sequence of CellSnapshot
        The cells without them.
    """
    groups = tuple(dict.fromkeys(change.group for change in changes))

    def causes(check: NotebookCheck) -> tuple[str, ...]:
        if check.name == "names_renamed":
            return _renaming(check, changes)
        return _needed_for(partial(_is_found, check, before, plan, changes), groups)

    return tuple(c if c.ok or c.name == "steps_done" else c.model_copy(update={"groups": causes(c)}) for c in checks)


def _needed_for(is_found: Callable[[Collection[str]], bool], groups: Sequence[str]) -> tuple[str, ...]:
    """The groups of which each alone, left out, is enough; else as few as have to be left out together."""
    alone = tuple(group for group in groups if not is_found([other for other in groups if other != group]))
    if alone or is_found(()):
        return alone
    kept: list[str] = []
    for group in groups:
        if not is_found([*kept, group]):
            kept.append(group)
    return tuple(group for group in groups if group not in kept)


def _is_found(
    check: NotebookCheck,
    before: Sequence[CellSnapshot],
    plan: RefactorPlan,
    changes: Sequence[CellChange],
    groups: Collection[str],
) -> bool:
    """Whether all of a finding is found with the changes of these groups only."""
    taken = [change for change in changes if change.group in groups]
    after = compose(before, changes, {change.change_id for change in taken})
    found = check_notebook(before, after, plan, taken, only=(check.name,))
    return any(not c.ok and c.cell_id == check.cell_id and {*c.names} >= {*check.names} for c in found)


def _renaming(check: NotebookCheck, changes: Sequence[CellChange]) -> tuple[str, ...]:
    """An old name that is left somewhere is the fault of those who took it away elsewhere."""

    def has(source: str) -> bool:
        names = cell_names(source)
        return not {*check.names}.isdisjoint(names.defines | names.uses)

    gone = [change for change in changes if change.kind == "code" and has(change.old_source)]
    return tuple(dict.fromkeys(change.group for change in gone if not has(change.new_source)))
