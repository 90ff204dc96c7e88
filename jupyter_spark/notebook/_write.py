"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook._read import read_bytes, reason


def require_writable(path: str | os.PathLike[str]) -> None:
    """Raise now what ``write_atomically`` would: a file that is gone, or one that may not be written where it lies.

    Raises
    ------
    NotebookError
        No such file (code ``no_file``), or no right to write it or its folder.
    """
    real = Path(os.path.realpath(path))
    if not real.exists():
        raise _gone(path)
    if not os.access(real, os.W_OK):
        raise _read_only(path)
    if not os.access(real.parent, os.W_OK | os.X_OK):
        raise NotebookError(
            f"{path} cannot be written: its folder {real.parent} is read-only.",
            f"Allow writing: chmod u+w {real.parent}",
        )


def write_atomically(path: str | os.PathLike[str], data: bytes, expected: bytes) -> None:
    """Replace a file's content in one step, keeping its mode; a symbolic link stays one.

    Parameters
    ----------
    path : path
        The file, which exists.
    data : bytes
        The new content.
    expected : bytes
        The content that the change was made from.

    Raises
    ------
    NotebookError
        The file is no longer as expected (code ``changed_meanwhile``), or cannot be written. It is then untouched.
    """
    real = Path(os.path.realpath(path))
    try:
        before = real.stat()
        if not os.access(real, os.W_OK):
            raise _read_only(path)
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:100]}.", suffix=".tmp")
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _keep_rights(name, before)
        # As late as possible: whoever saves in the meantime keeps what they saved.
        if not real.exists():
            raise _gone(path)
        if read_bytes(real) != expected:
            raise NotebookError(
                f"{path} was changed by somebody else meanwhile.",
                "Nothing was written; look at it and try again.",
                code="changed_meanwhile",
            )
        os.replace(name, real)  # noqa: PTH105 - the name is mkstemp's
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        Path(name).unlink(missing_ok=True)
    _sync_directory(real.parent)


def _keep_rights(name: str, before: os.stat_result) -> None:
    made = Path(name).stat()
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(OSError):  # only root may give a file away; the content matters more
            os.chown(name, before.st_uid, before.st_gid)
    Path(name).chmod(stat.S_IMODE(before.st_mode))


def _sync_directory(directory: Path) -> None:
    """Make the new name durable, where the system knows how to."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_only(path: str | os.PathLike[str]) -> NotebookError:
    return NotebookError(f"{path} is read-only.", f"Allow writing: chmod u+w {path}")


def _gone(path: str | os.PathLike[str]) -> NotebookError:
    return NotebookError(f"{path} is gone.", "Bring it back, or name the file that took its place.", code="no_file")


def _cannot_write(path: str | os.PathLike[str], error: OSError) -> NotebookError:
    if isinstance(error, FileNotFoundError):
        return _gone(path)
    return NotebookError(f"{path} cannot be written: {reason(error)}.", "Mend its rights, or free some space.")
