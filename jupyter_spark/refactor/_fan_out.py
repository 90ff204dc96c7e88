"""Turns that each write one cell, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeAlias

from jupyter_spark.errors import SparkError
from jupyter_spark.providers import Provider
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import AnyTurnEvent, TurnFailed, TurnFinished, TurnRequest


@dataclass
class CellTask:
    """A cell that is to be written.

    Attributes
    ----------
    step_id : str
        The step of the plan; empty for a cell that no step is about.
    size_tokens : int
        About how long the cell is.
    put : callable
        Makes the request; it may raise.
    request : TurnRequest, optional
        The request, where it was made already: the turn is told to its reader under the same id, and goes on after
        ``after_seq``, the last event of it that its reader has seen.
    """

    step_id: str
    cell_id: str
    size_tokens: int
    put: Callable[[], TurnRequest]
    request: TurnRequest | None = None
    after_seq: int = 0


CellEvent: TypeAlias = "tuple[CellTask, AnyTurnEvent | SparkError]"


async def fan_out(tasks: Sequence[CellTask], provider: Provider, jobs: int) -> AsyncGenerator[CellEvent, None]:
    """Run turns side by side.

    Parameters
    ----------
    tasks : sequence of CellTask
        What is to be written.
    jobs : int
        How many at once.

    Yields
    ------
    task, event
        The turns' events as they come. Each task ends once: with ``turn_finished``, ``turn_failed``, or an error where
        its turn did not even begin.
    """
    queue: asyncio.Queue[CellEvent] = asyncio.Queue()
    gate = asyncio.Semaphore(max(1, jobs))

    async def write(task: CellTask) -> None:
        async with gate:
            try:
                task.request = task.request or task.put()
                async with aclosing(run_turn(task.request, provider, after_seq=task.after_seq)) as turn:
                    async for event in turn:
                        queue.put_nowait((task, event))
            except Exception as error:  # noqa: BLE001 - it is this cell's, and stops no other
                queue.put_nowait((task, error if isinstance(error, SparkError) else bug(error)))

    # The longest first: the last one to end is then the shortest (Graham 1969, bounds on multiprocessing).
    longest = sorted(tasks, key=lambda task: -task.size_tokens)
    running = [asyncio.create_task(write(task)) for task in longest]
    left = len(tasks)
    try:
        while left:
            task, event = await queue.get()
            left -= isinstance(event, SparkError | TurnFailed | TurnFinished)
            yield task, event
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def bug(error: Exception) -> SparkError:
    """Return what is told of an exception that nobody expected."""
    return SparkError(
        f"{type(error).__name__}: {error}", "This is a bug of jupyter_spark: please report it.", code="bug"
    )
