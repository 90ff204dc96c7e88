"""Change cells in a notebook's text, written as the file writes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook._read import Cell, NotebookFile, parse_notebook
from jupyter_spark.notebook._spans import (
    Container,
    Item,
    Layout,
    dump_string,
    escapes_unicode,
    read_array,
    read_value,
    without_lone_surrogates,
)
from jupyter_spark.wire import CellEdit, text_hash


def apply_edits(data: str | bytes, edits: Sequence[CellEdit]) -> bytes:
    """Apply edits to a notebook's content.

    Parameters
    ----------
    data : str or bytes
        The file's content.
    edits : sequence of CellEdit
        At most one replacement a cell. An ``insert_below`` with the hash of the empty text leans on no text.

    Returns
    -------
    bytes
        The content in which only the cells' sources changed, or cells were added.

    Raises
    ------
    NotebookError
        Not a notebook, no such cell, or a cell that is no longer as the edit knew it (``changed_meanwhile``).
    """
    file = _parse(data)
    changes: list[tuple[int, int, str]] = []
    replaced: set[int] = set()
    ids = {cell.snapshot.cell_id for cell in file.cells}
    for edit in edits:
        cell = file.cell(edit.cell_id)
        base = text_hash(cell.snapshot.source)
        if edit.operation == "insert_below":
            if edit.base_hash not in (base, text_hash("")):
                raise _changed(f"Cell {cell.index}")
            changes.append((cell.span.end, cell.span.end, _render_cell(file, cell, edit.new_source, ids)))
            continue
        if edit.base_hash != base or cell.index in replaced:
            raise _changed(f"Cell {cell.index}")
        replaced.add(cell.index)
        changes.append(_replacement(file, cell, edit.new_source))
    return file.with_changes(changes)


def replace_source(
    data: str | bytes, cell_id: str, expected_source: str, new_source: str, raw: str | None = None
) -> bytes:
    """Replace a cell's source if it still is as expected.

    Parameters
    ----------
    raw : str, optional
        The JSON of the new source as ``source_json`` gave it before an edit: undone so, the file is byte for byte
        what it was, however oddly the source was written. Ignored if it does not say ``new_source``.
    """
    file = _parse(data)
    cell = file.cell(cell_id)
    if cell.snapshot.source != without_lone_surrogates(expected_source):
        raise _changed(f"Cell {cell.index}")
    start, end, rendered = _replacement(file, cell, new_source)
    if raw is not None and _says(raw, new_source):
        rendered = raw
    return file.with_changes([(start, end, rendered)])


def remove_below(data: str | bytes, cell_id: str, expected_source: str) -> bytes:
    """Take an ``insert_below`` back: remove the cell below that cell if it still is as it was inserted."""
    file = _parse(data)
    anchor = file.cell(cell_id)
    below = next((cell for cell in file.cells if cell.index == anchor.index + 1), None)
    if below is None or below.snapshot.source != without_lone_surrogates(expected_source):
        raise _changed(f"The cell below cell {anchor.index}")
    return file.with_changes([(anchor.span.end, below.span.end, "")])


def source_json(data: str | bytes, cell_id: str) -> str:
    """Return the JSON text of a cell's source, exactly as the file has it; keep it to undo an edit by the byte."""
    file = _parse(data)
    source = _source(file.cell(cell_id))
    return file.text[source.value_start : source.end]


def _parse(data: str | bytes) -> NotebookFile:
    return parse_notebook(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)


def _replacement(file: NotebookFile, cell: Cell, new_source: str) -> tuple[int, int, str]:
    source = _source(cell)
    return source.value_start, source.end, _render_source(file, cell, new_source)


def _source(cell: Cell) -> Item:
    if cell.source is None:
        raise NotebookError(f"Cell {cell.index} has no source to change.", "Save the notebook in JupyterLab once.")
    return cell.source


