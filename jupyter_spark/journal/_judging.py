"""What became of a proposed edit: told to the journal by a host that applies edits elsewhere, and asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from jupyter_spark.journal._safe import SafeJournal
from jupyter_spark.wire import AppliedEdit, EditOutcome, Proposal


def judge_edit(
    journal: SafeJournal,
    turn_id: str,
    scope: str,
    cell_id: str,
    operation: Literal["replace", "insert_below"],
    outcome: Literal["taken", "taken_back", "refused"],
    before: str,
    after: str,
) -> None:
    """Keep what the user did with an edit that is in the notebook already, or not wanted there.

    Parameters
    ----------
    journal : SafeJournal
        Where it is kept.
    turn_id, scope, cell_id : str
        The turn that proposed the edit, the notebook's scope, the cell that was changed (of a new cell, its own id).
    operation, outcome : str
        What the edit does, and what the user did.
    before, after : str
        The cell's whole text before the act and after it. What was taken back is found by them: the newest edit of
        that turn and cell that stands and led to ``before``.
    """
    if outcome == "taken":
        journal.record_applied(turn_id, scope, cell_id, operation, before, after)
    elif outcome == "taken_back":
        # Wherever it is filed: the notebook may have another name by now.
        edits = (edit for edit in journal.applied_by(turn_id) if edit.cell_id == cell_id)
        if (edit := next((edit for edit in edits if not edit.undone and edit.after == before), None)) is not None:
            journal.mark(edit.edit_id, undone=True)
    elif (proposal := journal.proposal(turn_id)) is not None:
        journal.record_proposal(proposal.model_copy(update={"refused": True}))


def outcome_of(proposal: Proposal | None, applied: Iterable[AppliedEdit]) -> tuple[EditOutcome, str | None]:
    """Return what became of a proposal, and the cell that holds it, if one does.

    Parameters
    ----------
    proposal : Proposal, optional
        The turn's.
    applied : iterable of AppliedEdit
        The edits that its turn led to, the newest first.
    """
    edits = list(applied)
    standing = next((edit for edit in edits if not edit.undone), None)
    if standing is not None:
        return "taken", standing.cell_id
    if edits:
        return "taken_back", None
    return ("refused" if proposal is not None and proposal.refused else "open"), None
