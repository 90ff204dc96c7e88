"""What the turns of one refactor have in common: the notebook as a model is told it, the plan, numbers and figures."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from jupyter_spark.conversation import begin, settled
from jupyter_spark.dataflow import cell_names
from jupyter_spark.intent import asked_names
from jupyter_spark.ours import is_only_ours
from jupyter_spark.privacy import IGNORE_TAG
from jupyter_spark.providers import Provider
from jupyter_spark.refactor._planning import PLAN_RULES, plan_lines
from jupyter_spark.request import build_request
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.wire import (
    AnyTurnEvent,
    CellSnapshot,
    Conversation,
    Message,
    NotebookSnapshot,
    Tier,
    TurnCancelled,
    TurnFailed,
    TurnFigures,
    TurnFinished,
    TurnKind,
    TurnRequest,
    TurnStarted,
    Usage,
)
from jupyter_spark.wire_refactor import RefactorPlan

ONE_STREAM_TOKENS = 256
_IMPORTS = re.compile(
    r"\bimport(?:s|ing)?\s+(?P<names>`?[A-Za-z_]\w*`?(?:(?:\s*,\s*|\s+and\s+|\s+as\s+)`?[A-Za-z_]\w*`?)*)"
)
_NAME = re.compile(r"\b(?!and\b|as\b)[A-Za-z_]\w*")


@dataclass(frozen=True)
class RefactorJob:
    """What is asked of which notebook.

    Attributes
    ----------
    jobs : int
        How many cells are written at once.
    one_stream_tokens : int
        Cells that are together at most this long are written in one answer, one after the other: they take one
        request for all of them, and about a quarter of a second more at 1,000 tokens a second. 0: each by its own.
    """

    snapshot: NotebookSnapshot
    instruction: str
    profile: Profile
    privacy: Privacy = field(default_factory=Privacy)
    tier: Tier = "spark"
    jobs: int = 8
    one_stream_tokens: int = ONE_STREAM_TOKENS


class Run:
    """One refactor while it runs: whoever makes its turns and its events takes from here what they begin with."""

    def __init__(self, job: RefactorJob, provider: Provider, refactor_id: str = "") -> None:
        self.job, self.provider = replace(job, snapshot=_without_requests(job.snapshot)), provider
        self.refactor_id = refactor_id or uuid.uuid4().hex[:16]
        self.tally = RefactorTally()
        self._seq = 0
        self._numbers = {cell.cell_id: str(i) for i, cell in enumerate(job.snapshot.cells)}
        self._told = self._as_told(self.job.snapshot.cells)

    def head(self) -> dict[str, Any]:
        """The fields that every event has."""
        self._seq += 1
        return {"refactor_id": self.refactor_id, "seq": self._seq}

    @property
    def jobs(self) -> int:
        """How many cells are written at once.

        The built-in model writes one cell as fast as several, and who waits for it loses its deadline.
        """
        return 1 if self.job.profile.stays_here else self.job.jobs

    def number(self, cell_id: str) -> str:
        """Return what a model calls a cell: its index from 0; a new one by its id."""
        return self._numbers.get(cell_id, cell_id)

    def target(self, cell_id: str, source: str) -> CellSnapshot:
        """Return a cell as a turn is about it."""
        return CellSnapshot(cell_id=self.number(cell_id), source=source)

    def request(
        self,
        kind: TurnKind,
        words: str,
        conversation: Conversation,
        *,
        cells: Sequence[CellSnapshot] | None = None,
        names: frozenset[str] = frozenset(),
        **rest: Any,
    ) -> TurnRequest:
        """Make a turn's request.

        Parameters
        ----------
        cells : sequence of CellSnapshot, optional
            The notebook's as they are now, where they are other than at first.
        names : frozenset of str
            What an edit may rely on beside the names of the notebook.
        """
        job = self.job
        request = build_request(
            kind,
            words,
            job.profile,
            self._told if cells is None else self._as_told(cells),
            tier=job.tier,
            privacy=job.privacy,
            conversation=None if job.profile.small else conversation,
            **rest,
        )
        known = request.context.known_names | names
        return request.model_copy(update={"context": request.context.model_copy(update={"known_names": known})})

    @cached_property
    def asks_for_plan(self) -> TurnRequest:
        """The request that asks for the plan."""
        words = PLAN_RULES.format(instruction=self.job.instruction)
        if locked := [self.number(cell.cell_id) for cell in self.job.snapshot.cells if cell.is_locked]:
            words += f"\nLeave these as they are, they are locked: cells {', '.join(locked)}."
        return self.request("ask", words, begin())

    def with_plan(self, plan: RefactorPlan) -> Conversation:
        """Return what every request after the plan begins with, byte for byte the same: the notebook, and the plan."""
        told = "\n".join(plan_lines(plan, self.job.snapshot.cells))
        asked = self.asks_for_plan
        said = (
            Message(role="user", content=asked.instruction),
            Message(role="assistant", content=f"```\n{told}\n```"),
        )
        return settled(asked, said)

    def _as_told(self, cells: Sequence[CellSnapshot]) -> NotebookSnapshot:
        # The same label for a cell that ran and one that did not, and no outputs.
        numbered = [
            cell.model_copy(update={"cell_id": self.number(cell.cell_id), "execution_count": None, "outputs": ""})
            for cell in cells
        ]
        return self.job.snapshot.model_copy(update={"cells": tuple(numbered)})


def _without_requests(snapshot: NotebookSnapshot) -> NotebookSnapshot:
    """What asks us for something is no cell to be changed."""
    cells = (
        cell.model_copy(update={"tags": (*cell.tags, IGNORE_TAG)})
        if cell.kind == "code" and is_only_ours(cell.source)
        else cell
        for cell in snapshot.cells
    )
    return snapshot.model_copy(update={"cells": tuple(cells)})


def names_of(plan: RefactorPlan) -> frozenset[str]:
    """Return the names that a plan speaks of: a cell may rely on what another one is about to define."""
    names = {change.new for change in plan.renames}
    for step in plan.steps:
        if step.source is not None and step.kind == "code":
            names |= cell_names(step.source).defines
        names.update(asked_names(step.instruction))
        for imported in _IMPORTS.finditer(step.instruction):
            names.update(_NAME.findall(imported["names"]))
    return frozenset(names)


# --- figures ---------------------------------------------------------------------------------------


class RefactorTally:
    """Sums what a refactor's turns took; the rate is of all of them together, as they run at the same time."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()
        self._started_s: dict[str, float] = {}
        self._first_s: float | None = None
        self._last_s = 0.0
        self._usage: Usage | None = None
        self._cost_usd: float | None = None

    def see(self, event: AnyTurnEvent) -> None:
        """Take in an event of one of the turns."""
        now_s = time.monotonic()
        if isinstance(event, TurnStarted):
            self._started_s.setdefault(event.turn_id, now_s)
        elif isinstance(event, TurnFinished | TurnFailed | TurnCancelled):
            self._last_s, figures = now_s, event.figures
            if figures.first_token_s is not None:
                first_s = self._started_s.get(event.turn_id, now_s - figures.total_s) + figures.first_token_s
                self._first_s = first_s if self._first_s is None else min(self._first_s, first_s)
            if figures.usage is not None:
                self._usage = figures.usage + (self._usage or Usage())
            if figures.cost_usd is not None:
                self._cost_usd = figures.cost_usd + (self._cost_usd or 0.0)

    def figures(self) -> TurnFigures:
        """Return what all of it took so far."""
        first_s, usage = self._first_s, self._usage
        streamed_s = self._last_s - first_s if first_s is not None else 0.0
        written = usage.output_tokens - usage.reasoning_tokens if usage is not None else 0
        return TurnFigures(
            first_token_s=first_s - self._begun_s if first_s is not None else None,
            total_s=time.monotonic() - self._begun_s,
            tokens_per_s=written / streamed_s if written > 1 and streamed_s > 0 else None,
            usage=usage,
            cost_usd=self._cost_usd,
        )
