"""Type hints go behind the names of parameters and a function's head; only those that Python can evaluate."""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize
import typing
from collections.abc import Collection, Iterator

from jupyter_spark.grafting._contradictions import (
    default_of,
    is_contradicted_by,
    is_contradicted_by_returns,
    returns_nothing,
)
from jupyter_spark.grafting._definitions import Function, bare_parameters, parameters
from jupyter_spark.textedits import TextEdit, column_of

_TYPES = {name: value for name, value in vars(builtins).items() if isinstance(value, type)}
_TYPING = {
    name: getattr(typing, name)
    for name in (
        *("Any", "Callable", "Collection", "Dict", "FrozenSet", "Generator", "Hashable", "Iterable", "Iterator"),
        *("List", "Mapping", "NoReturn", "Optional", "Sequence", "Set", "Tuple", "Type", "Union"),
    )
}
_MEANT = {"any": "Any", "callable": "Callable"}  # functions, where a type is meant
_DEFAULT = re.compile(r"\s*=\s*")


class _Other:
    """Stands for a class that is not Python's own."""


def hint_edits(
    source: str, node: Function, answer: Function, known: Collection[str], late: Collection[str]
) -> list[TextEdit]:
    """Return the edits that give a function the type hints that the answer's has and it has not.

    Parameters
    ----------
    known : collection of str
        The names that a hint may use beside Python's own and those of ``typing``.
    late : collection of str
        Those of them that are not defined yet when the function is: a hint with one of these is quoted.
    """
    lines = source.split("\n")
    hints = {arg.arg: _meant(arg.annotation) for arg in parameters(answer) if arg.annotation is not None}
    edits: list[TextEdit] = []
    for arg in bare_parameters(node):
        hint = hints.get(arg.arg)
        if hint is None or not is_type(hint, known) or _is_denied(node, arg, hint):
            continue
        line = arg.end_lineno or arg.lineno
        column = column_of(lines[line - 1], arg.end_col_offset or 0)
        default = _DEFAULT.match(lines[line - 1], column)
        text = f": {_written(hint, late)}{' = ' if default else ''}"
        edits.append(TextEdit(line, column, len(default[0]) if default else 0, text))
    if node.returns is None and (hint := _return_hint(node, answer, known)) is not None:
        place = _end_of_parameters(source, node)
        edits += [TextEdit(*place, 0, f" -> {_written(hint, late)}")] if place else []
    return edits


def _meant(hint: ast.expr) -> ast.expr:
    for node in ast.walk(hint):
        if isinstance(node, ast.Name):
            node.id = _MEANT.get(node.id, node.id)
    return hint


def _return_hint(node: Function, answer: Function, known: Collection[str]) -> ast.expr | None:
    """What a function is told to return, if that can be; what can be seen to return nothing needs no telling."""
    if returns_nothing(node):
        return ast.Constant(None)
    hint = _meant(answer.returns) if answer.returns is not None else None
    is_fit = hint is not None and is_type(hint, known) and not is_contradicted_by_returns(node, hint)
    return hint if is_fit else None


def _written(hint: ast.expr, late: Collection[str]) -> str:
    text = ast.unparse(hint)
    is_late = any(isinstance(node, ast.Name) and node.id in late for node in ast.walk(hint))
    return f'"{text}"' if is_late else text


def _is_denied(node: Function, arg: ast.arg, hint: ast.expr) -> bool:
    """Whether a parameter's default is of another type, or nothing but None could be given."""
    default = default_of(node, arg.arg)
    says_nothing = isinstance(hint, ast.Constant)
    return says_nothing or (default is not None and is_contradicted_by(default, hint))


