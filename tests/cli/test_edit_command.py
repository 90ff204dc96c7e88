"""``rewrite`` and ``fix``: the diff, the checks, what is written and what never is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook import apply_edits
from jupyter_spark.wire import CellEdit

Fenced = Callable[[str], str]
OLD = "total = 0\nfor n in range(10):\n    total += n"
NEW = "total = sum(range(10))"
BROKEN = "total = sum(range(10)"


def test_without_apply_the_diff_is_printed_and_nothing_written(user, fenced: Fenced) -> None:
    path = user.notebook("import math", OLD)
    before = path.read_bytes()
    user.answer("Shorter:\n" + fenced(NEW) + "It sums.")
    done = user.run("rewrite", path, "--cell", "1", "use sum, please simplify")
    assert done.status == 0
    assert done.out.splitlines() == [
        f"--- {path} cell 1",
        f"+++ {path} cell 1",
        "@@ -1,3 +1 @@",
        *(f"-{line}" for line in OLD.splitlines()),
        f"+{NEW}",
    ]
    assert done.err_lines[:2] == ["Shorter:", "It sums."]
    assert done.err_lines[-1].startswith("✓ spark · script.jsonl · first token ")
    assert done.err_lines[-1].endswith("checks hold · not written (--apply writes it)")
    assert path.read_bytes() == before


@pytest.mark.parametrize("ref", ["1", "cell-1", "In[2]", "in [2]"])
def test_a_cell_is_named_by_index_id_or_count(user, fenced: Fenced, ref: str) -> None:
    path = user.notebook("import math", OLD)
    user.answer(fenced(NEW))
    assert user.run("rewrite", path, "--cell", ref, "simplify", "--apply").status == 0
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert [cell["source"] for cell in cells] == [["import math"], [NEW]]


def test_words_are_taken_as_they_are(user, fenced: Fenced) -> None:
    path = user.notebook("x = 1")
    words = """use {name} and "quotes" and 'these' -- and --apply $HOME %s \\n"""
    user.answer({"when": words, "answer": fenced("x = 2")})
    assert user.run("rewrite", path, "--cell", "0", words).status == 0
    user.answer({"when": "--flag is needed --apply", "answer": fenced("x = 2")})
    before = path.read_bytes()
    assert user.run("rewrite", path, "--cell", "0", "--", "--flag is", "needed", "--apply").status == 0
    assert path.read_bytes() == before


def test_words_come_from_stdin_for_a_dash(user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    path = user.notebook("x = 1")
    user.answer({"when": "from a pipe", "answer": fenced("x = 2")})
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe\n"))
    assert user.run("rewrite", path, "--cell", "0", "-").status == 0


def test_json_is_one_object_and_says_everything(user, fenced: Fenced) -> None:
    path = user.notebook("import math", OLD)
    user.answer(fenced(NEW))
    done = user.run("rewrite", path, "-c", "1", "simplify", "--apply", "--json")
    assert (done.status, done.err) == (0, "")
    told = done.json
    assert told["cell"] == {"index": 1, "id": "cell-1"}
    assert (told["kind"], told["tier"], told["profile"], told["model"]) == ("rewrite", "spark", "demo", "script.jsonl")
    assert (told["holds"], told["applied"], told["undoable"]) == (True, True, True)
    assert told["proposal"]["edit"]["new_source"] == NEW
    assert {check["name"] for check in told["proposal"]["checks"]} >= {"parses", "closed_fence", "names_known"}
    assert told["figures"]["usage"]["output_tokens"] > 0
    assert told["diff"].endswith(f"+{NEW}")
    assert "error" not in told


def test_an_edit_that_fails_a_check_is_not_written(user, fenced: Fenced) -> None:
    path = user.notebook(OLD)
    before = path.read_bytes()
    user.answer(fenced(BROKEN))
    for more in ([], ["--yes"], ["--apply"]):
        done = user.run("rewrite", path, "--cell", "0", "simplify", *more)
        assert done.status == 3, more
        assert done.err_lines[-1].startswith("error: A check did not hold: line 1: SyntaxError"), more
        assert "+" + BROKEN in done.out
        assert path.read_bytes() == before
    assert "--yes" in done.err_lines[-1]
    told = user.run("rewrite", path, "--cell", "0", "simplify", "--apply", "--json").json
    assert (told["holds"], told["applied"]) == (False, False)
    assert (told["error"]["code"], told["error"]["exit_status"]) == ("edit_refused", 3)


def test_yes_writes_it_all_the_same_and_undo_takes_it_back(user, fenced: Fenced) -> None:
    path = user.notebook(OLD)
    before = path.read_bytes()
    user.answer(fenced(BROKEN))
    done = user.run("rewrite", path, "--cell", "0", "simplify", "--apply", "--yes")
    assert done.status == 0
    assert done.err_lines[-1].startswith("✗")
    assert json.loads(path.read_text("utf-8"))["cells"][0]["source"] == [BROKEN]
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == before


def test_a_repaired_edit_says_so(user, fenced: Fenced) -> None:
    path = user.notebook(OLD)
    user.answer({"when": "SyntaxError", "answer": fenced(NEW)}, fenced(BROKEN))
    done = user.run("rewrite", path, "--cell", "0", "simplify")
    assert done.status == 0
    assert done.err_lines[0].startswith("note: The first answer did not hold: SyntaxError")
    assert "· repaired ·" in done.err_lines[-1]


def test_unknown_names_are_found_by_the_notebooks_other_cells(user, fenced: Fenced) -> None:
    path = user.notebook("base = 1", "x = 2")
    user.answer(fenced("x = base + 1"))
    assert user.run("rewrite", path, "--cell", "1", "use base").status == 0
    user.answer(fenced("x = bass + 1"))
    done = user.run("rewrite", path, "--cell", "1", "use base")
    assert done.status == 3
    assert "'bass' is not defined" in done.err_lines[-1]


def test_without_context_no_other_cell_is_sent_but_names_are_known(user, fenced: Fenced) -> None:
    path = user.notebook("base = 'only here'", "x = 2")
    user.answer(fenced("x = base"))
    with_it = user.run("rewrite", path, "--cell", "1", "use base", "--json").json
    without = user.run("rewrite", path, "--cell", "1", "use base", "--json", "--no-context").json
    assert without["holds"] is True
    assert without["figures"]["usage"]["input_tokens"] < with_it["figures"]["usage"]["input_tokens"]


def test_a_file_changed_meanwhile_is_never_overwritten(user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_spark.cli import edit

    path = user.notebook(OLD)
    user.answer(fenced(NEW))
    drive = edit.run_interruptible

    def slow(work: object) -> object:
        finished = drive(work)
        path.write_bytes(path.read_bytes().replace(b"total", b"TOTAL"))
        return finished

    monkeypatch.setattr(edit, "run_interruptible", slow)
    done = user.run("rewrite", path, "--cell", "0", "simplify", "--apply")
    assert done.status == 1
    assert "Cell 0 was changed meanwhile" in done.err_lines[-1]
    assert b"TOTAL = 0" in path.read_bytes()
    assert user.run("undo", path).status == 1  # what was not written cannot be undone


def _meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen to the file between the answer and the write."""
    from jupyter_spark.cli import edit as edit_module

    real = edit_module._splice

    def splice(path: Path, edit: CellEdit) -> str:
        happens()
        return real(path, edit)

    monkeypatch.setattr(edit_module, "_splice", splice)


