"""Questions that wait until the server has the notebook they are about.

A page asks the moment its notebook is open, or right after it came back to a server that was restarted: its cells are
on their way then. Such a question waits for them, and no longer than a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from jupyter_spark.wire_page import TurnRequested

PATIENCE_S = 10.0


@dataclass
class _Held:
    frame: TurnRequested
    timer: asyncio.TimerHandle
    words: list[str] = field(default_factory=list)


class HeldQuestions:
    """The questions of one page that wait for cells.

    Parameters
    ----------
    is_ready : callable
        Whether the server has a notebook whole, by its name.
    ask : callable
        Asks a question at last, with the words that were said meanwhile; also when it has waited too long, for then it
        is refused in the way that any other is.
    patience_s : float
        How long a question waits, in seconds.
    """

    def __init__(
        self,
        is_ready: Callable[[str], bool],
        ask: Callable[[TurnRequested, list[str]], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._is_ready, self._ask, self._patience_s = is_ready, ask, patience_s
        self._held: dict[str, _Held] = {}

    def __contains__(self, turn_id: str) -> bool:
        """Whether that question waits."""
        return turn_id in self._held

    def hold(self, frame: TurnRequested) -> None:
        """Let a question wait; one that waits already goes on waiting."""
        if frame.turn_id not in self._held:
            timer = asyncio.get_running_loop().call_later(self._patience_s, self._release, frame.turn_id)
            self._held[frame.turn_id] = _Held(frame, timer)

    def say(self, turn_id: str, words: str) -> None:
        """Add words to a question that waits."""
        self._held[turn_id].words.append(words)

    def told(self, notebook: str) -> None:
        """Ask what waited for a notebook, if that is whole now."""
        if self._is_ready(notebook):
            for turn_id in [one.frame.turn_id for one in self._held.values() if one.frame.notebook == notebook]:
                self._release(turn_id)

    def drop(self, turn_id: str) -> TurnRequested:
        """Do not ask it at all, and return it."""
        held = self._held.pop(turn_id)
        held.timer.cancel()
        return held.frame

    def close(self) -> None:
        """Ask nothing any more."""
        for turn_id in list(self._held):
            self.drop(turn_id)

    def _release(self, turn_id: str) -> None:
        held = self._held.pop(turn_id)
        held.timer.cancel()
        self._ask(held.frame, held.words)
