"""What of the notebook goes to the model: a budget of tokens, spent on what the target needs first.

The order is the order of sending: what stays the same from turn to turn stands first, so that a provider can cache it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from jupyter_spark.dataflow import cell_names, definitions
from jupyter_spark.wire import (
    CellSnapshot,
    ContextPack,
    ContextPiece,
    NotebookSnapshot,
    VariableSummary,
)

BYTES_PER_TOKEN = 3.5
BYTES_PER_TOKEN_DIGITS = 1.7
_BASE64 = re.compile(r"[A-Za-z0-9+/]{200,}={0,2}")
_DIGITS = re.compile(rb"[0-9]")
_WORD = re.compile(r"[^\W\d]\w*")


def estimate_tokens(text: str) -> int:
    """Estimate a text's size in tokens from its bytes by class: code 3.5 bytes a token, digits 1.7, base64 none."""
    data = _BASE64.sub("", text).encode("utf-8", "replace")
    digits = len(_DIGITS.findall(data))
    return math.ceil((len(data) - digits) / BYTES_PER_TOKEN + digits / BYTES_PER_TOKEN_DIGITS)


@dataclass(frozen=True)
class PackOptions:
    """What the user said about the context.

    Attributes
    ----------
    budget_tokens : int
        How much may be sent beside the target and the instruction.
    variables : tuple of str or None
        Only these variables; None for those that the target or the instruction names.
    cells : bool
        Whether other cells are sent at all.
    outline : bool
        Send of other cells only the lines that say what a needed name is: a small model copies what it is shown.
    only_new : bool
        In an outline, leave out what the cell uses already: how it uses a name says enough of it to edit the cell.
    """

    budget_tokens: int
    variables: tuple[str, ...] | None = None
    cells: bool = True
    outline: bool = False
    only_new: bool = False


def pack_context(
    snapshot: NotebookSnapshot,
    target: CellSnapshot | None,
    instruction: str,
    options: PackOptions,
    *,
    variables: Sequence[VariableSummary] = (),
    live_names: Collection[str] = (),
) -> ContextPack:
    """Choose what is sent.

    Parameters
    ----------
    snapshot : NotebookSnapshot
        The notebook as it stands.
    target : CellSnapshot or None
        The cell that is to be changed or explained; it is sent by the prompt, not here.
    instruction : str
        The user's words; names in them count as used.
    options : PackOptions
        The budget, and what the user chose.
    variables : sequence of VariableSummary
        The kernel's live variables.
    live_names : collection of str
        Every name that the kernel knows.

    Returns
    -------
    ContextPack
        The pieces in the order of sending, what was left out, and every name that an edit may rely on.
    """
    others = [c for c in snapshot.cells if c.kind == "code" and (target is None or c.cell_id != target.cell_id)]
    wanted = _wanted_names(target, instruction)
    ranked = [*_variable_pieces(variables, wanted, options)]
    if options.cells and options.outline:
        used = cell_names(target.source).uses if target is not None and options.only_new else frozenset()
        ranked += _outline_pieces(others, {name: why for name, why in wanted.items() if name not in used})
    elif options.cells:
        ranked += _cell_pieces(others, target, wanted, snapshot)
    chosen: list[tuple[int, ContextPiece]] = []
    dropped: list[str] = []
    spent = 0
    for place, piece in ranked:
        if spent + piece.tokens > options.budget_tokens:
            dropped.append(piece.label)
            continue
        spent += piece.tokens
        chosen.append((place, piece))
    return ContextPack(
        pieces=tuple(piece for _, piece in sorted(chosen, key=lambda item: item[0])),
        budget_tokens=options.budget_tokens,
        dropped=tuple(dropped),
        known_names=_known_names(others, live_names),
        names_are_complete=not _hides_names(others, live_names),
    )


def _hides_names(cells: Sequence[CellSnapshot], live_names: Collection[str]) -> bool:
    """Whether names may exist that nobody can list: a star import that no live kernel has resolved."""
    return not live_names and any(cell_names(cell.source).star_imports for cell in cells)


def _wanted_names(target: CellSnapshot | None, instruction: str) -> dict[str, str]:
    wanted = dict.fromkeys(_WORD.findall(instruction), "named in the instruction")
    if target is not None:
        wanted |= dict.fromkeys(cell_names(target.source).uses, "used by the cell")
    return wanted


def _variable_pieces(
    variables: Sequence[VariableSummary], wanted: Mapping[str, str], options: PackOptions
) -> list[tuple[int, ContextPiece]]:
    out: list[tuple[int, ContextPiece]] = []
    for variable in variables:
        chosen = variable.name in options.variables if options.variables is not None else variable.name in wanted
        if not chosen:
            continue
        reason = "asked for" if options.variables is not None else wanted[variable.name]
        text = f"{variable.name}: {variable.type}" + (f" {variable.summary}" if variable.summary else "")
        # Variables change from run to run, so they stand after the cells.
        piece = ContextPiece(
            key=f"variable:{variable.name}",
            label=variable.name,
            reason=reason,
            text=text,
            tokens=estimate_tokens(text) + 1,
        )
        out.append((1_000_000 + len(out), piece))
    return out


def _cell_pieces(
    others: Sequence[CellSnapshot],
    target: CellSnapshot | None,
    wanted: Mapping[str, str],
    snapshot: NotebookSnapshot,
) -> list[tuple[int, ContextPiece]]:
    """Cells by use: those that define what the target needs, then the nearest ones above, then the rest."""
    places = {cell.cell_id: place for place, cell in enumerate(snapshot.cells)}
    here = places.get(target.cell_id, len(places)) if target is not None else len(places)

    def rank(cell: CellSnapshot) -> tuple[int, int]:
        defines = bool(cell_names(cell.source).defines & wanted.keys())
        return (0 if defines else 1 if places[cell.cell_id] < here else 2, abs(places[cell.cell_id] - here))

    out: list[tuple[int, ContextPiece]] = []
    for cell in sorted(others, key=rank):
        if not cell.source.strip():
            continue
        defined = sorted(cell_names(cell.source).defines & wanted.keys())
        reason = f"defines {', '.join(defined[:5])}" if defined else "stands near the cell"
        piece = ContextPiece(
            key=cell.key,
            label=cell.label,
            reason=reason,
            text=cell.source,
            tokens=estimate_tokens(cell.source) + estimate_tokens(cell.label),
        )
        out.append((places[cell.cell_id], piece))
    return out


def _outline_pieces(others: Sequence[CellSnapshot], wanted: Mapping[str, str]) -> list[tuple[int, ContextPiece]]:
    """One line for each needed name, from its last definition."""
    lines = {name: line for cell in others for name, line in definitions(cell.source) if name in wanted}
    out: list[tuple[int, ContextPiece]] = []
    for name, line in lines.items():
        if any(piece.text == line for _, piece in out):
            continue
        piece = ContextPiece(
            key=f"definition:{name}", label=name, reason=wanted[name], text=line, tokens=estimate_tokens(line) + 1
        )
        out.append((len(out), piece))
    return out


def _known_names(others: Sequence[CellSnapshot], live_names: Collection[str]) -> frozenset[str]:
    defined = [cell_names(cell.source).defines for cell in others]
    return frozenset().union(live_names, *defined)
