"""The notebooks of the pages, as the pages last told them: a page sends only the cells that changed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jupyter_spark.errors import UsageError
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_page import CellsChanged, CellsListed, cell_mark

KEPT_NOTEBOOKS = 64


@dataclass
class _Notebook:
    language: str = "python"
    order: tuple[str, ...] = ()
    cells: dict[str, CellSnapshot] = field(default_factory=dict)
    changed_at_s: float = 0.0
    wanted: set[str] = field(default_factory=set)  # listed, and their text is still to come


class NotebookMirror:
    """The notebooks of one user's pages. The ones used last are kept.

    Parameters
    ----------
    on_cells : callable, optional
        Told the cells that are new or changed.
    """

    def __init__(self, on_cells: Callable[[Sequence[CellSnapshot]], object] = lambda _cells: None) -> None:
        self._on_cells = on_cells
        self._notebooks: OrderedDict[str, _Notebook] = OrderedDict()

    def listed(self, frame: CellsListed) -> tuple[str, ...]:
        """Take a notebook's list of cells; return those whose text is not known here."""
        notebook = self._notebook(frame.notebook)
        notebook.language = frame.language
        notebook.order = tuple(cell.cell_id for cell in frame.cells)
        wanted = []
        for cell in frame.cells:
            known = notebook.cells.get(cell.cell_id)
            if known is None or cell_mark(known.source, known.tags) != cell.mark:
                wanted.append(cell.cell_id)
        notebook.wanted = set(wanted)
        self._changed(notebook)
        return tuple(wanted)

    def changed(self, frame: CellsChanged) -> None:
        """Take cells that are new or changed."""
        notebook = self._notebook(frame.notebook)
        for cell in frame.cells:
            notebook.cells[cell.cell_id] = cell
            notebook.wanted.discard(cell.cell_id)
        if frame.order is not None:
            notebook.order = frame.order
            notebook.wanted &= set(frame.order)
        self._changed(notebook)
        self._on_cells(frame.cells)

    def is_whole(self, name: str) -> bool:
        """Whether a notebook was listed and the text of all its cells has come."""
        notebook = self._notebooks.get(name)
        return notebook is not None and not notebook.wanted

    def snapshot(self, name: str, path: str | None) -> NotebookSnapshot:
        """Return a notebook as its page last told it.

        Raises
        ------
        UsageError
            No page has told it, or not all of it.
        """
        notebook = self._notebooks.get(name)
        if notebook is None or notebook.wanted:
            raise UsageError("The server does not know this notebook yet.", "Reload the page and ask again.")
        return NotebookSnapshot(
            cells=tuple(notebook.cells[cell_id] for cell_id in notebook.order if cell_id in notebook.cells),
            origin="live",
            path=path,
            language=notebook.language,
            taken_at_s=notebook.changed_at_s,
        )

    def _notebook(self, name: str) -> _Notebook:
        notebook = self._notebooks.setdefault(name, _Notebook())
        self._notebooks.move_to_end(name)
        while len(self._notebooks) > KEPT_NOTEBOOKS:
            self._notebooks.popitem(last=False)
        return notebook

    @staticmethod
    def _changed(notebook: _Notebook) -> None:
        notebook.changed_at_s = time.time()
        if len(notebook.cells) > len(notebook.order):
            here = set(notebook.order)
            notebook.cells = {cell_id: cell for cell_id, cell in notebook.cells.items() if cell_id in here}
