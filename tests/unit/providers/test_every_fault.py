"""Every fault at an endpoint is one typed error or a recovery, on every transport, each under its own deadline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from jupyter_spark import errors
from jupyter_spark.providers import Completed, open_provider
from jupyter_spark.settings import Deadlines
from tests.paced import Fault, PacedServer
from tests.paced.reading import ANSWER, run
from tests.paced.unreachable import own_certificate, refusing_url, speaking_garbage
from tests.unit.providers.serving import KEY, REQUEST, make_profile, read, text

SHORT = Deadlines(connect_s=2.0, first_token_s=15.0, stall_s=15.0, turn_s=30.0)
BOUND_S = 40.0  # a turn's own deadline is well below
TRANSPORTS = ("websocket", "sse", "chat")


@dataclass(frozen=True)
class Case:
    """A fault, and how a turn ends: with the whole answer, or with one error of a kind and a code."""

    name: str
    fault: Any
    kind: type[errors.SparkError] | None = None
    code: str | None = None
    partial: bool = False
    transports: tuple[str, ...] = TRANSPORTS
    deadlines: Deadlines = SHORT
    accepts: tuple[str, ...] = ("stream_options",)


WS, HTTP = ("websocket",), ("sse", "chat")
# On a busy machine too the connection stands before the first token is late.
NO_TOKEN = Deadlines(connect_s=2.0, first_token_s=1.0, stall_s=15.0)
STALL = Deadlines(connect_s=2.0, first_token_s=15.0, stall_s=0.2)
HALF = ANSWER[:8]

CASES = [
    Case("401", "http_401", errors.AuthenticationError, "authentication"),
    Case("403", "http_403", errors.AuthenticationError, "authentication"),
    Case("404 model", "http_404_model", errors.ModelNotFoundError, "model_not_found"),
    Case("400 unsupported parameter", Fault("http_400_unsupported_parameter", parameter="top_p"), accepts=("top_p",)),
    Case("429 without retry-after, once", Fault("http_429", times=1)),
    Case("429 with retry-after, once", Fault("http_429", times=1, retry_after_s=0.05)),
    Case("429 with retry-after, always", Fault("http_429", retry_after_s=0.01), errors.RateLimitError, "rate_limit"),
    Case("429 to wait for too long", Fault("http_429", retry_after_s=900), errors.RateLimitError, "rate_limit"),
    Case("429 quota", "http_429_quota", errors.RateLimitError, "rate_limit"),
    Case("500", "http_500", errors.ServerError, "server"),
    Case("503 then fine", Fault("http_503_then_fine", retry_after_s=0.01)),
    Case(
        "no headers", "headers_never", errors.DeadlineError, "deadline_first_token", transports=HTTP, deadlines=NO_TOKEN
    ),
    Case("first token never", "first_token_never", errors.DeadlineError, "deadline_first_token", deadlines=NO_TOKEN),
    Case(
        "stall in mid-stream",
        Fault("stall_mid_stream", after_tokens=2),
        errors.DeadlineError,
        "deadline_stall",
        partial=True,
        deadlines=STALL,
    ),
    Case("cut in mid-token", Fault("cut_mid_token", after_tokens=2), errors.StreamCutError, partial=True),
    Case("cut after the last token", "cut_before_terminal", errors.StreamCutError, partial=True),
    Case("garbage line", "garbage_line"),
    Case("garbage JSON", "garbage_json"),
    Case("half a character at a chunk's edge", "split_utf8"),
    Case("null delta", "null_delta"),
    Case("unknown events", "unknown_events"),
    Case("error event", Fault("error_event", after_tokens=2), errors.ServerError, "server", partial=True),
    Case("failed event", Fault("failed_event", after_tokens=2), errors.ServerError, "server", partial=True),
    Case("error event before the first token, once", Fault("error_event", after_tokens=0, times=1)),
    Case("cut before the first token, once", Fault("cut_mid_token", after_tokens=0, times=1)),
    *(
        case
        for name in ("close_1006", "close_1011", "close_1012")
        for case in (
            Case(
                f"{name} in mid-stream", Fault(name, after_tokens=2), errors.StreamCutError, "socket_closed", True, WS
            ),
            Case(f"{name} before the first token", Fault(name, after_tokens=0), transports=WS),
        )
    ),
    Case("garbage frame", Fault("garbage_frame", after_tokens=2), errors.StreamCutError, "socket_closed", True, WS),
    Case("handshake refused", "handshake_refused", transports=WS),
    Case("handshake never", "handshake_never", transports=WS, deadlines=Deadlines(connect_s=0.4)),
]


async def turn(base_url: str, transport: str, case: Case, key: str = KEY) -> tuple[Any, list[Any]]:
    """One turn: its error, if any, and its events."""
    profile = make_profile(
        "chat" if transport == "chat" else "responses",
        base_url,
        websocket=transport == "websocket",
        deadlines=case.deadlines,
        accepts=case.accepts,
        parameters={"top_p": 0.5},
    )
    provider: Any = open_provider(profile, {"P_KEY": key})
    events: list[Any] = []
    before = asyncio.all_tasks()
    try:
        async for event in provider.stream(REQUEST):
            events.append(event)  # noqa: PERF401 - they are wanted although the stream may end in an error
    except errors.SparkError as error:
        return error, events
    finally:
        await provider.aclose()
        await asyncio.sleep(0)
        ours = {task for task in asyncio.all_tasks() - before if "providers" in repr(task.get_coro())}
        assert not ours
    return None, events


def judge(case: Case, error: Any, events: list[Any]) -> None:
    if case.kind is None:
        assert error is None
        assert text(events) == ANSWER
        assert [type(event) for event in events].count(Completed) == 1
        return
    assert type(error) is case.kind
    assert case.code is None or error.code == case.code
    assert error.message
    assert "\n" not in str(error)
    assert KEY not in str(error)
    assert not any(isinstance(event, Completed) for event in events)
    assert bool(text(events)) == case.partial
    assert ANSWER.startswith(text(events))


@pytest.mark.parametrize(
    ("transport", "case"),
    [pytest.param(one, case, id=f"{case.name}-{one}") for case in CASES for one in case.transports],
)
def test_a_fault(transport: str, case: Case) -> None:
    async def scenario() -> None:
        async with PacedServer(answer=ANSWER, fault=case.fault) as server:
            error, events = await asyncio.wait_for(turn(server.base_url, transport, case), BOUND_S)
            judge(case, error, events)
            if case.name == "429 to wait for too long":
                assert "15 min" in error.hint
                assert len(server.records) == 1

    run(scenario)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_refused_connection(transport: str) -> None:
    async def scenario() -> None:
        with refusing_url() as url:
            case = Case("refused", None, errors.ConnectionFailed, "connection")
            judge(case, *await asyncio.wait_for(turn(url, transport, case), BOUND_S))

    run(scenario)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_answers_speaks_no_tls(transport: str) -> None:
    async def scenario() -> None:
        async with speaking_garbage() as url:
            case = Case("no TLS", None, errors.ConnectionFailed, "connection")
            judge(case, *await asyncio.wait_for(turn(url, transport, case), BOUND_S))

    run(scenario)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_certificate_that_nobody_trusts(transport: str) -> None:
    async def scenario() -> None:
        async with PacedServer(answer=ANSWER, tls=own_certificate()) as server:
            case = Case("own certificate", None, errors.ConnectionFailed, "connection")
            judge(case, *await asyncio.wait_for(turn(server.base_url, transport, case), BOUND_S))

    run(scenario)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_whole_turn_has_a_deadline(transport: str) -> None:
    async def scenario() -> None:
        async with PacedServer(answer="word " * 2_000, rate_tok_s=50.0) as server:
            case = Case("too long", None, deadlines=Deadlines(turn_s=2.0))
            error, events = await asyncio.wait_for(turn(server.base_url, transport, case), BOUND_S)
            assert (type(error), error.code) == (errors.DeadlineError, "deadline_turn")
            assert text(events)

    run(scenario)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_dead_endpoint_is_left_alone_for_a_while(transport: str) -> None:
    async def scenario() -> None:
        async with PacedServer(answer=ANSWER, fault="http_500") as server:
            profile = make_profile(
                "chat" if transport == "chat" else "responses",
                server.base_url,
                websocket=transport == "websocket",
                deadlines=Deadlines(cooling_s=0.5, first_token_s=15.0),
            )
            provider: Any = open_provider(profile, {"P_KEY": KEY})
            for code in ("server", "server", "circuit_open"):
                with pytest.raises(errors.ProviderError) as caught:
                    await read(provider)
                assert caught.value.code == code
            assert "5 requests in a row, repeated ones included" in caught.value.message
            asked = len(server.records)
            assert asked == 5
            server.fault = None
            await asyncio.sleep(0.6)
            assert text(await read(provider)) == ANSWER
            assert text(await read(provider)) == ANSWER
            await provider.aclose()

    run(scenario)
