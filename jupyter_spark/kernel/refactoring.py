"""``%spark refactor``: the whole notebook. A page that has a review tab does it there, on what stands in the page.

Elsewhere it is the notebook as its file has it, shown here, and written into the file with ``--yes``. A front end that
cannot show a review, and change its cells itself, has only the saved file. What it shows that is not saved is not known
here: so nothing is written while a cell is known to be newer, and what is to be done after is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_spark.errors import EditRefused, NotebookError, SparkError, TurnStopped, UsageError
from jupyter_spark.figures import say_figures
from jupyter_spark.journal import notebook_scope
from jupyter_spark.kernel.ansi import DIM, GREEN, RED, RESET, YELLOW
from jupyter_spark.kernel.interrupts import on_interrupt
from jupyter_spark.kernel.live import LiveOutput
from jupyter_spark.kernel.loop import Reading
from jupyter_spark.kernel.reviewing import asked_of_page
from jupyter_spark.kernel.session import Asked, KernelSession
from jupyter_spark.kernel.snapshot import notebook_file
from jupyter_spark.notebook import read_notebook, require_writable, snapshot
from jupyter_spark.ours import is_ours
from jupyter_spark.refactor import (
    NotebookWork,
    RefactorJob,
    WorkDone,
    apply_proposal,
    change_title,
    in_notebook_order,
    load_plan,
    plan_lines,
    refactor_record,
    refitted,
    told_findings,
    told_marks,
    worked_on,
    write_back,
)
from jupyter_spark.verify import render_report
from jupyter_spark.wire import AppliedEdit, CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_magic import ReviewAsked
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    PlanReady,
    RefactorNotice,
    RefactorPlan,
    RefactorProposal,
    StepDone,
)
from jupyter_spark.wire_verify import VerifyMode

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
    findings: tuple[str, ...]


@dataclass(frozen=True)
class RefactorHow:
    """How a refactor is verified, and the file of its plan if that is made already."""

    verify: VerifyMode = "static"
    plan: Path | None = None


class KernelRefactor:
    """Refactors of one kernel's notebook."""

    def __init__(self, magics: SparkMagics, session: KernelSession) -> None:
        self._magics, self._session = magics, session
        self._reviewed: Reviewed | None = None

    def run(self, asked: Asked, how: RefactorHow) -> None:
        """Refactor as told: in the page's review tab where there is one, else here.

        Here it is shown; with ``--yes`` it is written, or, without words, what was shown last.
        """
        plan = load_plan(how.plan) if how.plan is not None else None
        if not asked.words and plan is not None:
            asked = replace(asked, words=plan.instruction)
        if not asked.words and not asked.yes:
            raise UsageError("There are no words to go by.", "Say what to change, e.g. %spark refactor use pathlib")
        if (said := asked_of_page(self._magics, self._as_asked(asked, how, plan))) is not None:
            self._print(said)
            return
        if asked.words:
            self._reviewed = None
            path, data, notebook = self._notebook(asked)
            reviewed = self._proposed(asked, notebook, path, data, how.verify, plan)
            self._reviewed = reviewed
            if asked.yes and reviewed.findings:
                raise EditRefused(
                    "A check does not hold: nothing was written.", "%spark refactor --yes writes it all the same."
                )
        if self._reviewed is None:
            raise UsageError("There is no refactor to write.", "Say what to change, e.g. %spark refactor use pathlib")
        if asked.yes and not asked.dry_run:
            self._write(self._reviewed)
        else:
            self._print(f"Nothing was written. {_what_next(self._reviewed.path)}", DIM)

    def _as_asked(self, asked: Asked, how: RefactorHow, plan: RefactorPlan | None) -> ReviewAsked:
        """The same for a page: with ``--dry-run`` nothing is accepted but what the user accepts there."""
        return ReviewAsked(
            request_id="",
            action="begin" if asked.words else "accept",
            instruction=asked.words,
            tier=asked.tier,
            profile=asked.profile or self._session.chosen.get(asked.tier),
            verify=how.verify,
            plan=plan,
            unasked=asked.yes and not asked.dry_run,
        )

    # --- the notebook ---

    def _notebook(self, asked: Asked) -> tuple[Path | None, bytes, NotebookSnapshot]:
        """The saved notebook; without a file, what is known of it, to be looked at only."""
        name = notebook_file(self._session.shell.user_ns)
        if name is None:
            if asked.yes:
                raise UsageError("This kernel does not know its notebook's file.", "Use: jupyter spark refactor")
            known = self._session.snapshot()
            if not any(cell.source.strip() for cell in known.cells):
                raise UsageError(
                    "This kernel knows no saved notebook, and no cell that ran in it.", "Use: jupyter spark refactor"
                )
            self._print("note: this kernel knows no saved notebook: this is about the cells that ran in it.", DIM)
            return None, b"", known
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
        return path, file.data, notebook

    # --- the refactor ---

    def _proposed(
        self,
        asked: Asked,
        notebook: NotebookSnapshot,
        path: Path | None,
        data: bytes,
        verify: VerifyMode,
        plan: RefactorPlan | None,
    ) -> Reviewed:
        """Run the refactor, show it while it runs and when it is done, and keep it in the history."""
        session = self._session
        session.read_settings()
        profile = session.profile(asked)
        job = RefactorJob(notebook, asked.words, profile, session.settings.privacy, asked.tier)
        plan = refitted(plan, notebook.cells) if plan is not None else None
        work = NotebookWork(
            path=notebook.path or "", data=data, instruction=asked.words, profile=profile, tier=asked.tier
        )
        work = work.model_copy(update={"verify": verify if path is not None else "static", "plan": plan})
        provider = session.provider(profile)
        reading = Reading(session.thread, lambda: worked_on(work, job, provider))
        try:
            with on_interrupt(reading.cancel):
                done = self._followed(reading, notebook.cells)
        except SparkError as error:
            session.journal.record_turn(refactor_record(work, notebook.cells, error))
            raise
        assert done.proposal is not None  # noqa: S101 - it ends with one
        session.journal.record_turn(refactor_record(work, notebook.cells, done))
        self._show(done.proposal, notebook.cells)
        if done.verification is not None:
            self._print(render_report(done.verification), "" if done.verification.holds else RED)
        figures = " · ".join([profile.name, *say_figures(done.figures)])
        held = "every check holds" if not done.findings else f"{len(done.findings)} findings"
        self._print(f"{'✗' if done.findings else '✓'} {held} · {figures}", RED if done.findings else GREEN)
        return Reviewed(path, data, done.proposal, done.findings)

    def _followed(self, reading: Reading[AnyRefactorEvent | WorkDone], cells: Sequence[CellSnapshot]) -> WorkDone:
        state = {"text/plain": "planning"}
        live = LiveOutput(lambda: state) if self._is_rich() else None
        if live is not None:
            live.show()
        while (events := reading.take(0.5)) is not None:
            for event in events:
                if isinstance(event, WorkDone):
                    if live is not None:
                        state["text/plain"] = _changes(event)
                        live.finish()
                    return event
                if isinstance(event, PlanReady):
                    for line in (*plan_lines(event.plan, cells), *event.plan.notes):
                        self._print(line, DIM)
                else:
                    state["text/plain"] = _state(event) or state["text/plain"]
            if live is not None and events:
                live.draw()
        raise TurnStopped("Stopped.", "Nothing was written.")

    def _show(self, proposal: RefactorProposal, cells: Sequence[CellSnapshot]) -> None:
        for change in in_notebook_order(cells, proposal.changes):
            name = change_title(change, cells)
            old, new = change.old_source.split("\n"), change.new_source.split("\n")
            for line in unified_diff(old, new, name, name, lineterm="") if old != new else [name]:
                self._print(line, _COLOURS.get(line[:1], ""))
        for finding in told_findings(proposal, cells):
            self._print(f"✗ {finding}", RED)
        for mark in told_marks(proposal, cells):
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


