"""Which cells are to be written once more for what does not hold, and what they are told. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_spark.dataflow import cell_names, parse_cell
from jupyter_spark.refactor._planning import cell_label
from jupyter_spark.wire import CellSnapshot, ErrorReport
from jupyter_spark.wire_refactor import CellChange, NotebookCheck, RefactorPlan

# What a cell, written once more, can mend; a cell that is lost or a step that failed it cannot.
_MENDABLE = ("names_in_order", "names_renamed", "calls_fit", "imports_found", "definitions_kept")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Repair:
    """A cell that is written once more.

    Attributes
    ----------
    found : tuple of str
        What does not hold, a line each.
    causes : frozenset of str
        The cells whose change made it necessary: the repair is taken or left with them.
    error : ErrorReport, optional
        The error with which the cell, or one that rests on it, fails since the change.
    """

    cell_id: str
    found: tuple[str, ...]
    causes: frozenset[str] = frozenset()
    error: ErrorReport | None = None


@dataclass(frozen=True)
class _Sides:
    """The notebook before and after, and what is known of both."""

    before: Sequence[CellSnapshot]
    after: Sequence[CellSnapshot]
    changed: frozenset[str]
    moves: frozenset[str]  # groups that only move cells
    plan: RefactorPlan

    def cell(self, cell_id: str) -> CellSnapshot | None:
        return next((cell for cell in self.after if cell.cell_id == cell_id), None)

    def old(self, cell_id: str) -> CellSnapshot | None:
        return next((cell for cell in self.before if cell.cell_id == cell_id), None)


def repairs_for(
    before: Sequence[CellSnapshot],
    after: Sequence[CellSnapshot],
    plan: RefactorPlan,
    changes: Sequence[CellChange],
    checks: Sequence[NotebookCheck],
) -> list[Repair]:
    """Return the repairs of what was found in the notebook as a whole, one for each cell concerned.

    A name that dangles is mended where it is used, if the cell that defined it has another one in its place; else
    where it was defined.
    """
    changed = frozenset(change.cell_id for change in changes if change.operation in ("edit", "insert"))
    written = {change.group for change in changes if change.operation != "move"}
    moves = frozenset(change.group for change in changes) - written
    sides = _Sides(before, after, changed, moves, plan)
    found: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for check in checks:
        if check.ok or check.name not in _MENDABLE or not check.cell_id:
            continue
        for cell_id, words, causes in _concerned(check, sides):
            found.setdefault(cell_id, []).append((words, causes))
    order = [cell.cell_id for cell in after if cell.kind == "code" and cell.cell_id in found]
    return [
        Repair(
            cell_id,
            tuple(dict.fromkeys(words for words, _ in found[cell_id])),
            frozenset[str]().union(*(causes for _, causes in found[cell_id])),
        )
        for cell_id in order
    ]


def _concerned(check: NotebookCheck, sides: _Sides) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Which cell a finding is for, in which words, and the cells that are the cause."""
    if check.name == "calls_fit":
        homes = _defining(check.names[0], sides.after) & sides.changed
        yield check.cell_id, check.message, homes - {check.cell_id}
    elif check.name == "names_in_order":
        for name in check.names:
            yield from _dangling(check, name, sides)
    elif check.name == "definitions_kept":
        yield check.cell_id, f"{check.message}{_as_it_was(check, sides)}", frozenset()
    else:
        yield check.cell_id, check.message, frozenset()


def _as_it_was(check: NotebookCheck, sides: _Sides) -> str:
    """The line of the cell that is to be there again."""
    old = sides.old(check.cell_id)
    name = re.compile(rf"^(?:(?:async )?def |class )?{re.escape(check.names[0])}\b.*", re.MULTILINE)
    found = name.search(old.source) if old is not None and check.names else None
    return f" It must define it still, as before: {found[0].strip()}" if found else ""


