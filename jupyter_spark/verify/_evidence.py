"""What a verification rests on: of cells that fail before and after a change nothing is known, nor of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from jupyter_spark.dataflow import cell_names
from jupyter_spark.wire_verify import CellVerification

_MUTE = ("still_fails", "not_run")


@dataclass(frozen=True)
class Evidence:
    """What could be compared.

    Attributes
    ----------
    unverified : str
        Why nothing of the change could be verified, in a line; empty if something was.
    notes : tuple of str
        What else a reader must know, a line each.
    """

    unverified: str = ""
    notes: tuple[str, ...] = ()


def evidence_of(
    cells: Sequence[CellVerification], before: Mapping[str, str], after: Mapping[str, str], speaking: Set[str]
) -> Evidence:
    """Tell what could be verified.

    A changed cell is not verified if it fails both times, or if it puts out nothing and all that use it fail so.

    Parameters
    ----------
    cells : sequence of CellVerification
        The verdicts.
    before, after : mapping of str to str
        The texts of the code cells, by cell id.
    speaking : set of str
        The cells of either notebook that put out something.
    """
    if not cells or any(cell.verdict in ("differs", "newly_fails") for cell in cells):
        return Evidence()
    changed = [cell for cell in cells if _text(cell.before_ids, before) != _text(cell.after_ids, after)]
    about = changed or cells
    mute = [cell for cell in about if _is_mute(cell, cells, after, speaking)]
    if len(mute) == len(about):
        first = next(cell for cell in cells if cell.verdict in _MUTE)
        return Evidence(f"Nothing could be verified: {_how(first)}.")
    if mute and changed:
        places = ", ".join(f"cell {_place(cell)}" for cell in mute)
        what = f"{len(mute)} of {len(changed)} changed cells could not be verified ({places})"
        return Evidence(notes=(f"{what}: they, or all that use them, fail before and after the change.",))
    if not speaking:
        return Evidence(notes=("No cell puts anything out: only that each of them runs was compared.",))
    return Evidence()


def _is_mute(
    cell: CellVerification, cells: Sequence[CellVerification], after: Mapping[str, str], speaking: Set[str]
) -> bool:
    """Whether nothing is known of a cell: it fails, or says nothing and only cells that fail use it."""
    if cell.verdict in _MUTE:
        return True
    if cell.verdict != "same" or not speaking.isdisjoint(cell.after_ids):
        return False
    defines = cell_names(_text(cell.after_ids, after)).defines
    users = [one for one in cells if one is not cell and defines & cell_names(_text(one.after_ids, after)).needs]
    return bool(users) and all(user.verdict in _MUTE for user in users)


def _how(cell: CellVerification) -> str:
    """How the first cell of which nothing is known failed: most often the others fail for it."""
    if cell.verdict == "still_fails":
        return f"cell {_place(cell)} fails before and after the change ({cell.why})"
    return f"cell {_place(cell)} was not run to its end {cell.why}"


def _place(cell: CellVerification) -> int:
    return cell.after_index if cell.after_index is not None else cell.before_index or 0


def _text(cell_ids: Sequence[str], texts: Mapping[str, str]) -> str:
    return "\n".join(texts[cell_id] for cell_id in cell_ids)
