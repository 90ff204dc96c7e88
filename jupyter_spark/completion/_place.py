"""Where the caret is, and which brackets and strings are open there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

OPENERS, CLOSERS, QUOTES = "([{", ")]}", "\"'"


@dataclass(frozen=True)
class Place:
    """A caret: its cell's text before and after it."""

    before: str
    after: str

    @cached_property
    def line(self) -> str:
        """The caret's line, up to it."""
        return self.before.rpartition("\n")[2]

    @cached_property
    def rest(self) -> str:
        """The caret's line, from it on."""
        return self.after.partition("\n")[0]

    @cached_property
    def next_line(self) -> str:
        """The first line below the caret's that is not blank, without its indentation; empty if there is none."""
        below = self.after.partition("\n")[2]
        return next((line.strip() for line in below.splitlines() if line.strip()), "")

    @cached_property
    def indent(self) -> int:
        """How far the caret's line is indented, in characters."""
        return indent_of(self.line)


def indent_of(line: str) -> int:
    """Return how far a line is indented, in characters."""
    return len(line) - len(line.lstrip(" \t"))


class CodeReader:
    """Follows brackets, strings and comments through code that is not whole, as a tokenizer cannot.

    The rules are Python's, and near enough those of the other languages of notebooks.
    """

    def __init__(self, text: str = "", quote: str = "") -> None:
        self.depth = 0
        self.unmatched = 0
        self.quote = quote
        self.torn = False  # in the middle of an escape
        self._comment = False
        self.feed(text)

    @property
    def inside(self) -> bool:
        """Whether a bracket or a string is open."""
        return self.depth > 0 or bool(self.quote)

    def feed(self, text: str, *, floor: int = -1, in_string: bool = False) -> int:
        """Read on, and return how far.

        Parameters
        ----------
        text : str
            What comes next.
        floor : int
            How many brackets must stay open: reading stops before the one that would close more.
        in_string : bool
            Stop before the string ends that is open now.
        """
        at = 0
        keeps = in_string and bool(self.quote)
        while at < len(text):
            sign = text[at]
            if self._comment:
                self._comment = sign != "\n"
            elif self.quote:
                if sign == "\\":
                    at += 1
                elif text.startswith(self.quote, at):
                    if keeps:
                        return at
                    at += len(self.quote) - 1
                    self.quote = ""
                elif sign == "\n" and len(self.quote) == 1:
                    self.quote = ""  # it was never closed: on the next line all is code again
                    keeps = False
            elif sign in QUOTES:
                self.quote = sign * 3 if text.startswith(sign * 3, at) else sign
                at += len(self.quote) - 1
            elif sign == "#":
                self._comment = True
            elif sign in OPENERS:
                self.depth += 1
            elif sign in CLOSERS:
                if self.depth <= floor:
                    return at
                self.unmatched += self.depth == 0
                self.depth = max(0, self.depth - 1)
            at += 1
        self.torn = at > len(text)
        return len(text)
