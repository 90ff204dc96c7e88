"""What a turn looks like at one moment: built from its events, drawn by the renderers.

The order is the same everywhere: what was asked, the change, the checks, the figures, what can be done next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jupyter_spark.diff import DiffLine, fold, line_diff
from jupyter_spark.figures import say_figures
from jupyter_spark.wire import (
    AnyTurnEvent,
    CheckResult,
    Conversation,
    EditDelta,
    EditReady,
    EditStarted,
    Notice,
    Proposal,
    TextDelta,
    TurnCancelled,
    TurnFailed,
    TurnFigures,
    TurnFinished,
    TurnStarted,
    TurnSteered,
)

State = Literal["waiting", "streaming", "done", "refused", "failed", "stopped"]
WINDOW_LINES = 40
TELLING = ("parses", "names_known")
CHECK_WORDS = {
    "closed_fence": "whole",
    "parses": "parses",
    "no_elision": "nothing elided",
    "keeps_size": "keeps its size",
    "changed": "changed",
    "names_known": "names known",
    "keeps_definitions": "nothing lost",
    "as_asked": "as asked",
    "keeps_secrets": "secrets back in place",
    "keeps_magic": "cell magic kept",
}


@dataclass
class TurnView:
    """The state of a turn as a reader should see it."""

    asked: str
    wants_code: bool
    state: State = "waiting"
    tier: str = ""
    model: str = ""
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    proposal: Proposal | None = None
    figures: TurnFigures | None = None
    problem: str = ""
    outcome: str = ""
    conversation: Conversation | None = None
    _lasting: int = 0  # how many of the notices are about the turn and not about one of its answers

    def take(self, event: AnyTurnEvent) -> None:
        """Take in one event."""
        if isinstance(event, EditDelta):
            self.new += event.lines
            self.state = "streaming"
        elif isinstance(event, TextDelta):
            self.words.append(event.text)
            self.state = "streaming"
        elif isinstance(event, TurnStarted):
            self.tier, self.model = event.tier, event.model
        elif isinstance(event, EditStarted):
            self.old, self.new, self.words = event.old_source.splitlines(), [], []
            self._lasting = len(self.notices) if event.attempt == 1 else self._lasting
        elif isinstance(event, TurnSteered):
            self.asked = f"{self.asked} · {event.words}"
            self.said.append(event.words)
            self.new, self.words, self.proposal, self.state = [], [], None, "waiting"
            del self.notices[self._lasting :]
        elif isinstance(event, Notice):
            self.notices.append(event.message)
        elif isinstance(event, EditReady):
            self.proposal = event.proposal
            self.new = event.proposal.edit.new_source.splitlines()
            self.words = [event.proposal.words]
        elif isinstance(event, TurnFinished | TurnFailed | TurnCancelled):
            self._end(event)

    def _end(self, event: TurnFinished | TurnFailed | TurnCancelled) -> None:
        self.figures = event.figures
        if isinstance(event, TurnFailed):
            self.state, self.problem = "failed", f"{event.message} {event.hint}".strip()
        elif isinstance(event, TurnCancelled):
            self.state = "stopped"
        else:
            self.model, self.conversation = event.model, event.conversation
            self.state = "done" if event.proposal is None or event.proposal.holds else "refused"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "refused", "failed", "stopped")

    @property
    def text(self) -> str:
        """The answer's words."""
        return "".join(self.words)

    @property
    def said_beside(self) -> str:
        """The words that came beside the code when the turn ended, or in its place."""
        shown = self.state in ("done", "refused") or (self.state == "failed" and not self.new)
        return self.text.strip() if self.wants_code and shown else ""

    @property
    def code(self) -> str:
        """The new text as far as it has arrived."""
        return "\n".join(self.new)

    def lines(self) -> list[DiffLine | int]:
        """The change: folded when it has ended, the lines around the newest one while it streams."""
        if self.state in ("done", "refused"):
            return fold(line_diff(self.old, self.new))
        if self.state == "waiting":
            return [*line_diff(self.old, self.old)[:WINDOW_LINES]]
        return self._window(line_diff(self.old, self.new, complete=False))

    def _window(self, lines: list[DiffLine]) -> list[DiffLine | int]:
        """A frame's cost must not grow with the answer: show where the stream is, count the rest."""
        if len(lines) <= WINDOW_LINES:
            return list(lines)
        arrived = [i for i, line in enumerate(lines) if line.tag != "waiting"]
        newest = arrived[-1] if arrived else 0
        end = min(len(lines), max(newest + 8, WINDOW_LINES))
        start = max(0, end - WINDOW_LINES)
        out: list[DiffLine | int] = [start] if start else []
        out += lines[start:end]
        return [*out, len(lines) - end] if end < len(lines) else out

    def progress(self) -> float:
        """How much of the change is there, from 0 to 1; a guess by the old text's length."""
        if self.ended:
            return 1.0
        return min(0.95, len(self.new) / max(len(self.old), 8))

    def checks(self) -> list[tuple[bool, str]]:
        """Each check in a few words: whether it held, and what it says."""
        if self.proposal is None:
            return []
        return [(check.ok, _say(check)) for check in self.proposal.checks]

    def checked(self) -> str:
        """What held, in a few words."""
        telling = [text for (_, text), check in zip(self.checks(), self._all_checks(), strict=True) if check in TELLING]
        return " · ".join([*telling, f"{len(self.checks())} checks"])

    def _all_checks(self) -> list[str]:
        return [check.name for check in self.proposal.checks] if self.proposal else []

    def closing(self) -> list[str]:
        """The closing line's parts: tier, model, and what the turn took."""
        parts = [part for part in (self.tier, self.model) if part]
        if self.figures is not None:
            parts += say_figures(self.figures)
        if self.figures is not None and self.proposal is not None and self.proposal.repaired:
            parts.append("repaired once")
        return parts


def _say(check: CheckResult) -> str:
    if check.ok:
        return check.message or CHECK_WORDS[check.name]
    return f"line {check.line}: {check.message}" if check.line else check.message
