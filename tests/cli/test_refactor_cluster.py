"""``refactor --cluster``: a real scheduler and two workers do what this process does, also when one is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.errors import SparkError
from jupyter_spark.refactor import NotebookWork
from jupyter_spark.refactor.cluster import connected, work_on_cluster
from jupyter_spark.settings import load_settings
from tests.cli.conftest import ROOT, User
from tests.paced import PacedServer, code_answer, running_paced_server, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
REAL = sorted((ROOT / "tests" / "notebooks").glob("*.ipynb"))
KEY = "only-the-workers-know-it"
WORDS = "sign some cells"


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers; each is one process, which nobody starts again."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def a_cluster(folder: Path, workers: int = 2, path: Path = ROOT, urls: Sequence[str] = ()) -> Iterator[Cluster]:
    """Run a cluster on loopback whose workers find jupyter_spark in ``path``, have the key, and each its endpoint."""
    told, started = folder / "scheduler.json", list[subprocess.Popen[bytes]]()
    env = {**os.environ, "PYTHONPATH": str(path), "PACED_API_KEY": KEY, "JUPYTER_CONFIG_DIR": str(folder / "config")}

    def start(*arguments: str, **more: str) -> Path:
        log = folder / f"{len(started)}.log"
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(told), "--no-dashboard"]
        with log.open("wb") as written:
            started.append(subprocess.Popen(command, cwd=folder, env=env | more, stdout=written, stderr=written))
        return log

    def wait_for(condition: Callable[[], object]) -> None:
        wait_until(lambda: condition() or any(process.poll() is not None for process in started), timeout_s=120)
        if not condition():
            raise RuntimeError("\n".join(log.read_text() for log in folder.glob("*.log")))

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0")
        wait_for(lambda: told.exists() and told.read_text().rstrip().endswith("}"))
        options = ("--no-nanny", "--nthreads", "2", "--host", "127.0.0.1", "--local-directory", str(folder))
        own = [{"PACED_BASE_URL": url} for url in urls] or [{}] * workers
        logs = [start("worker", *options, **more) for more in own]
        wait_for(lambda: all("Registered to" in log.read_text() for log in logs))
        yield Cluster(json.loads(told.read_text())["address"], started[0], tuple(started[1:]))
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


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with a_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def paced() -> Iterator[PacedServer]:
    with running_paced_server(answer=answer, require_key=KEY) as server:
        yield server


def settings(url: str, more: str = "") -> str:
    return (
        f"[tiers]\nspark = 'p'\n[profiles.p]\napi = 'chat'\nbase_url = '{url}'\nmodels = ['m']\n"
        "base_url_env = 'PACED_BASE_URL'\n"
        f"key_env = ['PACED_API_KEY']\ncontext_tokens = 400000\n{more}"
    )


@pytest.fixture
def settled(user: User, paced: PacedServer) -> User:
    """A user who has no key; the workers have it."""
    user.settings(settings(paced.base_url))
    return user


def copies(folder: Path) -> list[Path]:
    """Twenty notebooks: the real ones, twice."""
    folder.mkdir()
    paths = [folder / f"{number}-{path.name}" for number in range(2) for path in REAL]
    for path, original in zip(paths, REAL * 2, strict=True):
        path.write_bytes(original.read_bytes())
    return paths


def contents(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


@pytest.fixture(scope="module")
def done_here(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What the twenty become without a cluster."""
    home = tmp_path_factory.mktemp("here")
    paths, config = copies(home / "notebooks"), home / "jupyter_spark.toml"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_DATA_DIR": str(home), "PACED_API_KEY": KEY}
    with running_paced_server(answer=answer, require_key=KEY) as server:
        config.write_text(settings(server.base_url))
        command = [sys.executable, "-m", "jupyter_spark.cli", "refactor", *map(str, paths), WORDS]
        command += ["--apply", "--config", str(config)]
        subprocess.run(command, env=env, cwd=home, check=True, capture_output=True)
    return contents(paths)


def test_the_same_files_as_here_and_all_can_be_undone(settled: User, cluster: Cluster, done_here: list[bytes]) -> None:
    paths = copies(settled.home / "there")
    before = contents(paths)
    done = settled.run("refactor", *paths, WORDS, "--apply", "--cluster", cluster.address, "--json")
    assert done.status == 0, done.err
    assert [row["notebook"] for row in done.json["notebooks"]] == [str(path) for path in paths]
    assert contents(paths) == done_here
    assert all(old != new for old, new in zip(before, done_here, strict=True))
    for path in paths:
        assert settled.run("undo", path).status == 0
    assert contents(paths) == before


def test_a_worker_that_is_killed_loses_nothing(
    settled: User, paced: PacedServer, tmp_path: Path, done_here: list[bytes]
) -> None:
    paths = copies(settled.home / "there")
    with running_paced_server(answer=answer, require_key=KEY, first_token_s=2.0) as its_own:
        with a_cluster(tmp_path, urls=[its_own.base_url, paced.base_url]) as running:
            process = settled.start("refactor", *paths, WORDS, "--apply", "--cluster", running.address)
            wait_until(lambda: any(record.finished for record in its_own.records), timeout_s=200)
            # What it asks from now on is not answered: it dies with a request open, however slow this machine is.
            its_own.first_token_s, asked = 3600.0, len(its_own.records)
            wait_until(lambda: any(record.status == 200 for record in its_own.records[asked:]), timeout_s=60)
            running.workers[0].kill()
            _, err = process.communicate(timeout=240)
            assert running.workers[1].poll() is None
        assert process.returncode == 0, err
        assert any(record.closed_at_s for record in its_own.records)
    assert paced.records
    assert contents(paths) == done_here


