"""A refactor of a page's in the history: one turn, however often its plan was made anew or carried out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from jupyter_spark.errors import SparkError, TurnStopped
from jupyter_spark.figures import add_figures
from jupyter_spark.refactor import NotebookWork, RefactorJob, WorkDone, refactor_record
from jupyter_spark.wire import TurnFigures, TurnRecord
from jupyter_spark.wire_refactor import (
    AnyRefactorEvent,
    PlanReady,
    RefactorCancelled,
    RefactorFailed,
    RefactorFinished,
)


@dataclass
class RefactorBook:
    """What is known of a refactor, and what all of its works took together; stopped and failed ones, too."""

    refactor_id: str = ""
    job: RefactorJob | None = None
    created_at_s: float = field(default_factory=time.time)
    figures: TurnFigures | None = None

    def begin(self, refactor_id: str, job: RefactorJob) -> None:
        """One more work is begun."""
        self.refactor_id, self.job = refactor_id, job

    def entry(self, event: AnyRefactorEvent, *, only_plan: bool) -> TurnRecord | None:
        """Return the history's entry if an event ends the work; ``only_plan``: with its plan."""
        job, outcome = self.job, _outcome(event, only_plan=only_plan)
        if job is None or outcome is None:
            return None
        assert isinstance(event, PlanReady | RefactorFinished | RefactorFailed | RefactorCancelled)  # noqa: S101
        self.figures = event.figures if self.figures is None else add_figures(self.figures, event.figures)
        work = NotebookWork(
            path=job.snapshot.path or "", data=b"", instruction=job.instruction, profile=job.profile, tier=job.tier
        )
        return refactor_record(work, job.snapshot.cells, outcome).model_copy(
            update={
                "turn_id": self.refactor_id,
                "created_at_s": self.created_at_s,
                "figures": self.figures.model_dump(mode="json", exclude_none=True),
            }
        )


def _outcome(event: AnyRefactorEvent, *, only_plan: bool) -> WorkDone | SparkError | None:
    if isinstance(event, PlanReady) and only_plan:
        return WorkDone(plan=event.plan)
    if isinstance(event, RefactorFinished):
        return WorkDone(plan=event.proposal.plan, proposal=event.proposal)
    if isinstance(event, RefactorFailed):
        return SparkError(event.message, event.hint, code=event.code)
    return TurnStopped("Stopped.", "Nothing was written.") if isinstance(event, RefactorCancelled) else None
