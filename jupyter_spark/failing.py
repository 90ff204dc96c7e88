"""A failure in a line or two for a small model: where it is, what it is, and what may have been meant."""

from __future__ import annotations

import builtins
import difflib
import re

from jupyter_spark.dataflow import cell_names
from jupyter_spark.ipysyntax import syntax_error
from jupyter_spark.tracebacks import failing_line
from jupyter_spark.wire import TurnRequest

NEAR = 0.7  # how alike a known name must be to be suggested; a typing error in five letters is
SHORT_LINES = 3  # in so few lines the one that fails needs no telling
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_OWN_FILE = re.compile(r" \((?:\d+\.py|<[^>]*>), line \d+\)")  # IPython's name for a cell tells nothing


def say_failure(request: TurnRequest) -> str:
    """Say how the cell fails: the line, the error, and the name that may have been meant."""
    error, source = request.error, request.target.source if request.target is not None else ""
    if error is None:
        return ""
    lines = source.splitlines()
    if broken := syntax_error(source):
        # Python's own word, which tells more than IPython's "incomplete input".
        number = broken.lineno or 0
        line = (number, lines[number - 1].strip()) if 0 < number <= len(lines) else None
        message = f"SyntaxError: {broken.msg}"
    else:
        line = failing_line(error.traceback, source)
        message = f"{error.name}: {_OWN_FILE.sub('', error.message)}"
    where = f" at line {line[0]}, `{line[1]}`," if line and len(lines) > SHORT_LINES else ""
    meant = _meant(request, error.message)
    hint = f". Did you mean '{meant}'?" if meant else ""
    return f"Running it fails{where} with {message}{hint}"


def _meant(request: TurnRequest, message: str) -> str:
    """Return the known name that is most like an undefined one, if one is much like it."""
    found = _UNDEFINED.search(message)
    if not found or request.target is None:
        return ""
    known = {*request.context.known_names, *cell_names(request.target.source).defines, *dir(builtins)} - {found[1]}
    near = difflib.get_close_matches(found[1], sorted(known), 1, NEAR)
    return near[0] if near else ""