def _says(raw: str, source: str) -> bool:
    try:
        value, end = read_value(raw, 0)
    except ValueError:
        return False
    lines = value if isinstance(value, list) else [value]
    if end != len(raw) or not all(isinstance(line, str) for line in lines):
        return False
    return without_lone_surrogates("".join(lines)) == without_lone_surrogates(source)


# --- the file's own style --------------------------------------------------------------------------


def _render_source(file: NotebookFile, like: Cell, source: str) -> str:
    """Write a source in the form, layout and escapes of a cell's present one."""
    member = like.source
    value: Any = member.value if member else []
    escape = escapes_unicode(file.text[member.value_start : member.end]) if member else None
    if escape is None:
        escape = bool(escapes_unicode(file.text))
    if isinstance(value, str):
        return dump_string(source, escape)
    if not source:
        return "[]"
    layout = _list_layout(file, like)
    lines = [dump_string(line, escape) for line in _split(source, value)]
    return f"[{layout.opening}{layout.between.join(lines)}{layout.closing}]"


def _split(source: str, like: list[str]) -> list[str]:
    """Split as nbformat does, at everything that Python calls a line end; or at \\n only, if the file does so."""
    text = "".join(like)
    if like != text.splitlines(True) and like == _keep_ends(text.split("\n")):
        return _keep_ends(source.split("\n"))
    return source.splitlines(True)


def _keep_ends(lines: list[str]) -> list[str]:
    kept = [line + "\n" for line in lines[:-1]]
    return [*kept, lines[-1]] if lines[-1] else kept


def _list_layout(file: NotebookFile, cell: Cell) -> Layout:
    """Return how the cell lays out its lines; if it has none, how other cells do; at last, how it lays out itself."""
    members = cell.span.layout(file.text)
    on_one_line = members.between if "\n" not in members.between else ", "
    for other in (cell, *file.cells):
        source = other.source
        if source is not None and isinstance(source.value, list) and source.value:
            lines: Container = read_array(file.text, source.value_start)[0]
            return lines.layout(file.text, on_one_line)
    if "\n" not in members.opening:
        return Layout("", on_one_line, "")
    outer = file.span.layout(file.text).opening
    unit = members.opening.removeprefix(outer) if members.opening.startswith(outer) else " "
    opening = members.opening + unit
    return Layout(opening, "," + opening, members.opening)


def _render_cell(file: NotebookFile, anchor: Cell, source: str, ids: set[str]) -> str:
    """Write a new code cell, with the comma before it, like the nearest code cell; its id joins ``ids``."""
    by_distance = sorted(file.cells, key=lambda cell: abs(cell.index - anchor.index))
    like = next((cell for cell in by_distance if cell.snapshot.kind == "code"), anchor)
    text = file.text
    values = {"cell_type": '"code"', "execution_count": "null", "metadata": "{}", "outputs": "[]"}
    values["source"] = _render_source(file, like, source)
    if file.nbformat_minor >= 5:
        values["id"] = f'"{_new_id(anchor, source, ids)}"'
    keys = [item.key for item in like.span.items if like is not anchor or like.snapshot.kind == "code"]
    first = like.span.items[0]
    colon = text[first.key_end : first.value_start]
    layout = like.span.layout(text)
    members = [f'"{key}"{colon}{values[key]}' for key in dict.fromkeys([*keys, *sorted(values)]) if key in values]
    cell = "{" + layout.opening + layout.between.join(members) + layout.closing + "}"
    on_one_line = layout.between if "\n" not in layout.between else ", "
    return file.span.layout(text, on_one_line).between + cell


def _new_id(anchor: Cell, source: str, ids: set[str]) -> str:
    """Return an unused id made from where and what, so that redoing an insert gives the same file again."""
    seed = f"{anchor.snapshot.cell_id}\n{source}"
    while (new_id := hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:8]) in ids:
        seed += "\n"
    ids.add(new_id)
    return new_id


def _changed(what: str) -> NotebookError:
    return NotebookError(
        f"{what} was changed meanwhile.",
        "Nothing was written; look at the cell and try again.",
        code="changed_meanwhile",
    )
