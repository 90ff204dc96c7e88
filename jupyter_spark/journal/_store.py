"""The journal's SQLite file: where it is, how it is made, what is done when it is broken or too large."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jupyter_spark.errors import JournalError
from jupyter_spark.settings import Limits

SWITCH = "JUPYTER_SPARK_JOURNAL"
OFF = frozenset({"off", "0", "no", "false", "none", "disabled"})
SCHEMA_VERSION = 1
# How long a turn may be held up by another process that writes; a write takes well under a millisecond.
BUSY_S = 0.25
# Shares of ``journal_max_bytes``: the file is pruned above the first, down to the second; the write-ahead log has the
# third, so that all of it together stays below the limit.
_PRUNE_ABOVE, _PRUNE_TO, _LOG_SHARE = 0.85, 0.7, 0.125
_ROW_BYTES = 200  # what a row takes beside its texts, roughly
_DAY_S = 86_400.0

# undone_order is NULL for an edit that stands, 0 for one taken back for good (a new edit came after), and otherwise
# counts up: the largest is the one that redo brings again.
_SCHEMA = (
    "CREATE TABLE turns (turn_id TEXT PRIMARY KEY, created_at_s REAL NOT NULL, notebook_path TEXT,"
    " record TEXT NOT NULL)",
    "CREATE INDEX turns_by_time ON turns (created_at_s)",
    "CREATE TABLE proposals (proposal_id TEXT PRIMARY KEY, turn_id TEXT NOT NULL, created_at_s REAL NOT NULL,"
    " record TEXT NOT NULL)",
    "CREATE INDEX proposals_by_turn ON proposals (turn_id)",
    "CREATE TABLE applied (edit_id INTEGER PRIMARY KEY AUTOINCREMENT, turn_id TEXT NOT NULL,"
    " created_at_s REAL NOT NULL, scope TEXT NOT NULL, cell_id TEXT NOT NULL, operation TEXT NOT NULL,"
    " before TEXT NOT NULL, after TEXT NOT NULL, raw_before TEXT, undone_order INTEGER)",
    "CREATE INDEX applied_by_scope ON applied (scope, edit_id)",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
_NEWEST_OF_SCOPE = "SELECT max(edit_id) FROM applied WHERE undone_order IS NULL GROUP BY scope"
# What can still be undone goes last.
_OLDEST_FIRST = f"""
    SELECT kind, id, bytes FROM (
    SELECT 'turns' AS kind, rowid AS id, created_at_s, length(CAST(record AS BLOB)) AS bytes FROM turns
    UNION ALL SELECT 'proposals', rowid, created_at_s, length(CAST(record AS BLOB)) FROM proposals
    UNION ALL SELECT 'applied', edit_id, created_at_s, length(CAST(before AS BLOB)) + length(CAST(after AS BLOB))
        + coalesce(length(CAST(raw_before AS BLOB)), 0) FROM applied
    ) ORDER BY kind = 'applied' AND id IN ({_NEWEST_OF_SCOPE}), created_at_s, id
