"""Compare two texts as their readers would: numbers to a tolerance, what differs from run to run anyway left aside.

Left aside is only what says itself what it is: addresses of objects, what ``%time`` and ``%timeit`` measured, progress
bars, temporary paths, UUIDs, dates of now. A plain "5.2 s" is left in, as it may be a result; if it varies by itself, a
second run tells.
"""

from __future__ import annotations

import ast
import datetime
import re
import time
import warnings
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any, Literal

from jupyter_spark.outputs import final_text, is_progress_bar
from jupyter_spark.verify._options import VerifyOptions

_UNIT = r"(?:ns|µs|μs|us|ms|s|secs?|seconds?|min|mins|minutes?|h|hours?)"
_NUMBER_OF = r"\d{1,12}(?:\.\d{1,12})?"
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<!\S)\S*ipykernel_\d+[/\\]\d+\.py(?::\d+)?"), "<cell>"),
    (re.compile(r"<ipython-input-\d+-\w+>(?::\d+)?"), "<cell>"),
    (re.compile(r"\b(?:Cell )?In ?\[\d+\](?:, line \d+)?"), "<cell>"),
    (re.compile(r"(?:/private)?(?:/tmp|/var/folders|/var/tmp)/[^\s'\"<>:,)\]]*"), "<temporary>"),
    (re.compile(r"[A-Za-z]:\\[^\s'\"<>]*\\Temp\\[^\s'\"<>,)\]]*"), "<temporary>"),
    (re.compile(r"\b(at|id=|id:) ?0x[0-9a-fA-F]+\b"), r"\1 <address>"),
    (re.compile(r"\b0x[0-9a-fA-F]{9,16}\b"), "<address>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b(CPU times|Wall time|Compiler time|Parser time):.*"), r"\1: <time>"),
    (re.compile(rf"{_NUMBER_OF} ?{_UNIT} ± {_NUMBER_OF} ?{_UNIT} per loop.*"), "<time> per loop"),
    (re.compile(r"The slowest run took [\d.]+ times longer than the fastest\..*"), "<time>"),
    (re.compile(r"(function calls.*) in [\d.]+ seconds"), r"\1 in <time>"),
    (re.compile(r"^ *\d+(?:/\d+)?(?:\s+\d+\.\d{3}){4}\s+", re.MULTILINE), "<time> "),
    (
        re.compile(
            r"\b(took|elapsed|elapsed time|time taken|run ?time|(?:finished|completed|done|ran|executed|trained|loaded)"
            rf"(?: \w+)? in)( ?[:=]? ?)(?:about )?{_NUMBER_OF} ?{_UNIT}\b",
            re.IGNORECASE,
        ),
        r"\1\2<time>",
    ),
)
_WARNED = re.compile(r"^\S.*?:\d+: (\w*Warning: .*)(?:\n {2,}\S.*)?", re.MULTILINE)
_CLOCK = r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b"
_DATES = (
    (re.compile(rf"\b(\d{{4}}-\d\d-\d\d){_CLOCK}"), "%Y-%m-%d"),
    (re.compile(rf"\b(\d\d/\d\d/\d{{4}}){_CLOCK}"), "%m/%d/%Y"),
    (re.compile(rf"\b(\d\d\.\d\d\.\d{{4}}){_CLOCK}"), "%d.%m.%Y"),
    (re.compile(r"\bdate(?:time)?\((\d{4}, \d{1,2}, \d{1,2})(?:, \d{1,6})*"), "%Y, %m, %d"),
    (
        re.compile(
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) {1,2}(\d{1,2}) \d\d:\d\d:\d\d(?: [A-Z]{3,4})? (\d{4})"
        ),
        "%b %d %Y",
    ),
)
_EPOCH = re.compile(r"\b\d{10}(?:\.\d+)?\b")
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")
_MAX_LITERAL = 100_000
_DAY_S = 86_400


@dataclass(frozen=True)
class TextDifference:
    """In which lines two texts differ, counted from 0."""

    lines: frozenset[int]

    @property
    def first_line(self) -> int:
        """The first of them."""
        return min(self.lines)


