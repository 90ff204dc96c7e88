"""Does the notebook hold as a whole? Each check is a pure function of the cells before and after."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec

from jupyter_spark.checks import IPYTHON_NAMES, asks_for_less
from jupyter_spark.dataflow import CellNames, cell_names
from jupyter_spark.ipysyntax import syntax_error
from jupyter_spark.refactor._calls import misfits
from jupyter_spark.refactor._facts import facts_of
from jupyter_spark.refactor._losses import definitions_lost
from jupyter_spark.refactor._planning import cell_label
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, NotebookCheck, NotebookCheckName, RefactorPlan

_GIVEN = frozenset({*dir(builtins), *IPYTHON_NAMES, "__name__", "__file__"})


Found = Iterator[tuple[str, str, tuple[str, ...]]]


def check_notebook(
    before: Sequence[CellSnapshot],
    after: Sequence[CellSnapshot],
    plan: RefactorPlan,
    changes: Sequence[CellChange],
    only: Collection[NotebookCheckName] | None = None,
) -> tuple[NotebookCheck, ...]:
    """Check the notebook that a refactor would make.

    Parameters
    ----------
    before, after : sequence of CellSnapshot
        All cells in their order.
    plan : RefactorPlan
        What was to be done: its renames, and which cells may go.
    changes : sequence of CellChange
        What is done.
    only : collection of str, optional
        The checks that are wanted; all by default.

    Returns
    -------
    tuple of NotebookCheck
        Each check at least once: held, or each of its findings.
    """
    renamed = {change.old: change.new for change in plan.renames}
    every: dict[NotebookCheckName, Callable[[], Found]] = {
        "cells_kept": lambda: _cells_lost(before, after, plan, changes),
        "parses": lambda: _torn(before, after),
        "names_in_order": lambda: _out_of_order(before, after, renamed, changes),
        "names_renamed": lambda: _still_there(after, renamed),
        "calls_fit": lambda: misfits(before, after, renamed),
        "imports_found": lambda: _imports_lost(before, after),
        "definitions_kept": lambda: definitions_lost(before, after, plan, changes),
    }
    results: list[NotebookCheck] = []
    for name, find in every.items():
        if only is None or name in only:
            findings = [
                NotebookCheck(name=name, ok=False, message=message, cell_id=cell_id, names=names)
                for cell_id, message, names in find()
            ]
            results += findings or [NotebookCheck(name=name, ok=True)]
    return tuple(results)


def _cells_lost(
    before: Sequence[CellSnapshot], after: Sequence[CellSnapshot], plan: RefactorPlan, changes: Sequence[CellChange]
) -> Found:
    """No cell is gone but those that the plan deletes or merges, and no code with them that was not asked to go."""
    kept = [cell.cell_id for cell in after]
    deleted = {c.cell_id: c for c in changes if c.operation == "delete"}
    steps = {step.step_id: step for step in plan.steps}
    said = asks_for_less(plan.instruction)
    for cell in before:
        if cell.cell_id in kept:
            continue
        change = deleted.get(cell.cell_id)
        step = steps.get(change.step_id) if change is not None else None
        if step is None:
            yield cell.cell_id, f"{cell_label(before, cell.cell_id)} is lost.", ()
        elif (
            step.operation == "delete"
            and plan.by == "model"
            and cell.source.strip()
            and not said
            and not _stands_elsewhere(cell, before, after)
        ):
            label = cell_label(before, cell.cell_id)
            yield cell.cell_id, f"{label} would be deleted, and nothing was asked to be removed.", ()
    for cell_id in {cell_id for cell_id in kept if kept.count(cell_id) > 1}:
        yield cell_id, f"{cell_label(before, cell_id)} stands there twice.", ()


def _stands_elsewhere(cell: CellSnapshot, before: Sequence[CellSnapshot], after: Sequence[CellSnapshot]) -> bool:
    """Whether most of a cell's lines stand in cells that are new or changed."""
    old = {other.cell_id: other.source for other in before}
    fresh = {
        line.strip() for other in after if old.get(other.cell_id) != other.source for line in other.source.splitlines()
    }
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return 2 * sum(line in fresh for line in lines) >= len(lines)


