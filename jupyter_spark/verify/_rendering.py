"""A report as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_spark.wire_verify import CellVerification, Verdict, VerificationReport

_WORDS: dict[Verdict, str] = {
    "same": "same",
    "differs": "differs",
    "varies": "varies by itself",
    "newly_fails": "newly fails",
    "newly_works": "newly works",
    "still_fails": "still fails",
    "not_run": "not run",
}
_MAX_SHOWN_LINES = 8


def render_report(report: VerificationReport, *, only_changes: bool = True) -> str:
    """Render a report.

    Parameters
    ----------
    report : VerificationReport
        What was found.
    only_changes : bool
        Whether cells that are the same are only counted.
    """
    lines = [_summary(report)]
    for cell in report.cells:
        if cell.verdict != "same" or not only_changes:
            lines += _render_cell(cell)
    return "\n".join([*lines, *report.notes])


def _summary(report: VerificationReport) -> str:
    counts = [f"{count} {_WORDS[verdict]}" for verdict in _WORDS if (count := report.counts.get(verdict))]
    told = f"Verified in {report.elapsed_s:.1f} s ({report.kernel}): {', '.join(counts) or 'no code cells'}."
    return f"{report.unverified} {told.replace('Verified', 'Tried', 1)}" if report.unverified else told


def _render_cell(cell: CellVerification) -> Iterator[str]:
    yield f"  {_place(cell)}: {_WORDS[cell.verdict]}" + (f" ({cell.why})" if cell.why else "")
    if cell.verdict in ("differs", "varies"):
        yield from _quoted("before", cell.before)
        yield from _quoted("after", cell.after)


def _place(cell: CellVerification) -> str:
    """The cell by its index, as the command line takes it."""
    if cell.after_index is None:
        return f"cell {cell.before_index}, deleted"
    if cell.before_index is None:
        return f"cell {cell.after_index}, new"
    counts = len(cell.before_ids), len(cell.after_ids)
    became = "" if counts == (1, 1) else f", {counts[0]} cells became {counts[1]}"
    moved = f", was {cell.before_index}" if cell.before_index != cell.after_index else ""
    return f"cell {cell.after_index}{moved}{became}"


def _quoted(label: str, text: str) -> Iterator[str]:
    lines = text.split("\n") if text else ["(nothing)"]
    for number, line in enumerate(lines[:_MAX_SHOWN_LINES]):
        yield f"    {label if number == 0 else '':<6} | {line}"
    if len(lines) > _MAX_SHOWN_LINES:
        yield f"    {'':<6} | ... {len(lines) - _MAX_SHOWN_LINES} more lines"
