"""Stopping closes the connection upstream; a whole answer ends, however its connection does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from jupyter_spark.providers import Completed, Delta, Started, open_provider
from tests.paced import until
from tests.paced.reading import ANSWER, run
from tests.unit.providers.serving import KEY, REQUEST, both, make_profile, read, serving, text


@both
@pytest.mark.parametrize("how", ["cancel", "close"])
def test_stopping_closes_the_connection_upstream(api: str, how: str) -> None:
    async def scenario() -> None:
        async with serving(api, rate_tok_s=20.0, answer="word " * 200) as (server, provider):
            arrived = asyncio.Event()

            async def drive() -> None:
                async with aclosing(provider.stream(REQUEST)) as stream:
                    async for event in stream:
                        if isinstance(event, Delta):
                            arrived.set()
                            if how == "close":
                                return

            task = asyncio.ensure_future(drive())
            await arrived.wait()
            if how == "cancel":
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                await task
            await until(lambda: server.records[0].closed_at_s)
            assert not server.records[0].finished
            server.answer, server.rate_tok_s = ANSWER, 10_000.0
            assert text(await read(provider)) == ANSWER

    run(scenario)


@both
def test_a_provider_can_be_closed_twice_and_used_again(api: str) -> None:
    async def scenario() -> None:
        async with serving(api) as (server, provider):
            await provider.aclose()
            assert text(await read(provider)) == ANSWER
            await provider.aclose()
            await provider.aclose()
            await until(lambda: server.connections_open == 0)
            assert text(await read(provider)) == ANSWER

    run(scenario)


@asynccontextmanager
async def canned(reply: bytes, *, close: bool) -> AsyncIterator[tuple[Any, asyncio.Event]]:
    """A provider on a server that says just this, and an event for when the client has gone."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + reply)
        while not close and await reader.read(1_000):
            pass
        writer.close()
        gone.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        provider: Any = open_provider(make_profile("chat", f"http://127.0.0.1:{port}/v1"), {"P_KEY": KEY})
        yield provider, gone
        await provider.aclose()


LAST = b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'


@pytest.mark.parametrize(
    ("end", "close"),
    [
        (b"data: [DONE]\n\n", False),  # the connection stays open: nobody waits for it
        (b"data: [DONE]\n\n", True),
        (b"data: [DONE]", True),  # no blank line after the last event
        (b"", True),  # a finish_reason, and an orderly end without [DONE]
    ],
)
def test_the_ends_of_a_whole_answer(end: bytes, close: bool) -> None:
    async def scenario() -> None:
        async with canned(LAST + end, close=close) as (provider, gone):
            assert await read(provider) == [Started("paced"), Delta("Hi"), Completed("stop")]
            await gone.wait()

    run(scenario)
