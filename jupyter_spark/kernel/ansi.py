"""A turn as text: coloured in a terminal, plain in a notebook's ``text/plain``."""

from __future__ import annotations

from jupyter_spark.kernel.view import TurnView

_COLOURS = {"new": "\x1b[32m", "old": "\x1b[31m", "waiting": "\x1b[2m", "same": ""}
_SIGNS = {"new": "+", "old": "-", "same": " ", "waiting": " "}
RESET, DIM, RED, GREEN, YELLOW = "\x1b[0m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"


def turn_text(view: TurnView, *, colour: bool = False) -> str:
    """Return a turn as text: the change or the words, then the closing lines."""
    body = change_text(view, colour=colour) if view.wants_code else view.text
    return "\n".join(part for part in (body, view.said_beside, closing_text(view, colour=colour)) if part)


def change_text(view: TurnView, *, colour: bool = False) -> str:
    """Return the change with a sign before each line; of a turn that failed before its first line, nothing."""
    if view.state == "failed" and not view.new:
        return ""
    rows = []
    for entry in view.lines():
        if isinstance(entry, int):
            rows.append(_in(f"  ⋯ {entry} more line{'s' if entry > 1 else ''}", DIM, colour=colour))
        else:
            rows.append(_in(f"{_SIGNS[entry.tag]} {entry.text}", _COLOURS[entry.tag], colour=colour))
    return "\n".join(rows)


def closing_text(view: TurnView, *, colour: bool = False) -> str:
    """Return the closing lines: checks, figures, notices, and what happened."""
    rows = [_in(f"✗ {text}", RED, colour=colour) for ok, text in view.checks() if not ok]
    held = [_in(f"✓ {view.checked()}", GREEN, colour=colour)] if view.checks() and not rows else []
    rows.append(" · ".join([*held, *view.closing()]))
    if view.state in ("stopped", "failed"):
        rows.append(f"{view.state}; nothing was applied")
    rows += [_in(notice, DIM, colour=colour) for notice in view.notices]
    if view.outcome:
        rows.append(view.outcome)
    return "\n".join(row for row in rows if row)


def _in(text: str, code: str, *, colour: bool) -> str:
    return f"{code}{text}{RESET}" if colour and code else text
