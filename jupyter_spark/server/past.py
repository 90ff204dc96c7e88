"""Conversations as the journal kept them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jupyter_spark.journal import SafeJournal, notebook_scope, outcome_of
from jupyter_spark.wire import AppliedEdit, TurnFigures, TurnRecord
from jupyter_spark.wire_page import ConversationList, PastConversation, PastTurn

KEPT_TURNS = 500
KEPT_EDITS = 1000
TITLE_CHARS = 80


def past_conversations(
    journal: SafeJournal, notebook: str, path: str, is_running: Callable[[str], bool]
) -> ConversationList:
    """Return a notebook's conversations, the newest first, their turns in order.

    Parameters
    ----------
    journal : SafeJournal
        What was kept.
    notebook : str
        The page's name for the notebook.
    path : str
        Its absolute path, under which turns are kept.
    is_running : callable
        Whether a turn runs in this server now. One that the journal calls running and that does not was interrupted.
    """
    kept: dict[str, list[TurnRecord]] = {}
    for record in journal.turns(KEPT_TURNS, path):  # the newest first
        if record.conversation_id is not None and record.kind != "refactor":
            kept.setdefault(record.conversation_id, []).append(record)
    applied: dict[str, list[AppliedEdit]] = {}
    for edit in journal.applied(notebook_scope(path), KEPT_EDITS):
        applied.setdefault(edit.turn_id, []).append(edit)
    return ConversationList(
        conversations=tuple(
            PastConversation(
                conversation_id=conversation_id,
                notebook=notebook,
                title=_title(records),
                changed_at_s=records[0].created_at_s,
                turns=tuple(
                    _past_turn(journal, record, applied.get(record.turn_id, []), is_running)
                    for record in reversed(records)
                ),
            )
            for conversation_id, records in kept.items()
        )
    )


def _past_turn(
    journal: SafeJournal, record: TurnRecord, applied: Iterable[AppliedEdit], is_running: Callable[[str], bool]
) -> PastTurn:
    assert record.kind != "refactor"  # noqa: S101 - it is no part of a conversation
    lost = record.status == "running" and not is_running(record.turn_id)
    proposal = journal.proposal(record.turn_id)
    outcome, cell_id = outcome_of(proposal, applied)
    return PastTurn(
        turn_id=record.turn_id,
        created_at_s=record.created_at_s,
        kind=record.kind,
        instruction=record.instruction,
        tier=record.tier,
        profile=record.profile,
        model=record.model,
        status="interrupted" if lost else record.status,
        text=record.text,
        error=record.error,
        figures=TurnFigures.model_validate(record.figures),
        proposals=(proposal,) if proposal is not None else (),
        outcome=outcome,
        taken_cell_id=cell_id,
        group_id=record.group_id,
    )


def _title(records: Iterable[TurnRecord]) -> str:
    first = list(records)[-1].instruction.strip()
    line = first.splitlines()[0] if first else ""
    return line if len(line) <= TITLE_CHARS else f"{line[: TITLE_CHARS - 1]}…"
