"""A global name becomes another one in every cell: by scopes and places in the text, then proved; no model is asked."""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence

from jupyter_spark.dataflow import cell_names, parse_cell
from jupyter_spark.intent import bound_names
from jupyter_spark.ipysyntax import parse_python, to_python
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import NameChange

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_F_STRINGS_ARE_TOKENS = sys.version_info >= (3, 12)
_FIELD = re.compile(r"\{[^{}]*\}")


def refuse_rename(change: NameChange, cells: Sequence[CellSnapshot]) -> str:
    """Return in one line why a name cannot be changed everywhere, or nothing."""
    old, new = change.old, change.new
    code = [cell for cell in cells if cell.kind == "code"]
    if not new.isidentifier() or keyword.iskeyword(new):
        return f"'{new}' cannot be a name."
    if not any(old in cell_names(cell.source).defines for cell in code):
        return f"No cell defines '{old}'."
    if hasattr(builtins, new):
        return f"'{new}' is one of Python's own names."
    if why := refuse_locked(change, cells):
        return why
    if taken := next((cell for cell in code if new in _words_bound(cell.source)), None):
        return f"'{new}' is a name already ({taken.label})."
    return ""


def refuse_locked(change: NameChange, cells: Sequence[CellSnapshot]) -> str:
    """Return in one line which locked cell has the name that is to be another one, or nothing."""
    for number, cell in enumerate(cells):
        if cell.kind == "code" and cell.is_locked:
            names = cell_names(cell.source)
            if change.old in names.defines | names.uses | names.mutates:
                return f"cell {number} is locked, and has '{change.old}'."
    return ""


def rename_global(source: str, change: NameChange) -> str | None:
    """Rename a notebook's global name in one cell; locals, attributes, keywords, texts and comments are left alone.

    Returns
    -------
    str or None
        The same text where the cell does not have the name; None where it has it and the change cannot be proved right.
    """
    names = cell_names(source)
    if change.old not in names.defines | names.uses | names.mutates:
        return source
    before, python = parse_cell(source), to_python(source).code
    if before is None or python is None or change.new in _words_bound(source):
        return None
    renamed = _replaced(source, python, change)
    return renamed if renamed is not None and _is_proved(source, renamed, before, change) else None


def _words_bound(source: str) -> frozenset[str]:
    tree = parse_cell(source)
    names = cell_names(source)
    return (bound_names(tree) if tree is not None else frozenset()) | names.defines | names.uses


def _replaced(source: str, python: str, change: NameChange) -> str | None:
    """Put the new name where the old one stands for the global."""
    lines, as_python = source.splitlines(keepends=True), python.splitlines()
    same = [line.rstrip() == other.rstrip() for line, other in zip(lines, as_python, strict=False)]
    try:
        places = _places(source, python, change.old)
    except (tokenize.TokenError, SyntaxError, IndexError):
        return None
    for row, column, end in sorted(places, reverse=True):
        line = lines[row]
        if row >= len(same) or not same[row]:
            continue  # a magic: seen to below
        text = line[column:end]
        new = change.new if text == change.old else _in_fields(text, change)
        lines[row] = line[:column] + new + line[end:]
    for row, line in enumerate(lines):
        is_magic = row < len(same) and not same[row] and line.lstrip().startswith(("%", "!"))
        if is_magic and change.old in line:
            lines[row] = re.sub(rf"(?<![\w.\"']){re.escape(change.old)}\b(?![\"'])", change.new, line)
    return "".join(lines)


def _in_fields(text: str, change: NameChange) -> str:
    word = re.compile(rf"(?<![\w.]){re.escape(change.old)}\b")
    return _FIELD.sub(lambda field: word.sub(change.new, field[0]), text)


def _places(source: str, python: str, old: str) -> set[tuple[int, int, int]]:
    """Rows from 0, first and last columns in characters, of what stands for the global name."""
    tree = parse_python(python)
    finder = _Finder(old)
    finder.visit(tree)
    lines = python.splitlines()

    def columns(row: int, offset: int) -> int:
        return len(lines[row].encode()[:offset].decode(errors="ignore"))

    tokens = list(tokenize.generate_tokens(io.StringIO(python).readline))
    found: set[tuple[int, int, int]] = set()
    for node in finder.names:
        column = columns(node.lineno - 1, node.col_offset)
        if lines[node.lineno - 1].startswith(old, column):
            found.add((node.lineno - 1, column, column + len(old)))
    for head in finder.headed:  # ``def old``, ``class old``, ``import x as old``, ``global old``: the name's own token
        last = getattr(head, "end_lineno", head.lineno) or head.lineno
        for token in tokens:
            if (
                token.type == tokenize.NAME
                and token.string == old
                and (head.lineno, columns(head.lineno - 1, head.col_offset)) <= token.start
                and token.start[0] <= last
            ):
                found.add((token.start[0] - 1, token.start[1], token.end[1]))
                break
    if not _F_STRINGS_ARE_TOKENS:
        found = {place for place in found if not _within_string(place, tokens)}
        found |= (
            {
                (token.start[0] - 1, token.start[1], token.end[1])
                for token in tokens
                if token.type == tokenize.STRING and token.start[0] == token.end[0] and _is_f_string(token.string)
            }
            if finder.in_f_strings
            else set()
        )
    return found


