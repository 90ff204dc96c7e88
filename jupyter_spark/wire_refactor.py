"""What a notebook-wide refactor says and keeps: its plan, its events, its proposal, and how a file is arranged anew."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jupyter_spark.wire import AnyTurnEvent, CheckResult, TurnFigures, WireModel

StepOperation = Literal["edit", "insert", "delete", "move", "merge", "split"]
ChangeOperation = Literal["edit", "insert", "delete", "move"]
NotebookCheckName = Literal[
    "parses",
    "names_in_order",
    "names_renamed",
    "calls_fit",
    "imports_found",
    "definitions_kept",
    "cells_kept",
    "steps_done",
]

# --- the plan --------------------------------------------------------------------------------------


class NameChange(WireModel):
    """A global name that is another one everywhere in the notebook."""

    old: str
    new: str


class PlanStep(WireModel):
    """One part of a plan; only those that are ``accepted`` are done.

    Attributes
    ----------
    cell_id : str
        The cell that it is about. For ``insert`` the new cell's own name.
    below : str
        ``insert`` and ``move``: the cell that it goes below; empty for the top of the notebook.
    cells : tuple of str
        ``merge``: all the cells that become the first of them, in that order.
    kind : str
        ``insert``: what the new cell is. A Markdown cell's text is the instruction itself.
    instruction : str
        What is to be done there. Empty: no model is needed.
    source : str or None
        The cell's whole new text, where it is known already: no model is asked. The parts of a ``split`` are told
        apart by lines that begin with ``# %%``.
    """

    step_id: str
    operation: StepOperation
    cell_id: str
    below: str = ""
    cells: tuple[str, ...] = ()
    kind: Literal["code", "markdown"] = "code"
    instruction: str = ""
    source: str | None = None
    accepted: bool = True


class RefactorPlan(WireModel):
    """What is to be done to a notebook.

    ``notes`` tell what of the plan's answer could not be taken; ``by`` is who made it, ``notebook_hash`` of which
    texts.
    """

    plan_id: str
    instruction: str
    notebook_hash: str
    notebook_path: str | None = None
    renames: tuple[NameChange, ...] = ()
    steps: tuple[PlanStep, ...] = ()
    notes: tuple[str, ...] = ()
    by: Literal["rules", "model", "file", "user"] = "model"


# --- the proposal ----------------------------------------------------------------------------------


class CellChange(WireModel):
    """A change of one cell; changes of one ``group`` are taken or left together (the parts of a merge or a split).

    ``base_hash`` is of the text that it was made from; of a cell that is changed and moved there are two changes.
    ``may_differ`` is why the cell may put out something else, a line each, as far as its text tells: no finding, as it
    may be what was asked for, and only running it tells.
    """

    change_id: str
    group: str
    operation: ChangeOperation
    cell_id: str
    below: str = ""
    kind: Literal["code", "markdown", "raw"] = "code"
    old_source: str = ""
    new_source: str = ""
    base_hash: str = ""
    step_id: str = ""
    checks: tuple[CheckResult, ...] = ()
    words: str = ""
    repaired: bool = False
    may_differ: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every check of the cell held."""
        return all(check.ok for check in self.checks)


