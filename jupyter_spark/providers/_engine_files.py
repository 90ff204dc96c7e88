"""The files by which an engine is found: its address and key, and the locks that say who starts it and that it lives.

They lie in a directory that only the user can enter: the runtime file (address, key, process id; there once the engine
answers), the start lock (held by whoever starts, joins, asks after or ends an engine), the alive lock (held by the
engine for life, so that neither a crash nor a reused process id is taken for a living engine) and the log.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_spark.errors import LocalModelError


@dataclass(frozen=True)
class EngineAddress:
    """Where a living engine answers; ``base_url`` ends in ``/v1``."""

    base_url: str
    api_key: str = field(repr=False)
    pid: int
    model: Path
    runtime_file: Path


@dataclass(frozen=True)
class EngineFiles:
    """The files of one model's engine, named after its runtime file."""

    runtime: Path

    @property
    def start_lock(self) -> Path:
        """Held while an engine is started, joined, asked after or ended."""
        return self.runtime.with_suffix(".lock")

    @property
    def alive_lock(self) -> Path:
        """Held by the engine for life."""
        return self.runtime.with_suffix(".alive")

    @property
    def log(self) -> Path:
        """What the engine prints."""
        return self.runtime.with_suffix(".log")


def runtime_dir() -> Path:
    """Return the directory of all engines' files, made if need be, closed to others."""
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir()) / "jupyter_spark"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise LocalModelError(
            f"The engine's directory {folder} cannot be used: {error.strerror or error}.",
            "Set JUPYTER_RUNTIME_DIR to a directory of your own.",
        ) from None
    return folder


def files_of(model: Path) -> EngineFiles:
    """Return the files of a model's engine: by host (homes are shared), path, size and time of the model's file."""
    try:
        path = model.resolve()
        found = path.stat()
    except OSError as error:
        raise LocalModelError(
            f"The model file {model} cannot be read: {error.strerror or error}.",
            "Run: jupyter spark model pull 0.5b",
            code="no_model_file",
        ) from None
    identity = f"{platform.node()}\0{path}\0{found.st_size}\0{found.st_mtime_ns}"
    digest = hashlib.sha256(identity.encode()).hexdigest()
    return EngineFiles(runtime_dir() / f"{_prefix()}{digest[:12]}.json")


def _prefix() -> str:
    return f"engine-{hashlib.sha256(platform.node().encode()).hexdigest()[:6]}-"


def all_files() -> list[EngineFiles]:
    """Return the files of every engine on this host that has a runtime file."""
    return [EngineFiles(path) for path in sorted(runtime_dir().glob(f"{_prefix()}*.json"))]


def read_record(files: EngineFiles) -> dict[str, Any] | None:
    """Return what the runtime file says, or None if there is none that can be read."""
    try:
        record = json.loads(files.runtime.read_bytes())
    except (OSError, ValueError):
        return None
    kinds = {"port": int, "pid": int, "key": str, "model": str}
    whole = isinstance(record, dict) and all(isinstance(record.get(name), kind) for name, kind in kinds.items())
    return record if whole else None


def address_of(files: EngineFiles, record: dict[str, Any]) -> EngineAddress:
    """Return the address that a record gives."""
    base_url = f"http://127.0.0.1:{int(record['port'])}/v1"
    return EngineAddress(base_url, str(record["key"]), int(record["pid"]), Path(record["model"]), files.runtime)


def is_alive(files: EngineFiles) -> bool:
    """Whether an engine holds the alive lock.

    Ask only while you hold the start lock: asking takes the alive lock for a moment, which another would see.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(files.alive_lock, mode=0o600).acquire(timeout=0):
            return False
    except Timeout:
        return True


def log_reason(log: Path) -> str:
    """Return the log's line that tells most: its first error, else its last line."""
    try:
        lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    errors = (match[1] for line in lines if (match := re.match(r"(?:[\d.]+ )?E +(.+)", line)))
    return next(errors, lines[-1] if lines else "its log is empty")
