"""``refactor --cluster``: a real scheduler and two workers do what this process does, also when one is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, User
from tests.paced import PacedServer, running_paced_server, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
REAL = sorted((ROOT / "tests" / "notebooks").glob("*.ipynb"))
KEY = "only-the-workers-know-it"
WORDS = "sign some cells"
COPIES = 2


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers; each worker is one process, which nobody starts again."""

    address: str
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def a_cluster(folder: Path, workers: int = 2, **environment: str) -> Iterator[Cluster]:
    told = folder / "scheduler.json"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), **environment}

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        log = stack.enter_context((folder / f"{arguments[0]}-{len(started)}.log").open("wb"))
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(told), "--no-dashboard"]
        started.append(subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log))
        return started[-1]

    started: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:
        try:
            start("scheduler", "--host", "127.0.0.1", "--port", "0")
            wait_until(lambda: told.exists() and told.read_text().endswith("}"), timeout_s=60)
            address = json.loads(told.read_text())["address"]
            options = ("--no-nanny", "--nthreads", "2", "--host", "127.0.0.1", "--local-directory", str(folder))
            running = tuple(start("worker", *options) for _ in range(workers))
            logs = [folder / f"worker-{number + 1}.log" for number in range(workers)]
            wait_until(lambda: all(b"Registered to" in log.read_bytes() for log in logs), timeout_s=60)
            yield Cluster(address, running)
        finally:
            for process in started:
                process.kill()
                process.wait()


def _cells(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"]
    return cells


def _plans() -> dict[tuple[str, ...], str]:
    """A plan for each real notebook, by how its first code cells begin, as they are told."""
    plans = {}
    for path in REAL:
        cells = _cells(path)
        code = [number for number, cell in enumerate(cells) if cell["cell_type"] == "code" and cell["source"]]
        steps = [f"edit cell {number}: sign it" for number in code[:3]]
        steps.append(f"insert below cell {code[-1]}: the last words")
        begin = tuple(f"\n# cell {number}\n{cells[number]['source'][0].rstrip()}" for number in code[:3])
        plans[begin] = "\n".join(["```", *steps, "```"])
    return plans


PLANS = _plans()


def answer(body: dict[str, Any]) -> str:
    """Plan to sign a notebook's first cells, then sign each: the same for the same cell, whoever asks, and when."""
    told = [message["content"] for message in body["messages"]]
    asked = told[-1]
    if "Plan this refactor" in asked:
        whole = "\n".join(told)
        (plan,) = [plan for begin, plan in PLANS.items() if all(line in whole for line in begin)]
        return plan
    shown = re.search(r"^(`{3,})python\n(.*?)^\1$", asked, re.MULTILINE | re.DOTALL)
    if shown is None:
        return "```python\nsigned = 'all of it'\n```"
    return f"{shown[1]}python\n{shown[2]}# signed\n{shown[1]}"


@pytest.fixture
def paced() -> Iterator[PacedServer]:
    with running_paced_server(answer=answer, require_key=KEY) as server:
        yield server


@pytest.fixture
def settled(user: User, paced: PacedServer) -> User:
    user.settings(
        f"[tiers]\nspark = 'p'\n[profiles.p]\napi = 'chat'\nbase_url = '{paced.base_url}'\nmodels = ['m']\n"
        "key_env = ['PACED_API_KEY']\ncontext_tokens = 400000\n"
    )
    return user


def copies(user: User, folder: str) -> list[Path]:
    """Twenty notebooks: the real ones, twice."""
    (user.home / folder).mkdir()
    paths = [user.home / folder / f"{number}-{path.name}" for number in range(2) for path in REAL]
    for path, original in zip(paths, REAL * 2, strict=True):
        path.write_bytes(original.read_bytes())
    return paths


def contents(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


def test_the_same_files_as_here_and_all_can_be_undone(
    settled: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = copies(settled, "here"), copies(settled, "there")
    before = contents(here)
    with monkeypatch.context() as mine:
        mine.setenv("PACED_API_KEY", KEY)
        assert settled.run("refactor", *here, WORDS, "--apply").status == 0
    with a_cluster(tmp_path, PACED_API_KEY=KEY) as cluster:
        done = settled.run("refactor", *there, WORDS, "--apply", "--cluster", cluster.address)
    assert done.status == 0, done.err
    assert contents(there) == contents(here)
    assert all(old != new for old, new in zip(before, contents(there), strict=True))
    for path in there:
        assert settled.run("undo", path).status == 0
    assert contents(there) == before
