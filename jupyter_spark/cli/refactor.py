"""``refactor``: whole notebooks; one that fails stops no other.

The work on a notebook is ``do_work``, which writes nothing and can be done anywhere; where it is done is a ``Place``.
What is shown and written is here, on the user's machine.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from jupyter_spark.cli.diffs import show_diff, unified
from jupyter_spark.cli.edit import Writing
from jupyter_spark.cli.interrupt import run_interruptible
from jupyter_spark.cli.report import CHECK_FAILED, DONE, FAILED, Report
from jupyter_spark.cli.scene import Scene, set_scene
from jupyter_spark.errors import EditRefused, SparkError, TurnStopped, UsageError
from jupyter_spark.journal import SafeJournal, open_journal
from jupyter_spark.notebook import parse_notebook, require_writable, snapshot
from jupyter_spark.refactor import NotebookWork, WorkDone, apply_proposal, do_work, plan_lines, proposed
from jupyter_spark.verify import VerifyMode, render_report
from jupyter_spark.wire_refactor import AnyRefactorEvent, PlanReady, RefactorPlan, RefactorProposal, StepDone

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common

Row = dict[str, Any]
Outcome = WorkDone | SparkError
# Does works, and tells what came of each by its number, in any order; takes the next when there is room for it.
Place = Callable[[Iterable[tuple[int, NotebookWork]]], Iterator[tuple[int, Outcome]]]


@dataclass(frozen=True)
class Refactoring:
    """How a refactor is done.

    Attributes
    ----------
    jobs : int
        How many cells are written at once.
    verify : str
        ``none``: what the checks of the notebook as a whole find is told, and no reason not to write; ``static``: they
        must hold; ``run``: and the notebook, run before and after, must still do what it did.
    plan : Path, optional
        The plan: read where the file is there, else written, and nothing more is done.
    output : Path, optional
        The folder that changed notebooks go to instead.
    """

    jobs: int = 8
    verify: VerifyMode = "static"
    plan: Path | None = None
    output: Path | None = None


def refactor_all(report: Report, common: Common, arguments: list[str], how: Refactoring, writing: Writing) -> int:
    """Refactor every notebook that is named; the last argument is the instruction."""
    *paths, words = arguments
    if not paths or not words.strip() or words.endswith(".ipynb"):
        raise UsageError("A refactor needs notebooks and words.", 'E.g. refactor nb.ipynb "rename df to orders"')
    _require_sense(paths, how, writing)
    every = _Every(report, common, [Path(path) for path in paths], words, how, writing)
    rows = every.done_at(_here(report))
    report.result["notebooks"] = rows
    report.table(["notebook", "changes", "fate"], [[r["notebook"], str(r.get("changes", "")), r["fate"]] for r in rows])
    statuses = {row["status"] for row in rows}
    return FAILED if FAILED in statuses else CHECK_FAILED if CHECK_FAILED in statuses else DONE


def _require_sense(paths: list[str], how: Refactoring, writing: Writing) -> None:
    if how.plan is not None and len(paths) > 1:
        raise UsageError("A plan is for one notebook.", "Name one notebook with --plan.")
    if how.output is None:
        return
    if writing.apply:
        raise UsageError("--apply and --output exclude each other.", "--output DIR writes changed copies there.")
    names = [Path(path).name for path in paths]
    if len(set(names)) < len(names):
        raise UsageError("Two notebooks of one name would go to one file.", "Refactor them one by one.")


def _here(report: Report) -> Place:
    """The place that is this process: one notebook after the other."""

    def each(works: Iterable[tuple[int, NotebookWork]]) -> Iterator[tuple[int, Outcome]]:
        for number, work in works:
            yield number, _outcome(report, work)

    return each


def _outcome(report: Report, work: NotebookWork) -> Outcome:
    try:
        return run_interruptible(do_work(work, lambda event: _show(report, work, event)))
    except TurnStopped:
        raise
    except (SparkError, OSError) as error:
        return _told(error)


def _show(report: Report, work: NotebookWork, event: AnyRefactorEvent) -> None:
    if isinstance(event, PlanReady):
        cells = snapshot(parse_notebook(work.data)).cells
        for line in (*plan_lines(event.plan, cells), *event.plan.notes):
            report.note(line, style="dim")
    elif isinstance(event, StepDone):
        report.note(f"{event.done} of {event.total} {event.error}".rstrip(), style="dim")


def _told(error: SparkError | OSError) -> SparkError:
    if isinstance(error, SparkError):
        return error
    return SparkError(f"{error.strerror or error}.", "Look at the file and its folder.", code="os")


class _Every:
    """Every notebook that is named, and its row of the result."""

    def __init__(
        self, report: Report, common: Common, paths: list[Path], words: str, how: Refactoring, writing: Writing
    ) -> None:
        self._report, self._common, self._paths = report, common, paths
        self._words, self._how, self._writing = words, how, writing
        self._scenes: dict[int, Scene] = {}
        self._rows: dict[int, Row] = {}

    def done_at(self, place: Place) -> list[Row]:
        """Do them all there; a row stands where its notebook was named."""
        for number, outcome in place(self._works()):
            with self._failing(number):
                self._rows[number] = self._row(self._scenes.pop(number), outcome)
        return [self._rows[number] for number in range(len(self._paths))]

    def _works(self) -> Iterator[tuple[int, NotebookWork]]:
        """What is to be done; a notebook is read when its turn comes, and one that cannot be is told then."""
        for number, path in enumerate(self._paths):
            work = None
            with self._failing(number):
                work = self._work(number, path)
            if work is not None:
                yield number, work

    def _work(self, number: int, path: Path) -> NotebookWork:
        scene = self._scenes[number] = set_scene(self._common, path)
        if self._writing.apply:
            require_writable(path)
        how = self._how
        plan = _read_plan(how.plan) if how.plan is not None and how.plan.exists() else None
        return NotebookWork(
            path=scene.notebook.path or str(path),
            data=scene.file.data,
            instruction=self._words,
            profile=scene.profile,
            privacy=scene.settings.privacy,
            tier="deep" if self._common.tier == "deep" else "spark",
            jobs=how.jobs,
            verify=how.verify,
            plan=plan,
            only_plan=how.plan is not None and plan is None,
        )

    @contextmanager
    def _failing(self, number: int) -> Iterator[None]:
        """What goes wrong with a notebook is its row, and a line on stderr."""
        try:
            yield
        except (TurnStopped, UsageError):
            raise
        except (SparkError, OSError) as error:
            path, why = self._paths[number], _told(error)
            self._report.error(SparkError(f"{path}: {why.message}", why.hint, code=why.code), FAILED)
            row = {"notebook": str(path), "status": FAILED, "fate": "failed", "error": self._report.result["error"]}
            self._rows[number] = row

    def _row(self, scene: Scene, outcome: Outcome) -> Row:
        if isinstance(outcome, SparkError):
            raise outcome
        if outcome.proposal is not None:
            return _fate(self._report, scene, outcome, outcome.proposal, self._how, self._writing)
        file = self._how.plan
        assert file is not None  # noqa: S101 - only then the plan is all that was wanted
        file.write_text(outcome.plan.model_dump_json(indent=2) + "\n", "utf-8")
        fate = f"the plan is in {file}: change it, and run this again"
        plan = outcome.plan.model_dump(mode="json")
        return {"notebook": str(scene.path), "plan": plan, "status": DONE, "fate": fate}


def _read_plan(path: Path) -> RefactorPlan:
    try:
        return RefactorPlan.model_validate(json.loads(path.read_text("utf-8")))
    except (ValidationError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise UsageError(f"{path} holds no plan: {why}", "Remove it, and --plan writes a new one.") from None


def _fate(
    report: Report, scene: Scene, done: WorkDone, proposal: RefactorProposal, how: Refactoring, writing: Writing
) -> Row:
    """Show a proposal and its verification, and write it if that was asked and may be done."""
    path, findings = scene.path, done.findings
    for change in proposal.changes:
        show_diff(report, unified(change.old_source, change.new_source, f"{path} {change.operation} {change.cell_id}"))
    for finding in proposal.findings:
        report.note(f"✗ {finding}", style="red")
    row: Row = {"notebook": str(path), "changes": len(proposal.changes), "proposal": proposal.model_dump(mode="json")}
    row |= {"status": DONE, "applied": False}
    if done.verification is not None:
        report.note(render_report(done.verification), None if done.verification.holds else "red")
        row["verification"] = done.verification.model_dump(mode="json")
    wanted = writing.apply or how.output is not None
    if findings and not (wanted and writing.anyway):
        hint = "Nothing was written; --yes writes it all the same." if wanted else "Say it in other words."
        report.error(EditRefused(f"{path}: it does not hold: {findings[0].rstrip('.')}.", hint), CHECK_FAILED)
        return row | {"status": CHECK_FAILED, "fate": "does not hold: not written"}
    if how.output is not None:
        whole = proposed(scene.file.data, proposal)
        return row | {"fate": f"written to {_put(how.output / path.name, whole, path)}"}
    if not writing.apply:
        return row | {"fate": "not written (--apply writes it)"}
    return row | {"fate": _write(scene, proposal), "applied": bool(proposal.changes)}


def _put(target: Path, data: bytes, source: Path) -> Path:
    """Write a copy whole or not at all; never over the notebook itself."""
    if target.exists() and target.samefile(source):
        raise UsageError("--output is the notebook's own folder.", "--apply writes into the notebook.")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name[:100]}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(data)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _write(scene: Scene, proposal: RefactorProposal) -> str:
    if not proposal.changes:
        return "nothing to write"
    journal = SafeJournal(lambda: open_journal(limits=scene.settings.limits))
    try:
        entry = apply_proposal(scene.path, scene.file.data, proposal, journal)
    finally:
        journal.close()
    undo = f"written (jupyter spark undo {shlex.quote(str(scene.path))})"
    return undo if entry is not None else "written; without a journal it cannot be undone"
