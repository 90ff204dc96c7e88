"""A provider on the paced endpoint, and reading its streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jupyter_spark import errors
from jupyter_spark.providers import Delta, ProviderRequest, open_provider
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message
from tests.paced import PacedServer
from tests.paced.reading import ANSWER

KEY = "sk-right-1234567890"
APIS: Any = ("chat", "responses")
MESSAGES = (
    Message(role="system", content="Rules."),
    Message(role="user", content="One?"),
    Message(role="assistant", content="Two."),
    Message(role="user", content="Double it."),
)
REQUEST = ProviderRequest(MESSAGES)
both = pytest.mark.parametrize("api", APIS)


def make_profile(api: Any, base_url: str, **more: Any) -> Profile:
    more.setdefault("models", ("paced",))
    return Profile(name="p", title="The endpoint", api=api, base_url=base_url, key_env=("P_KEY",), **more)


@asynccontextmanager
async def opened(api: str, server: PacedServer, key: str = KEY, **more: Any) -> AsyncIterator[Any]:
    provider = open_provider(make_profile(api, server.base_url, **more), {"P_KEY": key})
    try:
        yield provider
    finally:
        await provider.aclose()


@asynccontextmanager
async def serving(api: str, **settings: Any) -> AsyncIterator[tuple[PacedServer, Any]]:
    settings.setdefault("answer", ANSWER)
    async with PacedServer(**settings) as server, opened(api, server) as provider:
        yield server, provider


async def read(provider: Any, request: ProviderRequest = REQUEST) -> list[Any]:
    return [event async for event in provider.stream(request)]


def text(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


async def fails(provider: Any, kind: type[errors.SparkError]) -> tuple[Any, list[Any]]:
    """The error of a turn, and what came before it."""
    events: list[Any] = []
    with pytest.raises(kind) as caught:
        async for event in provider.stream(REQUEST):
            events.append(event)  # noqa: PERF401 - they are wanted although the stream ends in an error
    error = caught.value
    assert type(error) is kind
    assert "\n" not in str(error)
    assert error.__suppress_context__ or error.__context__ is None
    return error, events
