"""What a traceback tells: the frames of the user's code, and the line that failed.

Pure: texts in, texts out. It knows the ways in which IPython, Python and our own kernel log write a frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

MAX_CHARS = 8000

_FRAME = re.compile(
    r"(?P<cell>(?:Cell )?In ?\[[\d ]*\]|Cell \S+,|Input In |<ipython-input-|/\S*ipykernel_\d+/)"
    r"|File (?P<file>\S+?)(?::\d+)?,? (?:in |line )|File (?P<bare>\S+?):\d+"
    r"|\s*File \"(?P<plain>[^\"]+)\", line \d+|(?P<old>[~/]\S*\.\w+|[A-Za-z]:\\\S+) in \S"
)
_LIBRARY = re.compile(
    r"[/\\](?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python\d|[/\\]Lib[/\\]|^<(?!ipython|string)|\.p(?:yx|xi)$"
)
_CHAINED = re.compile(r"(?:During handling of the above|The above) exception")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Group|Iteration)?(?::|\Z)")
# The line of a frame at which it stands: IPython's arrow, or our kernel log's "cell line 3, in <module>: code".
_STANDS = re.compile(r"(?:-+> ?(?P<arrow>\d+)|  (?:\S+ )?line (?P<told>\d+)(?:, in [^:]+)?:)(?: (?P<code>.*))?\Z")


def brief_lines(lines: Sequence[str]) -> list[str]:
    """Return a traceback's lines with the frames of libraries folded and repetitions told once."""
    return [*_unrepeated([line for line in _users_frames(lines) if line.strip()])]


def brief_traceback(traceback: str) -> str:
    """Return a traceback as it is worth sending: the user's frames whole, the rest in a line.

    Parameters
    ----------
    traceback : str
        The text without colours, in whatever way it is written. What has no frames stays as it is, up to a length.

    Returns
    -------
    str
        At most ``MAX_CHARS`` characters; where more is left, the middle goes.
    """
    text = "\n".join(brief_lines(traceback.split("\n")))
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[: MAX_CHARS // 2]}\n...\n{text[-MAX_CHARS // 2 :]}"


def failing_line(traceback: str, source: str) -> tuple[int, str] | None:
    """Return the line of a cell at which it failed: its number, from 1, and its code.

    None if the traceback tells of no line that stands in the cell: it was written for another text.
    """
    lines = source.splitlines()
    found = None
    for row in traceback.split("\n"):
        if stands := _STANDS.match(row):
            number, code = int(stands["arrow"] or stands["told"]), (stands["code"] or "").strip()
            if code and number <= len(lines) and lines[number - 1].strip() == code:
                found = number, code
    return found


def _users_frames(lines: Sequence[str]) -> Iterator[str]:
    """The frames of the user's code whole; those of libraries in a row as one line, which names the last."""
    passed: list[str] = []
    in_library = False
    for line in lines:
        if frame := _FRAME.match(line):
            in_library = _is_library(frame)
            if in_library:
                passed.append(line.strip())
                continue
        elif _CHAINED.match(line) or (_RAISED.match(line) and not line.startswith("File ")):
            in_library = False
        elif in_library:
            continue
        if passed:
            yield _passed(passed)
            passed = []
        if not line.startswith("-----") and "Traceback (most recent call last)" not in line:
            yield line
    if passed:
        yield _passed(passed)


def _unrepeated(lines: Sequence[str]) -> Iterator[str]:
    """A frame that follows itself is told once, with how often."""
    frames: list[list[str]] = [[]]
    for line in lines:
        if _FRAME.match(line) or _RAISED.match(line):
            frames.append([])
        frames[-1].append(line)
    for frame, times in ((frame, len(list(same))) for frame, same in groupby(frames)):
        yield from frame
        if times > 1:
            yield f"  ... the same {times - 1} more times"


def _is_library(frame: re.Match[str]) -> bool:
    if frame["cell"]:
        return False
    path = frame["file"] or frame["bare"] or frame["plain"] or frame["old"] or ""
    return bool(_LIBRARY.search(path))


def _passed(frames: Sequence[str]) -> str:
    count = "a frame" if len(frames) == 1 else f"{len(frames)} frames"
    # Where on the disk a library stands is nobody's business.
    last = re.sub(r"^File |\S*[/\\](?:(?:site|dist)-packages|python[\d.]+)[/\\]", "", frames[-1].replace('"', ""))
    return f"  ... {count} of libraries, the last: {last}"
