"""What each cell defines and uses, by the compiler's own symbol tables."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jupyter_spark.ipysyntax import to_python

MAX_LINE_CHARS = 100
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)  # NUL bytes, nesting too deep


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
        tree = _parse(code)
        table = symtable.symtable(ast.unparse(_Plain().visit(tree)), "<cell>", "exec")
    except UNREADABLE:
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


def parse_cell(source: str) -> ast.Module | None:
    """Return a cell's syntax tree, magics and ``!`` as Python; None if it does not parse or is not Python."""
    try:
        code = to_python(source).code
        return None if code is None else _parse(code)
    except UNREADABLE:
        return None


def _parse(code: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is the user's style, not an error
        return ast.parse(code)


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


@lru_cache(maxsize=4096)
def definitions(source: str) -> tuple[tuple[str, str], ...]:
    """Return what a cell defines at its top level, in one line each.

    Returns
    -------
    tuple of (str, str)
        A name and the line that tells a reader (or a model with little room) what it is: an import, the head of a
        function or class, or an assignment, cut where it is long.
    """
    try:
        tree = _parse(to_python(source).code or "")
    except UNREADABLE:
        return ()
    return tuple((name, line) for node in tree.body for name, line in _defined(node))


def _defined(node: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield (alias.asname or alias.name).partition(".")[0], ast.unparse(node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        yield node.name, f"def {node.name}({ast.unparse(node.args)}){returns}"
    elif isinstance(node, ast.ClassDef):
        yield node.name, f"class {node.name}"
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        line = _cut(ast.unparse(node))
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    yield name.id, line


def _cut(line: str) -> str:
    line = line.splitlines()[0]
    return line if len(line) <= MAX_LINE_CHARS else f"{line[:MAX_LINE_CHARS]} ..."
