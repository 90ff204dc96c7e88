"""Cells that are requests to us rather than the user's code. Light on purpose: the kernel imports it as it loads."""

from __future__ import annotations

import re

_OURS = re.compile(r"^\s*(?:%%?spark(?:ai)?\b|%(?:re|un)?load_ext\s+jupyter_spark\b)")
_CELL = re.compile(r"^\s*%%spark(?:ai)?\b")


def is_ours(source: str) -> bool:
    """Whether a cell begins as a request to us."""
    return bool(_OURS.match(source))


def is_only_ours(source: str) -> bool:
    """Whether a cell is nothing but requests to us: there is no code in it that is to be changed, or run."""
    lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(_CELL.match(source)) or (bool(lines) and all(map(is_ours, lines)))
