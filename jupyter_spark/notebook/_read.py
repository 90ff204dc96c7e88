"""Read a notebook file, with the place of every cell in its text."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook._spans import (
    Container,
    Item,
    read_array,
    read_object,
    skip_space,
    splice,
    without_lone_surrogates,
)
from jupyter_spark.outputs import render_outputs
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Cell:
    """A cell and its place in the file's text."""

    index: int
    snapshot: CellSnapshot
    span: Container

    @property
    def source(self) -> Item | None:
        """The member that holds the cell's text, if there is one."""
        return self.span.member("source")


@dataclass(frozen=True)
class NotebookFile:
    """A notebook as it stands on disk: its bytes, their text (without a byte order mark), and its cells' places."""

    path: Path | None
    data: bytes
    text: str
    span: Container
    cells: tuple[Cell, ...]
    nbformat_minor: int
    language: str
    read_at_s: float

    def cell(self, cell_id: str) -> Cell:
        """Return the cell of that id (``CellSnapshot.cell_id``)."""
        for cell in self.cells:
            if cell.snapshot.cell_id == cell_id:
                return cell
        raise _no_cell(f"There is no cell with the id '{cell_id}'.", len(self.cells))

    def with_changes(self, changes: list[tuple[int, int, str]]) -> bytes:
        """Return the file's bytes with spans of its text exchanged."""
        bom = _BOM if self.data.startswith(_BOM) else b""
        return bom + splice(self.text, changes).encode()


# --- reading ---------------------------------------------------------------------------------------


def read_notebook(path: str | os.PathLike[str]) -> NotebookFile:
    """Read a notebook file.

    Raises
    ------
    NotebookError
        No such file, a directory, not a notebook, or of another major version than nbformat 4.
    """
    file = Path(path)
    return parse_notebook(read_bytes(file), file)


def parse_notebook(data: bytes, path: Path | None = None) -> NotebookFile:
    """Read a notebook from its bytes; ``path`` is for messages and the snapshot."""
    name = str(path) if path else "The notebook"
    read_at_s = time.time()
    try:
        text = data.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise _not_a_notebook(f"{name} is not UTF-8 text (byte {error.start}).") from None
    start = skip_space(text, 0)
    if start == len(text):
        raise _not_a_notebook(f"{name} is empty.")
    top = _walk(text, start, name)
    cells = top.get("cells") if isinstance(top, Container) else None
    if not isinstance(top, Container) or "nbformat" not in (item.key for item in top.items):
        raise _not_a_notebook(f"{name} is not a notebook: it has no 'nbformat'.")
    if (major := top.get("nbformat")) != 4:
        if isinstance(major, int) and major > 4:
            raise NotebookError(
                f"{name} is a notebook of nbformat {major}, newer than this version reads (4).",
                "Update jupyter_spark, or save the notebook as nbformat 4.",
                code="nbformat",
            )
        raise NotebookError(
            f"{name} is a notebook of nbformat {major}; only version 4 can be read.",
            "Convert it: jupyter nbconvert --to notebook --inplace FILE",
            code="nbformat",
        )
    if not isinstance(cells, Container):
        raise _not_a_notebook(f"{name} is not a notebook: it has no list of cells.")
    minor = top.get("nbformat_minor")
    return NotebookFile(
        path=path,
        data=data,
        text=text,
        span=cells,
        cells=_read_cells(cells, name),
        nbformat_minor=minor if isinstance(minor, int) else 0,
        language=_language(top.get("metadata")),
        read_at_s=read_at_s,
    )


def snapshot(file: NotebookFile) -> NotebookSnapshot:
    """Return the cells as they stood when the file was read."""
    return NotebookSnapshot(
        cells=tuple(cell.snapshot for cell in file.cells),
        path=str(file.path.absolute()) if file.path else None,
        language=file.language,
        taken_at_s=file.read_at_s,
    )


def find_cell(snapshot: NotebookSnapshot, ref: str) -> CellSnapshot:
    """Return a cell by its index from 0 over all cells, its id, or its execution count (``In[7]``).

    Raises
    ------
    NotebookError
        No such cell (code ``no_cell``), or several of that execution count (code ``ambiguous_cell``).
    """
    cells, ref = snapshot.cells, ref.strip()
    # An id may be all digits too, hence only a number that is an index goes before it.
    if re.fullmatch(r"0|[1-9][0-9]{0,8}", ref) and int(ref) < len(cells):
        return cells[int(ref)]
    for cell in cells:
        if cell.cell_id == ref:
            return cell
    counted: list[int] = []
    if found := re.fullmatch(r"In ?\[ ?([0-9]{1,9}) ?\]:?", ref, re.IGNORECASE):
        count = int(found.group(1))
        counted = [i for i, cell in enumerate(cells) if cell.execution_count == count and cell.kind == "code"]
    if len(counted) > 1:
        places = ", ".join(map(str, counted))
        raise NotebookError(
            f"{len(counted)} cells are {ref}: {places}.", "Name the cell by its index.", code="ambiguous_cell"
        )
    if not counted:
        raise _no_cell(f"There is no cell '{ref}'.", len(cells))
    return cells[counted[0]]


