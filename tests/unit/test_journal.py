"""The journal: what it keeps, undo and redo, its bounds, and everything that can be wrong with its file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_spark.errors import JournalError
from jupyter_spark.journal import (
    Journal,
    SafeJournal,
    _store,
    journal_path,
    judge_edit,
    kernel_scope,
    notebook_scope,
    open_journal,
)
from jupyter_spark.settings import Limits
from jupyter_spark.wire import AppliedEdit, CellEdit, CheckResult, Proposal, TurnRecord, text_hash

SMALL = Limits(journal_max_bytes=400_000)
DAY_S = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., Journal]]:
    journals: list[Journal] = []

    def open_(limits: Limits | None = None) -> Journal:
        journals.append(open_journal(path, limits))
        return journals[-1]

    yield open_
    for journal in journals:
        journal.close()


@pytest.fixture
def journal(opened: Callable[..., Journal]) -> Journal:
    return opened()


def turn(turn_id: str = "t1", created_at_s: float | None = None, **changes: object) -> TurnRecord:
    values: dict[str, object] = {
        "turn_id": turn_id,
        "created_at_s": time.time() if created_at_s is None else created_at_s,
        "kind": "rewrite",
        "instruction": "schneller – 速く",
        "tier": "spark",
        "profile": "local",
        "model": "m",
        "status": "running",
    }
    return TurnRecord.model_validate(values | changes)


def proposal(proposal_id: str, turn_id: str = "t1", new: str = "y") -> Proposal:
    edit = CellEdit(cell_id="c", operation="replace", old_source="x", new_source=new, base_hash=text_hash("x"))
    return Proposal(
        proposal_id=proposal_id,
        turn_id=turn_id,
        edit=edit,
        checks=(CheckResult(name="parses", ok=False, message="no", line=1),),
    )


def apply(journal: Journal, after: str, scope: str = "s", before: str = "") -> AppliedEdit:
    return journal.record_applied("t1", scope, "c", "replace", before, after)


def undo(journal: Journal, scope: str = "s") -> str | None:
    edit = journal.last_applied(scope)
    return edit.after if edit and journal.mark(edit.edit_id, True) else None


def redo(journal: Journal, scope: str = "s") -> str | None:
    edit = journal.last_applied(scope, undone=True)
    return edit.after if edit and journal.mark(edit.edit_id, False) else None


def size_bytes(path: Path) -> int:
    return sum(p.stat().st_size for p in (path, Path(f"{path}-wal")) if p.exists())


def run_child(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another process that works on the journal."""
    head = "import sys, time\nfrom pathlib import Path\nfrom jupyter_spark.journal import open_journal\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + program, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


# --- what is kept ----------------------------------------------------------------------------------


def test_turns_come_back_newest_first_and_are_replaced_by_id(journal: Journal) -> None:
    now = time.time()
    journal.record_turn(turn("a", now - 2, notebook_path="/n/1.ipynb"))
    journal.record_turn(turn("b", now - 1, notebook_path="/n/2.ipynb"))
    journal.record_turn(turn("c", now))
    done = turn(
        "a", now - 2, notebook_path="/n/1.ipynb", status="finished", text="half \ud83d", figures={"total_s": 1.5}
    )
    journal.record_turn(done)
    assert [found.turn_id for found in journal.turns()] == ["c", "b", "a"]
    assert [found.turn_id for found in journal.turns(limit=2)] == ["c", "b"]
    assert journal.turns(10, "/n/1.ipynb") == [done] and journal.turn("a") == done
    assert journal.turn("none") is None and journal.turns(10, "/none") == []


def test_the_last_proposal_of_a_turn_is_its_proposal(journal: Journal) -> None:
    journal.record_proposal(proposal("p1"))
    journal.record_proposal(proposal("p2", new="z"))
    journal.record_proposal(proposal("p3", turn_id="t2"))
    assert journal.proposal("t1") == proposal("p2", new="z")
    assert journal.proposal("none") is None