def steady(text: str) -> str:
    """Return a text as it looks in the end, with marks in the place of what differs from run to run by its nature.

    Parameters
    ----------
    text : str
        What a cell put out, with terminal codes.
    """
    text = "\n".join(line.rstrip() for line in final_text(text).split("\n") if not is_progress_bar(line))
    text = _WARNED.sub(r"<place>: \1", text)
    for pattern, mark in _MASKS:
        text = pattern.sub(mark, text)
    return _without_now(text).strip("\n")


def compare_text(before: str, after: str, options: VerifyOptions) -> TextDifference | None:
    """Compare two texts that ``steady`` returned.

    Returns
    -------
    TextDifference or None
        None if they say the same.
    """
    if before == after or _same_literal(before, after, options):
        return None
    pairs = list(zip_longest(before.split("\n"), after.split("\n")))
    judged = [_compare_lines(one, other, options) for one, other in pairs]
    # A number that is written longer moves what stands beside and above it, as in a table: there space says nothing.
    different = {"other", "spaced"} - ({"spaced"} if "rewritten" in judged else set())
    lines = frozenset(number for number, how in enumerate(judged) if how in different)
    return TextDifference(lines) if lines else None


def _compare_lines(
    one: str | None, other: str | None, options: VerifyOptions
) -> Literal["same", "other", "spaced", "rewritten"]:
    """How two lines differ: in words, in the space between them, or in how numbers are written. None is no line."""
    if one == other:
        return "same"
    if one is None or other is None:
        return "other"
    left, right = one.split(), other.split()
    if left == right:
        return "spaced"
    alike = len(left) == len(right) and all(_same_word(a, b, options) for a, b in zip(left, right, strict=True))
    return "rewritten" if alike else "other"


def _same_word(one: str, other: str, options: VerifyOptions) -> bool:
    if one == other:
        return True
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(same_number(a, b, options) for a, b in pairs)


def same_number(one: str, other: str, options: VerifyOptions) -> bool:
    """Whether two written numbers are the same: as integers exactly, else within the tolerance."""
    if one == other:
        return True
    if one.lstrip("+-").isdigit() and other.lstrip("+-").isdigit():
        return one.lstrip("+") == other.lstrip("+")
    a, b = float(one), float(other)
    return abs(a - b) <= max(options.absolute_tolerance, options.relative_tolerance * max(abs(a), abs(b)))


# --- sets, whose order says nothing ----------------------------------------------------------------


def _same_literal(before: str, after: str, options: VerifyOptions) -> bool:
    """Whether two texts that hold sets are the same value."""
    if "{" not in before or "{" not in after or max(len(before), len(after)) > _MAX_LITERAL:
        return False
    try:
        with warnings.catch_warnings():  # the compiler's, about the user's text
            warnings.simplefilter("ignore")
            one, other = (ast.literal_eval(text) for text in (before, after))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return False
    return _same_value(one, other, options)


def _same_value(one: Any, other: Any, options: VerifyOptions) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return same_number(repr(one), repr(other), options) if one == one else other != other
    if isinstance(one, dict):  # its order is seen
        return _same_value(list(one.items()), list(other.items()), options)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(_same_value(a, b, options) for a, b in zip(one, other, strict=True))
    return bool(one == other)


# --- now -------------------------------------------------------------------------------------------


def _without_now(text: str) -> str:
    """Put a mark in the place of dates and times of the last or the next day; others are results."""
    for pattern, form in _DATES:
        text = pattern.sub(partial(_now_or_itself, form), text)
    return _EPOCH.sub(lambda found: "<now>" if abs(float(found[0]) - time.time()) < _DAY_S else found[0], text)


def _now_or_itself(form: str, found: re.Match[str]) -> str:
    try:
        away_days = abs(
            (datetime.datetime.strptime(" ".join(found.groups()), form).date() - datetime.date.today()).days
        )
    except ValueError:
        return found[0]
    return "<now>" if away_days <= 1 else found[0]
