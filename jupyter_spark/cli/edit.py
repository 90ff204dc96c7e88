"""``ask``, ``explain``, ``rewrite`` and ``fix``: a turn about a notebook file, streamed and checked."""

from __future__ import annotations

import shlex
import sys
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_spark.cli.diffs import show_diff, unified
from jupyter_spark.cli.interrupt import run_interruptible
from jupyter_spark.cli.live import LiveView, QuietView, View
from jupyter_spark.cli.report import DONE, Report, has_display
from jupyter_spark.cli.scene import Scene, code_cell, failed_cell, read_words, set_scene
from jupyter_spark.errors import EditRefused, NotebookError, SparkError, TurnStopped, UsageError
from jupyter_spark.fallback import run_turn_or_substitute
from jupyter_spark.figures import say_figures
from jupyter_spark.journal import SafeJournal, notebook_scope, open_journal
from jupyter_spark.notebook import (
    apply_edits,
    require_writable,
    source_json,
    write_atomically,
)
from jupyter_spark.providers import open_provider
from jupyter_spark.recording import recorded
from jupyter_spark.wire import (
    CellEdit,
    CellSnapshot,
    Proposal,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnRequest,
)

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common


WRITE_ATTEMPTS = 5  # somebody saves the file again and again; each time it is read anew


@dataclass(frozen=True)
class Writing:
    """Whether the edit is written, and whether also if a check does not hold."""

    apply: bool = False
    anyway: bool = False


def ask_about(report: Report, common: Common, path: Path, words: list[str]) -> int:
    """Answer a question about a notebook."""
    instruction = read_words(words)
    scene = set_scene(common, path)
    _run(report, scene, scene.request("ask", instruction))
    return DONE


def explain_cell(report: Report, common: Common, path: Path, cell: str, words: list[str]) -> int:
    """Explain a cell."""
    instruction = read_words(words, needed=False)
    scene = set_scene(common, path)
    _run(report, scene, scene.request("explain", instruction, target=code_cell(scene, cell)))
    return DONE


def rewrite_cell(report: Report, common: Common, path: Path, cell: str, words: list[str], writing: Writing) -> int:
    """Rewrite a cell as told."""
    instruction = read_words(words)
    scene = set_scene(common, path)
    _require_writable(path, writing)
    target = _unlocked(scene, code_cell(scene, cell))
    return _edit(report, scene, scene.request("rewrite", instruction, target=target), writing)


def fix_cell(report: Report, common: Common, path: Path, cell: str | None, words: list[str], writing: Writing) -> int:
    """Fix a cell by the error in its stored output."""
    instruction = read_words(words, needed=False)
    scene = set_scene(common, path)
    _require_writable(path, writing)
    target, error = failed_cell(scene, cell)
    request = scene.request("fix", instruction, target=_unlocked(scene, target), error=error)
    return _edit(report, scene, request, writing)


def _unlocked(scene: Scene, cell: CellSnapshot) -> CellSnapshot:
    """Return a cell that may be changed."""
    if not cell.editable:
        told = f"Cell {scene.index_of(cell)} is locked: its metadata says that it is not editable."
        raise UsageError(told, "Take that away in JupyterLab (Property Inspector) to work on it.", code="locked")
    return cell


def _require_writable(path: Path, writing: Writing) -> None:
    """Say before a turn is paid for that its edit could not be written."""
    if writing.apply:
        require_writable(path)


# --- the turn --------------------------------------------------------------------------------------


def _edit(report: Report, scene: Scene, request: TurnRequest, writing: Writing) -> int:
    """Run an edit's turn, show it, and write it if that was asked and may be done."""
    assert request.target is not None  # noqa: S101 - every edit here is of a cell
    index = scene.index_of(request.target)
    report.result |= {"cell": {"index": index, "id": request.target.cell_id}, "applied": False}
    finished, journal = _turn(report, scene, request, f"{request.kind} cell {index}")
    proposal = finished.proposal
    assert proposal is not None  # noqa: S101 - a turn that wants code finishes with it or fails
    lines = unified(proposal.edit.old_source, proposal.edit.new_source, f"{scene.path} cell {index}")
    report.result |= {"holds": proposal.holds, "proposal": proposal.model_dump(mode="json"), "diff": "\n".join(lines)}
    show_diff(report, lines)
    if proposal.words:
        report.note(proposal.words, style="dim")
    allowed = proposal.holds or writing.anyway
    fate = "not written (--apply writes it)" if allowed else "not written"
    if writing.apply:
        fate = _write(scene, proposal, journal, report) if allowed else "not written"
    _close(report, scene, finished, fate, proposal)
    if not proposal.holds and not (writing.apply and writing.anyway):
        raise _refusal(proposal, writing)
    return DONE


def _run(report: Report, scene: Scene, request: TurnRequest) -> None:
    finished, _ = _turn(report, scene, request, request.kind)
    report.result["text"] = finished.text
    if finished.text and not finished.text.endswith("\n"):
        report.stream("\n")
    _close(report, scene, finished, "", None)


