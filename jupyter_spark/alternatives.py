"""Several answers to one request: N ways side by side, or a second, deeper opinion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from functools import partial
from typing import Any

from jupyter_spark.attempts import new_id
from jupyter_spark.checks import score
from jupyter_spark.errors import UsageError
from jupyter_spark.turn import SAMPLING_TEMPERATURE
from jupyter_spark.wire import AnyTurnEvent, Proposal, ProposalOffered, TurnFinished, TurnRequest

FEWEST, MOST, USUAL = 2, 8, 3
HOTTEST_TEMPERATURE = 1.0

Runner = Callable[[TurnRequest], AsyncGenerator[AnyTurnEvent, None]]


def spread_request(request: TurnRequest, n: int = USUAL) -> tuple[TurnRequest, ...]:
    """Return the same request ``n`` times, each free to differ: a turn of its own, sampled more freely one by one.

    The first keeps the profile's own temperature. None is repaired: the others are there instead.

    Raises
    ------
    UsageError
        Fewer than 2 or more than 8 are wanted, or words instead of code.
    """
    if not request.wants_code:
        raise UsageError("Alternatives are of an edit.", "Rewrite, fix or write a cell first.")
    if not FEWEST <= n <= MOST:
        raise UsageError(f"{n} alternatives are not to be had.", f"Say a number from {FEWEST} to {MOST}.")
    step = (HOTTEST_TEMPERATURE - SAMPLING_TEMPERATURE) / max(1, n - 2)
    return tuple(
        request.model_copy(
            update={
                "turn_id": request.turn_id if index == 0 else new_id(),
                "repair": False,
                "temperature": request.temperature if index == 0 else SAMPLING_TEMPERATURE + step * (index - 1),
            }
        )
        for index in range(n)
    )


async def run_alternatives(
    requests: Iterable[TurnRequest], run: Runner
) -> AsyncGenerator[tuple[int, AnyTurnEvent], None]:
    """Run turns at once and give their events as they come.

    Parameters
    ----------
    requests : iterable of TurnRequest
        The candidates, as ``spread_request`` makes them.
    run : callable
        Runs one, e.g. ``lambda request: run_turn(request, provider)``.

    Yields
    ------
    (int, event)
        The candidate's place, from 0, and its event. Each candidate has its own terminal event: one that fails is one
        fewer to choose from. If the task that drives this is cancelled, every candidate is, and their
        ``turn_cancelled`` come before the cancellation goes on.
    """
    inbox: asyncio.Queue[tuple[int, AnyTurnEvent | BaseException | None]] = asyncio.Queue()

    async def read(index: int, request: TurnRequest) -> None:
        try:
            async with aclosing(run(request)) as events:
                async for event in events:
                    inbox.put_nowait((index, event))
        except Exception as error:  # noqa: BLE001 - it belongs to the reader
            inbox.put_nowait((index, error))

    tasks = [asyncio.create_task(read(index, request)) for index, request in enumerate(requests)]
    for index, task in enumerate(tasks):  # also of one that is cancelled before it began
        task.add_done_callback(partial(_tell_end, inbox, index))
    running = len(tasks)
    cancelled: asyncio.CancelledError | None = None
    try:
        while running:
            try:
                index, item = await inbox.get()
            except asyncio.CancelledError as error:
                cancelled = cancelled or error
                for task in tasks:
                    task.cancel()
                continue
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield index, item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if cancelled is not None:
        raise cancelled


def _tell_end(inbox: asyncio.Queue[Any], index: int, _task: asyncio.Task[None]) -> None:
    inbox.put_nowait((index, None))


def rank_proposals(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Return the proposals in the order in which to offer them.

    Parameters
    ----------
    proposals : iterable of Proposal
        In the order in which they came.

    Returns
    -------
    list of Proposal
        The first that holds goes first; then the others that hold, then the rest, the better ones first. Of proposals
        whose text is the same but for blank space at line ends and around the cell, the first is kept.
    """
    fresh: dict[str, Proposal] = {}
    for proposal in sorted(proposals, key=lambda one: not one.holds):  # of two that are the same, the one that holds
        fresh.setdefault(normalised(proposal.edit.new_source), proposal)
    return sorted(fresh.values(), key=lambda one: -score(one.checks))


def normalised(source: str) -> str:
    """Return a cell's text without what does not count: blank space at line ends and blank lines around it."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


async def second_opinion(
    first: Awaitable[Proposal | None], deep: AsyncGenerator[AnyTurnEvent, None], turn_id: str
) -> ProposalOffered | None:
    """Read a second, slower turn, and offer its edit if that holds and is another than the first one's.

    Parameters
    ----------
    first : awaitable of Proposal or None
        What the fast turn came to.
    deep : async generator
        The slow turn's events; closed when this ends.
    turn_id : str
        The fast turn's.
    """
    async with aclosing(deep) as events:
        finished = [event async for event in events if isinstance(event, TurnFinished)]
    mine = await first
    if not finished or finished[0].proposal is None or not finished[0].proposal.holds:
        return None
    (end,) = finished
    assert end.proposal is not None  # noqa: S101 - just seen
    if mine is not None and normalised(mine.edit.new_source) == normalised(end.proposal.edit.new_source):
        return None
    return ProposalOffered(
        turn_id=turn_id, seq=0, proposal=end.proposal, tier="deep", model=end.model, figures=end.figures
    )
