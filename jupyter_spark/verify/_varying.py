"""Tell a change from what differs from run to run by itself: random numbers without a seed, times, races.

The notebook before is run several times. What differs between those runs is a mask, line by line: single words would
leave too many holes, as a random word is the same now and then. A change hides behind the mask only if it also
leaves the wording as it was in all those runs, and the numbers where those runs put them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_spark.verify._options import VerifyOptions
from jupyter_spark.verify._outputs import Piece, compare_pieces, pieces_of
from jupyter_spark.verify._text import NUMBER, compare_text, same_number

Outputs = Sequence[Mapping[str, Any]]

# From this part of its lines on, a text varies as a whole: the other lines were the same by chance.
_WHOLE = 0.5
# Three normal values lie so close together that a fourth is this many spreads away once in about a thousand times.
_FAR_SPREADS = 20
_ENOUGH_RUNS = 3
_WORD = re.compile(r"\w+|[^\w\s]")


def varies_by_itself(runs: Sequence[Outputs], after: Outputs, options: VerifyOptions) -> bool:
    """Whether what a cell puts out after a change differs only as its outputs differed from run to run before it.

    Parameters
    ----------
    runs : sequence of outputs
        What the cell put out in each run of the notebook before.
    after : outputs
        What it puts out now.
    options : VerifyOptions
        The tolerances.
    """
    old, new = [pieces_of(outputs) for outputs in runs], pieces_of(after)
    names = {name: None for pieces in (*old, new) for name in pieces}
    return all(_piece_varies(name, [pieces.get(name) for pieces in old], new.get(name), options) for name in names)


def _piece_varies(name: str, runs: Sequence[Piece | None], after: Piece | None, options: VerifyOptions) -> bool:
    """Whether one piece is the same, or differs by itself."""
    if any(_same(name, run, after, options) for run in runs):
        return True
    present = [run for run in runs if run is not None]
    if after is None or not present:
        return False
    if after.kind == "image":
        return any(not _same(name, present[0], other, options) for other in present[1:])
    return _text_varies([run.text for run in present], after.text, options)


def _same(name: str, one: Piece | None, other: Piece | None, options: VerifyOptions) -> bool:
    return one == other or compare_pieces(name, one, other, options) is None


def _text_varies(runs: Sequence[str], after: str, options: VerifyOptions) -> bool:
    varying: set[int] = set()
    for place, one in enumerate(runs):
        for other in runs[place + 1 :]:
            if found := compare_text(one, other, options):
                varying |= found.lines
    if not varying or _reworded(runs, after) or _far(runs, after, options):
        return False
    changed = compare_text(runs[0], after, options)
    length = max(text.count("\n") + 1 for text in runs)
    return changed is None or changed.lines <= varying or len(varying) >= _WHOLE * length


def _reworded(runs: Sequence[str], after: str) -> bool:
    """Whether all runs used the same words, in whatever order, and as many numbers, but what comes after does not."""
    wordings = [_wording(text) for text in runs]
    return all(wording == wordings[0] for wording in wordings) and _wording(after) != wordings[0]


def _wording(text: str) -> Counter[str]:
    return Counter(_WORD.findall(NUMBER.sub(" 0 ", text)))


def _far(runs: Sequence[str], after: str, options: VerifyOptions) -> bool:
    """Whether most of the numbers that vary are now far from where all runs before put them."""
    found = [NUMBER.findall(text) for text in (*runs, after)]
    if len(runs) < _ENOUGH_RUNS or len(set(map(len, found))) != 1:
        return False
    varying = far = 0
    for column in zip(*found, strict=True):
        if all(same_number(column[0], one, options) for one in column[1:-1]):
            continue
        *known, new = map(float, column)
        low, high = min(known), max(known)
        varying += 1
        far += max(low - new, new - high) > _FAR_SPREADS * (high - low)
    return 0 < varying <= 2 * far
