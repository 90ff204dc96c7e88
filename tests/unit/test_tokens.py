"""How many tokens a text takes, and what is learnt from usage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.tokens import Corrections, estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("x", 1),
        (" ", 1),
        ("\ud800", 1),
        ("word " * 100, 97),  # 0.74 and 4 times 0.057
        ("1" * 50, 54),
        ("A1/+" * 25, 73),  # base64
        ("A1/+" * 14, 42),  # too short to be: 14 words, signs and digits
        ("\n\n    " * 10, 1),  # breaks and indentation in a row are one
        ("    " * 10, 2),
        ("é" * 100, 70),
        ("():" * 10, 6),
    ],
)
def test_classes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_is_never_less_and_parts_are_about_the_whole(first: str, second: str) -> None:
    assert estimate_tokens(first) >= (1 if first else 0)
    assert estimate_tokens(first + second) <= estimate_tokens(first) + estimate_tokens(second) + 80


def test_a_model_is_corrected_by_its_own_usage() -> None:
    corrections = Corrections()
    assert corrections.factor("m") == 1.0
    corrections.learn("m", 1_000, 1_200)
    assert corrections.factor("m") == pytest.approx(1.2)
    assert corrections.factor("other") == 1.0
    corrections.learn("m", 1_000, 1_000)
    assert corrections.factor("m") == pytest.approx(1.1)  # (0.8 * 1,200 + 1,000) / 1,800, in steps of 0.05


@pytest.mark.parametrize(("counted", "factor"), [(100_000, 2.0), (10, 0.5), (0, 1.0)])
def test_a_correction_is_bounded(counted: int, factor: float) -> None:
    corrections = Corrections()
    corrections.learn("m", 1_000, counted)
    assert corrections.factor("m") == pytest.approx(factor)


def test_a_short_prompt_teaches_nothing() -> None:
    corrections = Corrections()
    corrections.learn("m", 199, 400)
    assert corrections.factor("m") == 1.0
