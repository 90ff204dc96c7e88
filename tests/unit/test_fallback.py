"""Another provider takes over before the first token, and says so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_spark import errors
from jupyter_spark.fallback import Substitute, run_turn_or_substitute
from jupyter_spark.providers import Completed, Delta, Started, Steering
from tests.unit.turns import BROKEN, FOREVER, GOOD, Replies, checked, only, request

AWAY = errors.ConnectionFailed("No connection to A.", "Check the network.")


def run(first: Replies, *others: Replies, steering: Steering | None = None, **asked: Any) -> list[Any]:
    made = request(**asked)
    waiting = [Substitute(other, lambda: request(turn_id="other", **asked)) for other in others]

    async def read() -> list[Any]:
        return [event async for event in run_turn_or_substitute(made, first, waiting, steering=steering)]

    events = asyncio.run(asyncio.wait_for(read(), 20))
    assert all(one.closed == len(one.requests) for one in (first, *others))
    return checked(events)


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        errors.ServerError("A failed."),
        errors.RateLimitError("A is full."),
        errors.DeadlineError("A is late."),
        errors.StreamCutError("A hung up."),
        errors.AuthenticationError("A refuses the key."),
        errors.AuthenticationError("A needs a key.", code="no_key"),
        errors.ModelNotFoundError("A has no such model."),
        errors.LocalModelError("The file is missing.", code="no_model_file"),
        errors.LocalModelError("The engine ended.", code="engine_failed"),
    ],
)
def test_who_cannot_begin_is_replaced(error: errors.SparkError) -> None:
    other = Replies(GOOD, title="B")
    events = run(Replies([error]), other)
    notice = only(events, "notice").message
    assert notice.startswith(error.message.rstrip("."))
    assert "B answers instead" in notice
    assert [e.type for e in events].count("turn_started") == 2
    assert events[-1].proposal.holds
    assert events[-1].proposal.turn_id == "t1"


@pytest.mark.parametrize(
    "reply",
    [
        [errors.BadRequestError("A refuses the request.")],
        [errors.ConfigError("A has no address.")],
        [RuntimeError("a bug")],
        [Delta("```python\na"), errors.StreamCutError("Cut.")],
        [Delta("x"), errors.ServerError("A failed.")],
        [Started("m"), Completed("filter")],
    ],
)
def test_what_another_could_not_mend_stays(reply: list[Any]) -> None:
    other = Replies(GOOD)
    events = run(Replies(reply), other)
    assert events[-1].type == "turn_failed"
    assert not other.requests


def test_each_in_turn() -> None:
    events = run(Replies([AWAY]), Replies([errors.ServerError("B failed.")]), Replies(GOOD, title="C"))
    assert [e.message.partition(":")[0] for e in events if e.type == "notice"] == ["No connection to A", "B failed"]
    assert events[-1].type == "turn_finished"


def test_the_last_failure_is_the_turns() -> None:
    events = run(Replies([AWAY]), Replies([errors.ServerError("B failed.")]))
    assert (events[-1].type, events[-1].message) == ("turn_failed", "B failed.")


def test_who_cannot_be_asked_is_passed_over() -> None:
    def too_large() -> Any:
        raise errors.UsageError("The cell is too large.")

    last = Replies(GOOD)
    waiting = [Substitute(Replies(GOOD), too_large), Substitute(last, request)]

    async def read(substitutes: list[Substitute]) -> list[Any]:
        return [e async for e in run_turn_or_substitute(request(), Replies([AWAY]), substitutes)]

    assert checked(asyncio.run(read(waiting)))[-1].type == "turn_finished"
    assert len(last.requests) == 1
    assert checked(asyncio.run(read(waiting[:1])))[-1].message == AWAY.message


def test_a_repair_that_fails_is_no_reason_to_begin_again() -> None:
    other = Replies(GOOD)
    events = run(Replies(BROKEN, [AWAY]), other)
    assert events[-1].type == "turn_finished"
    assert not other.requests


def test_a_stopped_turn_goes_no_further() -> None:
    first, other = Replies([FOREVER]), Replies(GOOD)

    async def read() -> list[Any]:
        events: list[Any] = []

        async def drive() -> None:
            waiting = [Substitute(other, request)]
            async for event in run_turn_or_substitute(request(), first, waiting):
                events.append(event)  # noqa: PERF401 - one by one, as they come

        task = asyncio.create_task(drive())
        while not first.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return events

    assert checked(asyncio.run(asyncio.wait_for(read(), 20)))[-1].type == "turn_cancelled"
    assert not other.requests


def test_what_was_said_goes_along() -> None:
    steering, other = Steering(), Replies(GOOD)
    steering.say("in French")
    first = Replies([FOREVER], [AWAY])
    run(first, other, steering=steering)
    assert "in French" in other.requests[-1].messages[-1].content
