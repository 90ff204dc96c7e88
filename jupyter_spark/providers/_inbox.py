"""What arrived for a reader, and one cheap way to wait for more, for new words, or for a deadline."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_spark.providers._protocol import Steering


class Inbox:
    """A queue of raw data with one reader; what arrived together is taken together."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self.words: deque[str] = deque()
        self.closed = False
        self.error: BaseException | None = None

    def put(self, item: bytes) -> None:
        """Add data."""
        self._items.append(item)
        self._wake()

    def close(self, error: BaseException | None = None) -> None:
        """Say that no more comes: an orderly end, or the error that ended it."""
        if not self.closed:
            self.closed, self.error = True, error
            self._wake()

    def say(self, words: str) -> None:
        """Add words that redirect the answer."""
        self.words.append(words)
        self._wake()

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be read."""
        return not self._items

    def take(self) -> list[bytes]:
        """Return what has arrived."""
        items, self._items = self._items, []
        return items

    async def wait(self, until_s: float) -> bool:
        """Wait for data, the end or words, at most until a moment of the loop's clock; whether there is any."""
        if not self._ready():
            waiter = self._waiter = self._loop.create_future()
            timer = self._loop.call_at(until_s, self._wake)
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiter = None
        return self._ready()

    def _ready(self) -> bool:
        return bool(self._items or self.closed or self.words)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@contextmanager
def heard(steering: Steering | None, inbox: Inbox) -> Iterator[None]:
    """Bring new words to the inbox while the block runs; words that nobody acted on stay with ``steering``."""
    if steering is None:
        yield
        return
    listening = asyncio.ensure_future(_listen(steering, inbox))
    try:
        yield
    finally:
        listening.cancel()
        while inbox.words:
            steering.say(inbox.words.popleft())


async def _listen(steering: Steering, inbox: Inbox) -> None:
    while True:
        inbox.say(await steering.next())
