"""Runs a task's check on a new cell, in a process of its own.

The check sees everything that the cells before (`setup`, `context`) and the cell defined, and:

``SOURCE``, ``TREE``, ``NAMES``
    The cell's text, its syntax tree (IPython syntax turned into Python), every identifier in it.
``OUTPUT``, ``RESULT``
    What the cell printed, and the value of its last line as a notebook shows it (None if there is none).
``ast``, ``printed(f, *args, **kwargs)``, ``raises(error, f, *args, **kwargs)``
    The module; what a call prints; whether a call raises that error.

The code under test was written by a model. It runs in an empty folder without the user's environment, with limits on
time, memory and file size; the network, other programs and writing elsewhere are refused. That stops accidents, not an
attacker.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.tasks import Task
from jupyter_spark.errors import SparkError
from jupyter_spark.kernel import variables
from jupyter_spark.wire import VariableSummary

_WORKER = Path(__file__).with_name("_worker.py")
_CAN_FORK = hasattr(os, "fork")
_STARTUP_S = 60.0
_WORD = re.compile(r"[^\W\d]\w*")
_Job = dict[str, Any]


@dataclass(frozen=True)
class CheckOutcome:
    """Whether a check held, and if not, what happened in one line."""

    passed: bool
    detail: str


def run_check(task: Task, new_source: str, *, timeout_s: float = 20.0) -> CheckOutcome:
    """Run the cells before, the new cell and the check of a task.

    Parameters
    ----------
    task : Task
        What was asked.
    new_source : str
        The cell to judge.
    timeout_s : float
        Time for all of them together, in seconds.
    """
    return run_checks([(task, new_source)], timeout_s=timeout_s)[0]


def run_checks(answers: Sequence[tuple[Task, str]], *, timeout_s: float = 20.0) -> list[CheckOutcome]:
    """Run many checks, each in its own child of one process that has loaded numpy and pandas already.

    Parameters
    ----------
    answers : sequence of (Task, str)
        Tasks with the cells to judge.
    timeout_s : float
        Time for each, in seconds.

    Raises
    ------
    SparkError
        If the process that runs them cannot work at all.
    """
    jobs = [{"before": task.cells_before, "source": source, "check": task.check} for task, source in answers]
    return [CheckOutcome(outcome["passed"], outcome["detail"]) for outcome in _run_jobs(jobs, timeout_s)]


def take_variables(tasks: Sequence[Task], *, timeout_s: float = 20.0) -> list[tuple[VariableSummary, ...]]:
    """Return the variables of each task as a kernel would tell them that has run the cells before.

    Parameters
    ----------
    tasks : sequence of Task
        Whose cells are run.
    timeout_s : float
        Time for each, in seconds.

    Raises
    ------
    SparkError
        If the cells of a task do not run, or the process that runs them cannot work at all.
    """
    reader = Path(variables.__file__).read_text("utf-8")
    jobs = [
        {"before": task.cells_before, "reader": reader, "first": _WORD.findall(f"{task.instruction}\n{task.cell}")}
        for task in tasks
    ]
    told = []
    for task, outcome in zip(tasks, _run_jobs(jobs, timeout_s), strict=True):
        if not outcome["passed"]:
            raise SparkError(f"The cells before {task.id!r} do not run: {outcome['detail']}", "Correct the task.")
        rows = outcome["variables"]
        told.append(tuple(VariableSummary(name=name, type=kind, summary=summary) for name, kind, summary in rows))
    return told


def _run_jobs(jobs: list[_Job], timeout_s: float) -> list[dict[str, Any]]:
    batches = [jobs] if _CAN_FORK else [[job] for job in jobs]
    return [outcome for batch in batches if batch for outcome in _run_batch(batch, timeout_s)]


def _run_batch(jobs: list[_Job], timeout_s: float) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", "-X", "utf8", str(_WORKER)],
                input=json.dumps({"jobs": jobs, "timeout_s": timeout_s}),
                capture_output=True,
                encoding="utf-8",
                cwd=home,
                env=_environment(home),
                timeout=_STARTUP_S + len(jobs) * (timeout_s + 1),
            )
        except subprocess.TimeoutExpired:
            if _CAN_FORK:
                raise SparkError(
                    "The checks did not come to an end.", "Run them again with less else going on."
                ) from None
            return [{"passed": False, "detail": f"took longer than {timeout_s:g} s"}]
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        if not _CAN_FORK:  # the answer ran in this very process and may have ended it
            return [{"passed": False, "detail": why[0]}]
        raise SparkError(f"The process for checks failed: {why[0]}", "See that numpy and pandas can be imported.")
    outcomes: list[dict[str, Any]] = json.loads(done.stdout)
    return outcomes


def _environment(home: str) -> dict[str, str]:
    """Nothing of the user's (no keys, no settings), a home to write to, and one thread for each process."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    folders = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "IPYTHONDIR", "MPLCONFIGDIR"), home)
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **folders, **threads, "MPLBACKEND": "Agg"}
