"""An answer whose one block holds code: it is read line by line, as it arrives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_OPENING = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\r\n]*)$")
# A line that is code rather than a sentence: an assignment, a call, an import, the head of a block, a magic.
_CODE_LINE = re.compile(
    r"^[ \t]*(?:[\w.\[\]'\", ]+ ?[-+*/|&]?=(?!=)|[\w.]+\(.*\)\s*$|import \w|from [\w.]+ import |"
    r"(?:async |await |return )|(?:def|class|for|while|with|if|try)\b.*:\s*$|@\w|[%!]{1,2}\w)",
    re.MULTILINE,
)
_GLUED = re.compile(r"(?P<code>.*[^\s`])[ \t]*(?P<fence>`{3,})[ \t]*$")


@dataclass(frozen=True)
class Words:
    """Text outside of the block."""

    text: str


@dataclass(frozen=True)
class Lines:
    """Whole lines of the block, without their line ends."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class ParsedAnswer:
    """An answer that has ended.

    Attributes
    ----------
    code : str or None
        The block's text, or None if there was no block.
    words : str
        Everything outside of it.
    closed : bool
        Whether the block's closing fence arrived.
    blocks : int
        How many blocks there were; only the first is the edit.
    unclear : bool
        Whether its fences leave it open where the text begins or ends.
    """

    code: str | None
    words: str
    closed: bool
    blocks: int
    unclear: bool = False

    @property
    def is_only_words(self) -> bool:
        """Whether it is a question or a refusal: words, no block, and no line that looks like code."""
        return self.blocks == 0 and bool(self.words) and not _CODE_LINE.search(self.words)


def fence_for(source: str, *, prose: bool = False) -> str:
    """Return a fence that cannot be mistaken for a line of the source.

    As in CommonMark, a fence is only closed by one that is at least as long. Prose may come to hold blocks of its own.
    """
    longest = max((len(run) for run in re.findall(r"`{3,}", source)), default=3 if prose else 2)
    return "`" * (longest + 1)


class AnswerParser:
    """Splits an answer into words and the lines of its one fenced block, as it arrives.

    However the answer is cut into pieces, the same lines come out in the same order.

    Parameters
    ----------
    fence : str, optional
        The fence with which the answer was begun for the model; the parser then starts inside the block.
    """

    def __init__(self, fence: str = "") -> None:
        self._fence = fence
        self._state: Literal["before", "inside", "after"] = "inside" if fence else "before"
        self._partial = ""
        self._lines: list[str] = []
        self._words: list[str] = []
        self._blocks = 1 if fence else 0
        self._closed = False

    @property
    def started(self) -> bool:
        """Whether the block has begun."""
        return self._blocks > 0

    @property
    def is_open(self) -> bool:
        """Whether the block has begun and not ended."""
        return self._state == "inside"

    def feed(self, text: str) -> list[Words | Lines]:
        """Take more of the answer and return what is now certain: whole lines only."""
        pieces = (self._partial + text).split("\n")
        self._partial = pieces.pop()
        return self._take([piece.removesuffix("\r") for piece in pieces])

    def finish(
        self,
        *,
        stopped_at_fence: bool = False,
        cut_off: bool = False,  # code without its closing fence is not whole, whatever the reason
    ) -> tuple[list[Words | Lines], ParsedAnswer]:
        """Take the end of the answer.

        Parameters
        ----------
        stopped_at_fence : bool
            The endpoint was told to stop at the closing fence, so that it does not arrive.
        cut_off : bool
            The endpoint stopped because the answer became too long.
        """
        last, self._partial = self._partial.removesuffix("\r"), ""
        out = self._take([last]) if last else []
        if self._state == "inside" and (self._unglue() or stopped_at_fence):
            self._closed = True
        code = "\n".join(self._lines).strip("\n").rstrip() if self.started else None
        answer = ParsedAnswer(code, "\n".join(self._words).strip(), self._closed, self._blocks)
        return out, answer

    def _take(self, lines: list[str]) -> list[Words | Lines]:
        out: list[Words | Lines] = []
        code: list[str] = []
        for line in lines:
            if self._state == "inside":
                if self._closes(line):
                    self._state, self._closed = "after", True
                else:
                    code.append(line)
                continue
            if code:
                out.append(Lines(tuple(code)))
                self._lines += code
                code = []
            self._take_words(line, out)
        if code:
            out.append(Lines(tuple(code)))
            self._lines += code
        return out

    def _take_words(self, line: str, out: list[Words | Lines]) -> None:
        opening = _OPENING.match(line)
        if opening and self._state == "before" and self._opens(opening["fence"], opening["info"]):
            self._fence, self._state = opening["fence"], "inside"
            self._blocks += 1
            return
        if opening and opening["info"] and self._state == "after":
            self._blocks += 1
        self._words.append(line)
        out.append(Words(line + "\n"))

    def _opens(self, fence: str, info: str) -> bool:
        """Whether a fence opens the block."""
        return True

    def _closes(self, line: str) -> bool:
        """A closing fence stands alone at the start of a line; an indented one belongs to the code."""
        stripped = line.rstrip()
        return len(stripped) >= len(self._fence) and stripped == self._fence[0] * len(stripped)

    def _unglue(self) -> bool:
        """Some models close the block at the end of the last line of code."""
        glued = _GLUED.match(self._lines[-1]) if self._lines else None
        if not glued or len(glued["fence"]) < len(self._fence):
            return False
        self._lines[-1] = glued["code"]
        return True
