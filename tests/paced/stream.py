"""A reply as an event stream: by an absolute schedule, in the batches that fall due, with the faults of a stream."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Mapping
from itertools import pairwise

from tests.paced.connection import Connection, head_bytes
from tests.paced.encoders import Encoder, Event
from tests.paced.faults import Fault
from tests.paced.records import RequestRecord
from tests.paced.script import Script

_HEAD = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
_REPEATED = ("null_delta", "missing_choices", "unknown_events")
_ENDS = {"stall_mid_stream", "cut_mid_token", "error_event", "failed_event"}
_MOST_AT_ONCE = 256  # tokens a write, so that an unpaced stream notices a client that does not keep up


class StreamedReply:
    """One reply under way."""

    def __init__(
        self,
        connection: Connection,
        record: RequestRecord,
        encoder: Encoder,
        script: Script,
        faults: Mapping[str, Fault],
    ) -> None:
        self._connection, self._record = connection, record
        self._encoder, self._script, self._faults = encoder, script, faults
        self._line_end = "\r\n" if "crlf" in faults else "\n"
        self._colon = ":" if "no_space" in faults else ": "

    async def send(self) -> bool:
        """Send it; returns whether the connection can carry another request. ClientGone if the client leaves."""
        self._record.status = 200
        await self._connection.send(head_bytes(200, _HEAD | {"transfer-encoding": "chunked"}))
        await self._send_frames([*self._pings(0), *self._frames(self._encoder.opening())])
        now_s = time.monotonic()
        never = "first_token_never" in self._faults
        await self._connection.wait_until(math.inf if never else now_s + self._script.first_token_s)
        await self._send_tokens()
        ending = next((name for name in self._faults if name in _ENDS), None)
        if ending == "stall_mid_stream":
            await self._connection.wait_until(math.inf)
        elif ending == "cut_mid_token":
            await self._cut()
            return False
        elif ending is not None:
            await self._send_frames(self._frames(self._encoder.oddity(ending)))
            await self._connection.send(b"0\r\n\r\n")
            return False
        complete = "cut_before_terminal" not in self._faults
        if complete:
            done = [(None, self._encoder.done)] if self._encoder.done is not None else []
            await self._send_frames(self._frames([*self._encoder.closing(self._script), *done]))
        await self._connection.send(b"0\r\n\r\n")
        if complete:
            self._record.mark_finished()
        return complete

    async def _send_tokens(self) -> None:
        script, rate = self._script, self._script.rate_tok_s
        thoughts = len(script.reasoning)
        ends = _ENDS.intersection(self._faults)
        total = thoughts + (script.break_at if ends else len(script.tokens))
        start_s = time.monotonic()
        sent = 0
        while sent < total:
            await self._connection.wait_until(start_s + sent / rate)
            fallen_due = math.inf if rate == math.inf else int((time.monotonic() - start_s) * rate) + 1
            due = int(min(total, sent + _MOST_AT_ONCE, max(fallen_due, sent + 1)))
            await self._send_frames([frame for index in range(sent, due) for frame in self._token_frames(index)])
            self._note_sent(max(0, due - thoughts))
            sent = due

    def _note_sent(self, tokens: int) -> None:
        record = self._record
        if tokens:
            record.last_sent_at_s = time.monotonic()
            record.sent_tokens = tokens
            if record.first_sent_at_s is None:
                record.first_sent_at_s = record.last_sent_at_s

    def _token_frames(self, index: int) -> Iterable[bytes]:
        script = self._script
        thoughts = len(script.reasoning)
        if index < thoughts:
            return self._frames(self._encoder.reasoning(script.reasoning[index]))
        index -= thoughts
        frames = self._frames(self._encoder.token(script.tokens[index]))
        if not self._faults:
            return frames
        # Oddities come after a token, where an answer is open in both dialects.
        for name in _REPEATED:
            if name in self._faults and index % 3 == 0:
                frames += self._frames(self._encoder.oddity(name))
        if index == min(script.break_at, len(script.tokens) - 1):
            frames += self._garbage()
        return [*frames, *self._pings(index)]

    def _pings(self, index: int) -> list[bytes]:
        due = "comment_pings" in self._faults and index % 3 == 0
        return [f": ping{self._line_end * 2}".encode()] if due else []

    def _garbage(self) -> list[bytes]:
        frames = []
        if "garbage_line" in self._faults:
            frames.append(f"<html>502 Bad Gateway</html>{self._line_end * 2}".encode())
        if "garbage_json" in self._faults:
            frames.append(f'data{self._colon}{{"choices": [{{{self._line_end * 2}'.encode())
        return frames

    def _frames(self, events: Iterable[Event]) -> list[bytes]:
        end, colon = self._line_end, self._colon
        return [
            (
                f"data{colon}{data}{end}{end}"
                if name is None
                else f"event{colon}{name}{end}data{colon}{data}{end}{end}"
            ).encode()
            for name, data in events
        ]

    async def _send_frames(self, frames: list[bytes]) -> None:
        if "byte_by_byte" in self._faults:
            parts = [bytes((byte,)) for frame in frames for byte in frame]
        elif "split_utf8" in self._faults:
            parts = [part for frame in frames for part in _split_characters(frame)]
        else:
            await self._connection.send(b"".join(map(_chunk, frames)))
            return
        for part in parts:
            await self._connection.send(_chunk(part))
            await asyncio.sleep(0)

    async def _cut(self) -> None:
        tokens = self._script.tokens
        frame = self._frames(self._encoder.token(tokens[self._script.break_at - 1] if tokens else "cut"))[-1]
        await self._connection.send(_chunk(frame)[: len(frame) // 2])
        # A reset may overtake what the client has not yet read, so it gets the time to read it.
        await self._connection.wait_until(time.monotonic() + 0.05)
        self._connection.reset()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _split_characters(frame: bytes) -> list[bytes]:
    """Cut after the first byte of every character that has several."""
    cuts = [0, *(index + 1 for index, byte in enumerate(frame) if byte >= 0xC0), len(frame)]
    return [frame[start:end] for start, end in pairwise(cuts)]
