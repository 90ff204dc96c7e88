"""A turn that goes to another provider where the first cannot begin to answer; always told, never in mid-answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from jupyter_spark.errors import SparkError
from jupyter_spark.providers import Provider, Steering
from jupyter_spark.turn import add_words, run_turn
from jupyter_spark.wire import AnyTurnEvent, Notice, TurnFailed, TurnRequest, TurnSteered

# The endpoint, its key or its model is not to be had. Another endpoint would refuse a bad request just as well, and a
# setting that is wrong must be mended.
FALLS_BACK_ON = frozenset(
    {
        "authentication",
        "circuit_open",
        "connection",
        "deadline",
        "deadline_connect",
        "deadline_first_token",
        "deadline_stall",
        "deadline_turn",
        "engine_failed",
        "engine_stopped",
        "local_model",
        "model_not_found",
        "no_engine",
        "no_key",
        "no_model_file",
        "rate_limit",
        "server",
        "stream_cut",
    }
)


@dataclass(frozen=True)
class Substitute:
    """Who answers instead, and the request as it is put to that profile (its context may be smaller)."""

    provider: Provider
    request: Callable[[], TurnRequest]


async def run_turn_or_substitute(
    request: TurnRequest,
    provider: Provider,
    substitutes: Sequence[Substitute] = (),
    *,
    steering: Steering | None = None,
) -> AsyncGenerator[AnyTurnEvent, None]:
    """Run one turn; before its first token, another provider may take it over.

    Parameters
    ----------
    request : TurnRequest
        What is asked.
    provider : Provider
        Who answers first.
    substitutes : sequence of Substitute
        Who answers, in this order, if the one before has no connection, no right, no capacity, or does not begin in
        time. A request that is refused, an answer that is cut and a turn that is stopped go no further.
    steering : Steering, optional
        As for ``run_turn``; words that were said before a substitute took over are part of what it is asked.

    Yields
    ------
    event
        As ``run_turn``. When a substitute takes over, a ``notice`` says why and who, and ``turn_started`` comes again.
    """
    waiting = list(substitutes)
    turn_id, seq, said = request.turn_id, 0, list[str]()
    while True:
        failed: TurnFailed | None = None
        async with aclosing(run_turn(request, provider, steering=steering, after_seq=seq)) as events:
            async for event in events:
                if isinstance(event, TurnFailed) and waiting and _may_pass_on(event):
                    failed = event
                    break
                if isinstance(event, TurnSteered):
                    said.append(event.words)
                seq = event.seq
                yield event
        if failed is None:
            return
        taken = _next_request(waiting)
        if taken is None:
            yield failed
            return
        provider, request = taken
        request = request.model_copy(update={"turn_id": turn_id})
        for words in said:
            request = add_words(request, words)
        seq = failed.seq
        yield Notice(
            turn_id=turn_id,
            seq=seq,
            message=f"{failed.message.rstrip('.')}: {provider.profile.title or provider.profile.name} answers instead."
            + (f" {failed.hint}" if failed.hint else ""),
        )


def _may_pass_on(failed: TurnFailed) -> bool:
    return failed.figures.first_token_s is None and failed.code in FALLS_BACK_ON


def _next_request(waiting: list[Substitute]) -> tuple[Provider, TurnRequest] | None:
    """The first of those who wait that can be asked at all; a cell may be too large for one of them."""
    while waiting:
        substitute = waiting.pop(0)
        try:
            return substitute.provider, substitute.request()
        except SparkError:
            continue
    return None
