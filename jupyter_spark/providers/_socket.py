"""One WebSocket to a Responses endpoint, and one answer on it.

A cancelled answer goes on arriving on its socket, so a socket is marked dirty *before* anything is sent; only a
consumed terminal event cleans it, and a dirty socket is closed, never used again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_spark.errors import SparkError, StreamCutError
from jupyter_spark.providers._causes import CUT
from jupyter_spark.providers._handshake import SocketGate
from jupyter_spark.providers._inbox import Inbox
from jupyter_spark.providers._protocol import Completed, Delta, ProviderEvent, Steered
from jupyter_spark.providers._reading import EventReader, Pace, read_all
from jupyter_spark.settings import Profile

if TYPE_CHECKING:
    from openai.resources.responses.responses import AsyncResponsesConnection

Item = tuple[str, str]
"""An input item as (role, content)."""

# What an endpoint says when it closes (RFC 6455, section 7.4.1, and its registry).
_CLOSINGS = {1001: ", it goes away", 1011: ", it failed on its side", 1012: ", it restarts", 1013: ", it is busy"}
SOCKET_CLOSED = "socket_closed"

log = logging.getLogger(__name__)


class Socket:
    """A connection, what the endpoint remembers on it, and the task that reads it."""

    def __init__(self, connection: AsyncResponsesConnection, on_gone: Callable[[Socket], None]) -> None:
        self._connection = connection
        self._on_gone = on_gone
        self._inbox: Inbox | None = None
        self._closing = False
        self.closed = self.dirty = self.used = self.expired = False
        self.known: tuple[Item, ...] = ()
        self.response_id: str | None = None
        # The SDK has no public way to it, and none is needed to read on.
        self.pace = Pace(getattr(getattr(connection, "_connection", None), "transport", None))
        self._task = asyncio.ensure_future(self._pump())

    def open_inbox(self) -> Inbox:
        """Begin an exchange: what arrives from now on is its."""
        self._inbox = Inbox()
        if self.closed:
            self._inbox.close(ConnectionResetError())
        return self._inbox

    def close_inbox(self) -> None:
        """End an exchange."""
        self.pace.resume()
        if self._inbox is not None and not self._inbox.empty:
            self.dirty = True
        self._inbox = None

    async def send(self, body: dict[str, Any]) -> None:
        """Send an event; from here on the socket is dirty."""
        self.dirty = self.used = True
        await self._connection.send_raw(json.dumps(body, ensure_ascii=False, separators=(",", ":")))

    def settle(self, known: tuple[Item, ...], response_id: str | None) -> None:
        """Note a consumed terminal event, and what the endpoint now knows on this socket."""
        self.dirty = False
        self.known, self.response_id = (known, response_id) if response_id else ((), None)

    async def aclose(self) -> None:
        """Close the connection; a peer that does not answer costs ``CLOSE_S`` and no more."""
        self._closing = True
        with suppress(Exception):
            await self._connection.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._gone(None)

    async def _pump(self) -> None:
        error: Exception | None = None
        try:
            while True:
                data = await self._connection.recv_bytes()
                if self._inbox is None:  # nobody asked: this socket is not to be trusted
                    break
                self._inbox.put(data)
            await self._connection.close()
        except Exception as raised:  # noqa: BLE001 - it belongs to the reader
            error = raised
        self._gone(error)

    def _gone(self, error: Exception | None) -> None:
        if not self.closed:
            self.closed = True
            log.debug("WebSocket closed: %s", type(error).__name__ if error else "by us")
            if self._inbox is not None:
                self._inbox.close(error or ConnectionResetError())
            self._on_gone(self)


class SocketExchange:
    """One answer on one socket.

    Parameters
    ----------
    socket : Socket
        Given back with ``give_back``, whatever became of the answer.
    items : tuple of Item
        The whole input, of which only what the socket does not know yet was sent.
    can_steer : bool
        Whether the endpoint takes ``response.steer``.
    on_no_steer : callable
        Told when it turns out that it does not.
    """

    def __init__(
        self,
        socket: Socket,
        items: tuple[Item, ...],
        reader: EventReader,
        profile: Profile,
        *,
        gate: SocketGate,
        give_back: Callable[[Socket], Awaitable[None]],
        can_steer: bool = False,
        on_no_steer: Callable[[], object] = lambda: None,
    ) -> None:
        self.inbox = socket.open_inbox()
        self._socket, self._items, self._reader, self._profile = socket, items, reader, profile
        self._gate, self._give_back = gate, give_back
        self._can_steer, self._on_no_steer = can_steer, on_no_steer
        self._texts: list[str] = []
        self._response_id: str | None = None
        self._asked: list[str] = []  # words sent, not yet accepted
        self._taken: list[str] = []  # words accepted, not yet answered
        self._steered = False

    async def send(self, body: dict[str, Any]) -> None:
        """Send the request."""
        try:
            await self._socket.send(body)
        except Exception:  # noqa: BLE001 - the connection is gone, and the reader will be told so
            self.inbox.close(ConnectionResetError())

    def read(self, items: list[bytes]) -> list[ProviderEvent | SparkError]:
        """Read what arrived."""
        return read_all(self._read_one, items)

    def finish(self) -> list[ProviderEvent | SparkError]:
        """Raise: the connection closed before the answer's end."""
        self._gate.dropped()
        error = self.inbox.error
        said = getattr(getattr(error, "rcvd", None), "code", None)
        who = self._profile.title or f"'{self._profile.name}'"
        raise StreamCutError(
            f"{who} closed the connection in mid-answer{_CLOSINGS.get(said, '')}."
            if said is not None
            else f"{who}: {CUT} in mid-answer.",
            "Try again; nothing was applied.",
            code=SOCKET_CLOSED,
            retryable=True,
        )

    async def steer(self, words: str) -> bool:
        """Send new words; they count from ``response.steer.accepted`` on."""
        if not self._can_steer or self._response_id is None or self.inbox.closed:
            return False
        self._asked.append(words)
        message = {"role": "user", "content": words}
        event = {"type": "response.steer", "previous_response_id": self._response_id, "input": [message]}
        await self.send(event)
        return True

    def pause(self) -> None:
        """Let more arrive."""
        self._socket.pace.pause()

    async def aclose(self) -> None:
        """Give the socket back, once: clean to the next turn, dirty to be closed."""
        give_back, self._give_back = self._give_back, _given
        if give_back is not _given:
            self._socket.close_inbox()
            await give_back(self._socket)

    def _read_one(self, body: dict[str, Any]) -> list[ProviderEvent]:
        kind = body.get("type")
        if kind == "response.output_text.delta":
            text = body.get("delta")
            if not text or self._taken:
                return []
            self._texts.append(text)
            return [Delta(text)]
        if kind == "response.created":
            self._response_id = (body.get("response") or {}).get("id")
            self._taken = []  # the successor has begun
            return []
        if kind == "response.steer.accepted" and self._asked:
            words = self._asked.pop(0)
            self._taken.append(words)
            self._texts, self._steered = [], True
            return [Steered(words, in_place=True)]
        if kind == "response.steer.failed" and (self._asked or self._taken):
            return self._not_steered((body.get("error") or {}).get("code") == "steering_not_supported")
        if kind == "error" and self._asked:
            return self._not_steered(True)
        events = self._reader.read(body)
        if self._taken:
            return []  # what still comes of the old answer, its end included
        if any(isinstance(event, Completed) for event in events):
            if self._asked:
                return []  # whether the words came in time is told next
            self._settle(events)
        elif events and isinstance(events[0], Delta):
            self._texts.append(events[0].text)
        return events

    def _not_steered(self, never: bool) -> list[ProviderEvent]:
        if never:
            self._on_no_steer()
        words = (self._asked or self._taken)[-1]
        self._asked, self._taken = [], []
        return [Steered(words, in_place=False)]

    def _settle(self, events: list[ProviderEvent]) -> None:
        self._gate.worked()
        whole = isinstance(events[-1], Completed) and events[-1].reason == "stop" and not self._steered
        answer = "".join(self._texts)
        known = (*self._items, ("assistant", answer)) if answer else self._items
        self._socket.settle(known, self._response_id if whole else None)


async def _given(socket: Socket) -> None:
    """What is given back already."""
