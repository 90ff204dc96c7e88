"""Could this value be a secret? By its own look, where its name says that it may be one."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

_NOT_SECRET = re.compile(
    r"(?:|[*•.x_\-#?…]+|<.*>|\[.*\]|\{.*\}|\$.*|%.*%|%\(?\w*\)?s|none|null|nan|true|false|yes|no|on|off|"
    r"str|string|text|bytes|any|object|required|optional|hidden|redacted|removed|empty|unset|not[ _-]?set|missing|n/?a|"
    r"example|sample|test|dummy|fake|default|name|value|type|field|column|user|username|"
    r"passw(?:or)?d|passwd|pwd|secret|token|key|api[_-]?key|change[_-]?me|"
    r"(?:your|my|the|a|an|enter|insert|put|add|some|paste)[ _-].*|.*[_\- ]here|todo.*|fixme.*|"
    r"(?:u?int|float|complex|str|datetime|bool)\d*|process\.env.*|os\.environ.*|env[.:].*)",
    re.IGNORECASE | re.DOTALL,
)
_RUN = re.compile(r"[A-Za-z0-9+/_=]{10,}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_MADE = re.compile(r"[A-Za-z0-9]{12,}")
MADE_TURNS = 4
MADE_BITS = 2.75  # a short value has fewer characters to differ in
RANDOM_CHARACTERS = 16
RANDOM_BITS = 3.0  # of entropy a character: hexadecimal has 4 at most, English words in a row about 2.5 to 4


def is_stand_in(value: str) -> bool:
    """Whether a value stands in for one that is not there: ``None``, ``your-api-key``, ``<token>``, ``{variable}``."""
    return _NOT_SECRET.fullmatch(value) is not None


def is_mixed(value: str) -> bool:
    """Whether a value has letters and something else."""
    letters = sum(map(str.isalpha, value))
    return len(value) >= 6 and 0 < letters < len(value) - sum(map(str.isspace, value))


def _entropy_bits(value: str) -> float:
    """Entropy in bits a character."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def looks_random(value: str) -> bool:
    """Whether a value was made by a machine: letters and digits in one run, with a high entropy (Shannon, 1948)."""
    if len(value) < RANDOM_CHARACTERS or any(map(str.isspace, value)) or is_stand_in(value):
        return False
    if _entropy_bits(value) < RANDOM_BITS:
        return False
    runs = _RUN.findall(value)
    return any(any(map(str.isdigit, run)) and any(map(str.isalpha, run)) for run in runs)


def looks_made(value: str) -> bool:
    """Whether a shorter value was made by a machine: letters and digits that take turns."""
    if not _MADE.fullmatch(value) or is_stand_in(value) or _entropy_bits(value) < MADE_BITS:
        return False
    digits = [character.isdigit() for character in value]
    return sum(one != other for one, other in pairwise(digits)) >= MADE_TURNS


def is_no_name(value: str) -> bool:
    """Whether a value without quotes is too random to be a name in code: digits among the letters of one word."""
    if looks_made(value):
        return True
    words = re.findall(r"[A-Za-z0-9]{10,}", value)
    return looks_random(value) and any(re.search(r"[A-Za-z]\d+[A-Za-z]", word) for word in words)


def is_secret(value: str, *, weak: bool, listed: bool, outright: bool = False) -> bool:
    """Whether the value of a telling name is a secret.

    Parameters
    ----------
    value : str
        What stands between the quotes.
    weak : bool
        The name is often that of something else, as ``token`` is.
    listed : bool
        Name and value only stand beside each other: two strings in a row are often no name and value.
    outright : bool
        The name says nothing else but that this is a password, which may be as short as ``root``.
    """
    if len(value) < 4 or is_stand_in(value):
        return False
    if weak:
        return looks_random(value) or looks_made(value) or _UUID.fullmatch(value) is not None
    words = len(value.split())
    if listed:
        return is_mixed(value) and words == 1
    # A sentence is not a secret: "Enter your password" stands where a password does, in forms and messages.
    return (words == 1 and len(value) >= (4 if outright else 6)) or (is_mixed(value) and words <= 4)
