"""A cell's change as a unified diff, coloured as git does."""

from __future__ import annotations

from difflib import unified_diff

from jupyter_spark.cli.report import Report

_STYLES = {"---": "bold", "+++": "bold", "@@": "cyan", "-": "red", "+": "green"}


def unified(old: str, new: str, name: str) -> list[str]:
    """Return the diff's lines, without line ends."""
    # Split at \n only: a cell may hold characters that Python, but no editor, takes for a line's end.
    return list(unified_diff(old.split("\n"), new.split("\n"), name, name, lineterm=""))


def show_diff(report: Report, lines: list[str]) -> None:
    """Print a diff as the command's result."""
    for number, line in enumerate(lines):
        heads = ("---", "+++") if number < 2 else ()
        mark = next((mark for mark in (*heads, "@@", "-", "+") if line.startswith(mark)), "")
        report.line(line, style=_STYLES.get(mark))
