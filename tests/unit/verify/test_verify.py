"""Notebooks run in real kernels: the same, changed, and stopped by each of the bounds."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.errors import SparkError
from jupyter_spark.verify import (
    VerificationReport,
    VerifyOptions,
    VerifyProgress,
    render_report,
    verify_notebook,
    verify_notebook_sync,
)
from jupyter_spark.verify._processes import MARK

STEADY = (
    "import time, random\nfrom pathlib import Path\nprint(time.time(), object())",
    "values = {'b', 'a', 'c'}\nvalues",
    "print(Path('data.txt').read_text())\nPath('data.txt').write_text('written')",
    "1 / 0",
    "sum(range(10))",
)
RANDOM = "random.random(), random.random(), random.random()"


def notebook(*sources: str, kernel: str = "python3") -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for n, source in enumerate(sources)
    ]
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def verdicts(report: VerificationReport) -> list[str]:
    return [cell.verdict for cell in report.cells]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    own.mkdir()
    (own / "data.txt").write_text("as it was")
    return own


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copies are made: all that a run leaves is seen here."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def living(scratch: Path) -> list[int]:
    """The processes of a run with its copy below this folder."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK, "").startswith(str(scratch)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, OSError):  # noqa: PERF203 - each process may end
            continue
    return found


def test_unchanged_is_the_same_three_times(folder: Path, scratch: Path) -> None:
    for _ in range(3):
        report = verify_notebook_sync(notebook(*STEADY), notebook(*STEADY), folder)
        assert verdicts(report) == ["same", "same", "same", "still_fails", "same"]
        assert report.holds
    assert (folder / "data.txt").read_text() == "as it was"
    assert list(scratch.iterdir()) == []


def test_planted_changes_are_all_reported(folder: Path) -> None:
    changed = notebook(
        STEADY[0] + "\nprint('more')",
        STEADY[1].replace("'c'", "'d'"),
        STEADY[2].replace("print(", "print(1 + "),
        "1 / 1",
        "sum(range(11))",
        RANDOM,
        RANDOM + ", 1",
    )
    steps: list[VerifyProgress] = []
    report = verify_notebook_sync(notebook(*STEADY, RANDOM, RANDOM), changed, folder, on_progress=steps.append)
    assert verdicts(report) == [
        "differs", "differs", "newly_fails", "newly_works", "differs", "same", "differs",
    ]  # fmt: skip
    assert not report.holds
    [failing] = report.newly_failing
    assert failing.error is not None and "TypeError" in failing.error.traceback
    shown = render_report(report)
    assert "cell 2: newly fails (TypeError: " in shown and "    before | 45\n    after  | 55" in shown
    assert {step.run for step in steps} == {"before", "after", "again"}
    assert [step.cell for step in steps if step.run == "after" and step.phase == "running"] == [*range(1, 8)]


def test_a_cell_that_takes_too_long_ends_its_run(folder: Path, scratch: Path) -> None:
    slow = notebook("1", "import time\ntime.sleep(600)", "3")
    report = verify_notebook_sync(notebook("1", "2", "3"), slow, folder, VerifyOptions(cell_timeout_s=2.0))
    assert verdicts(report) == ["same", "newly_fails", "not_run"]
    assert report.cells[1].why == "RunEnded: it took longer than 2 s"
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit is not held by the system")
def test_a_run_takes_no_more_memory_than_it_may(folder: Path) -> None:
    greedy = notebook("len(bytearray(3 << 30))")
    report = verify_notebook_sync(notebook("1"), greedy, folder, VerifyOptions(memory_bytes=2 << 30))
    assert verdicts(report) == ["newly_fails"]
    assert report.cells[0].why.startswith("MemoryError")


def test_cancelling_leaves_nothing(folder: Path, scratch: Path) -> None:
    child = "import subprocess, sys, time\n"
    child += "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
    waiting = notebook("1", child + "time.sleep(600)")
    seen: list[int] = []

    async def cancel_while_it_runs() -> None:
        reached = asyncio.Event()

        def watch(step: VerifyProgress) -> None:
            if step.cell == 2:
                reached.set()

        task = asyncio.ensure_future(verify_notebook(waiting, waiting, folder, on_progress=watch))
        await asyncio.wait_for(reached.wait(), 60)
        seen.extend(living(scratch))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_while_it_runs())
    assert len(seen) >= 2
    assert living(scratch) == []
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("before", "code"), [(notebook("1", kernel="no-such"), "no_kernel"), ({"cells": 3}, None), (b"{", None)]
)
def test_what_cannot_be_run_is_told_in_a_line(before: Any, code: str | None, folder: Path, scratch: Path) -> None:
    with pytest.raises(SparkError) as raised:
        verify_notebook_sync(before, before, folder)
    assert code is None or raised.value.code == code
    assert raised.value.message and raised.value.hint and "\n" not in raised.value.message
    assert list(scratch.iterdir()) == []
