"""An answer in lines becomes a plan, and a plan becomes lines.

The format is a line a step, for small and fast models: `edit cell 3: use pathlib`. What cannot be taken is told, and
dropped.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook import find_cell
from jupyter_spark.privacy import is_ignored
from jupyter_spark.refactor._renaming import refuse_rename
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot, text_hash
from jupyter_spark.wire_refactor import NameChange, PlanStep, RefactorPlan

PLAN_RULES = """\
Plan this refactor of the whole notebook: {instruction}

Answer with the plan only, in one fenced block, a line for each step, in these forms:
rename OLD -> NEW
edit cell 3: what to change in that cell
insert below cell 3: what code the new cell holds
insert markdown below cell 3: the text of the new cell
delete cell 3
move cell 3 below cell 7
merge cells 3, 4: how
split cell 3: into which parts
Write `rename` for a name that changes everywhere; it is done in all cells by itself. `below top` is the beginning.
Every edit is done on its own: say in its line all that it must know, names included. Name only cells that change."""

_BULLET = re.compile(r"^\s*(?:[-*•+]\s+|\d+[.)]\s+)?(?:\*\*|`)?")
_VERBS = r"edit|change|rewrite|insert|add|delete|remove|move|merge|join|split|rename"
_LINE = re.compile(rf"^(?P<verb>{_VERBS})\b\s*(?P<rest>.*)$", re.IGNORECASE)
_SAME = {"change": "edit", "rewrite": "edit", "add": "insert", "remove": "delete", "join": "merge"}
_RENAME = re.compile(r"^[`'\"]?([^\W\d]\w*)[`'\"]?\s*(?:->|=>|→|to|as|into)\s*[`'\"]?([^\W\d]\w*)[`'\"]?\W*$")
_REF = r"(?:cells?\s+)?[`'\"]?(?:In ?\[ ?\d+ ?\]|#?[\w-]+)[`'\"]?"
_REFS = re.compile(rf"{_REF}(?:\s*(?:,|and|&|\+)\s*(?:and\s+)?{_REF})*", re.IGNORECASE)
_RANGE = re.compile(r"^(\d+)\s*(?:-|–|\.\.|to)\s*(\d+)$")
_PLACE = re.compile(
    rf"(?P<where>below|after|under|before|above|at)\s+(?:the\s+)?(?P<ref>top|start|beginning|end|bottom|{_REF})",
    re.IGNORECASE,
)
_MAX_STEPS = 1000


def new_id() -> str:
    """Return a fresh identifier, of a form that a notebook's cell may have too."""
    return uuid.uuid4().hex[:8]


def derived_id(*parts: str) -> str:
    """Return the id of a new cell: the same for the same notebook and answer, wherever and whenever it is made."""
    return text_hash("\0".join(parts))[:8]


def notebook_hash(cells: Sequence[CellSnapshot]) -> str:
    """Return the hash of a notebook's texts: a plan is for these."""
    return text_hash("\0".join(f"{cell.cell_id}\0{cell.source}" for cell in cells))


