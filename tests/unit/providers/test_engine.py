"""The engine's process, its files and locks: real processes, with a small stand-in for the package that computes."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from jupyter_spark.errors import ConfigError, LocalModelError
from jupyter_spark.providers import _engine, _engine_files, _engine_main
from jupyter_spark.providers._engine import EngineAddress, engine_status, ensure_engine, stop_engine, touch_engine

# What the engine's own package would do, without a model: the model's file says how it behaves.
STAND_IN = """
import json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace as Space

common_speculative_type = Space(COMMON_SPECULATIVE_TYPE_NGRAM_MAP_K=7)

class CommonParams(Space):
    def __init__(self):
        super().__init__(model=Space(path=""), cpuparams=Space(), cpuparams_batch=Space(),
                         speculative=Space(ngram_map_k=Space()))

class Server:
    def __init__(self, params):
        script = open(params.model.path).read()
        if "broken" in script:
            print("0.00.1 W a warning\\n0.00.2 E load: the tensors are upside down", file=sys.stderr, flush=True)
            raise RuntimeError("Failed to init server")
        if "illegal" in script:
            os.kill(os.getpid(), 4)
        if "slow" in script:
            print("0.00.1 I still loading", flush=True)
            time.sleep(60)
        busy = "busy" in script
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                good = self.headers.get("Authorization") == "Bearer " + params.api_keys[0]
                body = json.dumps([{"is_processing": busy}] if self.path == "/slots" else {}).encode()
                self.send_response(200 if good else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *args):
                pass
        assert params.hostnames == ["127.0.0.1"] and params.cors_origins == "" and params.cache_ram_mib < 1000
        http = ThreadingHTTPServer(("127.0.0.1", params.port), Handler)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        self.listening_address = "http://127.0.0.1:%d" % http.server_address[1]
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory of the test's own, whose engines end with it."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "xllamacpp.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(package))
    monkeypatch.setenv("PYTHONPATH", str(package))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.delenv("JUPYTER_SPARK_ENGINE_IDLE_S", raising=False)
    yield tmp_path / "runtime" / "jupyter_spark"
    asyncio.run(stop_engine())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path, "good")


def write_model(folder: Path, script: str) -> Path:
    path = folder / f"{script}.gguf"
    path.write_text(f"GGUF {script}")
    return path


def ensure(model: Path, **options: float) -> EngineAddress:
    return asyncio.run(ensure_engine(model, **options))


def status_of(address: EngineAddress, key: str) -> int:
    connection = http.client.HTTPConnection(address.base_url.split("/")[2], timeout=10)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status
    finally:
        connection.close()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that must come; the test's own limit ends it if it does not."""
    while not holds():
        time.sleep(0.02)


def is_gone(address: EngineAddress) -> bool:
    """Whether the engine's process has let go of its lock, as it does however it ends."""
    return not _engine_files.is_alive(_engine_files.EngineFiles(address.runtime_file))


def test_an_engine_starts_and_answers_to_its_key_only(model: Path) -> None:
    address = ensure(model)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", address.base_url)
    assert status_of(address, address.api_key) == 200
    assert status_of(address, "wrong") == 401
    assert address.model == model
    assert address.api_key not in repr(address)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_files_are_the_owners_alone(model: Path, runtime: Path) -> None:
    runtime.mkdir(parents=True)
    runtime.chmod(0o755)
    ensure(model)
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in runtime.iterdir()} == {
        path.name: 0o600 for path in runtime.iterdir()
    }
    assert {path.suffix for path in runtime.iterdir()} == {".json", ".lock", ".alive", ".log"}


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
def test_no_key_is_on_the_command_line_or_in_the_environment(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    address = ensure(model)
    process = Path(f"/proc/{address.pid}")
    seen = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
    assert b"_engine_main" in seen
    assert address.api_key.encode() not in seen
    assert b"sk-of-the-user" not in seen


def test_a_second_start_joins_the_first(model: Path) -> None:
    assert ensure(model) == ensure(model)


def test_many_starts_at_once_give_one_engine(model: Path) -> None:
    async def start() -> list[EngineAddress]:
        return list(await asyncio.gather(*(ensure_engine(model) for _ in range(4))))

    assert len(set(asyncio.run(start()))) == 1


def test_another_process_joins_the_same_engine(model: Path) -> None:
    address = ensure(model)
    code = (
        "import asyncio, sys; from pathlib import Path; from jupyter_spark.providers._engine import ensure_engine;"
        "print(asyncio.run(ensure_engine(Path(sys.argv[1]))).pid)"
    )
    root = Path(_engine.__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=True, cwd=root)
    assert int(ran.stdout) == address.pid


def test_another_model_has_its_own_engine(tmp_path: Path, model: Path) -> None:
    assert ensure(model).pid != ensure(write_model(tmp_path, "other")).pid
    assert len(engine_status()) == 2


def test_a_replaced_model_file_is_not_served_from_the_old_one(model: Path) -> None:
    first = ensure(model)
    model.write_text("GGUF good, and newer")
    assert ensure(model).pid != first.pid


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_a_killed_engine_is_started_anew(model: Path) -> None:
    first = ensure(model)
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(first))
    assert engine_status() == ()
    second = ensure(model)
    assert second.pid != first.pid
    assert second.api_key != first.api_key
    assert status_of(second, second.api_key) == 200


