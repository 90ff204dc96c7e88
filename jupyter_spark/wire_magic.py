"""What crosses between a page and a kernel: the notebook before a cell runs, and the edit that a running cell asks for.

Over two comms (``kernel/comms.py``). The notebook's keeps to the kernel's main shell, so that what a page says there
comes before the run that follows; the turns' goes over a subshell, so that Stop arrives while a cell runs. A message's
data is ``{"frames": JSON}``: an array of the frames below and of those of ``wire_page`` that belong to them
(``MagicFrame``, ``KernelFrame``); what streams has the short form told there.
"""

from __future__ import annotations

from typing import Literal

from jupyter_spark.wire import Tier, WireModel

# --- from the page -----------------------------------------------------------------------------------


class PageOpened(WireModel):
    """The data with which a page opens a comm: which page it is, the same on both, and which version it speaks."""

    page: str
    version: int


class RunAnnounced(WireModel):
    """The page is about to run a cell; ``again``: another try is wanted. ``shows``: it can show an edit in the cell."""

    type: Literal["run_announced"] = "run_announced"
    cell_id: str
    shows: bool
    again: bool = False


class TurnShown(WireModel):
    """The page shows a turn's whole edit in its cell, or it cannot: the cell is gone, or holds that text already."""

    type: Literal["turn_shown"] = "turn_shown"
    turn_id: str
    shown: bool


class TurnSettled(WireModel):
    """Nothing of a turn's edit is left to be judged."""

    type: Literal["turn_settled"] = "turn_settled"
    turn_id: str


# --- from the kernel ---------------------------------------------------------------------------------


class KernelReady(WireModel):
    """The kernel has the extension, in the page's version: turns may be followed."""

    type: Literal["kernel_ready"] = "kernel_ready"


class CellTurn(WireModel):
    """A turn whose edit belongs into a cell of the page's notebook, under a number for the short frames that follow.

    ``base`` is the cell's whole text that the edit replaces, our own line included.
    """

    type: Literal["cell_turn"] = "cell_turn"
    turn_id: str
    number: int
    cell_id: str
    base: str
    instruction: str
    tier: Tier


class TurnWithdrawn(WireModel):
    """The edit stands to be judged no more: it was put into the cell another way, or judged in another page."""

    type: Literal["turn_withdrawn"] = "turn_withdrawn"
    turn_id: str
