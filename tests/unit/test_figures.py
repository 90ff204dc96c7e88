"""The figures of a turn, counted and in words: only what is known is told."""

from __future__ import annotations

import pytest

from jupyter_spark.figures import TurnTally, duration, say_figures
from jupyter_spark.settings import Prices
from jupyter_spark.wire import TurnFigures, Usage


def test_everything_that_is_known() -> None:
    usage = Usage(input_tokens=12_000, output_tokens=400, cached_tokens=11_500, reasoning_tokens=120)
    figures = TurnFigures(
        first_token_s=0.08,
        total_s=1.25,
        tokens_per_s=1012.4,
        usage=usage,
        cost_usd=0.00123,
        queue_s=0.02,
        endpoint_tokens_per_s=1400.0,
    )
    assert say_figures(figures) == [
        "first token 80 ms",
        "1,012 tok/s",
        "1.2 s",
        "queued 20 ms",
        "endpoint 1,400 tok/s",
        "11,500 of 12,000 tokens cached",
        "120 tokens of reasoning",
        "$0.0012",
    ]


def test_nothing_is_made_up() -> None:
    assert say_figures(TurnFigures(total_s=2.0)) == ["2.0 s"]
    assert say_figures(TurnFigures(total_s=2.0, usage=Usage(input_tokens=5), cost_usd=0.0)) == ["2.0 s"]


@pytest.mark.parametrize(("seconds", "told"), [(0.0, "0 ms"), (0.0804, "80 ms"), (0.9, "900 ms"), (1.0, "1.0 s")])
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told


# --- counting while a turn runs --------------------------------------------------------------------


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        monkeypatch.setattr("jupyter_spark.figures.time.monotonic", lambda: self.now_s)

    def later(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


PRICES = Prices(input=2.0, output=8.0, cached_input=0.5)


def test_a_turn_of_two_attempts(clock: Clock) -> None:
    tally = TurnTally(begun_s=clock.now_s)
    clock.later(0.5)
    tally.delta()
    clock.later(1.0)
    tally.delta()
    tally.count(Usage(input_tokens=100, output_tokens=50, reasoning_tokens=10), queue_s=0.25, tokens_per_s=900.0)
    tally.attempt_ended()
    clock.later(5.0)  # a repair is thought about: it is no streaming
    tally.delta()
    clock.later(1.0)
    tally.count(Usage(input_tokens=200, output_tokens=60, cached_tokens=100), queue_s=0.5, tokens_per_s=None)
    tally.attempt_ended()
    assert tally.figures(PRICES) == TurnFigures(
        first_token_s=0.5,
        total_s=7.5,
        tokens_per_s=50.0,  # 40 + 60 tokens in 1 + 1 s
        usage=Usage(input_tokens=300, output_tokens=110, cached_tokens=100, reasoning_tokens=10),
        cost_usd=(200 * 2.0 + 100 * 0.5 + 110 * 8.0) / 1e6,
        queue_s=0.75,
        endpoint_tokens_per_s=900.0,
    )


def test_an_attempt_of_which_nobody_told_the_usage_counts_for_no_rate(clock: Clock) -> None:
    tally = TurnTally(begun_s=clock.now_s)
    tally.delta()
    clock.later(1.0)
    tally.attempt_ended()
    tally.attempt_ended()
    assert tally.figures(None) == TurnFigures(first_token_s=0.0, total_s=1.0)


def test_tokens_that_were_never_seen_arrive_count_for_no_rate(clock: Clock) -> None:
    tally = TurnTally(begun_s=clock.now_s)
    clock.later(1.0)
    tally.count(Usage(output_tokens=50), None, None)
    tally.attempt_ended()
    figures = tally.figures(None)
    assert (figures.first_token_s, figures.tokens_per_s, figures.queue_s) == (None, None, None)
    assert figures.usage == Usage(output_tokens=50)


@pytest.mark.parametrize(("seconds", "tokens"), [(0.0005, 50), (1.0, 1)])
def test_what_came_at_once_has_no_rate(clock: Clock, seconds: float, tokens: int) -> None:
    tally = TurnTally(begun_s=clock.now_s)
    tally.delta()
    clock.now_s = tally.begun_s + seconds
    tally.count(Usage(output_tokens=tokens), None, None)
    tally.attempt_ended()
    assert tally.figures(None).tokens_per_s is None


def test_what_it_cost() -> None:
    tally = TurnTally(usage=Usage(input_tokens=1000, cached_tokens=400, output_tokens=100))
    assert tally.figures(PRICES).cost_usd == pytest.approx(0.0022)
    assert tally.figures(Prices(input=2.0, output=8.0)).cost_usd == pytest.approx(0.0028)  # no discount
    assert tally.figures(Prices(input=2.0, output=8.0, cached_input=0.0)).cost_usd == pytest.approx(0.0020)
    assert tally.figures(None).cost_usd is None
    assert TurnTally().figures(PRICES).cost_usd is None
