"""A journal that never stops a turn."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from jupyter_spark.errors import JournalError
from jupyter_spark.journal._journal import Journal, open_journal
from jupyter_spark.wire import AppliedEdit, AppliedOperation, Proposal, TurnRecord

T = TypeVar("T")


class SafeJournal:
    """The journal for turns: opened at first use, and silent when it fails.

    After a failure every method does nothing and returns None or nothing: for good, or after a lock for
    ``locked_pause_s``, so that neither one busy moment loses a day's undo nor each turn waits for a lock.

    Parameters
    ----------
    opener : callable
        Opens the journal; ``open_journal`` by default.
    locked_pause_s : float
        How long to leave a locked journal alone, in seconds.
    """

    def __init__(self, opener: Callable[[], Journal] = open_journal, *, locked_pause_s: float = 30.0) -> None:
        self._opener = opener
        self._locked_pause_s = locked_pause_s
        self._lock = threading.RLock()
        self._journal: Journal | None = None
        self._failure: str | None = None
        self._resume_at_s = -math.inf

    @property
    def problem(self) -> str | None:
        """The first failure, in one line; also that a damaged file was set aside. None for a journal switched off."""
        return self._failure or (self._journal.problem if self._journal else None)

    def record_turn(self, turn: TurnRecord) -> None:
        """Keep a turn."""
        self._try(lambda journal: journal.record_turn(turn), None)

    def record_proposal(self, proposal: Proposal) -> None:
        """Keep a proposal."""
        self._try(lambda journal: journal.record_proposal(proposal), None)

    def record_applied(
        self,
        turn_id: str,
        scope: str,
        cell_id: str,
        operation: AppliedOperation,
        before: str,
        after: str,
        raw_before: str | None = None,
    ) -> AppliedEdit | None:
        """Keep an edit that was applied; None if it could not be kept, and so cannot be undone."""
        return self._try(
            lambda journal: journal.record_applied(turn_id, scope, cell_id, operation, before, after, raw_before),
            None,
        )

    def mark(self, edit_id: int, undone: bool) -> bool:
        """Note that an edit was taken back, or applied again."""
        return self._try(lambda journal: journal.mark(edit_id, undone), False)

    def amend(self, edit_id: int, after: str) -> None:
        """Give an edit that grows, or is taken back in part, its new text after it."""
        self._try(lambda journal: journal.amend(edit_id, after), None)

    def forget(self, edit_id: int) -> None:
        """Strike out an edit that was not applied after all."""
        self._try(lambda journal: journal.forget(edit_id), None)

    def rename(self, old: str, new: str) -> None:
        """File what was kept of a notebook, or of a folder's, under its new path."""
        self._try(lambda journal: journal.rename(old, new), None)

    def last_applied(self, scope: str, undone: bool = False) -> AppliedEdit | None:
        """Return the edit that undo, or redo, is about."""
        return self._try(lambda journal: journal.last_applied(scope, undone), None)

    def applied(self, scope: str, limit: int = 20) -> list[AppliedEdit]:
        """Return the edits of a scope, the newest first."""
        return self._try(lambda journal: journal.applied(scope, limit), [])

    def applied_by(self, turn_id: str) -> list[AppliedEdit]:
        """Return the edits that one turn led to, the newest first."""
        return self._try(lambda journal: journal.applied_by(turn_id), [])

    def turns(self, limit: int = 20, notebook_path: str | None = None) -> list[TurnRecord]:
        """Return turns, the newest first."""
        return self._try(lambda journal: journal.turns(limit, notebook_path), [])

    def sums(self, since_s: float) -> list[tuple[Any, ...]]:
        """Return what turns since a time took, by tier; see ``Journal.sums``."""
        return self._try(lambda journal: journal.sums(since_s), [])

    def turn(self, turn_id: str) -> TurnRecord | None:
        """Return a turn."""
        return self._try(lambda journal: journal.turn(turn_id), None)

    def proposal(self, turn_id: str) -> Proposal | None:
        """Return a turn's proposal."""
        return self._try(lambda journal: journal.proposal(turn_id), None)

    def close(self) -> None:
        """Let go of the file; nothing is written after."""
        with self._lock:
            self._resume_at_s = math.inf
            if self._journal:
                with suppress(JournalError):
                    self._journal.close()

    def _try(self, work: Callable[[Journal], T], otherwise: T) -> T:
        with self._lock:
            if time.monotonic() < self._resume_at_s:
                return otherwise
            try:
                self._journal = self._journal or self._opener()
                return work(self._journal)
            except JournalError as error:
                locked = error.code == "journal_locked"
                self._resume_at_s = time.monotonic() + self._locked_pause_s if locked else math.inf
                if error.code != "journal_off":
                    self._failure = self._failure or str(error)
                return otherwise
