"""What is kept out of a turn: cells that say ``spark-ignore``, notebooks and folders that the settings name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from jupyter_spark.dataflow import cell_names
from jupyter_spark.errors import UsageError
from jupyter_spark.redact import Vault, process_vault, title_of
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.wire import CellSnapshot, ContextPack, ErrorReport, KeptBack, NotebookSnapshot

IGNORE_TAG = "spark-ignore"
THE_CELL, THE_ERROR, THE_WORDS = "the cell itself", "its error", "your words"
LEFT_OUT = "  (a line of a cell that is kept out)"
_IGNORE_LINE = re.compile(r"\A\s*(?:#|<!--|//|--)+\s*spark-ignore\b", re.IGNORECASE)
_TELLING_CHARACTERS = 6


def is_ignored(cell: CellSnapshot) -> bool:
    """Whether a cell is kept out: by its tag, or by a comment in its first line where a kernel sees no tags."""
    return IGNORE_TAG in cell.tags or bool(_IGNORE_LINE.match(cell.source))


def refuse_kept_out(
    snapshot: NotebookSnapshot, target: CellSnapshot | None, profile: Profile, privacy: Privacy
) -> None:
    """Refuse a turn of which nothing may be sent.

    Raises
    ------
    UsageError
        The cell is kept out (code ``kept_out_cell``), or the notebook is, and the profile is not on this machine (code
        ``kept_out``).
    """
    path = Path(snapshot.path) if snapshot.path else Path.cwd()
    if not profile.stays_here and (pattern := excluded_by(path, privacy.exclude)) is not None:
        what = f"'{path.name}'" if snapshot.path else f"The folder '{path.name}'"
        raise UsageError(
            f"{what} is kept out by '{pattern}' in [privacy] exclude: nothing of it is sent to '{profile.name}'.",
            "The built-in model may be asked: it is the profile 'local'.",
            code="kept_out",
        )
    if target is not None and is_ignored_target(snapshot, target):
        raise UsageError(
            f"The cell is kept out of every turn ({IGNORE_TAG}).",
            "Take the tag, or the comment in its first line, away to work on it.",
            code="kept_out_cell",
        )


def is_ignored_target(snapshot: NotebookSnapshot, target: CellSnapshot) -> bool:
    """Whether a cell is kept out by itself, or by a tag that only the notebook knows of."""
    known = (cell for cell in snapshot.cells if cell.cell_id == target.cell_id)
    return is_ignored(target) or any(IGNORE_TAG in cell.tags for cell in known)


def without_ignored(snapshot: NotebookSnapshot) -> tuple[NotebookSnapshot, frozenset[str], tuple[str, ...]]:
    """Take out the cells that are kept out.

    Returns
    -------
    snapshot : NotebookSnapshot
        The other cells.
    names : frozenset of str
        What the cells that are out define: an edit may rely on them, and nothing more is told of them.
    lines : tuple of str
        Their lines, to be kept out of tracebacks too.
    """
    out = [cell for cell in snapshot.cells if is_ignored(cell)]
    if not out:
        return snapshot, frozenset(), ()
    kept = tuple(cell for cell in snapshot.cells if not is_ignored(cell))
    defined = frozenset[str]().union(*(cell_names(cell.source).defines for cell in out if cell.kind == "code"))
    lines = {line.strip() for cell in out for line in cell.source.splitlines()}
    telling = tuple(sorted(line for line in lines if len(line) >= _TELLING_CHARACTERS))
    return snapshot.model_copy(update={"cells": kept}), defined, telling


def without_lines(error: ErrorReport | None, lines: Sequence[str]) -> ErrorReport | None:
    """Take the lines of cells that are kept out away from a traceback."""
    if error is None or not lines:
        return error
    told = [LEFT_OUT if any(line in row for line in lines) else row for row in error.traceback.split("\n")]
    return error.model_copy(update={"traceback": "\n".join(told)})


def count_kept_back(
    pack: ContextPack,
    *,
    target: CellSnapshot | None = None,
    error: ErrorReport | None = None,
    instruction: str = "",
    vault: Vault | None = None,
) -> tuple[KeptBack, ...]:
    """Count the secrets of everything that a turn would send, by piece and kind."""
    vault = vault or process_vault()
    texts = [(THE_WORDS, instruction)]
    texts += [(THE_CELL, target.source)] if target is not None else []
    texts += [(THE_ERROR, f"{error.name}: {error.message}\n{error.traceback}")] if error is not None else []
    here = target.key if target is not None else None
    texts += [(piece.label, piece.text) for piece in pack.pieces if piece.key != here]
    redacted = vault.redact_all(text for _, text in texts)  # what one of them gives away counts in all
    return tuple(
        KeptBack(label=label, kind=kind, count=count)
        for (label, text), sent in zip(texts, redacted, strict=True)
        if sent != text  # most pieces hold none, and are not read a second time
        for kind, count in sorted(vault.count(text).items())
    )


def say_kept_back(kept: Iterable[KeptBack]) -> str:
    """Say what is kept back in one line: ``2 secrets kept back (OpenAI key, password)``."""
    rows = list(kept)
    number = sum(row.count for row in rows)
    titles = ", ".join(dict.fromkeys(title_of(row.kind) for row in rows))
    return f"{number} secret{'s' if number != 1 else ''} kept back ({titles})"


# --- notebooks and folders -------------------------------------------------------------------------


def excluded_by(path: Path, patterns: Iterable[str]) -> str | None:
    """Return the first pattern that keeps a notebook or a folder out.

    As in a gitignore file: a pattern that begins with ``/`` or ``~`` names a place, any other one may lie anywhere; a
    folder stands for everything in it; ``**`` crosses folders, ``*`` and ``?`` do not. Links are followed.
    """
    names = {_plain(path.absolute()), _plain(path.resolve())}
    return next((p for p in patterns if any(_regex(p).match(name) for name in names)), None)


def _plain(path: Path) -> str:
    return path.as_posix()


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    place = Path(pattern).expanduser().as_posix() if pattern.startswith("~") else pattern.replace("\\", "/")
    anchored = place.startswith("/") or bool(re.match(r"[A-Za-z]:/", place))
    body = place.removesuffix("/").removesuffix("/**").removeprefix("./")
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", body)
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    inner = "".join(wild.get(piece, re.escape(piece)) for piece in pieces)
    return re.compile(("" if anchored else "(?:.*/)?") + inner + r"(?:/.*)?\Z", re.DOTALL)
