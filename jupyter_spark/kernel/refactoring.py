"""``%spark refactor``: the whole notebook, as its file has it; shown here, and written into the file with ``--yes``.

A front end that cannot show a review, and change its cells itself, has only the saved file. What it shows that is not
saved is not known here: so nothing is written while a cell is known to be newer, and what is to be done after is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_spark.errors import EditRefused, NotebookError, SparkError, TurnStopped, UsageError
from jupyter_spark.figures import say_figures
from jupyter_spark.journal import notebook_scope
from jupyter_spark.kernel.ansi import DIM, GREEN, RED, RESET, YELLOW
from jupyter_spark.kernel.history import is_ours
from jupyter_spark.kernel.interrupts import on_interrupt
from jupyter_spark.kernel.live import LiveOutput
from jupyter_spark.kernel.loop import Reading
from jupyter_spark.kernel.session import Asked, KernelSession
from jupyter_spark.kernel.snapshot import notebook_file
from jupyter_spark.notebook import read_notebook, require_writable, snapshot
from jupyter_spark.privacy import IGNORE_TAG
from jupyter_spark.refactor import (
    NotebookWork,
    RefactorJob,
    WorkDone,
    apply_proposal,
    plan_lines,
    refactor_record,
    run_refactor,
    write_back,
)
from jupyter_spark.wire import AppliedEdit, CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    PlanReady,
    RefactorFailed,
    RefactorFinished,
    RefactorNotice,
    RefactorProposal,
    StepDone,
)

if TYPE_CHECKING:
    from jupyter_spark.kernel.magics import SparkMagics

RELOAD = (
    "This page still shows the notebook as it was: reload it from disk before you save it (in JupyterLab: File > "
    "Reload Notebook from Disk), or saving takes it back."
)
_COLOURS = {"+": GREEN, "-": RED, "@": DIM}


@dataclass(frozen=True)
class Reviewed:
    """A refactor that was shown: ``path`` and ``data`` are of the file that it is about, if there is one."""

    path: Path | None
    data: bytes
    proposal: RefactorProposal


class KernelRefactor:
    """Refactors of one kernel's notebook."""

    def __init__(self, magics: SparkMagics, session: KernelSession) -> None:
        self._magics, self._session = magics, session
        self._reviewed: Reviewed | None = None

    def run(self, asked: Asked) -> None:
        """Refactor as told and show it; with ``--yes`` write it, or, without words, what was shown last."""
        if not asked.words and not asked.yes:
            raise UsageError("There are no words to go by.", "Say what to change, e.g. %spark refactor use pathlib")
        if asked.words:
            self._reviewed = None
            path, data, notebook = self._notebook(asked)
            proposal = self._proposed(asked, notebook, path)
            self._reviewed = Reviewed(path, data, proposal)
            if asked.yes and not proposal.holds:
                raise EditRefused(
                    "A check does not hold: nothing was written.", "%spark refactor --yes writes it all the same."
                )
        if self._reviewed is None:
            raise UsageError("There is no refactor to write.", "Say what to change, e.g. %spark refactor use pathlib")
        if asked.yes and not asked.dry_run:
            self._write(self._reviewed)
        else:
            self._print(f"Nothing was written. {_what_next(self._reviewed.path)}", DIM)

    # --- the notebook ---

    def _notebook(self, asked: Asked) -> tuple[Path | None, bytes, NotebookSnapshot]:
        """The saved notebook; without a file, what is known of it, to be looked at only."""
        name = notebook_file(self._session.shell.user_ns)
        if name is None:
            if asked.yes:
                raise UsageError("This kernel does not know its notebook's file.", "Use: jupyter spark refactor")
            return None, b"", self._session.snapshot()
        path = Path(name)
        if asked.yes:
            require_writable(path)
        file = read_notebook(path)
        notebook = snapshot(file).model_copy(update={"path": notebook_scope(path)})
        if unsaved := _newer(notebook, self._session.snapshot()):
            told = f"{unsaved} of the notebook's cells {'is' if unsaved == 1 else 'are'} not saved as they ran"
            if asked.yes:
                raise NotebookError(f"{told}.", "Save the notebook, and run this again.", code="unsaved")
            self._print(f"note: {told}: this is about {path.name} as it is saved.", DIM)
        # A request to us is no cell to be changed.
        ours = [
            cell.model_copy(update={"tags": (*cell.tags, IGNORE_TAG)}) if is_ours(cell.source) else cell
            for cell in notebook.cells
        ]
        return path, file.data, notebook.model_copy(update={"cells": tuple(ours)})

    # --- the refactor ---

    def _proposed(self, asked: Asked, notebook: NotebookSnapshot, path: Path | None) -> RefactorProposal:
        """Run the refactor, show it while it runs and when it is done, and keep it in the history."""
        session = self._session
        session.read_settings()
        profile = session.profile(asked)
        job = RefactorJob(notebook, asked.words, profile, session.settings.privacy, asked.tier)
        work = NotebookWork(
            path=notebook.path or "", data=b"", instruction=asked.words, profile=profile, tier=asked.tier
        )
        provider = session.provider(profile)
        reading = Reading(session.thread, lambda: run_refactor(job, provider))
        try:
            with on_interrupt(reading.cancel):
                finished = self._followed(reading, notebook.cells)
        except SparkError as error:
            session.journal.record_turn(refactor_record(work, notebook.cells, error))
            raise
        proposal = finished.proposal
        done = WorkDone(plan=proposal.plan, proposal=proposal, figures=finished.figures)
        session.journal.record_turn(refactor_record(work, notebook.cells, done))
        self._show(proposal)
        figures = " · ".join([profile.name, *say_figures(finished.figures)])
        held = "every check holds" if proposal.holds else f"{len(proposal.findings)} findings"
        self._print(f"{'✓' if proposal.holds else '✗'} {held} · {figures}", GREEN if proposal.holds else RED)
        return proposal

    def _followed(self, reading: Reading[AnyRefactorEvent], cells: Sequence[CellSnapshot]) -> RefactorFinished:
        state = {"text/plain": "planning"}
        live = LiveOutput(lambda: state) if self._is_rich() else None
        if live is not None:
            live.show()
        while (events := reading.take(0.5)) is not None:
            for event in events:
                if isinstance(event, PlanReady):
                    for line in (*plan_lines(event.plan, cells), *event.plan.notes):
                        self._print(line, DIM)
                elif isinstance(event, RefactorFailed):
                    raise SparkError(event.message, event.hint, code=event.code)
                elif isinstance(event, RefactorFinished):
                    if live is not None:
                        state["text/plain"] = f"{len(event.proposal.changes)} changes"
                        live.finish()
                    return event
                else:
                    state["text/plain"] = _state(event) or state["text/plain"]
            if live is not None and events:
                live.draw()
        raise TurnStopped("Stopped.", "Nothing was written.")

    def _show(self, proposal: RefactorProposal) -> None:
        for change in proposal.changes:
            name = f"{change.operation} {change.cell_id}"
            old, new = change.old_source.split("\n"), change.new_source.split("\n")
            for line in unified_diff(old, new, name, name, lineterm="") if old != new else [name]:
                self._print(line, _COLOURS.get(line[:1], ""))
        for finding in proposal.findings:
            self._print(f"✗ {finding}", RED)
        for mark in proposal.marks:
            self._print(f"! {mark}", YELLOW)

    # --- the file ---

    def _write(self, reviewed: Reviewed) -> None:
        if reviewed.path is None:
            raise UsageError("This kernel does not know its notebook's file.", "Use: jupyter spark refactor")
        self._reviewed = None
        entry = apply_proposal(reviewed.path, reviewed.data, reviewed.proposal, self._session.journal)
        if not reviewed.proposal.changes:
            self._print("There is nothing to write.")
            return
        undo = "%spark undo takes it back." if entry is not None else "Without a journal it cannot be undone."
        self._print(f"Written to {reviewed.path}. {RELOAD} {undo}")

    def _is_rich(self) -> bool:
        return getattr(self._session.shell, "kernel", None) is not None

    def _print(self, text: str, colour: str = "") -> None:
        print(f"{colour}{text}{RESET}" if colour else text)  # noqa: T201 - what a magic tells is printed


