"""A docstring is put below the head of its function or class."""

from __future__ import annotations

import ast
import re
import textwrap

from jupyter_spark.grafting._definitions import Definition
from jupyter_spark.textedits import TextEdit, column_of

INDENT = "    "
_PARAGRAPH = re.compile(r"\n\s*\n")


def docstring_edit(source: str, node: Definition, text: str) -> TextEdit:
    """Return the edit that gives a definition its docstring."""
    lines = source.split("\n")
    head = lines[node.lineno - 1]
    margin = head[: column_of(head, node.col_offset)]
    first = node.body[0]
    start = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", ()))])
    line = lines[start - 1]
    column = column_of(line, first.col_offset) if start == first.lineno else len(line) - len(line.lstrip())
    indent = line[:column]
    if not indent.strip():  # comments between the head and the first statement stay below the docstring
        above = start - 1
        while above > node.lineno and not _is_code(lines[above - 1]):
            above -= 1
        return TextEdit(above, len(lines[above - 1]), 0, f"\n{_literal(text, indent)}")
    inner = margin + INDENT  # ``def f(x): return x`` gets lines of its own
    blanks = len(indent) - len(indent.rstrip())
    return TextEdit(start, column - blanks, blanks, f"\n{_literal(text, inner)}\n{inner}")


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _literal(text: str, indent: str) -> str:
    """Write a text as a docstring."""
    raw = "r" if "\\" in text else ""
    text = text.replace('"""', "'''") + ("." if text.endswith('"') else "")
    if "\n" not in text:
        return f'{indent}{raw}"""{text}"""'
    return textwrap.indent(f'{raw}"""{text}\n"""', indent, lambda line: bool(line.strip()))


def wanted_docstring(node: Definition, *, one_line: bool) -> str:
    """Return the docstring of an answer's definition; empty if it has none that says anything."""
    text = (ast.get_docstring(node) or "").strip()
    if one_line:
        text = " ".join(_PARAGRAPH.split(text, maxsplit=1)[0].split())
    return text if re.search(r"\w", text) else ""