def test_a_stale_runtime_file_is_replaced_and_its_process_left_alone(model: Path) -> None:
    """The process id of a dead engine may belong to another process by now: here to one that must live."""
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        files = _engine_files.files_of(model)
        files.runtime.write_text(json.dumps({"port": 1, "key": "old", "pid": bystander.pid, "model": str(model)}))
        assert engine_status() == ()
        assert ensure(model).api_key != "old"
        assert asyncio.run(stop_engine(model)) == 1
        files.runtime.write_text(json.dumps({"port": 1, "key": "old", "pid": bystander.pid, "model": str(model)}))
        assert asyncio.run(stop_engine(model)) == 0
        assert bystander.poll() is None
    finally:
        bystander.communicate(b"\n")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"port": "x", "key": "k", "pid": 1, "model": "m"}', "\xff"])
def test_a_damaged_runtime_file_is_replaced(model: Path, text: str) -> None:
    _engine_files.files_of(model).runtime.write_text(text, "latin-1")
    address = ensure(model)
    assert status_of(address, address.api_key) == 200


@pytest.mark.skipif(os.name != "posix", reason="SIGSTOP is POSIX's")
def test_an_engine_that_hangs_is_replaced(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_engine, "HEALTH_TIMEOUT_S", 0.2)
    monkeypatch.setattr(_engine, "STOP_TIMEOUT_S", 0.2)
    first = ensure(model)
    os.kill(first.pid, signal.SIGSTOP)
    second = ensure(model)
    assert second.pid != first.pid
    assert is_gone(first) is False  # the lock is the second's now: the first one cannot hold it as well
    assert engine_status()[0].pid == second.pid


def test_a_broken_model_says_what_the_log_says(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match=r"load: the tensors are upside down.*log") as caught:
        ensure(write_model(tmp_path, "broken"))
    assert caught.value.code == "engine_failed"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_illegal_instruction_names_the_processor(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match="AVX2"):
        ensure(write_model(tmp_path, "illegal"))


def test_loading_is_bounded_and_says_the_logs_last_line(tmp_path: Path) -> None:
    slow = write_model(tmp_path, "slow")
    with pytest.raises(LocalModelError, match=r"not get ready within 3 s: 0\.00\.1 I still loading"):
        ensure(slow, load_timeout_s=3)
    files = _engine_files.files_of(slow)
    wait_until(lambda: not _engine_files.is_alive(files))  # and nothing of it stays behind


def test_a_cancelled_start_returns_and_the_next_one_joins_it(model: Path) -> None:
    async def cancel() -> None:
        task = asyncio.create_task(ensure_engine(model))
        while not _engine_files.files_of(model).log.exists():
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    address = ensure(model)
    assert status_of(address, address.api_key) == 200
    assert len(engine_status()) == 1


def test_a_missing_engine_package_says_what_to_install(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalModelError, match=r'pip install "jupyter-spark-ai\[local\]"') as caught:
        ensure(model)
    assert caught.value.code == "no_engine"


def test_a_missing_model_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match=r"none\.gguf cannot be read") as caught:
        ensure(tmp_path / "none.gguf")
    assert caught.value.code == "no_model_file"


def test_an_idle_engine_ends_and_takes_its_runtime_file_along(model: Path) -> None:
    address = ensure(model, idle_s=0.4)
    wait_until(lambda: not address.runtime_file.exists())
    wait_until(lambda: is_gone(address))


