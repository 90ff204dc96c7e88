"""A type hint that the function's own text contradicts is wrong: a default, or what it returns, is of another type."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_spark.grafting._definitions import Function

_FITS = {
    "bool": {"bool", "int", "float", "complex"},
    "int": {"int", "float", "complex"},
    "float": {"float", "complex"},
}
_CONCRETE = {"bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set"}
_KINDS: dict[type[ast.expr], str] = {
    ast.JoinedStr: "str",
    ast.Tuple: "tuple",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
}


def is_contradicted_by(value: ast.expr, hint: ast.expr) -> bool:
    """Whether a value, where its type can be seen, is not of the type that a hint tells."""
    told = _root(hint)
    if isinstance(value, ast.Tuple) and told == "tuple" and (parts := _parts(hint)) is not None:
        return len(parts) != len(value.elts) or any(map(is_contradicted_by, value.elts, parts))
    seen = type(value.value).__name__ if isinstance(value, ast.Constant) else _KINDS.get(type(value), "")
    return bool(seen) and told in _CONCRETE and told not in _FITS.get(seen, {seen})


def is_contradicted_by_returns(node: Function, hint: ast.expr) -> bool:
    """Whether a function can be seen to return something else than a hint tells."""
    if _yields(node):
        return _root(hint) in _CONCRETE or _is_none(hint)
    if values := _returned(node):
        return any(is_contradicted_by(value, hint) for value in values) or (
            _is_none(hint) and not all(_is_none(value) for value in values)
        )
    return _root(hint) in _CONCRETE and not _is_left_open(node)


def returns_nothing(node: Function) -> bool:
    """Whether a function can be seen to return None and nothing else."""
    return not _yields(node) and not _returned(node) and not _is_left_open(node)


def default_of(node: Function, name: str) -> ast.expr | None:
    """Return the default of a parameter."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    pairs = [
        *zip(reversed(positional), reversed(args.defaults), strict=False),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]
    return next((default for arg, default in pairs if arg.arg == name), None)


def _root(hint: ast.expr) -> str:
    """``list`` for ``List[int]``; what it can also be (``|``, ``Optional``) is not read."""
    if isinstance(hint, ast.Subscript):
        hint = hint.value
    if isinstance(hint, ast.Attribute):
        return hint.attr.lower()
    return hint.id.lower() if isinstance(hint, ast.Name) else ""


def _parts(hint: ast.expr) -> list[ast.expr] | None:
    """The types of a tuple's parts, where the hint counts them."""
    parts = hint.slice.elts if isinstance(hint, ast.Subscript) and isinstance(hint.slice, ast.Tuple) else None
    return None if parts is None or any(isinstance(part, ast.Constant | ast.Starred) for part in parts) else parts


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_left_open(node: Function) -> bool:
    """Whether a function is to be written by others: it only raises, or does nothing."""
    last = node.body[-1]
    is_bare = isinstance(last, ast.Pass) or (isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant))
    return isinstance(last, ast.Raise) or is_bare


def _yields(node: Function) -> bool:
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in _own(node))


def _returned(node: Function) -> list[ast.expr]:
    """What a function returns."""
    return [part.value for part in _own(node) if isinstance(part, ast.Return) and part.value is not None]


def _own(node: Function) -> Iterator[ast.AST]:
    """Every part of a function's body that is not of a function within."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        part = waiting.pop()
        yield part
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(part)
