"""A cancelled turn leaves nothing behind: no token in the next one, no task, no socket, no thread."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest

from tests.paced import PacedServer, until
from tests.paced.reading import run
from tests.unit.providers.cancelled import cancel_turns
from tests.unit.providers.serving import opened, read, text


@pytest.mark.parametrize("transport", ["websocket", "responses", "chat"])
def test_nothing_of_a_cancelled_turn_is_left(transport: str) -> None:
    async def scenario() -> None:
        api, more = ("responses", {"websocket": True}) if transport == "websocket" else (transport, {})
        async with PacedServer(answer={"echo": 3_000}, rate_tok_s=4_000.0) as server:
            before: set[Any] = asyncio.all_tasks()
            threads = set(threading.enumerate())
            async with opened(api, server, **more) as provider:
                turns = await cancel_turns(provider, 60, 60, seed=7)
                assert [turn.words for turn in turns if turn.leaked or not turn.text] == []
                await until(lambda: all(record.finished or record.closed_at_s for record in server.records))
                assert sum(record.closed_at_s is not None for record in server.records) > 50
                server.answer = "whole"
                assert text(await read(provider)) == "whole"
            await until(lambda: server.connections_open == 0)
            assert server.sockets_open == 0
            assert {record.transport for record in server.records} == {"websocket" if more else "http"}
            await until(lambda: not (asyncio.all_tasks() - before))
            assert set(threading.enumerate()) <= threads | _resolvers()
            gc.collect()  # a socket that was forgotten would warn here

    run(scenario)


def _resolvers() -> set[threading.Thread]:
    """The event loop's own pool, which looks up host names and ends with the loop."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("asyncio_")}
