"""How much of an answer is shown at the caret: what fits between what stands before it and what stands after it.

The answer is looked at anew with each piece that arrives; it is short. What may still turn out to be a repetition, a
fence or a blank end is held back until that is known, so that what is shown only grows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_spark.completion._place import CodeReader, Place, indent_of

MAX_LINES = 16
LEAST_ECHO = 3  # a shorter line may well be written twice

_MARKER = re.compile(r"<\|[\w▁ ]+\|>|</s>")  # a model's own signs, which some endpoints let through
_BEGUN_MARKER = re.compile(r"<(?:\|[\w▁ ]*\|?|/s?)?\Z")
_BEGUN_FENCE = re.compile(r"(?:\A|\n)[ \t]*`{1,}\Z")
_OPENING = re.compile(r"(?:\A|\n)[ \t]*(`{3,})[^`\n]*(\n|\Z)")
# Words side by side, the first with a capital, up to the end of a sentence: no code of any language reads so.
_SENTENCE = re.compile(r"\s*(?!True |False |None )[A-Z][a-z'’]*,?(?: [A-Za-z][\w'’-]*,?)+[.!?:…](?:\s|\Z)")
_FRAGMENT = re.compile(r"[^\W\d]\w+\Z")


@dataclass(frozen=True)
class Cut:
    """What is shown; ``ended`` if nothing that may still come would be."""

    text: str
    ended: bool = False


def cut_answer(answer: str, place: Place, *, whole: bool, fenced: bool) -> Cut:
    """Return what of an answer is shown at the caret.

    Parameters
    ----------
    answer : str
        What has come.
    place : Place
        Where the caret is.
    whole : bool
        Whether nothing more will come.
    fenced : bool
        Whether the answer was asked for in a fenced block; else a fence ends it.
    """
    code = _without_markers(answer, whole)
    if fenced and not _OPENING.search(code.text) and _SENTENCE.match(code.text) and not _takes_words(place):
        return Cut("", ended=whole or code.ended)  # it says something; a block may still follow
    code = _in_fence(code, whole) if fenced else _before_fence(code, whole)
    whole = whole or code.ended
    told = _without_echo(code.text, place, whole)
    if told is None:
        return Cut("", ended=code.ended)
    shown = _fitting(_indented(told, place, whole), place, whole)
    text = shown.text.rstrip()
    return Cut(text if text.strip() else "", ended=code.ended or shown.ended)


def _takes_words(place: Place) -> bool:
    """Whether the caret is in a comment or a string, where a sentence may belong."""
    return "#" in place.line or bool(CodeReader(place.before).quote)


def _without_markers(answer: str, whole: bool) -> Cut:
    if (marker := _MARKER.search(answer)) is not None:
        return Cut(answer[: marker.start()], ended=True)
    return Cut(answer if whole else _BEGUN_MARKER.sub("", answer))


def _in_fence(answer: Cut, whole: bool) -> Cut:
    """The block's text; words before it are not shown, and an answer without a fence is taken for code at its end."""
    whole = whole or answer.ended
    opening = _OPENING.search(answer.text)
    if opening is None:
        return Cut(answer.text if whole else "", ended=answer.ended)
    if not opening[2]:
        return Cut("", ended=answer.ended)
    body = answer.text[opening.end() :]
    closing = re.search(rf"(?:\A|\n)[ \t]*{opening[1]}", body)
    if closing is not None:
        return Cut(body[: closing.start()], ended=True)
    return Cut(body if whole else _BEGUN_FENCE.sub("", body), ended=answer.ended)


def _before_fence(answer: Cut, whole: bool) -> Cut:
    if (fence := re.search(r"(?:\A|\n)[ \t]*```", answer.text)) is not None:
        return Cut(answer.text[: fence.start()], ended=True)
    return answer if whole or answer.ended else Cut(_BEGUN_FENCE.sub("", answer.text))


def _without_echo(text: str, place: Place, whole: bool) -> str | None:
    """The answer without what stands before the caret, where it begins with that; None while it may still do."""
    line = place.line.strip()
    head = text.lstrip("\n") if "\n" in place.before else text
    echoes = [(head, place.before)] if "\n" in place.before and place.before.strip() else []
    if len(line) >= LEAST_ECHO:
        echoes.append((text.lstrip(), line))
    for said, before in echoes:
        if said.startswith(before):
            return said[len(before) :]
        if not whole and before.startswith(said):
            return None
    if (fragment := _FRAGMENT.search(place.line)) is not None:
        begun = fragment[0]
        if not whole and begun.startswith(text):
            return None
        if text.startswith(begun) and text[len(begun) :][:1].isidentifier():
            return text[len(begun) :]
    return text