@dataclass
class Reading:
    """What an answer's lines give while they are read."""

    snapshot: NotebookSnapshot
    renames: list[NameChange] = field(default_factory=list)
    steps: list[PlanStep] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def cell(self, ref: str) -> CellSnapshot:
        """Return the cell that is meant, by its index from 0, its id or its execution count."""
        bare = re.sub(r"^cells?\s+", "", ref.strip().strip("`'\""), flags=re.IGNORECASE).strip("`'\"")
        return find_cell(self.snapshot, bare)

    def add(self, step: PlanStep) -> None:
        """Take a step, unless the plan has one about the same cell that it cannot stand beside."""
        if len(self.steps) >= _MAX_STEPS:
            return
        for index, other in enumerate(self.steps):
            if stand_together(step, other):
                continue
            if {step.operation, other.operation} == {"edit"}:
                words = "\n".join(dict.fromkeys((other.instruction, step.instruction)))
                self.steps[index] = other.model_copy(update={"instruction": words})
                return
            self.notes.append(f"Dropped: a second step about {self.label(step.cell_id)} ({step.operation}).")
            return
        self.steps.append(step)

    def leave(self, cell: CellSnapshot) -> None:
        """Note that a cell is locked, and so not edited."""
        label = self.label(cell.cell_id)
        self.notes.append(f"Dropped: edit {label} ({label} is locked)")

    def label(self, cell_id: str) -> str:
        """What people call a cell: its index from 0."""
        return cell_label(self.snapshot.cells, cell_id)

    def plan(self, instruction: str, by: Any) -> RefactorPlan:
        """What was read, with steps numbered in order."""
        numbered = tuple(step.model_copy(update={"step_id": str(i)}) for i, step in enumerate(self.steps, start=1))
        return RefactorPlan(
            plan_id=uuid.uuid4().hex[:16],
            instruction=instruction,
            notebook_hash=notebook_hash(self.snapshot.cells),
            notebook_path=self.snapshot.path,
            renames=tuple(self.renames),
            steps=numbered,
            notes=tuple(dict.fromkeys(self.notes)),
            by=by,
        )


def stand_together(step: PlanStep, other: PlanStep) -> bool:
    """Whether two steps can both be done: of different cells, or one of them moves what the other writes."""
    if "insert" in (step.operation, other.operation) or not {step.cell_id, *step.cells} & {other.cell_id, *other.cells}:
        return True
    kinds = {step.operation, other.operation}
    return "move" in kinds and len(kinds) == 2 and not kinds & {"delete", "merge"}


def cell_label(cells: Sequence[CellSnapshot], cell_id: str) -> str:
    """Return ``cell 3``, or ``the top`` for none."""
    if not cell_id:
        return "top"
    return next((f"cell {i}" for i, cell in enumerate(cells) if cell.cell_id == cell_id), f"new cell {cell_id}")


# --- reading ---------------------------------------------------------------------------------------


def read_plan(answer: str, snapshot: NotebookSnapshot, instruction: str) -> RefactorPlan:
    """Read a plan from a model's answer: lines in a fence, with words around it, or JSON of the same."""
    reading = Reading(snapshot)
    for line in _lines(answer):
        _take(line, reading)
    return reading.plan(instruction, "model")


def _lines(answer: str) -> list[str]:
    """The plan's lines: of the first fence with a step in it, else of the whole answer; JSON is put into lines."""
    blocks = re.findall(r"^ {0,3}(?:`{3,}|~{3,})[^\n]*\n(.*?)(?:^ {0,3}(?:`{3,}|~{3,})[ \t]*$|\Z)", answer, re.M | re.S)
    for text in (*blocks, answer):
        if (lines := _from_json(text)) is not None:
            return lines
        lines = _joined(text.splitlines())
        if any(_LINE.match(line) for line in lines):
            return lines
    return []


def _joined(lines: Iterable[str]) -> list[str]:
    """Lines with their bullets off; one that is indented and begins no step belongs to the one before."""
    out: list[str] = []
    for line in lines:
        bare = _BULLET.sub("", line, count=1).strip()
        if out and line[:1].isspace() and bare and not _LINE.match(bare):
            out[-1] += f"\n{bare}"
        elif bare:
            out.append(bare)
    return out


def _from_json(text: str) -> list[str] | None:
    start = re.search(r"[\[{]", text)
    if start is None or text[: start.start()].strip():
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start.start())
    except ValueError:
        return None
    rows: list[Any] = []
    if isinstance(value, dict):
        names = value.get("renames", {})
        pairs = names.items() if isinstance(names, dict) else ((r.get("old"), r.get("new")) for r in names if r)
        rows += [f"rename {old} -> {new}" for old, new in pairs]
        value = next((value[key] for key in ("steps", "plan", "cells") if isinstance(value.get(key), list)), [])
    return rows + [row if isinstance(row, str) else _row(row) for row in value if isinstance(row, str | dict)]


