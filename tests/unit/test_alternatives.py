"""Candidates of one edit at once: checked, ranked, without repeats; and a second opinion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from jupyter_spark.alternatives import rank_proposals, run_alternatives, second_opinion, spread_request
from jupyter_spark.errors import ServerError, UsageError
from jupyter_spark.providers import Completed, Delta, ProviderRequest
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import Proposal, TurnRequest
from tests.unit.turns import BROKEN, FOREVER, GOOD, UNKNOWN, Replies, request

OTHER = "```python\na = 2.0\nb = a + 1\n```"
SAME_BUT_BLANKS = "```python\na = 2  \nb = a + 1\n\n```"


def candidates(provider: Replies, n: int) -> list[tuple[int, Any]]:
    async def read() -> list[tuple[int, Any]]:
        pairs = run_alternatives(spread_request(request(), n), lambda one: run_turn(one, provider))
        return [pair async for pair in pairs]

    return asyncio.run(asyncio.wait_for(read(), 20))


def proposals(pairs: list[tuple[int, Any]]) -> list[Proposal]:
    return [event.proposal for _, event in pairs if event.type == "edit_ready"]


def texts(ranked: list[Proposal]) -> list[str]:
    return [proposal.edit.new_source for proposal in ranked]


def test_the_requests_are_turns_of_their_own_that_may_differ() -> None:
    made = spread_request(request(), 4)
    assert len({one.turn_id for one in made}) == 4
    assert made[0].turn_id == "t1"
    assert made[0].temperature is None
    heats = [one.temperature for one in made[1:]]
    assert heats == sorted(set(heats))
    assert heats[0] == 0.7
    assert heats[-1] == 1.0
    assert not any(one.repair for one in made)
    assert {one.instruction for one in made} == {"make a two"}


@pytest.mark.parametrize("n", [-1, 0, 1, 9, 1000])
def test_how_many(n: int) -> None:
    with pytest.raises(UsageError, match="from 2 to 8"):
        spread_request(request(), n)
    assert [len(spread_request(request(), k)) for k in (2, 3, 8)] == [2, 3, 8]


def test_words_have_no_alternatives() -> None:
    with pytest.raises(UsageError, match="of an edit"):
        spread_request(request("ask"), 3)


class AllAtOnce(Replies):
    """Begins to answer only when as many are asked as there are replies."""

    def __init__(self, *replies: Any) -> None:
        super().__init__(*replies)
        self.wanted = len(replies)
        self.together = asyncio.Event()

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Any, None]:
        if len(self.requests) + 1 == self.wanted:
            self.together.set()
        async for event in super().stream(request):
            await self.together.wait()
            yield event


def test_they_stream_at_once() -> None:
    pairs = candidates(AllAtOnce(GOOD, OTHER, BROKEN), 3)
    order = [index for index, event in pairs if event.type == "edit_delta"]
    assert order != sorted(order), "each waited for the one before"
    assert len(proposals(pairs)) == 3


def test_the_first_that_holds_goes_first() -> None:
    ranked = rank_proposals(proposals(candidates(AllAtOnce(BROKEN, UNKNOWN, GOOD, OTHER), 4)))
    assert [proposal.holds for proposal in ranked] == [True, True, False, False]
    assert [c.name for c in ranked[2].findings] == ["names_known"]
    assert "parses" in [c.name for c in ranked[3].findings]


def test_repeats_are_dropped() -> None:
    ranked = rank_proposals(proposals(candidates(AllAtOnce(GOOD, SAME_BUT_BLANKS, OTHER), 3)))
    assert [text.split() for text in texts(ranked)] in (
        [["a", "=", "2", "b", "=", "a", "+", "1"], ["a", "=", "2.0", "b", "=", "a", "+", "1"]],
        [["a", "=", "2.0", "b", "=", "a", "+", "1"], ["a", "=", "2", "b", "=", "a", "+", "1"]],
    )


def test_one_that_fails_does_not_fail_the_others() -> None:
    pairs = candidates(AllAtOnce([ServerError("Down.")], GOOD, [Delta("no code"), Completed("stop")]), 3)
    ends = sorted(event.type for _, event in pairs if event.type.startswith(("turn_f", "turn_c")))
    assert ends == ["turn_failed", "turn_failed", "turn_finished"]
    assert len(proposals(pairs)) == 1


def test_stopping_stops_all() -> None:
    provider = Replies([Delta("```python\na"), FOREVER], [FOREVER], GOOD)

    async def read() -> list[Any]:
        pairs: list[Any] = []
        before = asyncio.all_tasks()

        async def drive() -> None:
            requests = spread_request(request(), 3)
            async for pair in run_alternatives(requests, lambda one: run_turn(one, provider)):
                pairs.append(pair)  # noqa: PERF401 - one by one, as they come

        task = asyncio.create_task(drive())
        while not any(event.type == "turn_finished" for _, event in pairs):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == before
        return pairs

    pairs = asyncio.run(asyncio.wait_for(read(), 20))
    assert provider.closed == 3
    assert sorted(e.type for _, e in pairs if e.type in ("turn_finished", "turn_cancelled")) == [
        "turn_cancelled", "turn_cancelled", "turn_finished",
    ]  # fmt: skip


def test_stopping_before_any_has_begun() -> None:
    provider = Replies([FOREVER], [FOREVER])

    async def read() -> None:
        async def drive() -> None:
            async for _ in run_alternatives(spread_request(request(), 2), lambda one: run_turn(one, provider)):
                pass

        task = asyncio.create_task(drive())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(read(), 20))
    assert provider.closed == len(provider.requests)


def test_a_bug_in_one_is_not_hidden() -> None:
    async def broken(asked: TurnRequest) -> AsyncGenerator[Any, None]:
        raise RuntimeError("a bug")
        yield

    async def read() -> None:
        async for _ in run_alternatives(spread_request(request(), 2), broken):
            pass

    with pytest.raises(RuntimeError, match="a bug"):
        asyncio.run(asyncio.wait_for(read(), 20))


# --- a second opinion -----------------------------------------------------------------------------


def opinion(deep: str | list[Any], first: str | None) -> Any:
    async def ask() -> Any:
        mine: Proposal | None = None
        if first is not None:
            events = [event async for event in run_turn(request(repair=False), Replies(first))]
            mine = events[-1].proposal
        decided: asyncio.Future[Proposal | None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.01, decided.set_result, mine)
        asked = request(turn_id="t2", tier="deep", repair=False)
        return await second_opinion(decided, run_turn(asked, Replies(deep)), "t1")

    return asyncio.run(asyncio.wait_for(ask(), 20))


def test_another_answer_that_holds_is_offered() -> None:
    offered = opinion(OTHER, GOOD)
    assert (offered.type, offered.turn_id, offered.proposal.turn_id) == ("proposal_offered", "t1", "t2")
    assert offered.proposal.edit.new_source == "a = 2.0\nb = a + 1"
    assert offered.tier == "deep"


@pytest.mark.parametrize("first", [BROKEN, None])
def test_it_is_offered_also_where_the_first_does_not_hold(first: str | None) -> None:
    assert opinion(GOOD, first).proposal.holds


@pytest.mark.parametrize("deep", [GOOD, SAME_BUT_BLANKS, BROKEN, UNKNOWN, [ServerError("Down.")]])
def test_nothing_new_is_nothing(deep: Any) -> None:
    assert opinion(deep, GOOD) is None
