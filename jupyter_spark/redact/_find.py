"""Find the secrets of a text, with their places."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from jupyter_spark.redact._formats import FORMATS, WHOLE_FORMATS, Format
from jupyter_spark.redact._placed import env_files, placed
from jupyter_spark.redact._secret import Secret, matches

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_MANY_PARAGRAPHS = 16
_CACHED_PARAGRAPHS = 16_384
_found: OrderedDict[str, tuple[Secret, ...]] = OrderedDict()


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Find the secrets of a text.

    Parameters
    ----------
    text : str
        Source, output or prose. It is read paragraph by paragraph, each only once: a text that was changed in one
        place costs what that place costs.

    Returns
    -------
    tuple of Secret
        In the order of their places; no two overlap, the longest goes first.
    """
    found = [*env_files(text)]
    for form in _in_question(WHOLE_FORMATS, text):
        found += matches(form.kind, form.regex, text)
    forms: Sequence[Format] = FORMATS
    unread = 0
    for start, end in _paragraphs(text):
        paragraph = text[start:end]
        known = _found.get(paragraph)
        if known is None:
            unread += 1
            if unread == _MANY_PARAGRAPHS:  # then it pays to ask the whole text first which formats it has a sign of
                forms = _in_question(FORMATS, text)
            known = _in_paragraph(paragraph, forms)
        if known:
            found += [Secret(s.kind, s.value, s.start + start, s.end + start) for s in known]
    return without_overlaps(found)


def without_overlaps(found: Iterable[Secret], taken: Sequence[tuple[int, int]] = ()) -> tuple[Secret, ...]:
    """Keep of secrets in the same place the longest, of equals the first, and none in a place that is taken."""
    kept: list[Secret] = []
    for secret in sorted(found, key=lambda s: s.start - s.end):
        places = [*taken, *((other.start, other.end) for other in kept)]
        if all(secret.end <= start or secret.start >= end for start, end in places):
            kept.append(secret)
    return tuple(sorted(kept, key=lambda s: s.start))


def _in_question(forms: Iterable[Format], text: str) -> list[Format]:
    return [form for form in forms if any(needle in text for needle in form.needles)]


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in _PARAGRAPH.finditer(text):
        yield start, gap.start()
        start = gap.end()
    yield start, len(text)


def _in_paragraph(text: str, forms: Iterable[Format]) -> tuple[Secret, ...]:
    """Read a paragraph; ``forms`` are those that may be in it."""
    found = [secret for form in _in_question(forms, text) for secret in matches(form.kind, form.regex, text)]
    known = _found[text] = (*found, *placed(text))
    while len(_found) > _CACHED_PARAGRAPHS:
        _found.popitem(last=False)
    return known