def _dangling(check: NotebookCheck, name: str, sides: _Sides) -> Iterator[tuple[str, str, frozenset[str]]]:
    renamed = {change.new: change.old for change in sides.plan.renames}
    if _defining(name, sides.after):  # further down: no other text of a cell mends the order
        of_moves = bool(check.groups) and sides.moves.issuperset(check.groups)
        if of_moves or not sides.changed & {check.cell_id, *_defining(name, sides.after)}:
            return
        yield check.cell_id, check.message, frozenset()
        return
    homes = _defining(renamed.get(name, name), sides.before)
    lost = [cell.cell_id for cell in sides.after if cell.cell_id in homes & sides.changed]
    if not lost:
        yield check.cell_id, check.message, frozenset()
        return
    home, label = lost[-1], cell_label(sides.before, lost[-1])
    user = cell_label(sides.before, check.cell_id)
    gained = _took_its_place(name, home, sides)
    if gained and home != check.cell_id:
        now = ", ".join(f"'{other}'" for other in gained)
        words = f"'{name}' is used here, and {label}, which defined it, now defines {now} in its place."
        yield check.cell_id, words, frozenset({home})
    else:
        words = f"{user} uses '{name}', which this cell defined before the change: it must define it still."
        yield home, words, frozenset()


def _took_its_place(name: str, home: str, sides: _Sides) -> list[str]:
    """The names that a cell defines since the change, of the kind of the one that is gone; none if words tell it so."""
    old, new = sides.old(home), sides.cell(home)
    if old is None or new is None:
        return []
    fresh = sorted(cell_names(new.source).defines - cell_names(old.source).defines)
    said = "\n".join([sides.plan.instruction, *(step.instruction for step in sides.plan.steps)])
    if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said):
        return fresh
    is_code = name in _defined_code(old)
    return [other for other in fresh if (other in _defined_code(new)) == is_code]


def _defined_code(cell: CellSnapshot) -> frozenset[str]:
    """The functions and classes of a cell."""
    tree = parse_cell(cell.source)
    return frozenset(node.name for node in tree.body if isinstance(node, _DEFINITIONS)) if tree else frozenset()


def _defining(name: str, cells: Sequence[CellSnapshot]) -> frozenset[str]:
    return frozenset(c.cell_id for c in cells if c.kind == "code" and name in cell_names(c.source).defines)


# --- cells that fail when they run -----------------------------------------------------------------


def repairs_of_failing(
    after: Sequence[CellSnapshot], changes: Sequence[CellChange], failing: Mapping[str, ErrorReport]
) -> list[Repair]:
    """Return the repairs of cells that fail since the change.

    A cell that was not changed itself fails for another that was: the nearest that it rests on. One that rests on
    another that fails may fail for that alone, and waits.
    """
    changed = {change.cell_id for change in changes if change.operation in ("edit", "insert")}
    out: dict[str, Repair] = {}
    for number, cell in enumerate(after):
        error = failing.get(cell.cell_id)
        if error is None or _nearest(after, number, failing.keys() - {cell.cell_id}):
            continue
        guilty = cell.cell_id if cell.cell_id in changed else _nearest(after, number, changed) or cell.cell_id
        if guilty not in out:
            where = "" if guilty == cell.cell_id else f" The error is of {_first_line(cell)}, which uses this cell."
            words = f"It ran before the refactor and fails since.{where} Keep what the refactor changed, and mend it."
            out[guilty] = Repair(guilty, (words,), error=error)
    return list(out.values())


def guilty_cells(
    after: Sequence[CellSnapshot], changes: Sequence[CellChange], differing: Collection[str]
) -> frozenset[str]:
    """Return the changed cells for which cells do something else since: these themselves, or what they rest on."""
    changed = {change.cell_id for change in changes if change.operation in ("edit", "insert")}
    found = (
        cell.cell_id if cell.cell_id in changed else _nearest(after, number, changed)
        for number, cell in enumerate(after)
        if cell.cell_id in differing
    )
    return frozenset(cell_id for cell_id in found if cell_id is not None)


def _nearest(cells: Sequence[CellSnapshot], number: int, changed: Collection[str]) -> str | None:
    """The changed cell that a cell rests on, over the fewest cells between them."""
    seen, rest = {number}, [number]
    while rest:
        here = rest.pop(0)
        needs = cell_names(cells[here].source).needs if cells[here].kind == "code" else frozenset()
        for name in sorted(needs):
            home = next((i for i in range(here - 1, -1, -1) if _defines(cells[i], name)), None)
            if home is None or home in seen:
                continue
            if cells[home].cell_id in changed:
                return cells[home].cell_id
            seen.add(home)
            rest.append(home)
    return None


def _defines(cell: CellSnapshot, name: str) -> bool:
    return cell.kind == "code" and name in cell_names(cell.source).defines


def _first_line(cell: CellSnapshot) -> str:
    line = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return f"the cell that begins '{line[:60]}'"
