"""What crosses between a page and the Jupyter server for a notebook-wide refactor.

It goes over the connection that ``wire_page`` tells of. The short form of what streams is
``[refactor's number, log position, step, [line, ...]]``; the lines of step ``""`` are pieces of the plan's own words.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from jupyter_spark.wire import Tier, WireModel
from jupyter_spark.wire_refactor import AnyRefactorEvent, AppliedRefactor, NotebookCheck, RefactorPlan
from jupyter_spark.wire_verify import VerificationReport, VerifyMode, VerifyProgress

# --- from the page -----------------------------------------------------------------------------------


class RefactorRequested(WireModel):
    """A refactor's plan; the page makes its id, so that it can be joined again. ``plan``: it is known already."""

    type: Literal["refactor_requested"] = "refactor_requested"
    refactor_id: str
    notebook: str
    instruction: str
    tier: Tier = "spark"
    profile: str | None = None
    plan: RefactorPlan | None = None


class PlanRevised(WireModel):
    """The plan, as the user changed it, is to be made anew with these words."""

    type: Literal["plan_revised"] = "plan_revised"
    refactor_id: str
    plan: RefactorPlan
    words: str


class PlanAccepted(WireModel):
    """The plan, as the user changed it, is to be carried out, and what comes of it verified.

    ``kernel_name`` is the kernel that it is run in; empty for the one that the notebook names.
    """

    type: Literal["plan_accepted"] = "plan_accepted"
    refactor_id: str
    plan: RefactorPlan
    verify: VerifyMode = "static"
    kernel_name: str = ""


class ChoiceMade(WireModel):
    """What of a proposal the user would take: it is checked as a whole, and verified.

    Attributes
    ----------
    choice_id : int
        Counts up; the answer carries it.
    accepted : tuple of str
        The changes, by their ids.
    texts : dict
        The new text of those that the user takes in part.
    """

    type: Literal["choice_made"] = "choice_made"
    refactor_id: str
    choice_id: int
    accepted: tuple[str, ...]
    texts: dict[str, str] = Field(default_factory=dict)
    verify: VerifyMode = "static"
    kernel_name: str = ""


class RefactorJoined(WireModel):
    """Follow a refactor that was begun elsewhere, or before this page was loaded, from a position of its log on."""

    type: Literal["refactor_joined"] = "refactor_joined"
    refactor_id: str
    position: int = 0


class RefactorStopped(WireModel):
    """What runs of a refactor is to stop: its planning, its writing, its verification."""

    type: Literal["refactor_stopped"] = "refactor_stopped"
    refactor_id: str


class RefactorDropped(WireModel):
    """The user wants no more of a refactor."""

    type: Literal["refactor_dropped"] = "refactor_dropped"
    refactor_id: str


class RefactorStands(WireModel):
    """What of a refactor stands in the notebook now, for undo; no cells: all of it was taken back."""

    type: Literal["refactor_stands"] = "refactor_stands"
    refactor_id: str
    notebook: str
    applied: AppliedRefactor


class KeptChange(WireModel):
    """What the user made of one change that is not taken, or not all of it.

    Attributes
    ----------
    ticked : bool
        Whether "Accept all" would take it.
    base, text : str or None
        The way that is left to be judged, where parts of it were judged already.
    partly : bool
        Whether parts of it stand in the notebook.
    """

    change_id: str
    refused: bool = False
    ticked: bool = True
    partly: bool = False
    base: str | None = None
    text: str | None = None


class ReviewKept(WireModel):
    """What the user made of a refactor so far, for the page that is loaded again; the server keeps the last word.

    ``plan`` is the plan as the user changed it, ``changes`` are of the proposal of ``proposal_id``.
    """

    type: Literal["review_kept"] = "review_kept"
    refactor_id: str
    plan: RefactorPlan | None = None
    proposal_id: str = ""
    changes: tuple[KeptChange, ...] = ()
    verify: VerifyMode = "static"


RefactorFrame: TypeAlias = (
    RefactorRequested
    | PlanRevised
    | PlanAccepted
    | ChoiceMade
    | RefactorJoined
    | RefactorStopped
    | RefactorDropped
    | RefactorStands
    | ReviewKept
)

# --- from the server ---------------------------------------------------------------------------------


class WorkBegun(WireModel):
    """The server plans, writes or verifies now; ``begun_at_s`` is when, in seconds since the epoch.

    ``order`` is the id of every cell of the notebook that it works on: what is said of "cell 3" counts these, from 0.
    """

    type: Literal["work_begun"] = "work_begun"
    work: Literal["planning", "writing", "verifying"]
    begun_at_s: float
    instruction: str
    order: tuple[str, ...]


class ChoiceChecked(WireModel):
    """The checks of the notebook that a choice would make."""

    type: Literal["choice_checked"] = "choice_checked"
    choice_id: int
    checks: tuple[NotebookCheck, ...]


class VerificationProgressed(WireModel):
    """How far a run of the notebook is."""

    type: Literal["verification_progressed"] = "verification_progressed"
    progress: VerifyProgress


class VerificationEnded(WireModel):
    """What running the notebook before and after has shown; no ``report``: why it could not be run, or was stopped."""

    type: Literal["verification_ended"] = "verification_ended"
    choice_id: int
    report: VerificationReport | None = None
    problem: str = ""
    hint: str = ""


AnyReviewEvent = Annotated[
    AnyRefactorEvent | WorkBegun | ChoiceChecked | VerificationProgressed | VerificationEnded,
    Field(discriminator="type"),
]


class RefactorNumbered(WireModel):
    """A refactor's number on this connection, for the frames that follow."""

    type: Literal["refactor_numbered"] = "refactor_numbered"
    refactor_id: str
    number: int


class RefactorLost(WireModel):
    """A refactor that this server does not know: it was restarted meanwhile, or the refactor was dropped."""

    type: Literal["refactor_lost"] = "refactor_lost"
    refactor_id: str


class RefactorNews(WireModel):
    """An event of a refactor, with its place in the refactor's log."""

    type: Literal["refactor_news"] = "refactor_news"
    number: int
    position: int
    event: AnyReviewEvent


# --- over plain HTTP ---------------------------------------------------------------------------------


class StandingRefactor(WireModel):
    """A refactor that stands in a notebook, wholly or in part, and can be taken back."""

    refactor_id: str
    created_at_s: float
    applied: AppliedRefactor


class RefactorList(WireModel):
    """A notebook's refactors: the one that is under way or under review, and those that stand, the newest first.

    ``kept`` is what the user made of the current one so far.
    """

    current: str | None = None
    instruction: str = ""
    kept: ReviewKept | None = None
    standing: tuple[StandingRefactor, ...] = ()
