"""Places in a text, by line from 1 and character from 0, and what is put there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class TextEdit:
    """``text`` in the place of ``length`` characters."""

    line: int
    column: int
    length: int
    text: str


def edited(source: str, edits: Iterable[TextEdit]) -> str:
    """Return a text with edits made that do not touch one another."""
    lines = source.split("\n")
    for edit in sorted(edits, reverse=True):
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.column] + edit.text + line[edit.column + edit.length :]
    return "\n".join(lines)


def column_of(line: str, offset: int) -> int:
    """Return the character at which a byte of a line stands: a syntax tree counts in bytes of UTF-8."""
    return len(line.encode()[:offset].decode(errors="replace"))
