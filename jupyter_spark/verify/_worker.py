"""What runs in a process of its own: one notebook, once, in a fresh kernel, in a scratch copy of its folder.

A process of its own because nbclient takes over signals, turns a cancelled task into a dead kernel, and because a limit
on memory is inherited. Standard input is one line of JSON, then stays open: when it ends, the parent is gone, and
everything is taken away. Standard output is one line of JSON for each step. The result is a file: pictures are large.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from jupyter_spark.verify._processes import MARK, end_marked
from jupyter_spark.verify._scratch import copy_folder, folder_to_copy

FILES, RUNTIME, TEMPORARY, RESULT = "files", "runtime", "tmp", "result.json"
_STARTUP_S = 120
# How long after a cell's reply its outputs may still come; a busy machine needs more than nbclient's 4 s.
_LATE_OUTPUT_S = 60


@dataclass(frozen=True)
class Job:
    """What the parent asks for: code cells, the folder they run in, and the bounds."""

    sources: list[str]
    tags: list[list[str]]
    folder: str
    scratch: str
    kernel_name: str
    cell_timeout_s: float
    total_timeout_s: float
    memory_bytes: int | None
    copy_limit_bytes: int
    held_bytes: int | None = None


@dataclass
class Ran:
    """What one code cell did: whether it ran, its outputs as nbformat 4 has them, and for how long, in seconds."""

    ran: bool = False
    outputs: list[Any] = field(default_factory=list)
    why_not: str = ""
    elapsed_s: float = 0.0


@dataclass
class Result:
    """What a run came to. ``failed`` is empty, or why no cell could be run, with a code for the kind of failure.

    ``folder`` is the one that was copied, the notebook's own or one above it.
    """

    cells: list[Ran] = field(default_factory=list)
    kernel: str = ""
    folder: str = ""
    notes: list[str] = field(default_factory=list)
    failed: str = ""
    code: str = ""
    installed: list[str] = field(default_factory=list)


def main() -> int:
    """Run one job from standard input."""
    job = Job(**json.loads(sys.stdin.buffer.readline()))
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed is not for the parent
    threading.Thread(target=_end_with_parent, args=(job,), daemon=True).start()
    _limit_memory(job.memory_bytes)
    result = asyncio.run(_run(job, told))
    Path(job.scratch, RESULT).write_text(_in_own_folder(json.dumps(asdict(result)), job, result), encoding="utf-8")
    end_marked(job.scratch, spare=os.getpid())
    return 0


def _in_own_folder(text: str, job: Job, result: Result) -> str:
    """The outputs with the user's folder in the place of its copy, whose name is another in each run."""
    copied, own = (json.dumps(path)[1:-1] for path in (str(Path(job.scratch, FILES)), result.folder))
    return text.replace(copied, own)


def _end_with_parent(job: Job) -> None:
    """Leave nothing behind if the parent is gone: it cannot do it any more."""
    sys.stdin.buffer.read()
    end_marked(job.scratch, spare=os.getpid())
    shutil.rmtree(job.scratch, ignore_errors=True)
    os._exit(1)


def _limit_memory(limit_bytes: int | None) -> None:
    if limit_bytes is None or sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = limit_bytes if hard == resource.RLIM_INFINITY else min(limit_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


async def _run(job: Job, told: IO[str]) -> Result:
    def tell(phase: str, cell: int = 0) -> None:
        print(json.dumps({"phase": phase, "cell": cell}), file=told, flush=True)

    ends_at_s = time.monotonic() + job.total_timeout_s
    result = Result(cells=[Ran(why_not="not reached") for _ in job.sources], kernel=job.kernel_name)
    tell("copying")
    folder = Path(job.folder).resolve()
    top = folder_to_copy(folder, job.sources)
    result.notes += copy_folder(top, Path(job.scratch, FILES), job.sources, job.copy_limit_bytes)
    cwd = Path(job.scratch, FILES) / folder.relative_to(top)
    cwd.mkdir(parents=True, exist_ok=True)
    result.folder = str(top)
    tell("starting")
    await _execute(job, cwd, ends_at_s, result, tell)
    tell("finished")
    return result


async def _execute(job: Job, cwd: Path, ends_at_s: float, result: Result, tell: Any) -> None:
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    from jupyter_spark.verify._kernel import BoundedClient, default_memory_bytes, seed, watch_memory

    cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": tags})
        for source, tags in zip(job.sources, job.tags, strict=True)
    ]
    client = BoundedClient(
        nbformat.v4.new_notebook(cells=cells),
        kernel_name=job.kernel_name,
        timeout_func=lambda _: max(min(job.cell_timeout_s, ends_at_s - time.monotonic()), 0.1),
        startup_timeout=_STARTUP_S,
        iopub_timeout=_LATE_OUTPUT_S,
        allow_errors=True,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=False,
        shutdown_kernel="immediate",
    )
    limit_bytes = job.held_bytes or default_memory_bytes()
    over = threading.Event()
    watching = watch_memory(limit_bytes, over.set)
    try:
        async with client.async_setup_kernel(cwd=str(cwd), env=_kernel_environment()):
            await seed(client, job.sources)
            await _execute_cells(client, job, ends_at_s, result, tell)
    except NoSuchKernel:
        result.code, result.failed = "no_kernel", f"The kernel {job.kernel_name!r} is not installed."
        result.installed = sorted(KernelSpecManager().find_kernel_specs())
    except (RuntimeError, OSError) as error:
        if not any(ran.ran for ran in result.cells):
            result.code, result.failed = "kernel_start", f"The kernel {job.kernel_name!r} does not start: {error}."
    finally:
        watching.set()
    if over.is_set() and (ended := next((ran for ran in result.cells if not ran.ran and ran.elapsed_s), None)):
        ended.why_not = f"it took more than {limit_bytes / 1e9:.1f} GB of memory"


def _kernel_environment() -> dict[str, str]:
    # Sets of texts come in the same order in both runs. The user's own choice stands. No page is opened in a browser.
    return {"PYTHONHASHSEED": "0", **os.environ, "BROWSER": f'"{sys.executable}" -c "" %s'}


async def _execute_cells(client: Any, job: Job, ends_at_s: float, result: Result, tell: Any) -> None:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    for index, (cell, ran) in enumerate(zip(client.nb.cells, result.cells, strict=True)):
        if time.monotonic() > ends_at_s:
            ran.why_not = f"the run reached its limit of {job.total_timeout_s:g} s"
            return
        tell("running", index + 1)
        started_s = time.monotonic()
        client.begin_cell()
        try:
            await client.async_execute_cell(cell, index)
            ran.ran, ran.why_not = True, ""
        except CellTimeoutError:
            ran.why_not = f"it took longer than {min(job.cell_timeout_s, job.total_timeout_s):g} s"
        except DeadKernelError:
            ran.why_not = "the kernel died while it ran"
        ran.elapsed_s = time.monotonic() - started_s
        ran.outputs = [*(dict(output) for output in cell.outputs), *client.left_out()]
        if not ran.ran:
            for later in result.cells[index + 1 :]:
                later.why_not = "a cell before it ended the run"
            return


if __name__ == "__main__":
    if MARK not in os.environ:
        raise SystemExit("This runs as a part of a verification only.")
    raise SystemExit(main())
