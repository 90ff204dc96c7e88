"""What IPython makes of a cell: magics, ``!`` and ``?`` become Python, by IPython's own transformer.

IPython is the only authority on its syntax, so this module asks it (at first use) instead of imitating it.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

# Cell magics whose body is Python of the same namespace; the body of any other is another language.
PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python_in_process", "spark", "sparkai"})
# Prompts that IPython takes away wherever a line begins with one, even where that is Python.
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.|In ?\[)", re.MULTILINE)
_CELL_MAGIC = re.compile(r"^\s*%%(?P<name>[\w.]+)(?P<line>[^\n]*)\n?")


# Before 3.11.8 CPython counts the depth of all threads' trees in one place, and may take one for another's (gh-106905).
_PARSING = threading.Lock()
_TRIES = 20


@dataclass(frozen=True)
class PythonCell:
    """A cell as Python: ``code`` has the same lines, or is None where the cell is another language."""

    code: str | None
    magic: str | None = None


@dataclass(frozen=True)
class CellMagic:
    """A cell's first line, where it is a cell magic: its name, and the rest of the line."""

    name: str
    arguments: str

    @property
    def line(self) -> str:
        """The line as it stands in a cell."""
        return f"%%{self.name} {self.arguments}".rstrip()


def cell_magic(source: str) -> CellMagic | None:
    """Return the cell magic with which a cell begins, or None."""
    magic = _CELL_MAGIC.match(source)
    return CellMagic(magic["name"], magic["line"].strip()) if magic is not None else None


@lru_cache(maxsize=1024)
def to_python(source: str) -> PythonCell:
    """Turn a cell's IPython syntax into Python, line for line."""
    magic = _CELL_MAGIC.match(source)
    if magic is None:
        return PythonCell(_transform(source))
    if magic["name"] not in PYTHON_MAGICS:
        return PythonCell(None, magic["name"])
    # A line without the magic takes its place, so that line numbers stay.
    code = "\n" * magic[0].count("\n") + _transform(source[magic.end() :])
    return PythonCell(_captures(magic) + code, magic["name"])


def to_tree(source: str) -> ast.Module | None:
    """Parse a cell as IPython would run it; None where it is another language.

    What parses as Python has no IPython syntax in it, so IPython, which takes ten times as long, is asked only about
    the rest.

    Raises
    ------
    SyntaxError, ValueError, RecursionError, MemoryError
        The cell does not parse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is the user's style, not an error
        if not _PROMPT.search(source):
            try:
                return parse_python(source)
            except SyntaxError:
                pass
        code = to_python(source).code
        return None if code is None else parse_python(code)


def parse_python(source: str) -> ast.Module:
    """Parse Python, also where other threads (the user's cell) parse at the same time."""
    with _PARSING:  # our own threads are kept apart; who disturbs us otherwise is over soon
        for _ in range(_TRIES):
            with suppress(SystemError):
                return ast.parse(source)
        return ast.parse(source)


def _captures(magic: re.Match[str]) -> str:
    """``%%capture out`` binds a name."""
    words = [word for word in magic["line"].split() if not word.startswith("-")] if magic["name"] == "capture" else []
    return f"{words[0]} = None" if words and words[0].isidentifier() and magic[0].endswith("\n") else ""


def _transform(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    if not source.strip():
        return ""
    above = source[: len(source) - len(source.lstrip())].count("\n")  # IPython drops blank lines at the head
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # IPython warns of line ends that it does not know, and goes on
        return "\n" * above + str(TransformerManager().transform_cell(source))


def syntax_error(source: str) -> SyntaxError | None:
    """Return what keeps a cell from compiling as IPython, or None. Top-level ``await`` is allowed."""
    try:
        code = to_python(source).code
        if code is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid escape is the user's style, not an error
                compile(code, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:  # NUL bytes, nesting too deep
        return SyntaxError(str(error))
    return None
