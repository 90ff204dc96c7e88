"""Recall: is the cell that defines what a cell uses in its pack, at each budget?

The truth is pyflakes', which has its own parser of scopes: it reads the notebook down to the target as one module (each
cell as IPython itself turns it into Python) and says which binding each name of the target resolves to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyflakes.checker import Binding, Builtin, Checker

from jupyter_spark.context import PackOptions, pack_context
from jupyter_spark.ipysyntax import syntax_error, to_python
from jupyter_spark.notebook import read_notebook, snapshot
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
BUDGETS = (500, 1_000, 2_000, 4_000, 8_000, 32_000)


@dataclass(frozen=True)
class Recall:
    """Of ``needed`` pairs of a cell and one that defines what it uses, how many were in the pack, and uncut."""

    needed: int = 0
    found: int = 0
    whole: int = 0

    def __add__(self, other: Recall) -> Recall:
        return Recall(self.needed + other.needed, self.found + other.found, self.whole + other.whole)


class _Resolver(Checker):  # type: ignore[misc]
    """Notes for every name that is read where it is bound."""

    def __init__(self, tree: Any) -> None:
        self.resolved: list[tuple[int, str, Binding]] = []
        super().__init__(tree, builtins={"get_ipython", "display"})

    def handleNodeLoad(self, node: Any, parent: Any) -> None:
        name = getattr(node, "id", None)
        for scope in reversed(self.scopeStack):
            binding = scope.get(name)
            if isinstance(binding, Binding) and not isinstance(binding, Builtin):
                self.resolved.append((node.lineno, name, binding))
                break
        super().handleNodeLoad(node, parent)


def python_cells(notebook: NotebookSnapshot) -> list[tuple[CellSnapshot, str]]:
    """The code cells that are Python, as Python."""
    pairs = [(cell, to_python(cell.source).code) for cell in notebook.cells if cell.kind == "code"]
    return [(cell, code) for cell, code in pairs if code and syntax_error(cell.source) is None]


def defining_cells(notebook: NotebookSnapshot) -> Iterator[tuple[CellSnapshot, set[str]]]:
    """Each cell with the ids of the cells that define what it uses."""
    import ast

    lines: list[str] = []
    owner: list[str] = []
    for cell, code in python_cells(notebook):
        begun = len(lines)
        lines += code.splitlines()
        owner += [cell.cell_id] * (len(lines) - begun)
        resolver = _Resolver(ast.parse("\n".join(lines)))
        found = {
            owner[binding.source.lineno - 1]
            for line, _, binding in resolver.resolved
            if line > begun and hasattr(binding.source, "lineno")
        }
        yield cell, found - {cell.cell_id}


def measure(notebook: NotebookSnapshot, budgets: tuple[int, ...] = BUDGETS) -> dict[int, Recall]:
    """The recall over every cell of a notebook, by budget in tokens."""
    out = dict.fromkeys(budgets, Recall())
    for cell, needed in defining_cells(notebook):
        for budget in budgets:
            pack = pack_context(notebook, cell, "", PackOptions(budget_tokens=budget))
            sent = {piece.key.removeprefix("cell:"): piece.label not in pack.cut for piece in pack.pieces}
            found = needed & sent.keys()
            out[budget] += Recall(len(needed), len(found), sum(sent[cell_id] for cell_id in found))
    return out


def main() -> None:
    """Print the table."""
    print(f"{'recall of defining cells':<55}" + "".join(f"{budget:>9}" for budget in BUDGETS))
    total = dict.fromkeys(BUDGETS, Recall())
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        by_budget = measure(snapshot(read_notebook(path)))
        print(f"{path.stem:<55}" + "".join(f"{by_budget[b].found / by_budget[b].needed:>9.1%}" for b in BUDGETS))
        total = {budget: total[budget] + by_budget[budget] for budget in BUDGETS}
    print(f"{'all':<55}" + "".join(f"{total[b].found / total[b].needed:>9.1%}" for b in BUDGETS))
    print(f"{'all, and whole':<55}" + "".join(f"{total[b].whole / total[b].needed:>9.1%}" for b in BUDGETS))
    print(f"pairs: {total[BUDGETS[0]].needed}")


if __name__ == "__main__":
    main()
