"""However a turn ends, it ends in exactly one terminal event: in failure, on being stopped, over the network."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_spark.errors import ConnectionFailed, StreamCutError
from jupyter_spark.providers import (
    Completed,
    Delta,
    Started,
    UsageSeen,
    open_provider,
)
from jupyter_spark.settings import Profile
from jupyter_spark.turn import run_turn
from tests.paced import Fault, PacedServer, until
from tests.paced.reading import run
from tests.unit.turns import (
    BROKEN,
    FOREVER,
    GOOD,
    USED,
    Replies,
    checked,
    kinds,
    request,
    turn,
)

# --- failed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ask", "rewrite"])
def test_an_error_of_the_endpoint(kind: str) -> None:
    cut = StreamCutError("The answer ended.", "Try again.")
    events = turn(request(kind), Replies([Started("m"), Delta("Half an "), Delta("answer"), cut]))
    failed = events[-1]
    assert (failed.type, failed.code, failed.message, failed.hint) == (
        "turn_failed",
        "stream_cut",
        "The answer ended.",
        "Try again.",
    )
    assert failed.text == "Half an answer"
    assert failed.figures.first_token_s is not None


def test_an_error_before_anything() -> None:
    events = turn(request("ask"), Replies([ConnectionFailed("No network.")]))
    assert kinds(events) == ["turn_started", "context_packed", "turn_failed"]
    assert (events[-1].text, events[-1].figures.first_token_s, events[-1].figures.usage) == ("", None, None)


def test_a_bug_is_told_as_one() -> None:
    events = turn(request("ask"), Replies([Delta("x"), ZeroDivisionError("by zero")]))
    assert (events[-1].type, events[-1].code, events[-1].text) == ("turn_failed", "error", "x")
    assert "ZeroDivisionError: by zero" in events[-1].message
    assert "report" in events[-1].hint


@pytest.mark.parametrize("kind", ["ask", "rewrite"])
def test_a_withheld_answer(kind: str) -> None:
    events = turn(request(kind), Replies([Delta("x"), Completed("filter")]))
    assert events[-1].type == "turn_failed"
    assert "content filter" in events[-1].message


# --- cancelled -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ask", "rewrite"])
def test_a_stopped_turn_keeps_what_arrived(kind: str) -> None:
    provider = Replies([Started("m"), Delta("```python\na = 2\n"), UsageSeen(USED), FOREVER])
    events: list[Any] = []

    async def drive() -> None:
        async for event in run_turn(request(kind), provider):
            events.append(event)  # noqa: PERF401 - they are wanted although the task is cancelled

    async def scenario() -> None:
        task = asyncio.ensure_future(drive())
        await until(lambda: any(event.type == "usage_reported" for event in events))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(scenario)
    checked(events)
    assert events[-1].type == "turn_cancelled"
    assert events[-1].text == "```python\na = 2\n"
    assert events[-1].figures.usage == USED
    assert provider.closed == 1


@pytest.mark.parametrize(
    "kind",
    ["ask", "rewrite"],
)
def test_a_reader_that_goes_away_closes_the_stream(kind: str) -> None:
    provider = Replies("Words that nobody reads.\nMore of them.\n")

    async def scenario() -> None:
        stream = run_turn(request(kind), provider)
        async for event in stream:
            if event.type == "text_delta":
                break
        await stream.aclose()
        assert provider.closed == 1

    run(scenario)


# --- over the network ------------------------------------------------------------------------------


def paced_profile(server: PacedServer, api: Any, **more: Any) -> Profile:
    return Profile(name="p", api=api, base_url=server.base_url, key_env=("K",), **{"models": ("m",), **more})


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_repair_over_the_network(api: str) -> None:
    def answer(body: dict[str, Any]) -> str:
        return GOOD if "does not hold" in str(body) else BROKEN

    async def scenario() -> None:
        async with PacedServer(answer=answer) as server:
            provider = open_provider(paced_profile(server, api), {"K": "k"})
            events = checked([event async for event in run_turn(request(), provider)])
            await provider.aclose()
        proposal = events[-1].proposal
        assert proposal.holds
        assert proposal.repaired
        assert proposal.edit.new_source == "a = 2\nb = a + 1"
        usages = [event.usage for event in events if event.type == "usage_reported"]
        assert events[-1].figures.usage == usages[0] + usages[1]

    run(scenario)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_stop_over_the_network(api: str) -> None:
    events: list[Any] = []

    async def scenario() -> None:
        async with PacedServer(answer=GOOD + "x" * 800, rate_tok_s=50.0) as server:
            provider = open_provider(paced_profile(server, api), {"K": "k"})

            async def drive() -> None:
                async for event in run_turn(request(), provider):
                    events.append(event)  # noqa: PERF401

            task = asyncio.ensure_future(drive())
            await until(lambda: any(event.type == "edit_delta" for event in events))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: server.records[0].closed_at_s)
            await provider.aclose()

    run(scenario)
    checked(events)
    assert events[-1].type == "turn_cancelled"
    assert events[-1].text.startswith("Sure.\n```python\na = 2\n")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("http_401", "authentication"),
        ("http_404_model", "model_not_found"),
        ("cut_before_terminal", "stream_cut"),
        (Fault("error_event", after_tokens=2), "server"),
        ("filtered", "provider"),
    ],
)
def test_a_failure_over_the_network(fault: Any, code: str) -> None:
    async def scenario() -> None:
        async with PacedServer(answer=GOOD, fault=fault) as server:
            provider = open_provider(paced_profile(server, "chat"), {"K": "sk-secret-123"})
            events = checked([event async for event in run_turn(request(), provider)])
            await provider.aclose()
        assert (events[-1].type, events[-1].code) == ("turn_failed", code)
        assert "sk-secret-123" not in repr(events)

    run(scenario)
