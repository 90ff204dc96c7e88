"""What a cell defines, in one line each: for a reader, or a model, with little room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from jupyter_spark.dataflow._cell import parse_cell

MAX_LINE_CHARS = 100
MAX_ABOUT_CHARS = 80
MAX_MEMBERS = 10

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Definition(NamedTuple):
    """A name that a cell defines at its top level.

    Attributes
    ----------
    name : str
        The name.
    line : str
        What it is: an import, how a function is called, what a class has, or an assignment, cut where it is long.
    about : str
        The first line of its docstring, where it has one.
    """

    name: str
    line: str
    about: str = ""

    @property
    def text(self) -> str:
        """The line, and what the definition says of itself as a comment."""
        return f"{self.line}  # {self.about}" if self.about else self.line


@lru_cache(maxsize=4096)
def definitions(source: str) -> tuple[Definition, ...]:
    """Return what a cell defines at its top level, in one line each; of a cell that does not parse, nothing."""
    tree = parse_cell(source)
    if tree is None:
        return ()
    return tuple(definition for node in tree.body for definition in _defined(node))


def _defined(node: ast.stmt) -> Iterator[Definition]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield Definition((alias.asname or alias.name).partition(".")[0], ast.unparse(node))
    elif isinstance(node, _Function):
        # Told as it is called, without "def": a small model goes on writing a definition that it is shown.
        yield Definition(node.name, _call(node), _about(node))
    elif isinstance(node, ast.ClassDef):
        members = ", ".join(_members(node))
        yield Definition(node.name, f"class {node.name}" + (f": {members}" if members else ""), _about(node))
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        line = _cut(ast.unparse(node), MAX_LINE_CHARS)
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    yield Definition(name.id, line)


def _call(node: _Function) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({ast.unparse(node.args)}){returns}"


def _members(node: ast.ClassDef) -> list[str]:
    """How it is made, its fields, and its public methods."""
    fields: dict[str, str] = {}
    methods: list[str] = []
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            fields[part.target.id] = f"{part.target.id}: {ast.unparse(part.annotation)}"
        elif isinstance(part, ast.Assign):
            fields |= {target.id: target.id for target in part.targets if isinstance(target, ast.Name)}
        elif isinstance(part, _Function) and part.name == "__init__":
            arguments = ast.unparse(part.args).partition(", ")[2]
            fields = {"__init__": f"__init__({arguments})", **{name: name for name in _own_fields(part)}, **fields}
        elif isinstance(part, _Function) and not part.name.startswith("_"):
            methods.append(f"{part.name}()")
    return [*fields.values(), *methods][:MAX_MEMBERS]


def _own_fields(init: _Function) -> list[str]:
    """The attributes that ``__init__`` sets."""
    stored = [n for n in ast.walk(init) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)]
    own = [n.attr for n in stored if isinstance(n.value, ast.Name) and n.value.id == init.args.args[0].arg]
    return list(dict.fromkeys(name for name in own if not name.startswith("_"))) if init.args.args else []


def _about(node: _Function | ast.ClassDef) -> str:
    words = (ast.get_docstring(node) or "").strip()
    return _cut(words, MAX_ABOUT_CHARS) if words else ""


def _cut(text: str, limit: int) -> str:
    line = text.splitlines()[0].rstrip()
    return line if len(line) <= limit else f"{line[:limit]} ..."
