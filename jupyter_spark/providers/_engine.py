"""One engine process per user and model, shared by all kernels and servers: start or join it, keep it, end it."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_spark.errors import ConfigError, LocalModelError
from jupyter_spark.providers._engine_files import (
    EngineAddress,
    EngineFiles,
    address_of,
    all_files,
    files_of,
    is_alive,
    log_reason,
    read_record,
)

IDLE_S = 900.0
LOAD_TIMEOUT_S = 120.0
HEALTH_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
POLL_S = 0.03
# Finds this package where the kernel found it, installed or not, after everything else on the path.
_PROGRAM = """import sys; sys.path.append(sys.argv[1])
from jupyter_spark.providers._engine_main import main; sys.exit(main())"""

__all__ = ["EngineAddress", "EngineStatus", "engine_status", "ensure_engine", "stop_engine", "touch_engine"]


@dataclass(frozen=True)
class EngineStatus:
    """A living engine, as ``engine_status`` found it; it ends after ``idle_limit_s`` without work."""

    pid: int
    model: Path
    base_url: str
    idle_for_s: float
    idle_limit_s: float
    log_file: Path


async def ensure_engine(
    model: Path, *, idle_s: float | None = None, load_timeout_s: float = LOAD_TIMEOUT_S
) -> EngineAddress:
    """Return the address of the model's engine: the one that runs, or a new one.

    Parameters
    ----------
    model : Path
        A GGUF file.
    idle_s : float, optional
        After how many seconds without work a new engine ends; ``JUPYTER_SPARK_ENGINE_IDLE_S``, else 900.
    load_timeout_s : float
        How long the engine may take to load the model, in seconds.

    Raises
    ------
    LocalModelError
        The engine's package is missing (``no_engine``), or the engine cannot start (``engine_failed``).
    """
    wait = _Wait(load_timeout_s)
    try:
        return await asyncio.to_thread(_ensure, model, _idle_limit(idle_s), wait)
    except asyncio.CancelledError:
        wait.given_up.set()  # the thread returns; the engine goes on loading and is joined by the next turn
        raise


def touch_engine(address: EngineAddress | None = None) -> None:
    """Tell an engine (without an address: every engine) that it is in use. Takes microseconds, never fails."""
    with suppress(OSError, LocalModelError):
        for file in [address.runtime_file] if address else [files.runtime for files in all_files()]:
            os.utime(file)


def engine_status() -> tuple[EngineStatus, ...]:
    """Return the engines that live."""
    found = []
    for files in all_files():
        if (record := read_record(files)) and _lives(files, record):
            with suppress(OSError):  # it ended just now
                idle_for_s = max(0.0, time.time() - files.runtime.stat().st_mtime)
                at = address_of(files, record)
                limit_s = float(record.get("idle_s", IDLE_S))
                found.append(EngineStatus(at.pid, at.model, at.base_url, idle_for_s, limit_s, files.log))
    return tuple(found)


async def stop_engine(model: Path | None = None) -> int:
    """End the engine of a model, or every engine of the user's; return how many were ended."""
    chosen = all_files() if model is None else [files_of(model)]
    return sum([await asyncio.to_thread(_stop, files) for files in chosen])


# --- start or join ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wait:
    """How long to wait for an engine, and whether anybody still does."""

    timeout_s: float
    given_up: threading.Event = field(default_factory=threading.Event)
    begun_s: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self.begun_s > self.timeout_s

    def pause(self) -> None:
        if self.given_up.wait(POLL_S):
            raise LocalModelError("Nobody waits for the engine any more.", code="stopped")


def _ensure(model: Path, idle_s: float, wait: _Wait) -> EngineAddress:
    from filelock import FileLock, Timeout

    files = files_of(model)
    try:
        with FileLock(files.start_lock, mode=0o600).acquire(timeout=wait.timeout_s, poll_interval=POLL_S):
            return _join(files, wait) or _start(files, model, idle_s, wait)
    except Timeout:
        raise _too_slow(files, wait) from None


def _join(files: EngineFiles, wait: _Wait) -> EngineAddress | None:
    """Return the living engine's address, waiting for one that is still loading; clear away what a dead one left."""
    while is_alive(files):
        if record := read_record(files):
            address = address_of(files, record)
            if _answers(address):
                touch_engine(address)
                return address
            _end_process(address.pid, files)
        if wait.is_over:
            raise _too_slow(files, wait)
        wait.pause()
    files.runtime.unlink(missing_ok=True)
    return None