def _is_f_string(text: str) -> bool:
    return "f" in text[: len(text) - len(text.lstrip("rRfFbBuU"))].lower()


def _within_string(place: tuple[int, int, int], tokens: Sequence[tokenize.TokenInfo]) -> bool:
    row, column, _ = place
    return any(token.type == tokenize.STRING and token.start <= (row + 1, column) < token.end for token in tokens)


class _Finder(ast.NodeVisitor):
    """Finds the nodes in which a name stands for the module's own."""

    def __init__(self, old: str) -> None:
        self.old = old
        self.names: list[ast.Name] = []
        self.headed: list[ast.stmt | ast.expr | ast.alias | ast.ExceptHandler] = []
        self.in_f_strings = False
        self._hidden = False  # whether a local of that name stands between

    def visit_Name(self, node: ast.Name) -> None:
        if node.id == self.old and not self._hidden:
            self.names.append(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        before = len(self.names)
        self.generic_visit(node)
        self.in_f_strings |= len(self.names) > before

    def visit_Global(self, node: ast.Global) -> None:
        if self.old in node.names:
            self.headed.append(node)

    def visit_alias(self, node: ast.alias) -> None:
        # ``import old`` and ``from x import old`` need an ``as``: the proof refuses them.
        if node.asname == self.old and not self._hidden:
            self.headed.append(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name == self.old and not self._hidden:
            self.headed.append(node)
        self.generic_visit(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        outside = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        if not isinstance(node, ast.Lambda):
            if node.name == self.old and not self._hidden:
                self.headed.append(node)
            outside += [*node.decorator_list, *([node.returns] if node.returns else [])]
        outside += [a.annotation for a in _arguments(node.args) if a.annotation is not None]
        for part in outside:
            self.visit(part)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        bound = {a.arg for a in _arguments(node.args)} | set(_bound_in(body))
        declared = {name for part in _own(body) if isinstance(part, ast.Global) for name in part.names}
        self._within(body, (self._hidden or self.old in bound) and self.old not in declared)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function  # noqa: N815 - the visitor's naming

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if node.name == self.old and not self._hidden:
            self.headed.append(node)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        here = self._hidden or self.old in _bound_in(node.body)
        for part in node.body:  # methods do not see the class's names
            self._within([part], self._hidden if isinstance(part, _FUNCTIONS) else here)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        bound = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        parts: list[ast.AST] = [g.iter for g in node.generators[1:]]
        parts += [part for g in node.generators for part in (g.target, *g.ifs)]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._within(parts, self._hidden or self.old in bound)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def _within(self, parts: Sequence[ast.AST], hidden: bool) -> None:
        outer, self._hidden = self._hidden, hidden
        for part in parts:
            self.visit(part)
        self._hidden = outer


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    more = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *more]


def _own(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Every node of a scope, those of inner scopes left out."""
    for node in body:
        yield node
        if not isinstance(node, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            yield from _own(list(ast.iter_child_nodes(node)))


def _bound_in(body: Sequence[ast.AST]) -> Iterator[str]:
    for node in _own(body):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _is_proved(source: str, renamed: str, before: ast.Module, change: NameChange) -> bool:
    """Whether the text only differs by the name, and every scope says so too."""
    after = parse_cell(renamed)
    if after is None:
        return False
    old, new = cell_names(source), cell_names(renamed)

    def mapped(names: frozenset[str]) -> frozenset[str]:
        return frozenset(change.new if name == change.old else name for name in names)

    same_names = all(
        mapped(getattr(old, kind)) == getattr(new, kind) for kind in ("defines", "uses", "needs", "imports", "mutates")
    )
    if not same_names:
        return False
    word = re.compile(rf"\b{re.escape(change.new)}\b")
    return word.sub(change.old, ast.dump(after)) == word.sub(change.old, ast.dump(before))