def _row(row: dict[str, Any]) -> str:
    verb = str(row.get("operation") or row.get("op") or row.get("action") or row.get("type") or "")
    cells = row.get("cells") or row.get("cell") or row.get("cell_id") or row.get("id")
    cells = ", ".join(map(str, cells)) if isinstance(cells, list) else "" if cells is None else str(cells)
    below = row.get("below", row.get("after"))
    words = str(row.get("instruction") or row.get("text") or row.get("what") or "")
    if verb == "rename":
        return f"rename {row.get('old')} -> {row.get('new')}"
    if verb in ("insert", "add"):
        kind = "markdown " if row.get("kind") == "markdown" else ""
        return f"insert {kind}below {cells if below is None else below}: {words}"
    place = f" below {below}" if below is not None else ""
    return f"{verb} {cells}{place}{': ' + words if words else ''}"


def _take(line: str, reading: Reading) -> None:
    found = _LINE.match(line)
    if found is None:
        reading.notes.append(f"Not understood: {line[:120]}")
        return
    verb = found["verb"].lower()
    verb, rest = _SAME.get(verb, verb), found["rest"].strip()
    try:
        if verb == "rename":
            _take_rename(rest, reading)
        elif verb == "insert":
            _take_insert(rest, reading)
        elif verb == "move":
            _take_move(rest, reading)
        else:
            _take_cells(verb, rest, reading)
    except (NotebookError, ValueError) as error:
        told = error.message if isinstance(error, NotebookError) else str(error)
        reading.notes.append(f"Dropped: {line[:120]} ({told.rstrip('.')})")


def _take_rename(rest: str, reading: Reading) -> None:
    names = _RENAME.match(rest.strip("`* "))
    if names is None:
        raise ValueError("a rename names two names: rename OLD -> NEW")
    change = NameChange(old=names[1], new=names[2])
    if change in reading.renames or change.old == change.new:
        return
    if reason := refuse_rename(change, reading.snapshot.cells):
        raise ValueError(reason)
    if any(change.old == other.old or change.new == other.new for other in reading.renames):
        raise ValueError("another rename is about the same name")
    reading.renames.append(change)


def _take_insert(rest: str, reading: Reading) -> None:
    head, _, words = rest.partition(":")
    place = _PLACE.search(head)
    if place is None:
        raise ValueError("an insert says where: insert below cell 3: ...")
    if not words.strip():
        raise ValueError("an insert says what the new cell holds")
    kind = "markdown" if re.search(r"\b(?:markdown|text|heading)\b", head[: place.start()], re.IGNORECASE) else "code"
    text = words.strip().replace("\\n", "\n")
    cells = reading.snapshot.cells
    reading.add(
        PlanStep(
            step_id="",
            operation="insert",
            cell_id=derived_id(notebook_hash(cells), str(len(reading.steps)), text),
            below=_below(place, reading),
            kind=kind,
            instruction="" if kind == "markdown" else text,
            source=text if kind == "markdown" else None,
        )
    )


def _take_move(rest: str, reading: Reading) -> None:
    place = _PLACE.search(rest)
    if place is None:
        raise ValueError("a move says where to: move cell 3 below cell 7")
    anchor = _below(place, reading)
    for cell in reversed(_free(_cells(rest[: place.start()].removesuffix(" to "), reading), "move", reading)):
        if cell.cell_id != anchor:
            reading.add(PlanStep(step_id="", operation="move", cell_id=cell.cell_id, below=anchor))


def _below(place: re.Match[str], reading: Reading) -> str:
    """The cell below which something goes; empty for the top."""
    ref, where = place["ref"].lower(), place["where"].lower()
    cells = reading.snapshot.cells
    if ref in ("top", "start", "beginning"):
        return ""
    if ref in ("end", "bottom"):
        return cells[-1].cell_id if cells else ""
    cell = reading.cell(place["ref"])
    if where in ("before", "above"):
        index = [other.cell_id for other in cells].index(cell.cell_id)
        return cells[index - 1].cell_id if index else ""
    return cell.cell_id


