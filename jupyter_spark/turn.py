"""One turn: a request goes to a provider and comes back as events, ending in exactly one terminal event.

This is the only place that turns an exception into ``turn_failed``.
"""

from __future__ import annotations

import asyncio
import textwrap
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from jupyter_spark.attempts import Attempt, better, judge, place_of
from jupyter_spark.conversation import settled
from jupyter_spark.edits import Lines, ParsedAnswer, Words, parser_for
from jupyter_spark.errors import ProviderError, SparkError, StreamCutError
from jupyter_spark.figures import TurnTally
from jupyter_spark.filling import Blank, blanks_of
from jupyter_spark.privacy import THE_CELL, say_kept_back
from jupyter_spark.prompts import Prompt, draft_repairs, render_prompt, render_repair
from jupyter_spark.providers import Completed, Delta, Provider, ProviderRequest, Started, Steered, Steering, UsageSeen
from jupyter_spark.steered import stream_steered
from jupyter_spark.tokens import CORRECTIONS, estimate_tokens
from jupyter_spark.wire import (
    AnyTurnEvent,
    ContextPacked,
    EditDelta,
    EditReady,
    EditStarted,
    Message,
    Notice,
    Proposal,
    TextDelta,
    TurnCancelled,
    TurnFailed,
    TurnFigures,
    TurnFinished,
    TurnRequest,
    TurnStarted,
    TurnSteered,
    UsageReported,
    text_hash,
)

SAMPLING_TEMPERATURE = 0.7  # another try must be free to differ
NOTHING = ("The endpoint answered nothing.", "Try again.")
SAID_CHARS = 300  # of an answer in words, in the line that tells of it
_PROCESS_KEY = uuid.uuid4().hex


def add_words(request: TurnRequest, words: str) -> TurnRequest:
    """Return the request with something more said about it."""
    said = "\n".join(part for part in (request.instruction.strip(), words.strip()) if part)
    return request.model_copy(update={"instruction": said})


async def run_turn(
    request: TurnRequest, provider: Provider, *, steering: Steering | None = None, after_seq: int = 0
) -> AsyncGenerator[AnyTurnEvent, None]:
    """Run one turn.

    Parameters
    ----------
    request : TurnRequest
        What is asked.
    provider : Provider
        Who answers.
    steering : Steering, optional
        New words that redirect the turn while it runs: in place where the endpoint takes them, else it is asked anew
        with what was said. ``turn_steered`` then voids what the turn had shown.
    after_seq : int
        The number of the last event that the turn's reader has seen: where another provider had begun it.

    Yields
    ------
    event
        In order, ending in exactly one of ``turn_finished``, ``turn_failed`` and ``turn_cancelled``. If the task that
        drives the turn is cancelled, the connection upstream is closed, ``turn_cancelled`` comes last, and then the
        cancellation goes on.
    """
    turn = _Turn(request, provider, steering, after_seq)
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


class _Redirected(Exception):
    """New words came that the endpoint cannot take while it answers: it is to be asked anew."""


