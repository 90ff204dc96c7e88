"""What each cell defines and uses, by the compiler's own symbol tables."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jupyter_spark.ipysyntax import to_python


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
    """

    defines: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    star_imports: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def cell_names(source: str) -> CellNames:
    """Return the names of a cell; a cell that does not parse, or is not Python, has none."""
    try:
        code = to_python(source).code
        if not code:
            return CellNames()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is the user's style, not an error
            tree = ast.parse(code)
            table = symtable.symtable(ast.unparse(_Plain().visit(tree)), "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return CellNames()
    defines = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    uses = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    for inner in _below(table):
        for symbol in inner.get_symbols():
            if symbol.is_global():
                uses |= {symbol.get_name()} if symbol.is_referenced() else set()
                defines |= {symbol.get_name()} if symbol.is_declared_global() and symbol.is_assigned() else set()
    stars = [
        node.module or "." * node.level
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    return CellNames(frozenset(defines), frozenset(uses), tuple(stars))


class _Plain(ast.NodeTransformer):
    """Writes a cell in the forms of which every Python's symbol tables tell the same.

    From 3.12 on, a comprehension's own variables stand among the names around it: a generator's do not. An augmented
    assignment also reads its name, and ``del`` does not bind one.
    """

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self.generic_visit(ast.GeneratorExp(node.elt, node.generators))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self.generic_visit(ast.GeneratorExp(node.elt, node.generators))

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        pair = ast.Tuple([node.key, node.value], ast.Load())
        return self.generic_visit(ast.GeneratorExp(pair, node.generators))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        value = ast.BinOp(node.target, node.op, node.value)
        return self.generic_visit(ast.Assign([node.target], value, lineno=node.lineno))

    def visit_Delete(self, node: ast.Delete) -> ast.AST:
        return self.generic_visit(ast.Expr(ast.Tuple(node.targets, ast.Load())))


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)
