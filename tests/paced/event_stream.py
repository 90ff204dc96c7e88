"""Server-sent events in a chunked HTTP reply."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from itertools import pairwise

from tests.paced.connection import Connection, head_bytes
from tests.paced.encoders import Event
from tests.paced.faults import Fault

_HEAD = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
RESET_DELAY_S = 0.05  # a reset may overtake what the client has not yet read, so it gets the time to read it


class EventStream:
    """The `Carrier` of one HTTP reply."""

    def __init__(self, connection: Connection, faults: Mapping[str, Fault]) -> None:
        self._connection, self._faults = connection, faults
        self._line_end = "\r\n" if "crlf" in faults else "\n"
        self._colon = ":" if "no_space" in faults else ": "

    def frames(self, events: Iterable[Event]) -> list[bytes]:
        end, colon = self._line_end, self._colon
        return [
            (
                f"data{colon}{data}{end}{end}"
                if name is None
                else f"event{colon}{name}{end}data{colon}{data}{end}{end}"
            ).encode()
            for name, data in events
        ]

    def ping(self) -> bytes:
        return f": ping{self._line_end * 2}".encode()

    def garbage(self, fault: str) -> bytes:
        line = "<html>502 Bad Gateway</html>" if fault == "garbage_line" else f'data{self._colon}{{"choices": [{{'
        return f"{line}{self._line_end * 2}".encode()

    async def open(self) -> None:
        await self._connection.send(head_bytes(200, _HEAD | {"transfer-encoding": "chunked"}))

    async def send(self, frames: list[bytes]) -> None:
        if "byte_by_byte" in self._faults:
            parts = [bytes((byte,)) for frame in frames for byte in frame]
        elif "split_utf8" in self._faults:
            parts = [part for frame in frames for part in split_characters(frame)]
        else:
            await self._connection.send(b"".join(map(_chunk, frames)))
            return
        for part in parts:
            await self._connection.send(_chunk(part))
            await asyncio.sleep(0)

    async def end(self, ending: str | None) -> bool:
        await self._connection.send(b"0\r\n\r\n")
        return ending is None

    async def cut(self, frame: bytes) -> None:
        await self._connection.send(_chunk(frame)[: len(frame) // 2])
        await self._connection.wait_until(time.monotonic() + RESET_DELAY_S)
        self._connection.reset()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def split_characters(frame: bytes) -> list[bytes]:
    """Cut after the first byte of every character that has several."""
    cuts = [0, *(index + 1 for index, byte in enumerate(frame) if byte >= 0xC0), len(frame)]
    return [frame[start:end] for start, end in pairwise(cuts)]
