"""``refactor``: whole notebooks, one after the other; one that fails stops no other."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_spark.cli.diffs import show_diff, unified
from jupyter_spark.cli.edit import Writing
from jupyter_spark.cli.interrupt import run_interruptible
from jupyter_spark.cli.report import CHECK_FAILED, DONE, FAILED, Report
from jupyter_spark.cli.scene import Scene, set_scene
from jupyter_spark.errors import SparkError, TurnStopped, UsageError
from jupyter_spark.journal import SafeJournal, open_journal
from jupyter_spark.notebook import require_writable
from jupyter_spark.providers import open_provider
from jupyter_spark.refactor import RefactorJob, apply_proposal, plan_lines, run_refactor
from jupyter_spark.wire_refactor import PlanReady, RefactorFailed, RefactorFinished, RefactorProposal, StepDone

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common


def refactor_all(report: Report, common: Common, arguments: list[str], jobs: int, writing: Writing) -> int:
    """Refactor every notebook that is named; the last argument is the instruction."""
    *paths, words = arguments
    if not paths or not words.strip() or words.endswith(".ipynb"):
        raise UsageError("A refactor needs notebooks and words.", 'E.g. refactor nb.ipynb "rename df to orders"')
    rows: list[dict[str, Any]] = []
    for path in map(Path, paths):
        try:
            rows.append(_one(report, common, path, words, jobs, writing))
        except TurnStopped:
            raise
        except SparkError as error:
            rows.append({"notebook": str(path), "status": FAILED, "fate": str(error)})
    report.result = {"notebooks": rows}
    report.table(["notebook", "changes", "fate"], [[r["notebook"], str(r.get("changes", "")), r["fate"]] for r in rows])
    statuses = {row["status"] for row in rows}
    return FAILED if FAILED in statuses else CHECK_FAILED if CHECK_FAILED in statuses else DONE


def _one(report: Report, common: Common, path: Path, words: str, jobs: int, writing: Writing) -> dict[str, Any]:
    scene = set_scene(common, path)
    if writing.apply:
        require_writable(path)
    proposal = run_interruptible(_events(report, scene, words, jobs))
    for change in proposal.changes:
        show_diff(report, unified(change.old_source, change.new_source, f"{path} {change.operation} {change.cell_id}"))
    for finding in proposal.findings:
        report.note(f"✗ {finding}", style="red")
    row = {"notebook": str(path), "changes": len(proposal.changes), "proposal": proposal.model_dump(mode="json")}
    status = DONE if proposal.holds or (writing.apply and writing.anyway) else CHECK_FAILED
    if not (writing.apply and status == DONE):
        fate = "a check did not hold: not written" if status else "not written (--apply writes it)"
        return row | {"status": status, "fate": fate, "applied": False}
    journal = SafeJournal(lambda: open_journal(limits=scene.settings.limits))
    try:
        entry = apply_proposal(path, scene.file.data, proposal, journal)
    finally:
        journal.close()
    fate = "written" if entry is not None or not proposal.changes else "written; without a journal it cannot be undone"
    return row | {"status": DONE, "fate": fate, "applied": True}


async def _events(report: Report, scene: Scene, words: str, jobs: int) -> RefactorProposal:
    tier: Any = "deep" if scene.common.tier == "deep" else "spark"
    job = RefactorJob(scene.notebook, words, scene.profile, scene.settings.privacy, tier, jobs)
    provider = open_provider(scene.profile)
    failed: list[str] = []
    try:
        async with aclosing(run_refactor(job, provider)) as events:
            async for event in events:
                if isinstance(event, PlanReady):
                    for line in (*plan_lines(event.plan, scene.notebook.cells), *event.plan.notes):
                        report.note(line, style="dim")
                elif isinstance(event, StepDone):
                    report.note(f"{event.done} of {event.total} {event.error}".rstrip(), style="dim")
                    failed += [event.error] if event.error else []
                elif isinstance(event, RefactorFailed):
                    raise SparkError(event.message, event.hint, code=event.code)
                elif isinstance(event, RefactorFinished):
                    if failed:
                        raise SparkError(f"A step failed: {failed[0]}", "Nothing was written; try again.")
                    return event.proposal
        raise SparkError("The refactor ended without an end.", "This is a bug of jupyter_spark: please report it.")
    finally:
        await provider.aclose()