def _take_cells(verb: str, rest: str, reading: Reading) -> None:
    head, colon, words = rest.partition(":")
    if not colon and (refs := _REFS.match(head)):
        head, words = refs[0], head[refs.end() :].lstrip(" -–—,")
    cells, words = _cells(head, reading), words.strip()
    if verb == "edit" and not words:
        raise ValueError("an edit says what to change")
    if verb == "merge":
        if len(cells) < 2:
            raise ValueError("a merge names two cells or more")
        if why := next(filter(None, (_refused(cell, reading) for cell in cells)), ""):
            raise ValueError(why)
        ids = tuple(dict.fromkeys(cell.cell_id for cell in cells))
        reading.add(PlanStep(step_id="", operation="merge", cell_id=ids[0], cells=ids, instruction=words))
        return
    for cell in _free(cells, verb, reading):
        words_of = "" if verb == "delete" else words
        step = PlanStep(step_id="", operation=verb, cell_id=cell.cell_id, instruction=words_of)
        reading.add(step)


def _cells(text: str, reading: Reading) -> list[CellSnapshot]:
    parts = [part for part in re.split(r"\s*(?:,|\band\b|&|\+)\s*", text) if part.strip()]
    out: list[CellSnapshot] = []
    for part in parts:
        bare = re.sub(r"^(?:the\s+)?cells?\s+", "", part.strip(), flags=re.IGNORECASE)
        span = _RANGE.match(bare)
        refs = [str(i) for i in range(int(span[1]), int(span[2]) + 1)][:_MAX_STEPS] if span else [bare]
        out += [reading.cell(ref) for ref in refs]
    if not out:
        raise ValueError("it names no cell")
    return out


def _free(cells: Sequence[CellSnapshot], verb: str, reading: Reading) -> list[CellSnapshot]:
    """The cells that may be changed; of the others it is noted why not."""
    refused = {cell.cell_id: why for cell in cells if (why := _refused(cell, reading))}
    reading.notes += [f"Dropped: {verb} {reading.label(cell_id)} ({why})" for cell_id, why in refused.items()]
    return [cell for cell in cells if cell.cell_id not in refused]


def _refused(cell: CellSnapshot, reading: Reading) -> str:
    label = reading.label(cell.cell_id)
    return f"{label} is kept out of every turn" if is_ignored(cell) else f"{label} is locked" if cell.is_locked else ""


# --- writing ---------------------------------------------------------------------------------------


def plan_lines(plan: RefactorPlan, cells: Sequence[CellSnapshot]) -> list[str]:
    """Write a plan as lines: what a model is told, and people read. Only what is accepted."""
    out = [f"rename {change.old} -> {change.new}" for change in plan.renames]
    return out + [step_line(step, cells) for step in plan.steps if step.accepted]


def step_line(step: PlanStep, cells: Sequence[CellSnapshot]) -> str:
    """Write one step as a line."""
    where = cell_label(cells, step.cell_id)
    if step.operation == "insert":
        kind = "markdown " if step.kind == "markdown" else ""
        words = step.instruction or (step.source or "").replace("\n", "\\n")
        return f"insert {kind}below {cell_label(cells, step.below)}: {words}"
    if step.operation == "move":
        return f"move {where} below {cell_label(cells, step.below)}"
    if step.operation == "merge":
        names = ", ".join(cell_label(cells, cell_id).removeprefix("cell ") for cell_id in step.cells)
        return f"merge cells {names}" + (f": {step.instruction}" if step.instruction else "")
    words = step.instruction.replace("\n", "\n  ")
    return f"{step.operation} {where}" + (f": {words}" if words else "")
