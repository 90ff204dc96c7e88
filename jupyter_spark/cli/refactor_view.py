"""What is seen of a refactor while it runs: on stderr, its plan, a bar, and about how long it still takes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from types import TracebackType
from typing import Any

from jupyter_spark.cli.report import Report, console, has_display, printable
from jupyter_spark.figures import duration
from jupyter_spark.refactor import plan_lines
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import AnyRefactorEvent, NotebookChecked, PlanReady, RefactorNotice, StepDone
from jupyter_spark.wire_verify import Run, VerifyProgress

Row = dict[str, Any]
NAME_CHARS = 40
STILL_S = 2.0  # so long a cell runs before it is told that it does
RUNNING = "running the notebook"
NOT_WRITTEN, DONE_BEFORE = "not written", "done before"
NEXT = {
    NOT_WRITTEN: "--apply writes it; --output DIR writes changed copies.",
    DONE_BEFORE: "--again does again what the same refactor is done with.",
    "written": "jupyter spark undo NOTEBOOK takes a refactor back.",
}


def show_rows(report: Report, rows: list[Row]) -> list[Row]:
    """Show the table of what became of each notebook, and what can be done next."""
    report.result["notebooks"] = rows
    report.table(
        ["NOTEBOOK", "CHANGES", "VERIFIED", "TOOK", "TOKENS", "FATE"],
        [[_short(row["notebook"]), str(row.get("changes", "")), *_figures_of(row), row["fate"]] for row in rows],
        spare=("TOKENS", "TOOK", "CHANGES", "VERIFIED"),
    )
    fates = {row["fate"] for row in rows}
    for fate, next_step in NEXT.items():
        if fate in fates:
            report.note(next_step, style="dim")
    return rows


def _short(path: str) -> str:
    """A notebook's name that leaves room beside it, on a screen; the end of a long one tells the most."""
    if not sys.stdout.isatty():
        return path
    near = os.path.relpath(path)
    name = near if len(near) < len(path) else path
    most = max(min(NAME_CHARS, console(sys.stdout).width // 3), 12)
    return name if len(name) <= most else f"…{name[1 - most :]}"


def _figures_of(row: Row) -> tuple[str, str, str]:
    """In a few words: what the verification found, how long it took, and the tokens in and out."""
    figures = row.get("figures", {})
    usage = figures.get("usage") or {}
    tokens = f"{usage['input_tokens']:,} + {usage['output_tokens']:,}" if usage else ""
    took = duration(figures["total_s"]) if figures.get("total_s") else ""
    return _verified(row), took, tokens


def _verified(row: Row) -> str:
    """What the cells did when they were run; where they were not, what the checks of the text found."""
    if (verification := row.get("verification")) is not None:
        counts = Counter(cell["verdict"].replace("_", " ") for cell in verification["cells"])
        found = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
        return f"nothing ({found})" if verification["unverified"] else found
    if "verify" not in row or row["verify"] == "none":
        return "no" if "verify" in row else ""
    count = len(row["findings"])
    return "checks hold" if not count else "1 finding" if count == 1 else f"{count} findings"


class RefactorView:
    """Where nothing can be redrawn: a line for each thing that is done. A context that is left when all is done.

    Parameters
    ----------
    title : str
        The notebook, and which of how many it is.
    cells : tuple of CellSnapshot
        The notebook's, before.
    """

    def __init__(self, report: Report, title: str, cells: tuple[CellSnapshot, ...]) -> None:
        self._report, self._title, self._cells = report, title, cells
        self._runs: dict[Run, VerifyProgress] = {}

    def __enter__(self) -> RefactorView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, event: AnyRefactorEvent) -> None:
        """Take the next event."""
        if isinstance(event, PlanReady):
            for line in (*plan_lines(event.plan, self._cells), *event.plan.notes):
                self._tell(line)
        elif isinstance(event, StepDone):
            self._step(event)
        elif isinstance(event, RefactorNotice):
            self._tell(event.message)

    def progress(self, progress: VerifyProgress) -> None:
        """Take how far a run of the notebook is: a cell that is soon done is not told."""
        self._runs[progress.run] = progress
        if progress.phase == "running":
            asyncio.get_running_loop().call_later(STILL_S, self._still, progress)

    def _still(self, progress: VerifyProgress) -> None:
        if self._runs.get(progress.run) is progress:
            self._tell(f"Running {progress.run}: code cell {progress.cell} of {progress.cells} …")

    def _step(self, event: StepDone) -> None:
        written = f"{event.done} of {event.total} written"
        self._tell(f"{written}; {event.error}" if event.error else written)

    def _tell(self, text: str) -> None:
        self._report.note(text, style="dim")


class LiveRefactorView(RefactorView):
    """A bar that grows with the cells that are written, and goes when the notebook is done."""

    def __init__(self, report: Report, title: str, cells: tuple[CellSnapshot, ...]) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        super().__init__(report, title, cells)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            console=console(sys.stderr),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task: Any = None

    def __enter__(self) -> RefactorView:
        self._bar.start()
        self._task = self._bar.add_task(printable(self._title), total=None, state="planning")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, event: AnyRefactorEvent) -> None:
        """Take the next event."""
        super().show(event)
        if isinstance(event, PlanReady):
            written = sum(step.accepted and step.source is None for step in event.plan.steps)
            self._bar.update(self._task, total=written or None, state="writing")
        elif isinstance(event, NotebookChecked):
            self._bar.update(self._task, state="checked")
        elif isinstance(event, RefactorNotice):
            self._bar.update(self._task, state=printable(event.message)[:60])

    def progress(self, progress: VerifyProgress) -> None:
        """Take how far a run of the notebook is."""
        self._runs[progress.run] = progress
        running = [f"{run}: {p.cell} of {p.cells}" for run, p in self._runs.items() if p.phase == "running"]
        self._bar.update(self._task, state=f"running cells, {', '.join(running)}" if running else RUNNING)

    def _step(self, event: StepDone) -> None:
        if event.error:
            self._tell(event.error)
        left = f", about {_roughly(event.left_s)} left" if event.left_s else ""
        state = f"{event.done} of {event.total} cells{left}"
        self._bar.update(self._task, total=event.total, completed=event.done, state=state)

    def _tell(self, text: str) -> None:
        from rich.text import Text

        self._bar.console.print(Text(printable(text), style="dim"), soft_wrap=True)


def _roughly(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def open_view(report: Report, title: str, cells: tuple[CellSnapshot, ...]) -> RefactorView:
    """Return the view that fits where it is shown."""
    live = not report.as_json and has_display(sys.stderr)
    return LiveRefactorView(report, title, cells) if live else RefactorView(report, title, cells)
