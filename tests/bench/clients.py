"""Three ways to read one stream: ours, the plain SDK's typed loop, and a bare socket, all on connections that are warm.

Each is an asynchronous generator that yields the text (or, for the bare socket, the bytes) that arrived together.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from openai import AsyncOpenAI

from jupyter_spark.providers import Delta, Provider, ProviderRequest, open_provider
from jupyter_spark.wire import Message
from tests.unit.providers.serving import KEY, make_profile

Transport = Literal["websocket", "responses", "chat"]
TRANSPORTS: tuple[Transport, ...] = ("websocket", "responses", "chat")
WORDS = "Rename every variable of this cell.\n" + "value = [step for step in range(3)]\n" * 40
REQUEST = ProviderRequest((Message(role="system", content="You edit cells."), Message(role="user", content=WORDS)))
MESSAGES: Any = [{"role": one.role, "content": one.content} for one in REQUEST.messages]
INPUT: dict[str, Any] = {"instructions": MESSAGES[0]["content"], "input": MESSAGES[1:], "store": False}
MODEL = "paced"


class Client(Protocol):
    """One way to read; ``stream`` asks once and yields what arrives."""

    def stream(self) -> AsyncGenerator[object, None]: ...


def our_profile(transport: Transport, base_url: str) -> Any:
    more = {"websocket": True} if transport == "websocket" else {}
    return make_profile("chat" if transport == "chat" else "responses", base_url, **more)


class Ours:
    """A provider of ours."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._request = REQUEST
        self._said = ""

    async def stream(self) -> AsyncGenerator[object, None]:
        self._said = ""
        async for event in self._provider.stream(self._request):
            if isinstance(event, Delta):
                self._said += event.text
                yield event.text

    def go_on(self) -> None:
        """Make the next turn a follow-up of the last one."""
        answer = Message(role="assistant", content=self._said)
        more = Message(role="user", content="Shorter names, please.")
        self._request = ProviderRequest((*self._request.messages, answer, more))


class Sdk:
    """The loop that the SDK's documentation shows."""

    def __init__(self, transport: Transport, client: AsyncOpenAI, connection: Any) -> None:
        self._transport, self._client, self._connection = transport, client, connection

    async def stream(self) -> AsyncGenerator[object, None]:
        if self._transport == "chat":
            chunks = await self._client.chat.completions.create(
                model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
            )
            async for chunk in chunks:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content
            return
        if self._transport == "websocket":
            await self._connection.response.create(model=MODEL, **INPUT)
            events = self._connection
        else:
            events = await self._client.responses.create(model=MODEL, stream=True, **INPUT)
        async for event in events:
            if event.type == "response.output_text.delta":
                yield event.delta
            elif event.type == "response.completed" and self._transport == "websocket":
                return


class Bare:
    """A socket, read as bytes and not understood."""

    def __init__(self, transport: Transport, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        if transport == "websocket":
            text = json.dumps({"type": "response.create", "model": MODEL, **INPUT}).encode()
            # A client's frame is masked; with a mask of zeros the text stays as it is.
            self._asked = b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text
            self._end, self._token = b'"type":"response.completed"', b'"response.output_text.delta"'
            return
        self._end = b"0\r\n\r\n"
        if transport == "chat":
            path, body = "/v1/chat/completions", {"model": MODEL, "messages": MESSAGES, "stream": True}
            self._token = b'"delta":{"content"'
        else:
            path, body = "/v1/responses", {"model": MODEL, "stream": True, **INPUT}
            self._token = b'"response.output_text.delta"'
        text = json.dumps(body).encode()
        self._asked = f"POST {path} HTTP/1.1\r\nhost: paced\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text

    async def stream(self) -> AsyncGenerator[object, None]:
        self._writer.write(self._asked)
        tail, began = b"", False
        while self._end not in tail:
            data = await self._reader.read(65_536)
            assert data, "the server ended the connection"
            began = began or self._token in data
            # The last message of a WebSocket holds the whole answer after its type: its end is the read's.
            tail = (tail + data)[-len(self._end) - len(data) :]
            if began:
                yield data
        while tail[-1:] != b"}" and self._end != b"0\r\n\r\n":
            tail = await self._reader.read(65_536)


@asynccontextmanager
async def opened_bare(transport: Transport, base_url: str) -> AsyncIterator[Bare]:
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        if transport == "websocket":
            writer.write(
                b"GET /v1/responses HTTP/1.1\r\nHost: paced\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
        yield Bare(transport, reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def opened_sdk(transport: Transport, base_url: str) -> AsyncIterator[Sdk]:
    async with AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        if transport != "websocket":
            yield Sdk(transport, client, None)
            return
        async with client.responses.connect() as connection:
            yield Sdk(transport, client, connection)


@asynccontextmanager
async def opened_ours(transport: Transport, base_url: str) -> AsyncIterator[Ours]:
    provider = open_provider(our_profile(transport, base_url), {"P_KEY": KEY})
    try:
        yield Ours(provider)
    finally:
        await provider.aclose()