class _Turn:
    """The state of one turn; its parts are the steps in order."""

    def __init__(self, request: TurnRequest, provider: Provider, steering: Steering | None, after_seq: int) -> None:
        self.request = request
        self.provider = provider
        self._steering = steering
        self._seq = after_seq
        self._arrived: list[str] = []
        self._tally = TurnTally()
        self._model = provider.model
        self._reason = ""
        self._shown = 0
        self._best: Attempt | None = None
        self._repairing = False
        self._prompt = Prompt(())

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
        return self._tally.figures(self.provider.profile.prices)

    async def events(self) -> AsyncGenerator[AnyTurnEvent, None]:
        """Everything up to the successful end."""
        request, profile = self.request, self.provider.profile
        self._prompt = self._render()
        yield TurnStarted(**self.head(), kind=request.kind, tier=request.tier, profile=profile.name, model=self._model)
        sent_tokens = round(_estimate(self._prompt) * CORRECTIONS.factor(profile.name))
        yield ContextPacked(**self.head(), context=request.context, prompt_tokens=sent_tokens)
        if here := [row for row in request.context.kept_back if row.label == THE_CELL]:
            yield Notice(**self.head(), message=f"{say_kept_back(here)}.")
        answered = False
        while not answered:
            try:
                async with aclosing(self._edits() if request.wants_code else self._words()) as steps:
                    async for event in steps:
                        yield event
                answered = True
            except _Redirected:
                pass
            while (words := self._steering.take() if self._steering else None) is not None:  # too late for the answer
                yield self._redirect(Steered(words, in_place=False))
                answered = False
        async with aclosing(self._ending()) as ending:
            async for event in ending:
                yield event

    def _render(self) -> Prompt:
        profile = self.provider.profile
        return render_prompt(self.request, small=profile.small, prefill=profile.prefill)

    def _redirect(self, steered: Steered) -> TurnSteered:
        """Let go of what was said, and go on with the new words."""
        self.request = add_words(self.request, steered.words)
        self._prompt = self._render()
        self._arrived, self._best, self._repairing = [], None, False
        self._tally.attempt_ended()
        return TurnSteered(**self.head(), words=steered.words, in_place=steered.in_place)

    async def _edits(self) -> AsyncGenerator[AnyTurnEvent, None]:
        """The edit, and its repair if a check does not hold."""
        profile = self.provider.profile
        if profile.small and profile.prefill and (blanks := blanks_of(self.request)):
            async with aclosing(self._filled(blanks)) as steps:
                async for event in steps:
                    yield event
            return
        drafts: list[Prompt] = []
        while True:
            try:
                async with aclosing(self._edit()) as steps:
                    async for step in steps:
                        if isinstance(step, Attempt):
                            self._best = better(self._best, step)
                            last = step
                        else:
                            yield step
            except SparkError as error:
                if self._best is None:
                    raise
                yield Notice(**self.head(), message=f"The repair did not come: {error.message}")
                return
            findings = [check for check in last.checks if not check.ok]
            if not findings or not self.request.repair:
                return
            if last.answer.is_only_words and not self.provider.profile.small:
                return  # it asks or refuses: to ask the same again would only be paid twice
            if not self._repairing:
                yield Notice(
                    **self.head(),
                    message=f"The first answer did not hold: {findings[0].message.rstrip('.')}. Repairing once.",
                )
                small = self.provider.profile.small
                repair = render_repair(self._prompt, self.request, last.raw, findings, small=small)
                drafts = [*draft_repairs(self._prompt, repair, small=small)]
                self._repairing = True
            if not drafts:
                return
            self._prompt = drafts.pop(0)

    async def _filled(self, blanks: Sequence[Blank]) -> AsyncGenerator[AnyTurnEvent, None]:
        """The cell with its blanks filled, one after the other; one that cannot be taken is asked once more."""
        yield self._edit_started()
        assert self.request.target is not None  # noqa: S101 - without a cell there are no blanks
        source, known = self.request.target.source, self.request.context.known_names
        for blank in blanks:
            for asked in (blank, blank.once_more()):
                self._prompt, self._arrived = asked.prompt, []
                async with aclosing(self._answer()) as answer:
                    async for item in answer:
                        if isinstance(item, str):
                            self._arrived.append(item)
                        else:
                            yield item
                before, source = source, asked.filled(source, self.text, known)
                if source != before:
                    break
        yield EditDelta(**self.head(), lines=tuple(source.split("\n")))
        self._best = judge(self.request, ParsedAnswer(source, "", closed=True, blocks=1), source, repaired=False)

    async def _ending(self) -> AsyncGenerator[AnyTurnEvent, None]:
        if not self.request.wants_code:
            if not self.text.strip():
                raise ProviderError(*NOTHING, code="no_answer")
            yield self._finished(self.text, self.text)
            return
        best = self._best
        assert best is not None  # noqa: S101 - an edit's last step is its attempt
        if best.proposal is None:
            raise _no_code(best)
        proposal = best.proposal
        yield EditReady(**self.head(), proposal=proposal)
        yield self._finished(proposal.words, best.raw, proposal)

    def _finished(self, text: str, answer: str, proposal: Proposal | None = None) -> TurnFinished:
        """The terminal event of success; a repair stays within the turn: the conversation goes on without it."""
        said = (self._render().messages[-1], Message(role="assistant", content=answer))
        goes_on = bool(self.request.conversation.cache_key)
        return TurnFinished(
            **self.head(),
            model=self._model,
            figures=self.figures(),
            text=text,
            proposal=proposal,
            is_cut=self._reason == "length",
            conversation=settled(self.request, said, proposal) if goes_on else None,
        )

    async def _words(self) -> AsyncGenerator[AnyTurnEvent, None]:
        self._arrived = []
        async with aclosing(self._answer()) as answer:
            async for item in answer:
                if isinstance(item, str):
                    self._arrived.append(item)
                    yield TextDelta(**self.head(), text=item)
                else:
                    yield item
        if self._reason == "length":
            yield Notice(**self.head(), message="The answer was cut off at the output limit.")

    async def _edit(self) -> AsyncGenerator[AnyTurnEvent | Attempt, None]:
        """One attempt: its lines as they arrive, then the attempt itself with its checks."""
        prompt = self._prompt
        parser = parser_for(self.request, prompt.fence if prompt.prefill else "")
        yield self._edit_started()
        self._arrived = [prompt.prefill]
        async with aclosing(self._answer()) as answer:
            async for item in answer:
                if isinstance(item, str):
                    self._arrived.append(item)
                    for event in self._pieces(parser.feed(item)):
                        yield event
                    continue
                yield item
                if isinstance(item, TurnSteered):  # the endpoint goes on with the new words, from the beginning
                    parser = parser_for(self.request)
                    yield self._edit_started()
        at_fence = bool(prompt.stop) and self._reason == "stop"
        rest, parsed = parser.finish(stopped_at_fence=at_fence, cut_off=self._reason == "length")
        for event in self._pieces(rest):
            yield event
        if prompt.stop and parsed.closed:
            self._arrived.append(f"\n{prompt.fence}")
        yield judge(self.request, parsed, self.text, repaired=self._repairing)

    def _edit_started(self) -> EditStarted:
        self._shown += 1
        operation, old, cell_id = place_of(self.request)
        return EditStarted(**self.head(), cell_id=cell_id, operation=operation, old_source=old, attempt=self._shown)

    def _pieces(self, pieces: list[Words | Lines]) -> list[AnyTurnEvent]:
        return [
            EditDelta(**self.head(), lines=piece.lines)
            if isinstance(piece, Lines)
            else TextDelta(**self.head(), text=piece.text)
            for piece in pieces
        ]

    async def _answer(self) -> AsyncGenerator[str | UsageReported | Notice | TurnSteered, None]:
        """The provider's answer as text, and what it reports beside it."""
        asked = self._model
        self._reason = ""
        try:
            async with aclosing(self._stream()) as stream:
                async for event in stream:
                    if isinstance(event, Delta):
                        self._tally.delta()
                        yield event.text
                    elif isinstance(event, Completed):
                        self._reason = event.reason
                    elif isinstance(event, UsageSeen):
                        self._tally.count(event.usage, event.queue_s, event.tokens_per_s)
                        profile = self.provider.profile.name
                        CORRECTIONS.learn(profile, _estimate(self._prompt), event.usage.input_tokens)
                        yield UsageReported(**self.head(), usage=event.usage)
                    elif isinstance(event, Steered):
                        yield self._redirect(event)
                        if not event.in_place:
                            raise _Redirected
                    elif isinstance(event, Started) and event.model != asked:
                        self._model = event.model
                        yield Notice(
                            **self.head(), message=f"'{asked}' is not to be had with this key: {event.model} answers."
                        )
        finally:
            self._tally.attempt_ended()
        if not self._reason:
            raise StreamCutError("The answer ended before its end.", "Try again; nothing was applied.")
        if self._reason == "filter":
            raise ProviderError("The endpoint withheld its answer (content filter).", "Say it in other words.")

    def _stream(self) -> AsyncGenerator[Any, None]:
        prompt, request = self._prompt, self.request
        kept = request.kind in ("rewrite", "fix") and request.target is not None
        asked = ProviderRequest(
            messages=prompt.messages,
            prefill=prompt.prefill,
            stop=prompt.stop,
            max_output_tokens=prompt.max_output_tokens,
            temperature=prompt.temperature if prompt.temperature is not None else request.temperature,
            prediction=request.target.source if kept and request.target is not None else "",
            cache_key=text_hash(request.session_key or _PROCESS_KEY),
            tier=request.tier,
        )
        if self._steering is None:
            return self.provider.stream(asked)
        return stream_steered(self.provider, asked, self._steering)


def _no_code(attempt: Attempt) -> ProviderError:
    """What to say of an answer without code: the model's own words, where it has any."""
    if not attempt.raw.strip():
        return ProviderError(*NOTHING, code="no_code")
    if words := attempt.answer.words:
        said = textwrap.shorten(words, SAID_CHARS, placeholder=" …")
        return ProviderError(
            f"The model answered in words: {said}", "Answer it: ask again with more words.", code="no_code"
        )
    message = attempt.checks[0].message if attempt.checks else "The answer holds no code."
    return ProviderError(message, "Try again, or say it in other words.", code="no_code")


def _estimate(prompt: Prompt) -> int:
    return sum(estimate_tokens(message.content) for message in prompt.messages)
