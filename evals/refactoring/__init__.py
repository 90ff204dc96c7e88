"""Refactors of real notebooks, each with the plan and the cells that are right, and ways to get it wrong.

An instruction is applied to a notebook by plain rules of its own, not by the engine: what comes of that is the right
result. A wrong answer is made of the right one by one mistake that models make.
"""

from collections.abc import Callable, Iterator, Sequence

from evals.refactoring import cells, order
from evals.refactoring.task import NOTEBOOKS, Task, read
from jupyter_spark.wire import NotebookSnapshot

__all__ = ["INSTRUCTIONS", "NOTEBOOKS", "Task", "every_task", "read"]

INSTRUCTIONS: Sequence[Callable[[str, NotebookSnapshot], Task | None]] = (
    cells.rename,
    cells.docstrings,
    cells.hints,
    cells.comments,
    cells.logging,
    cells.as_function,
    order.split,
    order.merge,
    order.move,
    order.delete,
)


def every_task() -> Iterator[Task]:
    """Return every task: each instruction on each notebook where it means something."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for make in INSTRUCTIONS:
            task = make(path.stem, read(path.stem))
            if task is not None:
                yield task
