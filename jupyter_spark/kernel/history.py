"""What the kernel saw the user run: the cells as they stood, and the errors they raised.

Light on purpose: it is filled from the moment the extension is loaded, before anything of the engine is imported.
"""

from __future__ import annotations

import re
import time
import traceback
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_spark.ours import is_ours

MAX_FRAMES = 6
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class RanCell:
    """A cell as it was run, and when (seconds since the epoch; 0 if it ran before anybody looked)."""

    cell_id: str
    source: str
    execution_count: int
    ran_at_s: float = 0.0


@dataclass(frozen=True)
class SeenError:
    """An exception, in plain text."""

    name: str
    message: str
    traceback: str


@dataclass
class CellLog:
    """The cells that ran, each with its latest text, in the order of their first run."""

    cells: dict[str, RanCell] = field(default_factory=dict)
    errors: dict[str, SeenError] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    current: RanCell | None = None
    last_failed: str | None = None
    last_count: int = 0

    def read_history(self, inputs: list[str]) -> None:
        """Take in what ran before the extension was loaded; ``inputs`` is IPython's ``In``."""
        for count, source in enumerate(inputs):
            if count and source.strip():
                self._add(RanCell(_name(count), source, count))

    def before_run(self, source: str, cell_id: str | None = None) -> None:
        """A cell is about to run; its count is the one after the last (IPython's own may or may not count it yet)."""
        count = self.last_count + 1
        self.current = RanCell(cell_id or _name(count), source, count, time.time())
        self._add(self.current)

    def after_run(
        self, error: BaseException | None, execution_count: int | None = None, result: object | None = None
    ) -> None:
        """The cell that was running has ended with this result (its last expression), and this was its count."""
        if execution_count is not None:
            self._count(execution_count)
        cell = self.current
        if cell is None or is_ours(cell.source):
            return
        self.errors.pop(cell.cell_id, None)
        self.results.pop(cell.cell_id, None)
        if result is not None:
            # Off the way of loading. What the result was is kept, not the result: nothing of the user's lives on here.
            from jupyter_spark.kernel.variables import summarize, type_name

            self.results[cell.cell_id] = f"{type_name(result)} {summarize(result)}".rstrip()
        if self.last_failed == cell.cell_id:
            self.last_failed = None
        if error is not None and not isinstance(error, KeyboardInterrupt):
            self.errors[cell.cell_id] = describe_error(error)
            self.last_failed = cell.cell_id

    def outputs(self, cell_id: str) -> str:
        """Return what is known of a cell's outputs: the last expression's value in a few words, the error."""
        error = self.errors.get(cell_id)
        return "\n".join(filter(None, (self.results.get(cell_id), error.traceback if error else None)))

    def find(self, which: str) -> RanCell | None:
        """Return a cell by its execution count, or the last one for ``last`` or nothing."""
        if which in ("", "last"):
            return next(reversed(self.cells.values()), None)
        number = which.removeprefix("In[").removesuffix("]")
        if not number.isdigit():
            return None
        return next((c for c in self.cells.values() if c.execution_count == int(number)), None)

    def failed(self) -> RanCell | None:
        """Return the cell whose error is the latest one, if it has not run well since."""
        return self.cells.get(self.last_failed or "")

    def _count(self, execution_count: int) -> None:
        """Take IPython's word for the count: ``%reset`` begins again."""
        self.last_count, cell = execution_count, self.current
        if cell is not None and cell.execution_count != execution_count:
            nameless = cell.cell_id == _name(cell.execution_count)
            self.cells.pop(cell.cell_id, None)
            self.current = replace(
                cell, execution_count=execution_count, cell_id=_name(execution_count) if nameless else cell.cell_id
            )
            self._add(self.current)

    def _add(self, cell: RanCell) -> None:
        if not is_ours(cell.source):
            self.cells.pop(cell.cell_id, None)
            self.cells[cell.cell_id] = cell


def _name(execution_count: int) -> str:
    """What a cell without an id is called."""
    return f"In[{execution_count}]"


def describe_error(error: BaseException) -> SeenError:
    """Return an exception in plain text: the user's frames whole, the last ones of a long way down."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "IPython" not in frame.filename]
    lines = [f"  {_place(frame)}: {(frame.line or '').strip()}" for frame in frames[-MAX_FRAMES:]]
    if isinstance(error, SyntaxError) and error.text:
        lines.append(f"  line {error.lineno}: {error.text.rstrip()}")
    name, message = type(error).__name__, _message(error)
    return SeenError(name, message, "\n".join([*lines, f"{name}: {message}"]))


def _message(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # noqa: BLE001 - an exception whose own text raises
        text = ""
    return _ANSI.sub("", text)[:2000]


def _place(frame: Any) -> str:
    where = "cell" if "ipykernel" in frame.filename or frame.filename.startswith("<ipython") else ""
    name = where or frame.filename.rsplit("/", 1)[-1]
    return f"{name} line {frame.lineno}, in {frame.name}"
