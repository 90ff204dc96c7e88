"""Refactors that stand in open notebooks: one entry for each, which grows with what is taken and shrinks with undo."""

from __future__ import annotations

from pydantic import ValidationError

from jupyter_spark.journal._safe import SafeJournal
from jupyter_spark.wire import AppliedEdit
from jupyter_spark.wire_refactor import AppliedRefactor
from jupyter_spark.wire_review import StandingRefactor

KEPT = 10


def keep_standing(journal: SafeJournal, refactor_id: str, scope: str, applied: AppliedRefactor) -> None:
    """Keep what of a refactor stands in an open notebook now; if nothing does, it is taken back."""
    entries = (edit for edit in journal.applied_by(refactor_id) if edit.scope == scope and _is_standing(edit))
    entry = next(entries, None)
    if not applied.cells:
        if entry is not None:
            journal.mark(entry.edit_id, undone=True)
    elif entry is not None:
        journal.amend(entry.edit_id, applied.model_dump_json())
    else:
        journal.record_applied(refactor_id, scope, "", "refactor_open", "", applied.model_dump_json())


def standing_refactors(journal: SafeJournal, scope: str) -> tuple[StandingRefactor, ...]:
    """Return the refactors that stand in an open notebook, the newest first."""
    found = []
    for edit in journal.applied(scope, 1000):
        if not _is_standing(edit):
            continue
        try:
            applied = AppliedRefactor.model_validate_json(edit.after)
        except ValidationError:  # another version wrote it
            continue
        found.append(StandingRefactor(refactor_id=edit.turn_id, created_at_s=edit.created_at_s, applied=applied))
    return tuple(found[:KEPT])


def _is_standing(edit: AppliedEdit) -> bool:
    return edit.operation == "refactor_open" and not edit.undone
