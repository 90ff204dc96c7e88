"""The contract between a turn and an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message, Usage


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
    """

    messages: tuple[Message, ...]
    prefill: str = ""
    stop: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    temperature: float | None = None


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
    """The endpoint's own token counts."""

    usage: Usage


@dataclass(frozen=True)
class Completed:
    """The terminal event, and the only sign of success.

    ``reason`` is ``"stop"``, ``"length"`` (cut by the output limit) or ``"filter"`` (withheld by the endpoint).
    """

    reason: str


ProviderEvent: TypeAlias = Started | Delta | Reasoning | UsageSeen | Completed


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

    async def aclose(self) -> None:
        """Let go of every connection."""
        ...
