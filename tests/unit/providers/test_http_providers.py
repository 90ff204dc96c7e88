"""The Chat and the Responses provider against a real server on loopback: what is sent, and whole answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_spark.providers import Completed, Delta, ProviderRequest, Reasoning, Started, UsageSeen
from jupyter_spark.wire import Message, Usage
from tests.paced import PacedServer, split_tokens
from tests.paced.reading import ANSWER, run
from tests.unit.providers.serving import KEY, MESSAGES, REQUEST, both, opened, read, serving, text

ODD: Any = (
    *("null_delta", "missing_choices", "unknown_events", "garbage_line", "garbage_json"),
    *("crlf", "no_space", "comment_pings", "byte_by_byte", "split_utf8"),
)

# --- answers ---------------------------------------------------------------------------------------


@both
def test_a_whole_answer(api: str) -> None:
    async def scenario() -> None:
        async with serving(api, cached_tokens=3) as (server, provider):
            events = await read(provider)
            assert events[0] == Started("paced")
            assert text(events) == ANSWER
            (usage,) = (event.usage for event in events if isinstance(event, UsageSeen))
            sent = len(server.records[0].raw_body) // 4
            assert usage == Usage(input_tokens=sent, output_tokens=len(split_tokens(ANSWER)), cached_tokens=3)
            assert events[-1] == Completed("stop")
            assert sum(isinstance(event, Completed | Started) for event in events) == 2
            assert server.records[0].headers["authorization"] == f"Bearer {KEY}"
            await read(provider)
            assert server.connections_opened == 1  # the second turn pays for no connection

    run(scenario)


@both
@pytest.mark.parametrize("fault", ODD)
def test_an_odd_stream_carries_the_whole_answer(api: str, fault: Any) -> None:
    async def scenario() -> None:
        async with serving(api, fault=fault) as (_, provider):
            events = await read(provider)
            assert text(events) == ANSWER
            assert [type(event) for event in events if not isinstance(event, Delta)] == [Started, UsageSeen, Completed]
            assert all(event.text for event in events if isinstance(event, Delta))

    run(scenario)


@both
def test_thoughts_are_told_apart(api: str) -> None:
    async def scenario() -> None:
        async with serving(api, fault="reasoning") as (_, provider):
            events = await read(provider)
            assert text(events) == ANSWER
            thoughts = "".join(event.text for event in events if isinstance(event, Reasoning))
            assert thoughts.startswith("The user wants this done")
            (usage,) = (event.usage for event in events if isinstance(event, UsageSeen))
            assert usage.reasoning_tokens == len(split_tokens(thoughts))

    run(scenario)


@both
@pytest.mark.parametrize(("fault", "reason"), [("incomplete", "length"), ("filtered", "filter")])
def test_an_answer_that_ends_early_says_why(api: str, fault: Any, reason: str) -> None:
    async def scenario() -> None:
        async with serving(api, fault=fault) as (_, provider):
            events = await read(provider)
            assert events[-1] == Completed(reason)
            assert 0 < len(text(events)) < len(ANSWER)
            assert any(isinstance(event, UsageSeen) for event in events)

    run(scenario)


@both
def test_turns_side_by_side(api: str) -> None:
    async def scenario() -> None:
        async with serving(api, rate_tok_s=400.0) as (_, provider):
            one, other = await asyncio.gather(read(provider), read(provider))
            assert text(one) == text(other) == ANSWER

    run(scenario)


# --- what is sent ----------------------------------------------------------------------------------


def sent_body(api: str, request: ProviderRequest = REQUEST, **profile: Any) -> dict[str, Any]:
    bodies: list[dict[str, Any]] = []

    async def scenario() -> None:
        async with PacedServer() as server, opened(api, server, **profile) as provider:
            await read(provider, request)
            assert server.records[0].body is not None
            bodies.append(server.records[0].body)

    run(scenario)
    return bodies[0]


def test_the_body_of_a_chat() -> None:
    body = sent_body("chat", accepts=())
    assert body == {
        "model": "paced",
        "stream": True,
        "messages": [{"role": m.role, "content": m.content} for m in MESSAGES],
    }


def test_the_body_of_a_response() -> None:
    body = sent_body("responses", accepts=())
    assert body == {
        "model": "paced",
        "stream": True,
        "store": False,
        "input": [
            {"role": "system", "content": "Rules."},
            {"role": "user", "content": "One?"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Two."}]},
            {"role": "user", "content": "Double it."},
        ],
    }


def test_messages_of_one_role_in_a_row() -> None:
    """Some chat templates refuse them, so a chat gets them as one; a response keeps them apart."""
    said = [
        ("system", "Rules."),
        ("user", "The notebook"),
        ("user", "What?"),
        ("assistant", "1"),
        ("user", "Why?"),
    ]
    request = ProviderRequest(tuple(Message.model_validate({"role": role, "content": text}) for role, text in said))
    assert [(m["role"], m["content"]) for m in sent_body("chat", request, accepts=())["messages"]] == [
        ("system", "Rules."),
        ("user", "The notebook\n\nWhat?"),
        ("assistant", "1"),
        ("user", "Why?"),
    ]
    assert len(sent_body("responses", request, accepts=())["input"]) == 5


def test_only_what_the_profile_accepts_is_sent() -> None:
    parameters = {"temperature": 0.0, "seed": 1}
    request = ProviderRequest(MESSAGES, stop=("\n```",))
    body = sent_body("chat", request, accepts=("stream_options", "stop", "temperature"), parameters=parameters)
    assert body["stream_options"] == {"include_usage": True}
    assert (body["stop"], body["temperature"]) == (["\n```"], 0.0)
    assert not {"seed", "max_tokens", "max_completion_tokens"} & body.keys()
    assert "stop" not in sent_body("chat", accepts=("stop",))
    body = sent_body("responses", request, accepts=("stream_options", "temperature"), parameters=parameters)
    assert (body["stream_options"], body["temperature"]) == ({"include_obfuscation": False}, 0.0)
    assert not {"seed", "stop", "max_output_tokens"} & body.keys()


@both
def test_how_freely_to_sample(api: str) -> None:
    warm = ProviderRequest(MESSAGES, temperature=0.7)
    known: dict[str, Any] = {"accepts": ("temperature",), "parameters": {"temperature": 0.0}}
    assert sent_body(api, warm, **known)["temperature"] == 0.7
    assert sent_body(api, REQUEST, **known)["temperature"] == 0.0
    assert sent_body(api, warm, accepts=("temperature",))["temperature"] == 0.7
    assert "temperature" not in sent_body(api, warm, accepts=(), parameters={"temperature": 0.0})


def test_the_bound_on_the_answer() -> None:
    bounds = {"max_output_tokens": 77}
    assert sent_body("chat", accepts=("max_tokens",), **bounds)["max_tokens"] == 77
    body = sent_body("chat", accepts=("max_tokens", "max_completion_tokens"), **bounds)
    assert body["max_completion_tokens"] == 77
    assert "max_tokens" not in body
    assert sent_body("responses", accepts=("max_output_tokens",), **bounds)["max_output_tokens"] == 77
    request = ProviderRequest(MESSAGES, max_output_tokens=9)
    assert sent_body("chat", request, accepts=("max_tokens",), **bounds)["max_tokens"] == 9
    assert sent_body("responses", request, accepts=("max_output_tokens",), **bounds)["max_output_tokens"] == 9


def test_the_answer_is_begun_only_where_the_profile_takes_that() -> None:
    request = ProviderRequest(MESSAGES, prefill="```python\n")
    begun = {"role": "assistant", "content": "```python\n"}
    assert sent_body("chat", request, prefill=True)["messages"][-1] == begun
    assert sent_body("chat", REQUEST, prefill=True)["messages"][-1]["role"] == "user"
    assert begun not in sent_body("chat", request)["messages"]
    assert begun not in sent_body("responses", request, prefill=True)["input"]


def test_headers_of_the_profile() -> None:
    async def scenario() -> None:
        settings: Any = {"headers": {"x-title": "spark"}, "key_header": "api-key"}
        async with PacedServer() as server, opened("chat", server, **settings) as provider:
            await read(provider)
            assert server.records[0].headers["x-title"] == "spark"
            assert server.records[0].headers["api-key"] == KEY
        async with PacedServer() as server, opened("chat", server, key="", key_required=False, **settings) as provider:
            await read(provider)
            assert "api-key" not in server.records[0].headers

    run(scenario)


def test_a_profile_without_a_model_asks_for_the_default() -> None:
    assert sent_body("chat", models=())["model"] == "default"
