"""``undo``, ``redo`` and ``history``: by the journal, across processes, and never over somebody else's change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Fenced = Callable[[str], str]


@pytest.fixture
def edited(user, fenced: Fenced) -> tuple[Path, list[bytes]]:
    """A notebook after two edits, and its bytes before, between and after them."""
    path = user.notebook("x = 1", "y = 2")
    states = [path.read_bytes()]
    for index, code in enumerate(("x = 10", "y = 20")):
        user.answer(fenced(code))
        assert user.run("rewrite", path, "--cell", str(index), "ten times", "--apply").status == 0
        states.append(path.read_bytes())
    return path, states


def test_edits_are_undone_and_redone_one_by_one(user, edited: tuple[Path, list[bytes]]) -> None:
    path, states = edited
    for state in (states[1], states[0]):
        assert user.run("undo", path).status == 0
        assert path.read_bytes() == state
    done = user.run("undo", path)
    assert (done.status, done.out) == (1, "")
    assert done.err == f"error: There is nothing to undo in {path}. See: jupyter spark history\n"
    for state in states[1:]:
        assert user.run("redo", path).status == 0
        assert path.read_bytes() == state
    assert "nothing to redo" in user.run("redo", path).err


def test_undo_shows_what_it_did(user, edited: tuple[Path, list[bytes]]) -> None:
    path, _ = edited
    done = user.run("undo", path)
    assert done.out.splitlines()[2:] == ["@@ -1 +1 @@", "-y = 20", "+y = 2"]
    assert done.err.startswith("✓ the edit of cell 1 is taken back")
    told = user.run("undo", path, "--json").json
    assert (told["undone"], told["cell"]) == (True, {"index": 0, "id": "cell-0"})


def test_a_cell_that_changed_since_is_left_alone(user, edited: tuple[Path, list[bytes]]) -> None:
    path, states = edited
    theirs = states[2].replace(b"y = 20", b"y = 2000")
    path.write_bytes(theirs)
    for _ in range(2):
        done = user.run("undo", path)
        assert done.status == 1
        assert done.err == "error: Cell 1 was changed meanwhile. Nothing was written; look at the cell and try again.\n"
        assert path.read_bytes() == theirs
    path.write_bytes(states[2])  # once it is as it was, undo works: the refusal forgot nothing
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == states[1]


def test_other_cells_may_change_before_an_undo(user, edited: tuple[Path, list[bytes]]) -> None:
    path, states = edited
    path.write_bytes(states[2].replace(b"x = 10", b"x = 11"))
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == states[1].replace(b"x = 10", b"x = 11")


def test_a_cell_that_is_gone_is_said(user, edited: tuple[Path, list[bytes]]) -> None:
    path, states = edited
    path.write_bytes(states[2].replace(b"cell-1", b"other"))
    assert "no longer in the notebook" in user.run("undo", path).err


def test_a_write_that_fails_keeps_the_undo(
    user, edited: tuple[Path, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, states = edited

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("jupyter_spark.cli.undo.write_atomically", refuse)
        done = user.run("undo", path)
    assert done.err.startswith(f"error: {path}: No space left on device.")
    assert path.read_bytes() == states[2]
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == states[1]


def test_the_journal_knows_a_notebook_by_whatever_name(user, edited: tuple[Path, list[bytes]]) -> None:
    path, states = edited
    link = user.home / "link.ipynb"
    link.symlink_to(path)
    assert user.run("ask", link, "what is x").status == 0
    assert len(user.run("history", path, "--json").json["turns"]) == 3
    assert user.run("undo", link).status == 0
    assert link.is_symlink()
    assert path.read_bytes() == states[1]
    assert user.run("undo", os.path.relpath(path)).status == 0
    assert path.read_bytes() == states[0]


def test_another_process_undoes_it_too(user, edited: tuple[Path, list[bytes]]) -> None:
    path, states = edited
    out, err = (process := user.start("undo", path)).communicate(timeout=60)
    assert process.returncode == 0, err
    assert "-y = 20" in out
    assert path.read_bytes() == states[1]


def test_history_lists_the_newest_first(user, edited: tuple[Path, list[bytes]]) -> None:
    path, _ = edited
    other = user.notebook("z = 3", name="other.ipynb")
    assert user.run("ask", other, "what is z").status == 0
    done = user.run("history")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert rows[0] == ["WHEN", "KIND", "STATUS", "NOTEBOOK", "MODEL", "TOOK", "WORDS"]
    assert [row[1] for row in rows[1:]] == ["ask", "rewrite", "rewrite"]
    assert rows[1][2:5] == ["finished", "other.ipynb", "script.jsonl"]
    assert rows[1][6] == "what is z"
    assert len(user.run("history", path).out.splitlines()) == 3
    assert len(user.run("history", "-n", "1").out.splitlines()) == 2
    told = user.run("history", "--json", os.path.relpath(path)).json["turns"]
    assert [turn["instruction"] for turn in told] == ["ten times", "ten times"]
    assert told[0]["figures"]["usage"]["output_tokens"] > 0


def test_history_can_be_cleared(user, edited: tuple[Path, list[bytes]]) -> None:
    path, _ = edited
    assert user.run("history", "--clear", path).status == 2
    assert user.run("history", "--clear").status == 0
    done = user.run("history")
    assert (done.status, done.out, done.err) == (0, "", "No turns yet.\n")
    assert user.run("undo", path).status == 1
