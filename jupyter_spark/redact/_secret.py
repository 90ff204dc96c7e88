"""A secret and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jupyter_spark.redact._values import is_stand_in


@dataclass(frozen=True)
class Secret:
    """A secret and its place in a text, in characters."""

    kind: str
    value: str
    start: int
    end: int


def secret_of(kind: str, match: re.Match[str]) -> Secret:
    """Make a secret of a match's group ``value``."""
    return Secret(kind, match["value"], match.start("value"), match.end("value"))


def matches(kind: str, regex: re.Pattern[str], text: str) -> Iterator[Secret]:
    """Yield a secret for each match: its group ``value``, or the whole of it."""
    group: str | int = "value" if "value" in regex.groupindex else 0
    for match in regex.finditer(text):
        value = match[group]
        if value and not is_stand_in(value):
            yield Secret(kind, value, match.start(group), match.end(group))
