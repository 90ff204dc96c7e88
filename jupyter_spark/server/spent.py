"""What was spent since a moment: turns by the journal's word, completions by this server's own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from jupyter_spark.journal import SafeJournal
from jupyter_spark.wire import Tier, TurnFigures, Usage
from jupyter_spark.wire_page import Spent, SpentList

KEPT_S = 26 * 3600.0  # a day, wherever its midnight is
KEPT_ROWS = 20_000


@dataclass(frozen=True)
class _Row:
    at_s: float
    tier: Tier
    usage: Usage
    cost_usd: float | None
    counted: bool


class CompletionTally:
    """The completions of a day; they are no turns, and the journal does not keep them."""

    def __init__(self) -> None:
        self._rows: deque[_Row] = deque(maxlen=KEPT_ROWS)

    def add(self, tier: Tier, figures: TurnFigures, *, counted: bool) -> None:
        """Count one, ended or stopped; ``counted`` if its tokens are the endpoint's own count."""
        now = time.time()
        while self._rows and self._rows[0].at_s < now - KEPT_S:
            self._rows.popleft()
        self._rows.append(_Row(now, tier, figures.usage or Usage(), figures.cost_usd, counted))

    def since(self, since_s: float, tier: Tier) -> Spent:
        """Return their sum since a moment, in seconds since the epoch."""
        rows = [row for row in self._rows if row.tier == tier and row.at_s >= since_s]
        usage = sum((row.usage for row in rows), Usage())
        return Spent(
            tier=tier,
            completions=len(rows),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            cost_usd=_sum(row.cost_usd for row in rows),
            estimated=any(not row.counted for row in rows),
        )


def spent_since(since_s: float, journal: SafeJournal, completions: CompletionTally) -> SpentList:
    """Return what was spent since a moment, by tier; tiers that were not asked are not told."""
    tiers: tuple[Tier, ...] = ("spark", "deep")
    turns = {row[0]: row for row in journal.sums(since_s)}
    rows = []
    for tier in tiers:
        row = completions.since(since_s, tier)
        if (kept := turns.get(tier)) is not None:
            _, count, sent, answered, cached, cost_usd = kept
            row = row.model_copy(
                update={
                    "turns": count,
                    "input_tokens": row.input_tokens + int(sent),
                    "output_tokens": row.output_tokens + int(answered),
                    "cached_tokens": row.cached_tokens + int(cached),
                    "cost_usd": _sum((row.cost_usd, cost_usd)),
                }
            )
        if row.turns or row.completions:
            rows.append(row)
    return SpentList(since_s=since_s, tiers=tuple(rows))


def _sum(costs: Iterable[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None
