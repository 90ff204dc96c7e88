"""``refactor``: whole notebooks, one after the other; one that fails stops no other."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import aclosing
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
from jupyter_spark.notebook import arrange, parse_notebook, require_writable
from jupyter_spark.providers import open_provider
from jupyter_spark.refactor import RefactorJob, apply_proposal, arrangement_of, became, plan_lines, run_refactor
from jupyter_spark.wire_refactor import (
    PlanReady,
    RefactorFailed,
    RefactorFinished,
    RefactorPlan,
    RefactorProposal,
    StepDone,
)

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common

Row = dict[str, Any]


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
    verify: str = "static"
    plan: Path | None = None
    output: Path | None = None


def refactor_all(report: Report, common: Common, arguments: list[str], how: Refactoring, writing: Writing) -> int:
    """Refactor every notebook that is named; the last argument is the instruction."""
    *paths, words = arguments
    if not paths or not words.strip() or words.endswith(".ipynb"):
        raise UsageError("A refactor needs notebooks and words.", 'E.g. refactor nb.ipynb "rename df to orders"')
    _require_sense(paths, how, writing)
    rows = [_row(report, common, Path(path), words, how, writing) for path in paths]
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


def _row(report: Report, common: Common, path: Path, words: str, how: Refactoring, writing: Writing) -> Row:
    """Refactor a notebook; what goes wrong is its row, and a line on stderr."""
    try:
        return _one(report, common, path, words, how, writing)
    except (TurnStopped, UsageError):
        raise
    except SparkError as error:
        told = SparkError(f"{path}: {error.message}", error.hint, code=error.code)
    except OSError as error:
        told = SparkError(f"{path}: {error.strerror or error}.", "Look at the file and its folder.", code="os")
    report.error(told, FAILED)
    return {"notebook": str(path), "status": FAILED, "fate": "failed", "error": report.result["error"]}


def _one(report: Report, common: Common, path: Path, words: str, how: Refactoring, writing: Writing) -> Row:
    scene = set_scene(common, path)
    if writing.apply:
        require_writable(path)
    plan = _read_plan(how.plan) if how.plan is not None and how.plan.exists() else None
    only_plan = how.plan is not None and plan is None
    found = run_interruptible(_events(report, scene, words, how.jobs, plan, only_plan))
    if isinstance(found, RefactorPlan):
        assert how.plan is not None  # noqa: S101 - only then it is all that was wanted
        how.plan.write_text(found.model_dump_json(indent=2) + "\n", "utf-8")
        fate = f"the plan is in {how.plan}: change it, and run this again"
        return {"notebook": str(path), "plan": found.model_dump(mode="json"), "status": DONE, "fate": fate}
    return _fate(report, scene, found, how, writing)


def _read_plan(path: Path) -> RefactorPlan:
    try:
        return RefactorPlan.model_validate(json.loads(path.read_text("utf-8")))
    except (ValidationError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise UsageError(f"{path} holds no plan: {why}", "Remove it, and --plan writes a new one.") from None


def _fate(report: Report, scene: Scene, proposal: RefactorProposal, how: Refactoring, writing: Writing) -> Row:
    """Show a proposal, verify it, and write it if that was asked and may be done."""
    path, before = scene.path, scene.file.data
    for change in proposal.changes:
        show_diff(report, unified(change.old_source, change.new_source, f"{path} {change.operation} {change.cell_id}"))
    for finding in proposal.findings:
        report.note(f"✗ {finding}", style="red")
    findings = (_of_parts(proposal) if how.verify == "none" else proposal).findings
    row: Row = {"notebook": str(path), "changes": len(proposal.changes), "proposal": proposal.model_dump(mode="json")}
    row |= {"status": DONE, "applied": False}
    whole = arrange(before, arrangement_of(scene.notebook.cells, proposal.changes))[0] if proposal.changes else before
    if how.verify == "run" and not findings and whole != before:
        row["verification"], differs = _verified(report, scene, proposal, whole)
        findings = differs
    wanted = writing.apply or how.output is not None
    if findings and not (wanted and writing.anyway):
        hint = "Nothing was written; --yes writes it all the same." if wanted else "Say it in other words."
        report.error(EditRefused(f"{path}: it does not hold: {findings[0].rstrip('.')}.", hint), CHECK_FAILED)
        return row | {"status": CHECK_FAILED, "fate": "does not hold: not written"}
    if how.output is not None:
        return row | {"fate": f"written to {_put(how.output / path.name, whole, path)}"}
    if not writing.apply:
        return row | {"fate": "not written (--apply writes it)"}
    return row | {"fate": _write(scene, proposal), "applied": bool(proposal.changes)}


def _of_parts(proposal: RefactorProposal) -> RefactorProposal:
    """The proposal with those checks only that are not about how its cells fit together."""
    kept = tuple(check for check in proposal.checks if check.name in ("parses", "cells_kept", "steps_done"))
    return proposal.model_copy(update={"checks": kept})


def _verified(
    report: Report, scene: Scene, proposal: RefactorProposal, whole: bytes
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Run the notebook before and after; return the report, and what speaks against the change."""
    from jupyter_spark.verify import CellGroup, VerifyOptions, render_report, verify_notebook

    after_ids = [cell.snapshot.cell_id for cell in parse_notebook(whole).cells]
    pairs = became(scene.notebook.cells, proposal.changes, after_ids)
    groups = tuple(CellGroup(before=old, after=new) for old, new in pairs)
    folder = Path(os.path.realpath(scene.path)).parent
    options = VerifyOptions(groups=groups)
    found = run_interruptible(verify_notebook(scene.file.data, whole, folder, options))
    report.note(render_report(found), None if found.holds else "red")
    counts = ", ".join(f"{number} {verdict.replace('_', ' ')}" for verdict, number in found.counts.items())
    return found.model_dump(mode="json"), () if found.holds else (f"run before and after, its cells: {counts}.",)


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


async def _events(
    report: Report, scene: Scene, words: str, jobs: int, plan: RefactorPlan | None, only_plan: bool
) -> RefactorProposal | RefactorPlan:
    """Run the refactor and return its proposal, or (``only_plan``) its plan."""
    tier: Any = "deep" if scene.common.tier == "deep" else "spark"
    job = RefactorJob(scene.notebook, words, scene.profile, scene.settings.privacy, tier, jobs)
    provider = open_provider(scene.profile)
    failed: list[str] = []
    try:
        async with aclosing(run_refactor(job, provider, plan=plan, only_plan=only_plan)) as events:
            async for event in events:
                if isinstance(event, PlanReady):
                    for line in (*plan_lines(event.plan, scene.notebook.cells), *event.plan.notes):
                        report.note(line, style="dim")
                    if only_plan:
                        return event.plan
                elif isinstance(event, StepDone):
                    report.note(f"{event.done} of {event.total} {event.error}".rstrip(), style="dim")
                    failed += [event.error] if event.error else []
                elif isinstance(event, RefactorFailed):
                    raise SparkError(event.message, event.hint, code=event.code)
                elif isinstance(event, RefactorFinished):
                    if failed and not event.proposal.changes:
                        raise SparkError(f"Every step failed: {failed[0]}", "Nothing was written; try again.")
                    return event.proposal
        raise SparkError("The refactor ended without an end.", "This is a bug of jupyter_spark: please report it.")
    finally:
        await provider.aclose()
