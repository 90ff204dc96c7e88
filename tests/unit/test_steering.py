"""New words for a turn that runs: in place, or asked anew; nothing of the old answer is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from jupyter_spark.providers import Completed, Delta, ProviderRequest, Started, Steered, Steering, UsageSeen
from jupyter_spark.recording import recorded
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import Conversation, TurnRecord
from tests.unit.turns import BROKEN, FOREVER, GOOD, USED, Replies, checked, kinds, only, request, streamed, turn

OLD = "```python\nold = 1\nstale = 2\n"
NEW = "```python\na = 3\nb = a\n```\n"


class Listening(Replies):
    """Hears words while it answers: at ``FOREVER`` it waits for them, and takes them in place or not."""

    def __init__(self, *replies: Any, in_place: bool, then: str = NEW) -> None:
        super().__init__(*replies)
        self.in_place, self.then = in_place, then

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Any, None]:
        self.requests.append(request)
        reply = self.replies.pop(0)
        try:
            for event in reply:
                if event is not FOREVER:
                    yield event
                    continue
                assert request.steering is not None
                yield Steered(await request.steering.next(), self.in_place)
                assert self.in_place, "the stream was read on after it could not be steered"
                yield Delta(self.then)
            yield UsageSeen(USED)
            yield Completed("stop")
        finally:
            self.closed += 1


def steered(provider: Replies, *said: tuple[Callable[[Any], bool], str], **asked: Any) -> list[Any]:
    """Run a turn and say words, each when an event comes for which its condition holds."""

    async def read() -> list[Any]:
        steering, waiting, events = Steering(), list(said), []
        async for event in run_turn(request(**asked), provider, steering=steering):
            events.append(event)
            if waiting and waiting[0][0](event):
                steering.say(waiting.pop(0)[1])
        assert not waiting
        return events

    events = asyncio.run(asyncio.wait_for(read(), 20))
    assert provider.closed == len(provider.requests)
    return checked(events)


def has_line(line: str) -> Callable[[Any], bool]:
    return lambda event: event.type == "edit_delta" and line in event.lines


def shown_last(events: list[Any]) -> list[str]:
    """What a reader sees at the end: the lines since the edit last began."""
    begun = max(i for i, event in enumerate(events) if event.type == "edit_started")
    return streamed(events[begun:])


def test_an_endpoint_that_takes_words_goes_on_in_place() -> None:
    provider = Listening([Started("m"), Delta(OLD), FOREVER], in_place=True)
    events = steered(provider, (has_line("old = 1"), "make it three"))
    told = only(events, "turn_steered")
    assert (told.words, told.in_place) == ("make it three", True)
    assert len(provider.requests) == 1
    assert [e.attempt for e in events if e.type == "edit_started"] == [1, 2]
    assert shown_last(events) == ["a = 3", "b = a"]
    assert events[-1].proposal.edit.new_source == "a = 3\nb = a"
    assert "old" not in events[-1].text


@pytest.mark.parametrize("listens", [True, False])
def test_else_it_is_asked_anew_with_what_was_said(listens: bool) -> None:
    reply = [Started("m"), Delta(OLD), FOREVER]
    provider = Listening(reply, [Delta(NEW)], in_place=False) if listens else Replies(reply, NEW)
    events = steered(provider, (has_line("old = 1"), "make it three"))
    assert kinds(events)[2:6] == ["edit_started", "edit_delta", "turn_steered", "edit_started"]
    assert not only(events, "turn_steered").in_place
    first, second = provider.requests
    assert first.cache_key == second.cache_key
    assert "make a two" in second.messages[-1].content
    assert "make it three" in second.messages[-1].content
    assert not any("stale" in message.content for message in second.messages)
    assert shown_last(events) == ["a = 3", "b = a"]
    assert events[-1].proposal.edit.new_source == "a = 3\nb = a"
    assert not events[-1].proposal.repaired


def test_words_for_words() -> None:
    provider = Replies([Delta("Old."), FOREVER], "New.")
    events = steered(provider, (lambda e: e.type == "text_delta", "in French"), kind="ask")
    voided = next(i for i, e in enumerate(events) if e.type == "turn_steered")
    assert "".join(e.text for e in events[voided:] if e.type == "text_delta") == events[-1].text == "New."


def test_words_in_place_of_words() -> None:
    provider = Listening([Delta("Old."), FOREVER], in_place=True, then="New.")
    events = steered(provider, (lambda e: e.type == "text_delta", "in French"), kind="ask")
    assert events[-1].text == "New."


def test_words_that_come_as_the_answer_ends_are_not_lost() -> None:
    events = steered(Replies(GOOD, NEW), (lambda e: e.type == "usage_reported", "make it three"))
    assert only(events, "turn_steered").words == "make it three"
    assert [e.type for e in events].count("edit_ready") == 1
    assert events[-1].proposal.edit.new_source == "a = 3\nb = a"


def test_words_during_a_repair_void_both_attempts() -> None:
    provider = Replies(BROKEN, [Delta(OLD), FOREVER], NEW)
    events = steered(provider, (has_line("old = 1"), "make it three"))
    assert events[-1].proposal.edit.new_source == "a = 3\nb = a"
    assert not events[-1].proposal.repaired
    assert "(" not in provider.requests[-1].messages[-1].content.replace("(whole", "")


def test_a_steered_answer_is_repaired_like_any_other() -> None:
    provider = Replies([Delta(OLD), FOREVER], BROKEN, NEW)
    events = steered(provider, (has_line("old = 1"), "make it three"))
    assert events[-1].proposal.repaired
    assert "make it three" in provider.requests[-1].messages[-3].content


def test_twice() -> None:
    provider = Replies([Delta(OLD), FOREVER], [Delta("```python\nfoo = 1\n"), FOREVER], NEW)
    events = steered(provider, (has_line("old = 1"), "one"), (has_line("foo = 1"), "two"))
    assert [e.words for e in events if e.type == "turn_steered"] == ["one", "two"]
    said = provider.requests[-1].messages[-1].content
    assert said.index("make a two") < said.index("one") < said.index("two", said.index("one"))
    assert shown_last(events) == ["a = 3", "b = a"]


def test_nothing_said_changes_nothing() -> None:
    assert kinds(steered(Replies(GOOD))) == kinds(turn(request(), Replies(GOOD)))


def test_cancelling_a_steered_turn_closes_upstream() -> None:
    provider = Replies([Delta(OLD), FOREVER], [Delta("```python\nfoo = 1\n"), FOREVER])

    async def read() -> list[Any]:
        steering, events, before = Steering(), [], asyncio.all_tasks()

        async def drive() -> None:
            async for event in run_turn(request(), provider, steering=steering):
                events.append(event)
                if has_line("old = 1")(event):
                    steering.say("more")

        task = asyncio.create_task(drive())
        while not any(has_line("foo = 1")(event) for event in events):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == before
        return events

    events = checked(asyncio.run(asyncio.wait_for(read(), 20)))
    assert events[-1].type == "turn_cancelled"
    assert "old" not in events[-1].text
    assert provider.closed == 2


def test_the_journal_keeps_what_was_said() -> None:
    class Kept:
        def __init__(self) -> None:
            self.turns: list[TurnRecord] = []

        def record_turn(self, turn: TurnRecord) -> None:
            self.turns.append(turn)

        def record_proposal(self, proposal: Any) -> None:
            return

    journal, asked = Kept(), request()

    async def read() -> None:
        steering = Steering()
        events = run_turn(asked, Replies([Delta(OLD), FOREVER], NEW), steering=steering)
        async for event in recorded(events, asked, journal):
            if has_line("old = 1")(event):
                steering.say("make it three")

    asyncio.run(asyncio.wait_for(read(), 20))
    assert journal.turns[-1].instruction == "make a two\nmake it three"


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("after", range(1, 9))
def test_at_whatever_moment_nothing_of_the_old_answer_is_left(after: int, in_place: bool) -> None:
    """Words after each event of the old answer, heard by an endpoint that listens between all of its pieces."""

    class Hearing(Replies):
        async def stream(self, request: ProviderRequest) -> AsyncGenerator[Any, None]:
            self.requests.append(request)
            text = NEW if self.requests[1:] else "```python\nold = 1\nold = 2\nold = 3\n```\nOld."
            try:
                while text:
                    yield Delta(text[:4])
                    text = text[4:]
                    await asyncio.sleep(0)
                    if request.steering and (words := await soon(request.steering)) is not None:
                        yield Steered(words, in_place)
                        text = NEW
                yield UsageSeen(USED)
                yield Completed("stop")
            finally:
                self.closed += 1

    async def soon(steering: Steering) -> str | None:
        try:
            return await asyncio.wait_for(steering.next(), 0.002)
        except asyncio.TimeoutError:
            return None

    seen = iter(range(1, 1000))
    events = steered(Hearing(), (lambda event: next(seen) == after, "make it three"))
    told = next(i for i, event in enumerate(events) if event.type == "turn_steered")
    later = events[told + 1 :]
    assert not any("old" in line for event in later if event.type == "edit_delta" for line in event.lines)
    assert not any("Old" in event.text for event in later if event.type == "text_delta")
    assert shown_last(events) == ["a = 3", "b = a"]
    assert events[-1].proposal.edit.new_source == "a = 3\nb = a"


@pytest.mark.parametrize("in_place", [True, False])
def test_the_conversation_goes_on_from_what_was_said_and_answered_last(in_place: bool) -> None:
    replies = [[Started("m"), Delta(OLD), FOREVER], [Started("m"), Delta(NEW)]]
    provider = Listening(*replies, in_place=in_place)
    events = steered(provider, (has_line("old = 1"), "make it three"), conversation=Conversation(cache_key="k"))
    asked, answer = events[-1].conversation.messages
    assert asked.content.endswith("Change the cell: make a two\nmake it three")
    assert answer.content == NEW
