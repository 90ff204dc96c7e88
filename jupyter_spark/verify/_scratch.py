"""A scratch copy of a notebook's folder, in which it may write as it likes.

Files are copied, never linked: through a hard or symbolic link the notebook would write into the user's own files.
Where the file system can share the blocks of two files until one is written to (Btrfs, XFS), a copy costs nothing and
does not count. What is not copied is told.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_FILES = 20_000
_LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", ".ipynb_checkpoints", "__pycache__", "node_modules", ".mypy_cache", ".tox"}
)
_TOLD = 5
# What Linux calls it: linux/fs.h.
_FICLONE = 0x40049409
_UPWARDS = re.compile(r"""(?<![\w.])\.\.(?:["']?\s*[,/]\s*["']?\.\.(?![\w.]))*(?=["'/\\])""")


@dataclass(frozen=True)
class _Found:
    path: Path
    size_bytes: int


def copy_folder(folder: Path, target: Path, sources: Sequence[str], limit_bytes: int) -> tuple[str, ...]:
    """Copy a notebook's folder.

    Parameters
    ----------
    folder : Path
        The folder to copy.
    target : Path
        Where to; it is made.
    sources : sequence of str
        The notebook's cells: files that they name are copied first.
    limit_bytes : int
        How much is copied at most, together.

    Returns
    -------
    tuple of str
        One line for each kind of thing that was not copied; empty if everything was.
    """
    target.mkdir(parents=True)
    code = "\n".join(sources)
    found: list[_Found] = []
    untold = False
    for file in _walk(folder):
        if len(found) == MAX_FILES:
            untold = True
            break
        found.append(file)
    # What the notebook names goes first, then the small: a large file may be what there is no room for.
    found.sort(key=lambda file: (file.path.name not in code and file.path.stem not in code, file.size_bytes))
    left_bytes, missed, unread = limit_bytes, [], []
    for file in found:
        copy = target / file.path.relative_to(folder)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            if _share_blocks(file.path, copy):
                pass
            elif file.size_bytes > left_bytes:
                missed.append(file)
                continue
            else:
                shutil.copyfile(file.path, copy)
                left_bytes -= file.size_bytes
            shutil.copystat(file.path, copy)
        except OSError:
            unread.append(file)
    return tuple(_told(folder, missed, unread, limit_bytes, untold))


def folder_to_copy(folder: Path, sources: Sequence[str]) -> Path:
    """Return the notebook's folder, or the one above it that its cells reach by ``../``.

    Never the user's home, nor what is above it, nor a file system's root: those are not a project.
    """
    levels = max((_levels(source) for source in sources), default=0)
    for _ in range(levels):
        above = folder.parent
        if above == folder or above == Path(above.anchor) or Path.home().is_relative_to(above):
            break
        folder = above
    return folder


def _levels(source: str) -> int:
    """How many folders the deepest ``../../`` or ``"..", ".."`` of a text goes up."""
    return max((found[0].count("..") for found in _UPWARDS.finditer(source)), default=0)


def _walk(folder: Path) -> Iterator[_Found]:
    """All files below, through links too, each folder once."""
    seen: set[tuple[int, int]] = set()
    for root, names, files in os.walk(folder, followlinks=True):
        here = Path(root).stat()
        # On Windows without numbers of files a loop of links ends at the length of a path.
        if (here.st_dev, here.st_ino) in seen and here.st_ino:
            names[:] = []
            continue
        seen.add((here.st_dev, here.st_ino))
        names[:] = sorted(n for n in names if n not in _LEFT_OUT and not (Path(root, n) / "pyvenv.cfg").exists())
        for name in sorted(files):
            path = Path(root, name)
            try:
                status = path.stat()
            except OSError:  # a link to nothing
                continue
            if stat.S_ISREG(status.st_mode):
                yield _Found(path, status.st_size)


def _share_blocks(source: Path, copy: Path) -> bool:
    """Make a copy that shares its blocks with the source until one of them is written to; False if there is no way."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        with source.open("rb") as read, copy.open("wb") as written:
            fcntl.ioctl(written.fileno(), _FICLONE, read.fileno())
    except OSError:
        copy.unlink(missing_ok=True)
        return False
    return True


def _told(
    folder: Path, missed: Sequence[_Found], unread: Sequence[_Found], limit_bytes: int, many: bool
) -> Iterator[str]:
    if missed:
        yield (
            f"Not copied, as more than {_size(limit_bytes)} would be: {_names(folder, missed)}. "
            "Cells that read them fail before and after."
        )
    if unread:
        yield f"Not copied, as they cannot be read: {_names(folder, unread)}."
    if many:
        yield f"Only the first {MAX_FILES} files of {folder} were copied."


def _names(folder: Path, files: Sequence[_Found]) -> str:
    shown = [f"{file.path.relative_to(folder)} ({_size(file.size_bytes)})" for file in files[:_TOLD]]
    return ", ".join(shown) + (f" and {len(files) - _TOLD} more" if len(files) > _TOLD else "")


def _size(count_bytes: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count_bytes >= factor:
            return f"{count_bytes / factor:.1f} {unit}"
    return f"{count_bytes} bytes"
