"""Find and end every process of a run, however it was started: by a mark in its environment.

A process group is left by whoever starts a session of its own; what a process was given as environment stays with
all that descends from it.
"""

from __future__ import annotations

import os
import time

MARK = "JUPYTER_SPARK_VERIFY"
_ROUNDS = 50


def end_marked(mark: str, *, spare: int | None = None) -> bool:
    """Kill all processes of the user's that carry a mark, except one.

    Parameters
    ----------
    mark : str
        The value of the environment variable ``MARK``.
    spare : int, optional
        The process id to leave alone.

    Returns
    -------
    bool
        Whether none was left at the end.
    """
    # Again until none is found: one that is just being started was not to be seen the first time.
    for _ in range(_ROUNDS):
        found = marked(mark, spare=spare)
        if not found:
            return True
        for process_id in found:
            _kill(process_id)
        time.sleep(0.02)
    return False


def marked(mark: str, *, spare: int | None = None) -> list[int]:
    """Return the ids of the living processes that carry a mark."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid"]):
        if process.pid in (spare, os.getpid()):
            continue
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, OSError):  # it ended, or is another user's
            continue
    return found


def _kill(process_id: int) -> None:
    import psutil

    try:
        psutil.Process(process_id).kill()
    except psutil.Error:
        return
