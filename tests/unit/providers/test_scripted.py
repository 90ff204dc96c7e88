"""The scripted provider: the first line that matches answers, and a bad script is one clear line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.errors import ConfigError
from jupyter_spark.providers import Completed, Delta, ProviderRequest, Started, UsageSeen, open_provider
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message, Usage


def ask(script: Path | None, *words: str) -> list[Any]:
    profile = Profile(name="demo", api="scripted", script=None if script is None else str(script))
    messages = (Message(role="system", content="Rules."), *(Message(role="user", content=word) for word in words))

    async def read() -> list[Any]:
        provider = open_provider(profile)
        events = [event async for event in provider.stream(ProviderRequest(messages))]
        await provider.aclose()
        return events

    return asyncio.run(read())


def write(folder: Path, *rows: object) -> Path:
    file = folder / "demo.jsonl"
    file.write_text("\n\n".join(json.dumps(row) for row in rows), "utf-8")
    return file


def text(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


def test_an_answer_in_pieces(tmp_path: Path) -> None:
    events = ask(write(tmp_path, {"answer": "größer als nötig"}), "Any words?")
    assert events[0] == Started("demo.jsonl")
    assert [event.text for event in events[1:-2]] == ["größ", "er a", "ls n", "ötig"]
    assert events[-2:] == [UsageSeen(Usage(input_tokens=4, output_tokens=4)), Completed("stop")]


def test_the_first_line_that_matches_answers(tmp_path: Path) -> None:
    script = write(tmp_path, {"when": "plot", "answer": "P"}, {"when": "hints", "answer": "H"}, {"answer": "any"})
    assert text(ask(script, "add hints")) == "H"
    assert text(ask(script, "hints and plot")) == "P"
    assert text(ask(script, "else")) == "any"
    assert text(ask(script, "plot", "add hints")) == "H"  # the last words count
    assert text(ask(script)) == "any"


def test_an_empty_answer_is_an_answer(tmp_path: Path) -> None:
    assert [type(event) for event in ask(write(tmp_path, {"answer": ""}), "x")] == [Started, UsageSeen, Completed]


def test_nothing_matches(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="answers this"):
        ask(write(tmp_path, {"when": "plot", "answer": "P"}), "else")


def test_no_script() -> None:
    with pytest.raises(ConfigError, match="has no script"):
        ask(None, "x")


def test_a_script_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        ask(tmp_path / "absent.jsonl", "x")
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        ask(bad, "x")


@pytest.mark.parametrize("row", [[1], {"when": "x"}])
def test_a_line_of_another_form(tmp_path: Path, row: object) -> None:
    with pytest.raises(ConfigError):
        ask(write(tmp_path, row), "x")
