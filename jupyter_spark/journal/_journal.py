"""The journal: what is written and what can be asked."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from jupyter_spark.errors import JournalError
from jupyter_spark.journal import _store
from jupyter_spark.settings import Limits
from jupyter_spark.wire import AppliedEdit, AppliedOperation, Proposal, TurnRecord, WireModel

T = TypeVar("T")
M = TypeVar("M", bound=WireModel)
_PRUNE_EVERY_WRITES = 100
_APPLIED_ROWS = (
    "SELECT edit_id, turn_id, created_at_s, scope, cell_id, operation, before, after, raw_before,"
    " undone_order IS NOT NULL AS undone FROM applied"
)
_APPLIED = f"{_APPLIED_ROWS} WHERE scope = ?"
_APPLIED_BY_TURN = f"{_APPLIED_ROWS} WHERE turn_id = ?"
_SUMS = """
    SELECT json_extract(record, '$.tier'), count(*),
      total(json_extract(record, '$.figures.usage.input_tokens')),
      total(json_extract(record, '$.figures.usage.output_tokens')),
      total(json_extract(record, '$.figures.usage.cached_tokens')),
      sum(json_extract(record, '$.figures.cost_usd'))
    FROM turns WHERE created_at_s >= ? GROUP BY 1 ORDER BY 1
"""

_PLACE = "coalesce(turns.notebook_path, excluded.notebook_path)"
_KEEP_TURN = f"""
    INSERT INTO turns (turn_id, created_at_s, notebook_path, record) VALUES (?, ?, ?, ?)
    ON CONFLICT (turn_id) DO UPDATE SET created_at_s = excluded.created_at_s, notebook_path = {_PLACE},
        record = json_set(excluded.record, '$.notebook_path', {_PLACE})
