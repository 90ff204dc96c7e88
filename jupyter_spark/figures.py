"""What a turn took: counted while it runs, told in a few words."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from jupyter_spark.settings import Prices
from jupyter_spark.wire import TurnFigures, Usage

SHORTEST_STREAM_S = 1e-3  # what arrived all at once has no rate


@dataclass
class TurnTally:
    """Counts one turn; times in seconds of the monotonic clock.

    Only an attempt whose usage the provider told counts for the rate: the network's pieces are not tokens.
    """

    begun_s: float = field(default_factory=time.monotonic)
    usage: Usage | None = None
    _first_s: float | None = None
    _attempt_s: float | None = None
    _attempt_tokens: int = 0
    _streaming_s: float = 0.0
    _tokens: int = 0
    _queue_s: float | None = None
    _endpoint_rate: float | None = None

    def delta(self) -> None:
        """A piece of the answer has come."""
        now = time.monotonic()
        self._first_s = self._first_s or now
        self._attempt_s = self._attempt_s or now

    def count(self, usage: Usage, queue_s: float | None, tokens_per_s: float | None) -> None:
        """The provider told what an attempt used, and perhaps how long it waited (s) and how fast it was (tokens/s)."""
        self.usage = usage + (self.usage or Usage())
        self._attempt_tokens += usage.output_tokens - usage.reasoning_tokens
        if queue_s is not None:
            self._queue_s = queue_s + (self._queue_s or 0.0)
        self._endpoint_rate = tokens_per_s if tokens_per_s is not None else self._endpoint_rate

    def attempt_ended(self) -> None:
        """An answer is whole, or was given up."""
        if self._attempt_s is not None and self._attempt_tokens:
            self._streaming_s += time.monotonic() - self._attempt_s
            self._tokens += self._attempt_tokens
        self._attempt_s, self._attempt_tokens = None, 0

    def figures(self, prices: Prices | None) -> TurnFigures:
        """Return what the turn took so far."""
        rated = self._tokens > 1 and self._streaming_s > SHORTEST_STREAM_S
        return TurnFigures(
            first_token_s=self._first_s - self.begun_s if self._first_s else None,
            total_s=time.monotonic() - self.begun_s,
            tokens_per_s=self._tokens / self._streaming_s if rated else None,
            usage=self.usage,
            cost_usd=_cost_usd(self.usage, prices),
            queue_s=self._queue_s,
            endpoint_tokens_per_s=self._endpoint_rate,
        )


def _cost_usd(usage: Usage | None, prices: Prices | None) -> float | None:
    if usage is None or prices is None:
        return None
    cached = prices.cached_input if prices.cached_input is not None else prices.input
    fresh = usage.input_tokens - usage.cached_tokens
    return (fresh * prices.input + usage.cached_tokens * cached + usage.output_tokens * prices.output) / 1e6


def add_figures(first: TurnFigures, then: TurnFigures) -> TurnFigures:
    """Return the figures of what was done one after the other; the rate is the first's."""
    both = (first.usage, then.usage)
    costs = [cost for cost in (first.cost_usd, then.cost_usd) if cost is not None]
    return first.model_copy(
        update={
            "total_s": first.total_s + then.total_s,
            "usage": (both[0] or Usage()) + (both[1] or Usage()) if any(both) else None,
            "cost_usd": sum(costs) if costs else None,
        }
    )


def say_figures(figures: TurnFigures) -> list[str]:
    """Return the figures of the closing line, each in a few words; what is not known is not told."""
    parts = []
    if figures.first_token_s is not None:
        parts.append(f"first token {duration(figures.first_token_s)}")
    if figures.tokens_per_s is not None:
        parts.append(f"{figures.tokens_per_s:,.0f} tok/s")
    parts.append(duration(figures.total_s))
    if figures.queue_s is not None:
        parts.append(f"queued {duration(figures.queue_s)}")
    if figures.endpoint_tokens_per_s is not None:
        parts.append(f"endpoint {figures.endpoint_tokens_per_s:,.0f} tok/s")
    if figures.usage is not None and figures.usage.cached_tokens:
        parts.append(f"{figures.usage.cached_tokens:,} of {figures.usage.input_tokens:,} tokens cached")
    if figures.usage is not None and figures.usage.reasoning_tokens:
        parts.append(f"{figures.usage.reasoning_tokens:,} tokens of reasoning")
    if figures.cost_usd:
        parts.append(f"${figures.cost_usd:.4f}")
    return parts


def duration(seconds: float) -> str:
    """Return a time in a few characters."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
