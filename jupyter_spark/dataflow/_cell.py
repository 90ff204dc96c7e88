"""What one cell defines, uses and changes; remembered by its text, so that only what changed is read again."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from keyword import iskeyword

from jupyter_spark.dataflow._scopes import Names
from jupyter_spark.ipysyntax import to_tree

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)  # NUL bytes, nesting too deep
_STATEMENT = re.compile(r"\n(?=[^\s)\]}#])")  # a line that begins at the margin begins a statement
_HEAD = re.compile(r"(?:async\s+)?(?:def|class)\s+(?P<named>[^\W\d]\w*)|(?P<assigned>[^\W\d]\w*)\s*=(?!=)")
_WORD = re.compile(r"(?<![\w.])([^\W\d]\w*)")
_QUOTED = re.compile(r"(['\"])(?:\\.|(?!\1).)*\1|#[^\n]*")


@dataclass(frozen=True)
class CellNames:
    """The global names of a cell.

    Attributes
    ----------
    defines : frozenset of str
        Names that the cell binds: assignments, functions, classes, imports.
    uses : frozenset of str
        Names that the cell reads, at its top level or inside its functions and classes.
    star_imports : tuple of str
        Modules of ``from module import *``: what they bind cannot be known without running them.
        ``%run`` and ``%pylab`` stand here too.
    needs : frozenset of str
        Those of ``uses`` that another cell must have bound: they are read before the cell itself binds them.
    imports : frozenset of str
        Those of ``defines`` that are imported.
    mutates : frozenset of str
        Names whose value the cell changes without binding them: ``df["x"] = ...``, ``obj.attr = ...``, ``del d[k]``,
        and, as a best effort, calls of methods that are known to change their object.
    """

    defines: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    star_imports: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    mutates: frozenset[str] = frozenset()


@lru_cache(maxsize=8192)
def cell_names(source: str) -> CellNames:
    """Return the names of a cell.

    Of a cell that does not parse, the statements that do are read, and of the others what they begin with. A cell that
    is not Python has no names.
    """
    try:
        tree = to_tree(source)
        return CellNames() if tree is None else _names_of(tree)
    except UNREADABLE:
        return _torn(source)


def _names_of(tree: ast.Module) -> CellNames:
    found = Names()
    found.visit(tree)
    module = found.module
    # What a function's body reads is looked up when it runs: everything that the cell binds is there.
    needs = module.early | (module.reads - module.bound)
    return CellNames(
        frozenset(module.bound),
        frozenset(module.reads),
        tuple(found.stars),
        needs=frozenset(needs),
        imports=frozenset(found.imports),
        mutates=frozenset(found.mutates),
    )


def _torn(source: str) -> CellNames:
    """The names of a cell that does not parse: statement by statement."""
    parts = [_names_of_part(part) for part in _STATEMENT.split(source) if part.strip()]
    bound: set[str] = set()
    needs: set[str] = set()
    for part in parts:
        needs |= part.needs - bound
        bound |= part.defines
    return CellNames(
        frozenset(bound),
        frozenset().union(*(part.uses for part in parts)),
        tuple(star for part in parts for star in part.star_imports),
        needs=frozenset(needs),
        imports=frozenset().union(*(part.imports for part in parts)),
        mutates=frozenset().union(*(part.mutates for part in parts)),
    )


def _names_of_part(part: str) -> CellNames:
    try:
        tree = to_tree(part)
        return CellNames() if tree is None else _names_of(tree)
    except UNREADABLE:
        head = _HEAD.match(part)
        bound = {head["named"] or head["assigned"]} if head is not None else set()
        words = {found[1] for found in _WORD.finditer(_QUOTED.sub("", part)) if not iskeyword(found[1])} - bound
        return CellNames(frozenset(bound), frozenset(words), needs=frozenset(words))


def parse_cell(source: str) -> ast.Module | None:
    """Return a cell's syntax tree, magics and ``!`` as Python; None if it does not parse or is not Python."""
    try:
        return to_tree(source)
    except UNREADABLE:
        return None
