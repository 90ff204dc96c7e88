"""Two hundred planted secrets in a kernel's cells, errors, variables and its notebook's prose: none leaves."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.driver import Kernel
from tests.paced import PacedServer, running_paced_server
from tests.planted import Gardener, leaked, texts_of

PLANTED = Gardener(77).plant(200)
SOURCES, ERRORS, VARIABLES, PROSE = PLANTED[:86], PLANTED[86:110], PLANTED[110:160], PLANTED[160:]
# What these would do if they ran, and magics, is not what is tested.
RUNNABLE = re.compile(r"\w+ = (?!get\(|Mailer\()")
FENCED = re.compile(r"(?ms)^(`{3,})python\n(.*?)\n\1$")


@pytest.fixture(scope="module")
def server() -> Iterator[PacedServer]:
    with running_paced_server(rate_tok_s=math.inf) as one:
        yield one


@pytest.fixture(params=["chat", "responses"])
def talking(request: pytest.FixtureRequest, home: Path, server: PacedServer, tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of a notebook whose prose holds secrets, asking an endpoint of either API."""
    server.records.clear()
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "jupyter_spark.toml").write_text(
        f"[tiers]\nspark = 'p'\n[profiles.p]\napi = '{request.param}'\nbase_url = '{server.base_url}'\n"
        "models = ['m']\nkey_required = false\ncontext_tokens = 128000\n"
    )
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": f"m{i}", "metadata": {}, "source": one.shown} for i, one in enumerate(PROSE)
    ]
    ignored = {"cell_type": "code", "id": "out", "metadata": {"tags": ["spark-ignore"]}, "source": "margin_rate = 1"}
    cells.append({**ignored, "outputs": [], "execution_count": None})
    notebook = tmp_path / "nb.ipynb"
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    kernel = Kernel(tmp_path / "kernel", {"JPY_SESSION_NAME": str(notebook)})
    try:
        kernel.run("%load_ext jupyter_spark\n%config SparkMagics.widgets = 'off'")
        yield kernel
    finally:
        kernel.close()
        (home / "config" / "jupyter_spark.toml").unlink()


def with_a_line(body: dict[str, Any]) -> str:
    shown = [found for text in texts_of(body) for found in FENCED.findall(text)]
    fence, cell = shown[-1]
    return f"{fence}python\n{cell}\nprint('checked')\n{fence}\n"


def test_none_leaves_and_edits_come_back_whole(talking: Kernel, server: PacedServer) -> None:
    number = {}
    for start in range(0, len(SOURCES), 6):
        cell = "\n".join(one.code for one in SOURCES[start : start + 6] if RUNNABLE.match(one.code))
        ran = talking.run(cell)
        assert ran.status == "ok", ran.error
        number[ran.reply["execution_count"]] = cell
    values = {f"held_{i}": one.shown for i, one in enumerate(VARIABLES)}
    talking.run(f"globals().update({values!r})\nmargin_rate = 1", cell_id="fill")
    server.answer = "It is all there."
    names = " ".join(values)
    assert talking.run(f"%spark ask --vars {','.join(values)} what is this?").status == "ok"
    assert talking.run(f"%spark ask what are {names} and margin_rate?").status == "ok"
    for count in list(number)[:3]:
        assert talking.run(f"%spark explain {count}").status == "ok"
    server.answer = with_a_line
    for cell in number.values():
        ran = talking.run(f"%%spark print checked\n{cell}")
        assert ran.payload == [(cell + "\nprint('checked')", True)], ran.shown
        assert "kept back (" in ran.shown
    for one in ERRORS:
        talking.run(f"raise ValueError({one.shown!r})")
        talking.run("%spark fix --yes")
    sent = [text for record in server.records for text in texts_of(record.body)]
    raw = [record.raw_body.decode() for record in server.records]
    assert leaked(PLANTED, "\n".join([*sent, *raw])) == []
    assert len(server.records) > len(number) + len(ERRORS)


def test_the_receipt_says_what_is_kept_back_and_out(talking: Kernel, server: PacedServer) -> None:
    secret = Gardener(3).one("openai")
    talking.run("# spark-ignore\nours = 'our own rate'")
    talking.run(secret.code)
    told = talking.run("%spark context").printed
    assert "the cell itself: 1 secret kept back (OpenAI key)" in told
    assert "kept out by spark-ignore: 2 cells" in told
    server.answer = "Yes."
    talking.run("%spark ask what is ours?")
    sent = "\n".join(text for record in server.records for text in texts_of(record.body))
    assert "our own" not in sent
    refused = talking.run("%%spark more\n# spark-ignore\nours = 2")
    assert refused.status == "error"
    assert "kept out of every turn (spark-ignore)" in "".join(refused.error["traceback"])


def test_after_a_cell_that_is_kept_out_the_last_one_is_the_one_before(talking: Kernel, server: PacedServer) -> None:
    talking.run("near = 2")
    talking.run("# spark-ignore\nours = 'our own rate'")
    shown = talking.run("%spark context")
    assert shown.status == "ok", shown.error
    assert "the cell itself: 1 line" in shown.printed
    server.records.clear()
    server.answer = "It sets a number."
    assert talking.run("%spark explain").status == "ok"
    sent = "\n".join(text for record in server.records for text in texts_of(record.body))
    assert "near = 2" in sent
    assert "our own" not in sent


def test_where_every_cell_is_kept_out_the_context_is_of_none(talking: Kernel) -> None:
    talking.run("# spark-ignore\nours = 'our own rate'")
    shown = talking.run("%spark context")
    assert shown.status == "ok", shown.error
    assert "the cell itself" not in shown.printed


def test_a_notebook_that_is_kept_out_is_refused(talking: Kernel, home: Path, server: PacedServer) -> None:
    config = home / "config" / "jupyter_spark.toml"
    config.write_text(config.read_text() + "\n[privacy]\nexclude = ['nb.ipynb']\n")
    refused = talking.run("%spark ask what is this?")
    assert refused.status == "error"
    assert "'nb.ipynb' is kept out" in "".join(refused.error["traceback"])
    assert server.records == []
