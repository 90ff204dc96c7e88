"""How a command tells its result: text for people, one JSON object for programs, and an exit status.

Results go to stdout, everything else to stderr, so that pipes stay clean.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from jupyter_spark.errors import EditRefused, SparkError, TurnStopped, UsageError

if TYPE_CHECKING:
    from rich.console import Console

DONE, FAILED, USAGE, CHECK_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
_LAST_COLUMN = 20
DEBUG_SWITCH = "JUPYTER_SPARK_DEBUG"
# What a terminal would take as a command; a notebook or a model may hold anything.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Return the text without anything that a terminal would obey."""
    return _CONTROL.sub("�", text.replace("\r\n", "\n"))


class Report:
    """Where a command writes.

    Attributes
    ----------
    as_json : bool
        One JSON object is printed at the end, and nothing else on stdout.
    result : dict
        That object; it fills as the command goes on.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.result: dict[str, Any] = {}

    def line(self, text: str = "", style: str | None = None) -> None:
        """Write a line of the result; not in JSON mode."""
        if not self.as_json:
            _print(sys.stdout, text, style)

    def stream(self, text: str) -> None:
        """Write a piece of the result as it arrives; not in JSON mode."""
        if self.as_json:
            return
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()

    def note(self, text: str, style: str | None = None) -> None:
        """Write a line beside the result; not in JSON mode."""
        if not self.as_json:
            sys.stdout.flush()
            _print(sys.stderr, text, style)

    def table(self, headings: list[str], rows: list[list[str]], spare: Sequence[str] = ()) -> None:
        """Write a table; piped, its rows are not cut and have tabs between the cells.

        The columns of ``spare`` are left out, one by one, while a screen is too narrow for them.
        """
        if self.as_json:
            return
        if not sys.stdout.isatty():
            for row in [headings, *rows]:
                sys.stdout.write("\t".join(" ".join(printable(cell).split()) for cell in row) + "\n")
            return
        from rich.table import Table
        from rich.text import Text

        screen = console(sys.stdout)
        for heading in spare:
            if _width(headings, rows) > screen.width:
                column = headings.index(heading)
                headings, *rows = [line[:column] + line[column + 1 :] for line in (headings, *rows)]
        table = Table(box=None, header_style="bold", pad_edge=False)
        for heading in headings:  # a narrow screen takes its toll from the last column first
            table.add_column(heading, no_wrap=heading != headings[-1])
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        screen.print(table)

    def error(self, error: SparkError, status: int) -> None:
        """Write what went wrong and what to do: one line on stderr."""
        _print(sys.stderr, f"error: {error}", "red")
        told = {"code": error.code, "message": error.message, "hint": error.hint, "exit_status": status}
        self.result["error"] = told

    def finish(self) -> None:
        """Write the JSON object, if that is the way."""
        if self.as_json:
            text = json.dumps(self.result, ensure_ascii=False, indent=2)
            try:
                text.encode(sys.stdout.encoding or "utf-8")
            except UnicodeError:
                text = json.dumps(self.result, indent=2)
            sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _width(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How wide a table is at least: its last column may be broken into lines, of a few words each."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return sum(widths[:-1]) + 2 * (len(widths) - 1) + min(widths[-1], _LAST_COLUMN)


def console(file: TextIO) -> Console:
    """Return a console on stdout or stderr that colours, and takes no text for markup.

    ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM=dumb`` are minded.
    """
    from rich.console import Console

    return Console(file=file, markup=False, highlight=False, emoji=False, soft_wrap=False)


def has_display(file: TextIO) -> bool:
    """Whether something can be drawn and redrawn there."""
    return file.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def carry_out(as_json: bool, work: Callable[[Report], int]) -> int:
    """Run a command's work and turn whatever happens into one line and an exit status.

    With ``JUPYTER_SPARK_DEBUG=1`` the exception itself goes on.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # a stream that a test put there may not know this
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    report = Report(as_json)
    try:
        status = _attempt(report, work)
        report.finish()
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EINVAL):
            raise
        # Whoever read the pipe has seen enough; the interpreter must not complain about it when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


def _attempt(report: Report, work: Callable[[Report], int]) -> int:
    try:
        return work(report)
    except KeyboardInterrupt:
        status, told = INTERRUPTED, SparkError("Stopped.", code="stopped")
    except SparkError as error:
        told, status = error, _status_of(error)
        if _debugging():
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        if _debugging():
            raise
        where = f"{error.filename}: " if error.filename else ""
        status, told = FAILED, SparkError(f"{where}{error.strerror or error}.", "See: jupyter spark doctor", code="os")
    except Exception as error:
        if _debugging():
            raise
        hint = f"This is a bug of jupyter_spark: please report it ({DEBUG_SWITCH}=1 shows where)."
        status, told = FAILED, SparkError(f"{type(error).__name__}: {error}", hint, code="bug")
    report.error(told, status)
    return status


def _status_of(error: SparkError) -> int:
    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, TurnStopped):
        return INTERRUPTED
    return CHECK_FAILED if isinstance(error, EditRefused) else FAILED


def _debugging() -> bool:
    return os.environ.get(DEBUG_SWITCH, "") not in ("", "0")


def _print(file: TextIO, text: str, style: str | None) -> None:
    if not file.isatty() and not os.environ.get("FORCE_COLOR"):
        file.write(text + "\n")
        return
    from rich.text import Text

    console(file).print(Text(printable(text), style=style or ""), soft_wrap=True)
