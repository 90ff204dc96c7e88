"""In a real terminal: the live diff on stderr, the coloured diff on stdout, and nothing of it in pipes."""

from __future__ import annotations

import os
import re
import select
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="terminals are POSIX")

ROOT = Path(__file__).resolve().parents[2]
CODE = "\n".join(f"print({n}, 'a line that is rather long for a narrow terminal, line {n}')" for n in range(40))
ERASE_LINE = "\x1b[2K"


def run_in_terminal(user, *arguments: str, columns: int = 40, rows: int = 12, **env: str) -> tuple[int, str]:
    import fcntl
    import termios

    command = [sys.executable, "-m", "jupyter_spark.cli", *arguments]
    # A test runner's own idea of a width would win over the terminal's.
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment = {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color", **env}
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    import subprocess

    with subprocess.Popen(
        command, cwd=user.home, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            ready, _, _ = select.select([master], [], [], 60)
            assert ready, shown
            try:
                piece = os.read(master, 65536)
            except OSError:  # the other end is closed
                piece = b""
            if not piece:
                break
            shown += piece
        os.close(master)
    return process.returncode, shown.decode()


def without_codes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_narrow_terminal_shows_a_growing_diff_and_then_the_whole(user, fenced: Callable[[str], str]) -> None:
    path = user.notebook("x = 1")
    user.answer(fenced(CODE))
    status, shown = run_in_terminal(user, "rewrite", str(path), "--cell", "0", "simplify")
    assert status == 0
    live, _, rest = shown.partition("\x1b[1m---")
    frames = [without_codes(line).rstrip("\r\n") for line in live.split("\n")]
    assert max(map(len, (part for line in frames for part in line.split("\r")))) <= 40
    assert "…" in live  # cut, not wrapped
    assert ERASE_LINE in live  # and redrawn in place
    assert "rewrite cell 0" in live
    diff = without_codes(rest).replace("\r\n", "\n").splitlines()
    assert [line[1:] for line in diff if line.startswith("+print")] == CODE.splitlines()
    assert f"\x1b[32m+{CODE.splitlines()[0]}\x1b[0m" in rest
    assert "\x1b[31m-x = 1\x1b[0m" in rest
    assert diff[-1].startswith("✓ spark · script.jsonl · first token ")
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor comes back


def test_no_color_is_minded(user, fenced: Callable[[str], str]) -> None:
    path = user.notebook("x = 1")
    user.answer(fenced(CODE))
    status, shown = run_in_terminal(user, "rewrite", str(path), "--cell", "0", "simplify", NO_COLOR="1")
    assert status == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9][;m]", shown)
    assert "+print(0" in shown


def test_a_dumb_terminal_gets_plain_lines(user, fenced: Callable[[str], str]) -> None:
    path = user.notebook("x = 1")
    user.answer(fenced("x = 2"))
    status, shown = run_in_terminal(user, "rewrite", str(path), "--cell", "0", "simplify", TERM="dumb")
    assert (status, "\x1b" in shown) == (0, False)
    assert "+x = 2" in shown


def test_words_stream_without_anything_around_them(user) -> None:
    path = user.notebook("x = 1")
    user.answer("It is \x1b[31mone\x07.")
    status, shown = run_in_terminal(user, "ask", str(path), "what")
    assert status == 0
    assert "It is �[31mone�.\r\n" in shown


def test_tables_and_errors_are_for_people_there(user) -> None:
    user.answer("one")
    assert user.run("ask", user.notebook("x = 1"), "what is it").status == 0
    status, shown = run_in_terminal(user, "history", columns=100)
    assert status == 0
    assert re.search(r"ask +finished +nb.ipynb +script.jsonl", shown)
    status, shown = run_in_terminal(user, "undo", "none.ipynb", columns=100)
    assert status == 1
    assert shown.startswith("\x1b[31merror: There is no file none.ipynb.")


def test_a_refactor_shows_a_bar_that_goes_and_a_table_that_stays(user, fenced: Callable[[str], str]) -> None:
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 0: ten\nedit cell 1: eleven\n```"}
    ten, eleven = {"when": "ten", "answer": fenced("x = 10")}, {"when": "eleven", "answer": fenced("y = 11")}
    user.answer(plan, eleven, ten)
    path = user.notebook("x = 1", "y = 2")
    status, shown = run_in_terminal(user, "refactor", str(path), "larger numbers", columns=100)
    assert status == 0, shown
    live, _, rest = shown.partition("\x1b[1m---")
    assert "nb.ipynb" in live
    assert ERASE_LINE in live
    assert "edit cell 0: ten" in without_codes(live)
    assert "━" not in rest
    table = without_codes(rest).partition("NOTEBOOK")[2].splitlines()
    assert [cell for cell in re.split(" {2,}", table[1].strip()) if cell][::5] == ["nb.ipynb", "not written"]


def test_a_narrow_terminal_shows_what_became_of_each_notebook(user) -> None:
    user.answer("never asked")
    path = user.notebook("df = 1", name="a-notebook-with-a-long-name.ipynb")
    status, shown = run_in_terminal(user, "refactor", str(path), "rename df to orders")
    assert status == 0
    table = without_codes(shown).replace("\r", "").split("NOTEBOOK", 1)[1]
    assert "FATE" in table.splitlines()[0]
    assert "TOKENS" not in table
    assert "not written" in table
