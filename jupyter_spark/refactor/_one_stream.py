"""A small notebook's cells in one answer: sections headed by cell id, each cell's own change streaming as it comes."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from jupyter_spark.attempts import judge, place_of
from jupyter_spark.edits import AnswerParser, Lines, Words, fence_for
from jupyter_spark.refactor._fan_out import CellTask
from jupyter_spark.refactor._run import Run
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import (
    AnyTurnEvent,
    Conversation,
    EditDelta,
    EditReady,
    EditStarted,
    TextDelta,
    TurnFigures,
    TurnFinished,
    TurnRequest,
    TurnStarted,
)
from jupyter_spark.wire_refactor import PlanStep

SECTION_TOKENS = 15  # of a heading, and of the fence around a cell
_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+(?:new[ \t]+)?(?:cell[ \t]+)?[`'\"*]*(?P<name>[\w-]+)[`'\"*]*:?[ \t]*$", re.I
)
_RULES = """\
Do these steps of the plan now, all of them in this one answer.
Write for each, in this order, its heading line and below it the whole new cell in one fenced block ({fence}), no words.

{sections}"""


def fits_one_stream(tasks: Sequence[CellTask], run: Run) -> bool:
    """Whether a few cells are short enough that one answer with all of them is soon there."""
    job = run.job
    tokens = sum(task.size_tokens + SECTION_TOKENS for task in tasks)
    return not job.profile.small and len(tasks) > 1 and tokens <= job.one_stream_tokens


async def one_stream(
    tasks: Sequence[CellTask], steps: Mapping[str, PlanStep], run: Run, told: Conversation
) -> AsyncGenerator[tuple[CellTask, AnyTurnEvent], None]:
    """Write several cells in one turn.

    Parameters
    ----------
    tasks : sequence of CellTask
        What is to be written; each request is made here.
    steps : mapping
        The steps, by their ids.
    told : Conversation
        What the request begins with.

    Yields
    ------
    task, event
        The events of a turn for each cell, as its section streams. A cell whose section is malformed, or does not hold,
        is not finished here: its turn is to go on after the last of its events.
    """
    sections = _Sections(tasks, run)
    request = run.request("ask", sections.words(steps), told)
    async with aclosing(run_turn(request, run.provider)) as turn:
        async for event in turn:
            run.tally.see(event)
            if isinstance(event, TextDelta):
                for pair in sections.feed(event.text):
                    yield pair
            elif isinstance(event, TurnFinished):
                for pair in sections.feed("\n"):
                    yield pair
                for pair in sections.close():
                    yield pair


class _Section:
    """One cell's part of the answer, told as a turn of its own."""

    def __init__(self, task: CellTask, run: Run) -> None:
        self.task, self._run = task, run
        task.request = task.request or task.put()
        self._request: TurnRequest = task.request
        self._parser = AnswerParser()
        self._raw: list[str] = []

    @property
    def is_open(self) -> bool:
        """Whether a line belongs to the code, whatever it looks like."""
        return self._parser.is_open

    def begin(self) -> list[AnyTurnEvent]:
        request, provider = self._request, self._run.provider
        operation, old, cell_id = place_of(request)
        return [
            TurnStarted(
                **self._head(),
                kind=request.kind,
                tier=request.tier,
                profile=provider.profile.name,
                model=provider.model,
            ),
            EditStarted(**self._head(), cell_id=cell_id, operation=operation, old_source=old, attempt=1),
        ]

    def feed(self, line: str) -> list[AnyTurnEvent]:
        self._raw.append(line)
        return self._events(self._parser.feed(line))

    def end(self) -> list[AnyTurnEvent]:
        """The section is over: its end, if it holds."""
        rest, parsed = self._parser.finish()
        events = self._events(rest)
        attempt = judge(self._request, parsed, "".join(self._raw), repaired=False)
        if parsed.blocks == 1 and attempt.proposal is not None and attempt.proposal.holds:
            events.append(EditReady(**self._head(), proposal=attempt.proposal))
            finished = TurnFinished(
                **self._head(),
                model=self._run.provider.model,
                figures=TurnFigures(),
                text=attempt.proposal.words,
                proposal=attempt.proposal,
            )
            events.append(finished)
        return events

    def _events(self, pieces: Sequence[Words | Lines]) -> list[AnyTurnEvent]:
        return [EditDelta(**self._head(), lines=piece.lines) for piece in pieces if isinstance(piece, Lines)]

    def _head(self) -> dict[str, Any]:
        self.task.after_seq += 1
        return {"turn_id": self._request.turn_id, "seq": self.task.after_seq}


class _Sections:
    """Cuts an answer into the sections of its cells, line by line."""

    def __init__(self, tasks: Sequence[CellTask], run: Run) -> None:
        self._run = run
        self._waiting = {run.number(task.cell_id): task for task in tasks}
        self._open: _Section | None = None
        self._partial = ""

    def words(self, steps: Mapping[str, PlanStep]) -> str:
        """What is asked: a section for each cell, in the form of the answer."""
        requests = [(name, task, task.request or task.put()) for name, task in self._waiting.items()]
        sources = [request.target.source if request.target is not None else "" for _, _, request in requests]
        fence = fence_for("\n".join(sources))
        parts = []
        for (name, task, request), source in zip(requests, sources, strict=True):
            task.request = request
            step = steps[task.step_id]
            head = f"### {'new cell' if step.operation == 'insert' else 'cell'} {name}"
            cell = f"\n{fence}python\n{source}\n{fence}" if source else ""
            parts.append(f"{head}\n{step.operation}: {request.instruction}{cell}")
        return _RULES.format(fence=fence, sections="\n\n".join(parts))

    def feed(self, text: str) -> list[tuple[CellTask, AnyTurnEvent]]:
        """Take more of the answer."""
        *lines, self._partial = (self._partial + text).split("\n")
        return [pair for line in lines for pair in self._take(line)]

    def close(self) -> list[tuple[CellTask, AnyTurnEvent]]:
        """Take the answer's end."""
        section, self._open = self._open, None
        return [(section.task, event) for event in section.end()] if section is not None else []

    def _take(self, line: str) -> list[tuple[CellTask, AnyTurnEvent]]:
        section = self._open
        heading = _HEADING.match(line) if section is None or not section.is_open else None
        if heading is not None:
            out = self.close()
            # A second section of one cell is not believed, nor one of a cell that is not to be written.
            task = self._waiting.pop(heading["name"], None)
            if task is not None:
                self._open = _Section(task, self._run)
                out += [(task, event) for event in self._open.begin()]
            return out
        return [(section.task, event) for event in section.feed(f"{line}\n")] if section is not None else []
