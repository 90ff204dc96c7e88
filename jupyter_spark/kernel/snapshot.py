"""The notebook from the best source there is.

A front end may push it as it stands on the screen; the saved file has the order, the prose, the tags and the ids; the
kernel's history has what was run since. Where two of them tell of the same cell, the later one counts.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from jupyter_spark.errors import NotebookError
from jupyter_spark.kernel.history import CellLog, RanCell
from jupyter_spark.notebook import parse_notebook, read_notebook, snapshot
from jupyter_spark.ours import is_ours
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot

LARGEST_FILE_BYTES = 32_000_000  # a notebook full of pictures; more of it than this is not read for a turn
COLAB_TIMEOUT_S = 2.0
_OUR_LINE = re.compile(r"\A\s*%%spark(?:ai)?[ \t]+\S[^\n]*\n(?P<body>.*\S.*)\Z", re.DOTALL)

_lock = Lock()
_live: NotebookSnapshot | None = None
_read: tuple[tuple[str, int, int], NotebookSnapshot] | None = None


def push_live(pushed: NotebookSnapshot | None) -> None:
    """Take the notebook as it stands in the front end of this kernel; None when the front end has gone.

    Parameters
    ----------
    pushed : NotebookSnapshot or None
        All cells in their order, whether saved or run or neither; ``taken_at_s`` is when they stood so.
    """
    global _live
    with _lock:
        _live = pushed


def notebook_snapshot(log: CellLog, namespace: Mapping[str, Any]) -> NotebookSnapshot:
    """Return the notebook, from where it can be had; never an error, for the history is always there.

    Parameters
    ----------
    log : CellLog
        What was run in this kernel.
    namespace : mapping
        The user's namespace, in which some front ends leave the notebook's path.

    Returns
    -------
    NotebookSnapshot
        ``origin`` is ``live``, ``file`` or ``history``; ``taken_at_s`` is how old that is (the file's time of change).
        Cells that were run later than that have the text that was run.
    """
    path = notebook_file(namespace)
    file = _from_file(path) if path else None
    base = _with_outputs(_live, file) or _from_colab() or file
    ran = sorted(log.cells.values(), key=lambda cell: cell.execution_count)
    if base is None:
        cells = tuple(as_snapshot(cell, log.outputs(cell.cell_id)) for cell in ran)
        return NotebookSnapshot(cells=cells, origin="history", path=path, taken_at_s=time.time())
    merged = _merge(base, ran, log)
    return base.model_copy(update={"cells": merged, "path": path or base.path})


def as_snapshot(cell: RanCell, outputs: str = "") -> CellSnapshot:
    """Return a cell that ran as a snapshot, with what is known of its outputs."""
    return CellSnapshot(cell_id=cell.cell_id, source=cell.source, execution_count=cell.execution_count, outputs=outputs)


def without_our_line(source: str) -> str:
    """Return a cell's code without the line that asks for its change."""
    below = _OUR_LINE.match(source)
    return below["body"].strip("\n") if below else source


def notebook_file(namespace: Mapping[str, Any]) -> str | None:
    """Return the path of this kernel's notebook, where a server or a front end told it."""
    for name in (os.environ.get("JPY_SESSION_NAME"), namespace.get("__vsc_ipynb_file__")):
        if type(name) is str and name.endswith(".ipynb"):
            return str(Path(name).absolute())
    return None


def _from_file(path: str) -> NotebookSnapshot | None:
    """The saved notebook; nothing if it is not there, too large, half written or not a notebook."""
    global _read
    with suppress(OSError, NotebookError):
        stat = Path(path).stat()
        if stat.st_size > LARGEST_FILE_BYTES:
            return None
        key = (path, stat.st_mtime_ns, stat.st_size)
        if _read is None or _read[0] != key:
            _read = key, snapshot(read_notebook(path)).model_copy(update={"taken_at_s": stat.st_mtime})
        return _read[1]
    return None


def _with_outputs(live: NotebookSnapshot | None, file: NotebookSnapshot | None) -> NotebookSnapshot | None:
    """A page tells no outputs; those of cells that stand as they were saved are in the file."""
    if live is None or file is None:
        return live
    saved = {(cell.cell_id, cell.source): cell.outputs for cell in file.cells}
    cells = (
        cell.model_copy(update={"outputs": cell.outputs or saved.get((cell.cell_id, cell.source), "")})
        for cell in live.cells
    )
    return live.model_copy(update={"cells": tuple(cells)})


def _from_colab() -> NotebookSnapshot | None:
    """Colab has no file: it is asked, if this is Colab."""
    if "google.colab" not in sys.modules:
        return None
    with suppress(Exception):  # another version, or a front end that does not answer
        from google.colab import _message

        said = _message.blocking_request("get_ipynb", timeout_sec=COLAB_TIMEOUT_S)
        file = parse_notebook(json.dumps(said["ipynb"]).encode())
        return snapshot(file).model_copy(update={"origin": "live"})
    return None


# --- merging ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Places:
    """Which cell of the document each run was of."""

    of_cell: dict[str, RanCell]
    homeless: tuple[RanCell, ...]


def _merge(base: NotebookSnapshot, ran: list[RanCell], log: CellLog) -> tuple[CellSnapshot, ...]:
    documents = [cell for cell in (_without_us(cell, log.current) for cell in base.cells) if cell is not None]
    places = _match(documents, ran)
    out: list[CellSnapshot] = []
    order: dict[str, int] = {}
    for cell in documents:
        run = places.of_cell.get(cell.cell_id)
        if run is not None:
            order[run.cell_id] = len(out)
            later = as_snapshot(run, log.outputs(run.cell_id))
            kept = {"kind", "tags"} if run.ran_at_s > base.taken_at_s else {"kind", "tags", "source"}
            if "source" in kept and (cell.outputs or base.origin != "live"):
                kept.add("outputs")
            cell = later.model_copy(update={name: getattr(cell, name) for name in kept})
        out.append(cell)
    # A cell that is newer than the document stands after the one that was run before it.
    place = len(out)
    for run in ran:
        if run.cell_id in order:
            place = order[run.cell_id] + 1
        elif run in places.homeless and run.ran_at_s > base.taken_at_s:
            out.insert(place, as_snapshot(run, log.outputs(run.cell_id)))
            order = {name: at + (at >= place) for name, at in order.items()}
            place += 1
    return tuple(out)


def _without_us(cell: CellSnapshot, current: RanCell | None) -> CellSnapshot | None:
    """A request to us is no cell of the notebook; only the one that runs now is, by the code below its line."""
    if cell.kind != "code" or not is_ours(cell.source):
        return cell
    if current is None or current.cell_id != cell.cell_id or not (below := _OUR_LINE.match(current.source)):
        return None
    return cell.model_copy(update={"source": below["body"]})


def _match(documents: list[CellSnapshot], ran: list[RanCell]) -> _Places:
    """By id where the front end tells the kernel its cells' ids, else by text, else by the execution count."""
    code = [cell for cell in documents if cell.kind == "code"]
    ids = {cell.cell_id for cell in code}
    found = {run.cell_id: run for run in ran if run.cell_id in ids}
    rest = [run for run in ran if run.cell_id not in ids]
    for same in (_same_text, _same_count):
        for run in list(rest):
            match = next((c for c in code if c.cell_id not in found and same(c, run)), None)
            if match is not None:
                found[match.cell_id] = run
                rest.remove(run)
    return _Places(found, tuple(rest))


def _same_text(cell: CellSnapshot, run: RanCell) -> bool:
    return cell.source.strip() == run.source.strip()


def _same_count(cell: CellSnapshot, run: RanCell) -> bool:
    """The file was saved after that run, so that it has its count; only for cells without an id of their own."""
    return run.cell_id.startswith("In[") and cell.execution_count == run.execution_count
