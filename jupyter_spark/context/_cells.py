"""The cells of a notebook as pieces, in the order in which the budget is spent on them.

A place may be offered more than once: a heading, then its whole text; a cell's head, where the whole does not fit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from jupyter_spark.dataflow import UNREADABLE, NotebookFlow
from jupyter_spark.ipysyntax import to_tree
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import CellSnapshot, ContextPiece, ErrorReport

NEAR = 3  # cells above and below that say what the target is about
NAMES_TOLD = 5
MAX_OUTPUT_BYTES = 2000
# Ranks, the most needed first.
DEFINES, FAILED, RESTS, USES, HEADING, NEARBY, REST, WORDS, OUTPUT = range(9)

_HEADING = re.compile(r"^#{1,6} .+", re.MULTILINE)
_CELL_OF_ERROR = re.compile(r"(?:Cell )?In ?\[(\d+)\]")


@dataclass(frozen=True)
class Offer:
    """A piece that may be sent at a place; ``shorter`` is sent where it does not fit."""

    rank: int
    distance: int
    place: float
    piece: ContextPiece
    shorter: Callable[[], ContextPiece | None] | None = None


def offers(
    flow: NotebookFlow, here: int, start: Mapping[str, str], target: CellSnapshot | None, error: ErrorReport | None
) -> list[Offer]:
    """Return what may be sent of the cells around a place, the most needed first.

    Parameters
    ----------
    flow : NotebookFlow
        The notebook's cells and their names.
    here : int
        The target's place; past the end where there is none.
    start : mapping of str to str
        The names that are asked for, each with the reason.
    target : CellSnapshot or None
        The cell that is sent by the prompt, not here.
    error : ErrorReport or None
        What failed: the cells of its traceback are needed.
    """
    needed = flow.needed(start, here)
    reached = flow.reach([*needed])
    users = set(flow.users(here)) if here < len(flow.cells) else set()
    failed = {int(count) for count in _CELL_OF_ERROR.findall(error.traceback)} if error is not None else set()
    out: list[Offer] = []
    for place, cell in enumerate(flow.cells):
        if not cell.source.strip() or cell.kind == "raw" or (target is not None and cell.cell_id == target.cell_id):
            continue
        distance = abs(place - here) + (len(flow.cells) if place > here else 0)  # what stands above comes first
        if cell.kind == "markdown":
            out += _markdown(cell, place, distance)
            continue
        if place in needed:
            rank, reason = DEFINES, _told("defines", "changes", needed[place], flow, place)
        elif cell.execution_count in failed:
            rank, reason = FAILED, "is in the traceback"
        elif place in reached:
            rank, reason = RESTS, "defines what a needed cell uses"
        elif place in users:
            rank, reason = USES, "uses what the cell defines"
        else:
            rank, reason = (NEARBY if abs(place - here) <= NEAR else REST), "stands near the cell"
        whole = _piece(cell.label, reason, cell.source, cell.key)
        shorter = partial(_head_piece, cell, reason) if rank in (DEFINES, RESTS) else None
        out.append(Offer(rank, distance, place, whole, shorter))
        if cell.outputs.strip():
            text = cell.outputs[:MAX_OUTPUT_BYTES]
            label = f"output of {cell.label}"
            piece = _piece(label, "what a cell put out", text, f"output:{cell.cell_id}")
            out.append(Offer(FAILED if cell.execution_count in failed else OUTPUT, distance, place + 0.5, piece))
    return sorted(out, key=lambda offer: (offer.rank, offer.distance))


def _told(defines: str, changes: str, names: list[str], flow: NotebookFlow, place: int) -> str:
    names = [*dict.fromkeys(names)]
    verb = defines if flow.names[place].defines.intersection(names) else changes
    return f"{verb} {', '.join(names[:NAMES_TOLD])}"


def _markdown(cell: CellSnapshot, place: int, distance: int) -> Iterator[Offer]:
    headings = "\n".join(_HEADING.findall(cell.source))
    if headings:
        yield Offer(HEADING, distance, place, _piece(cell.label, "outline", headings, cell.key))
    if headings != cell.source.strip():
        yield Offer(WORDS, distance, place, _piece(cell.label, "words of the notebook", cell.source, cell.key))


@lru_cache(maxsize=4096)  # most cells are as they were in the turn before
def _piece(label: str, reason: str, text: str, key: str) -> ContextPiece:
    return ContextPiece(
        key=key, label=label, reason=reason, text=text, tokens=estimate_tokens(text) + estimate_tokens(label)
    )


def _head_piece(cell: CellSnapshot, reason: str) -> ContextPiece | None:
    text = head_of(cell.source)
    return _piece(cell.label, f"{reason} (cut to its head)", text, cell.key) if text else None


@lru_cache(maxsize=1024)
def head_of(source: str) -> str:
    """Return a cell cut to the heads of its functions and classes with the first lines of their docstrings.

    Empty where that saves nothing, or the cell does not parse.
    """
    try:
        tree = to_tree(source)
    except UNREADABLE:
        return ""
    lines = source.splitlines()
    kept: list[str] = []
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kept += lines[node.lineno - 1 : max(node.lineno, node.body[0].lineno - 1)]
            words = ast.get_docstring(node)
            kept.append(f'    """{words.splitlines()[0]}"""' if words else "    ...")
        else:
            kept += lines[node.lineno - 1 : node.end_lineno]
    text = "\n".join(kept)
    return text if len(text) < len(source.strip()) else ""