def read_bytes(file: Path) -> bytes:
    """Read a file, or say in one line why not."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotebookError(f"There is no file {file}.", "Mend the path.", code="no_file") from None
    except IsADirectoryError:
        raise NotebookError(f"{file} is a directory.", "Name a notebook in it.", code="no_file") from None
    except (OSError, ValueError) as error:
        raise NotebookError(f"{file} cannot be read: {reason(error)}.", "Mend the path or its rights.") from None


def _walk(text: str, start: int, name: str) -> Any:
    def read_cells(text: str, at: int) -> tuple[Any, int]:
        return read_array(text, at, read_object)

    try:
        top, end = read_object(text, start, {"cells": read_cells})
        if (rest := skip_space(text, end)) != len(text):
            raise ValueError(f"Extra data: line {text.count(chr(10), 0, rest) + 1}")
    except ValueError as error:
        raise _not_a_notebook(f"{name} is not a notebook: {error}.") from None
    except RecursionError:
        raise _not_a_notebook(f"{name} is not a notebook: it is nested too deeply.") from None
    return top


def _read_cells(span: Container, name: str) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    seen: set[str] = set()
    for index, item in enumerate(span.items):
        if not isinstance(item.value, Container) or not item.value.items:
            raise _not_a_notebook(f"{name} is not a notebook: what stands at {index} is not a cell.")
        source = item.value.get("source")
        lines = source if isinstance(source, list) else ["" if source is None else source]
        if not all(isinstance(line, str) for line in lines):
            raise _not_a_notebook(f"{name}: the source of cell {index} is neither text nor a list of lines.")
        cell_id, kind, count, outputs, metadata = (
            item.value.get(key) for key in ("id", "cell_type", "execution_count", "outputs", "metadata")
        )
        # Without an id of its own (nbformat < 4.5, or a copied cell) a cell is known by its place.
        if not isinstance(cell_id, str) or not cell_id or cell_id in seen or cell_id.startswith("#"):
            cell_id = f"#{index}"
        cell_id = without_lone_surrogates(cell_id)
        seen.add(cell_id)
        taken = CellSnapshot(
            cell_id=cell_id,
            kind=kind if kind in ("code", "markdown") else "raw",
            source=without_lone_surrogates("".join(lines)),
            execution_count=count if isinstance(count, int) else None,
            outputs=without_lone_surrogates(render_outputs(outputs)) if isinstance(outputs, list) else "",
            tags=_tags(metadata),
            editable=not _forbids(metadata, "editable"),
            deletable=not _forbids(metadata, "deletable"),
        )
        cells.append(Cell(index, taken, item.value))
    return tuple(cells)


def _tags(metadata: Any) -> tuple[str, ...]:
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(without_lone_surrogates(tag) for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _forbids(metadata: Any, key: str) -> bool:
    """Whether a cell's metadata lock it; what is not there, or is no answer, locks nothing."""
    return isinstance(metadata, dict) and metadata.get(key) is False


def _language(metadata: Any) -> str:
    for section, key in (("kernelspec", "language"), ("language_info", "name")):
        part = metadata.get(section) if isinstance(metadata, dict) else None
        name = part.get(key) if isinstance(part, dict) else None
        if isinstance(name, str) and name:
            return without_lone_surrogates(name).lower()
    return "python"


def _not_a_notebook(message: str) -> NotebookError:
    return NotebookError(message, "Mend it in JupyterLab, or restore it.", code="not_a_notebook")


def _no_cell(message: str, count: int) -> NotebookError:
    size = {0: "no cells", 1: "1 cell (0)"}.get(count, f"{count} cells (0 to {count - 1})")
    hint = "Name an index, an id, or an execution count as In[7]." if count else "Write a cell first."
    return NotebookError(f"{message} The notebook has {size}.", hint, code="no_cell")


def reason(error: Exception) -> str:
    """Return why the system refused, without the path that the message names anyway."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
