"""The parent's side of a run: start the worker, hear how far it is, take its result, leave nothing behind."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jupyter_spark.errors import VerificationError
from jupyter_spark.verify._options import VerifyOptions
from jupyter_spark.verify._processes import MARK, end_marked
from jupyter_spark.verify._worker import RESULT, RUNTIME, TEMPORARY, Job, Ran, Result
from jupyter_spark.wire_verify import Run, VerifyProgress

# Beyond the run's own limit: to copy, to start, to end.
_GRACE_S = 180.0
_LAST_WORDS = 2000


@dataclass(frozen=True)
class CodeCell:
    """A code cell to run."""

    source: str
    tags: tuple[str, ...] = ()


def require_nbclient() -> None:
    """Raise a ``VerificationError`` if nothing can be run here."""
    if missing := [name for name in ("nbclient", "ipykernel", "psutil") if importlib.util.find_spec(name) is None]:
        raise VerificationError(
            f"{' and '.join(missing)} is not installed, so no notebook can be run.",
            "Install it: pip install 'jupyter-spark-ai[verify]'",
            code="no_nbclient",
        )


async def run_cells(
    run: Run,
    cells: Sequence[CodeCell],
    kernel_name: str,
    folder: Path,
    options: VerifyOptions,
    on_progress: Callable[[VerifyProgress], None] | None = None,
) -> Result:
    """Run code cells in a fresh kernel, in a scratch copy of a folder.

    Cancelling ends the kernel and all its children at once and removes the copy.

    Raises
    ------
    VerificationError
        If the kernel is not installed or does not start.
    """
    scratch = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="jupyter-spark-verify-")).resolve()
    loop = asyncio.get_running_loop()

    def tell(step: Mapping[str, Any]) -> None:
        if on_progress is not None:
            on_progress(VerifyProgress(run=run, phase=step["phase"], cell=step["cell"], cells=len(cells)))

    def hear(step: Mapping[str, Any]) -> None:
        loop.call_soon_threadsafe(tell, step)

    job = Job(
        sources=[cell.source for cell in cells],
        tags=[list(cell.tags) for cell in cells],
        folder=str(folder),
        scratch=str(scratch),
        kernel_name=kernel_name,
        cell_timeout_s=options.cell_timeout_s,
        total_timeout_s=options.total_timeout_s,
        memory_bytes=options.memory_bytes,
        copy_limit_bytes=options.copy_limit_bytes,
        held_bytes=options.held_bytes,
    )
    working = asyncio.ensure_future(asyncio.to_thread(_work, job, hear))
    try:
        result = await asyncio.wait_for(asyncio.shield(working), options.total_timeout_s + _GRACE_S)
    except asyncio.TimeoutError:
        raise VerificationError(
            f"The run of the notebook ({run}) did not come to an end.", "Give it more time, or less to do."
        ) from None
    finally:
        await _uninterrupted(asyncio.to_thread(_clear, scratch), working)
    if result.code:
        hint = f"Install it, or choose another: {', '.join(result.installed)}." if result.code == "no_kernel" else ""
        raise VerificationError(result.failed, hint or "See that it starts in JupyterLab.", code=result.code)
    return result


async def _uninterrupted(clearing: Any, working: asyncio.Future[Result]) -> None:
    """Wait for the end of both, whoever cancels meanwhile; what cancelled is raised again after it."""
    task = asyncio.ensure_future(clearing)
    cancelled = False
    while pending := [each for each in (task, working) if not each.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError:  # noqa: PERF203 - each time that it is cancelled
            cancelled = True
    if not working.cancelled():
        working.exception()  # it is seen here, where the caller does not wait for it any more
    if cancelled:
        raise asyncio.CancelledError


def _clear(scratch: Path) -> None:
    end_marked(str(scratch))
    shutil.rmtree(scratch, ignore_errors=True)


def _work(job: Job, hear: Callable[[Mapping[str, Any]], None]) -> Result:
    """Run the worker to its end; in a thread."""
    scratch = Path(job.scratch)
    try:
        for name in (RUNTIME, TEMPORARY):
            (scratch / name).mkdir()
        with (scratch / "worker.log").open("wb") as log, _start(scratch, log) as process:
            assert process.stdin is not None and process.stdout is not None  # noqa: S101 - both are pipes
            try:
                process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
                process.stdin.flush()
                for line in process.stdout:
                    hear(json.loads(line))
            except BrokenPipeError:
                pass  # its last words say why
            process.wait()
        return _read(scratch)
    except FileNotFoundError:  # all was taken away: cancelled
        return Result(failed="The run was stopped.", code="stopped")


def _start(scratch: Path, log: Any) -> subprocess.Popen[bytes]:
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch / TEMPORARY))
    environment = {**os.environ, **temporary, MARK: str(scratch), "JUPYTER_RUNTIME_DIR": str(scratch / RUNTIME)}
    # The worker's own place is not in the folder that is copied: a file there may be named like a module.
    options: dict[str, Any] = {"start_new_session": True, "cwd": scratch / RUNTIME}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP, "cwd": scratch / RUNTIME}
    return subprocess.Popen(
        [sys.executable, "-m", "jupyter_spark.verify._worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        **options,
    )


def _read(scratch: Path) -> Result:
    try:
        read = json.loads((scratch / RESULT).read_text("utf-8"))
    except FileNotFoundError:
        words = (scratch / "worker.log").read_text("utf-8", "replace")[-_LAST_WORDS:].strip().splitlines()
        why = words[-1] if words else "it ended without a word"
        return Result(failed=f"The notebook could not be run: {why}.", code="kernel_start")
    return Result(**{**read, "cells": [Ran(**cell) for cell in read["cells"]]})
