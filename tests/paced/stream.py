"""A streamed reply: by an absolute schedule, in the batches that fall due, with the faults of a stream."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from tests.paced.connection import Connection
from tests.paced.encoders import Encoder, Event
from tests.paced.faults import ENDS, Fault
from tests.paced.records import RequestRecord
from tests.paced.script import Script

_REPEATED = ("null_delta", "missing_choices", "unknown_events")
_MOST_AT_ONCE = 256  # tokens a write, so that an unpaced stream notices a client that does not keep up


class Carrier(Protocol):
    """How events travel: as an event stream over HTTP, or as messages of a WebSocket."""

    def frames(self, events: Iterable[Event]) -> list[bytes]:
        """Events as bytes on the wire, one item each."""
        ...

    def ping(self) -> bytes: ...

    def garbage(self, fault: str) -> bytes: ...

    async def open(self) -> None:
        """Send what comes before the first event."""
        ...

    async def send(self, frames: list[bytes]) -> None:
        """Hand frames to the network together."""
        ...

    async def end(self, ending: str | None) -> bool:
        """Send what comes after the last event (None: all is well); returns whether another reply may follow."""
        ...

    async def cut(self, frame: bytes) -> None:
        """Break off in the middle of a frame."""
        ...


class StreamedReply:
    """One reply under way; ``interrupted`` tells that new words have come for it."""

    def __init__(
        self,
        connection: Connection,
        record: RequestRecord,
        encoder: Encoder,
        script: Script,
        faults: Mapping[str, Fault],
        carrier: Carrier,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._connection, self._record = connection, record
        self._encoder, self._script, self._faults = encoder, script, faults
        self._carrier, self._interrupted = carrier, interrupted
        record.tokens, record.response_id = script.tokens, encoder.id

    async def send(self) -> bool:
        """Send it; returns whether the connection can carry another request. ClientGone if the client leaves."""
        carrier = self._carrier
        self._record.status = 200
        await carrier.open()
        await carrier.send([*self._pings(0), *carrier.frames(self._encoder.opening())])
        now_s = time.monotonic()
        never = "first_token_never" in self._faults
        await self._connection.wait_until(math.inf if never else now_s + self._script.first_token_s)
        sent = await self._send_tokens()
        ending = next((name for name in self._faults if name in ENDS), None)
        if ending == "stall_mid_stream":
            await self._connection.wait_until(math.inf)
        elif ending == "cut_mid_token":
            tokens = self._script.tokens
            frame = carrier.frames(self._encoder.token(tokens[self._script.break_at - 1] if tokens else "cut"))[-1]
            await carrier.cut(frame)
            return False
        elif ending is not None:
            if ending in ("error_event", "failed_event"):
                await carrier.send(carrier.frames(self._encoder.oddity(ending)))
            return await carrier.end(ending)
        if "cut_before_terminal" in self._faults:
            return await carrier.end("cut_before_terminal")
        script = self._script.steered(sent) if sent < len(self._script.tokens) else self._script
        done = [(None, self._encoder.done)] if self._encoder.done is not None else []
        await carrier.send(carrier.frames([*self._encoder.closing(script), *done]))
        reusable = await carrier.end(None)
        self._record.mark_finished()
        return reusable

    async def _send_tokens(self) -> int:
        """Send them as they fall due; returns how many of the answer's went out."""
        script, rate = self._script, self._script.rate_tok_s
        thoughts = len(script.reasoning)
        ends = ENDS.intersection(self._faults)
        total = thoughts + (script.break_at if ends else len(script.tokens))
        start_s = time.monotonic()
        sent = 0
        while sent < total:
            await self._connection.wait_until(start_s + sent / rate)
            if self._interrupted():
                break
            fallen_due = math.inf if rate == math.inf else int((time.monotonic() - start_s) * rate) + 1
            due = int(min(total, sent + _MOST_AT_ONCE, max(fallen_due, sent + 1)))
            await self._carrier.send([frame for index in range(sent, due) for frame in self._token_frames(index)])
            self._note_sent(max(0, due - thoughts))
            sent = due
        return max(0, sent - thoughts)

    def _note_sent(self, tokens: int) -> None:
        record = self._record
        if tokens:
            record.last_sent_at_s = time.monotonic()
            record.sent_tokens = tokens
            if record.first_sent_at_s is None:
                record.first_sent_at_s = record.last_sent_at_s

    def _token_frames(self, index: int) -> Iterable[bytes]:
        script, carrier = self._script, self._carrier
        thoughts = len(script.reasoning)
        if index < thoughts:
            return carrier.frames(self._encoder.reasoning(script.reasoning[index]))
        index -= thoughts
        frames = carrier.frames(self._encoder.token(script.tokens[index]))
        if not self._faults:
            return frames
        # Oddities come after a token, where an answer is open in both dialects.
        for name in _REPEATED:
            if name in self._faults and index % 3 == 0:
                frames += carrier.frames(self._encoder.oddity(name))
        if index == min(script.break_at, len(script.tokens) - 1):
            frames += [carrier.garbage(name) for name in ("garbage_line", "garbage_json") if name in self._faults]
        return [*frames, *self._pings(index)]

    def _pings(self, index: int) -> list[bytes]:
        return [self._carrier.ping()] if "comment_pings" in self._faults and index % 3 == 0 else []
