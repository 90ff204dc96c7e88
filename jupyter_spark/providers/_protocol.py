"""The contract between a turn and an endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message, Tier, Usage


class Steering:
    """New words for an answer that is still running; belongs to the event loop that runs it."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[str] = asyncio.Queue()

    def say(self, words: str) -> None:
        """Redirect the answer. From another thread: ``loop.call_soon_threadsafe(steering.say, words)``."""
        self._said.put_nowait(words)

    async def next(self) -> str:
        """Wait for the next words."""
        return await self._said.get()

    def take(self) -> str | None:
        """Return the next words if there are any that nobody has heard yet."""
        return None if self._said.empty() else self._said.get_nowait()


@dataclass(frozen=True)
class Gap:
    """Text with a gap in it that the answer fills."""

    before: str
    after: str


@dataclass(frozen=True)
class ProviderRequest:
    """What is sent: messages, and how the answer is to begin.

    Attributes
    ----------
    messages : tuple of Message
        A stable prefix first, what changes last.
    prefill : str
        The beginning of the answer, put into the model's mouth where the profile takes that (``Profile.prefill``).
        The answer's deltas continue it; they do not repeat it.
    stop : tuple of str
        Texts at which the endpoint ends the answer, where it takes them.
    max_output_tokens : int, optional
        A bound on the answer, in tokens.
    temperature : float, optional
        How freely to sample, where the endpoint takes that; the profile's own by default.
    prediction : str
        What most of the answer will be (the old cell), for endpoints that speed up by it.
    cache_key : str
        The same for all requests that share a prefix, for endpoints that route by it; never a path or a name.
    tier : str
        The role that is filled; a deep answer may take longer to begin.
    steering : Steering, optional
        New words that may come while the answer runs; see ``Steered``.
    gap : Gap, optional
        The same request as text around a gap, for a profile whose model fills gaps (``Profile.infill``).
    """

    messages: tuple[Message, ...]
    prefill: str = ""
    stop: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    temperature: float | None = None
    prediction: str = ""
    cache_key: str = ""
    tier: Tier = "spark"
    steering: Steering | None = None
    gap: Gap | None = None


@dataclass(frozen=True)
class Started:
    """The endpoint took the request; ``model`` is the one that answers."""

    model: str


@dataclass(frozen=True)
class Delta:
    """More of the answer."""

    text: str


@dataclass(frozen=True)
class Reasoning:
    """The model thinks; its words are not kept."""

    text: str


@dataclass(frozen=True)
class UsageSeen:
    """The endpoint's own token counts and, where it tells them, its queue time (s) and speed (tokens a second)."""

    usage: Usage
    queue_s: float | None = None
    tokens_per_s: float | None = None


@dataclass(frozen=True)
class Steered:
    """New words came while the answer ran.

    If ``in_place``, the endpoint took them: what was said before is void, and what follows answers them. If not, the
    endpoint cannot: the reader closes this stream and asks anew, with the new words.
    """

    words: str
    in_place: bool


@dataclass(frozen=True)
class Completed:
    """The terminal event, and the only sign of success.

    ``reason`` is ``"stop"``, ``"length"`` (cut by the output limit) or ``"filter"`` (withheld by the endpoint).
    """

    reason: str


ProviderEvent: TypeAlias = Started | Delta | Reasoning | UsageSeen | Steered | Completed


class Provider(Protocol):
    """An endpoint with its profile.

    ``stream`` yields ``Completed`` exactly once, as its last event, or raises a ``SparkError``. Closing the
    generator (or cancelling the task that drives it) closes the connection upstream before it returns.
    """

    profile: Profile

    @property
    def model(self) -> str:
        """The model that the next turn asks for."""
        ...

    def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answer the request, piece by piece."""
        ...

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Get ready for a turn, off the user's way: connect where the transport can, and send a prefix ahead.

        Parameters
        ----------
        messages : tuple of Message
            What the next requests begin with; nothing is generated for it.
        """
        ...

    async def aclose(self) -> None:
        """Let go of every connection."""
        ...
