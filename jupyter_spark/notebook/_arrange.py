"""A notebook's cells in another order: some changed, some new, some gone; every other byte kept.

An arrangement is applied to a file and gives, beside the new file, the arrangement that takes it back: applied to that
file it gives the first one again, byte for byte, even if cells that neither of them is about were changed in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook._edit import (
    _changed,
    _new_id,
    _parse,
    _render_source,
    _source,
)
from jupyter_spark.notebook._read import Cell, NotebookFile, parse_notebook
from jupyter_spark.notebook._spans import without_lone_surrogates
from jupyter_spark.wire import text_hash
from jupyter_spark.wire_refactor import Arrangement, Placed


def content_hash(data: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def arrange(data: str | bytes, arrangement: Arrangement) -> tuple[bytes, Arrangement]:
    """Arrange a notebook's cells anew.

    Parameters
    ----------
    data : str or bytes
        The file's content.
    arrangement : Arrangement
        Every cell that shall be there. A cell of the file that it does not name was added by somebody meanwhile: it
        stays behind the cell that it follows.

    Returns
    -------
    bytes
        The new content.
    Arrangement
        What takes it back.

    Raises
    ------
    NotebookError
        A cell is gone, or is no longer as the arrangement knew it (``changed_meanwhile``): nothing is changed then.
    """
    file = _parse(data)
    if not file.cells:
        raise NotebookError("The notebook has no cells.", "Write a cell first.", code="no_cell")
    placed = _with_strangers(file, arrangement)
    for gone in arrangement.removed:
        _require(file, gone)
    ids = {cell.snapshot.cell_id for cell in file.cells}
    texts = [_text_of(file, one, ids) for one in placed]
    if not texts:
        raise NotebookError("No cell would be left.", "Keep at least one cell.", code="no_cell")
    whole = file.with_changes([(file.span.start + 1, file.span.end - 1, _joined(file, texts, arrangement))])
    return whole, _inverse(file, placed, parse_notebook(whole))


def _require(file: NotebookFile, placed: Placed) -> Cell:
    """The cell that is meant, if it still is as it was known."""
    try:
        cell = file.cell(placed.cell_id or "")
    except NotebookError:
        raise NotebookError(
            "A cell that this is about is no longer in the notebook.", "Nothing was written.", code="changed_meanwhile"
        ) from None
    if placed.base_hash is not None and text_hash(cell.snapshot.source) != placed.base_hash:
        raise _changed(f"Cell {cell.index}")
    return cell


def _with_strangers(file: NotebookFile, arrangement: Arrangement) -> list[Placed]:
    """All cells that shall be there, those included that the arrangement does not know."""
    known = {one.cell_id for one in (*arrangement.cells, *arrangement.removed) if one.cell_id is not None}
    out = list(arrangement.cells)
    before: str | None = None
    for cell in file.cells:
        cell_id = cell.snapshot.cell_id
        if cell_id not in known:
            at = next((i + 1 for i, one in enumerate(out) if one.cell_id == before and before is not None), None)
            out.insert(at if at is not None else (len(out) if before is not None else 0), Placed(cell_id=cell_id))
        before = cell_id
    return out


def _text_of(file: NotebookFile, placed: Placed, ids: set[str]) -> str:
    """The JSON of a cell as it shall stand in the file."""
    if placed.cell_id is None:
        return placed.raw if placed.raw is not None else _new_cell(file, placed, ids)
    cell = _require(file, placed)
    start, end = cell.span.start, cell.span.end
    if placed.source is None and placed.raw is None:
        return file.text[start:end]
    source = _source(cell)
    text = placed.raw if placed.raw is not None else _render_source(file, cell, placed.source or "")
    return file.text[start : source.value_start] + text + file.text[source.end : end]


def _new_cell(file: NotebookFile, placed: Placed, ids: set[str]) -> str:
    """Write a new cell in the form of the nearest one of its kind."""
    anchor = next((cell for cell in file.cells if cell.snapshot.cell_id == placed.like), file.cells[0])
    by_distance = sorted(file.cells, key=lambda cell: abs(cell.index - anchor.index))
    like = next((cell for cell in by_distance if cell.snapshot.kind == placed.kind), None)
    form = like or anchor
    values = {"cell_type": f'"{placed.kind}"', "metadata": "{}"}
    if placed.kind == "code":
        values |= {"execution_count": "null", "outputs": "[]"}
    values["source"] = _render_source(file, form, placed.source or "")
    if file.nbformat_minor >= 5:
        values["id"] = f'"{_free_id(anchor, placed, ids)}"'
    keys = [item.key for item in like.span.items] if like is not None else []
    first = form.span.items[0]
    colon = file.text[first.key_end : first.value_start]
    layout = form.span.layout(file.text)
    members = [f'"{key}"{colon}{values[key]}' for key in dict.fromkeys([*keys, *sorted(values)]) if key in values]
    return "{" + layout.opening + layout.between.join(members) + layout.closing + "}"


def _free_id(anchor: Cell, placed: Placed, ids: set[str]) -> str:
    if placed.new_id and placed.new_id not in ids:
        ids.add(placed.new_id)
        return placed.new_id
    return _new_id(anchor, placed.source or "", ids)


# --- what stands around the cells ------------------------------------------------------------------


def _separators(file: NotebookFile) -> list[str]:
    items, text = file.span.items, file.text
    edges = [file.span.start + 1, *(edge for item in items for edge in (item.start, item.end)), file.span.end - 1]
    return [text[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2)]


def _joined(file: NotebookFile, texts: Sequence[str], arrangement: Arrangement) -> str:
    wanted = list(arrangement.separators or ())
    if len(wanted) != len(texts) + 1:
        present = _separators(file)
        layout = file.span.layout(file.text)
        inner = present[1:-1][: len(texts) - 1]
        wanted = [present[0], *inner, *[layout.between] * (len(texts) - 1 - len(inner)), present[-1]]
    return wanted[0] + "".join(text + after for text, after in zip(texts, wanted[1:], strict=True))


# --- the way back ----------------------------------------------------------------------------------


def _inverse(file: NotebookFile, placed: Sequence[Placed], after: NotebookFile) -> Arrangement:
    """Return what makes the first file of the second."""
    now = {one.cell_id: (one, cell) for one, cell in zip(placed, after.cells, strict=True) if one.cell_id is not None}
    cells = [_back(file, cell, now.get(cell.snapshot.cell_id)) for cell in file.cells]
    removed = [
        Placed(cell_id=cell.snapshot.cell_id, base_hash=text_hash(cell.snapshot.source))
        for one, cell in zip(placed, after.cells, strict=True)
        if one.cell_id is None
    ]
    return Arrangement(
        cells=tuple(cells),
        removed=tuple(removed),
        separators=tuple(without_lone_surrogates(part) for part in _separators(file)),
        base_sha256=content_hash(after.data),
    )


def _back(file: NotebookFile, cell: Cell, found: tuple[Placed, Cell] | None) -> Placed:
    """How a cell of the first file is had from the second."""
    if found is None:  # it went: all of it is kept
        return Placed(raw=file.text[cell.span.start : cell.span.end], kind=cell.snapshot.kind)
    one, there = found
    if one.source is None and one.raw is None:
        return Placed(cell_id=there.snapshot.cell_id)
    source = _source(cell)
    return Placed(
        cell_id=there.snapshot.cell_id,
        source=cell.snapshot.source,
        raw=file.text[source.value_start : source.end],
        base_hash=text_hash(there.snapshot.source),
    )
