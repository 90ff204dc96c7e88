"""An answer whose text is prose, which may hold fenced blocks of its own.

It is asked for in a fence that is longer than any in the text, so that CommonMark's rule tells where it ends: a fence
is closed by one of the same character that is at least as long and has nothing behind it. Models also answer in the
fence that they are used to, which the blocks within have too, or in none. What was meant is then mostly certain only
when the answer is whole: what streams is a first reading, and `ProseParser.finish` has the last word. What stays open
is said (``unclear``), never guessed in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from jupyter_spark.edits._answer import AnswerParser, Lines, ParsedAnswer, Words, fence_for

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>[^\s`]*)")
# What stands behind a fence around prose; any other word tells the language of a block within.
_PROSE_INFOS = frozenset({"markdown", "md", "text", "txt", "plain", "plaintext"})
_HEADING = re.compile(r" {0,3}#{1,6} ")


class _Fence(NamedTuple):
    fence: str
    info: str

    def is_closed_by(self, other: _Fence) -> bool:
        same = other.fence[0] == self.fence[0] and len(other.fence) >= len(self.fence)
        return same and not other.info


class _Blocks:
    """The fenced blocks of a text, read line by line as CommonMark does."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        self.open: _Fence | None = None
        self.bare = 0
        for line in lines:
            self.take(line)

    def take(self, line: str) -> None:
        fence = _fence_of(line)
        if fence is None:
            return
        if self.open is None:
            self.open = fence
            self.bare += not fence.info
        elif self.open.is_closed_by(fence):
            self.open = None


