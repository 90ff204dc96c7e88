"""However a stream is cut, by HTTP chunks, by reads or by WebSocket fragments, its events and its edit are the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve

from jupyter_spark.edits import AnswerParser, ParsedAnswer
from jupyter_spark.providers import Completed, Delta, Reasoning, UsageSeen, open_provider
from tests.paced.encoders import ChatEncoder, Encoder, Event, ResponsesEncoder
from tests.paced.event_stream import EventStream
from tests.paced.faults import Fault
from tests.paced.script import write_script
from tests.unit.providers.serving import KEY, make_profile, read, text

ANSWER = "Gerne: ☃\n```python\ndef größe(x):\n    return x * 2  # 🎉 doppelt\n```\nFertig – viel Spaß."
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
CODE = "def größe(x):\n    return x * 2  # 🎉 doppelt"


def script_events(api: str) -> list[Event]:
    """A whole stream: thoughts, the answer, an empty delta and an unknown event in it, usage and the end."""
    encoder: Encoder = (
        ChatEncoder({"stream_options": {"include_usage": True}}, 1) if api == "chat" else ResponsesEncoder({}, 1)
    )
    faults = {"reasoning": Fault("reasoning")}
    script = write_script({}, ANSWER, faults, rate_tok_s=1.0, first_token_s=0.0, input_tokens=9, cached_tokens=3)
    thoughts = [event for piece in script.reasoning for event in encoder.reasoning(piece)]
    first, *rest = script.tokens
    answer = [*encoder.token(first), *encoder.oddity("null_delta"), *encoder.oddity("unknown_events")]
    answer += [event for piece in rest for event in encoder.token(piece)]
    done = [] if encoder.done is None else [(None, encoder.done)]
    return [*encoder.opening(), *thoughts, *answer, *encoder.closing(script), *done]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data in pieces, none of them empty."""
    marks = sorted({place % len(data) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(marks)]


def joined(events: list[Any]) -> list[Any]:
    """The events with deltas that follow each other as one."""
    out: list[Any] = []
    for event in events:
        if out and isinstance(event, Delta | Reasoning) and type(event) is type(out[-1]):
            out[-1] = type(event)(out[-1].text + event.text)
        else:
            out.append(event)
    return out


def edit(events: list[Any]) -> ParsedAnswer:
    """The edit, from the deltas as they came."""
    parser = AnswerParser()
    for event in events:
        if isinstance(event, Delta):
            parser.feed(event.text)
    return parser.finish()[1]


class Cutting:
    """A provider on an endpoint that sends one stream, cut as each test says."""

    def __init__(self, loop: asyncio.AbstractEventLoop, api: str) -> None:
        self.loop, self.api = loop, api
        self.events = script_events("responses" if api == "websocket" else api)
        self.places: list[int] = []
        self.pause = False
        self.line_end = "\n"
        self._stack = AsyncExitStack()
        self._provider: Any = None

    async def open(self) -> None:
        handler: Any = self._say if self.api == "websocket" else self._stream
        start: Callable[..., Any] = serve if self.api == "websocket" else asyncio.start_server
        more = {"compression": None} if self.api == "websocket" else {}
        server = await self._stack.enter_async_context(await _started(start(handler, "127.0.0.1", 0, **more)))
        url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1"
        profile = make_profile("responses", url, websocket=True) if more else make_profile(self.api, url)
        self._provider = open_provider(profile, {"P_KEY": KEY})
        self._stack.push_async_callback(self._provider.aclose)

    async def close(self) -> None:
        await self._stack.aclose()

    def read(self, places: list[int], *, pause: bool = False, line_end: str = "\n") -> list[Any]:
        self.places, self.pause, self.line_end = places, pause, line_end
        events: list[Any] = self.loop.run_until_complete(asyncio.wait_for(read(self._provider), 30))
        return events

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(row for row in head.lower().split(b"\r\n") if row.startswith(b"content-length"))
                await reader.readexactly(int(length.partition(b":")[2]))
                faults = {"crlf": Fault("crlf")} if self.line_end == "\r\n" else {}
                carrier: Any = EventStream(None, faults)  # type: ignore[arg-type]
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
                )
                for part in cut(b"".join(carrier.frames(self.events)), self.places):
                    writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                    await self._rest()
                writer.write(b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _say(self, socket: ServerConnection) -> None:
        async for _ in socket:
            for _, data in self.events:
                await socket.send(cut(data.encode(), self.places), text=True)
                await self._rest()

    async def _rest(self) -> None:
        if self.pause:
            await asyncio.sleep(0)


async def _started(server: Any) -> Any:
    """A server that begins when it is awaited, as one that has begun."""
    return await server if isinstance(server, Awaitable) else server


@pytest.fixture(scope="module", params=["chat", "responses", "websocket"])
def cutting(request: pytest.FixtureRequest) -> Iterator[Cutting]:
    loop = asyncio.new_event_loop()
    endpoint = Cutting(loop, request.param)
    loop.run_until_complete(endpoint.open())
    yield endpoint
    loop.run_until_complete(endpoint.close())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


places = st.one_of(st.lists(st.integers(0, 20_000), max_size=60), st.just(list(range(20_000))))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=places, pause=st.booleans(), line_end=st.sampled_from(["\n", "\r\n"]))
@example(places=list(range(20_000)), pause=False, line_end="\n")
@example(places=list(range(20_000)), pause=True, line_end="\r\n")
def test_cuts_change_nothing(cutting: Cutting, places: list[int], pause: bool, line_end: str) -> None:
    uncut = cutting.read([])
    assert text(uncut) == ANSWER
    assert [type(event) for event in uncut if not isinstance(event, Delta | Reasoning)][-2:] == [UsageSeen, Completed]
    assert edit(uncut).code == CODE
    events = cutting.read(places, pause=pause, line_end=line_end)
    assert joined(events) == joined(uncut)
    assert edit(events) == edit(uncut)
