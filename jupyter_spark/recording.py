"""A turn on its way to its reader, written into the journal beside it.

The journal's writes happen in a thread of their own: the first delta never waits for a disk, and a journal that fails
fails alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, suppress
from typing import Any, Protocol

from jupyter_spark.errors import SparkError
from jupyter_spark.redact import process_vault
from jupyter_spark.wire import (
    AnyTurnEvent,
    EditReady,
    Proposal,
    TextDelta,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnRecord,
    TurnRequest,
    TurnStarted,
    TurnSteered,
)

KEEP_EVERY_S = 1.0  # how much of an answer may be lost when the process is killed in the middle of it


class TurnJournal(Protocol):
    """What recording needs of a journal: ``Journal`` and ``SafeJournal`` both have it."""

    def record_turn(self, turn: TurnRecord) -> None:
        """Keep a turn; one of the same id is replaced."""
        ...

    def record_proposal(self, proposal: Proposal) -> None:
        """Keep a proposal."""
        ...


async def recorded(
    events: AsyncGenerator[AnyTurnEvent, None], request: TurnRequest, journal: TurnJournal
) -> AsyncGenerator[AnyTurnEvent, None]:
    """Pass a turn's events through unchanged and keep the turn in the journal.

    Parameters
    ----------
    events : async generator
        The turn's events, as ``run_turn`` gives them; closed when this generator is.
    request : TurnRequest
        What was asked.
    journal : Journal or SafeJournal
        Where it is kept. Its failures are not the turn's: they are ignored here.

    Yields
    ------
    event
        Each of ``events``. The turn is kept as running when it starts, with the words so far every second, with its
        proposal when that is ready, and with its end at the terminal event; if the reader walks away before that, as
        cancelled. When this generator has ended or was closed, everything is written.
    """
    writer = _Writer(journal)
    record = TurnRecord(
        turn_id=request.turn_id,
        created_at_s=time.time(),
        kind=request.kind,
        instruction=request.instruction,
        tier=request.tier,
        profile="",
        model="",
        status="running",
        notebook_path=request.notebook_path,
        conversation_id=request.conversation_id,
        group_id=request.group_id,
    )
    arrived: list[str] = []
    kept_at_s = time.monotonic()
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, TextDelta):
                    arrived.append(event.text)
                    if time.monotonic() - kept_at_s > KEEP_EVERY_S:
                        kept_at_s = time.monotonic()
                        writer.keep_turn(record.model_copy(update={"text": "".join(arrived)}))
                elif isinstance(event, EditReady):
                    writer.keep_proposal(event.proposal)
                elif (fields := _told_by(event, record)) is not None:
                    record = record.model_copy(update=fields)
                    writer.keep_turn(record)
                yield event
    except (GeneratorExit, asyncio.CancelledError):
        if record.status == "running":
            writer.keep_turn(record.model_copy(update={"status": "cancelled"}))
        raise
    except BaseException as error:
        if record.status == "running":
            writer.keep_turn(record.model_copy(update={"status": "failed", "error": type(error).__name__}))
        raise
    finally:
        await writer.finish()


def record_refused(journal: TurnJournal, record: TurnRecord, error: SparkError) -> None:
    """Keep a turn that never began as one that failed, with what was wrong."""
    failed = record.model_copy(update={"status": "failed", "error": f"{error.message} {error.hint}".strip()})
    _quietly(lambda: journal.record_turn(without_secrets(failed)))


def _told_by(event: AnyTurnEvent, record: TurnRecord) -> dict[str, Any] | None:
    """What an event tells about the turn's record, if anything."""
    if isinstance(event, TurnSteered):
        return {"instruction": "\n".join(part for part in (record.instruction, event.words) if part)}
    if isinstance(event, TurnStarted):
        return {"profile": event.profile, "model": event.model}
    if isinstance(event, TurnFinished):
        return {"status": "finished", "model": event.model, "text": event.text, "figures": _figures(event)}
    if isinstance(event, TurnFailed):
        error = f"{event.message} {event.hint}".strip()
        return {"status": "failed", "text": event.text, "error": error, "figures": _figures(event)}
    if isinstance(event, TurnCancelled):
        return {"status": "cancelled", "text": event.text, "figures": _figures(event)}
    return None


def _figures(event: TurnFinished | TurnFailed | TurnCancelled) -> dict[str, Any]:
    return event.figures.model_dump(mode="json", exclude_none=True)


class _Writer:
    """Writes in order, in one thread, without keeping anyone waiting."""

    def __init__(self, journal: TurnJournal) -> None:
        self._journal = journal
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="jupyter-spark-journal")
        self._last: Future[None] | None = None

    def keep_turn(self, record: TurnRecord) -> None:
        self._submit(lambda: self._journal.record_turn(without_secrets(record)))

    def keep_proposal(self, proposal: Proposal) -> None:
        self._submit(lambda: self._journal.record_proposal(proposal))

    async def finish(self) -> None:
        """Wait until everything is written; a cancellation stops the waiting, not the writing."""
        self._pool.shutdown(wait=False)
        if self._last is not None:
            await asyncio.shield(asyncio.wrap_future(self._last))

    def _submit(self, work: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the interpreter is ending and takes no more threads
            self._last = self._pool.submit(_quietly, work)


def without_secrets(record: TurnRecord) -> TurnRecord:
    """Return a record as it is kept: what people said and read has no secrets.

    The code of an edit is whole, or undo would lose them.
    """
    texts = (record.instruction, record.text, record.error)
    instruction, text, error = process_vault().redact_all(texts)
    return record.model_copy(update={"instruction": instruction, "text": text, "error": error})


def _quietly(work: Callable[[], None]) -> None:
    with suppress(Exception):
        work()
