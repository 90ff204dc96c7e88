"""The door to every endpoint that is not on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from jupyter_spark.providers import Completed, Delta, ProviderRequest, Started, Steered, Steering, open_provider
from jupyter_spark.providers._redacting import RedactingProvider
from jupyter_spark.redact import Vault
from jupyter_spark.settings import Profile, load_settings
from jupyter_spark.wire import Message
from tests.planted import Gardener

SECRET = Gardener(1).one("openai")
OTHER = Gardener(2).one("groq")
MARK = "<secret-1-openai-key>"


class Echo:
    """Says what it was sent, a few characters at a time; then hears new words, if there are any."""

    profile = Profile(name="p", models=("m",))
    model = "m"

    def __init__(self, step: int) -> None:
        self.step = step
        self.seen: list[ProviderRequest] = []
        self.heard: list[str] = []
        self.closed = 0

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Any, None]:
        self.seen.append(request)
        try:
            yield Started("m")
            for delta in self._cut(request.messages[-1].content):
                yield delta
            if request.steering is not None:
                words = await request.steering.next()
                self.heard.append(words)
                yield Steered(words, in_place=True)
                for delta in self._cut(words):
                    yield delta
            yield Completed("stop")
        finally:
            self.closed += 1

    def _cut(self, text: str) -> list[Delta]:
        return [Delta(text[start : start + self.step]) for start in range(0, len(text), self.step)]

    async def aclose(self) -> None:
        self.closed += 100


def answered(echo: Echo, request: ProviderRequest) -> list[Any]:
    async def read() -> list[Any]:
        return [event async for event in RedactingProvider(echo, Vault()).stream(request)]

    return asyncio.run(read())


def text_of(events: list[Any]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 11, 1000])
def test_nothing_is_shown_and_everything_comes_back(step: int) -> None:
    echo = Echo(step)
    words = f"if a < b: {SECRET.code}\n# <secret-nothing> <"
    request = ProviderRequest(
        messages=(Message(role="system", content=f"printed {SECRET.value}"), Message(role="user", content=words)),
        prediction=SECRET.code,
        prefill=f"use {SECRET.value}",
    )
    events = answered(echo, request)
    (seen,) = echo.seen
    assert [message.content for message in seen.messages] == [f"printed {MARK}", words.replace(SECRET.value, MARK)]
    assert (seen.prediction, seen.prefill) == (SECRET.code.replace(SECRET.value, MARK), f"use {MARK}")
    assert text_of(events) == words
    assert (events[0], events[-1]) == (Started("m"), Completed("stop"))
    assert echo.closed == 1


def test_new_words_are_kept_back_too() -> None:
    echo = Echo(4)
    steering = Steering()
    steering.say(f"use {OTHER.value} instead")
    request = ProviderRequest(messages=(Message(role="user", content=SECRET.value),), steering=steering)
    events = answered(echo, request)
    assert echo.heard == ["use <secret-2-groq-key> instead"]
    (steered,) = (event for event in events if isinstance(event, Steered))
    assert steered.words == f"use {OTHER.value} instead"
    assert text_of(events) == f"{SECRET.value}use {OTHER.value} instead"


def test_a_mark_that_this_request_did_not_hold_stays() -> None:
    vault = Vault()
    vault.redact(SECRET.value)
    echo = Echo(3)

    async def read() -> list[Any]:
        request = ProviderRequest(messages=(Message(role="user", content="hello"),))
        provider = RedactingProvider(echo, vault)
        echo._cut = lambda text: [Delta(f"{MARK} {text}")]  # type: ignore[method-assign]
        return [event async for event in provider.stream(request)]

    assert text_of(asyncio.run(read())) == f"{MARK} hello"


def test_closing_the_stream_closes_the_one_behind_it() -> None:
    echo = Echo(1)

    async def stop() -> None:
        provider = RedactingProvider(echo, Vault())
        stream = provider.stream(ProviderRequest(messages=(Message(role="user", content="hello"),)))
        await anext(stream)
        await stream.aclose()
        assert echo.closed == 1
        await provider.aclose()

    asyncio.run(stop())
    assert echo.closed == 101


def test_every_endpoint_but_the_built_in_model_is_behind_the_door(tmp_path: Any) -> None:
    settings = load_settings(env={})
    for profile in settings.profiles.values():
        provider = open_provider(profile, {})
        assert isinstance(provider, RedactingProvider) is (profile.api != "local"), profile.name
    file = tmp_path / "jupyter_spark.toml"
    file.write_text("[privacy]\nredact = false\n[profiles.openai]\nredact = true\n")
    settings = load_settings(file, env={})
    assert isinstance(open_provider(settings.profile("openai"), {}), RedactingProvider)
    assert not isinstance(open_provider(settings.profile("groq"), {}), RedactingProvider)
