"""What runs in the engine's own process: one llama.cpp server for one model, until nobody has used it for a while.

Its parent writes one line of JSON to standard input (so that the key is on no command line and in no environment).
Standard output and error are the log. The runtime file appears only once the server answers.
"""

from __future__ import annotations

import http.client
import importlib
import json
import os
import platform
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

LOG_MAX_BYTES = 1_000_000
# Two cells at once, each with the whole of its context; a second kernel need not wait for the first.
SLOTS = 2
SLOT_CONTEXT_TOKENS = 4096
# Small batches: an interrupted prompt is let go of after 256 tokens, and measured no slower than 2048.
BATCH_TOKENS = 256
PROMPT_CACHE_MIB = 256
MAX_THREADS = 8


@dataclass(frozen=True)
class Launch:
    """What the parent asks for; ``idle_s`` is how long the engine stays without work, in seconds."""

    model: str
    key: str
    idle_s: float
    runtime_file: str
    start_lock: str
    alive_lock: str


def main() -> int:
    """Run the engine; the process's exit status is returned if it cannot start."""
    launch = Launch(**json.loads(sys.stdin.readline()))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Held for life, and let go of by the system however the process ends: that is how others know it lives.
    alive = FileLock(launch.alive_lock, mode=0o600)
    try:
        alive.acquire(timeout=10)
    except Timeout:
        return _fail("another engine for this model is running and has no runtime file")
    if lack := missing_instructions():
        return _fail(lack)
    try:
        server = _open_server(launch)
    except Exception as error:  # noqa: BLE001 - whatever the engine raises, the log's last line says it
        return _fail(f"{type(error).__name__}: {error}")
    address = urlsplit(server.listening_address)
    _write_runtime_file(launch, address.port or 0)
    _serve_until_idle(launch, address.netloc, stop)
    _forget(launch)
    # At once: the server's own end waits for running answers, and everybody has been told by the file's absence.
    os._exit(0)


def _fail(reason: str) -> int:
    print(f"E {reason}", file=sys.stderr, flush=True)  # noqa: T201 - standard error is the log
    return 3


def missing_instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return what the processor lacks, or nothing; without the check the engine dies of an illegal instruction."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ""
    try:
        flags = next(line for line in cpuinfo.read_text("ascii", "replace").splitlines() if line.startswith("flags"))
    except (OSError, StopIteration):
        return ""
    return "" if "avx2" in flags.split() else "this processor has no AVX2, which the local engine needs"


def count_threads(cgroup: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Return how many threads compute best: physical cores that this process may use, at most eight."""
    counts = [MAX_THREADS, os.cpu_count() or 1]
    with suppress(ImportError):  # it comes with ipykernel
        psutil: Any = importlib.import_module("psutil")
        counts.append(psutil.cpu_count(logical=False) or 1)
    if hasattr(os, "sched_getaffinity"):
        counts.append(len(os.sched_getaffinity(0)))
    with suppress(OSError, ValueError):  # "max 100000" has no number: no limit
        quota, period = cgroup.read_text("ascii").split()
        counts.append(round(int(quota) / int(period)))
    return max(1, min(counts))


def _open_server(launch: Launch) -> Any:
    # Threads that spin while they wait for each other starve as soon as anything else computes: with one core of two
    # taken, 0.4 tokens a second; asleep while they wait, 11. OpenMP reads this once, when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = launch.model
    params.n_ctx, params.n_parallel = SLOTS * SLOT_CONTEXT_TOKENS, SLOTS
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = count_threads()
    # The defaults are a server's for the whole world: no key, any origin, a page, 8 GiB of prompt cache.
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [launch.key]
    params.cors_origins, params.ui, params.offline = "", False, True
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.cache_prompt = params.prefill_assistant = params.warmup = params.endpoint_slots = True
    params.verbosity = 2  # warnings and errors; never a prompt
    params.fit_params = False  # probing for memory triples the load time of so small a model
    # A rewrite repeats most of its cell: guesses from the prompt's own 4-grams give half as much speed again.
    params.speculative.types = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_MAP_K]
    params.speculative.ngram_map_k.size_n, params.speculative.ngram_map_k.size_m = 4, 16
    return xllamacpp.Server(params)


def _write_runtime_file(launch: Launch, port: int) -> None:
    """Write the file at once whole and readable by its owner only."""
    path = Path(launch.runtime_file)
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.unlink(missing_ok=True)
    record = {"port": port, "key": launch.key, "pid": os.getpid(), "model": launch.model, "idle_s": launch.idle_s}
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(record, file)
    fresh.replace(path)


def _serve_until_idle(launch: Launch, netloc: str, stop: threading.Event) -> None:
    tick_s = min(2.0, launch.idle_s / 4)
    while not stop.wait(tick_s):
        _bound_log()
        owned = _owns_runtime_file(launch)
        if owned and not _is_idle(launch):
            continue
        if _is_busy(netloc, launch.key):
            if owned:
                os.utime(launch.runtime_file)
            continue
        if not owned or _retire(launch):
            return


def _retire(launch: Launch) -> bool:
    """Give up the runtime file, unless somebody is just about to join."""
    try:
        with FileLock(launch.start_lock, mode=0o600).acquire(timeout=0):
            if _is_idle(launch):
                _forget(launch)
                return True
    except Timeout:
        pass
    return False


def _is_idle(launch: Launch) -> bool:
    """Whether nobody has touched the runtime file for the idle time; a clock set back counts as use."""
    try:
        return time.time() - Path(launch.runtime_file).stat().st_mtime > launch.idle_s
    except OSError:
        return True


def _is_busy(netloc: str, key: str) -> bool:
    connection = http.client.HTTPConnection(netloc, timeout=30)
    try:
        connection.request("GET", "/slots", headers={"Authorization": f"Bearer {key}"})
        slots = json.loads(connection.getresponse().read())
        return any(slot["is_processing"] for slot in slots)
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):
        return False
    finally:
        connection.close()


def _owns_runtime_file(launch: Launch) -> bool:
    try:
        return bool(json.loads(Path(launch.runtime_file).read_bytes())["key"] == launch.key)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _forget(launch: Launch) -> None:
    if _owns_runtime_file(launch):
        Path(launch.runtime_file).unlink(missing_ok=True)


def _bound_log() -> None:
    with suppress(OSError):
        if os.fstat(1).st_size > LOG_MAX_BYTES:
            os.ftruncate(1, 0)
