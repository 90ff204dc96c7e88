"""A function whose parameters changed: do the calls in other cells still fit?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_spark.refactor._facts import facts_of
from jupyter_spark.wire import CellSnapshot


@dataclass(frozen=True)
class Signature:
    """What a function takes; read from its definition, nothing is run."""

    positional: tuple[str, ...]
    positional_only: int
    required: frozenset[str]
    keywords: frozenset[str]
    more_positional: bool
    more_keywords: bool

    def misfit(self, call: ast.Call) -> str:
        """Return why a call does not fit, or nothing; a call with ``*`` or ``**`` in it is not judged."""
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return ""
        if len(call.args) > len(self.positional) and not self.more_positional:
            return f"takes {len(self.positional)} arguments by position, {len(call.args)} are given"
        filled = set(self.positional[: len(call.args)])
        named = {k.arg for k in call.keywords if k.arg is not None}
        by_name = self.keywords | set(self.positional[self.positional_only :])
        if unknown := sorted(named - by_name) if not self.more_keywords else []:
            return f"takes no '{unknown[0]}'"
        if missing := sorted(self.required - filled - named):
            return f"needs '{missing[0]}'"
        return ""


def misfits(
    before: Sequence[CellSnapshot], after: Sequence[CellSnapshot], renamed: Mapping[str, str]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Find calls of the notebook's functions that do not fit and whose function took other arguments before."""
    was = {renamed.get(name, name): sign for name, sign in _signatures(before).items()}
    for name, signature in _signatures(after).items():
        if was.get(name) == signature:
            continue
        for cell in after:
            for call in _calls(cell, name):
                if reason := signature.misfit(call):
                    yield cell.cell_id, f"{name}() {reason}: line {call.lineno} of the cell calls it so.", (name,)
                    break


def _signatures(cells: Sequence[CellSnapshot]) -> dict[str, Signature]:
    """The functions that are defined once; with a decorator, anything may be taken."""
    found: dict[str, list[Signature]] = {}
    for cell in cells:
        tree = facts_of(cell).tree
        for node in tree.body if tree is not None else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list:
                found.setdefault(node.name, []).append(_signature(node.args))
    return {name: signatures[0] for name, signatures in found.items() if len(signatures) == 1}


def _signature(arguments: ast.arguments) -> Signature:
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    required = names[: len(names) - len(arguments.defaults)]
    required += [a.arg for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is None]
    return Signature(
        positional=tuple(names),
        positional_only=len(arguments.posonlyargs),
        required=frozenset(required),
        keywords=frozenset(a.arg for a in arguments.kwonlyargs),
        more_positional=arguments.vararg is not None,
        more_keywords=arguments.kwarg is not None,
    )


def _calls(cell: CellSnapshot, name: str) -> Iterator[ast.Call]:
    tree = facts_of(cell).tree
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node