def test_an_applied_edit_is_kept_to_the_letter(journal: Journal) -> None:
    before, after, raw = "a\r\n\x00b – 😀", "\tc\u2028", '["a\\r\\n",\r\n "b"]'
    kept = journal.record_applied("t1", "/n.ipynb", "#3", "insert_below", before, after, raw)
    assert (kept.before, kept.after, kept.raw_before, kept.undone) == (before, after, raw, False)
    assert journal.last_applied("/n.ipynb") == kept
    assert journal.applied("/n.ipynb") == [kept]


def test_a_record_that_cannot_be_read_hides_only_itself(journal: Journal, path: Path) -> None:
    journal.record_turn(turn("a"))
    journal.record_turn(turn("b"))
    with sqlite3.connect(path) as db:
        db.execute("""UPDATE turns SET record = '{"of": "tomorrow"}' WHERE turn_id = 'b'""")
    db.close()
    assert [found.turn_id for found in journal.turns()] == ["a"]


def test_clear_forgets_everything_also_in_the_file(journal: Journal, path: Path) -> None:
    journal.record_turn(turn("a", text="FINDME-turn"))
    journal.record_proposal(proposal("p", new="FINDME-proposal"))
    apply(journal, "FINDME-edit")
    journal.clear()
    assert journal.turns() == [] and journal.proposal("t1") is None and journal.applied("s") == []
    everything = b"".join(p.read_bytes() for p in path.parent.iterdir())
    assert b"FINDME" not in everything


# --- undo and redo ---------------------------------------------------------------------------------


def test_undo_and_redo_are_a_stack(journal: Journal) -> None:
    assert undo(journal) is None and redo(journal) is None
    for after in "123":
        apply(journal, after)
    apply(journal, "other", scope="other")
    assert [undo(journal), undo(journal), redo(journal), undo(journal), undo(journal), undo(journal)] == [
        *("3", "2", "2", "2", "1", None)
    ]
    assert [redo(journal), redo(journal), redo(journal), redo(journal)] == ["1", "2", "3", None]
    assert [edit.undone for edit in journal.applied("s")] == [False] * 3
    assert undo(journal, "other") == "other"


def test_a_new_edit_clears_what_could_be_redone_in_its_scope_only(journal: Journal) -> None:
    for after in "12":
        apply(journal, after)
        apply(journal, after, scope="other")
    undo(journal)
    undo(journal, "other")
    apply(journal, "3")
    assert redo(journal) is None and redo(journal, "other") == "2"
    assert [undo(journal), undo(journal), undo(journal)] == ["3", "1", None]
    assert [redo(journal), redo(journal), redo(journal)] == ["1", "3", None]
    assert [(edit.after, edit.undone) for edit in journal.applied("s", limit=2)] == [("3", False), ("2", True)]


def test_redo_brings_again_what_was_taken_back_last(journal: Journal) -> None:
    first, _, third = (apply(journal, after) for after in "123")
    journal.mark(first.edit_id, True)
    journal.mark(third.edit_id, True)
    assert [redo(journal), redo(journal), redo(journal)] == ["3", "1", None]


def test_only_one_of_two_takes_an_edit_back(journal: Journal, opened: Callable[..., Journal]) -> None:
    edit = apply(journal, "1")
    assert opened().mark(edit.edit_id, True) is True
    assert journal.mark(edit.edit_id, True) is False
    with pytest.raises(JournalError, match="no edit 99"):
        journal.mark(99, True)


def test_undo_works_after_a_restart_and_in_another_process(path: Path, opened: Callable[..., Journal]) -> None:
    first = opened()
    for after in "12":
        apply(first, after)
    first.close()
    program = (
        "journal = open_journal(Path(sys.argv[1]))\nedit = journal.last_applied('s')\n"
        "journal.mark(edit.edit_id, True)\nprint(edit.after)"
    )
    child = run_child(program, path)
    assert child.communicate(timeout=60)[0].strip() == "2" and child.returncode == 0
    again = opened()
    assert undo(again) == "1" and redo(again) == "1" and redo(again) == "2"


def test_scopes(tmp_path: Path) -> None:
    real = tmp_path / "a.ipynb"
    (tmp_path / "link.ipynb").symlink_to(real)
    assert notebook_scope(tmp_path / "link.ipynb") == notebook_scope(str(real)) == os.path.realpath(real)
    assert kernel_scope("k1") == "kernel:k1"


