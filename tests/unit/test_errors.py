"""Errors: one line that says what is wrong, one that says what to do, and a code that stays."""

from __future__ import annotations

import inspect
import re

import pytest

from jupyter_spark import errors
from jupyter_spark.errors import ProviderError, SparkError

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, SparkError)]


def test_each_is_one_line_and_a_hint() -> None:
    error = SparkError("What\n  is wrong.", "What\tto do.\n")
    assert (error.message, error.hint, error.code) == ("What is wrong.", "What to do.", "error")
    assert str(error) == "What is wrong. What to do."
    assert str(SparkError("Wrong.")) == "Wrong."


def test_a_notebook_shows_one_line_and_what_to_do() -> None:
    assert SparkError("Wrong.", "Mend it.")._render_traceback_() == [
        "\x1b[31mSpark\x1b[0m: Wrong.",
        "  → Mend it.",
    ]
    assert SparkError("Wrong.")._render_traceback_() == ["\x1b[31mSpark\x1b[0m: Wrong."]


def test_a_code_of_its_own() -> None:
    assert errors.ConfigError("x").code == "config"
    assert errors.ConfigError("x", code="unknown_profile").code == "unknown_profile"
    assert errors.ConfigError.code == "config"


def test_codes_are_distinct() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(CLASSES) == 18
    assert len(set(codes)) == len(codes)
    assert all(code.islower() and code.isidentifier() for code in codes)


@pytest.mark.parametrize("cls", CLASSES)
def test_the_tree_is_drawn(cls: type[SparkError]) -> None:
    tree = errors.__doc__ or ""
    assert f" {cls.__name__}" in tree
    indented = re.search(rf"^ {{8}}[├└]── {cls.__name__} ", tree, re.MULTILINE) is not None
    assert indented == (issubclass(cls, ProviderError) and cls is not ProviderError)


def test_what_a_provider_adds() -> None:
    error = errors.RateLimitError("Wait.", "Later.", retryable=True, retry_after_s=2.5)
    assert (error.code, error.retryable, error.retry_after_s, error.parameter) == ("rate_limit", True, 2.5, None)
    error = ProviderError("No.", code="unsupported_parameter", parameter="stop")
    assert (error.code, error.retryable, error.retry_after_s, error.parameter) == (
        "unsupported_parameter",
        False,
        None,
        "stop",
    )
