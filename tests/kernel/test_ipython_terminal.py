"""The magics in a terminal's IPython: coloured text as it arrives, the new code in the next prompt."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pytest

from tests.kernel.conftest import KEY
from tests.kernel.driver import ROOT, plain
from tests.paced import Fault, PacedServer, wait_until

RED, GREEN, DIM = "\x1b[31m", "\x1b[32m", "\x1b[2m"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


class Terminal:
    """IPython on a pseudo terminal."""

    def __init__(self, home: Path, base_url: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": KEY}
        env |= {"PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm-256color", "COLUMNS": "200", "LINES": "60"}
        self.prompts = 0
        arguments = ["-m", "IPython", "--no-banner", "--no-confirm-exit"]
        self.child = pexpect.spawn(
            sys.executable, arguments, cwd=str(home), env=env, encoding="utf-8", timeout=20, dimensions=(60, 200)
        )

    def expect(self, pattern: str) -> str:
        """Wait for a text; return what came until its end."""
        self.child.expect(pattern)
        return str(self.child.before) + str(self.child.after)

    def prompt(self) -> str:
        """Wait for the next prompt: one with the next number, since a line that was entered is drawn once more."""
        self.prompts += 1
        number = rf"(?:\x1b\[[\d;]*m)*{self.prompts}(?:\x1b\[[\d;]*m)*"
        return self.expect(rf"In \[{number}\]: ")

    def type(self, text: str) -> None:
        self.child.send(text)


@pytest.fixture
def terminal(home: Path, paced: PacedServer) -> Iterator[Terminal]:
    opened = Terminal(home, paced.base_url)
    opened.prompt()
    opened.type("%load_ext jupyter_spark\r")
    opened.prompt()
    yield opened
    opened.child.ptyproc.delayafterterminate = 2.0  # seconds; a busy machine takes more than a tenth of one to end it
    opened.child.close(force=True)


def test_an_edit_streams_in_colours_into_the_next_prompt(terminal: Terminal, paced: PacedServer) -> None:
    # The words behind the code leave its lines a while to be seen on their own.
    paced.rate_tok_s, paced.answer = 100.0, "```python\nwide = 640\ntall = 480\n```\n" + "It was wide only. " * 10
    terminal.type("%%spark make it tall\rwide = 640\r\r\r")
    asked = terminal.expect("✦ make it tall")
    assert "Traceback" not in asked
    # First the lines as they come, then the change, then the closing line; then the code, ready to be run.
    streamed = terminal.expect(re.escape(f"{DIM}tall = 480"))
    assert f"{DIM}wide = 640" in streamed
    terminal.expect(re.escape(f"{GREEN}+ tall = 480"))
    terminal.expect(re.escape(f"{GREEN}✓ parses"))
    terminal.expect("spark · gpt-5.3-codex-spark · first token")
    terminal.expect("undo brings the old code back")
    prefilled = terminal.prompt() + terminal.expect("480")
    assert "tall" in _CONTROL.sub("", prefilled)
    terminal.type("\x1b\r")  # Alt-Enter runs it, wherever the cursor stands
    terminal.prompt()
    terminal.type("print(wide * tall)\r")
    terminal.expect("307200")


def test_words_alone_wait_for_no_body_and_an_answer_streams(terminal: Terminal, paced: PacedServer) -> None:
    paced.answer = "```python\nsquares = [n * n for n in range(4)]\n```\n"
    terminal.type("%%spark write squares\r\r\r")  # an empty line ends a cell magic
    terminal.expect("✦ write squares")
    terminal.expect(re.escape(f"{GREEN}+ squares = "))
    terminal.prompt()
    terminal.expect("range")
    terminal.type("\x1b\r")
    terminal.prompt()
    paced.rate_tok_s, paced.answer = 200.0, "They are **squares**."
    terminal.type("%spark ask what are they?\r")
    said = terminal.expect("first token")
    assert "They are **squares**." in plain(said).replace("\r\n", "\n")


def test_an_error_is_one_line_and_ctrl_c_stops(terminal: Terminal, paced: PacedServer) -> None:
    paced.fault = Fault("http_401")
    terminal.type("%spark ask hello\r")
    said = terminal.prompt()
    assert "refuses the key" in said
    assert "→ Check OPENAI_API_KEY." in said
    assert "Traceback" not in said
    assert KEY not in said
    paced.fault, paced.rate_tok_s, paced.answer = None, 50.0, "word " * 2000
    terminal.type("%spark ask for many words\r")
    terminal.expect("word word")
    record = paced.records[-1]
    terminal.type("\x03")
    said = terminal.prompt()
    assert "Stopped." in said
    wait_until(lambda: record.closed_at_s is not None)
    assert not record.finished


def test_alternatives_below_each_other_and_a_pick(terminal: Terminal, paced: PacedServer) -> None:
    answers = iter(["value = 2", "value = 3", "value = 3"])
    paced.answer = lambda body: f"```python\n{next(answers)}\n```\n"
    terminal.type("%%spark --dry-run make it more\rvalue = 1\r\r\r")  # so that the next prompt is empty
    terminal.expect("nothing was applied")
    terminal.prompt()
    terminal.type("%spark alternatives 2\r")
    said = terminal.expect("nothing was applied")
    assert "1 · offered first" in said or "2 · offered first" in said
    assert "the same as 1" in said
    assert f"{GREEN}+ value = 3" in said
    terminal.prompt()
    terminal.type("%spark pick 1\r")
    terminal.expect("1: ")
    terminal.prompt()
    terminal.expect("3")
    terminal.type("\x1b\r")
    terminal.prompt()
    terminal.type("print(value * 1000)\r")
    terminal.expect("3000")


def test_the_deep_tier_is_heard_above_the_prompt(terminal: Terminal, paced: PacedServer) -> None:
    def answer(body: dict[str, object]) -> str:
        return "```python\n" + ("value = 1 + 1" if body["model"] == "gpt-5.6-sol" else "value = 2") + "\n```\n"

    paced.answer = answer
    terminal.type("%config SparkMagics.race = True\r")
    terminal.prompt()
    terminal.type("%%spark make it two\rvalue = 1\r\r\r")
    terminal.expect("undo brings the old code back")
    terminal.expect("second opinion")
    terminal.expect("%spark pick 2 takes it")
