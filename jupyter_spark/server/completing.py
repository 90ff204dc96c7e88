"""Completions at the caret: a light path beside the turns, with the same providers; never two of a page at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from jupyter_spark.completion import (
    CompletionPrompt,
    Place,
    completion_budget_tokens,
    cut_answer,
    nothing_to_complete,
    render_completion,
)
from jupyter_spark.context import PackOptions, pack_context
from jupyter_spark.errors import SparkError, UsageError
from jupyter_spark.figures import TurnTally
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.privacy import refuse_kept_out, without_ignored
from jupyter_spark.providers import Completed, Delta, Gap, Provider, ProviderRequest, Started, UsageSeen
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import ContextPiece, NotebookSnapshot, TurnFigures, Usage, WireModel, text_hash
from jupyter_spark.wire_page import CompletionEnded, CompletionRequested, CompletionSaid

Tell = Callable[[WireModel], None]


@dataclass(frozen=True)
class Asked:
    """A completion as it is put to a provider."""

    place: Place
    prompt: CompletionPrompt
    provider: Provider
    cache_key: str


class Prepared:
    """Prepares completions; what is sent of a notebook stays the same while the caret stays in its line.

    Then a request begins as the one before it did, and the endpoint has that in its cache.
    """

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._pieces: tuple[ContextPiece, ...] = ()

    def asked(
        self, frame: CompletionRequested, snapshot: NotebookSnapshot, provider: Provider, privacy: Privacy
    ) -> Asked | None:
        """Return what is asked for a page's caret; None where there is nothing to go by.

        Raises
        ------
        UsageError
            The cell is gone, or it or its notebook is kept out.
        """
        place, profile = Place(frame.before, frame.after), provider.profile
        target = next((cell for cell in snapshot.cells if cell.cell_id == frame.cell_id), None)
        if target is None:
            raise UsageError("That cell is not in the notebook any more.", "Choose another cell.")
        refuse_kept_out(snapshot, target, profile, privacy)
        refuse_kept_out(snapshot, target.model_copy(update={"source": frame.before + frame.after}), profile, privacy)
        told, _, _ = without_ignored(snapshot)
        if nothing_to_complete(place, told, frame.cell_id):
            return None
        pieces = self._packed(frame, told, profile)
        prompt = render_completion(place, pieces, profile, snapshot.language)
        return Asked(place, prompt, provider, text_hash(f"{frame.notebook}\0{frame.cell_id}\0{profile.name}"))

    def _packed(
        self, frame: CompletionRequested, snapshot: NotebookSnapshot, profile: Profile
    ) -> tuple[ContextPiece, ...]:
        here = next(at for at, cell in enumerate(snapshot.cells) if cell.cell_id == frame.cell_id)
        above = snapshot.cells[:here]
        key = (frame.notebook, frame.cell_id, profile, frame.before.count("\n"), above)
        if key != self._key:
            target = snapshot.cells[here].model_copy(update={"source": frame.before + frame.after})
            options = PackOptions(completion_budget_tokens(profile))
            code = tuple(cell.model_copy(update={"outputs": ""}) for cell in above if cell.kind == "code")
            pack = pack_context(snapshot.model_copy(update={"cells": (*code, target)}), target, "", options)
            self._key, self._pieces = key, pack.pieces
        return self._pieces


class PageCompletions:
    """One page's completions: a new one ends the one before it, and begins when that has let go of its endpoint.

    Parameters
    ----------
    prepare : callable
        Makes of a page's question what is asked; raises ``SparkError`` if it cannot be.
    ended : callable
        Told each completion that an endpoint was asked for, for the sums of the day.
    tell : callable
        Sends a frame to the page.
    """

    def __init__(
        self,
        prepare: Callable[[CompletionRequested, NotebookMirror, Prepared], Asked | None],
        ended: Callable[[CompletionEnded], None],
        tell: Tell,
    ) -> None:
        self._prepare, self._ended, self._tell = prepare, ended, tell
        self._prepared = Prepared()
        self._id = ""
        self._current: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, frame: CompletionRequested, mirror: NotebookMirror) -> None:
        """Begin a completion."""
        self.close()
        nothing = CompletionEnded(completion_id=frame.completion_id, tier=frame.tier)
        try:
            asked = self._prepare(frame, mirror, self._prepared)
        except SparkError as error:
            self._tell(_failed(nothing, error))
            return
        if asked is None:
            self._tell(nothing)
            return
        self._id = frame.completion_id
        # Not after the last one alone: a task that is cancelled before its first step has waited for nobody.
        task = asyncio.get_running_loop().create_task(self._run(frame, asked, set(self._tasks)))
        self._current = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self, completion_id: str) -> None:
        """End a completion, if it is the one that runs."""
        if completion_id == self._id:
            self.close()

    def close(self) -> None:
        """End whatever runs: the page has moved on, or is gone."""
        if self._current is not None:
            self._current.cancel()  # once: a second time would interrupt the closing of its connection
            self._current = None

    async def _run(self, frame: CompletionRequested, asked: Asked, earlier: set[asyncio.Task[None]]) -> None:
        if earlier:
            await asyncio.wait(earlier)
        ended = CompletionEnded(completion_id=frame.completion_id, tier=frame.tier, model=asked.provider.model)
        answer = Answer(asked)
        try:
            async with aclosing(answer.texts()) as texts:
                async for text in texts:
                    self._tell(CompletionSaid(completion_id=frame.completion_id, text=text))
        except asyncio.CancelledError:
            ended = ended.model_copy(update={"stopped": True})
            raise
        except SparkError as error:
            ended = _failed(ended, error)
        finally:
            told = {"model": answer.model, "figures": answer.figures(), "counted": answer.counted}
            ended = ended.model_copy(update=told)
            self._tell(ended)
            if answer.began:
                self._ended(ended)


class Answer:
    """An answer on its way, as it is shown."""

    def __init__(self, asked: Asked) -> None:
        self.model = asked.provider.model
        self.began = False
        self.counted = False
        self._asked = asked
        self._tally = TurnTally()
        self._raw = ""

    async def texts(self) -> AsyncGenerator[str, None]:
        """Everything that is to be shown at the caret, anew with each change of it.

        An answer that would show nothing more is let go of: closing the generator closes the connection upstream.
        """
        asked, shown = self._asked, ""
        fenced = asked.prompt.fenced
        try:
            async with aclosing(asked.provider.stream(self._request())) as stream:
                async for event in stream:
                    self.began = True
                    if isinstance(event, Started):
                        self.model = event.model
                    elif isinstance(event, UsageSeen):
                        self._tally.count(event.usage, event.queue_s, event.tokens_per_s)
                        self.counted = True
                    elif isinstance(event, Delta):
                        self._tally.delta()
                        self._raw += event.text
                    elif not isinstance(event, Completed):
                        continue
                    cut = cut_answer(self._raw, asked.place, whole=isinstance(event, Completed), fenced=fenced)
                    if cut.text != shown:
                        shown = cut.text
                        yield shown
                    if cut.ended and not isinstance(event, Completed | UsageSeen):
                        return
        finally:
            self._tally.attempt_ended()

    def figures(self) -> TurnFigures:
        """What it took; of an answer that was not heard to its end, the tokens are estimated."""
        if self.began and not self.counted:
            messages = "".join(message.content for message in self._asked.prompt.messages)
            sent = messages if self._asked.prompt.fenced else self._asked.prompt.before + self._asked.prompt.after
            self._tally.usage = Usage(input_tokens=estimate_tokens(sent), output_tokens=estimate_tokens(self._raw))
        return self._tally.figures(self._asked.provider.profile.prices)

    def _request(self) -> ProviderRequest:
        prompt = self._asked.prompt
        return ProviderRequest(
            messages=prompt.messages,
            stop=prompt.stop,
            max_output_tokens=prompt.max_output_tokens,
            gap=None if prompt.fenced else Gap(prompt.before, prompt.after),
            cache_key=self._asked.cache_key,
        )


def _failed(ended: CompletionEnded, error: SparkError) -> CompletionEnded:
    return ended.model_copy(update={"code": error.code, "message": error.message, "hint": error.hint})
