"""A proposal as people read it: from the top of the notebook down, each cell by its index, as in the plan."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_spark.refactor._planning import cell_label
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, RefactorProposal


def in_notebook_order(cells: Sequence[CellSnapshot], changes: Sequence[CellChange]) -> list[CellChange]:
    """Return changes from the top down: what is moved or deleted where it stands, what is new where it goes."""
    order = [cell.cell_id for cell in cells]
    old = frozenset(order)
    for change in changes:
        if change.operation == "insert" and change.cell_id not in order:
            at = order.index(change.below) + 1 if change.below in order else 0
            while at < len(order) and order[at] not in old:
                at += 1
            order.insert(at, change.cell_id)
    places = {cell_id: place for place, cell_id in enumerate(order)}
    return sorted(changes, key=lambda change: places.get(change.cell_id, len(order)))


def change_title(change: CellChange, cells: Sequence[CellSnapshot]) -> str:
    """Return what a change is about, in words: ``cell 3``, ``new cell below cell 3``."""
    label, below = (cell_label(cells, cell_id) for cell_id in (change.cell_id, change.below))
    if change.operation == "insert":
        place = "another new cell" if below.startswith("new cell") else below
        return "new cell at the top" if not change.below else f"new cell below {place}"
    if change.operation == "move":
        return f"{label}, moved {'to the top' if not change.below else f'below {below}'}"
    return f"{label}, deleted" if change.operation == "delete" else label


def told_findings(proposal: RefactorProposal, cells: Sequence[CellSnapshot]) -> tuple[str, ...]:
    """Return what did not hold, a line each, with the cells as people call them."""
    return _told(proposal, cells, proposal.findings)


def told_marks(proposal: RefactorProposal, cells: Sequence[CellSnapshot]) -> tuple[str, ...]:
    """Return what may put out something else, a line each, with the cells as people call them."""
    return _told(proposal, cells, proposal.marks)


def _told(proposal: RefactorProposal, cells: Sequence[CellSnapshot], lines: Sequence[str]) -> tuple[str, ...]:
    labels = {cell.cell_id: cell_label(cells, cell.cell_id) for cell in cells}
    labels |= {c.cell_id: change_title(c, cells) for c in proposal.changes if c.operation == "insert"}
    out = []
    for line in lines:
        cell_id, _, message = line.partition(": ")
        label = labels.get(cell_id)
        if label is None:
            out.append(line)
        else:
            names_it = re.search(rf"\b{re.escape(label)}\b", message) is not None
            out.append(message if names_it else f"{label}: {message}")
    return tuple(dict.fromkeys(out))
