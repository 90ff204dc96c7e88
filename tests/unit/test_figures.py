"""The figures of a turn in words: only what is known is told."""

from __future__ import annotations

import pytest

from jupyter_spark.figures import duration, say_figures
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
