"""How a notebook's cells hang together: who defines what a cell needs, who uses it, what is out of order or stale."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from jupyter_spark.dataflow._cell import CellNames, cell_names

if TYPE_CHECKING:
    from jupyter_spark.wire import CellSnapshot


class NotebookFlow:
    """The cells of a notebook by their places (from 0 over all cells), with the names of each.

    A name's definition is looked for where it ran: the last run before the cell's own. Where the cells were not run,
    it is the nearest one above, and failing that the nearest below.
    """

    def __init__(self, cells: Sequence[CellSnapshot]) -> None:
        self.cells = tuple(cells)
        self.names: tuple[CellNames, ...] = tuple(
            cell_names(cell.source) if cell.kind == "code" else CellNames() for cell in cells
        )
        self._defined: dict[str, list[int]] = {}
        self._changed: dict[str, list[int]] = {}
        self._needed: dict[str, list[int]] = {}
        for place, names in enumerate(self.names):
            for index, found in ((self._defined, names.defines), (self._changed, names.mutates)):
                for name in found:
                    index.setdefault(name, []).append(place)
            for name in names.needs:
                self._needed.setdefault(name, []).append(place)

    def definers(self, name: str, place: int) -> tuple[int, ...]:
        """Return the cells that a name at a place may come from, the likeliest first.

        Run order and document order may name two cells; both are told, because either may be run next.
        """
        found = [other for other in self._defined.get(name, ()) if other != place]
        if not found:
            return ()
        cut = bisect_left(found, place)
        by_place = found[cut - 1] if cut else found[0]
        count = self._count(place)
        ran = [other for other in found if self._count(other) is not None]
        before = [other for other in ran if count is not None and self._run(other) < count]
        if not before:
            return (by_place,)
        by_run = max(before, key=self._run)
        return (by_run,) if by_run == by_place else (by_run, by_place)

    def changers(self, name: str, place: int) -> tuple[int, ...]:
        """Return the cells above a place that change a name's value after its definition there, nearest first."""
        begun = max((other for other in self.definers(name, place) if other < place), default=-1)
        return tuple(other for other in reversed(self._changed.get(name, ())) if begun < other < place)

    def needed(self, names: Iterable[str], place: int) -> dict[int, list[str]]:
        """Return the cells that define or change names, each with those names, in the order in which they matter."""
        out: dict[int, list[str]] = {}
        for name in sorted(names):
            for other in (*self.definers(name, place), *self.changers(name, place)):
                out.setdefault(other, []).append(name)
        return out

    def reach(self, start: Collection[int]) -> dict[int, int]:
        """Return the cells that cells rest on, through any number of steps, each with how many."""
        found = dict.fromkeys(start, 0)
        edge = list(start)
        steps = 0
        while edge:
            steps += 1
            edge = [other for at in edge for other in self.needed(self.names[at].needs, at)]
            edge = [other for other in dict.fromkeys(edge) if other not in found]
            found |= dict.fromkeys(edge, steps)
        return {place: steps for place, steps in found.items() if steps}

    def users(self, place: int) -> tuple[int, ...]:
        """Return the cells that need what a cell defines, by the same rule, in the notebook's order."""
        names = self.names[place].defines | self.names[place].mutates
        near = {other for name in names for other in self._needed.get(name, ()) if other != place}
        return tuple(
            other
            for other in sorted(near)
            if any(
                place in (*self.definers(name, other), *self.changers(name, other))
                for name in names & self.names[other].needs
            )
        )

    def redefined(self, name: str) -> tuple[int, ...]:
        """Return the cells that define a name, if there is more than one."""
        places = self._defined.get(name, ())
        return tuple(places) if len(places) > 1 else ()

    @cached_property
    def out_of_order(self) -> tuple[int, ...]:
        """The cells that ran before a cell that stands above them."""
        highest, out = 0, []
        for place in range(len(self.cells)):
            count = self._count(place)
            if count is not None and count < highest:
                out.append(place)
            highest = max(highest, count or 0)
        return tuple(out)

    @cached_property
    def stale(self) -> tuple[int, ...]:
        """The cells that ran before a cell above them on which they rest did, and those that rest on such a cell."""
        found: set[int] = set()
        for place, names in enumerate(self.names):
            count = self._count(place)
            if count is None:
                continue
            above = {
                other
                for name in names.needs
                for other in (*self._nearest_above(name, place), *self.changers(name, place))
            }
            if any(other in found or self._run(other) > count for other in above):
                found.add(place)
        return tuple(sorted(found))

    def _nearest_above(self, name: str, place: int) -> tuple[int, ...]:
        above = [other for other in self._defined.get(name, ()) if other < place]
        return tuple(above[-1:])

    def _count(self, place: int) -> int | None:
        """When a cell ran; a place past the end, where a new cell will stand, has not."""
        return self.cells[place].execution_count if place < len(self.cells) else None

    def _run(self, place: int) -> int:
        return self.cells[place].execution_count or 0


def notebook_flow(cells: Sequence[CellSnapshot]) -> NotebookFlow:
    """Return a notebook's flow; the names of a cell that did not change are not read again."""
    return NotebookFlow(cells)
