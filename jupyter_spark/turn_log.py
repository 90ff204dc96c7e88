"""A turn as a log that any number of pages read, each at its own pace.

The turn writes and never waits; a reader asks for what is new since its position and gets it in as few frames as
possible. So a slow page costs nothing but its own delay, and one that was gone reads on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Generic, TypeVar

from jupyter_spark.wire import AnyTurnEvent, EditDelta, EditStarted, TextDelta, TurnCancelled, TurnFailed, TurnFinished

Entry = TypeVar("Entry")


class SharedLog(Generic[Entry]):
    """Entries in order, and who is woken by each."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._readers: set[Callable[[], None]] = set()

    @property
    def position(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def follow(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` at every event from now on."""
        self._readers.add(wake)

    def leave(self, wake: Callable[[], None]) -> None:
        """Call it no more."""
        self._readers.discard(wake)

    def _wake(self) -> None:
        for wake in tuple(self._readers):
            wake()


class TurnLog(SharedLog[str | tuple[str, ...] | bytes]):
    """What happened in a turn, in order."""

    def __init__(self, turn_id: str) -> None:
        super().__init__()
        self.turn_id = turn_id
        self.ended = False
        self._has_words = False

    def append(self, event: AnyTurnEvent) -> None:
        """Write an event down and wake the readers.

        The last event's words and proposal are left out: the log has them already, and said twice they would double
        what is sent. Only an answer that was to be code and came in words has them at its end alone.
        """
        if isinstance(event, TextDelta):
            self._has_words = True
            self._entries.append(event.text)
        elif isinstance(event, EditDelta):
            self._entries.append(event.lines)
        else:
            if isinstance(event, EditStarted):  # what was said before it is void
                self._has_words = False
            if isinstance(event, TurnFinished):
                event = event.model_copy(update={"text": "", "proposal": None})
            elif isinstance(event, TurnCancelled) or (isinstance(event, TurnFailed) and self._has_words):
                event = event.model_copy(update={"text": ""})
            self._entries.append(event.model_dump_json().encode())
            self.ended = self.ended or isinstance(event, TurnFinished | TurnFailed | TurnCancelled)
        self._wake()

    def frames(self, number: int, position: int) -> tuple[list[str], int]:
        """Return what is new as JSON frames, and the position after them.

        Parameters
        ----------
        number : int
            The turn's number on the reader's connection.
        position : int
            How many entries the reader has.
        """
        entries, end = self._entries[position:], len(self._entries)
        out: list[str] = []
        at = position
        while at < end:
            first = entries[at - position]
            run = at + 1
            while run < end and not isinstance(first, bytes) and type(entries[run - position]) is type(first):
                run += 1
            together = entries[at - position : run - position]
            if isinstance(first, bytes):
                out.append(f'{{"type":"turn_news","number":{number},"position":{run},"event":{first.decode()}}}')
            elif isinstance(first, str):
                out.append(f"[{number},{run},{to_json(''.join(map(str, together)))}]")
            else:
                out.append(f"[{number},{run},{to_json([line for lines in together for line in lines])}]")
            at = run
        return out, end


def to_json(value: object) -> str:
    """Write a value as JSON that can be sent as UTF-8."""
    # Half a surrogate pair cannot be sent as UTF-8, so only then is everything escaped.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() or _is_whole(text) else json.dumps(value)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
