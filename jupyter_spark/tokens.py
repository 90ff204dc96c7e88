"""How many tokens a text takes, from its characters by class, corrected by what its endpoint counted.

No tokenizer is asked: they download vocabularies. The weights are a least-squares fit to the built-in model's own
tokenizer over the cells, outputs, tables and pictures of the notebooks in ``tests/notebooks``; other byte-pair
vocabularies differ from it by a factor, which is learnt from the usage that their endpoints report.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

PER_BASE64_CHARACTER = 0.73
PER_WORD, PER_LETTER = 0.74, 0.057
PER_DIGIT = 1.08
PER_LINE_BREAK = 0.99
PER_SPACES = 1.4  # two or more in a row: one space belongs to the word after it
PER_SIGNS, PER_SIGN = 0.8, 0.16
PER_OTHER_BYTE = 0.35

LEAST_TOKENS = 200  # a short prompt's usage is mostly the endpoint's own words around it
LEAST_FACTOR, MOST_FACTOR = 0.5, 2.0
STEP = 0.05
KEPT = 0.8  # of what was learnt before, at each new turn

_BASE64 = re.compile(r"[A-Za-z0-9+/=]{60,}")
_WORD = re.compile(r"[A-Za-z]+")
_BREAK = re.compile(r"\n\s*")
_SPACES = re.compile(r"[ \t]{2,}")
# An underscore belongs to the word after it.
_SIGNS = re.compile(r"[!-/:-@\[-^`{-~]+")
_LETTERS = str.maketrans("", "", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DIGITS = str.maketrans("", "", "0123456789")


@lru_cache(maxsize=8192)
def estimate_tokens(text: str) -> int:
    """Estimate a text's size in tokens; an empty text has none, any other at least one."""
    rest = _BASE64.sub("", text)
    encoded = len(text) - len(rest)
    letters = len(rest) - len(rest.translate(_LETTERS))
    digits = len(rest) - len(rest.translate(_DIGITS))
    signs = _SIGNS.findall(rest)
    breaks = _BREAK.findall(rest)
    other = 0 if rest.isascii() else len(rest.encode("utf-8", "replace")) - len(rest.encode("ascii", "ignore"))
    return math.ceil(
        PER_BASE64_CHARACTER * encoded
        + PER_WORD * len(_WORD.findall(rest))
        + PER_LETTER * letters
        + PER_DIGIT * digits
        + PER_LINE_BREAK * len(breaks)
        + PER_SPACES * len(_SPACES.findall(_BREAK.sub("", rest)))
        + PER_SIGNS * len(signs)
        + PER_SIGN * sum(map(len, signs))
        + PER_OTHER_BYTE * other
    ) or int(bool(text))


class Corrections:
    """What each profile's endpoint counted against what was estimated, while the process lives.

    By profile, not by model: a request is packed before it is known which of the profile's models answers.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float]] = {}

    def learn(self, profile: str, estimated_tokens: int, input_tokens: int) -> None:
        """Take a turn's usage in; what is too short to tell, or was not counted, is passed over."""
        if estimated_tokens < LEAST_TOKENS or input_tokens <= 0:
            return
        estimated, counted = self._seen.get(profile, (0.0, 0.0))
        self._seen[profile] = (KEPT * estimated + estimated_tokens, KEPT * counted + input_tokens)

    def factor(self, profile: str) -> float:
        """Return by what an estimate is multiplied for a profile: 1 until it was heard of, always within 0.5 and 2."""
        estimated, counted = self._seen.get(profile, (1.0, 1.0))
        # In steps, so that what is sent does not change with every turn.
        return round(min(max(counted / estimated, LEAST_FACTOR), MOST_FACTOR) / STEP) * STEP


CORRECTIONS = Corrections()
