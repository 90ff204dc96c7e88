"""Two hundred planted secrets: none leaves in any turn, and edits come back with the user's own values."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import User
from tests.paced import PacedServer, running_paced_server
from tests.planted import KINDS, Gardener, Planted, leaked, texts_of

IN_SOURCES, IN_OUTPUTS, IN_MARKDOWN = 100, 50, 50
PER_CELL = 5
PLANTED = Gardener(2026).plant(IN_SOURCES + IN_OUTPUTS + IN_MARKDOWN)
SOURCES, REST = PLANTED[:IN_SOURCES], PLANTED[IN_SOURCES:]
CELLS = [SOURCES[start : start + PER_CELL] for start in range(0, IN_SOURCES, PER_CELL)]
FENCED = re.compile(r"(?ms)^(`{3,})python\n(.*?)\n\1$")


@pytest.fixture
def paced() -> Iterator[PacedServer]:
    with running_paced_server(rate_tok_s=math.inf) as server:
        yield server


def planted_notebook(user: User) -> Path:
    """Sources first, then cells that failed or printed, then prose."""
    code: list[Any] = ["\n".join(planted.code for planted in cell) for cell in CELLS]
    printing = [
        {"source": f"show({i})", "outputs": [_output(i, planted)]} for i, planted in enumerate(REST[:IN_OUTPUTS])
    ]
    prose = [{"source": planted.shown, "cell_type": "markdown"} for planted in REST[IN_OUTPUTS:]]
    return user.notebook(*code, *printing, *prose)


def _output(number: int, planted: Planted) -> dict[str, Any]:
    if number % 3 == 0:
        trace = ["Traceback (most recent call last)", f"    {planted.code}", f"ValueError: {planted.shown}"]
        return {"output_type": "error", "ename": "ValueError", "evalue": planted.shown, "traceback": trace}
    if number % 3 == 1:
        return {"output_type": "stream", "name": "stdout", "text": planted.shown}
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": {"text/plain": planted.shown},
    }


def settings(user: User, paced: PacedServer, api: str, *, redact: bool = True) -> None:
    user.settings(
        f"[tiers]\nspark = 'p'\n[privacy]\nredact = {str(redact).lower()}\n[profiles.p]\napi = '{api}'\n"
        f"base_url = '{paced.base_url}'\nmodels = ['m']\nkey_required = false\ncontext_tokens = 128000\n"
    )


def with_a_line(body: dict[str, Any]) -> str:
    """Answer as a model does that was shown the cell: it writes all of it again, and adds a line."""
    shown = [found for text in texts_of(body) for found in FENCED.findall(text)]
    fence, cell = shown[0]
    return f"{fence}python\n{cell}\nprint('checked')\n{fence}\nI added a line."


def asked_of(paced: PacedServer) -> str:
    """Everything that any request held, as the endpoint reads it and as it came."""
    texts = [text for record in paced.records for text in texts_of(record.body)]
    return "\n".join([*texts, *(record.raw_body.decode() for record in paced.records)])


def every_turn(user: User, notebook: Path, paced: PacedServer) -> None:
    paced.answer = "It is all there."
    assert user.run("ask", notebook, "what is this?").status == 0
    for index in (0, 3, 7):
        assert user.run("explain", notebook, "--cell", str(index)).status == 0
    paced.answer = with_a_line
    for index in range(len(CELLS)):
        outcome = user.run("rewrite", notebook, "--cell", str(index), "print checked", "--apply", "--yes", "--json")
        assert outcome.status == 0, outcome.err
        findings = [check for check in outcome.json["proposal"]["checks"] if check["name"] == "keeps_secrets"]
        assert all(check["ok"] for check in findings)
    failed = [len(CELLS) + number for number in range(0, IN_OUTPUTS, 6)]
    for index in failed:
        assert user.run("fix", notebook, "--cell", str(index), "--yes").status in (0, 3)


def test_there_are_two_hundred_of_enough_kinds() -> None:
    assert len({planted.value for planted in PLANTED}) == 200
    assert len({planted.kind for planted in PLANTED}) == len(KINDS) >= 25


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_none_leaves_and_edits_come_back_whole(user: User, paced: PacedServer, api: str) -> None:
    settings(user, paced, api)
    notebook = planted_notebook(user)
    before = json.loads(notebook.read_text("utf-8"))["cells"]
    every_turn(user, notebook, paced)
    sent = asked_of(paced)
    assert leaked(PLANTED, sent) == []
    assert "<secret-" in sent
    after = json.loads(notebook.read_text("utf-8"))["cells"]
    for old, new in zip(before[: len(CELLS)], after[: len(CELLS)], strict=True):
        assert "".join(new["source"]) == "".join(old["source"]) + "\nprint('checked')"
    assert after[len(CELLS) :] == before[len(CELLS) :]


def test_with_redaction_off_they_leave(user: User, paced: PacedServer) -> None:
    settings(user, paced, "chat", redact=False)
    assert user.run("ask", planted_notebook(user), "what is this?").status == 0
    sent = asked_of(paced)
    assert len(leaked(SOURCES, sent)) == IN_SOURCES
    assert "<secret-" not in sent


def test_the_journal_keeps_what_was_said_without_its_secrets(user: User, paced: PacedServer) -> None:
    settings(user, paced, "chat")
    notebook = user.notebook("x = 1")
    secret = Gardener(9).one("openai")
    paced.answer = lambda body: f"You said: {body['messages'][-1]['content'][-400:]}"
    outcome = user.run("ask", notebook, f"is {secret.value} a good key?")
    assert secret.value in outcome.out
    assert leaked([secret], asked_of(paced)) == []
    assert leaked([secret], user.run("history", "--json").out) == []


def test_a_dropped_value_is_found_and_not_applied(user: User, paced: PacedServer) -> None:
    settings(user, paced, "chat")
    secret = Gardener(10).one("api key")
    notebook = user.notebook(f"{secret.code}\nx = 1")
    before = notebook.read_bytes()
    name = secret.code.partition(" ")[0]
    for value, words in (
        (f"{name} = 'changed'\nx = 2", "drops a value"),
        (f"{name} = '<secret_1>'\nx = 2", "<secret_1>"),
    ):
        paced.answer = f"```python\n{value}\n```"
        outcome = user.run("rewrite", notebook, "--cell", "0", "make x two", "--apply")
        assert outcome.status == 3
        assert words in outcome.err
        assert notebook.read_bytes() == before
    paced.answer = f"```python\nimport os\n{name} = os.environ['X']\nx = 1\n```"
    outcome = user.run("rewrite", notebook, "--cell", "0", "read the key from the environment", "--apply")
    assert outcome.status == 0, outcome.err
    assert "1 secret kept back (API key)" in outcome.err


def test_a_cell_and_a_notebook_can_be_kept_out(user: User, paced: PacedServer) -> None:
    settings(user, paced, "chat")
    out = {"source": "rate = 0.07  # our margin", "metadata": {"tags": ["spark-ignore"]}}
    notebook = user.notebook(out, "price = rate * 2", "# spark-ignore\nother_margin = 3")
    paced.answer = "```python\nprice = rate * 3\n```"
    outcome = user.run("rewrite", notebook, "--cell", "1", "three times", "--apply")
    assert outcome.status == 0, outcome.err
    assert "margin" not in asked_of(paced)
    for index in ("0", "2"):
        refused = user.run("rewrite", notebook, "--cell", index, "more")
        assert refused.status == 2
        assert "kept out of every turn (spark-ignore)" in refused.err
    user.settings(user.config.read_text().replace("[privacy]", "[privacy]\nexclude = ['clients/**', 'nb.ipynb']"))
    refused = user.run("ask", notebook, "what is it?")
    assert refused.status == 2
    assert "kept out by 'nb.ipynb'" in refused.err
    assert len(refused.err_lines) == 1