class ProseParser(AnswerParser):
    """Reads an answer whose text is that of a Markdown or raw cell.

    Parameters
    ----------
    old : str
        The cell's text, which tells what belongs to it where the fences do not.
    fence : str, optional
        The fence with which the answer was begun for the model.
    is_markdown : bool
        Whether the cell is Markdown; the text of a raw cell may be in any language.
    """

    def __init__(self, old: str, fence: str = "", *, is_markdown: bool = True) -> None:
        super().__init__(fence)
        self._old = old.splitlines()
        self._old_blocks = _Blocks(self._old)
        self._begun = fence
        self._asked = len(fence_for(old, prose=True))
        self._is_markdown = is_markdown
        self._within = _Blocks()
        self._raw: list[str] = []
        self._is_whole = True

    def feed(self, text: str) -> list[Words | Lines]:
        """Take more of the answer and return what is likely, to be seen while it arrives."""
        self._raw.append(text)
        return super().feed(text)

    def finish(
        self, *, stopped_at_fence: bool = False, cut_off: bool = False
    ) -> tuple[list[Words | Lines], ParsedAnswer]:
        """Take the end of the answer; the text that was meant may be another one than the lines that were seen."""
        out, seen = super().finish(stopped_at_fence=stopped_at_fence)
        self._is_whole = not cut_off
        lines = [line.removesuffix("\r") for line in "".join(self._raw).split("\n")]
        return out, self._said(self._read(lines, seen))

    def _opens(self, fence: str, info: str) -> bool:
        if self._within.open is None and self._is_outer(fence, info):
            return True
        self._within.take(f"{fence}{info}")
        return False

    def _is_outer(self, fence: str, info: str) -> bool:
        """Whether a fence can be the one around the whole text."""
        word = info.split()[0].lower() if info.strip() else ""
        is_known = not word or word in _PROSE_INFOS or not self._is_markdown
        return is_known or len(fence) >= self._asked

    def _closes(self, line: str) -> bool:
        closes = super()._closes(line)
        if len(self._fence) >= self._asked:
            return closes
        if closes and self._within.open is None:
            return True
        self._within.take(line)
        return False

    # --- what was meant, once all of it is there ---

    def _read(self, lines: Sequence[str], seen: ParsedAnswer) -> ParsedAnswer:
        if self._begun:
            return self._long(seen)
        fences = [*_openings(lines)]
        index, first = next(((i, f) for i, f in fences if self._is_outer(*f)), (len(lines), None))
        if first is not None and len(first.fence) >= self._asked:
            return self._long(seen)
        if self._is_text(lines[:index]) and (first is None or first.info not in {"markdown", "md"}):
            return ParsedAnswer(_joined(lines), "", closed=self._is_whole, blocks=1)
        if first is None and fences:  # a block in another language, and words around it
            index, first = fences[0]
            inner = self._short(lines, index, first, replace(seen, code=None))
            return replace(inner, unclear=inner.unclear or not self._shares(inner.code or ""))
        return seen if first is None else self._short(lines, index, first, seen)

    def _long(self, seen: ParsedAnswer) -> ParsedAnswer:
        """The fence is longer than those within; some models close it with a short one all the same."""
        *lines, last = (seen.code or "").split("\n")
        end = _fence_of(last)
        if end is None or end.info or _Blocks(lines).open is not None:
            return seen
        return replace(seen, code=_joined(lines), closed=seen.closed or self._is_whole)

    def _short(self, lines: Sequence[str], index: int, first: _Fence, seen: ParsedAnswer) -> ParsedAnswer:
        """The blocks within may have that fence too: the text ends at the last one, if its blocks are whole then."""
        body = lines[index + 1 :]
        ends = [place for place, line in enumerate(body) if line[:1].strip() and _closing(first, line)]
        if not ends:
            return seen if seen.code is not None else replace(seen, code=_joined(body), closed=False, blocks=1)
        text, after = body[: ends[-1]], body[ends[-1] + 1 :]
        blocks = _Blocks(text)
        if blocks.open is not None and self._old_blocks.open is None and seen.code is not None:
            return replace(seen, unclear=self._is_whole)
        words = "\n".join([*lines[:index], *after]).strip()
        # Of blocks without a word behind their fence nobody can tell which fence opens and which closes.
        unclear = _joined(text) != seen.code and blocks.bare > self._old_blocks.bare
        unclear = unclear or any(_fence_of(line) for line in after)
        return ParsedAnswer(_joined(text), words, closed=True, blocks=1, unclear=unclear)

    def _said(self, answer: ParsedAnswer) -> ParsedAnswer:
        """Whatever the reading: whether blocks are left open, or lines of the cell stand outside of the text."""
        if answer.code is None:
            return answer
        kept = {line.strip() for line in answer.code.split("\n")}
        outside = {line.strip() for line in answer.words.split("\n")} - kept
        lost = any(line.strip() in outside for line in self._old if line.strip())
        is_open = _Blocks(answer.code.split("\n")).open is not None and self._old_blocks.open is None
        return replace(answer, unclear=answer.unclear or lost or is_open)

    def _is_text(self, lines: Sequence[str]) -> bool:
        """Whether these lines are the cell's rather than words about it."""
        outside = _outside(lines)
        return self._shares("\n".join(outside)) or any(_HEADING.match(line) for line in outside)

    def _shares(self, text: str) -> bool:
        lines = {line.strip() for line in text.split("\n")}
        return any(line.strip() in lines for line in self._old if line.strip())


def _openings(lines: Sequence[str]) -> Iterator[tuple[int, _Fence]]:
    blocks = _Blocks()
    for index, line in enumerate(lines):
        before = blocks.open
        blocks.take(line)
        if before is None and blocks.open is not None:
            yield index, blocks.open


def _outside(lines: Sequence[str]) -> list[str]:
    """The lines that stand in no block."""
    blocks, out = _Blocks(), []
    for line in lines:
        blocks.take(line)
        if blocks.open is None and _fence_of(line) is None:
            out.append(line)
    return out


def _fence_of(line: str) -> _Fence | None:
    match = _FENCE.match(line)
    return _Fence(match["fence"], match["info"].lower()) if match else None


def _closing(fence: _Fence, line: str) -> bool:
    other = _fence_of(line)
    return other is not None and fence.is_closed_by(other)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()
