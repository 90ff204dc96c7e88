"""The notebook-wide refactor: a plan, its steps written in parallel, checked as a whole, one proposal, one undo."""

from jupyter_spark.refactor._admitting import PLAN_HINT, admitted
from jupyter_spark.refactor._applying import apply_proposal, take_back, was_interrupted, write_back
from jupyter_spark.refactor._causes import with_causes
from jupyter_spark.refactor._checking import check_notebook
from jupyter_spark.refactor._composing import arrangement_of, became, compose, taken_changes
from jupyter_spark.refactor._engine import run_refactor
from jupyter_spark.refactor._known_plan import load_plan, refitted
from jupyter_spark.refactor._opened import take_back_opened
from jupyter_spark.refactor._planning import notebook_hash, plan_lines, read_plan
from jupyter_spark.refactor._recording import done_key, refactor_record
from jupyter_spark.refactor._rules import plan_by_rules, plan_each_cell
from jupyter_spark.refactor._run import RefactorJob
from jupyter_spark.refactor._telling import change_title, in_notebook_order, told_findings, told_marks
from jupyter_spark.refactor._verifying import Verified, proposed, run_verified, verify_proposal
from jupyter_spark.refactor._work import NotebookWork, WorkDone, do_work, worked_on

__all__ = [
    "PLAN_HINT",
    "NotebookWork",
    "RefactorJob",
    "Verified",
    "WorkDone",
    "admitted",
    "apply_proposal",
    "arrangement_of",
    "became",
    "change_title",
    "check_notebook",
    "compose",
    "do_work",
    "done_key",
    "in_notebook_order",
    "load_plan",
    "notebook_hash",
    "plan_by_rules",
    "plan_each_cell",
    "plan_lines",
    "proposed",
    "read_plan",
    "refactor_record",
    "refitted",
    "run_refactor",
    "run_verified",
    "take_back",
    "take_back_opened",
    "taken_changes",
    "told_findings",
    "told_marks",
    "verify_proposal",
    "was_interrupted",
    "with_causes",
    "worked_on",
    "write_back",
]
