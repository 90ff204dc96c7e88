"""Run a notebook before and after a change, and tell what became of its outputs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_spark.notebook import parse_notebook
from jupyter_spark.ours import is_only_ours
from jupyter_spark.verify._evidence import evidence_of
from jupyter_spark.verify._images import can_decode
from jupyter_spark.verify._judging import Runs, judge, varies
from jupyter_spark.verify._options import VerifyOptions
from jupyter_spark.verify._outputs import pieces_of
from jupyter_spark.verify._pairing import pair_cells
from jupyter_spark.verify._running import CodeCell, require_nbclient, run_cells
from jupyter_spark.verify._worker import Ran, Result
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_verify import CellVerification, Run, VerificationReport, VerifyProgress

Notebook = bytes | Mapping[str, Any]
RAISES = "raises-exception"  # nbclient's tag of a cell that fails on purpose
Progress = Callable[[VerifyProgress], None]


async def verify_notebook(
    before: Notebook,
    after: Notebook,
    folder: Path,
    options: VerifyOptions | None = None,
    *,
    on_progress: Progress | None = None,
) -> VerificationReport:
    """Run a notebook before and after a change, each in a fresh kernel, at the same time, and compare the outputs.

    Each run has a scratch copy of the folder, and the network and the environment that the user has. What the notebook
    writes by an absolute path elsewhere, or sends over the network, is not held back. Where something differs the
    notebook before is run once more, and where that run differs from the first a third time, so that what differs from
    run to run is not taken for a change, nor a change for that.

    Parameters
    ----------
    before, after : bytes or mapping
        The notebooks: a file's bytes, or as nbformat reads them.
    folder : Path
        The folder that they run in.
    options : VerifyOptions, optional
        Bounds, tolerances, and what is known of which cell became which.
    on_progress : callable, optional
        Is told how far each run is, on the event loop's thread.

    Returns
    -------
    VerificationReport
        A verdict for every code cell that is not empty before and after; what asks us for something is not run.

    Raises
    ------
    NotebookError
        If one of the two is no notebook.
    VerificationError
        If nbclient is missing (code ``no_nbclient``), the kernel is not installed (``no_kernel``) or does not start
        (``kernel_start``), or a run does not end.

    Notes
    -----
    Cancelling ends all kernels and their children at once and removes the copies; so does the end of this process.
    """
    options = options or VerifyOptions()
    require_nbclient()
    started_s = time.monotonic()
    old, new = _Notebook(before), _Notebook(after)
    kernel = options.kernel_name or old.kernel_name

    async def run(name: Run, notebook: _Notebook) -> Result:
        return await run_cells(name, notebook.to_run, kernel, folder, options, on_progress)

    first, second = await _both(run("before", old), run("after", new))
    groups = pair_cells(old.code, new.code, options.groups)
    runs = Runs(old.by_id(first), new.by_id(second), (old.places, new.places), raising=new.raising)
    cells = judge(groups, runs, options)
    if any(cell.verdict in ("differs", "newly_fails") for cell in cells):
        again = [old.by_id(await run("again", old))]
        if varies(runs.before, again[0], options):
            again.append(old.by_id(await run("again", old)))
        cells = judge(groups, replace(runs, again=again), options)
    speaking = {
        cell_id for side in (runs.before, runs.after) for cell_id, ran in side.items() if pieces_of(ran.outputs)
    }
    evidence = evidence_of(cells, old.texts, new.texts, speaking)
    return VerificationReport(
        cells=tuple(cells),
        kernel=kernel,
        notes=(*evidence.notes, *_notes([first, second], cells)),
        unverified=evidence.unverified,
        elapsed_s=round(time.monotonic() - started_s, 3),
    )


def verify_notebook_sync(
    before: Notebook,
    after: Notebook,
    folder: Path,
    options: VerifyOptions | None = None,
    *,
    on_progress: Progress | None = None,
) -> VerificationReport:
    """Do what ``verify_notebook`` does where no event loop runs."""
    return asyncio.run(verify_notebook(before, after, folder, options, on_progress=on_progress))


async def _both(*runs: Any) -> list[Result]:
    """Wait for all; if one fails, or the caller is cancelled, the others are ended before that is told."""
    tasks = [asyncio.ensure_future(run) for run in runs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Notebook:
    """A notebook's code cells, and the kernel that it names."""

    def __init__(self, notebook: Notebook) -> None:
        data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        file = parse_notebook(data)
        # A cell that asks us for something would ask the endpoint again, or change a file.
        self.code: list[CellSnapshot] = [
            cell.snapshot
            for cell in file.cells
            if cell.snapshot.kind == "code" and cell.snapshot.source.strip() and not is_only_ours(cell.snapshot.source)
        ]
        self.places = {cell.snapshot.cell_id: cell.index for cell in file.cells}
        self.texts = {cell.cell_id: cell.source for cell in self.code}
        self.raising = frozenset(cell.cell_id for cell in self.code if RAISES in cell.tags)
        self.to_run: Sequence[CodeCell] = [CodeCell(cell.source, cell.tags) for cell in self.code]
        metadata = json.loads(data.decode("utf-8-sig")).get("metadata")
        spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
        name = spec.get("name") if isinstance(spec, dict) else None
        self.kernel_name = name if isinstance(name, str) and name else "python3"

    def by_id(self, result: Result) -> dict[str, Ran]:
        """What each cell did."""
        return {cell.cell_id: ran for cell, ran in zip(self.code, result.cells, strict=True)}


def _notes(results: Sequence[Result], cells: Sequence[CellVerification]) -> tuple[str, ...]:
    notes = [note for result in results for note in result.notes]
    if not can_decode() and any("picture" in cell.why for cell in cells):
        notes.append(
            "Pictures were compared by their bytes only. Install Pillow: pip install 'jupyter-spark-ai[verify]'"
        )
    return tuple(dict.fromkeys(notes))
