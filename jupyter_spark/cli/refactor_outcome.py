"""What came of one notebook: its changes, what does not hold, what a run would tell, and what the run told."""

from __future__ import annotations

from jupyter_spark.cli.diffs import show_diff, unified
from jupyter_spark.cli.refactor_view import Row
from jupyter_spark.cli.report import DONE, Report
from jupyter_spark.cli.scene import Scene
from jupyter_spark.refactor import WorkDone, change_title, in_notebook_order, told_findings, told_marks
from jupyter_spark.verify import render_report
from jupyter_spark.wire_refactor import RefactorProposal


def show_outcome(report: Report, scene: Scene, done: WorkDone, proposal: RefactorProposal) -> Row:
    """Show a proposal, what does not hold, and its verification; return its row."""
    path, cells = scene.path, scene.notebook.cells
    for change in in_notebook_order(cells, proposal.changes):
        title = f"{path} {change_title(change, cells)}"
        lines = unified(change.old_source, change.new_source, title)
        show_diff(report, lines or [f"--- {title}"])
    for finding in told_findings(proposal, cells):
        report.note(f"✗ {finding}", style="red")
    row: Row = {"notebook": str(path), "changes": len(proposal.changes), "proposal": proposal.model_dump(mode="json")}
    row |= {"status": DONE, "applied": False, "figures": done.figures.model_dump(mode="json")}
    if done.verification is not None:
        report.note(render_report(done.verification), None if done.verification.holds else "red")
        row["verification"] = done.verification.model_dump(mode="json")
    elif proposal.marks:
        for mark in told_marks(proposal, cells):
            report.note(f"! {mark}", style="yellow")
        report.note("Whether the output changes is seen by running it: --verify run.", style="dim")
    return row


def refusal(done: WorkDone) -> tuple[str, str]:
    """Why a notebook is not written, in few words and in a line."""
    if done.verification is not None and done.verification.unverified == done.findings[0]:
        return "not verified", done.findings[0][0].lower() + done.findings[0][1:]
    return "does not hold", f"it does not hold: {done.findings[0].rstrip('.')}."