def travel_refactor(magics: SparkMagics, session: KernelSession, edit: AppliedEdit, *, back: bool) -> None:
    """Take a refactor back, in the page or in the notebook's file, or write the file again."""
    if edit.operation == "refactor_open":
        _travel_in_page(magics, edit, back=back)
        return
    path = Path(edit.scope)
    write_back(path, edit, session.journal, undo=back)
    print(f"The refactor is {'taken back' if back else 'written again'} in {path}. {RELOAD}")  # noqa: T201


def _travel_in_page(magics: SparkMagics, edit: AppliedEdit, *, back: bool) -> None:
    """What was accepted in the review tab stands in the page's cells."""
    if not back:
        raise UsageError("A refactor was taken back in the page.", "Accept it again in its review tab.")
    said = asked_of_page(magics, ReviewAsked(request_id="", action="undo", refactor_id=edit.turn_id))
    if said is None:
        hint = "Undo refactor takes it back there; jupyter spark undo, once the notebook is saved and closed."
        raise UsageError("The last change is a refactor that was accepted in a page's review tab.", hint)
    print(said)  # noqa: T201 - what a magic tells is printed


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


def _changes(done: WorkDone) -> str:
    number = len(done.proposal.changes) if done.proposal is not None else 0
    return f"{number} change{'' if number == 1 else 's'}"


def _state(event: Any) -> str:
    if isinstance(event, StepDone):
        left = f", about {event.left_s:.0f} s left" if event.left_s else ""
        return f"{event.done} of {event.total} cells{left}"
    return event.message if isinstance(event, RefactorNotice) else ""
