"""``bench``: how fast an endpoint answers, cold and warm, as a table or JSON."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_spark.cli.interrupt import run_interruptible
from jupyter_spark.cli.report import DONE, Report, console, has_display
from jupyter_spark.errors import SparkError
from jupyter_spark.providers import Provider, import_sdk, open_provider
from jupyter_spark.request import build_request
from jupyter_spark.settings import Profile, load_settings
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot, Tier, TurnFailed, TurnFigures, TurnFinished, TurnRequest

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common

COLD_SHARE = 4  # a cold turn is asked for every four warm ones: each opens a connection of its own
WORDS = "add type hints and a docstring to each function"
CELL = """\
def mean(values):
    return sum(values) / len(values)

def variance(values):
    centre = mean(values)
    return sum((value - centre) ** 2 for value in values) / len(values)

def standardise(values):
    centre, spread = mean(values), variance(values) ** 0.5
    return [(value - centre) / spread for value in values]
"""
QUANTITIES = {
    "first_token_s": "first token",
    "total_s": "total",
    "tokens_per_s": "tokens/s",
    "queue_s": "queued",
    "endpoint_tokens_per_s": "tokens/s, the endpoint says",
}


@dataclass
class Runs:
    """The turns of one kind: the figures of those that came to an end, and why the others did not."""

    figures: list[TurnFigures] = field(default_factory=list)
    failures: list[SparkError] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return how many turns there were, and the median and 95th percentile of each quantity; None if unknown."""
        rows: dict[str, Any] = {"turns": len(self.figures), "failed": len(self.failures)}
        for name in QUANTITIES:
            values = [value for one in self.figures if (value := getattr(one, name)) is not None]
            rows[name] = {"p50": percentile(values, 50), "p95": percentile(values, 95)} if values else None
        used = [one.usage for one in self.figures if one.usage is not None]
        rows["output_tokens"] = sum(one.output_tokens for one in used)
        rows["reasoning_tokens"] = sum(one.reasoning_tokens for one in used)
        rows["cached_tokens"] = sum(one.cached_tokens for one in used)
        costs = [one.cost_usd for one in self.figures if one.cost_usd is not None]
        rows["cost_usd"] = sum(costs) if costs else None
        return rows


def percentile(values: list[float], percent: int) -> float:
    """Return the value that this share of the values does not exceed, with linear interpolation between two."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def bench(report: Report, common: Common, number: int) -> int:
    """Measure a profile: ``number`` turns over a warm connection, a quarter as many over fresh ones."""
    settings = load_settings(common.config)
    profile = settings.for_tier(common.tier, common.profile)
    import_sdk()  # the import is ours, not the endpoint's, and is paid once a process
    cold, warm = Runs(), Runs()
    n_cold = math.ceil(number / COLD_SHARE)
    with _progress(report, n_cold + number + 1) as step:
        model = run_interruptible(_measure(profile, common.tier, n_cold, number, (cold, warm), step))
    report.result = {
        "profile": profile.name,
        "model": model,
        "tier": common.tier,
        "cold": cold.summary(),
        "warm": warm.summary(),
    }
    for error in {error.message: error for error in (*cold.failures, *warm.failures)}.values():
        report.note(f"note: a turn failed: {error.message}", style="yellow")
    if not warm.figures:
        raise warm.failures[0]
    report.note(f"{profile.name} → {model}: a small cell rewritten, {number} turns warm, {n_cold} cold")
    _show(report, {"cold": cold, "warm": warm})
    return DONE


async def _measure(
    profile: Profile, tier: str, n_cold: int, n_warm: int, runs: tuple[Runs, Runs], step: Callable[[], None]
) -> str:
    cold, warm = runs
    for _ in range(n_cold):
        provider = open_provider(profile)
        try:
            await _turn(provider, tier, cold)
        finally:
            await provider.aclose()
        step()
        if not cold.figures:  # an endpoint that is down is not asked twenty times
            raise cold.failures[0]
    provider = open_provider(profile)
    try:
        await _turn(provider, tier, Runs())  # warms the connection and, where there is one, the prompt cache
        step()
        for _ in range(n_warm):
            await _turn(provider, tier, warm)
            step()
        return provider.model
    finally:
        await provider.aclose()


async def _turn(provider: Provider, tier: str, runs: Runs) -> None:
    async with aclosing(run_turn(_request(provider.profile, tier), provider)) as events:
        async for event in events:
            if isinstance(event, TurnFinished):
                runs.figures.append(event.figures)
            elif isinstance(event, TurnFailed):
                # An answer that came whole was measured, whatever it holds.
                if event.code == "no_code":
                    runs.figures.append(event.figures)
                else:
                    runs.failures.append(SparkError(event.message, event.hint, code=event.code))


def _request(profile: Profile, tier: str) -> TurnRequest:
    cell = CellSnapshot(cell_id="bench", source=CELL)
    role: Tier = "deep" if tier == "deep" else "spark"
    request = build_request("rewrite", WORDS, profile, NotebookSnapshot(cells=(cell,)), target=cell, tier=role)
    return request.model_copy(update={"repair": False})


def _show(report: Report, kinds: dict[str, Runs]) -> None:
    rows = []
    summaries = {kind: runs.summary() for kind, runs in kinds.items()}
    for name, title in QUANTITIES.items():
        cells = [_cell(name, (summary[name] or {}).get(p)) for summary in summaries.values() for p in ("p50", "p95")]
        rows.append([title, *cells])
    turns = [f"{summary['turns']} turns" for summary in summaries.values()]
    failed = [f"{summary['failed']} failed" if summary["failed"] else "" for summary in summaries.values()]
    rows.append(["measured", turns[0], failed[0], turns[1], failed[1]])
    report.table(["", "COLD P50", "COLD P95", "WARM P50", "WARM P95"], rows)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "not told"
    if name.endswith("tokens_per_s"):
        return f"{value:,.0f}"
    return f"{value * 1000:,.0f} ms" if value < 10 else f"{value:.1f} s"


@contextmanager
def _progress(report: Report, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, where one can be drawn."""
    if report.as_json or not has_display(sys.stderr):
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("turns"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("turns", total=total)
        yield lambda: bar.advance(task)
