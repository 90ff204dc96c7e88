"""The same turns, on the real engine, through both of its APIs: one contract, whatever carries the answer."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.errors import DeadlineError, LocalModelError
from jupyter_spark.providers import (
    Completed,
    Delta,
    ProviderRequest,
    Started,
    Steered,
    Steering,
    UsageSeen,
    open_provider,
)
from jupyter_spark.providers._engine import ensure_engine, stop_engine
from jupyter_spark.providers.models import model_path
from jupyter_spark.settings import Deadlines, Profile
from jupyter_spark.wire import Message

pytestmark = [pytest.mark.model, pytest.mark.parametrize("api", ["responses", "chat"])]

RULES = Message(role="system", content="You are a Python expert. Answer in one short sentence.")
QUESTION = Message(role="user", content="What does len([1, 2, 3]) return in Python?")
COUNT = Message(role="user", content="Write the numbers from 1 to 200, one on a line, as digits.")


@pytest.fixture(scope="module")
def model() -> Path:
    try:
        if importlib.util.find_spec("xllamacpp") is None:
            raise LocalModelError("xllamacpp is not installed.")
        return model_path("0.5b")
    except LocalModelError as error:
        if os.environ.get("JUPYTER_SPARK_REQUIRE_ALL") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module", autouse=True)
def runtime(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield
        asyncio.run(stop_engine())


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 240))


@asynccontextmanager
async def opened(model: Path, api: Any, **more: Any) -> AsyncIterator[Any]:
    address = await ensure_engine(model)
    more.setdefault("models", ("local",))
    more.setdefault("accepts", ("stream_options", "max_tokens", "max_output_tokens", "temperature"))
    profile = Profile(name="engine", api=api, base_url=address.base_url, key_env=("K",), **more)
    provider = open_provider(profile, {"K": address.api_key})
    try:
        yield provider
    finally:
        await provider.aclose()


async def read(provider: Any, *messages: Message, **more: Any) -> list[Any]:
    request = ProviderRequest((RULES, *messages), temperature=0.0, **more)
    return [event async for event in provider.stream(request)]


def text(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


def test_a_whole_turn_and_a_follow_up(model: Path, api: str) -> None:
    async def scenario() -> None:
        async with opened(model, api) as provider:
            events = await read(provider, QUESTION, max_output_tokens=60)
            assert isinstance(events[0], Started)
            assert "3" in text(events)
            assert events[-1] == Completed("stop")
            assert [type(event) for event in events].count(Completed) == 1
            (counted,) = (event for event in events if isinstance(event, UsageSeen))
            assert counted.usage.input_tokens > 10
            assert 0 < counted.usage.output_tokens <= 60
            if api == "chat":
                assert counted.tokens_per_s is not None
                assert 0.1 < counted.tokens_per_s < 10_000
            told = Message(role="assistant", content=text(events))
            again = await read(provider, QUESTION, told, Message(role="user", content="And len('ab')?"))
            assert "2" in text(again)
            assert isinstance(again[-1], Completed)

    run(scenario)


def test_the_rules_are_heard_as_in_a_chat(model: Path, api: str) -> None:
    async def counted(spoken: str) -> int:
        async with opened(model, spoken) as provider:
            events = await read(provider, QUESTION, max_output_tokens=2)
            (count,) = (event.usage.input_tokens for event in events if isinstance(event, UsageSeen))
            return int(count)

    async def scenario() -> None:
        assert await counted(api) == await counted("chat")

    run(scenario)


def test_the_output_limit_is_told(model: Path, api: str) -> None:
    async def scenario() -> None:
        async with opened(model, api) as provider:
            events = await read(provider, COUNT, max_output_tokens=12)
            assert text(events)
            assert isinstance(events[-1], Completed)
            if api == "chat":  # its Responses API calls every answer complete
                assert events[-1] == Completed("length")

    run(scenario)


def test_a_stopped_turn_leaves_nothing_in_the_next(model: Path, api: str) -> None:
    async def scenario() -> None:
        async with opened(model, api) as provider:
            async with aclosing(provider.stream(ProviderRequest((COUNT,), temperature=0.0))) as stream:
                async for event in stream:
                    if isinstance(event, Delta):
                        break
            events = await read(provider, QUESTION, max_output_tokens=60)
            assert "3" in text(events)
            assert isinstance(events[-1], Completed)

    run(scenario)


def test_new_words_end_the_reading(model: Path, api: str) -> None:
    async def scenario() -> None:
        async with opened(model, api) as provider:
            steering = Steering()
            events: list[Any] = []
            async with aclosing(provider.stream(ProviderRequest((COUNT,), steering=steering))) as stream:
                async for event in stream:
                    if isinstance(event, Delta) and not text(events):
                        steering.say("Stop counting.")
                    events.append(event)
            assert events[-1] == Steered("Stop counting.", in_place=False)

    run(scenario)


def test_a_deadline_ends_the_turn(model: Path, api: str) -> None:
    async def scenario() -> None:
        async with opened(model, api, deadlines=Deadlines(first_token_s=0.001)) as provider:
            with pytest.raises(DeadlineError) as caught:
                await read(provider, COUNT)
            assert caught.value.code == "deadline_first_token"

    run(scenario)
