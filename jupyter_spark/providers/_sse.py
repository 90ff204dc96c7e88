"""Server-sent events, decoded from raw bytes without building an object per event.

The hot path of every HTTP stream: it takes chunks as the network cuts them (inside a line, inside a character) and
returns the ``data`` fields of the events that are complete. See the HTML standard, "server-sent events".
"""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"\r\n|\n|\r")


class SseDecoder:
    """Collects chunks of bytes and returns whole events' data."""

    def __init__(self) -> None:
        self._buffer = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk; return the data of the events that it completes."""
        buffer = self._buffer + chunk
        held = b""
        if buffer.endswith(b"\r"):  # the other half of a CRLF may be on its way
            buffer, held = buffer[:-1], b"\r"
        lines = _LINE_END.split(buffer) if b"\r" in buffer else buffer.split(b"\n")
        self._buffer = lines.pop() + held
        return self._events(lines)

    def flush(self) -> list[bytes]:
        """Return the last event of a stream that ended without a blank line."""
        rest, self._buffer = self._buffer.rstrip(b"\r"), b""
        return self._events([rest, b""])

    def _events(self, lines: list[bytes]) -> list[bytes]:
        out: list[bytes] = []
        for line in lines:
            if not line:
                if self._data:
                    out.append(b"\n".join(self._data))
                    self._data = []
            elif line.startswith(b"data:"):
                value = line[5:]
                self._data.append(value[1:] if value.startswith(b" ") else value)
        return out
