"""Questions that wait until the server has the notebook they are about.

A page asks the moment its notebook is open, or right after it came back to a server that was restarted: its cells are
on their way then. Such a question waits for them, and no longer than a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

PATIENCE_S = 10.0


class Question(Protocol):
    """What is asked of a notebook."""

    @property
    def notebook(self) -> str:
        """The page's name for the notebook."""
        ...


Q = TypeVar("Q", bound=Question)


@dataclass
class _Held(Generic[Q]):
    frame: Q
    timer: asyncio.TimerHandle
    words: list[str] = field(default_factory=list)


class HeldQuestions(Generic[Q]):
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
        ask: Callable[[Q, list[str]], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._is_ready, self._ask, self._patience_s = is_ready, ask, patience_s
        self._held: dict[str, _Held[Q]] = {}

    def __contains__(self, key: str) -> bool:
        """Whether that question waits."""
        return key in self._held

    def hold(self, key: str, frame: Q) -> None:
        """Let a question wait, under a key; one that waits already goes on waiting."""
        if key not in self._held:
            timer = asyncio.get_running_loop().call_later(self._patience_s, self._release, key)
            self._held[key] = _Held(frame, timer)

    def say(self, key: str, words: str) -> None:
        """Add words to a question that waits."""
        self._held[key].words.append(words)

    def told(self, notebook: str) -> None:
        """Ask what waited for a notebook, if that is whole now."""
        if self._is_ready(notebook):
            for key in [key for key, one in self._held.items() if one.frame.notebook == notebook]:
                self._release(key)

    def drop(self, key: str) -> Q:
        """Do not ask it at all, and return it."""
        held = self._held.pop(key)
        held.timer.cancel()
        return held.frame

    def close(self) -> None:
        """Ask nothing any more."""
        for key in list(self._held):
            self.drop(key)

    def _release(self, key: str) -> None:
        held = self._held.pop(key)
        held.timer.cancel()
        self._ask(held.frame, held.words)
