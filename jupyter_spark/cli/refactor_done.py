"""Which notebooks a refactor is done with: what was stopped goes on with the others.

With ``--apply`` the journal knows it; with ``--output`` a file in that folder does.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from jupyter_spark.errors import NotebookError, UsageError
from jupyter_spark.journal import SafeJournal
from jupyter_spark.notebook import content_hash
from jupyter_spark.refactor import NotebookWork, done_key

STATE_FILE = ".jupyter_spark_refactor.json"
_KEPT_TURNS = 200


def is_done_in_place(journal: SafeJournal, work: NotebookWork) -> bool:
    """Whether the notebook is as the same refactor left it."""
    key = done_key(work, work.data)
    return any(turn.done_key == key for turn in journal.turns(_KEPT_TURNS, work.path))


class OutputFolder:
    """The folder that changed notebooks go to; it knows which it wrote, of what, and how they were then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state: dict[str, dict[str, str]] = {}
        with suppress(OSError, ValueError):
            told = json.loads((folder / STATE_FILE).read_text("utf-8"))
            self._state = {str(name): dict(row) for name, row in told.items()}

    def has(self, name: str, work: NotebookWork) -> bool:
        """Whether the same refactor of the same notebook wrote a file that is still so."""
        row = self._state.get(name, {})
        return row.get("key") == done_key(work, work.data) and self._hash(name) == row.get("sha256")

    def put(self, name: str, data: bytes, work: NotebookWork, source: Path) -> Path:
        """Write a copy whole or not at all; never over the notebook itself, nor over what others wrote.

        Raises
        ------
        UsageError
            The folder is the notebook's own.
        NotebookError
            A file of that name is there, or was changed since it was written.
        """
        target = self.folder / name
        if target.exists() and target.samefile(source):
            raise UsageError("--output is the notebook's own folder.", "--apply writes into the notebook.")
        there, row = self._hash(name), self._state.get(name, {})
        if there is not None and there not in (row.get("sha256"), row.get("before"), content_hash(data)):
            raise NotebookError(
                f"{target} is there already, and not as a refactor wrote it.",
                "Nothing was written: move it away, or name another folder.",
                code="output_exists",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        # First what will be there: whoever is killed in between finds a file of which it is known that it was written.
        known = {"key": done_key(work, work.data), "sha256": content_hash(data)}
        self._state[name] = known | ({"before": there} if there is not None else {})
        _write(self.folder / STATE_FILE, json.dumps(self._state, indent=1).encode() + b"\n")
        _write(target, data)
        return target

    def _hash(self, name: str) -> str | None:
        with suppress(OSError):
            return content_hash((self.folder / name).read_bytes())
        return None


def _write(target: Path, data: bytes) -> None:
    draft = target.with_name(f".{target.name[:100]}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(data)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
