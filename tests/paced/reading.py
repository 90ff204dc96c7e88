"""Reading the paced endpoint through the real SDK, and raw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from openai import AsyncOpenAI

from tests.paced.server import PacedServer

ANSWER = "def größe(x):\n    return x * 2  # ein Kommentar: ☃ und 🎉\n"
MESSAGES: list[Any] = [{"role": "user", "content": "Double it, please."}]


@asynccontextmanager
async def connected(**settings: Any) -> AsyncIterator[tuple[PacedServer, AsyncOpenAI]]:
    """A server, and the SDK on it without retries."""
    settings.setdefault("answer", ANSWER)
    async with (
        PacedServer(**settings) as server,
        AsyncOpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0) as client,
    ):
        yield server, client


async def chat(client: AsyncOpenAI, **more: Any) -> tuple[str, Any, str | None]:
    """Text, usage and finish reason of a chat stream."""
    text, usage, finish = "", None, None
    stream = await client.chat.completions.create(
        model="paced", messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **more
    )
    async for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices or ():
            finish = choice.finish_reason or finish
            text += (choice.delta and choice.delta.content) or ""
    return text, usage, finish


async def respond(client: AsyncOpenAI, **more: Any) -> tuple[str, list[Any]]:
    """Text and events of a responses stream."""
    stream = await client.responses.create(model="paced", input="Double it.", stream=True, **more)
    events = [event async for event in stream]
    deltas = (event for event in events if event.type == "response.output_text.delta")
    return "".join(getattr(event, "delta", None) or "" for event in deltas), events


async def raw_stream(base_url: str, path: str, body: dict[str, Any]) -> list[bytes]:
    """The chunks of a stream as they come off the wire."""
    async with (
        httpx2.AsyncClient() as client,
        client.stream("POST", base_url + path, json={"stream": True, **body}) as reply,
    ):
        return [chunk async for chunk in reply.aiter_raw()]


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 60))
