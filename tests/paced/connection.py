"""One TCP connection: HTTP/1.1 requests in, bytes out, and noticing at once that the client has gone."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from tests.paced.encoders import dump_json
from tests.paced.records import RequestRecord


class ClientGone(Exception):
    """The client closed the connection while a reply was under way."""


class BadRequest(Exception):
    """What came is not a request that this server reads."""


class _WatchedReader(asyncio.StreamReader):
    """Tells at once of the end of what the client sends; a plain reader tells only who reads, and replies do not."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.on_end: Callable[[], None] = lambda: None

    def feed_eof(self) -> None:
        super().feed_eof()
        self.on_end()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.on_end()


def make_protocol(serve: Callable[[Connection], None]) -> asyncio.StreamReaderProtocol:
    """Make the protocol of one connection (TCP_NODELAY is asyncio's default); ``serve`` is called when it is made."""
    loop = asyncio.get_running_loop()
    reader = _WatchedReader(loop)
    return asyncio.StreamReaderProtocol(reader, lambda _, writer: serve(Connection(reader, writer)), loop=loop)


class Connection:
    """A client's connection."""

    def __init__(self, reader: _WatchedReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()
        self._waiters: set[asyncio.Future[None]] = set()
        self._gone = False
        self._closing = False
        self.number = 0
        self.under_way: list[RequestRecord] = []  # the replies under way; over HTTP at most one
        reader.on_end = self._note_end

    def _note_end(self) -> None:
        if not self._gone and not self._closing and self.leave():
            # A reply that waits for room to write must not wait for a client that has gone.
            self._writer.transport.abort()

    def leave(self) -> bool:
        """Note that the client wants no more, and wake the replies; returns whether one was not finished."""
        self._gone = True
        unfinished = [record for record in self.under_way if not record.finished]
        for record in unfinished:
            record.closed_at_s = time.monotonic()
        for waiter in self._waiters:
            _wake(waiter)
        return bool(unfinished)

    async def wait_until(self, when_s: float) -> None:
        """Wait for a time of the monotonic clock (infinity: for ever); ClientGone as soon as the client goes."""
        if self._gone:
            raise ClientGone
        if when_s <= self._loop.time():
            await asyncio.sleep(0)  # a stream that is behind its schedule must still see the client's end
            if self._gone:
                raise ClientGone
            return
        waiter = self._loop.create_future()
        self._waiters.add(waiter)
        timer = self._loop.call_at(when_s, _wake, waiter) if when_s < math.inf else None
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()
        if self._gone:
            raise ClientGone

    async def send(self, data: bytes) -> None:
        """Hand bytes to the network; wait only while the client does not keep up."""
        if self._gone:
            raise ClientGone
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            self._note_end()
            raise ClientGone from error

    def write(self, data: bytes) -> None:
        """Hand bytes to the network without waiting, for what must not wait behind a client that does not keep up."""
        if not self._gone:
            self._writer.write(data)

    @property
    def closing(self) -> bool:
        """Whether the end is the server's doing, not the client's."""
        return self._closing

    def begin_close(self) -> None:
        """From here on the end is the server's doing."""
        self._closing = True

    async def send_json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        """Send a whole reply."""
        payload = dump_json(value).encode()
        fields = {
            "content-type": "application/json",
            "content-length": str(len(payload)),
            **(headers or {}),
        }
        await self.send(head_bytes(status, fields) + payload)

    async def read_request(self) -> RequestRecord | None:
        """Read one request; None when the client has no more."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return None
        at_s = time.monotonic()
        line, *rest = head.decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest)}
        method, path, _ = line.split(" ", 2)
        if "transfer-encoding" in headers:
            raise BadRequest("send a content-length")
        try:
            raw_body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        except (asyncio.IncompleteReadError, OSError):
            return None
        return RequestRecord(method, path, headers, raw_body, _read_body(raw_body), at_s, self.number)

    async def read(self) -> bytes:
        """Read what has come; nothing at the end."""
        try:
            return await self._reader.read(65_536)
        except OSError:
            return b""

    def reset(self) -> None:
        """End with a TCP reset, not with a goodbye."""
        self._closing = True
        if self._writer.transport.is_closing():
            return
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def close(self) -> None:
        """Send what is left, and close."""
        self._closing = True
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return


def head_bytes(status: int, headers: dict[str, str]) -> bytes:
    """Write the head of a reply."""
    rows = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{rows}\r\n".encode("latin-1")


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _read_body(raw_body: bytes) -> dict[str, Any] | None:
    if not raw_body:
        return None
    try:
        body = json.loads(raw_body)
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body
