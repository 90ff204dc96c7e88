"""What the user said about the context."""

from __future__ import annotations

from dataclasses import dataclass


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
