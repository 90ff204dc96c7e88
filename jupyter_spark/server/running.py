"""The turns that run in this server, and those that ended a while ago, so that a page can join them again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from jupyter_spark.errors import UsageError
from jupyter_spark.fallback import Substitute, run_turn_or_substitute
from jupyter_spark.providers import Provider, Steering, open_provider
from jupyter_spark.recording import TurnJournal, recorded
from jupyter_spark.settings import Profile
from jupyter_spark.turn_log import TurnLog
from jupyter_spark.wire import Conversation, TurnFinished, TurnRequest

KEPT_S = 600.0
KEPT_TURNS = 256


def cancel_soon(task: asyncio.Task[None] | None) -> None:
    """Cancel a task, but not before its first step: one that never began would leave its log without an end."""
    if task is not None and not task.done():
        asyncio.get_running_loop().call_soon(task.cancel)


@dataclass
class RunningTurn:
    """A turn, whose it is, and its log."""

    user: str
    request: TurnRequest
    log: TurnLog
    task: asyncio.Task[None] | None = None
    steering: Steering = field(default_factory=Steering)
    ended_at_s: float | None = None


class RunningTurns:
    """Starts turns, and finds them again.

    Parameters
    ----------
    journal : TurnJournal
        Where turns are recorded.
    opener : callable
        Opens a profile's provider; each profile has one, whose connections stay warm.
    """

    def __init__(self, journal: TurnJournal, opener: Callable[[Profile], Provider] = open_provider) -> None:
        self._journal = journal
        self._opener = opener
        self._providers: dict[str, Provider] = {}
        self._turns: dict[str, RunningTurn] = {}

    def provider(self, profile: Profile) -> Provider:
        """Return the provider of a profile, opened at first use."""
        key = profile.model_dump_json()
        if key not in self._providers:
            self._providers[key] = self._opener(profile)
        return self._providers[key]

    def start(
        self,
        user: str,
        request: TurnRequest,
        profile: Profile,
        substitutes: Sequence[Substitute] = (),
        on_said: Callable[[Conversation], object] = lambda _said: None,
    ) -> RunningTurn:
        """Start a turn; ``on_said`` is told the conversation from which the next one goes on.

        Raises
        ------
        UsageError
            A turn of that id was started before.
        """
        if request.turn_id in self._turns:
            raise UsageError("That turn was asked for already.", "Ask again.")
        self._forget_old()
        turn = RunningTurn(user, request, TurnLog(request.turn_id))
        self._turns[request.turn_id] = turn
        turn.task = asyncio.get_running_loop().create_task(
            self._run(turn, self.provider(profile), substitutes, on_said)
        )
        return turn

    def find(self, user: str, turn_id: str) -> RunningTurn | None:
        """Return a turn of this user's, running or ended."""
        turn = self._turns.get(turn_id)
        return turn if turn is not None and turn.user == user else None

    def is_running(self, turn_id: str) -> bool:
        """Whether a turn runs in this server now."""
        turn = self._turns.get(turn_id)
        return turn is not None and turn.ended_at_s is None

    def stop(self, turn: RunningTurn) -> None:
        """Cancel a turn at once; its log ends with ``turn_cancelled``."""
        cancel_soon(turn.task)

    async def aclose(self) -> None:
        """Stop every turn and let go of every connection."""
        tasks = [turn.task for turn in self._turns.values() if turn.task is not None and not turn.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        providers, self._providers = list(self._providers.values()), {}
        for provider in providers:
            await provider.aclose()

    async def _run(
        self,
        turn: RunningTurn,
        provider: Provider,
        substitutes: Sequence[Substitute],
        on_said: Callable[[Conversation], object],
    ) -> None:
        answer = run_turn_or_substitute(turn.request, provider, substitutes, steering=turn.steering)
        try:
            async with aclosing(recorded(answer, turn.request, self._journal)) as events:
                async for event in events:
                    if isinstance(event, TurnFinished) and event.conversation is not None:
                        on_said(event.conversation)
                    turn.log.append(event)
        finally:
            turn.ended_at_s = time.monotonic()

    def _forget_old(self) -> None:
        now = time.monotonic()
        ended = [(turn.ended_at_s, turn_id) for turn_id, turn in self._turns.items() if turn.ended_at_s is not None]
        ended.sort()
        surplus = max(0, len(self._turns) - KEPT_TURNS)
        for place, (ended_at_s, turn_id) in enumerate(ended):
            if place < surplus or now - ended_at_s > KEPT_S:
                del self._turns[turn_id]
