"""The old text, with what of an answer was asked for."""

from __future__ import annotations

import ast
from collections.abc import Collection

from jupyter_spark.dataflow import cell_names, parse_cell
from jupyter_spark.grafting._asked import Additions
from jupyter_spark.grafting._definitions import (
    Definition,
    Key,
    bare_parameters,
    definitions,
    is_same_code,
)
from jupyter_spark.grafting._docstrings import docstring_edit, wanted_docstring
from jupyter_spark.grafting._hints import bound_by_imports, hint_edits, missing_imports
from jupyter_spark.ipysyntax import cell_magic, syntax_error
from jupyter_spark.textedits import TextEdit, edited


def graft(source: str, answer: str, additions: Additions, known: Collection[str]) -> str | None:
    """Return a cell with the docstrings and type hints that an answer has and it has not.

    Parameters
    ----------
    source, answer : str
        The cell as it is, and as it was written anew; of the answer only its definitions count.
    additions : Additions
        What is taken.
    known : collection of str
        The names that type hints may use: of the notebook and its kernel.

    Returns
    -------
    str or None
        None where one of the two is no Python that can be read, or the cell has no function or class.
    """
    tree, told = parse_cell(source), parse_cell(answer)
    if tree is None or told is None or not definitions(tree):
        return None
    offered = definitions(told)
    out = source
    for key in lacking(tree, additions):
        if (node := offered.get(key)) is not None:
            out = _grafted(out, key, node, additions, _names(source, told, known))
    return _with_imports(source, out, told, known)


def graft_one(source: str, key: Key, answer: str, additions: Additions, known: Collection[str]) -> str:
    """Do the same for one definition of a cell, with the first one that an answer has."""
    told = parse_cell(answer)
    node = next(iter(definitions(told).values()), None) if told is not None else None
    if (
        told is None
        or node is None
        or isinstance(node, ast.ClassDef) != isinstance(_definition(source, key), ast.ClassDef)
    ):
        return source
    out = _grafted(source, key, node, additions, _names(source, told, known))
    return _with_imports(source, out, told, known)


def _names(source: str, answer: ast.Module, known: Collection[str]) -> set[str]:
    """What type hints may use."""
    return {*known, *bound_by_imports(answer), *cell_names(source).imports}


def lacking(tree: ast.AST, additions: Additions) -> list[Key]:
    """Return the definitions of a cell that are spoken of and to which something can be added."""
    named = additions.names
    return [
        key
        for key, node in definitions(tree).items()
        if _lacks(node, additions) and (not named or named & {*key[0].split(".")})
    ]


def _lacks(node: Definition, additions: Additions) -> bool:
    if additions.docstrings and ast.get_docstring(node) is None:
        return True
    if not additions.type_hints or isinstance(node, ast.ClassDef):
        return False
    return node.returns is None or bool(bare_parameters(node))


def _grafted(source: str, key: Key, answer: Definition, additions: Additions, known: Collection[str]) -> str:
    if additions.docstrings and (text := wanted_docstring(answer, one_line=additions.one_line)):
        node = _definition(source, key)
        if ast.get_docstring(node) is None and text not in _docstrings_around(source, key):
            source = _proved(source, [docstring_edit(source, node, text)])
    if additions.type_hints and not isinstance(answer, ast.ClassDef):
        node = _definition(source, key)
        if not isinstance(node, ast.ClassDef):
            source = _proved(source, hint_edits(source, node, answer, known, _late(source, node)))
    return source


def _docstrings_around(source: str, key: Key) -> set[str]:
    """The docstrings of what a definition stands in: a small model gives a method that of its class."""
    tree = parse_cell(source)
    around = definitions(tree) if tree is not None else {}
    return {
        (ast.get_docstring(node) or "").strip() for (name, _), node in around.items() if key[0].startswith(f"{name}.")
    }


def _late(source: str, node: Definition) -> set[str]:
    """The names of a cell that it has not bound yet when it comes to a definition: a method's own class is one."""
    tree = parse_cell(source)
    tops = tree.body if tree is not None else []
    earlier = ast.Module([top for top in tops if (top.end_lineno or top.lineno) < node.lineno], [])
    bound = cell_names(ast.unparse(earlier)).defines
    return {*cell_names(source).defines} - bound


def _definition(source: str, key: Key) -> Definition:
    tree = parse_cell(source)
    assert tree is not None  # noqa: S101 - it was read before, and each edit is proved
    return definitions(tree)[key]


def _proved(source: str, edits: list[TextEdit]) -> str:
    """The text with edits, if it is the same code then, else without."""
    after = edited(source, edits)
    before_tree, after_tree = parse_cell(source), parse_cell(after)
    if before_tree is None or after_tree is None or not is_same_code(before_tree, after_tree):
        return source
    return after if syntax_error(after) is None else source


def _with_imports(before: str, source: str, answer: ast.Module, known: Collection[str]) -> str:
    """The text with a line above that imports what its new hints need."""
    old, tree = parse_cell(before), parse_cell(source)
    assert old is not None and tree is not None  # noqa: S101 - it was read before, and each edit is proved
    lines = missing_imports(old, tree, answer, {*known, *cell_names(before).defines})
    if not lines:
        return source
    above = 1 if cell_magic(source) is not None else 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            above = max(above, node.end_lineno or node.lineno)
    text = source.split("\n")
    blank = [] if above < len(text) and text[above].startswith(("import ", "from ")) else [""]
    return "\n".join([*text[:above], *lines, *blank, *text[above:]])
