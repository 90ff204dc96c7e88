"""One stream as a page's reader saw it, in figures."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

LONG_TASK_MS = 50.0


@dataclass(frozen=True)
class PageFigures:
    """What one stream took; times in milliseconds.

    ``first_ms`` and ``last_ms`` are from the endpoint's sending to the page's text, ``asked_first_ms`` and
    ``asked_last_ms`` from the key that asks; ``wire`` is WebSocket bytes over the text's bytes; ``server_ms`` and
    ``browser_ms`` are CPU time of the server's process and of the page's main thread.
    """

    asked_first_ms: float
    asked_last_ms: float
    first_ms: float
    last_ms: float
    gap_p95_ms: float
    updates_s: float
    longest_task_ms: float
    wire: float
    server_ms: float
    browser_ms: float
    heap_mb: float
    whole: bool

    @staticmethod
    def median(runs: Iterable[PageFigures]) -> PageFigures:
        """Return the median of each figure; text must be whole in all."""
        kept = list(runs)
        values: dict[str, Any] = {
            field.name: statistics.median(getattr(run, field.name) for run in kept) for field in fields(PageFigures)
        }
        longest_ms = max(run.longest_task_ms for run in kept)
        return PageFigures(**values | {"whole": all(run.whole for run in kept), "longest_task_ms": longest_ms})


def frame_figures(seen: dict[str, Any]) -> tuple[float, float, float]:
    """Return the 95th percentile of the gaps between frames, text updates a second, and the longest long task.

    Parameters
    ----------
    seen : dict
        What ``watch.js`` saw; times in milliseconds of the page's clock.
    """
    first, last = seen["first"], seen["last"]
    frames = [at for at in seen["frames"] if first <= at <= last]
    gaps = sorted(b - a for a, b in pairwise(frames))
    updates = [at for at in seen["updates"] if first <= at <= last]
    tasks = [duration for start, duration in seen["tasks"] if start + duration >= first]
    p95 = gaps[int(0.95 * (len(gaps) - 1))] if gaps else 0.0
    return p95, 1000 * len(updates) / max(last - first, 1.0), max(tasks, default=0.0)


def is_in_order(text: str, words: int) -> bool:
    """Whether every numbered word is there once, in order."""
    return [int(number) for number in re.findall(r"w0(\d+)", text)] == list(range(words))


# --- the texts ---------------------------------------------------------------------------------------

TOKEN_CHARS = 4  # as the paced endpoint cuts


def plain_text(tokens: int) -> tuple[str, int]:
    """Return paragraphs of numbered words, so many tokens long, and how many words there are."""
    text, number = "", 0
    while len(text) < tokens * TOKEN_CHARS - 10:
        text += f"w0{number}" + ("\n\n" if number % 70 == 69 else " ")
        number += 1
    return text.rstrip(), number


def markdown_text(tokens: int) -> tuple[str, int]:
    """Return Markdown with code blocks, lists and a table, so many tokens long, and how many words are numbered."""
    number = 0

    def word() -> str:
        nonlocal number
        number += 1
        return f"w0{number - 1}"

    def words(count: int) -> str:
        return " ".join(word() for _ in range(count))

    def section() -> str:
        title, first = words(3), words(40)
        slanted = word()
        code = "\n".join(
            f"def {word()}(value):\n    return [value, '{word()}', {number}]  # {word()}" for _ in range(8)
        )
        items = "\n".join(f"- **{word()}** and `{word()}`" for _ in range(5))
        rows = "\n".join(f"| {word()} | {word()} | {number} |" for _ in range(4))
        return (
            f"## {title}\n\n{first} *{slanted}*.\n\n```python\n{code}\n```\n\n{items}\n\n"
            f"| name | value | count |\n| --- | --- | ---: |\n{rows}\n\n{words(30)}.\n\n"
        )

    text = ""
    while len(text) < tokens * TOKEN_CHARS - 1200:
        text += section()
    while len(text) < tokens * TOKEN_CHARS - 10:
        text += word() + " "
    return text.rstrip(), number