def _torn(before: Sequence[CellSnapshot], after: Sequence[CellSnapshot]) -> Found:
    """Every cell parses that did before, and every new one."""
    old = {cell.cell_id: cell.source for cell in before}
    for cell in after:
        if cell.kind != "code" or old.get(cell.cell_id) == cell.source:
            continue
        error = syntax_error(cell.source)
        if error is not None and (cell.cell_id not in old or syntax_error(old[cell.cell_id]) is None):
            yield cell.cell_id, f"{cell_label(before, cell.cell_id)} does not parse: {error.msg}.", ()


# --- names -----------------------------------------------------------------------------------------


def early_names(cells: Sequence[CellSnapshot]) -> dict[str, frozenset[str]]:
    """Return for each cell the names that it needs and that nothing above it is seen to define."""
    defined: set[str] = set(_GIVEN)
    out: dict[str, frozenset[str]] = {}
    for cell in cells:
        names = _names(cell)
        out[cell.cell_id] = names.needs - defined
        defined |= names.defines
    return out


def _below_stars(cells: Sequence[CellSnapshot]) -> frozenset[str]:
    """The cells at or below a star import, where anything may be defined."""
    at = next((number for number, cell in enumerate(cells) if _names(cell).star_imports), len(cells))
    return frozenset(cell.cell_id for cell in cells[at:])


def _names(cell: CellSnapshot) -> CellNames:
    return cell_names(cell.source) if cell.kind == "code" else CellNames()


def _out_of_order(
    before: Sequence[CellSnapshot],
    after: Sequence[CellSnapshot],
    renamed: Mapping[str, str],
    changes: Sequence[CellChange],
) -> Found:
    """No name is used before it is defined, from the top down, that was not so before."""
    was, now = early_names(before), early_names(after)
    known = {cell.cell_id for cell in before}
    merged = {change.group for change in changes if change.operation == "delete"}
    stars, stars_now = ({star for cell in cells for star in _names(cell).star_imports} for cells in (before, after))
    lost_stars, hidden = stars - stars_now, _below_stars(after)
    # What a star import gives is not known, but it gave none of the names that a cell was seen to define.
    seen = frozenset[str]() if stars_now - stars else frozenset().union(*(_names(cell).defines for cell in before))
    seen = frozenset(renamed.get(name, name) for name in seen)
    anywhere = frozenset(renamed.get(name, name) for names in was.values() for name in names)
    defined = {name: cell.cell_id for cell in after for name in _names(cell).defines}
    loose = {c.cell_id for c in changes if c.operation == "insert" or c.group in merged}
    for cell in after:
        if cell.cell_id in known - loose:
            allowed = frozenset(renamed.get(name, name) for name in was[cell.cell_id])
        else:
            allowed = anywhere
        early = now[cell.cell_id] & seen if cell.cell_id in hidden else now[cell.cell_id]
        names = tuple(sorted(early - allowed))
        if not names:
            continue
        label, quoted = cell_label(before, cell.cell_id), ", ".join(f"'{name}'" for name in names)
        below = [defined[name] for name in names if name in defined]
        where = f" ({cell_label(before, below[0])} defines it further down)" if below else ""
        verb = "is" if len(names) == 1 else "are"
        yield cell.cell_id, f"{quoted} {verb} used in {label} and not defined above it{where}.", names
    if lost_stars and not any(names.star_imports for names in map(_names, after)):
        yield "", f"'from {sorted(lost_stars)[0]} import *' is gone: what it defined cannot be known.", ()


def _still_there(after: Sequence[CellSnapshot], renamed: Mapping[str, str]) -> Found:
    """A name that was renamed is nowhere any more."""
    for cell in after:
        names = _names(cell)
        for old in sorted(renamed.keys() & (names.defines | names.uses)):
            message = f"{cell_label(after, cell.cell_id)} still has '{old}', which is '{renamed[old]}' now."
            yield cell.cell_id, message, (old,)


# --- imports ---------------------------------------------------------------------------------------


def _imports_lost(before: Sequence[CellSnapshot], after: Sequence[CellSnapshot]) -> Found:
    """A module that the refactor brings in can be found here."""
    had = {module for cell in before for module in facts_of(cell).modules}
    for cell in after:
        for module in sorted(facts_of(cell).modules - had):
            if module not in sys.stdlib_module_names and not _is_installed(module):
                message = f"{cell_label(before, cell.cell_id)} imports '{module}', which is not installed here."
                yield cell.cell_id, message, (module,)


@lru_cache(maxsize=256)
def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
