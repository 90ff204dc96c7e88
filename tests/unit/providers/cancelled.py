"""Turns that are cancelled at a random token, each followed at once by another."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass

from jupyter_spark.providers import Delta, Provider, ProviderRequest
from jupyter_spark.wire import Message

RULES = Message(role="system", content="Say it again.")


@dataclass(frozen=True)
class Cancelled:
    """One turn: what it asked to have repeated, what it was given, and when it was let go (``time.monotonic()``)."""

    words: str
    text: str
    let_go_s: float
    closed_s: float

    @property
    def leaked(self) -> bool:
        """Whether it was given anything that it did not ask for."""
        return not (self.words * (len(self.text) // len(self.words) + 1)).startswith(self.text)


async def cancel_turns(provider: Provider, turns: int, most_tokens: int, seed: int) -> list[Cancelled]:
    """Run turns that each ask for their own number over and over, and cancel each at a random token.

    Half of them are let go by closing the generator, the other half by cancelling the task that reads it.
    """
    chance = random.Random(seed)
    done = []
    for number in range(turns):
        words = f"<{number:05}>"
        characters = 4 * chance.randint(1, most_tokens)
        done.append(await _cancel_one(provider, words, characters, by_task=chance.random() < 0.5))
    return done


async def _cancel_one(provider: Provider, words: str, characters: int, *, by_task: bool) -> Cancelled:
    request = ProviderRequest((RULES, Message(role="user", content=words)))
    texts: list[str] = []
    enough = asyncio.Event()

    async def read() -> None:
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    texts.append(event.text)
                    if sum(map(len, texts)) >= characters:
                        enough.set()
                        if not by_task:
                            nonlocal let_go_s
                            let_go_s = time.monotonic()
                            return

    let_go_s = 0.0
    task = asyncio.ensure_future(read())
    if by_task:
        reached = asyncio.ensure_future(enough.wait())
        await asyncio.wait({task, reached}, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        let_go_s = time.monotonic()
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return Cancelled(words, "".join(texts), let_go_s, time.monotonic())
