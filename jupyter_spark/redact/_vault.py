"""What was kept back, and the mark that was sent instead of it."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from threading import RLock

from jupyter_spark.redact._find import find_secrets, without_overlaps
from jupyter_spark.redact._restore import Kept, left_of
from jupyter_spark.redact._secret import Secret

PLACEHOLDER = re.compile(r"<secret-\d{1,6}(?:-[a-z0-9]+)+>")
PART_CHARACTERS = 20  # of a long value, so much of its beginning or end tells it
_PASSES = 8
_CACHED_TEXTS = 512


@dataclass
class _Entry:
    """A value with its mark, and where in a line it stood: the quotes around it."""

    secret: Secret
    placeholder: str
    contexts: set[str] = field(default_factory=set)
    wanders: bool = False
    parts: bool = False
    forms: tuple[str, ...] = ()


class Vault:
    """Keeps values back for as long as a process lives. It may be used from any thread.

    The same value always has the same mark, and marks are numbered in the order in which values were first seen: a
    text that was sent once is sent alike the next time. A mark that a user's text holds already is never given out.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._by_value: dict[str, _Entry] = {}
        self._by_placeholder: dict[str, _Entry] = {}
        self._reserved: set[str] = set()
        self._redacted: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def find(self, text: str) -> tuple[Secret, ...]:
        """Return the secrets of a text: those that show themselves, and every value that is known from elsewhere."""
        with self._lock:
            return self._spans(text)

    def count(self, text: str) -> Counter[str]:
        """Return how many secrets of each kind a text holds."""
        return Counter(secret.kind for secret in self.find(text))

    def redact(self, text: str) -> str:
        """Return the text with a mark in the place of every secret; what is redacted already stays as it is."""
        with self._lock:
            known = len(self._by_value)
            seen = self._redacted.get(text)
            if seen is not None and seen[0] == known:
                self._redacted.move_to_end(text)
                return seen[1]
            for mark in PLACEHOLDER.findall(text):
                if mark not in self._by_placeholder:
                    self._reserved.add(mark)
            redacted = text
            for _ in range(_PASSES):
                spans = self._spans(redacted)
                if not spans:
                    break
                redacted = self._replace(redacted, spans)
            self._redacted[text] = len(self._by_value), redacted
            if len(self._redacted) > _CACHED_TEXTS:
                self._redacted.popitem(last=False)
            return redacted

    def redact_all(self, texts: Iterable[str]) -> list[str]:
        """Redact texts that are sent together: what one of them gives away is kept back in all."""
        texts = list(texts)
        with self._lock:
            while True:
                known = len(self._by_value)
                redacted = [self.redact(text) for text in texts]
                if len(self._by_value) == known:
                    return redacted

    def kept_in(self, texts: Iterable[str]) -> dict[str, Kept]:
        """Return what the marks in redacted texts stand for: only these may be put back in their answer."""
        with self._lock:
            marks = {mark for text in texts for mark in PLACEHOLDER.findall(text)}
            entries = (entry for mark in sorted(marks) if (entry := self._by_placeholder.get(mark)))
            return {e.placeholder: Kept(e.secret.value, e.secret.kind, frozenset(e.contexts)) for e in entries}

    def _replace(self, text: str, spans: tuple[Secret, ...]) -> str:
        out: list[str] = []
        at = 0
        for secret in spans:
            out.append(text[at : secret.start])
            entry = self._entry(secret)
            so_far = "".join(out) if any(c in secret.value for c in "'\"\\{}\n") else None
            if so_far is not None:
                entry.contexts.add(left_of(so_far[so_far.rfind("\n") + 1 :]))
            out.append(entry.placeholder)
            at = secret.end
        out.append(text[at:])
        return "".join(out)

    def _entry(self, secret: Secret) -> _Entry:
        entry = self._by_value.get(secret.value)
        if entry is None:
            number = len(self._by_value) + 1
            while (mark := f"<secret-{number}-{secret.kind}>") in self._reserved or mark in self._by_placeholder:
                number += 1
            entry = _Entry(
                secret,
                mark,
                wanders=_tells_itself(secret),
                parts=_has_telling_parts(secret),
                forms=_forms(secret.value),
            )
            self._by_value[secret.value] = entry
            self._by_placeholder[mark] = entry
        return entry

    def _spans(self, text: str) -> tuple[Secret, ...]:
        marks = [match.span() for match in PLACEHOLDER.finditer(text)] if "<secret-" in text else []
        return without_overlaps([*find_secrets(text), *self._known(text)], marks)

    def _known(self, text: str) -> Iterator[Secret]:
        """Values that are known from elsewhere, wherever they stand; of long ones also what a cut left of them."""
        for value, entry in self._by_value.items():
            if not entry.wanders:
                continue
            for form in (value, *entry.forms):
                if form in text:
                    yield from _occurrences(text, form, entry.secret.kind)
            if entry.parts:
                yield from _parts(text, value)


def _forms(value: str) -> tuple[str, ...]:
    """How else a value is written: with the escapes of a string, or without them."""
    if not any(c in value for c in "'\"\\\n{"):
        return ()
    plain = re.sub(r"\\(['\"\\])", r"\1", value)
    escaped = plain.replace("\\", "\\\\").replace("\n", "\\n")
    forms = (plain, escaped, escaped.replace('"', '\\"'), escaped.replace("'", "\\'"))
    formatted = (form.replace("{", "{{").replace("}", "}}") for form in forms)
    return tuple(form for form in dict.fromkeys((*forms, *formatted)) if form != value)


def _occurrences(text: str, value: str, kind: str) -> Iterator[Secret]:
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        alone = not (text[at - 1 : at].isalnum() and value[0].isalnum()) and not (
            text[end : end + 1].isalnum() and value[-1].isalnum()
        )
        if alone or len(value) >= PART_CHARACTERS:
            yield Secret(kind, value, at, end)
        at = text.find(value, end)


def _parts(text: str, value: str) -> Iterator[Secret]:
    """The beginning or the end of a value that an output cut short."""
    head, tail = value[:PART_CHARACTERS], value[-PART_CHARACTERS:]
    at = text.find(head)
    while at >= 0:
        end = at + len(head)
        while end - at < len(value) and end < len(text) and text[end] == value[end - at]:
            end += 1
        if end - at < len(value):
            yield Secret("part", text[at:end], at, end)
        at = text.find(head, end)
    at = text.find(tail)
    while at >= 0:
        end = at + len(tail)
        start = at
        while end - start < len(value) and start > 0 and text[start - 1] == value[len(value) - (end - start) - 1]:
            start -= 1
        if end - start < len(value):
            yield Secret("part", text[start:end], start, end)
        at = text.find(tail, end)


def _tells_itself(secret: Secret) -> bool:
    """Whether a value is odd enough to be looked for where nothing says what it is: not an ordinary word."""
    value = secret.value
    if secret.kind == "part" or len(value) < 6:
        return False
    return len(value) >= 12 or (any(c.isalpha() for c in value) and any(not c.isalpha() for c in value))


def _has_telling_parts(secret: Secret) -> bool:
    """A private key begins and ends like any other, a web token begins like any other."""
    return len(secret.value) >= PART_CHARACTERS + 8 and secret.kind not in ("private-key", "putty-key", "jwt", "part")


@cache
def process_vault() -> Vault:
    """Return the vault of this process: every endpoint it talks to shares the marks."""
    return Vault()
