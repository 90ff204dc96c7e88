"""A refactor that was applied in an open notebook, taken back in the file once that is saved and closed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook import arrange, parse_notebook
from jupyter_spark.wire import AppliedEdit, text_hash
from jupyter_spark.wire_refactor import AppliedCell, AppliedRefactor, Arrangement, Placed


def take_back_opened(data: bytes, entry: AppliedEdit) -> bytes:
    """Return a file's content without what a refactor did to its cells in a page.

    Raises
    ------
    NotebookError
        A cell was changed since (``changed_meanwhile``): a page can take the others back, and shows both texts of it.
    """
    applied = AppliedRefactor.model_validate_json(entry.after)
    file = parse_notebook(data)
    texts = {cell.snapshot.cell_id: cell.snapshot.source for cell in file.cells}
    order, removed, back = _undone(list(texts), applied)
    sources = _sources(texts, applied.cells, set(order))
    cells = [
        Placed(raw=back[cell_id])
        if cell_id in back
        else Placed(cell_id=cell_id, source=sources.get(cell_id), base_hash=text_hash(texts[cell_id]))
        for cell_id in order
    ]
    gone = [Placed(cell_id=cell_id, base_hash=text_hash(after)) for cell_id, after in removed.items()]
    return arrange(data, Arrangement(cells=tuple(cells), removed=tuple(gone)))[0]


def _undone(ids: list[str], applied: AppliedRefactor) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """The cells in the order of before; those that go, with the text that they must have; those that come, as JSON."""
    removed: dict[str, str] = {}
    back: dict[str, str] = {}
    for act in reversed(applied.cells):
        if act.operation == "insert" and act.cell_id in ids:
            ids.remove(act.cell_id)
            removed[act.cell_id] = act.after
        elif act.operation == "delete" and act.cell_id not in ids and act.cell is not None:
            ids.insert(_index_after(ids, applied.order, act.cell_id), act.cell_id)
            back[act.cell_id] = json.dumps(act.cell, ensure_ascii=False)
        elif act.operation == "move" and act.cell_id in ids:
            ids.remove(act.cell_id)
            ids.insert(_index_after(ids, applied.order, act.cell_id), act.cell_id)
    return ids, removed, back


def _index_after(ids: Sequence[str], order: Sequence[str], cell_id: str) -> int:
    """The place behind the nearest cell that stood before this one and is still there."""
    before = order[: order.index(cell_id)] if cell_id in order else ()
    return next((ids.index(other) + 1 for other in reversed(before) if other in ids), 0)


def _sources(texts: dict[str, str], acts: Sequence[AppliedCell], here: set[str]) -> dict[str, str]:
    """The texts of before; each cell must hold what the refactor left there."""
    now = dict(texts)
    out: dict[str, str] = {}
    for act in reversed(acts):
        if act.operation != "edit" or act.cell_id not in here:
            continue
        if now.get(act.cell_id) != act.after:
            raise NotebookError(
                "A cell was changed since the refactor, or is no longer there.",
                "Nothing was written. Open the notebook: there, what you changed stays and the rest is taken back.",
                code="changed_meanwhile",
            )
        now[act.cell_id] = out[act.cell_id] = act.before
    return out
