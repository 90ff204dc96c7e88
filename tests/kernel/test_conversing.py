"""What was said goes on from turn to turn: every request begins with the one before, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.conftest import KEY
from tests.kernel.driver import Kernel
from tests.paced import PacedServer, whole_input

Fenced = Callable[[str], str]
LOADS = "\n".join(f"table_{i} = load('table {i}', clean=True, verbose=False)" for i in range(30))


@pytest.fixture(params=["websocket"])
def own(request: pytest.FixtureRequest, home: Path, endpoint: PacedServer, tmp_path: Path) -> Iterator[Kernel]:
    """A kernel in which nothing was said yet."""
    env = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": KEY}
    if request.param == "http":
        (tmp_path / "jupyter_spark.toml").write_text("[profiles.openai]\nwebsocket = false\n")
        env["JUPYTER_CONFIG_DIR"] = str(tmp_path)
    started = Kernel(tmp_path, env)
    try:
        assert started.run("%load_ext jupyter_spark").status == "ok"
        started.run(f"load = lambda name, **options: name\n{LOADS}", cell_id="cell-loads")
        yield started
    finally:
        started.close()


def said(paced: PacedServer, index: int = -1) -> list[tuple[str, str]]:
    rules, *rest = whole_input(paced.records, paced.records[index])
    assert rules[0] == "system"
    return rest


@pytest.mark.parametrize("own", ["http", "websocket"], indirect=True)
def test_every_request_begins_with_the_one_before(own: Kernel, paced: PacedServer, fenced: Fenced) -> None:
    own.run("prices = [1, 2]", cell_id="cell-prices")
    paced.answer = "Blue."
    own.run("%spark ask which colour", cell_id="cell-ask")
    paced.answer = f"Gladly.\n{fenced('total = sum(prices)')}Summed."
    assert own.run("%%spark sum them\ntotal = 0", cell_id="cell-total").payload == [("total = sum(prices)", True)]
    own.run("total = sum(prices)", cell_id="cell-total")
    own.run("prices = [1, 2, 3]", cell_id="cell-prices")
    own.run("%spark ask no, the other column", cell_id="cell-ask")

    asked, rewrote, followed = (said(paced, index) for index in range(3))
    assert LOADS in asked[0][1]
    assert asked[1:] == [("user", "which colour")]
    assert rewrote == [
        *asked,
        ("assistant", "Blue."),
        (
            "user",
            "The cell to work on, In[5]:\n\n```python\ntotal = 0\n```\n\nChange the cell: sum them",
        ),
    ]
    assert followed[: len(rewrote)] == rewrote
    assert followed[len(rewrote)] == ("assistant", paced.answer)
    ((role, last),) = followed[len(rewrote) + 1 :]
    assert role == "user"
    assert "prices = [1, 2, 3]" in last
    assert "total = sum(prices)" not in last  # the model wrote that itself, and it was taken
    assert last.endswith("\n\nno, the other column")
    for before, after in pairwise(paced.records):
        if after.transport == "websocket":  # only what is new is sent
            assert after.body is not None
            assert after.body["previous_response_id"] == before.response_id
            assert len(after.body["input"]) == 1
        else:
            end = before.raw_body.rindex(b"}]")  # where the messages end
            assert after.raw_body[: end + 1] == before.raw_body[: end + 1]


def test_an_edit_that_was_taken_but_not_run_is_what_the_cell_holds(
    own: Kernel, paced: PacedServer, fenced: Fenced
) -> None:
    own.run("shade = 1", cell_id="cell-shade")
    paced.answer = fenced("shade = 2")
    own.run("%%spark darker\nshade = 1", cell_id="cell-shade")
    own.run("%spark ask how dark", cell_id="cell-ask")
    assert said(paced)[-1][1] == "how dark"
    # A dry run leaves the cell as it was, and the model is told so.
    own.run("%%spark --dry-run darker\nshade = 2", cell_id="cell-shade")
    paced.answer = fenced("shade = 3")
    own.run("%%spark --dry-run darker\nshade = 2", cell_id="cell-shade")
    own.run("%spark ask how dark", cell_id="cell-ask")
    assert "\nshade = 2\n\nhow dark" in said(paced)[-1][1]
    # What is taken back is told too.
    own.run("%spark undo", cell_id="cell-shade")
    own.run("%spark ask how dark", cell_id="cell-ask")
    assert "\nshade = 1\n\nhow dark" in said(paced)[-1][1]


def test_a_cell_that_asks_holds_what_its_reader_sees(own: Kernel, paced: PacedServer) -> None:
    own.run("depth = 1", cell_id="cell-depth")
    own.run("%%spark --explain\ndepth = 2", cell_id="cell-depth")
    assert "depth = 1" not in str(said(paced))
    own.run("%spark ask how deep", cell_id="cell-ask")
    assert said(paced)[-1][1] == "how deep"
    own.run("depth = 1", cell_id="cell-depth")
    own.run("%spark ask how deep", cell_id="cell-ask")
    assert "\ndepth = 1\n" in said(paced)[-1][1]


def test_a_turn_that_fails_or_stands_alone_leaves_no_trace(own: Kernel, paced: PacedServer) -> None:
    own.run("%spark ask first", cell_id="cell-ask")
    paced.answer = "secret answer"
    own.run("%spark ask --no-context a secret question", cell_id="cell-ask")
    assert said(paced) == [("user", "a secret question")]
    paced.fault = "cut_before_terminal"
    assert own.run("%spark ask a question that fails", cell_id="cell-ask").status == "error"
    paced.fault = None
    own.run("%spark ask last", cell_id="cell-ask")
    assert [content for role, content in said(paced) if role == "user"][1:] == ["first", "last"]


@pytest.mark.parametrize("how", ["%spark use codex-spark", "%reset -f"])
def test_what_begins_anew(own: Kernel, paced: PacedServer, how: str) -> None:
    own.run("%spark ask first", cell_id="cell-ask")
    own.run(how)
    own.run("%spark ask last", cell_id="cell-ask")
    assert said(paced)[-1] == ("user", "last")
    assert "first" not in [content for _, content in said(paced)]
    assert LOADS in said(paced)[0][1]


def test_another_endpoint_is_told_nothing_of_it(own: Kernel, paced: PacedServer) -> None:
    def asked(words: str, tier: str) -> Any:
        own.run(f"%spark ask --tier {tier} {words}", cell_id="cell-ask")
        return [content for role, content in said(paced) if role == "user"][1:]

    assert asked("one", "spark") == ["one"]
    assert asked("two", "deep") == ["two"]
    assert asked("three", "spark") == ["one", "three"]
    assert asked("four", "deep") == ["two", "four"]
