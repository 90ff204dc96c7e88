"""A refactor in the history: all of it as one turn."""

from __future__ import annotations

import hashlib
import time
import uuid

from jupyter_spark.errors import SparkError, TurnStopped
from jupyter_spark.notebook import content_hash
from jupyter_spark.recording import without_secrets
from jupyter_spark.refactor._planning import plan_lines
from jupyter_spark.refactor._work import NotebookWork, WorkDone
from jupyter_spark.wire import CellSnapshot, TurnRecord


def done_key(work: NotebookWork, data: bytes) -> str:
    """Return what a refactor is known by that left a file with this content: to do it again would do the same."""
    parts = (work.instruction.strip(), work.verify, content_hash(data))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def refactor_record(
    work: NotebookWork,
    cells: tuple[CellSnapshot, ...],
    outcome: WorkDone | SparkError,
    *,
    left: bytes | None = None,
) -> TurnRecord:
    """Return a refactor as the history keeps it.

    Parameters
    ----------
    cells : tuple of CellSnapshot
        The notebook's, before.
    outcome : WorkDone or SparkError
        What came of it.
    left : bytes, optional
        The file's content now, if the refactor was carried to its end.
    """
    is_done = isinstance(outcome, WorkDone)
    proposal = outcome.proposal if isinstance(outcome, WorkDone) else None
    status = "finished" if is_done else "cancelled" if isinstance(outcome, TurnStopped) else "failed"
    record = TurnRecord(
        turn_id=proposal.refactor_id if proposal is not None else uuid.uuid4().hex[:16],
        created_at_s=time.time(),
        kind="refactor",
        instruction=work.instruction,
        tier=work.tier,
        profile=work.profile.name,
        model=next(iter(work.profile.models), ""),
        status=status,
        notebook_path=work.path or None,
        text="\n".join(plan_lines(outcome.plan, cells)) if isinstance(outcome, WorkDone) else "",
        error="" if isinstance(outcome, WorkDone) else str(outcome),
        figures=outcome.figures.model_dump(mode="json", exclude_none=True) if isinstance(outcome, WorkDone) else {},
        done_key=done_key(work, left) if left is not None else "",
    )
    return without_secrets(record)
