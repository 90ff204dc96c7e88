"""How long packing takes: a notebook that was never seen, and one of which a cell changed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_spark.context import PackOptions, pack_context
from jupyter_spark.context._cells import head_of
from jupyter_spark.dataflow import cell_names, definitions
from jupyter_spark.ipysyntax import to_python
from jupyter_spark.notebook import read_notebook, snapshot
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
OPTIONS = PackOptions(budget_tokens=100_000)
RUNS = 9


def forget() -> None:
    """Empty every cache that packing fills."""
    for cached in (cell_names, definitions, to_python, estimate_tokens, head_of):
        cached.cache_clear()


def changed(notebook: NotebookSnapshot, run: int) -> NotebookSnapshot:
    """The notebook with one more line in the middle of its code."""
    cells = list(notebook.cells)
    code = [place for place, cell in enumerate(cells) if cell.kind == "code"]
    place = code[len(code) // 2]
    cells[place] = cells[place].model_copy(update={"source": f"{cells[place].source}\nchange_{run} = {run}"})
    return notebook.model_copy(update={"cells": tuple(cells)})


def synthetic(number: int) -> NotebookSnapshot:
    """Cells of which each is another and rests on those before it."""
    cells = [
        CellSnapshot(
            cell_id=str(i),
            source=f"def f{i}(a, b={i}):\n    return a + b * {i}\n\nx{i} = f{i}(x{i - 1}, {i})\nprint(x{i})",
            execution_count=i + 1,
        )
        for i in range(number)
    ]
    return NotebookSnapshot(cells=tuple(cells))


def median_ms(measure: Callable[[int], float]) -> float:
    """The median of several runs, in milliseconds."""
    return 1_000 * statistics.median(measure(run) for run in range(RUNS))


def timed(notebook: NotebookSnapshot) -> float:
    """One packing for the last code cell, in seconds."""
    target = [cell for cell in notebook.cells if cell.kind == "code"][-1]
    begun = time.perf_counter()
    pack_context(notebook, target, "", OPTIONS)
    return time.perf_counter() - begun


def cold_ms(notebook: NotebookSnapshot) -> float:
    """With empty caches."""

    def run(_: int) -> float:
        forget()
        return timed(notebook)

    return median_ms(run)


def main() -> None:
    """Print the table."""
    to_python("%time 1")  # imports IPython, as a kernel has
    real = max((snapshot(read_notebook(p)) for p in sorted(NOTEBOOKS.glob("*.ipynb"))), key=lambda n: len(n.cells))
    print(f"packing, {len(real.cells)} cells, cold                 {cold_ms(real):>8.1f} ms")
    print(f"packing, the same again                  {median_ms(lambda run: timed(real)):>8.1f} ms")
    print(f"packing, after one cell changed          {median_ms(lambda run: timed(changed(real, run))):>8.1f} ms")
    print(f"packing, 2,000 synthetic cells, cold     {cold_ms(synthetic(2_000)):>8.1f} ms")


if __name__ == "__main__":
    main()