def _indented(text: str, place: Place, whole: bool) -> str:
    """The text as it must be indented: the caret's own indentation stands there already."""
    if place.line.strip():
        return text.lstrip(" \t") if place.line[-1:].isspace() else text
    text = text.lstrip("\n") if place.before else text
    width = place.indent
    text = text[min(width, indent_of(text)) :]
    first, newline, rest = text.partition("\n")
    if not (width and newline and first.rstrip().endswith(":")):
        return text
    below = [line for line in rest.split("\n")[: None if whole else -1] if line.strip()]
    if not below:
        return text if whole else first
    if indent_of(below[0]) > width:
        return text
    # The block was written as if the caret stood at the margin.
    margin = place.line
    return "\n".join([first, *(margin + line if line.strip() else line for line in rest.split("\n"))])


def _fitting(text: str, place: Place, whole: bool) -> Cut:
    """As many lines as are one piece of code, and fit to what stands after the caret."""
    reader = CodeReader(place.before)
    begun = CodeReader(place.after, quote=reader.quote)
    in_string = bool(reader.quote) and _string_goes_on(place, reader.quote)
    floor = min(reader.depth, begun.unmatched)
    lines = text.split("\n")
    shown: list[str] = []
    blank = False
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        if number == MAX_LINES or (number and place.rest.strip()):
            return Cut("\n".join(shown), ended=True)
        if not line.strip() and not reader.inside:
            blank = blank or bool("".join(shown).strip() or (place.line.strip() and number))
            shown.append("")
            continue
        if number and _is_over(line, place, blank, reader):
            return Cut("\n".join(shown), ended=True)
        full = (place.line + line if not number else line).strip()
        if full and place.next_line.startswith(full) and last and not whole:
            return Cut("\n".join(shown))
        if full and full == place.next_line:
            return Cut("\n".join(shown), ended=True)
        ended = False
        if not number and place.rest.strip():
            ahead = _before_rest(line, place, begun.unmatched, whole or not last)
            line, ended = ahead.text, ahead.ended
        kept = reader.feed(line if last else line + "\n", floor=floor, in_string=in_string)
        if kept < len(line):
            return Cut("\n".join([*shown, line[:kept]]), ended=True)
        if ended:
            return Cut(line, ended=True)
        shown.append(_before_quote(line, reader.quote) if in_string and last and not whole else line)
        blank = False
    return Cut("\n".join(shown))


def _string_goes_on(place: Place, quote: str) -> bool:
    """Whether the string that is open at the caret is closed after it."""
    return quote in (place.after if len(quote) == 3 else place.rest)


def _before_quote(line: str, quote: str) -> str:
    """The line without what may become the end of the string that goes on after the caret."""
    return line.rstrip(quote[0]) if quote else line


def _is_over(line: str, place: Place, blank: bool, reader: CodeReader) -> bool:
    """Whether a line begins something else: a new paragraph, or code outside of the caret's block."""
    if reader.inside or not line.strip():
        return False
    indent = indent_of(line)
    return (blank and indent < max(place.indent, 1)) or (place.indent > 0 and indent == 0)


def _before_rest(line: str, place: Place, floor: int, whole: bool) -> Cut:
    """The one line that fits before the rest of the caret's line, without that rest.

    Where the rest may begin at several places, as ``)`` may, it begins where brackets and strings are as it needs them.
    """
    rest = place.rest.strip()
    places = [at for at in range(len(line)) if line.startswith(rest, at)]
    fit = next((at for at in places if _fits(line[:at], place, floor)), None)
    if fit is not None:
        return Cut(line[:fit], ended=True)
    tells = len(rest) >= LEAST_ECHO and any(map(str.isalnum, rest))  # words are no coincidence
    first = places[0] if places and tells else len(line)
    if not whole:
        first = next((at for at in range(first) if rest.startswith(line[at:])), first)
    return Cut(line[:first], ended=whole)


def _fits(text: str, place: Place, floor: int) -> bool:
    """Whether as many brackets are open after a text as what follows closes, and the same string."""
    reader = CodeReader(place.before)
    quote, most = reader.quote, max(reader.depth, floor)
    reader.feed(text)
    return floor <= reader.depth <= most and reader.quote == quote and not reader.torn
