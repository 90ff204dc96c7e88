"""A fast stream behind a real Jupyter server with default limits: nothing is dropped, the end is the whole text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.conftest import KEY
from tests.kernel.server import JupyterServer, running_jupyter_server
from tests.kernel.streamed import TOKENS, Mode, stream_an_edit
from tests.paced import SpawnedServer, spawned_paced_server

FRAMES_PER_S = 22


@pytest.fixture(scope="module")
def far_endpoint() -> Iterator[SpawnedServer]:
    with spawned_paced_server() as server:
        yield server


@pytest.fixture(scope="module")
def server(home: Path, far_endpoint: SpawnedServer) -> Iterator[JupyterServer]:
    env = {"OPENAI_BASE_URL": far_endpoint.base_url, "OPENAI_API_KEY": KEY}
    with running_jupyter_server(home / "server", env) as running:
        yield running


@pytest.mark.parametrize("mode", ["output", "card"])
def test_a_long_fast_stream_arrives_whole(server: JupyterServer, far_endpoint: SpawnedServer, mode: Mode) -> None:
    (streamed,) = stream_an_edit(server, far_endpoint, mode)
    ran = streamed.ran
    assert (ran.status, ran.warned) == ("ok", "")
    assert streamed.record.sent_tokens == TOKENS
    assert streamed.shows_a_card == (mode == "card")

    # The text is the one that was sent: in the cell, and in the last frame.
    assert ran.payload == [(streamed.code, False)]
    change, closing = ran.shown.split("\n✓ ")
    assert change == "\n".join(f"+ {line}" for line in streamed.code.splitlines())
    assert "The new code is in a new cell below." in closing

    # Frames came all along, not more than a reader can see, and the server dropped none.
    assert streamed.frames <= FRAMES_PER_S * streamed.stream_s + 2
    assert streamed.frames >= 10
    assert "rate exceeded" not in server.log.read_text().lower()
    print(f"{mode}: {streamed.frames} frames, wall {streamed.wall_s:.3f} s / stream {streamed.stream_s:.3f} s")
    print(f"{mode}: ratio {streamed.ratio:.3f}")
