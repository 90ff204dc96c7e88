"""A provider that answers as told, and reading turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from jupyter_spark.providers import (
    Completed,
    Delta,
    ProviderRequest,
    Started,
    UsageSeen,
)
from jupyter_spark.settings import Profile
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import CellSnapshot, TurnCancelled, TurnFailed, TurnFinished, TurnRequest, Usage

CELL = CellSnapshot(cell_id="c1", source="a = 1\nb = a + 1")
GOOD = "Sure.\n```python\na = 2\nb = a + 1\n```\nI changed a."
BROKEN = "```python\na = (\n```"
UNKNOWN = "```python\na = nowhere\n```"
UNFENCED = "Here it is:\n\na = 2\nb = a + 1"
WORDS_ONLY = "I would rather not."
USED = Usage(input_tokens=100, output_tokens=10, cached_tokens=40)
FOREVER = object()


class Replies:
    """A provider that gives these replies, one a turn; in them, an exception is raised, a float is a wait in s."""

    def __init__(self, *replies: str | Sequence[Any], **profile: Any) -> None:
        profile.setdefault("models", ("m",))
        self.profile = Profile(name="p", **profile)
        self.replies = list(replies)
        self.requests: list[ProviderRequest] = []
        self.closed = 0
        self.now_s = 100.0

    @property
    def model(self) -> str:
        return self.profile.models[0]

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Any, None]:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, str):
            pieces = [Delta(reply[start : start + 3]) for start in range(0, len(reply), 3)]
            reply = [Started("m"), *pieces, UsageSeen(USED), Completed("stop")]
        try:
            for event in reply:
                if isinstance(event, float):
                    self.now_s += event
                    continue
                if isinstance(event, Exception):
                    raise event
                if event is FOREVER:
                    await asyncio.Event().wait()
                await asyncio.sleep(0)
                yield event
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        return


def request(kind: Any = "rewrite", **more: Any) -> TurnRequest:
    more.setdefault("target", None if kind in ("ask", "generate") else CELL)
    return TurnRequest(kind=kind, instruction="make a two", **({"turn_id": "t1"} | more))


def turn(asked: TurnRequest, provider: Replies) -> list[Any]:
    async def read() -> list[Any]:
        return [event async for event in run_turn(asked, provider)]

    events = asyncio.run(read())
    assert provider.closed == len(provider.requests)
    return checked(events)


def checked(events: list[Any]) -> list[Any]:
    """Events of a turn, with what holds for every turn asserted."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {event.turn_id for event in events} == {"t1"}
    terminal = [event for event in events if isinstance(event, TurnFinished | TurnFailed | TurnCancelled)]
    assert terminal == [events[-1]]
    return events


def kinds(events: list[Any]) -> list[str]:
    """Types in order, with repeats of deltas told once."""
    types = [event.type for event in events]
    return [type_ for i, type_ in enumerate(types) if i == 0 or not type_.endswith("delta") or types[i - 1] != type_]


def only(events: list[Any], type_: str) -> Any:
    (event,) = (event for event in events if event.type == type_)
    return event


def streamed(events: list[Any]) -> list[str]:
    return [line for event in events if event.type == "edit_delta" for line in event.lines]
