"""Changes of cells become a notebook: in memory for the checks, as an arrangement for the file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import Arrangement, CellChange, Placed


def taken_changes(changes: Sequence[CellChange], accepted: Collection[str] | None = None) -> list[CellChange]:
    """Return the changes that are taken: the accepted ones, by their ids, and with each of them all of its group."""
    groups = {change.group for change in changes if accepted is None or change.change_id in accepted}
    return [change for change in changes if change.group in groups]


def compose(
    cells: Sequence[CellSnapshot], changes: Sequence[CellChange], accepted: Collection[str] | None = None
) -> tuple[CellSnapshot, ...]:
    """Return the cells as they are after changes; one that none is about is the same object.

    Parameters
    ----------
    accepted : collection of str, optional
        The changes that are taken, by their ids, and with each its group; all by default.
    """
    taken = taken_changes(changes, accepted)
    edits = {change.cell_id: change for change in taken if change.operation == "edit"}
    known = {cell.cell_id: cell for cell in cells}
    out: list[CellSnapshot] = []
    for change, cell_id in _ordered(cells, changes, taken):
        if change is not None:
            out.append(CellSnapshot(cell_id=cell_id, kind=change.kind, source=change.new_source))
        elif cell_id in edits:
            out.append(known[cell_id].model_copy(update={"source": edits[cell_id].new_source}))
        else:
            out.append(known[cell_id])
    return tuple(out)


def arrangement_of(
    cells: Sequence[CellSnapshot], changes: Sequence[CellChange], accepted: Collection[str] | None = None
) -> Arrangement:
    """Return how a file is to be arranged so that the changes are in it; each cell must still be what it was."""
    taken = taken_changes(changes, accepted)
    edits = {change.cell_id: change for change in taken if change.operation == "edit"}
    placed: list[Placed] = []
    for change, cell_id in _ordered(cells, changes, taken):
        if change is not None:
            new = Placed(source=change.new_source, kind=change.kind, like=change.below, new_id=change.cell_id)
            placed.append(new)
        elif cell_id in edits:
            edit = edits[cell_id]
            placed.append(Placed(cell_id=cell_id, source=edit.new_source, base_hash=edit.base_hash))
        else:
            placed.append(Placed(cell_id=cell_id))
    removed = [Placed(cell_id=c.cell_id, base_hash=c.base_hash) for c in taken if c.operation == "delete"]
    return Arrangement(cells=tuple(placed), removed=tuple(removed))


def became(
    cells: Sequence[CellSnapshot], changes: Sequence[CellChange], after_ids: Sequence[str]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return which cells became which, for every code cell.

    Parameters
    ----------
    after_ids : sequence of str
        What the cells of the written notebook are called, in their order: where a file has no ids, by their places.

    Returns
    -------
    list of (before, after)
        Ids on either side; several for a merge or a split, none for what was inserted or deleted.
    """
    after = compose(cells, changes)
    named = {cell.cell_id: name for cell, name in zip(after, after_ids, strict=True)}
    code = {cell.cell_id for cell in (*cells, *after) if cell.kind == "code"}
    parts: dict[str, list[str]] = {}  # the other cells of a merge or a split, by the cell that is edited
    for edit in changes:
        if edit.operation == "edit" and edit.step_id:
            others = [c.cell_id for c in changes if c.step_id == edit.step_id and c.operation in ("insert", "delete")]
            parts[edit.cell_id] = [cell_id for cell_id in others if cell_id in code]
    joined = {cell_id for others in parts.values() for cell_id in others}
    old, out = {cell.cell_id for cell in cells}, []
    for cell_id in dict.fromkeys(cell.cell_id for cell in (*cells, *after)):
        if cell_id in code - joined:
            family = (cell_id, *parts.get(cell_id, ()))
            out.append((tuple(c for c in family if c in old), tuple(named[c] for c in family if c in named)))
    return out


def _ordered(
    cells: Sequence[CellSnapshot], changes: Sequence[CellChange], taken: Sequence[CellChange]
) -> list[tuple[CellChange | None, str]]:
    """The cells in their new order, each with the change that inserts it.

    Cells that go stay in the order to the end, and inserts that are not taken too: others may lean on their places.
    """
    ids = {change.change_id for change in taken}
    order = [cell.cell_id for cell in cells]
    for change in changes:
        if change.operation == "move" and change.change_id in ids and change.cell_id in order:
            order.remove(change.cell_id)
            order.insert(order.index(change.below) + 1 if change.below in order else 0, change.cell_id)
    inserted: dict[str, CellChange] = {}
    for change in changes:
        if change.operation != "insert" or change.cell_id in order:
            continue
        at = order.index(change.below) + 1 if change.below in order else 0
        family = {change.below}  # what was put below the same cell before, and below that
        while at < len(order) and (other := inserted.get(order[at])) is not None and other.below in family:
            family.add(order[at])
            at += 1
        order.insert(at, change.cell_id)
        inserted[change.cell_id] = change
    gone = {c.cell_id for c in taken if c.operation == "delete"}
    gone |= {cell_id for cell_id, change in inserted.items() if change.change_id not in ids}
    return [(inserted.get(cell_id), cell_id) for cell_id in order if cell_id not in gone]