def test_stopped_it_lets_go_of_the_endpoint(settled: User, paced: PacedServer, cluster: Cluster) -> None:
    path = settled.notebook("x = 1")
    before = path.read_bytes()
    paced.answer, paced.rate_tok_s = code_answer(3000), 100.0
    process = settled.start("refactor", path, WORDS, "--apply", "--cluster", cluster.address)
    wait_until(lambda: paced.records and paced.records[0].sent_tokens > 20, timeout_s=200)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "error: Stopped: 0 of 1 notebooks are done. The same command goes on with the rest."
    wait_until(lambda: paced.records[0].closed_at_s is not None, timeout_s=30)
    assert path.read_bytes() == before


def test_a_user_who_is_gone_lets_go_of_the_endpoint_too(settled: User, paced: PacedServer, cluster: Cluster) -> None:
    paced.answer, paced.rate_tok_s = code_answer(30000), 100.0
    process = settled.start("refactor", settled.notebook("x = 1"), WORDS, "--cluster", cluster.address)
    wait_until(lambda: paced.records and paced.records[0].sent_tokens > 20, timeout_s=200)
    process.kill()
    process.communicate()
    wait_until(lambda: paced.records[0].closed_at_s is not None, timeout_s=60)


def test_a_workers_verification_comes_back(settled: User, cluster: Cluster) -> None:
    path = settled.notebook("df = 1", "print(df)", "import os\nos.getpid()")
    words = "rename df to orders"
    done = settled.run("refactor", path, words, "--apply", "--verify", "run", "--cluster", cluster.address, "--json")
    assert done.status == 0, done.err
    (row,) = done.json["notebooks"]
    assert row["applied"] and row["verification"]["holds"]
    assert [cell["verdict"] for cell in row["verification"]["cells"]] == ["same", "same", "varies"]
    assert b"print(orders)" in path.read_bytes()


def test_one_that_fails_is_told_and_stops_no_other(settled: User, paced: PacedServer, cluster: Cluster) -> None:
    paced.answer = "I have no plan."
    paths = [settled.notebook("df = 1", name="a.ipynb"), settled.home / "gone.ipynb", settled.home / "bad.ipynb"]
    paths[2].write_text("{}")
    done = settled.run("refactor", *paths, "make it good", "--cluster", cluster.address)
    assert done.status == 1
    told = [line for line in done.err_lines if line.startswith("error:")]
    assert len(told) == 3
    assert any("a.ipynb: The answer holds no plan." in line for line in told)


def test_what_no_worker_sees_is_not_run(settled: User, cluster: Cluster) -> None:
    work = NotebookWork(
        path="/nowhere/nb.ipynb",
        data=settled.notebook("df = 1").read_bytes(),
        instruction="rename df to orders",
        profile=load_settings(settled.config).profile("p"),
        verify="run",
    )
    with connected(cluster.address) as client:
        ((number, error),) = work_on_cluster(client, [(7, work)])
    assert number == 7
    assert isinstance(error, SparkError) and error.code == "not_seen"


# --- what is not there -----------------------------------------------------------------------------


def assert_refused(user: User, address: str, *words: str) -> None:
    """One line, before anything is done."""
    done = user.run("refactor", user.notebook("df = 1"), "rename df to orders", "--apply", "--cluster", address)
    assert done.status == 1
    (line,) = done.err_lines
    assert line.startswith("error: ")
    assert all(word in line for word in words), line


def test_without_distributed(settled: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert_refused(settled, "tcp://127.0.0.1:1", "distributed is not installed", "jupyter-spark-ai[cluster]")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:1", "nonsense://there", "", "no such host"])
def test_nobody_there(settled: User, address: str) -> None:
    assert_refused(settled, address, f"No Dask scheduler answers at '{address}'")


def test_another_server_is_there(settled: User, paced: PacedServer) -> None:
    assert_refused(settled, f"{paced.host}:{paced.port}", "No Dask scheduler answers")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise ImportError('no such thing here')", ("has no jupyter_spark", "pip install jupyter-spark-ai==")),
        ("__version__ = '0.0.1'", ("has jupyter_spark 0.0.1", "and here it is")),
    ],
)
def test_a_worker_that_cannot_do_it(settled: User, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    module = tmp_path / "other" / "jupyter_spark" / "__init__.py"
    module.parent.mkdir(parents=True)
    module.write_text(text)
    with a_cluster(tmp_path, workers=1, path=tmp_path / "other") as running:
        assert_refused(settled, running.address, *words)


def test_a_scheduler_that_goes_away_is_told(settled: User, paced: PacedServer, tmp_path: Path) -> None:
    paced.answer, paced.rate_tok_s = code_answer(30000), 100.0
    paths = [settled.notebook("x = 1", name=f"nb{number}.ipynb") for number in range(34)]
    with a_cluster(tmp_path, workers=1) as running:
        process = settled.start("refactor", *paths, WORDS, "--apply", "--cluster", running.address)
        wait_until(lambda: paced.records and paced.records[0].sent_tokens > 20, timeout_s=200)
        running.scheduler.kill()
        _, err = process.communicate(timeout=240)
    assert process.returncode == 1
    lines = [line for line in err.splitlines() if not line.startswith("Cluster")]
    assert len(lines) == len(paths), err
    for path in paths:
        assert any(f"{path}: The cluster is gone" in line for line in lines), path
