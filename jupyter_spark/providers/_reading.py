"""Reading one answer, whatever carries it: deadlines, new words, and the one end that is a success."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Protocol

from jupyter_spark.errors import SparkError
from jupyter_spark.providers._deadlines import Watch
from jupyter_spark.providers._inbox import Inbox, heard
from jupyter_spark.providers._protocol import Completed, Delta, ProviderEvent, Reasoning, Started, Steered, Steering

# Between reads of a running answer. A read costs as much as ten tokens; half a frame of the screen is not seen.
PACE_S = 0.016


class EventReader(Protocol):
    """Reads one stream's events; each stream has its own, so that streams may run side by side."""

    def read(self, body: dict[str, Any]) -> list[ProviderEvent]:
        """Read one event."""
        ...

    def end(self) -> list[ProviderEvent]:
        """Read the end of the stream (``[DONE]``, or the connection's orderly close)."""
        ...


class Exchange(Protocol):
    """One request under way on one transport."""

    inbox: Inbox

    def read(self, items: list[bytes]) -> list[ProviderEvent | SparkError]:
        """Read what arrived; an error in it comes after what arrived before it, as the last."""
        ...

    def finish(self) -> list[ProviderEvent | SparkError]:
        """Read the end of the stream; raises if it is none."""
        ...

    async def steer(self, words: str) -> bool:
        """Pass new words to the endpoint; false where it cannot take them."""
        ...

    def pause(self) -> None:
        """Let more arrive, so that the next read is worth its price."""
        ...

    async def aclose(self) -> None:
        """Let go: a whole answer leaves its connection to the next turn, any other closes it."""
        ...


class Pace:
    """Lets data collect in the system for a moment: reading much costs hardly more than reading little.

    Parameters
    ----------
    transport : asyncio.Transport or None
        What the answer comes over, where that can be told; without it everything is read as it comes.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport if isinstance(transport, asyncio.ReadTransport) else None
        self._timer: asyncio.TimerHandle | None = None

    def pause(self) -> None:
        """Read nothing for ``PACE_S``."""
        if self._transport is not None and self._timer is None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._timer = asyncio.get_running_loop().call_later(PACE_S, self.resume)

    def resume(self) -> None:
        """Read what came meanwhile."""
        timer, self._timer = self._timer, None
        if timer is not None and self._transport is not None:
            timer.cancel()
            if not self._transport.is_closing():
                self._transport.resume_reading()


async def read_answer(
    exchange: Exchange, watch: Watch, steering: Steering | None, model: str
) -> AsyncGenerator[ProviderEvent, None]:
    """Yield the events of an answer up to ``Completed`` or to ``Steered`` where the endpoint cannot be steered."""
    inbox = exchange.inbox
    started = False
    with heard(steering, inbox):
        while True:
            if not await inbox.wait(watch.until_s):
                raise watch.error()
            while inbox.words:
                taken = await exchange.steer(inbox.words[0])
                words = inbox.words.popleft()
                if not taken:
                    yield Steered(words, in_place=False)
                    return
            ended, items = inbox.closed, inbox.take()
            events = exchange.read(items)
            if items and not started and not (events and isinstance(events[0], SparkError)):
                started = True
                yield Started(model)
            if ended and not (events and isinstance(events[-1], SparkError)):
                events += exchange.finish()
            moved = False
            for event in events:
                if isinstance(event, Delta | Reasoning):
                    moved = True
                elif isinstance(event, SparkError):
                    raise event
                elif isinstance(event, Steered) and event.in_place:
                    watch.restart()
                    moved = False
                yield event
                if isinstance(event, Completed) or (isinstance(event, Steered) and not event.in_place):
                    return
            watch.check()
            if moved:
                watch.seen()
                exchange.pause()


def read_all(
    read: Callable[[dict[str, Any]], list[ProviderEvent]], items: Sequence[bytes]
) -> list[ProviderEvent | SparkError]:
    """Read raw events up to the first error; deltas that follow each other become one."""
    out: list[ProviderEvent | SparkError] = []
    texts: list[str] = []
    try:
        for body in _parse(items):
            for event in read(body):
                if isinstance(event, Delta):
                    texts.append(event.text)
                    continue
                if texts:
                    out.append(Delta("".join(texts)))
                    texts = []
                out.append(event)
    except SparkError as error:
        failed: list[SparkError] = [error]
    else:
        failed = []
    return [*out, *([Delta("".join(texts))] if texts else []), *failed]


def _parse(items: Sequence[bytes]) -> list[dict[str, Any]]:
    """Parse JSON objects, all in one go; what is none is the endpoint's noise: a cut answer is noticed at its end."""
    try:
        found = json.loads(b"[%b]" % b",".join(items))
        if len(found) != len(items):
            raise ValueError
    except ValueError:
        found = [] if len(items) == 1 else [body for item in items for body in _parse((item,))]
    return [body for body in found if isinstance(body, dict)]
