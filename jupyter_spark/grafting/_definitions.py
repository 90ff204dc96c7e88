"""The functions and classes of a cell, by where they stand, and its tree without docstrings and type hints."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"
Definition: TypeAlias = "Function | ast.ClassDef"
Key: TypeAlias = "tuple[str, int]"  # the dotted name, and which of those that have it


def definitions(tree: ast.AST) -> dict[Key, Definition]:
    """Return every function and class of a tree, in order."""
    seen: Counter[str] = Counter()
    found: dict[Key, Definition] = {}
    for name, node in _walk(tree, ""):
        found[name, seen[name]] = node
        seen[name] += 1
    return found


def _walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}{child.name}"
            yield name, child
            yield from _walk(child, f"{name}.")
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _walk(child, prefix)


def parameters(node: Function) -> list[ast.arg]:
    """Return all parameters of a function."""
    args = node.args
    starred = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *starred]


def bare_parameters(node: Function) -> list[ast.arg]:
    """Return those that have no type hint and could have one: not ``self`` and ``cls``."""
    return [arg for arg in parameters(node) if arg.annotation is None and arg.arg not in ("self", "cls")]


def is_same_code(before: ast.AST, after: ast.AST) -> bool:
    """Whether two trees are the same but for docstrings and type hints; neither is changed."""
    return _dump(before) == _dump(after)


def _dump(tree: ast.AST) -> str:
    return ast.dump(_Bare().visit(copy.deepcopy(tree)))


class _Bare(ast.NodeTransformer):
    """Takes the docstrings and type hints of functions and classes away."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            if not isinstance(node, ast.ClassDef):
                node.returns = None
                for arg in parameters(node):
                    arg.annotation = None
        return super().generic_visit(node)
