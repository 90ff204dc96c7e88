"""What of the notebook goes to the model: a budget of tokens, spent on what the target needs first.

The order is the order of sending: what stays the same from turn to turn stands first, so that a provider can cache it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from jupyter_spark.context._cells import DEFINES, Offer, offers
from jupyter_spark.context._options import PackOptions
from jupyter_spark.context._outline import outlined
from jupyter_spark.dataflow import NotebookFlow, cell_names, notebook_flow
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import (
    CellSnapshot,
    ContextPack,
    ContextPiece,
    ErrorReport,
    NotebookSnapshot,
    VariableSummary,
)

AFTER_CELLS = 1_000_000
_WORD = re.compile(r"[^\W\d]\w*")


def pack_context(
    snapshot: NotebookSnapshot,
    target: CellSnapshot | None,
    instruction: str,
    options: PackOptions,
    *,
    variables: Sequence[VariableSummary] = (),
    live_names: Collection[str] = (),
    error: ErrorReport | None = None,
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
    error : ErrorReport, optional
        What failed; the cells of its traceback and the names in its message are needed.

    Returns
    -------
    ContextPack
        The pieces in the order of sending, what was left out, and every name that an edit may rely on.
    """
    flow = notebook_flow(snapshot.cells)
    here = _place_of(target, flow)
    others = [c for c in snapshot.cells if c.kind == "code" and (target is None or c.cell_id != target.cell_id)]
    wanted = _wanted_names(target, instruction, error)
    offered = _variable_offers(variables, wanted, options)
    if options.cells and options.outline:
        offered = outlined(others, target, instruction, wanted, variables, offered, only_new=options.only_new)
    elif options.cells:
        offered += offers(flow, here, wanted, target, error)
    pieces, cut, dropped = _fill(offered, options.budget_tokens)
    return ContextPack(
        pieces=pieces,
        budget_tokens=options.budget_tokens,
        dropped=dropped,
        known_names=_known_names(others, live_names),
        names_are_complete=not _hides_names(others, live_names),
        cut=cut,
        origin=snapshot.origin,
        taken_at_s=snapshot.taken_at_s,
    )


def _fill(
    offered: Sequence[Offer], budget_tokens: int
) -> tuple[tuple[ContextPiece, ...], tuple[str, ...], tuple[str, ...]]:
    """Spend the budget in the order of need; return the pieces in the notebook's order, what was cut, what left out."""
    chosen: dict[float, ContextPiece] = {}
    left_out: dict[float, str] = {}
    spent = 0
    for offer in offered:
        there = chosen.get(offer.place)
        room = budget_tokens - spent + (there.tokens if there is not None else 0)
        piece: ContextPiece | None = offer.piece
        if offer.piece.tokens > room:
            left_out[offer.place] = offer.piece.label
            piece = offer.shorter() if offer.shorter is not None else None
        if piece is not None and piece.tokens <= room:
            spent = budget_tokens - room + piece.tokens
            chosen[offer.place] = piece
    pieces = tuple(chosen[place] for place in sorted(chosen))
    cut = tuple(label for place, label in sorted(left_out.items()) if place in chosen)
    return pieces, cut, tuple(label for place, label in left_out.items() if place not in chosen)


def _place_of(target: CellSnapshot | None, flow: NotebookFlow) -> int:
    places = (place for place, cell in enumerate(flow.cells) if target is not None and cell.cell_id == target.cell_id)
    return next(places, len(flow.cells))


def _hides_names(cells: Sequence[CellSnapshot], live_names: Collection[str]) -> bool:
    """Whether names may exist that nobody can list: a star import that no live kernel has resolved."""
    return not live_names and any(cell_names(cell.source).star_imports for cell in cells)


def _wanted_names(target: CellSnapshot | None, instruction: str, error: ErrorReport | None) -> dict[str, str]:
    wanted = dict.fromkeys(_WORD.findall(instruction), "named in the instruction")
    if error is not None:
        wanted |= dict.fromkeys(_WORD.findall(error.message), "named in the error")
    if target is not None:
        wanted |= dict.fromkeys(cell_names(target.source).uses, "used by the cell")
    return wanted


def _variable_offers(
    variables: Sequence[VariableSummary], wanted: Mapping[str, str], options: PackOptions
) -> list[Offer]:
    out: list[Offer] = []
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
        out.append(Offer(DEFINES, 0, AFTER_CELLS + len(out), piece))
    return out


def _known_names(others: Sequence[CellSnapshot], live_names: Collection[str]) -> frozenset[str]:
    defined = [cell_names(cell.source).defines for cell in others]
    return frozenset().union(live_names, *defined)
