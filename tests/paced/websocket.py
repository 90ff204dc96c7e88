"""The WebSocket protocol over a connection, by the `websockets` library without its input and output.

permessage-deflate is off: no extension is offered.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterable, Mapping

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from tests.paced.connection import ClientGone, Connection
from tests.paced.encoders import Event, dump_json
from tests.paced.event_stream import RESET_DELAY_S, split_characters
from tests.paced.faults import Fault
from tests.paced.records import RequestRecord

_MOST_BYTES = 64 * 2**20
_NO_FRAME = b"\xf7\x7fthis is no frame"


class WebSocket:
    """One WebSocket on the server's side."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._protocol = ServerProtocol(max_size=_MOST_BYTES)

    @property
    def close_code(self) -> int:
        """Why it ended, in the client's words; 1006 if it went without any."""
        received = self._protocol.close_rcvd
        return 1006 if received is None else received.code

    async def accept(self, handshake: RequestRecord) -> bool:
        """Answer the handshake; returns whether it was one."""
        request = Request(handshake.path, Headers(handshake.headers))
        self._protocol.receive_data(request.serialize())
        response = self._protocol.accept(request)
        self._protocol.events_received()
        self._protocol.send_response(response)
        handshake.status = response.status_code
        self._flush()
        return response.status_code == 101

    async def messages(self) -> AsyncIterator[bytes]:
        """What the client says, message by message, until it or the server ends it."""
        protocol, parts = self._protocol, list[bytes]()
        while protocol.close_rcvd is None and protocol.parser_exc is None:
            data = await self.connection.read()
            if not data:
                protocol.receive_eof()
                return
            protocol.receive_data(data)
            events = protocol.events_received()
            self._flush()
            for frame in events:
                assert isinstance(frame, Frame)
                if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    parts.append(bytes(frame.data))
                    if frame.fin:
                        yield b"".join(parts)
                        parts.clear()

    def say(self, text: str) -> None:
        """Send a message without waiting."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(text.encode())
            self._flush()

    async def send(self, frames: bytes) -> None:
        """Send whole frames; wait only while the client does not keep up."""
        if self._protocol.state is not State.OPEN:
            raise ClientGone
        await self.connection.send(frames)

    def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake."""
        if self._protocol.state is State.OPEN:
            self.connection.begin_close()
            self._protocol.send_close(code, reason)
            self._flush()

    def _flush(self) -> None:
        self.connection.write(b"".join(self._protocol.data_to_send()))


class MessageCarrier:
    """The `Carrier` of one reply: each event is a text message, on the lane that asked for it."""

    def __init__(self, socket: WebSocket, faults: Mapping[str, Fault], stream_id: str | None) -> None:
        self._socket, self._faults = socket, faults
        self._lane = "" if stream_id is None else f',"stream_id":{dump_json(stream_id)}}}'

    def text(self, event: Event) -> str:
        """The message's text."""
        return event[1][:-1] + self._lane if self._lane else event[1]

    def frames(self, events: Iterable[Event]) -> list[bytes]:
        texts = [self.text(event).encode() for event in events]
        if "split_utf8" in self._faults:
            return [frame for text in texts for frame in _fragments(text)]
        return [_frame(Opcode.TEXT, text) for text in texts]

    def ping(self) -> bytes:
        return _frame(Opcode.PING, b"paced")

    def garbage(self, fault: str) -> bytes:
        line = b"<html>502 Bad Gateway</html>" if fault == "garbage_line" else b'{"type": "response.output_text.'
        return _frame(Opcode.TEXT, line)

    async def open(self) -> None:
        return

    async def send(self, frames: list[bytes]) -> None:
        if "byte_by_byte" in self._faults:
            parts = [bytes((byte,)) for frame in frames for byte in frame]
        elif "split_utf8" in self._faults:
            parts = frames
        else:
            await self._socket.send(b"".join(frames))
            return
        for part in parts:
            await self._socket.send(part)
            await asyncio.sleep(0)

    async def end(self, ending: str | None) -> bool:
        if ending == "close_1006":
            await self._reset()
        elif ending == "garbage_frame":
            await self._socket.send(_NO_FRAME)
            await self._socket.connection.wait_until(math.inf)
        elif ending in ("close_1011", "close_1012"):
            self._socket.close(int(ending.removeprefix("close_")), "the fault that was asked for")
        elif ending == "cut_before_terminal":
            self._socket.close(1000)
        else:
            return True  # an error ends the response, not the socket
        return False

    async def cut(self, frame: bytes) -> None:
        await self._socket.send(frame[: len(frame) // 2])
        await self._reset()

    async def _reset(self) -> None:
        await self._socket.connection.wait_until(time.monotonic() + RESET_DELAY_S)
        self._socket.connection.reset()


def _frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=False)


def _fragments(text: bytes) -> list[bytes]:
    """A message in several frames, cut inside of its multi-byte characters."""
    parts = split_characters(text)
    return [
        _frame(Opcode.CONT if index else Opcode.TEXT, part, fin=index == len(parts) - 1)
        for index, part in enumerate(parts)
    ]
