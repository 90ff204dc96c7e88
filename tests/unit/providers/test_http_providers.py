"""The Chat and the Responses provider against a real server on loopback: answers, faults, keys, cancellation."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from jupyter_spark import errors
from jupyter_spark.providers import Completed, Delta, ProviderRequest, Reasoning, Started, UsageSeen, open_provider
from jupyter_spark.settings import Deadlines, Profile
from jupyter_spark.wire import Message, Usage
from tests.paced import Fault, PacedServer, split_tokens, until
from tests.paced.reading import ANSWER, run

KEY = "sk-right-1234567890"
APIS: Any = ("chat", "responses")
MESSAGES = (
    Message(role="system", content="Rules."),
    Message(role="user", content="One?"),
    Message(role="assistant", content="Two."),
    Message(role="user", content="Double it."),
)
REQUEST = ProviderRequest(MESSAGES)
ODD: Any = (
    *("null_delta", "missing_choices", "unknown_events", "garbage_line", "garbage_json"),
    *("crlf", "no_space", "comment_pings", "byte_by_byte", "split_utf8"),
)
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
        "instructions": "Rules.",
        "input": [{"role": m.role, "content": m.content} for m in MESSAGES[1:]],
    }
    assert "instructions" not in sent_body("responses", ProviderRequest(MESSAGES[1:]), accepts=())


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


# --- faults before the answer ----------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("http_401", errors.AuthenticationError, "refuses the key"),
        ("http_403", errors.AuthenticationError, "insufficient permissions"),
        ("http_404_model", errors.ModelNotFoundError, "has no model"),
        (Fault("http_429", retry_after_s=0.01), errors.RateLimitError, "no more requests"),
        (Fault("http_429_quota", retry_after_s=0.01), errors.RateLimitError, "quota"),
        ("http_500", errors.ServerError, "status 500"),
    ],
)
def test_a_refusal_is_one_clear_line(api: str, fault: Any, kind: Any, says: str) -> None:
    async def scenario() -> None:
        async with serving(api, fault=fault) as (server, provider):
            error, events = await fails(provider, kind)
            assert events == []
            assert error.message.startswith("The endpoint ")
            assert says in error.message
            assert error.hint
            assert error.retryable == (kind is errors.ServerError or fault == Fault("http_429", retry_after_s=0.01))
            if kind is errors.RateLimitError:
                assert error.retry_after_s == 0.01
            server.fault = None
            assert text(await read(provider)) == ANSWER

    run(scenario)


@both
def test_a_passing_failure_is_tried_again_before_the_answer(api: str) -> None:
    async def scenario() -> None:
        fault = [Fault("http_503_then_fine", retry_after_s=0.01), Fault("http_429", times=1, retry_after_s=0.01)]
        async with serving(api, fault=fault) as (server, provider):
            assert text(await read(provider)) == ANSWER
            assert [record.status for record in server.records] == [503, 429, 200]

    run(scenario)


@both
def test_a_refused_parameter_is_dropped_and_remembered(api: str) -> None:
    async def scenario() -> None:
        faults = [Fault("http_400_unsupported_parameter", parameter=name) for name in ("temperature", "top_p")]
        parameters = {"temperature": 0.0, "top_p": 0.5}
        accepts = ("temperature", "top_p", "stream_options")
        async with (
            PacedServer(fault=faults) as server,
            opened(api, server, accepts=accepts, parameters=parameters) as provider,
        ):
            for _ in range(2):
                events = await read(provider)
                assert [type(event) for event in events if isinstance(event, Started | Completed)] == [
                    Started,
                    Completed,
                ]
            assert [record.status for record in server.records] == [400, 400, 200, 200]
            bodies = [record.body or {} for record in server.records]
            assert ["temperature" in body for body in bodies] == [True, False, False, False]
            assert ["top_p" in body for body in bodies] == [True, True, False, False]
            assert all("stream_options" in body for body in bodies)

    run(scenario)


@both
def test_a_parameter_that_cannot_be_dropped_is_an_error(api: str) -> None:
    async def scenario() -> None:
        async with serving(api, fault=Fault("http_400_unsupported_parameter", parameter="stream")) as (
            server,
            provider,
        ):
            error, _ = await fails(provider, errors.BadRequestError)
            assert (error.code, error.parameter) == ("unsupported_parameter", "stream")
            assert len(server.records) == 1

    run(scenario)


@both
def test_the_next_model_of_the_profile_answers(api: str) -> None:
    async def scenario() -> None:
        faults = [Fault("http_404_model", model="best"), Fault("http_404_model", model="good")]
        models = ("best", "good", "plain")
        async with PacedServer(fault=faults) as server, opened(api, server, models=models) as provider:
            assert provider.model == "best"
            events = await read(provider)
            assert [event for event in events if isinstance(event, Started)] == [Started("plain")]
            assert isinstance(events[-1], Completed)
            assert provider.model == "plain"
            await read(provider)
            assert [(record.body or {})["model"] for record in server.records] == ["best", "good", "plain", "plain"]

    run(scenario)


@both
def test_no_model_of_the_profile_is_to_be_had(api: str) -> None:
    async def scenario() -> None:
        async with PacedServer(fault="http_404_model") as server, opened(api, server, models=("a", "b")) as provider:
            error, _ = await fails(provider, errors.ModelNotFoundError)
            assert "`b`" in error.message
            assert "JUPYTER_SPARK_MODEL" in error.hint

    run(scenario)


@both
def test_many_models_end_in_an_error_and_never_in_silence(api: str) -> None:
    async def scenario() -> None:
        models = tuple(f"m{number}" for number in range(20))
        async with PacedServer(fault="http_404_model") as server, opened(api, server, models=models) as provider:
            await fails(provider, errors.ModelNotFoundError)

    run(scenario)


def test_a_profile_without_a_model_asks_for_the_default() -> None:
    assert sent_body("chat", models=())["model"] == "default"


@both
def test_no_server(api: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else answers there

        async def scenario() -> None:
            profile = make_profile(api, f"http://127.0.0.1:{held.getsockname()[1]}/v1")
            provider: Any = open_provider(profile, {"P_KEY": KEY})
            error, events = await fails(provider, errors.ConnectionFailed)
            await provider.aclose()
            assert events == []
            assert error.message.startswith("No connection to The endpoint: ")
            assert error.retryable

        run(scenario)


@both
@pytest.mark.parametrize("fault", ["headers_never", "first_token_never", "stall_mid_stream"])
def test_an_endpoint_that_takes_too_long(api: str, fault: Any) -> None:
    async def scenario() -> None:
        deadlines = Deadlines(first_token_s=0.1)
        async with (
            PacedServer(fault=fault, answer=ANSWER) as server,
            opened(api, server, deadlines=deadlines) as provider,
        ):
            error, events = await fails(provider, errors.DeadlineError)
            assert error.retryable
            assert (len(text(events)) > 0) == (fault == "stall_mid_stream")
            await until(lambda: all(record.closed_at_s for record in server.records))

    run(scenario)


@both
def test_no_key(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_spark.settings._from_keyring", lambda names: None)

    async def scenario() -> None:
        async with serving(api) as (server, _), opened(api, server, key="") as provider:
            error, _ = await fails(provider, errors.AuthenticationError)
            assert error.code == "no_key"
            assert server.records == []

    run(scenario)


# --- faults in the stream --------------------------------------------------------------------------


@both
@pytest.mark.parametrize("fault", ["cut_before_terminal", Fault("cut_mid_token", after_tokens=3)])
def test_a_stream_that_only_ends_is_no_success(api: str, fault: Any) -> None:
    async def scenario() -> None:
        async with serving(api, fault=fault) as (server, provider):
            error, events = await fails(provider, errors.StreamCutError)
            assert error.retryable
            assert text(events) == (ANSWER if fault == "cut_before_terminal" else ANSWER[:12])
            assert not any(isinstance(event, Completed) for event in events)
            assert len(server.records) == 1  # what has begun is not begun again
            server.fault = None
            assert text(await read(provider)) == ANSWER

    run(scenario)


@both
@pytest.mark.parametrize("fault", ["error_event", "failed_event"])
def test_an_error_inside_the_stream(api: str, fault: Any) -> None:
    async def scenario() -> None:
        async with serving(api, fault=Fault(fault, after_tokens=2)) as (server, provider):
            error, events = await fails(provider, errors.ServerError)
            assert "The model produced an error in mid stream" in error.message
            assert text(events) == ANSWER[:8]
            assert len(server.records) == 1

    run(scenario)


# --- stopping --------------------------------------------------------------------------------------


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


# --- keys ------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("key", ["sk-wrong-9876543210", "csk-abcdefgh", "0123456789abcdef0123456789abcdef"])
def test_a_key_that_is_echoed_goes_no_further(api: str, key: str) -> None:
    async def scenario() -> None:
        async with PacedServer(require_key=KEY) as server, opened(api, server, key=key) as provider:
            error, _ = await fails(provider, errors.AuthenticationError)
            shown = [str(error), repr(error), error.hint, *error._render_traceback_(), repr(error.__dict__)]
            assert not any(key in line for line in shown)
            assert "***" in error.message
            assert "P_KEY" in error.hint

    run(scenario)