# --- where it is, and who may read it --------------------------------------------------------------


def test_journal_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert journal_path({}) == tmp_path / "jupyter_spark" / "journal.db"
    assert journal_path({"JUPYTER_SPARK_JOURNAL": " Off "}) is None
    assert journal_path({"JUPYTER_SPARK_JOURNAL": "~/j.db"}) == Path.home() / "j.db"
    monkeypatch.setenv("JUPYTER_SPARK_JOURNAL", str(tmp_path / "j.db"))
    assert journal_path() == tmp_path / "j.db"
    open_journal().close()
    assert (tmp_path / "j.db").is_file()


@pytest.mark.parametrize("value", ["off", "0", "no", "False", "NONE", " disabled "])
def test_the_journal_is_switched_off_by_any_such_word(value: str) -> None:
    assert journal_path({"JUPYTER_SPARK_JOURNAL": value}) is None


@pytest.mark.parametrize("value", ["offf", "yes", "1", "disable"])
def test_a_word_becomes_no_file_and_stops_no_turn(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_SPARK_JOURNAL", value)
    with pytest.raises(JournalError, match="neither a file nor off") as caught:
        open_journal()
    assert caught.value.code == "journal_setting"
    assert f"./{value}.db" in caught.value.hint
    safe = SafeJournal()
    assert safe.turns() == []
    assert safe.problem is not None and "neither a file nor off" in safe.problem
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["j.db", "./j", "folder/j.sqlite"])
def test_a_file_may_be_named(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert journal_path({"JUPYTER_SPARK_JOURNAL": value}) == tmp_path / value


def test_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_SPARK_JOURNAL", "off")
    with pytest.raises(JournalError, match="switched off") as caught:
        open_journal()
    assert caught.value.code == "journal_off"
    safe = SafeJournal()
    safe.record_turn(turn())
    assert safe.turns() == [] and safe.problem is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_can_read_it_from_the_start(path: Path, opened: Callable[..., Journal]) -> None:
    made: list[int] = []
    before = os.umask(0)
    try:
        journal = opened()
        journal.record_turn(turn())
    finally:
        os.umask(before)
    names = sorted(path.parent.iterdir())
    assert [p.name for p in names] == ["journal.db", "journal.db-shm", "journal.db-wal"]
    made = [stat.S_IMODE(p.stat().st_mode) for p in names]
    assert made == [0o600] * 3 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_that_others_could_read_is_closed_to_them(path: Path, opened: Callable[..., Journal]) -> None:
    opened().close()
    path.chmod(0o644)
    opened()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# --- bounds ----------------------------------------------------------------------------------------


def test_what_is_too_old_goes_but_not_what_can_be_undone(journal: Journal, opened: Callable[..., Journal]) -> None:
    old_s = time.time() - 91 * DAY_S
    journal.record_turn(turn("old", old_s))
    journal.record_turn(turn("new"))
    journal.record_proposal(proposal("old"))
    for after in "123":
        apply(journal, after)
    undo(journal)
    with sqlite3.connect(journal.path) as db:
        db.execute("UPDATE applied SET created_at_s = ?", (old_s,))
        db.execute("UPDATE proposals SET created_at_s = ?", (old_s,))
    db.close()
    again = opened()
    assert [found.turn_id for found in again.turns()] == ["new"] and again.proposal("t1") is None
    assert [edit.after for edit in again.applied("s")] == ["2"] and undo(again) == "2"


def test_the_size_stays_bounded_and_the_newest_stays(path: Path, opened: Callable[..., Journal]) -> None:
    journal = opened(SMALL)
    apply(journal, "keep me", scope="old notebook")
    apply(journal, "and me", scope="s")
    undo(journal)
    largest = 0
    for i in range(300):
        journal.record_turn(turn(f"t{i}", text="x" * 5_000))
        journal.record_proposal(proposal(f"p{i}", new="y" * 1_000))
        if i % 3 == 0:
            apply(journal, f"edit {i}" + "z" * 2_000)
        largest = max(largest, size_bytes(path))
    assert largest <= SMALL.journal_max_bytes
    assert journal.turns(1)[0].turn_id == "t299" and 10 < len(journal.turns(1000)) < 100
    assert (found := journal.last_applied("s")) and found.after.startswith("edit 297")
    assert undo(journal, "old notebook") == "keep me"


def test_the_file_shrinks_when_the_limit_does(path: Path, opened: Callable[..., Journal]) -> None:
    journal = opened()
    for i in range(200):
        apply(journal, "x" * 20_000, scope=f"scope {i}")
    journal.close()
    assert path.stat().st_size > 4_000_000
    again = opened(SMALL)
    again.close()
    assert path.stat().st_size < SMALL.journal_max_bytes
    # Even what could be undone goes when nothing else is left, the oldest first.
    last = opened(SMALL)
    assert last.last_applied("scope 199") and last.last_applied("scope 0") is None


def test_one_record_above_the_limit_empties_the_journal_and_no_more(opened: Callable[..., Journal]) -> None:
    journal = opened(SMALL)
    apply(journal, "x" * 2_000_000)
    journal.record_turn(turn("after"))
    assert journal.turn("after") and size_bytes(journal.path) < SMALL.journal_max_bytes


def test_it_is_pruned_while_it_is_open_too(opened: Callable[..., Journal]) -> None:
    journal = opened()
    journal.record_turn(turn("old", time.time() - 91 * DAY_S))
    assert journal.turn("old")
    for _ in range(100):
        journal.record_turn(turn("new"))
    assert journal.turn("old") is None and journal.turn("new")


def test_a_file_that_cannot_be_made_smaller_is_told_of_and_still_written(
    path: Path, opened: Callable[..., Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(SMALL)

    def fail(words: str) -> Callable[..., None]:
        def prune(*_: object) -> None:
            raise sqlite3.OperationalError(words)

        return prune

    monkeypatch.setattr(_store, "prune", fail("database is locked"))
    apply(journal, "x" * 400_000)
    assert journal.problem is None
    monkeypatch.setattr(_store, "prune", fail("database or disk is full"))
    apply(journal, "y" * 400_000)
    assert journal.problem and "disk is full" in journal.problem
    monkeypatch.undo()
    assert len(journal.applied("s")) == 2
    apply(journal, "z")
    assert [edit.after for edit in journal.applied("s")] == ["z"]


def test_a_failed_pruning_takes_nothing(journal: Journal) -> None:
    """A turn that is too old stays if something else about the pruning goes wrong."""
    journal.record_turn(turn("old", time.time() - 91 * DAY_S))
    with sqlite3.connect(journal.path) as db:
        db.execute("DROP TABLE applied")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        _store.prune(db, Limits())
    db.close()
    assert journal.turn("old")


# --- many at once ----------------------------------------------------------------------------------


def test_threads_share_one_journal(journal: Journal) -> None:
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for i in range(30):
                journal.record_turn(turn(f"{name}{i}"))
                apply(journal, f"{i}", scope=name)
                assert undo(journal, name) == f"{i}"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(journal.turns(1000)) == 120


def test_processes_share_one_file(path: Path, opened: Callable[..., Journal]) -> None:
    """Four processes make the file and write at once; nothing is lost."""
    program = (
        "journal = open_journal(Path(sys.argv[1]))\n"
        "for i in range(50): journal.record_applied('t', sys.argv[2], 'c', 'replace', '', str(i))\n"
    )
    children = [run_child(program, path, name) for name in "abcd"]
    for child in children:
        child.communicate(timeout=120)
    assert [child.returncode for child in children] == [0] * 4
    journal = opened()
    for name in "abcd":
        assert [edit.after for edit in journal.applied(name, 100)] == [str(i) for i in reversed(range(50))]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_forked_child_leaves_it_alone(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(JournalError, match="parent process"):
        journal.record_turn(turn())
    monkeypatch.undo()
    journal.record_turn(turn())


# --- what can be wrong -----------------------------------------------------------------------------


@pytest.fixture
def locked(path: Path, journal: Journal) -> Iterator[sqlite3.Connection]:
    """Somebody writes for a long time."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    yield db
    db.close()


def test_a_locked_journal_says_so_and_can_still_be_read(journal: Journal, locked: sqlite3.Connection) -> None:
    with pytest.raises(JournalError, match="locked by another process") as caught:
        journal.record_turn(turn())
    assert caught.value.code == "journal_locked"
    assert journal.turns() == []
    locked.execute("ROLLBACK")
    journal.record_turn(turn())
    assert len(journal.turns()) == 1


def test_a_locked_journal_can_be_opened(locked: sqlite3.Connection, opened: Callable[..., Journal]) -> None:
    assert opened().turns() == []


def test_a_file_locked_before_it_is_a_journal(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalError, match="locked"):
        open_journal(path)
    db.close()


def damage(path: Path) -> None:
    """Overwrite all pages but the first, as a bad disk would."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xaa" * (size - 4096))


@pytest.mark.parametrize("content", [b"hello, I am not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_file_is_set_aside_and_a_new_one_begun(
    path: Path, opened: Callable[..., Journal], content: bytes
) -> None:
    path.parent.mkdir()
    for n in (1, 2):
        path.write_bytes(content)
        journal = opened()
        kept = path.with_name(f"journal.db.broken-{n}")
        assert kept.read_bytes() == content
        assert journal.problem and kept.name in journal.problem and "\n" not in journal.problem
        journal.record_turn(turn())
        assert len(journal.turns()) == 1
        journal.close()
        path.unlink()
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o700 == 0o700


def test_a_file_that_breaks_while_it_is_open(path: Path, opened: Callable[..., Journal]) -> None:
    writer = opened()
    for i in range(50):
        writer.record_turn(turn(f"t{i}", text="x" * 2_000))
    writer.close()
    journal, other = opened(), opened()
    damage(path)
    broken = path.read_bytes()
    journal.record_turn(turn("new"))
    assert journal.problem and [found.turn_id for found in journal.turns()] == ["new"]
    # The second to find it broken joins the new file rather than set that aside too.
    assert other.turn("new") == journal.turn("new")
    kept = [p.name for p in path.parent.iterdir() if "broken" in p.name and p.suffix.startswith(".broken")]
    assert [name for name in kept if not name.endswith(("-wal", "-shm"))] == ["journal.db.broken-1"]
    assert path.with_name("journal.db.broken-1").read_bytes()[4096:] == broken[4096:]


def test_a_sound_file_is_not_set_aside(path: Path, journal: Journal, tmp_path: Path) -> None:
    assert _store.set_aside(path) is None and path.exists()
    assert _store.set_aside(tmp_path / "none.db") is None and not (tmp_path / "none.db").exists()


def test_a_locked_file_is_not_taken_for_a_broken_one(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("CREATE TABLE t (x)")
    db.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        _store.set_aside(path)
    db.close()


def test_a_newer_version_is_left_alone(path: Path, opened: Callable[..., Journal]) -> None:
    opened().close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match="version 99") as caught:
        open_journal(path)
    assert caught.value.code == "journal_newer"
    assert [p.name for p in path.parent.iterdir()] == ["journal.db"]


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE mine (x)")
    db.close()
    content = path.read_bytes()
    with pytest.raises(JournalError, match="something else"):
        open_journal(path)
    assert path.read_bytes() == content


def test_places_that_cannot_hold_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "file" / "journal.db"):
        with pytest.raises(JournalError, match="cannot be used") as caught:
            open_journal(place)
        assert "\n" not in str(caught.value) and "JUPYTER_SPARK_JOURNAL" in caught.value.hint


def test_text_that_sqlite_cannot_hold_is_refused_whole(journal: Journal) -> None:
    with pytest.raises(JournalError, match="cannot be used"):
        apply(journal, "\ud83d")
    assert journal.applied("s") == []
    apply(journal, "next")
    assert undo(journal) == "next"


def test_a_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.turns()


# --- the one that never stops a turn ---------------------------------------------------------------


def test_what_was_kept_goes_with_a_notebook_that_is_renamed(journal: Journal) -> None:
    """Turns, edits and what undo is about; of one that runs, the end too. A longer name is another notebook."""
    old, new, other = "/n/old.ipynb", "/n/new.ipynb", "/n/old.ipynb.ipynb"
    journal.record_turn(turn("mine", notebook_path=old, status="running"))
    journal.record_turn(turn("other", notebook_path=other))
    journal.record_applied("mine", old, "c", "replace", "a", "b")
    journal.rename(old, new)
    journal.record_turn(turn("mine", notebook_path=old))  # as its host knew it when it began
    assert [kept.turn_id for kept in journal.turns(notebook_path=new)] == ["mine"]
    assert journal.turns(notebook_path=old) == []
    ended = journal.turn("mine")
    assert ended and (ended.notebook_path, ended.status) == (new, turn().status)
    assert [kept.turn_id for kept in journal.turns(notebook_path=other)] == ["other"]
    edit = journal.last_applied(new)
    assert edit and edit.after == "b"
    judge_edit(journal, "mine", old, "c", "replace", "taken_back", "b", "a")  # type: ignore[arg-type]
    assert journal.last_applied(new) is None


def test_what_was_kept_goes_with_a_folder_that_is_renamed(journal: Journal) -> None:
    inside, beside = f"{os.sep}n{os.sep}%a_{os.sep}x.ipynb", f"{os.sep}n{os.sep}%ab{os.sep}x.ipynb"
    journal.record_turn(turn("inside", notebook_path=inside))
    journal.record_turn(turn("beside", notebook_path=beside))
    journal.rename(f"{os.sep}n{os.sep}%a_", f"{os.sep}m")
    assert [kept.turn_id for kept in journal.turns(notebook_path=f"{os.sep}m{os.sep}x.ipynb")] == ["inside"]
    assert [kept.turn_id for kept in journal.turns(notebook_path=beside)] == ["beside"]


def test_safe_journal_does_what_the_journal_does(path: Path) -> None:
    safe = SafeJournal(lambda: open_journal(path))
    safe.close()  # before it was ever used
    safe = SafeJournal(lambda: open_journal(path))
    assert not path.exists()
    safe.record_turn(turn())
    safe.record_proposal(proposal("p"))
    edit = safe.record_applied("t1", "s", "c", "replace", "a", "b", "raw")
    assert edit is not None and safe.last_applied("s") == edit and edit.raw_before == "raw"
    assert safe.mark(edit.edit_id, True) and safe.last_applied("s", undone=True) is not None
    assert len(safe.applied("s")) == len(safe.turns()) == 1
    assert safe.turn("t1") is not None and safe.proposal("t1") == proposal("p")
    assert safe.problem is None
    safe.close()
    assert safe.turns() == [] and safe.problem is None


def test_safe_journal_keeps_the_first_failure_and_then_does_nothing(tmp_path: Path) -> None:
    tries: list[int] = []

    def opener() -> Journal:
        tries.append(1)
        return open_journal(tmp_path)

    safe = SafeJournal(opener)
    safe.record_turn(turn())
    safe.record_proposal(proposal("p"))
    assert safe.record_applied("t", "s", "c", "replace", "a", "b") is None
    assert safe.turns() == safe.applied("s") == [] and safe.last_applied("s") is None
    assert safe.turn("t") is None and safe.proposal("t") is None and safe.mark(1, True) is False
    assert len(tries) == 1
    assert safe.problem and "cannot be used" in safe.problem and "\n" not in safe.problem


def test_safe_journal_tells_that_a_file_was_set_aside(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"junk" * 1000)
    safe = SafeJournal(lambda: open_journal(path))
    safe.record_turn(turn())
    assert len(safe.turns()) == 1 and safe.problem and "broken-1" in safe.problem
    safe.close()


@pytest.mark.parametrize(("pause_s", "kept"), [(0.0, 1), (1e6, 0)])
def test_safe_journal_pauses_after_a_lock(path: Path, locked: sqlite3.Connection, pause_s: float, kept: int) -> None:
    safe = SafeJournal(lambda: open_journal(path), locked_pause_s=pause_s)
    safe.record_turn(turn("lost"))
    locked.execute("ROLLBACK")
    safe.record_turn(turn("later"))
    assert len(safe.turns()) == kept
    assert safe.problem and "locked" in safe.problem
    safe.close()
