"""What of a cell's tree the checks of a notebook ask for: found in one walk, remembered by the cell's text."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

from jupyter_spark.dataflow import parse_cell
from jupyter_spark.wire import CellSnapshot

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class CellFacts:
    """What a code cell holds.

    Attributes
    ----------
    tree : ast.Module or None
        The cell's tree, to be looked at only; None if it does not parse, or is no Python.
    functions : tuple of str
        The functions and classes at its top level.
    definitions : tuple of str
        All of them, methods and inner ones too, each as often as it is defined.
    modules : frozenset of str
        The top-level packages that it imports.
    """

    tree: ast.Module | None = None
    functions: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset()


def facts_of(cell: CellSnapshot) -> CellFacts:
    """Return what a cell holds; of a cell that is not code, nothing."""
    return _facts(cell.source) if cell.kind == "code" else CellFacts()


@lru_cache(maxsize=2048)
def _facts(source: str) -> CellFacts:
    tree = parse_cell(source)
    if tree is None:
        return CellFacts()
    definitions: list[str] = []
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS):
            definitions.append(node.name)
        elif isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.partition(".")[0])
    functions = tuple(node.name for node in tree.body if isinstance(node, _DEFINITIONS))
    return CellFacts(tree, functions, tuple(definitions), frozenset(modules))
