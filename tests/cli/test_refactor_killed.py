"""A refactor and its undo, killed at any point: the file is the old or the new one, and undo works."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
NOTEBOOK = ROOT / "tests" / "notebooks" / "handson-ml3-extra_autodiff.ipynb"
WORDS = "move all imports to the top"

# Forks once for each point, runs the command there, and kills it with SIGKILL at that call into the file system or the
# database: before the call, or after it. Prints how many calls there are in a run that nobody kills.
KILLER = """
import json, os, signal, sys
from jupyter_spark.cli import run
from jupyter_spark.cli import refactor, undo
CALLS = {"execute", "executescript", "write", "flush", "fsync", "replace", "open", "unlink", "chmod", "close"}

def go(command, stop):
    seen = 0
    def count(frame, event, what):
        nonlocal seen
        if event in ("c_call", "c_return") and getattr(what, "__name__", "") in CALLS:
            seen += 1
            if seen == stop:
                os.kill(os.getpid(), signal.SIGKILL)
    def watched(function):  # nothing is written before it
        return lambda *a, **k: (sys.setprofile(count), function(*a, **k))[1]
    refactor.apply_proposal, undo._change = watched(refactor.apply_proposal), watched(undo._change)
    status = run(command)
    sys.setprofile(None)
    return status, seen

for command, stop in json.load(sys.stdin):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1), os.dup2(silent, 2)
        os.write(writing, json.dumps(go(command, stop)).encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    print(json.dumps([os.waitstatus_to_exitcode(status), json.loads(os.read(reading, 99) or "null")]), flush=True)
    os.close(reading)
"""


def killed(*points):
    """Run commands, each killed at a point; return its exit status, and for one that lived its own and its calls."""
    done = subprocess.run(
        [sys.executable, "-c", KILLER],
        input=json.dumps(points),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def copies(user, number):
    folder = user.home / "copies"
    folder.mkdir()
    paths = [folder / f"nb{index}.ipynb" for index in range(number)]
    for path in paths:
        path.write_bytes(NOTEBOOK.read_bytes())
    return paths


def chosen(calls, number):
    return sorted(random.Random(7).sample(range(1, calls + 1), min(number, calls)))


def undo(user, path: Path):
    """Undo what the journal has; that there is nothing is fine only for a file that is as it was."""
    done = user.run("undo", path)
    assert done.status == 0 or (done.status == 1 and "nothing to undo" in done.err), done.err
    return done.status


def test_killed_at_fifty_points_while_it_is_written(user):
    user.answer("never asked")
    first, whole, *paths = copies(user, 52)
    # The first makes the journal; the others are like the second.
    ends = killed(*((["refactor", str(path), WORDS, "--apply"], 0) for path in (first, whole)))
    assert [(code, status) for code, (status, _) in ends] == [(0, 0)] * 2
    calls = ends[1][1][1]
    old, new = NOTEBOOK.read_bytes(), whole.read_bytes()
    assert old != new
    points = chosen(calls, 50)
    ends = killed(*((["refactor", str(p), WORDS, "--apply"], at) for p, at in zip(paths, points, strict=True)))
    assert [code for code, _ in ends] == [-9] * 50
    left = [path.read_bytes() for path in paths]
    assert set(left) == {old, new}
    for path, data in zip(paths, left, strict=True):
        assert undo(user, path) == 0 or data == old
        assert path.read_bytes() == old


def test_an_undo_that_was_killed_is_finished_by_the_next(user):
    user.answer("never asked")
    whole, *paths = copies(user, 21)
    for path in (whole, *paths):
        assert user.run("refactor", path, WORDS, "--apply").status == 0
    old, new = NOTEBOOK.read_bytes(), whole.read_bytes()
    ((code, (status, calls)),) = killed((["undo", str(whole)], 0))
    assert (code, status, whole.read_bytes()) == (0, 0, old)
    ends = killed(*((["undo", str(p)], at) for p, at in zip(paths, chosen(calls, 20), strict=True)))
    assert {code for code, _ in ends} == {-9}
    assert {path.read_bytes() for path in paths} == {old, new}
    for path in paths:
        undo(user, path)
        assert path.read_bytes() == old
        assert user.run("redo", path).status == 0
        assert path.read_bytes() == new
