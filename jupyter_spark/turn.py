"""One turn: a request goes to a provider and comes back as events, ending in exactly one terminal event.

This is the only place that turns an exception into ``turn_failed``.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from jupyter_spark.checks import EditUnderCheck, check_edit, score
from jupyter_spark.context import estimate_tokens
from jupyter_spark.edits import AnswerParser, Lines, ParsedAnswer, Words, make_edit
from jupyter_spark.errors import ProviderError, SparkError, StreamCutError
from jupyter_spark.prompts import Prompt, render_prompt, render_repair
from jupyter_spark.providers import Completed, Delta, Provider, ProviderRequest, Started, UsageSeen
from jupyter_spark.settings import Prices
from jupyter_spark.wire import (
    AnyTurnEvent,
    CheckResult,
    ContextPacked,
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
    TurnRequest,
    TurnStarted,
    Usage,
    UsageReported,
)

SAMPLING_TEMPERATURE = 0.7  # another try must be free to differ


def new_id() -> str:
    """Return a fresh identifier for a turn or a proposal."""
    return uuid.uuid4().hex[:16]


async def run_turn(request: TurnRequest, provider: Provider) -> AsyncGenerator[AnyTurnEvent, None]:
    """Run one turn.

    Parameters
    ----------
    request : TurnRequest
        What is asked.
    provider : Provider
        Who answers.

    Yields
    ------
    event
        In order, ending in exactly one of ``turn_finished``, ``turn_failed`` and ``turn_cancelled``. If the task that
        drives the turn is cancelled, the connection upstream is closed, ``turn_cancelled`` comes last, and then the
        cancellation goes on.
    """
    turn = _Turn(request, provider)
    cancelled: asyncio.CancelledError | None = None
    try:
        async with aclosing(turn.events()) as events:
            async for event in events:
                yield event
    except asyncio.CancelledError as error:
        cancelled = error
    except SparkError as error:
        yield turn.failed(error)
        return
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the reader of the turn gets its one end
        yield turn.failed(
            SparkError(f"{type(error).__name__}: {error}", "This is a bug of jupyter_spark: please report it.")
        )
        return
    if cancelled is not None:
        yield TurnCancelled(**turn.head(), text=turn.text, figures=turn.figures())
        raise cancelled


@dataclass
class _Clock:
    """When things happened, in seconds of the monotonic clock."""

    begun_s: float = field(default_factory=time.monotonic)
    first_s: float | None = None
    streaming_s: float = 0.0
    attempt_s: float | None = None

    def delta(self) -> None:
        now = time.monotonic()
        self.first_s = self.first_s or now
        self.attempt_s = self.attempt_s or now

    def attempt_ended(self) -> None:
        if self.attempt_s is not None:
            self.streaming_s += time.monotonic() - self.attempt_s
        self.attempt_s = None


@dataclass(frozen=True)
class _Attempt:
    """One answer to the prompt, with its checks."""

    answer: ParsedAnswer
    raw: str
    proposal: Proposal | None
    checks: tuple[CheckResult, ...]


class _Turn:
    """The state of one turn; its parts are the steps in order."""

    def __init__(self, request: TurnRequest, provider: Provider) -> None:
        self.request = request
        self.provider = provider
        self._arrived: list[str] = []
        self._seq = 0
        self._clock = _Clock()
        self._usage: Usage | None = None
        self._model = provider.model
        self._reason = ""

    @property
    def text(self) -> str:
        """What arrived so far."""
        return "".join(self._arrived)

    def head(self) -> dict[str, Any]:
        """The fields that every event has."""
        self._seq += 1
        return {"turn_id": self.request.turn_id, "seq": self._seq}

    def failed(self, error: SparkError) -> TurnFailed:
        """The terminal event of an error."""
        return TurnFailed(
            **self.head(),
            code=error.code,
            message=error.message,
            hint=error.hint,
            text=self.text,
            figures=self.figures(),
        )

    def figures(self) -> TurnFigures:
        """What the turn took so far."""
        clock, usage = self._clock, self._usage
        streaming_s = clock.streaming_s + (time.monotonic() - clock.attempt_s if clock.attempt_s else 0.0)
        rate = usage.output_tokens / streaming_s if usage and usage.output_tokens > 1 and streaming_s > 1e-3 else None
        return TurnFigures(
            first_token_s=clock.first_s - clock.begun_s if clock.first_s else None,
            total_s=time.monotonic() - clock.begun_s,
            tokens_per_s=rate,
            usage=usage,
            cost_usd=_cost_usd(usage, self.provider.profile.prices),
        )

    async def events(self) -> AsyncGenerator[AnyTurnEvent, None]:
        """Everything up to the successful end."""
        request, profile = self.request, self.provider.profile
        prompt = render_prompt(request, small=profile.small, prefill=profile.prefill)
        yield TurnStarted(**self.head(), kind=request.kind, tier=request.tier, profile=profile.name, model=self._model)
        sent_tokens = sum(estimate_tokens(message.content) for message in prompt.messages)
        yield ContextPacked(**self.head(), context=request.context, prompt_tokens=sent_tokens)
        if not request.wants_code:
            async with aclosing(self._words(prompt)) as words:
                async for event in words:
                    yield event
            yield TurnFinished(**self.head(), model=self._model, figures=self.figures(), text=self.text)
            return
        best: _Attempt | None = None
        for number in (1, 2):
            try:
                async with aclosing(self._edit(prompt, number)) as steps:
                    async for step in steps:
                        if isinstance(step, _Attempt):
                            best = _better(best, step)
                            last = step
                        else:
                            yield step
            except SparkError as error:
                if best is None:
                    raise
                yield Notice(**self.head(), message=f"The repair did not come: {error.message}")
                break
            findings = [check for check in last.checks if not check.ok]
            if number == 2 or not findings or not request.repair:
                break
            yield Notice(
                **self.head(),
                message=f"The first answer did not hold: {findings[0].message.rstrip('.')}. Repairing once.",
            )
            prompt = render_repair(prompt, request, last.raw, findings, small=profile.small)
        assert best is not None  # noqa: S101 - an edit's last step is its attempt
        async with aclosing(self._ending(best)) as events:
            async for event in events:
                yield event

    async def _ending(self, best: _Attempt) -> AsyncGenerator[AnyTurnEvent, None]:
        if best.proposal is None:
            message = best.checks[0].message if best.checks else "The answer holds no code."
            raise ProviderError(message, "Try again (retry), or say it in other words.", code="no_code")
        proposal = best.proposal
        yield EditReady(**self.head(), proposal=proposal)
        yield TurnFinished(
            **self.head(), model=self._model, figures=self.figures(), text=proposal.words, proposal=proposal
        )

    async def _words(self, prompt: Prompt) -> AsyncGenerator[AnyTurnEvent, None]:
        async with aclosing(self._answer(prompt)) as answer:
            async for item in answer:
                if isinstance(item, str):
                    self._arrived.append(item)
                    yield TextDelta(**self.head(), text=item)
                else:
                    yield item
        if self._reason == "length":
            yield Notice(**self.head(), message="The answer was cut off at the output limit.")

    async def _edit(self, prompt: Prompt, number: int) -> AsyncGenerator[AnyTurnEvent | _Attempt, None]:
        """One attempt: its lines as they arrive, then the attempt itself with its checks."""
        operation, old, cell_id = self._place()
        parser = AnswerParser(prompt.fence if prompt.prefill else "")
        yield EditStarted(**self.head(), cell_id=cell_id, operation=operation, old_source=old, attempt=number)
        self._arrived = [prompt.prefill]
        async with aclosing(self._answer(prompt)) as answer:
            async for item in answer:
                if not isinstance(item, str):
                    yield item
                    continue
                self._arrived.append(item)
                for event in self._pieces(parser.feed(item)):
                    yield event
        rest, parsed = parser.finish(stopped_at_fence=bool(prompt.stop) and self._reason == "stop")
        for event in self._pieces(rest):
            yield event
        if prompt.stop and parsed.closed:
            self._arrived.append(f"\n{prompt.fence}")
        yield self._judge(parsed, self.text, number)

    def _pieces(self, pieces: list[Words | Lines]) -> list[AnyTurnEvent]:
        return [
            EditDelta(**self.head(), lines=piece.lines)
            if isinstance(piece, Lines)
            else TextDelta(**self.head(), text=piece.text)
            for piece in pieces
        ]

    def _judge(self, parsed: ParsedAnswer, raw: str, number: int) -> _Attempt:
        request = self.request
        operation, old, cell_id = self._place()
        checks = check_edit(
            EditUnderCheck(
                answer=parsed,
                old_source=old if operation == "replace" else "",
                kind=request.kind,
                instruction=request.instruction,
                known_names=request.context.known_names,
                names_are_complete=request.context.names_are_complete,
            )
        )
        if not parsed.code:
            return _Attempt(parsed, raw, None, checks)
        edit = make_edit(parsed.code, cell_id=cell_id, old_source=old, operation=operation)
        proposal = Proposal(
            proposal_id=new_id(),
            turn_id=request.turn_id,
            edit=edit,
            checks=checks,
            repaired=number > 1,
            words=parsed.words,
        )
        return _Attempt(parsed, raw, proposal, checks)

    def _place(self) -> tuple[Any, str, str]:
        """Where the edit goes: the operation, the text that is there, and the cell."""
        target = self.request.target
        cell_id = target.cell_id if target is not None else ""
        if self.request.kind == "generate":
            return "insert_below", "", cell_id
        return "replace", target.source if target is not None else "", cell_id

    async def _answer(self, prompt: Prompt) -> AsyncGenerator[str | UsageReported | Notice, None]:
        """The provider's answer as text, and what it reports beside it."""
        asked = self._model
        request = ProviderRequest(
            messages=prompt.messages,
            prefill=prompt.prefill,
            stop=prompt.stop,
            max_output_tokens=prompt.max_output_tokens,
            temperature=prompt.temperature if prompt.temperature is not None else self.request.temperature,
        )
        self._reason = ""
        async with aclosing(self.provider.stream(request)) as stream:
            async for event in stream:
                if isinstance(event, Delta):
                    self._clock.delta()
                    yield event.text
                elif isinstance(event, Completed):
                    self._reason = event.reason
                elif isinstance(event, UsageSeen):
                    self._usage = event.usage + (self._usage or Usage())
                    yield UsageReported(**self.head(), usage=event.usage)
                elif isinstance(event, Started) and event.model != asked:
                    self._model = event.model
                    yield Notice(
                        **self.head(), message=f"'{asked}' is not to be had with this key: {event.model} answers."
                    )
        self._clock.attempt_ended()
        if not self._reason:
            raise StreamCutError("The answer ended before its end.", "Try again; nothing was applied.")
        if self._reason == "filter":
            raise ProviderError("The endpoint withheld its answer (content filter).", "Say it in other words.")


def _better(best: _Attempt | None, attempt: _Attempt) -> _Attempt:
    if best is None or (best.proposal is None and attempt.proposal is not None):
        return attempt
    if attempt.proposal is None:
        return best
    return attempt if score(attempt.checks) > score(best.checks) else best


def _cost_usd(usage: Usage | None, prices: Prices | None) -> float | None:
    if usage is None or prices is None:
        return None
    cached = prices.cached_input if prices.cached_input is not None else prices.input
    fresh = usage.input_tokens - usage.cached_tokens
    return (fresh * prices.input + usage.cached_tokens * cached + usage.output_tokens * prices.output) / 1e6
