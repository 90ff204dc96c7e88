"""An answer that can be redirected while it streams, whatever the endpoint can do about that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from jupyter_spark.providers import Provider, ProviderEvent, ProviderRequest, Steered, Steering


class _Relay(Steering):
    """Hands words on to a provider, and knows whether that listens at all."""

    def __init__(self) -> None:
        super().__init__()
        self.is_heard = False

    async def next(self) -> str:
        self.is_heard = True
        return await super().next()


async def stream_steered(
    provider: Provider, request: ProviderRequest, steering: Steering
) -> AsyncGenerator[ProviderEvent, None]:
    """Stream an answer that listens to new words.

    Parameters
    ----------
    provider : Provider
        Who answers. If it does not listen to the words, they are told to the reader at once.
    request : ProviderRequest
        What is asked.
    steering : Steering
        Where the words come from. Words that were not told when the stream ends stay there.

    Yields
    ------
    event
        The provider's own, and ``Steered(words, in_place=False)`` for words that it does not hear.
    """
    relay = _Relay()
    inbox: asyncio.Queue[ProviderEvent | Exception | None] = asyncio.Queue()

    async def read() -> None:
        try:
            async with aclosing(provider.stream(replace(request, steering=relay))) as stream:
                async for event in stream:
                    inbox.put_nowait(event)
        except Exception as error:  # noqa: BLE001 - it belongs to the reader of the stream
            inbox.put_nowait(error)
        else:
            inbox.put_nowait(None)

    async def listen() -> None:
        while True:
            words = await steering.next()
            if relay.is_heard:
                relay.say(words)
            else:
                inbox.put_nowait(Steered(words, in_place=False))

    tasks = [asyncio.create_task(read()), asyncio.create_task(listen())]
    try:
        while (item := await inbox.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        _give_back(steering, relay, inbox)


def _give_back(steering: Steering, relay: Steering, inbox: asyncio.Queue[ProviderEvent | Exception | None]) -> None:
    """Words that came too late for this answer are the next one's."""
    while not inbox.empty():
        item = inbox.get_nowait()
        if isinstance(item, Steered):
            steering.say(item.words)
    while (words := relay.take()) is not None:
        steering.say(words)
