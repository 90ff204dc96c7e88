"""The one door to every endpoint that is not on this machine: secrets stay inside, their values come back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from jupyter_spark.providers._protocol import (
    Completed,
    Delta,
    Gap,
    Provider,
    ProviderEvent,
    ProviderRequest,
    Steered,
    Steering,
)
from jupyter_spark.redact import Kept, Restorer, Vault, restore
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message


class RedactingProvider:
    """A provider that is shown marks instead of secrets.

    Parameters
    ----------
    provider : Provider
        Who answers.
    vault : Vault
        What is kept back, and under which mark.
    """

    def __init__(self, provider: Provider, vault: Vault) -> None:
        self.provider = provider
        self.vault = vault
        self.profile: Profile = provider.profile

    @property
    def model(self) -> str:
        """The model that the next turn asks for."""
        return self.provider.model

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answer the request; see ``Provider``. Only the marks that this request held are put back."""
        redacted = self._redacted(request)
        restorer = Restorer(self._kept(redacted))
        async with aclosing(self.provider.stream(redacted)) as stream:
            async for event in stream:
                if isinstance(event, Delta):
                    if text := restorer.feed(event.text):
                        yield Delta(text)
                    continue
                if isinstance(event, Steered):
                    kept = self._kept(redacted, event.words)
                    restorer, event = Restorer(kept), replace(event, words=restore(event.words, kept))
                elif isinstance(event, Completed) and (rest := restorer.finish()):
                    yield Delta(rest)
                yield event

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Get ready for a turn; the prefix is sent as its requests will be."""
        await self.provider.warm(self._redacted(ProviderRequest(messages)).messages)

    async def aclose(self) -> None:
        """Let go of every connection."""
        await self.provider.aclose()

    def _redacted(self, request: ProviderRequest) -> ProviderRequest:
        contents = [message.content for message in request.messages]
        gap = request.gap or Gap("", "")
        *texts, prefill, prediction, before, after = self.vault.redact_all(
            [*contents, request.prefill, request.prediction, gap.before, gap.after]
        )
        return replace(
            request,
            messages=tuple(
                message if message.content == text else message.model_copy(update={"content": text})
                for message, text in zip(request.messages, texts, strict=True)
            ),
            prefill=prefill,
            prediction=prediction,
            gap=Gap(before, after) if request.gap is not None else None,
            steering=_RedactedSteering(request.steering, self.vault) if request.steering is not None else None,
        )

    def _kept(self, request: ProviderRequest, words: str = "") -> dict[str, Kept]:
        texts = [message.content for message in request.messages]
        gap = request.gap or Gap("", "")
        return self.vault.kept_in([*texts, request.prefill, request.prediction, gap.before, gap.after, words])


class _RedactedSteering(Steering):
    """New words on their way to the endpoint."""

    def __init__(self, steering: Steering, vault: Vault) -> None:
        self._steering, self._vault = steering, vault

    def say(self, words: str) -> None:
        """Redirect the answer."""
        self._steering.say(words)

    async def next(self) -> str:
        """Wait for the next words."""
        return self._vault.redact(await self._steering.next())

    def take(self) -> str | None:
        """Return the next words if there are any that nobody has heard yet."""
        words = self._steering.take()
        return None if words is None else self._vault.redact(words)


def guarded(provider: Provider, vault: Vault) -> Provider:
    """Return the provider behind the vault; what never leaves the machine is not kept from it."""
    return RedactingProvider(provider, vault) if provider.profile.redacts else provider