def _start(files: EngineFiles, model: Path, idle_s: float, wait: _Wait) -> EngineAddress:
    if importlib.util.find_spec("xllamacpp") is None:
        raise LocalModelError(
            "The package that runs the built-in model is not installed.",
            'Run: pip install "jupyter-spark-ai[local]" (and restart the kernel), or set a key for an endpoint.',
            code="no_engine",
        )
    process = _spawn(files, model, idle_s)
    # Reaps the process whenever it ends, so that no zombie stays in the user's kernel.
    threading.Thread(target=process.wait, name="spark-engine-reaper", daemon=True).start()
    while not (record := read_record(files)):
        if process.poll() is not None:
            raise _died(files, process.returncode)
        if wait.is_over:
            process.kill()
            raise _too_slow(files, wait)
        wait.pause()
    return address_of(files, record)


def _spawn(files: EngineFiles, model: Path, idle_s: float) -> subprocess.Popen[bytes]:
    launch = {
        "model": str(model.resolve()),
        "key": secrets.token_urlsafe(32),
        "idle_s": idle_s,
        "runtime_file": str(files.runtime),
        "start_lock": str(files.start_lock),
        "alive_lock": str(files.alive_lock),
    }
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    log = os.open(files.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        # Its own directory, so that no file of the user's (a random.py beside a notebook) is imported by it; and no
        # endpoint's key in the environment of a process that outlives the kernel.
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(Path(__file__).parents[2])],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=files.runtime.parent,
            env={name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
            **options,
        )
    finally:
        os.close(log)
    assert process.stdin is not None  # noqa: S101 - for the type checker
    with suppress(BrokenPipeError), process.stdin as stdin:  # it died already: the log says why
        stdin.write(json.dumps(launch).encode() + b"\n")
    return process


def _answers(address: EngineAddress) -> bool:
    """Whether the engine answers, and to this key."""
    connection = http.client.HTTPConnection(address.base_url.split("/")[2], timeout=HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {address.api_key}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# --- end -------------------------------------------------------------------------------------------


def _lives(files: EngineFiles, record: dict[str, Any]) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(files.start_lock, mode=0o600).acquire(timeout=0.2, poll_interval=POLL_S):
            return is_alive(files)
    except Timeout:  # somebody starts or joins it at this moment
        return _answers(address_of(files, record))


def _stop(files: EngineFiles) -> int:
    from filelock import FileLock

    with FileLock(files.start_lock, mode=0o600).acquire(timeout=LOAD_TIMEOUT_S, poll_interval=POLL_S):
        record = read_record(files)
        lived = record is not None and is_alive(files)
        if record is not None and lived:
            _end_process(address_of(files, record).pid, files)
        files.runtime.unlink(missing_ok=True)
        return int(lived)


def _end_process(pid: int, files: EngineFiles) -> None:
    """End the process that holds the alive lock, gently first."""
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < deadline_s:
            if not is_alive(files):
                return
            time.sleep(POLL_S)


# --- what went wrong -------------------------------------------------------------------------------


def _idle_limit(idle_s: float | None) -> float:
    if idle_s is not None:
        return idle_s
    text = os.environ.get("JUPYTER_SPARK_ENGINE_IDLE_S", "").strip() or str(IDLE_S)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ConfigError(f"JUPYTER_SPARK_ENGINE_IDLE_S is '{text}'.", "Set it to a number of seconds above 0.")
    return value


def _died(files: EngineFiles, status: int) -> LocalModelError:
    if status == -getattr(signal, "SIGILL", 4):
        message = "The engine cannot run on this processor (it needs AVX2)."
        return LocalModelError(message, "Set a key for an endpoint.", code="engine_failed")
    return LocalModelError(
        f"The engine ended while it loaded the model (status {status}): {log_reason(files.log)}",
        f"The whole log: {files.log}",
        code="engine_failed",
    )


def _too_slow(files: EngineFiles, wait: _Wait) -> LocalModelError:
    return LocalModelError(
        f"The engine did not get ready within {wait.timeout_s:.0f} s: {log_reason(files.log)}",
        f"Try again, or take a smaller model. The whole log: {files.log}",
        code="engine_failed",
    )
