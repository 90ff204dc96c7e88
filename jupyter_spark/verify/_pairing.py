"""Which cells became which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from jupyter_spark.verify._options import CellGroup
from jupyter_spark.wire import CellSnapshot

_ALIKE = 0.6


def pair_cells(
    before: Sequence[CellSnapshot], after: Sequence[CellSnapshot], known: Sequence[CellGroup] = ()
) -> list[CellGroup]:
    """Pair the code cells of two notebooks.

    Parameters
    ----------
    before, after : sequence of CellSnapshot
        Their code cells, in order.
    known : sequence of CellGroup
        What is known already; ids that are no code cells are passed over.

    Returns
    -------
    list of CellGroup
        Every code cell once: by what is known, else by id, else (an id that is only a place, or a new one) by source.
        Ordered as the cells after, each deletion after the cell that it followed.
    """
    old, new = {cell.cell_id: cell for cell in before}, {cell.cell_id: cell for cell in after}
    groups = []
    for group in known:
        kept = CellGroup(
            tuple(cell_id for cell_id in group.before if old.pop(cell_id, None)),
            tuple(cell_id for cell_id in group.after if new.pop(cell_id, None)),
        )
        if kept.before or kept.after:
            groups.append(kept)
    # "#3" is the third place of either notebook, and says nothing of where a cell went.
    for cell_id in [cell_id for cell_id in old if cell_id in new and not cell_id.startswith("#")]:
        groups.append(CellGroup((cell_id,), (cell_id,)))
        del old[cell_id], new[cell_id]
    groups += _by_source(list(old.values()), list(new.values()))
    return _ordered(groups, before, after)


def _by_source(old: Sequence[CellSnapshot], new: Sequence[CellSnapshot]) -> Iterator[CellGroup]:
    matcher = SequenceMatcher(None, [cell.source for cell in old], [cell.source for cell in new], autojunk=False)
    gone: list[CellSnapshot] = []
    come: list[CellSnapshot] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal" or i2 - i1 == j2 - j1:
            yield from (CellGroup((a.cell_id,), (b.cell_id,)) for a, b in zip(old[i1:i2], new[j1:j2], strict=True))
        else:
            gone += old[i1:i2]
            come += new[j1:j2]
    # What moved is found by what it says, whatever is between.
    for cell in gone:
        twin = max(come, key=lambda other: _likeness(cell.source, other.source), default=None)
        if twin is not None and _likeness(cell.source, twin.source) >= _ALIKE:
            come.remove(twin)
            yield CellGroup((cell.cell_id,), (twin.cell_id,))
        else:
            yield CellGroup((cell.cell_id,), ())
    yield from (CellGroup((), (cell.cell_id,)) for cell in come)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def _ordered(
    groups: Sequence[CellGroup], before: Sequence[CellSnapshot], after: Sequence[CellSnapshot]
) -> list[CellGroup]:
    places = {cell.cell_id: place for place, cell in enumerate(after)}
    became = {group.before[0]: places[group.after[0]] for group in groups if group.before and group.after}
    became |= {cell_id: became[group.before[0]] for group in groups if group.after for cell_id in group.before}
    order = [cell.cell_id for cell in before]

    def place(group: CellGroup) -> tuple[int, int, int]:
        if group.after:
            return places[group.after[0]], 0, 0
        index = order.index(group.before[0])
        above = [became[cell_id] for cell_id in order[:index] if cell_id in became]
        return (above[-1] if above else -1), 1, index

    return sorted(groups, key=place)


def with_neighbours(groups: Sequence[CellGroup], changed: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield stretches of groups (start, end) that may be one merge or one split that nobody told of.

    Around each cell that is only before or only after: its changed neighbours, the nearest first.
    """
    for index, group in enumerate(groups):
        if (group.before and group.after) or not changed[index]:
            continue
        left = len(list(takewhile(lambda at: changed[at], range(index - 1, -1, -1))))
        right = len(list(takewhile(lambda at: changed[at], range(index + 1, len(groups)))))
        for more in range(1, left + right + 1):
            for before in range(min(more, left), -1, -1):
                if more - before <= right:
                    yield index - before, index + more - before + 1
