"""The WebSockets of one provider: one answer at a time on each, a warm spare, renewed before the endpoint ends them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from jupyter_spark.providers._socket import Item, Socket

if TYPE_CHECKING:
    from openai.resources.responses.responses import AsyncResponsesConnection

MOST_SOCKETS = 8
MOST_IDLE = 4

log = logging.getLogger(__name__)


class SocketPool:
    """Gives each answer a socket of its own.

    Parameters
    ----------
    connect : callable
        Opens a connection, or raises.
    max_age_s : float
        When a socket is renewed, between answers only.
    """

    def __init__(self, connect: Callable[[], Awaitable[AsyncResponsesConnection]], max_age_s: float) -> None:
        self._connect, self._max_age_s = connect, max_age_s
        self._idle: list[Socket] = []
        self._busy: set[Socket] = set()
        self._timers: dict[Socket, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening: asyncio.Task[None] | None = None
        self._connecting = 0
        self._closed = False

    async def take(self, items: tuple[Item, ...]) -> Socket | None:
        """Return a socket for this input: one that knows its beginning, else a fresh one; None if all are busy."""
        if not self._idle and self._opening is not None:
            await asyncio.wait({self._opening})
        socket = self._best(items)
        if socket is None:
            if len(self._busy) + self._connecting >= MOST_SOCKETS:
                return None
            self._connecting += 1
            try:
                socket = await self._open()
            finally:
                self._connecting -= 1
        else:
            self._idle.remove(socket)
        self._busy.add(socket)
        return socket

    async def give_back(self, socket: Socket) -> None:
        """Take a socket back after an answer: a clean one waits for the next, any other is closed."""
        self._busy.discard(socket)
        if socket.dirty or socket.closed or socket.expired or self._closed:
            await self._close(socket)
        else:
            self._idle.append(socket)
            if len(self._idle) > MOST_IDLE:
                await self._close(self._idle.pop(0))
        if socket.used:
            self.keep_spare()

    def keep_spare(self) -> None:
        """See to it that a connected socket waits that no conversation is bound to."""
        full = len(self._idle) + len(self._busy) + self._connecting >= MOST_SOCKETS
        if self._closed or full or self._opening is not None or any(not one.known for one in self._idle):
            return
        self._opening = self._spawn(self._open_spare())
        self._opening.add_done_callback(self._opened)

    async def aclose(self) -> None:
        """Close every socket and end every task."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        sockets, self._idle = [*self._idle, *self._busy], []
        self._busy.clear()
        await asyncio.gather(*map(self._close, sockets))

    def _best(self, items: tuple[Item, ...]) -> Socket | None:
        known = [one for one in self._idle if one.known and items[: len(one.known)] == one.known]
        if known:
            return max(known, key=lambda one: len(one.known))
        fresh = next((one for one in self._idle if not one.known), None)
        return fresh or (self._idle[0] if self._idle else None)

    async def _open(self) -> Socket:
        socket = Socket(await self._connect(), self._gone)
        self._timers[socket] = asyncio.get_running_loop().call_later(self._max_age_s, self._expire, socket)
        return socket

    async def _open_spare(self) -> None:
        try:
            self._idle.append(await self._open())
        except Exception as error:  # noqa: BLE001 - nobody waits for a spare; a turn that needs one tells
            log.debug("No spare WebSocket: %s", type(error).__name__)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening = None

    def _expire(self, socket: Socket) -> None:
        """Renew a socket that has its age; one that was never used is let go, and the next turn opens another."""
        socket.expired = True
        if socket in self._idle:
            self._idle.remove(socket)
            self._spawn(self._close(socket))
            if socket.used:
                self.keep_spare()

    def _gone(self, socket: Socket) -> None:
        """Forget a socket that closed."""
        if socket in self._idle:
            self._idle.remove(socket)
        if timer := self._timers.pop(socket, None):
            timer.cancel()

    async def _close(self, socket: Socket) -> None:
        await socket.aclose()
        self._gone(socket)

    def _spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