def _turn(report: Report, scene: Scene, request: TurnRequest, title: str) -> tuple[TurnFinished, SafeJournal]:
    report.result |= {
        "turn_id": request.turn_id,
        "kind": request.kind,
        "notebook": str(scene.path),
        "tier": request.tier,
        "profile": scene.profile.name,
    }
    live = not report.as_json and has_display(sys.stderr)
    view: View = LiveView(report, title) if live else QuietView(report)
    journal = SafeJournal(lambda: open_journal(limits=scene.settings.limits))
    with view:
        ended = run_interruptible(_events(request, scene, journal, view))
    if isinstance(ended, TurnFailed):
        raise _failure(report, ended, view.words)
    finished = ended
    report.result |= {
        "profile": view.profile,
        "model": finished.model,
        "figures": finished.figures.model_dump(mode="json"),
        "notices": view.notices,
    }
    if journal.problem:
        report.note(f"note: history is not kept: {journal.problem}", style="yellow")
    return finished, journal


async def _events(request: TurnRequest, scene: Scene, journal: SafeJournal, view: View) -> TurnFinished | TurnFailed:
    provider, substitutes = open_provider(scene.profile), scene.substitutes(request)
    try:
        turn = run_turn_or_substitute(request, provider, substitutes)
        async with aclosing(recorded(turn, request, journal)) as events:
            async for event in events:
                view.show(event)
                if isinstance(event, TurnFinished | TurnFailed):
                    return event
                if isinstance(event, TurnCancelled):
                    raise TurnStopped("Stopped.", "Nothing was written.")
        raise SparkError("The turn ended without an end.", "This is a bug of jupyter_spark: please report it.")
    finally:
        for opened in (provider, *(substitute.provider for substitute in substitutes)):
            await opened.aclose()


def _failure(report: Report, failed: TurnFailed, words: str) -> SparkError:
    """A turn's failure as an error; an answer in words where code was asked for is shown whole."""
    if words and failed.code == "no_code":
        report.result["text"] = words
        report.line(words)
    return SparkError(failed.message, failed.hint, code=failed.code)


# --- its end ---------------------------------------------------------------------------------------


def _write(scene: Scene, proposal: Proposal, journal: SafeJournal, report: Report) -> str:
    """Write the edit if nobody touched its cell meanwhile, and keep what undo needs."""
    edit = proposal.edit
    if edit.new_source == edit.old_source:
        return "nothing to write"
    try:
        raw_before = _splice(scene.path, edit)
    except NotebookError as error:
        kept = "the answer is in the diff above" if journal.problem else f"the answer is kept: {_history(scene)}"
        raise NotebookError(error.message, f"Nothing was written; {kept}. {error.hint}", code=error.code) from None
    report.result["applied"] = True
    undoable = journal.record_applied(
        proposal.turn_id,
        notebook_scope(scene.path),
        edit.cell_id,
        edit.operation,
        edit.old_source,
        edit.new_source,
        raw_before,
    )
    report.result["undoable"] = undoable is not None
    if undoable is None:
        return "written; without a journal it cannot be undone"
    return f"written (jupyter spark undo {shlex.quote(str(scene.path))})"


def _splice(path: Path, edit: CellEdit) -> str:
    """Put the edit into the file as it is now and return the cell's old source as the file had it.

    What others changed in other cells meanwhile stays, byte for byte; a cell that is no longer what the edit was made
    from is refused.
    """
    attempt = 1
    while True:
        require_writable(path)
        data = path.read_bytes()
        whole, raw_before = apply_edits(data, [edit]), source_json(data, edit.cell_id)
        try:
            write_atomically(path, whole, data)
        except NotebookError as error:
            if error.code != "changed_meanwhile" or attempt == WRITE_ATTEMPTS:
                raise
            attempt += 1
        else:
            return raw_before


def _history(scene: Scene) -> str:
    return f"jupyter spark history {shlex.quote(str(scene.path))} -n 1 --json"


def _close(report: Report, scene: Scene, finished: TurnFinished, fate: str, proposal: Proposal | None) -> None:
    """The closing line: who answered, how fast, and what became of it."""
    good = proposal is None or proposal.holds
    parts = [scene.common.tier, finished.model, *say_figures(finished.figures)]
    if proposal is not None:
        failed = len(proposal.findings)
        parts.append(f"{failed} of {len(proposal.checks)} checks failed" if failed else "checks hold")
        parts += ["repaired"] if proposal.repaired else []
    report.note(
        f"{'✓' if good else '✗'} " + " · ".join([*parts, *([fate] if fate else [])]), "green" if good else "red"
    )


def _refusal(proposal: Proposal, writing: Writing) -> EditRefused:
    found = "; ".join(f"line {c.line}: {c.message}" if c.line else c.message for c in proposal.findings)
    hint = "Try again, or say it in other words."
    if writing.apply:
        hint = "Nothing was written; --yes writes it all the same."
    return EditRefused(f"A check did not hold: {found}", hint)