def _end_of_parameters(source: str, node: Function) -> tuple[int, int] | None:
    """The place behind the closing bracket of a function's parameters."""
    rest = "\n".join(source.split("\n")[node.lineno - 1 :])
    depth, is_head = 0, False
    try:
        for token in tokenize.generate_tokens(io.StringIO(rest.lstrip(" \t")).readline):
            if token.type == tokenize.NAME and token.string == node.name and not depth:
                is_head = True
            elif token.type == tokenize.OP and token.string in "([{":
                depth += 1
            elif token.type == tokenize.OP and token.string in ")]}":
                depth -= 1
                if is_head and not depth and token.string == ")":
                    row, column = token.end
                    indent = len(rest) - len(rest.lstrip(" \t")) if row == 1 else 0
                    return node.lineno + row - 1, column + indent
    except (tokenize.TokenError, SyntaxError):
        pass
    return None


# --- what is a type --------------------------------------------------------------------------------


def is_type(hint: ast.expr, known: Collection[str]) -> bool:
    """Whether an expression is a type that can be evaluated when the function is defined.

    A hint that cannot (``float[int]``, ``List[int, int]``, ``any``) would fail, or say nothing.
    """
    try:
        shape = ast.fix_missing_locations(ast.Expression(_shape(hint, known)))
        # Only brackets, ``|`` and names of types are in it: nothing of the user's is evaluated.
        value = eval(compile(shape, "<hint>", "eval"), {"__builtins__": {}, **_TYPING, **_TYPES, "_Other": _Other})  # noqa: S307
    except Exception:  # noqa: BLE001 - whatever it is, it would be raised in the user's cell
        return False
    return value is None or not isinstance(value, list | tuple | type(...))


def _shape(hint: ast.expr, known: Collection[str]) -> ast.expr:
    """A hint with every class that is not Python's own as ``_Other``; raises where it is no type."""
    if isinstance(hint, ast.Name):
        is_own = hint.id in _TYPES or hint.id in _TYPING
        if not is_own and (hint.id not in known or not hint.id[:1].isupper()):  # a class, by what it is called
            raise NameError(hint.id)
        return ast.Name(hint.id if is_own else "_Other", ast.Load())
    if isinstance(hint, ast.Attribute):
        root = _root(hint)
        if root is None or root not in known:
            raise NameError(root)
        return ast.Name(hint.attr if root == "typing" and hint.attr in _TYPING else "_Other", ast.Load())
    if isinstance(hint, ast.Subscript):
        return ast.Subscript(_shape(hint.value, known), _shape(hint.slice, known), ast.Load())
    if isinstance(hint, ast.BinOp) and isinstance(hint.op, ast.BitOr):
        return ast.BinOp(_shape(hint.left, known), ast.BitOr(), _shape(hint.right, known))
    if isinstance(hint, ast.Tuple | ast.List):
        return type(hint)([_shape(part, known) for part in hint.elts], ast.Load())
    if isinstance(hint, ast.Constant) and (hint.value is None or hint.value is ...):
        return hint
    raise TypeError(hint)


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


# --- imports ---------------------------------------------------------------------------------------


def bound_by_imports(tree: ast.Module) -> dict[str, str]:
    """Return the names that a cell's imports bind at its top level, each with a line that imports it alone."""
    found: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            one = (
                ast.Import([alias])
                if isinstance(node, ast.Import)
                else ast.ImportFrom(node.module, [alias], node.level)
            )
            found[(alias.asname or alias.name).partition(".")[0]] = ast.unparse(one)
    return found


def missing_imports(before: ast.Module, tree: ast.Module, answer: ast.Module, known: Collection[str]) -> list[str]:
    """Return the lines that import what the new hints of a cell use and nothing defines."""
    offered = bound_by_imports(answer)
    defined = {*known, *_TYPES, *bound_by_imports(tree)}
    used = _hint_names(tree) - _hint_names(before) - defined
    typing_names = sorted(name for name in used if name in _TYPING)
    lines = [offered[name] for name in sorted(used & offered.keys() - {*typing_names})]
    return [*([f"from typing import {', '.join(typing_names)}"] if typing_names else []), *lines]


def _hint_names(tree: ast.AST) -> set[str]:
    return {node.id for hint in _hints(tree) for node in ast.walk(hint) if isinstance(node, ast.Name)}


def _hints(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found = [*(arg.annotation for arg in parameters(node)), node.returns]
            yield from (hint for hint in found if hint is not None)
