"""A line diff that makes sense while the new text is still arriving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

Tag: TypeAlias = Literal["same", "old", "new", "waiting"]


@dataclass(frozen=True)
class DiffLine:
    """One line: kept, taken out, put in, or old and not yet reached by the stream."""

    tag: Tag
    text: str


def line_diff(old: Sequence[str], new: Sequence[str], *, complete: bool = True) -> list[DiffLine]:
    """Compare two texts by line.

    Parameters
    ----------
    old, new : sequence of str
        Lines without their ends.
    complete : bool
        Whether ``new`` has ended. If not, the old lines after the last match are *waiting*, not taken out.

    Returns
    -------
    list of DiffLine
        In reading order; within a change the old lines stand before the new ones.
    """
    head = _common_head(old, new)
    tail = _common_head(old[head:][::-1], new[head:][::-1]) if complete else 0
    out = [DiffLine("same", line) for line in new[:head]]
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = SequenceMatcher(None, middle_old, middle_new, autojunk=False)
    codes = matcher.get_opcodes()
    for index, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            out += [DiffLine("same", line) for line in middle_new[j1:j2]]
            continue
        last = not complete and index == len(codes) - 1
        # At the open end a new line may stand for any of the old lines that follow: pair them one to one.
        replaced = min(i2, i1 + (j2 - j1)) if last else i2
        out += [DiffLine("old", line) for line in middle_old[i1:replaced]]
        out += [DiffLine("new", line) for line in middle_new[j1:j2]]
        out += [DiffLine("waiting", line) for line in middle_old[replaced:i2]]
    return out + [DiffLine("same", line) for line in new[len(new) - tail :]]


def _common_head(a: Sequence[str], b: Sequence[str]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def fold(lines: Sequence[DiffLine], *, context: int = 3) -> list[DiffLine | int]:
    """Replace long runs of kept lines by their number, leaving ``context`` lines beside each change."""
    near = {
        j for i, line in enumerate(lines) if line.tag in ("old", "new") for j in range(i - context, i + context + 1)
    }
    out: list[DiffLine | int] = []
    for i, line in enumerate(lines):
        if i in near or not near:
            out.append(line)
        elif out and isinstance(out[-1], int):
            out[-1] += 1
        else:
            out.append(1)
    return [lines[i] if entry == 1 else entry for entry, i in zip(out, _starts(out), strict=True)]


def _starts(entries: Sequence[DiffLine | int]) -> list[int]:
    starts, position = [], 0
    for entry in entries:
        starts.append(position)
        position += entry if isinstance(entry, int) else 1
    return starts