"""  # noqa: S608 - only our own constants
_DELETE = {
    "turns": "DELETE FROM turns WHERE rowid = ?",
    "proposals": "DELETE FROM proposals WHERE rowid = ?",
    "applied": "DELETE FROM applied WHERE edit_id = ?",
}


def journal_path(env: Mapping[str, str] | None = None) -> Path | None:
    """Return where the journal is, or None if it is switched off (``JUPYTER_SPARK_JOURNAL=off``, ``0``, ``no``, ...).

    Raises
    ------
    JournalError
        What is set is neither a switch nor a file: a single word would become a file of that name wherever one is.
    """
    value = (os.environ if env is None else env).get(SWITCH, "").strip()
    if value.lower() in OFF:
        return None
    if value:
        path = Path(value)
        if path.name == value and not path.suffix and value not in (".", "..", "~"):
            raise JournalError(
                f"{SWITCH}={value} is neither a file nor off.",
                f"Set it to off, or to a file with its path, e.g. ./{value}.db",
                code="journal_setting",
            )
        return path.expanduser().absolute()
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "jupyter_spark" / "journal.db"


def connect(path: Path, limits: Limits) -> sqlite3.Connection:
    """Open the file, or make it.

    Raises
    ------
    JournalError
        The file is a newer version's, or not a journal.
    OSError, sqlite3.Error
        It cannot be opened; ``sqlite3.DatabaseError`` itself (no subclass) if it is damaged.
    """
    _make_private(path)
    deadline_s = time.monotonic() + 2 * BUSY_S
    while True:
        try:
            return _connect_once(path, limits)
        except sqlite3.OperationalError as error:  # noqa: PERF203
            # Two that open a new file at once meet in a step that SQLite does not wait for.
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
            time.sleep(0.02)


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # Made owner-only, not changed to it afterwards; SQLite gives the mode to the files beside it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        with suppress(OSError):
            if path.is_file() and path.stat().st_mode & 0o077:
                path.chmod(0o600)


def _connect_once(path: Path, limits: Limits) -> sqlite3.Connection:
    # The journal itself serialises the threads.
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        if _number(db, "user_version") == 0:
            _create(db, path)
        if (version := _number(db, "user_version")) > SCHEMA_VERSION:
            raise JournalError(
                f"The journal {path} is of version {version}, made by a newer jupyter_spark.",
                f"Install the newer jupyter_spark, or set {SWITCH} to another file.",
                code="journal_newer",
            )
        log_bytes = int(limits.journal_max_bytes * _LOG_SHARE)
        log_pages = min(1000, max(4, log_bytes // _number(db, "page_size")))
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "secure_delete = ON",
            f"wal_autocheckpoint = {log_pages}",
            f"journal_size_limit = {log_bytes}",
        ):
            db.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        db.close()
        raise
    return db


def _create(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("BEGIN IMMEDIATE")
    try:
        if _number(db, "user_version") == 0:  # another process may have been first
            if db.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise JournalError(
                    f"{path} is a database of something else.", f"Set {SWITCH} to another file.", code="not_a_journal"
                )
            for statement in _SCHEMA:
                db.execute(statement)
    except BaseException:
        db.rollback()
        raise
    db.execute("COMMIT")


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])


# --- a broken file ---------------------------------------------------------------------------------


def is_damage(error: BaseException) -> bool:
    """Whether an error says that the file is damaged, rather than busy, full or not allowed."""
    return type(error) is sqlite3.DatabaseError


def set_aside(path: Path) -> Path | None:
    """Rename a damaged file to ``<name>.broken-<n>``; None if another process did so already."""
    from filelock import FileLock

    with FileLock(f"{path}.lock", timeout=2.0, mode=0o600):
        if _is_sound(path):
            return None
        kept = next(p for n in itertools.count(1) if not (p := Path(f"{path}.broken-{n}")).exists())
        for suffix in ("-wal", "-shm", "-journal", ""):
            with suppress(FileNotFoundError):
                Path(f"{path}{suffix}").rename(f"{kept}{suffix}")
        return kept


def _is_sound(path: Path) -> bool:
    if not path.exists():  # between another process's rename and its new file
        return True
    db = sqlite3.connect(path, timeout=BUSY_S)
    try:
        return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return False
    finally:
        db.close()


# --- bounds ----------------------------------------------------------------------------------------


def is_too_large(db: sqlite3.Connection, limits: Limits) -> bool:
    """Whether the file should be pruned now."""
    return _number(db, "page_count") * _number(db, "page_size") > limits.journal_max_bytes * _PRUNE_ABOVE


def prune(db: sqlite3.Connection, limits: Limits) -> None:
    """Forget what is too old, then the oldest of what is too much, and shrink the file.

    The newest edit of each scope that can be undone does not age; it goes only for the size, and last.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        oldest_s = time.time() - limits.journal_max_age_days * _DAY_S
        db.execute("DELETE FROM turns WHERE created_at_s < ?", (oldest_s,))
        db.execute("DELETE FROM proposals WHERE created_at_s < ?", (oldest_s,))
        db.execute(
            f"DELETE FROM applied WHERE created_at_s < ? AND edit_id NOT IN ({_NEWEST_OF_SCOPE})",  # noqa: S608
            (oldest_s,),
        )
        if is_too_large(db, limits):
            _forget_oldest(db, int(limits.journal_max_bytes * _PRUNE_TO))
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise
    if _number(db, "freelist_count"):
        shrink(db)


def _forget_oldest(db: sqlite3.Connection, target_bytes: int) -> None:
    page_bytes = _number(db, "page_size")
    while (excess := (_number(db, "page_count") - _number(db, "freelist_count")) * page_bytes - target_bytes) > 0:
        forgotten = 0
        for kind, row, size in db.execute(_OLDEST_FIRST).fetchall():
            db.execute(_DELETE[kind], (row,))
            forgotten += size + _ROW_BYTES
            if forgotten >= excess:
                break
        if not forgotten:
            return


def shrink(db: sqlite3.Connection) -> None:
    """Give free pages and the write-ahead log back to the file system."""
    db.executescript("PRAGMA incremental_vacuum")  # execute() would take one step, which frees one page
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