def test_what_others_changed_in_other_cells_stays(user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1", "y = 1")
    other = path.read_bytes().replace(b"y = 1", b"y = 22  # mine").replace(b'"kept"', b'"kept_too"')
    user.answer(fenced("x = 2"))
    _meanwhile(monkeypatch, lambda: path.write_bytes(other))
    assert user.run("rewrite", path, "--cell", "0", "two", "--apply").status == 0
    assert path.read_bytes() == other.replace(b"x = 1", b"x = 2")
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == other


def test_a_cell_changed_meanwhile_is_not_overwritten_and_the_answer_kept(
    user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = user.notebook("x = 1", "y = 1")
    other = path.read_bytes().replace(b"x = 1", b"x = 3")
    user.answer(fenced("x = 2"))
    _meanwhile(monkeypatch, lambda: path.write_bytes(other))
    done = user.run("rewrite", path, "--cell", "0", "two", "--apply")
    assert done.status == 1
    assert "Cell 0 was changed meanwhile." in done.err_lines[-1]
    assert f"the answer is kept: jupyter spark history {path} -n 1 --json" in done.err_lines[-1]
    assert path.read_bytes() == other
    (turn,) = user.run("history", path, "-n", "1", "--json").json["turns"]
    assert turn["new_source"] == "x = 2"
    assert user.run("undo", path).status == 1  # nothing was applied


def test_a_file_saved_again_during_the_write_is_read_anew(
    user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = user.notebook("x = 1", "y = 1")
    saves = [path.read_bytes().replace(b"y = 1", f"y = {number}".encode()) for number in (5, 6)]
    user.answer(fenced("x = 2"))
    left = list(saves)

    def apply(data: bytes, edits: Sequence[CellEdit]) -> bytes:
        whole = apply_edits(data, edits)
        if left:
            path.write_bytes(left.pop(0))
        return whole

    monkeypatch.setattr("jupyter_spark.cli.edit.apply_edits", apply)
    assert user.run("rewrite", path, "--cell", "0", "two", "--apply").status == 0
    assert path.read_bytes() == saves[-1].replace(b"x = 1", b"x = 2")


def test_a_notebook_deleted_meanwhile_is_gone(user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    user.answer(fenced("x = 2"))
    _meanwhile(monkeypatch, path.unlink)
    done = user.run("rewrite", path, "--cell", "0", "two", "--apply")
    assert done.status == 1
    assert f"{path} is gone." in done.err_lines[-1]
    assert "the answer is kept" in done.err_lines[-1]
    assert "rights" not in done.err_lines[-1]
    assert not path.exists()


@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_cannot_be_written_is_told_before_the_turn(
    user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    path = user.notebook("x = 1")
    user.answer(fenced("x = 2"))
    closed = path if which == "file" else path.parent
    may = os.access
    # Root may write everything; what the system says of others is said here.
    monkeypatch.setattr(os, "access", lambda one, mode: may(one, mode) and not (Path(one) == closed and mode & os.W_OK))
    done = user.run("rewrite", path, "--cell", "0", "two", "--apply")
    assert (done.status, done.out) == (1, "")
    assert "read-only" in done.err_lines[-1]
    assert f"chmod u+w {closed}" in done.err_lines[-1]
    assert user.run("history", "--json").json["turns"] == []
    assert user.run("rewrite", path, "--cell", "0", "two").status == 0  # to look at it is no writing


def test_a_write_that_fails_leaves_nothing_to_undo(user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook(OLD)
    user.answer(fenced(NEW))

    def refuse(path: Path, data: bytes, expected: bytes) -> None:
        raise NotebookError(f"{path} is read-only.", "Allow writing.")

    monkeypatch.setattr("jupyter_spark.cli.edit.write_atomically", refuse)
    done = user.run("rewrite", path, "--cell", "0", "simplify", "--apply", "--json")
    assert done.status == 1
    assert done.json["applied"] is False
    assert "nothing to undo" in user.run("undo", path).err


def test_without_a_journal_the_edit_is_written_and_it_is_said(
    user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_SPARK_JOURNAL", "off")
    path = user.notebook(OLD)
    user.answer(fenced(NEW))
    done = user.run("rewrite", path, "--cell", "0", "simplify", "--apply")
    assert done.status == 0
    assert done.err_lines[-1].endswith("written; without a journal it cannot be undone")
    assert user.run("undo", path).status == 1


def test_a_journal_that_fails_does_not_stop_the_edit(user, fenced: Fenced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_SPARK_JOURNAL", str(user.home))  # a directory
    path = user.notebook(OLD)
    user.answer(fenced(NEW))
    done = user.run("rewrite", path, "--cell", "0", "simplify", "--apply")
    assert done.status == 0
    assert any(line.startswith("note: history is not kept: ") for line in done.err_lines)


ERROR = {
    "output_type": "error",
    "ename": "NameError",
    "evalue": "name 'totl' is not defined",
    "traceback": ["\x1b[0;31mNameError\x1b[0m: name 'totl' is not defined"],
}


def test_fix_goes_by_the_error_in_the_cell(user, fenced: Fenced) -> None:
    path = user.notebook("total = 1", {"source": "totl + 1", "outputs": [ERROR]}, "y = 1")
    user.answer({"when": "NameError: name 'totl' is not defined\n", "answer": fenced("total + 1")})
    for chosen in (["--cell", "1"], []):
        done = user.run("fix", path, *chosen, "--json")
        assert done.status == 0
        assert done.json["cell"]["index"] == 1
    assert user.run("fix", path, "--apply").status == 0
    assert json.loads(path.read_text("utf-8"))["cells"][1]["outputs"] == [ERROR]


def test_fix_without_an_error_says_so(user) -> None:
    path = user.notebook("total = 1", {"source": "x", "outputs": [{"output_type": "stream", "text": "error"}, 7]})
    user.answer("unused")
    done = user.run("fix", path, "--cell", "1")
    assert (done.status, len(done.err_lines)) == (1, 1)
    assert "Cell 1 holds no error" in done.err
    assert "No cell holds an error" in user.run("fix", path).err


def test_what_a_terminal_would_obey_is_not_passed_on() -> None:
    from jupyter_spark.cli.report import printable

    assert printable("a\x1b]0;title\x07b\r\n\tc\x9b31m") == "a�]0;title�b\n\tc�31m"


def test_a_locked_cell_is_not_worked_on(user, fenced: Fenced) -> None:
    user.answer(fenced("never asked"))
    path = user.notebook({"source": "x = 1", "metadata": {"editable": False}})
    before = path.read_bytes()
    done = user.run("rewrite", path, "--cell", "0", "more", "--apply")
    assert done.status == 2
    assert done.err.startswith("error: Cell 0 is locked")
    assert path.read_bytes() == before