def test_a_touched_engine_lives_on(model: Path) -> None:
    address = ensure(model, idle_s=1.0)
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < 3.0:
        touch_engine(address)
        time.sleep(0.05)
    assert status_of(address, address.api_key) == 200
    assert [engine.pid for engine in engine_status()] == [address.pid]


def test_an_engine_that_works_is_not_idle(tmp_path: Path) -> None:
    address = ensure(write_model(tmp_path, "busy"), idle_s=0.4)
    old_s = time.time() - 100
    os.utime(address.runtime_file, (old_s, old_s))
    wait_until(lambda: address.runtime_file.stat().st_mtime > old_s + 50)  # it found itself at work, and stays
    assert status_of(address, address.api_key) == 200


def test_an_idle_engine_does_not_end_while_somebody_joins(model: Path) -> None:
    address = ensure(model, idle_s=0.4)
    files = _engine_files.EngineFiles(address.runtime_file)
    with FileLock(files.start_lock):
        time.sleep(1.5)
        assert status_of(address, address.api_key) == 200
    wait_until(lambda: not address.runtime_file.exists())


def test_an_engine_whose_runtime_file_was_removed_ends(model: Path) -> None:
    address = ensure(model, idle_s=2.0)
    address.runtime_file.unlink()
    wait_until(lambda: is_gone(address))


def test_stop_and_status(model: Path) -> None:
    address = ensure(model, idle_s=60)
    (engine,) = engine_status()
    assert (engine.pid, engine.model, engine.base_url) == (address.pid, model, address.base_url)
    assert engine.idle_limit_s == 60
    assert asyncio.run(stop_engine()) == 1
    assert engine_status() == ()
    assert is_gone(address)
    assert asyncio.run(stop_engine(model)) == 0


def test_asking_from_many_threads_never_mistakes_or_disturbs_a_start(model: Path) -> None:
    done = threading.Event()
    seen: list[set[int]] = []

    def ask() -> None:
        while not done.is_set():
            seen.append({engine.pid for engine in engine_status()})

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        pids = {ensure(model).pid for _ in range(10)}
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert len(pids) == 1
    assert set().union(*seen) <= pids


@pytest.mark.parametrize("text", ["soon", "0", "-3", "inf"])
def test_a_wrong_idle_time_is_said(model: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("JUPYTER_SPARK_ENGINE_IDLE_S", text)
    with pytest.raises(ConfigError, match="JUPYTER_SPARK_ENGINE_IDLE_S"):
        ensure(model)


def test_the_environment_sets_the_idle_time(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_SPARK_ENGINE_IDLE_S", "77")
    ensure(model)
    assert engine_status()[0].idle_limit_s == 77


def test_threads_keep_to_the_limits_of_a_container(tmp_path: Path) -> None:
    limit = tmp_path / "cpu.max"
    limit.write_text("100000 100000\n")
    assert _engine_main.count_threads(limit) == 1
    limit.write_text("max 100000\n")
    assert 1 <= _engine_main.count_threads(limit) <= _engine_main.MAX_THREADS


def test_a_processor_without_avx2_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_engine_main.platform, "machine", lambda: "x86_64")
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nflags : fpu sse4_2 avx\n")
    assert "no AVX2" in _engine_main.missing_instructions(info)
    info.write_text("processor : 0\nflags : fpu avx avx2 fma\n")
    assert _engine_main.missing_instructions(info) == ""
    assert _engine_main.missing_instructions(tmp_path / "none") == ""


def test_the_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    code = (
        "import os; from jupyter_spark.providers import _engine_main as m; m.LOG_MAX_BYTES = 100;"
        "os.write(1, b'x' * 101); m._bound_log(); os.write(1, b'end')"
    )
    with log.open("ab") as file:
        root = Path(_engine.__file__).parents[2]
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True, cwd=root)
    assert log.read_bytes() == b"end"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.1 W first\n0.2 E real reason\n0.3 E later\n", "real reason"),
        ("a\nE bare reason\n", "bare reason"),
        ("one\ntwo\n\n", "two"),
        ("", "its log is empty"),
    ],
)
def test_the_telling_line_of_a_log(tmp_path: Path, text: str, reason: str) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    assert _engine_files.log_reason(log) == reason
    assert _engine_files.log_reason(tmp_path / "none") == "its log is empty"
