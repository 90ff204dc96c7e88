"""Put values back where their marks return, as the answer arrives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SPECIAL = re.compile(r"['\"\\{}\n]")
_STRING = re.compile(r"(?P<prefix>\b[rRbBuUfF]{1,2})?(?P<quote>\"\"\"|'''|\"|')")
_BARE_QUOTE = re.compile(r"(?<!\\)((?:\\\\)*)(['\"])")


@dataclass(frozen=True)
class Kept:
    """A value that was kept back, as it stood in the text, and in which quotes it stood there."""

    value: str
    kind: str
    contexts: frozenset[str] = frozenset()


def left_of(line: str) -> str:
    """Return the string in which a line ends: its prefix and quotes, or nothing outside of a string."""
    at = 0
    while opening := _STRING.search(line, at):
        if "#" in line[at : opening.start()]:
            return ""
        quote = opening["quote"]
        end = opening.end()
        while True:
            end = line.find(quote, end)
            if end < 0:
                return (opening["prefix"] or "").lower() + quote
            backslashes = len(line[:end]) - len(line[:end].rstrip("\\"))
            end += len(quote)
            if backslashes % 2 == 0:
                break
        at = end
    return ""


def _fitted(kept: Kept, line: str) -> str:
    """The value as it must be written in the string in which it stands now."""
    if not _SPECIAL.search(kept.value):
        return kept.value
    context = left_of(line)
    if not context or context in kept.contexts or not kept.contexts or "" in kept.contexts:
        return kept.value
    value, quote = kept.value, context[-1]
    was_formatted = any("f" in c for c in kept.contexts)
    if "r" not in context:
        value = _BARE_QUOTE.sub(lambda m: m[1] + ("\\" if m[2] == quote else "") + m[2], value)
        if any("r" in c for c in kept.contexts):
            value = kept.value.replace("\\", "\\\\").replace(quote, "\\" + quote)
    if "f" in context and not was_formatted:
        value = value.replace("{", "{{").replace("}", "}}")
    elif "f" not in context and was_formatted:
        value = value.replace("{{", "{").replace("}}", "}")
    return value


class Restorer:
    """Puts values back into an answer, however it is cut into pieces.

    Parameters
    ----------
    kept : mapping of str to Kept
        The marks that the request held. Others stay as they are: nobody was told what they stand for.
    """

    def __init__(self, kept: Mapping[str, Kept]) -> None:
        self._kept = kept
        self._marks = re.compile("|".join(map(re.escape, kept))) if kept else None
        self._held = ""
        self._line = ""

    def feed(self, text: str) -> str:
        """Take more of the answer, and return what is certain: the beginning of a mark waits for its end."""
        if self._marks is None:
            return text
        text = self._held + text
        start = text.rfind("<")
        held = start >= 0 and any(mark != text[start:] and mark.startswith(text[start:]) for mark in self._kept)
        self._held = text[start:] if held else ""
        return self._put_back(text[:start] if held else text)

    def finish(self) -> str:
        """Return what was still waiting."""
        held, self._held = self._held, ""
        return held

    def _put_back(self, text: str) -> str:
        assert self._marks is not None  # noqa: S101 - feed asks only where there are marks
        out: list[str] = []
        at = 0
        for mark in self._marks.finditer(text):
            self._pass(text[at : mark.start()])
            out += [text[at : mark.start()], _fitted(self._kept[mark[0]], self._line)]
            self._line += mark[0]
            at = mark.end()
        self._pass(text[at:])
        out.append(text[at:])
        return "".join(out)

    def _pass(self, text: str) -> None:
        """Keep the line that is being written, as the model writes it."""
        _, newline, last = text.rpartition("\n")
        self._line = last if newline else self._line + text


def restore(text: str, kept: Mapping[str, Kept]) -> str:
    """Return a whole text with its values put back."""
    restorer = Restorer(kept)
    return restorer.feed(text) + restorer.finish()