class NotebookCheck(WireModel):
    """One check of the notebook as a whole; ``cell_id`` is where it does not hold, ``names`` what it is about.

    ``groups`` are the changes that are the cause: without them it would hold, so they are not taken unasked.
    ``steps_done`` is there only for a step of the plan that failed.
    """

    name: NotebookCheckName
    ok: bool
    message: str = ""
    cell_id: str = ""
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class RefactorProposal(WireModel):
    """Everything that a refactor would change: a proposal until the user takes it, or parts of it."""

    proposal_id: str
    refactor_id: str
    plan: RefactorPlan
    changes: tuple[CellChange, ...] = ()
    checks: tuple[NotebookCheck, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every check held, of each cell and of the whole."""
        return not self.findings

    @property
    def findings(self) -> tuple[str, ...]:
        """What did not hold, a line each."""
        cells = (f"{c.cell_id}: {check.message}" for c in self.changes for check in c.checks if not check.ok)
        whole = (f"{c.cell_id}: {c.message}" if c.cell_id else c.message for c in self.checks if not c.ok)
        return tuple(dict.fromkeys((*cells, *whole)))

    @property
    def marks(self) -> tuple[str, ...]:
        """What may put out something else, a line each: only running it tells."""
        return tuple(f"{c.cell_id}: the output may change: {why}" for c in self.changes for why in c.may_differ)


# --- events ----------------------------------------------------------------------------------------


class RefactorEvent(WireModel):
    """The head that every event of a refactor has: whose it is, and its place in the order."""

    refactor_id: str
    seq: int


class RefactorStarted(RefactorEvent):
    """The refactor is on its way."""

    type: Literal["refactor_started"] = "refactor_started"
    instruction: str
    notebook_path: str | None = None
    profile: str
    model: str


class RefactorNotice(RefactorEvent):
    """Something the user should know that does not end the refactor."""

    type: Literal["refactor_notice"] = "refactor_notice"
    message: str
    cell_id: str = ""


class PlanTurn(RefactorEvent):
    """An event of the turn that makes the plan."""

    type: Literal["plan_turn"] = "plan_turn"
    event: AnyTurnEvent


class PlanReady(RefactorEvent):
    """The plan is there to be looked at; nothing is done yet. ``figures``: what it took."""

    type: Literal["plan_ready"] = "plan_ready"
    plan: RefactorPlan
    figures: TurnFigures = TurnFigures()


class StepTurn(RefactorEvent):
    """An event of the turn that writes one step's cell."""

    type: Literal["step_turn"] = "step_turn"
    step_id: str
    cell_id: str
    event: AnyTurnEvent


class StepDone(RefactorEvent):
    """A step is done, well or not; ``left_s`` is about how long the rest will take, in seconds."""

    type: Literal["step_done"] = "step_done"
    step_id: str
    cell_id: str
    changes: tuple[CellChange, ...] = ()
    error: str = ""
    done: int
    total: int
    left_s: float | None = None


class NotebookChecked(RefactorEvent):
    """The notebook was checked as a whole; once more after a repair pass."""

    type: Literal["notebook_checked"] = "notebook_checked"
    checks: tuple[NotebookCheck, ...]


class RefactorReady(RefactorEvent):
    """The proposal is complete and checked."""

    type: Literal["refactor_ready"] = "refactor_ready"
    proposal: RefactorProposal


class RefactorFinished(RefactorEvent):
    """The refactor is done."""

    type: Literal["refactor_finished"] = "refactor_finished"
    proposal: RefactorProposal
    figures: TurnFigures = TurnFigures()


class RefactorFailed(RefactorEvent):
    """The refactor ended with an error."""

    type: Literal["refactor_failed"] = "refactor_failed"
    code: str
    message: str
    hint: str
    figures: TurnFigures = TurnFigures()


class RefactorCancelled(RefactorEvent):
    """The user stopped the refactor; nothing was applied."""

    type: Literal["refactor_cancelled"] = "refactor_cancelled"
    figures: TurnFigures = TurnFigures()


AnyRefactorEvent = Annotated[
    RefactorStarted
    | RefactorNotice
    | PlanTurn
    | PlanReady
    | StepTurn
    | StepDone
    | NotebookChecked
    | RefactorReady
    | RefactorFinished
    | RefactorFailed
    | RefactorCancelled,
    Field(discriminator="type"),
]


# --- in an open notebook ----------------------------------------------------------------------------


class AppliedCell(WireModel):
    """What a refactor did to one cell of an open notebook.

    Attributes
    ----------
    change_id, group : str
        The change of the proposal that it came of, and that one's group.
    before, after : str
        The cell's whole text before and after; of a new cell and of one that went, one of them is empty.
    cell : dict, optional
        ``delete``: all of the cell, as nbformat has it.
    """

    change_id: str
    group: str
    operation: ChangeOperation
    cell_id: str
    before: str = ""
    after: str = ""
    cell: dict[str, Any] | None = None


class AppliedRefactor(WireModel):
    """What of a refactor stands in an open notebook: each act in order, to be taken back from the last to the first.

    ``order`` is every cell's id as they stood before the first act: there a cell goes back to.
    """

    instruction: str
    order: tuple[str, ...] = ()
    cells: tuple[AppliedCell, ...] = ()


# --- a file arranged anew --------------------------------------------------------------------------


class Placed(WireModel):
    """One cell of the notebook as it shall be.

    Attributes
    ----------
    cell_id : str or None
        A cell of the file that is kept; None for a new one.
    source : str or None
        Its new text; None: untouched.
    raw : str or None
        Exactly so in JSON: the source of a cell that is kept, all of a new one.
    base_hash : str or None
        The hash of the text that the cell must have, or else it was changed meanwhile.
    like : str
        The cell after which a new one's form is modelled.
    new_id : str
        The id of a new cell, where the file's format has ids.
    """

    cell_id: str | None = None
    source: str | None = None
    raw: str | None = None
    base_hash: str | None = None
    kind: Literal["code", "markdown", "raw"] = "code"
    like: str = ""
    new_id: str = ""


class Arrangement(WireModel):
    """A notebook's cells in the order in which they shall stand, and those that shall go.

    ``separators`` is what stands before the first cell, between two, and after the last; None: as the file has it.
    ``base_sha256`` is the content that it was made for.
    """

    cells: tuple[Placed, ...]
    removed: tuple[Placed, ...] = ()
    separators: tuple[str, ...] | None = None
    base_sha256: str = ""