"""  # noqa: S608 - only our own constants


def notebook_scope(path: str | os.PathLike[str]) -> str:
    """Return the scope of edits to a notebook file: the same for every way to name it."""
    return os.path.realpath(path)


def kernel_scope(session: str) -> str:
    """Return the scope of edits made in a kernel; ``session`` outlives its restarts (a notebook path, a session id)."""
    return f"kernel:{session}"


def open_journal(path: Path | None = None, limits: Limits | None = None) -> Journal:
    """Open the journal.

    Parameters
    ----------
    path : Path, optional
        The file; by default ``JUPYTER_SPARK_JOURNAL``, or ``jupyter_spark/journal.db`` in Jupyter's data directory.
    limits : Limits, optional
        Its bounds: size in bytes, age in days.

    Raises
    ------
    JournalError
        It is switched off (code ``journal_off``), locked (``journal_locked``), or cannot be opened.
    """
    where = path or _store.journal_path()
    if where is None:
        raise JournalError(
            "The journal is switched off.", f"Unset {_store.SWITCH} to have history and undo.", code="journal_off"
        )
    return Journal(where, limits or Limits())


class Journal:
    """An open journal; safe to use from several threads, and beside other processes.

    Every method raises ``JournalError`` if it cannot do its work. A damaged file is set aside under another name and a
    new one begun; ``problem`` then says so.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.problem: str | None = None
        self._limits = limits
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._writes = 0
        with _one_line(path):
            try:
                self._db = _store.connect(path, limits)
            except sqlite3.DatabaseError as error:
                if not _store.is_damage(error):
                    raise
                self._start_over()
        self._run(self._prune)

    # --- writing ---

    def record_turn(self, turn: TurnRecord) -> None:
        """Keep a turn; one of the same id is replaced, and stays with its notebook, which may have been renamed."""
        row = (turn.turn_id, turn.created_at_s, turn.notebook_path, _to_json(turn))
        self._write(_KEEP_TURN, row)

    def record_proposal(self, proposal: Proposal) -> None:
        """Keep a proposal; one of the same id is replaced."""
        self._write(
            "INSERT OR REPLACE INTO proposals (proposal_id, turn_id, created_at_s, record) VALUES (?, ?, ?, ?)",
            (proposal.proposal_id, proposal.turn_id, time.time(), _to_json(proposal)),
        )

    def record_applied(
        self,
        turn_id: str,
        scope: str,
        cell_id: str,
        operation: AppliedOperation,
        before: str,
        after: str,
        raw_before: str | None = None,
    ) -> AppliedEdit:
        """Keep an edit that was applied; what had been undone in its scope can no longer be redone."""
        values = (turn_id, time.time(), scope, cell_id, operation, before, after, raw_before)

        def work(db: sqlite3.Connection) -> int:
            db.execute("UPDATE applied SET undone_order = 0 WHERE scope = ? AND undone_order > 0", (scope,))
            cursor = db.execute(
                "INSERT INTO applied (turn_id, created_at_s, scope, cell_id, operation, before, after, raw_before)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            return cursor.lastrowid or 0

        return AppliedEdit(
            edit_id=self._transact(work),
            turn_id=turn_id,
            created_at_s=values[1],
            scope=scope,
            cell_id=cell_id,
            operation=operation,
            before=before,
            after=after,
            raw_before=raw_before,
        )

    def mark(self, edit_id: int, undone: bool) -> bool:
        """Note that an edit was taken back, or applied again; False if it was so already (another process did it)."""

        def work(db: sqlite3.Connection) -> bool:
            row = db.execute("SELECT undone_order FROM applied WHERE edit_id = ?", (edit_id,)).fetchone()
            if row is None:
                raise JournalError(f"The journal has no edit {edit_id}.", "It may be older than the journal keeps.")
            if (row[0] is not None) == undone:
                return False
            order = "(SELECT coalesce(max(undone_order), 0) + 1 FROM applied)" if undone else "NULL"
            db.execute(f"UPDATE applied SET undone_order = {order} WHERE edit_id = ?", (edit_id,))  # noqa: S608
            return True

        return self._transact(work)

    def amend(self, edit_id: int, after: str) -> None:
        """Give an edit that grows, or is taken back in part, its new text after it."""
        self._write("UPDATE applied SET after = ? WHERE edit_id = ?", (after, edit_id))

    def forget(self, edit_id: int) -> None:
        """Strike out an edit that was not applied after all: neither undo nor redo is about it."""
        self._write("DELETE FROM applied WHERE edit_id = ?", (edit_id,))

    def rename(self, old: str, new: str) -> None:
        """File under ``new`` what was kept of the notebook ``old``, or of the notebooks in a folder of that path."""

        def work(db: sqlite3.Connection) -> None:
            for table, column in (("turns", "notebook_path"), ("applied", "scope")):
                now = f"?2 || substr({column}, length(?1) + 1)"
                record = f", record = json_set(record, '$.notebook_path', {now})" if table == "turns" else ""
                db.execute(
                    f"UPDATE {table} SET {column} = {now}{record}"  # noqa: S608 - only our own constants
                    f" WHERE {column} = ?1 OR substr({column}, 1, length(?3)) = ?3",
                    (old, new, old + os.sep),
                )

        self._transact(work)

    def clear(self) -> None:
        """Forget everything, and overwrite it in the file."""

        def work(db: sqlite3.Connection) -> None:
            for table in ("turns", "proposals", "applied"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608

        self._transact(work)
        self._run(_store.shrink)

    # --- asking ---

    def last_applied(self, scope: str, undone: bool = False) -> AppliedEdit | None:
        """Return the edit that undo takes back next in a scope, or (``undone``) the one that redo brings again."""
        which = "undone_order > 0 ORDER BY undone_order" if undone else "undone_order IS NULL ORDER BY edit_id"
        return next(iter(self._applied(f"{_APPLIED} AND {which} DESC LIMIT 1", (scope,))), None)

    def applied(self, scope: str, limit: int = 20) -> list[AppliedEdit]:
        """Return the edits of a scope, the newest first."""
        return self._applied(f"{_APPLIED} ORDER BY edit_id DESC LIMIT ?", (scope, limit))

    def applied_by(self, turn_id: str) -> list[AppliedEdit]:
        """Return the edits that one turn led to, in any scope, the newest first."""
        return self._applied(f"{_APPLIED_BY_TURN} ORDER BY edit_id DESC", (turn_id,))

    def turns(self, limit: int = 20, notebook_path: str | None = None) -> list[TurnRecord]:
        """Return turns, the newest first; with a path only those of that notebook."""
        query = (
            "SELECT record FROM turns WHERE ?1 IS NULL OR notebook_path = ?1"
            " ORDER BY created_at_s DESC, rowid DESC LIMIT ?2"
        )
        return self._records(TurnRecord, query, (notebook_path, limit))

    def sums(self, since_s: float) -> list[tuple[Any, ...]]:
        """Return what turns since a time took: tier, turns, tokens in, out and cached, US dollars or None; by tier."""

        def work(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
            return db.execute(_SUMS, (since_s,)).fetchall()

        return self._run(work)

    def turn(self, turn_id: str) -> TurnRecord | None:
        """Return a turn."""
        found = self._records(TurnRecord, "SELECT record FROM turns WHERE turn_id = ?", (turn_id,))
        return next(iter(found), None)

    def proposal(self, turn_id: str) -> Proposal | None:
        """Return a turn's proposal, the last if it was repaired."""
        query = "SELECT record FROM proposals WHERE turn_id = ? ORDER BY rowid DESC LIMIT 1"
        return next(iter(self._records(Proposal, query, (turn_id,))), None)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, _one_line(self.path):
            self._db.close()

    # --- underneath ---

    def _applied(self, query: str, values: tuple[Any, ...]) -> list[AppliedEdit]:
        def work(db: sqlite3.Connection) -> list[AppliedEdit]:
            with closing(db.execute(query, values)) as cursor:
                names = [column[0] for column in cursor.description]
                return [AppliedEdit(**dict(zip(names, row, strict=True))) for row in cursor]

        return self._run(work)

    def _records(self, model: type[M], query: str, values: tuple[Any, ...]) -> list[M]:
        found: list[M] = []
        for (record,) in self._run(lambda db: db.execute(query, values).fetchall()):
            with suppress(ValidationError):  # one that another version wrote hides only itself
                found.append(model.model_validate(json.loads(record)))
        return found

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        self._transact(lambda db: db.execute(statement, values))

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def transaction(db: sqlite3.Connection) -> T:
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                db.rollback()
                raise
            self._writes += 1
            if self._writes % _PRUNE_EVERY_WRITES == 0 or _store.is_too_large(db, self._limits):
                self._prune(db)
            return result

        return self._run(transaction)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if os.getpid() != self._pid:
            # SQLite forbids a connection in a forked child; a child of the user's own has nothing to record.
            raise JournalError("The journal belongs to the parent process.", "Open it again.", code="journal_fork")
        with self._lock, _one_line(self.path):
            try:
                return work(self._db)
            except sqlite3.DatabaseError as error:
                if not _store.is_damage(error):
                    raise
                self._db.close()
                self._start_over()
                return work(self._db)

    def _prune(self, db: sqlite3.Connection) -> None:
        try:
            _store.prune(db, self._limits)
        except sqlite3.OperationalError as error:
            # What was written is written. If another process was busy, a later write tries again.
            if "locked" not in str(error):
                self.problem = f"The journal {self.path} cannot be made smaller: {error}."

    def _start_over(self) -> None:
        kept = _store.set_aside(self.path)
        self._db = _store.connect(self.path, self._limits)
        if kept:
            self.problem = f"The journal was damaged; it is kept as {kept.name} and a new one begun."


def _to_json(record: WireModel) -> str:
    # Not pydantic's own: it refuses half a surrogate pair, which a stopped answer may well end with.
    return json.dumps(record.model_dump(), default=str)


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeError) as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise JournalError(
                "The journal is locked by another process.", "Try again in a moment.", code="journal_locked"
            ) from None
        raise JournalError(
            f"The journal {path} cannot be used: {error}.",
            f"Mend its rights, free some space, or set {_store.SWITCH} to another file or to off.",
        ) from None
