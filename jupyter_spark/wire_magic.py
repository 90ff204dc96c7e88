"""What crosses between a page and a kernel: the notebook before a cell runs, and the edit that a running cell asks for.

Over two comms (``kernel/comms.py``). The notebook's keeps to the kernel's main shell, so that what a page says there
comes before the run that follows; the turns' goes over a subshell, so that Stop arrives while a cell runs. A message's
data is ``{"frames": JSON}``: an array of the frames below and of those of ``wire_page`` that belong to them
(``MagicFrame``, ``KernelFrame``); what streams has the short form told there.
"""

from __future__ import annotations

from typing import Literal

from jupyter_spark.wire import Tier, WireModel
from jupyter_spark.wire_refactor import RefactorPlan
from jupyter_spark.wire_verify import VerifyMode

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


class ReviewAnswered(WireModel):
    """What the page did about a refactor that a cell asked for.

    Attributes
    ----------
    shown : bool
        Whether the page can do such a thing at all; if not, the kernel does it by itself.
    said : str
        A line about it for the cell's output.
    problem, hint : str
        Why it could not be done now.
    """

    type: Literal["review_answered"] = "review_answered"
    request_id: str
    shown: bool
    said: str = ""
    problem: str = ""
    hint: str = ""


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


class ReviewAsked(WireModel):
    """A cell asks for a refactor of the whole notebook, which the page plans and shows in its review tab.

    Attributes
    ----------
    action : str
        ``begin`` one; ``accept`` the one that is under review; ``undo`` the one of ``refactor_id``.
    profile : str or None
        Who answers; None: whoever fills the tier for the server.
    plan : RefactorPlan, optional
        What is to be done, where that is known already.
    unasked : bool
        Whether the plan is carried out, and what comes of it accepted, without asking, if all of it holds.
    """

    type: Literal["review_asked"] = "review_asked"
    request_id: str
    action: Literal["begin", "accept", "undo"]
    instruction: str = ""
    tier: Tier = "spark"
    profile: str | None = None
    verify: VerifyMode = "static"
    plan: RefactorPlan | None = None
    unasked: bool = False
    refactor_id: str = ""
