"""Slips of the keyboard: a letter too many in a name, a bracket or a colon that was left out.

What is mended here is proved: the code did not parse and does, with one character more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jupyter_spark.ipysyntax import syntax_error

MIN_CHARS = 4  # shorter names are one slip from too many others
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_NEVER_CLOSED = re.compile(r"'([(\[{])' was never closed")
_NO_MATCH = re.compile(r"closing parenthesis '[)\]}]' does not match opening parenthesis '([(\[{])'")


def is_slip(written: str, meant: str) -> bool:
    """Whether a name is another one with a letter too many, too few, exchanged for another, or swapped with the next.

    The four slips of Damerau (1964, doi:10.1145/363958.363994), which most misspelt words are. Digits tell names apart.
    """
    if len(written) < MIN_CHARS or abs(len(written) - len(meant)) > 1 or written == meant:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b), min(map(len, (written, meant)))
    )
    one, other = written[start:], meant[start:]
    if any(letter.isdigit() for letter in (one[:1] + other[:1])):
        return False
    return one[1:] == other or one == other[1:] or one[1:] == other[1:] or (one[1::-1] + one[2:]) == other


def with_what_is_missing(source: str) -> str | None:
    """Return a cell with the one character that it lacks: a colon, or a closing bracket.

    None where it parses as it is, or lacks something else. The first place that makes it parse is taken: a bracket is
    closed as early as it can be.
    """
    error = syntax_error(source)
    if error is None:
        return None
    return next((text for text in _completed(source, error) if syntax_error(text) is None), None)


def _completed(source: str, error: SyntaxError) -> Iterator[str]:
    lines = source.split("\n")
    at = (error.lineno or 0) - 1
    if not 0 <= at < len(lines):
        return
    if error.msg == "expected ':'":
        yield "\n".join([*lines[:at], _before_comment(lines[at], ":"), *lines[at + 1 :]])
    elif found := _NO_MATCH.match(error.msg):
        column = max(0, (error.offset or 1) - 1)
        whole = lines[at][:column] + _CLOSER[found[1]] + lines[at][column:]
        yield "\n".join([*lines[:at], whole, *lines[at + 1 :]])
    elif found := _NEVER_CLOSED.match(error.msg):
        for row in range(at, len(lines)):
            yield "\n".join([*lines[:row], _before_comment(lines[row], _CLOSER[found[1]]), *lines[row + 1 :]])


def _before_comment(line: str, character: str) -> str:
    """A line with a character at its end; before its comment, if it has one."""
    code = re.match(r"(?:[^#'\"]|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")*", line)
    end = len(code[0].rstrip()) if code and line[code.end() :].startswith("#") else len(line.rstrip())
    return line[:end] + character + line[end:]
