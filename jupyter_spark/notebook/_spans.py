"""Where the values of a JSON text stand, so that one can be exchanged and every other character kept.

``json.loads`` forgets white space, escapes and the order of equal keys. Here the standard decoder reads the values
and only the few levels that matter are walked, keeping the place of everything in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

Reader: TypeAlias = Callable[[str, int], tuple[Any, int]]

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Group 1 is an escape that a writer of plain UTF-8 would not need: not a control character, not half a pair.
_ESCAPE = re.compile(r"\\(?:u(d[89ab]..\\ud[c-f]..|(?!d[89a-f])(?!00[0-7]).{4})|.)", re.IGNORECASE)


class Layout(NamedTuple):
    """What stands around the items of an array or object: white space, and the comma between two of them."""

    opening: str
    between: str
    closing: str


@dataclass(frozen=True)
class Item:
    """An element of an array or a member of an object; ``start`` is then its key's."""

    start: int
    end: int
    value: Any
    value_start: int
    key: str = ""
    key_end: int = 0


@dataclass(frozen=True)
class Container:
    """An array or an object with the places of its items."""

    start: int
    end: int
    items: tuple[Item, ...]

    def member(self, key: str) -> Item | None:
        """Return the member of that key; of several the last, as ``json.loads`` does."""
        return next((item for item in reversed(self.items) if item.key == key), None)

    def get(self, key: str) -> Any:
        """Return the value of that key, or None."""
        member = self.member(key)
        return member.value if member else None

    def layout(self, text: str, between: str = ", ") -> Layout:
        """Return how the (at least one) items are laid out; ``between`` is for a single item on one line."""
        first, last = self.items[0], self.items[-1]
        opening = text[self.start + 1 : first.start]
        if len(self.items) > 1:
            between = text[first.end : self.items[1].start]
        elif "\n" in opening:
            between = "," + opening
        return Layout(opening, between, text[last.end : self.end - 1])


def read_value(text: str, at: int) -> tuple[Any, int]:
    """Read any value; return it and its end."""
    return _DECODER.raw_decode(text, at)


def read_array(text: str, at: int, read: Reader = read_value) -> tuple[Any, int]:
    """Read an array as a ``Container``; any other value as it is."""
    if not text.startswith("[", at):
        return read_value(text, at)

    def read_item(start: int) -> Item:
        value, end = read(text, start)
        return Item(start, end, value, start)

    return _read_items(text, at, "]", read_item)


def read_object(text: str, at: int, readers: Mapping[str, Reader] | None = None) -> tuple[Any, int]:
    """Read an object as a ``Container``, the keys in ``readers`` by their own reader; any other value as it is."""
    if not text.startswith("{", at):
        return read_value(text, at)

    def read_item(start: int) -> Item:
        key, key_end = read_value(text, start)
        colon = skip_space(text, key_end)
        if not isinstance(key, str) or not text.startswith(":", colon):
            raise json.JSONDecodeError("Expecting a name and ':'", text, start)
        value_start = skip_space(text, colon + 1)
        value, end = (readers or {}).get(key, read_value)(text, value_start)
        return Item(start, end, value, value_start, key, key_end)

    return _read_items(text, at, "}", read_item)


def skip_space(text: str, at: int) -> int:
    """Return where the next character that is not white space stands."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _read_items(text: str, start: int, close: str, read_item: Callable[[int], Item]) -> tuple[Container, int]:
    items: list[Item] = []
    at = skip_space(text, start + 1)
    while not (text.startswith(close, at) and not items):
        items.append(read_item(at))
        at = skip_space(text, items[-1].end)
        if text.startswith(close, at):
            break
        if not text.startswith(",", at):
            raise json.JSONDecodeError(f"Expecting ',' or '{close}'", text, at)
        at = skip_space(text, at + 1)
    return Container(start, at + 1, tuple(items)), at + 1


def splice(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """Exchange the spans ``(start, end, new)``, which do not overlap; inserts at one place keep their order."""
    ordered = sorted(changes, key=lambda change: change[:2])
    ends = [(0, 0, ""), *ordered, (len(text), len(text), "")]
    return "".join(new + text[end:start] for (_, end, new), (start, _, _) in pairwise(ends))


def escapes_unicode(raw: str) -> bool | None:
    r"""Whether a JSON text writes ``\u00e9`` for ``é``; None if nothing in it tells."""
    if not raw.isascii():
        return False
    return True if any(found.group(1) for found in _ESCAPE.finditer(raw)) else None


def dump_string(text: str, escape_unicode: bool) -> str:
    """Write a JSON string; half a surrogate pair is escaped always, as UTF-8 cannot hold it."""
    raw = json.dumps(text, ensure_ascii=escape_unicode)
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", raw)


def without_lone_surrogates(text: str) -> str:
    """Return text that UTF-8 can hold: U+FFFD for each half of a surrogate pair."""
    return _LONE_SURROGATE.sub("�", text)
