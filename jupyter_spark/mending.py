"""Some findings need no model: an import that is missing, a rename that was asked for, a slip of the keyboard.

A mend is exact or is not made. It takes a millisecond where a repair pass takes seconds.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import sys
import tokenize
from dataclasses import replace

from jupyter_spark.checks import EditUnderCheck, lost_magic, unknown_names
from jupyter_spark.dataflow import parse_cell
from jupyter_spark.intent import Rename, asked_rename, bound_names
from jupyter_spark.ipysyntax import PYTHON_MAGICS, cell_magic, to_python
from jupyter_spark.slips import is_slip, with_what_is_missing

# What everybody means by these names.
USUAL_IMPORTS = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "Path": "from pathlib import Path",
    "Counter": "from collections import Counter",
    "defaultdict": "from collections import defaultdict",
    "namedtuple": "from collections import namedtuple",
    "dataclass": "from dataclasses import dataclass",
    "timedelta": "from datetime import timedelta",
}
USUAL_MODULES = ("numpy", "pandas")  # also by their whole names
_FIELD = re.compile(r"\{[^{}]*\}")
_F_STRING = re.compile(r"(?:[rR]?[fF]|[fF][rR])['\"]")


def mend(edit: EditUnderCheck) -> str | None:
    """Return the new text with what needs no model mended, or None if there is no such thing."""
    source = _mend_python(edit)
    magic = lost_magic(edit)
    if magic is not None and cell_magic(source) is None and _is_body_of(magic.name, source, edit.old_source):
        source = f"{magic.line}\n{source}"
    return source if source != edit.new_source else None


def _is_body_of(magic: str, source: str, old_source: str) -> bool:
    """Whether a text is what stood below a cell magic: of another language than Python, most lines are the old ones."""
    if source.lstrip().startswith("%"):
        return False
    if magic in PYTHON_MAGICS:
        return parse_cell(source) is not None
    before = [line.strip() for line in old_source.strip().splitlines()[1:] if line.strip()]
    now = {line.strip() for line in source.splitlines()}
    return 2 * sum(line in now for line in before) >= len(before) > 0


def _mend_python(edit: EditUnderCheck) -> str:
    source = edit.new_source
    if edit.kind == "fix" and (whole := with_what_is_missing(source)) is not None:
        source = whole
        edit = replace(edit, answer=replace(edit.answer, code=source))
    if parse_cell(source) is None:
        return source
    if rename := asked_rename(edit.instruction, edit.old_source):
        source = rename_everywhere(source, rename) or source
    if edit.names_are_complete and cell_magic(source) is None and lost_magic(edit) is None:
        lines = [_import_of(name, source) for name in unknown_names(edit)]
        source = "\n".join([*(line for line in dict.fromkeys(lines) if line), source])
        if edit.kind == "fix":
            source = _without_slips(source, edit)
    return source


def _without_slips(source: str, edit: EditUnderCheck) -> str:
    """A fix is asked for what fails: a name that nothing defines, one slip from the only one like it, is that one."""
    tree = parse_cell(source)
    own = frozenset() if tree is None else bound_names(tree)
    unknown = unknown_names(replace(edit, answer=replace(edit.answer, code=source)))
    for name in unknown:
        near = [known for known in {*edit.known_names, *dir(builtins), *own} - {*unknown} if is_slip(name, known)]
        if len(near) == 1:
            source = rename_everywhere(source, Rename(name, near[0])) or source
    return source


def _import_of(name: str, source: str) -> str:
    """Return the line that imports a name, or nothing where it could be anything (a bare ``copy`` or ``code``)."""
    if line := USUAL_IMPORTS.get(name):
        return line
    is_module = (name in sys.stdlib_module_names or name in USUAL_MODULES) and re.search(
        rf"\b{re.escape(name)}\.\w", source
    )
    return f"import {name}" if is_module else ""


def rename_everywhere(source: str, rename: Rename) -> str | None:
    """Rename an identifier in a cell, comments and texts left alone.

    The text is changed token by token and then proved: its tree must be the old one with the names changed.

    Returns
    -------
    str or None
        None where nothing is to be renamed, or it cannot be proved right.
    """
    before = parse_cell(source)
    if before is None or rename.old not in bound_names(before) or not _is_plain_python(source):
        return None
    try:
        renamed = _rename_tokens(source, rename)
    except (tokenize.TokenError, SyntaxError):
        return None
    after = parse_cell(renamed)
    if after is None or ast.dump(after) != ast.dump(_Renamer(rename).visit(before)):
        return None
    return renamed


def _is_plain_python(source: str) -> bool:
    """Whether there are no magics in it; IPython itself only strips blanks."""
    lines = (to_python(source).code or "").rstrip().splitlines()
    return [line.rstrip() for line in lines] == [line.rstrip() for line in source.rstrip().splitlines()]


def _rename_tokens(source: str, rename: Rename) -> str:
    lines = source.splitlines(keepends=True)
    word = re.compile(rf"\b{re.escape(rename.old)}\b")
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        (row, start), (last_row, end) = token.start, token.end
        if token.type == tokenize.NAME and token.string == rename.old:
            new = rename.new
        elif token.type == tokenize.STRING and row == last_row and _F_STRING.match(token.string):
            # Before Python 3.12 an f-string is one token.
            new = _FIELD.sub(lambda field: word.sub(rename.new, field[0]), token.string)
        else:
            continue
        lines[row - 1] = lines[row - 1][:start] + new + lines[row - 1][end:]
    return "".join(lines)


class _Renamer(ast.NodeTransformer):
    """Changes an identifier wherever it stands as a variable, a parameter, a function or a class."""

    def __init__(self, rename: Rename) -> None:
        self._rename = rename

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "arg", "name"):
            is_own = not isinstance(node, ast.keyword | ast.alias)
            if is_own and getattr(node, field, None) == self._rename.old:
                setattr(node, field, self._rename.new)
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [self._rename.new if name == self._rename.old else name for name in node.names]
        return super().generic_visit(node)