def travel_file(session: KernelSession, edit: AppliedEdit, *, back: bool) -> None:
    """Take a refactor of the notebook's file back, or write it again."""
    path = Path(edit.scope)
    write_back(path, edit, session.journal, undo=back)
    print(f"The refactor is {'taken back' if back else 'written again'} in {path}. {RELOAD}")  # noqa: T201


def _what_next(path: Path | None) -> str:
    if path is None:
        return "This kernel knows no file of its notebook: jupyter spark refactor writes into one."
    return f"%spark refactor --yes writes this into {path.name}."


def _newer(saved: NotebookSnapshot, known: NotebookSnapshot) -> int:
    """How many code cells are known with another text than the file has."""
    texts = {cell.cell_id: cell.source.strip() for cell in saved.cells}
    every = set(texts.values())
    return sum(
        cell.kind == "code"
        and not is_ours(cell.source)
        and bool(cell.source.strip())
        and texts.get(cell.cell_id) != cell.source.strip()
        and (cell.cell_id in texts or cell.source.strip() not in every)
        for cell in known.cells
    )


def _state(event: Any) -> str:
    if isinstance(event, StepDone):
        left = f", about {event.left_s:.0f} s left" if event.left_s else ""
        return f"{event.done} of {event.total} cells{left}"
    return event.message if isinstance(event, RefactorNotice) else ""
