"""The built-in model: a Chat endpoint that is started on demand, one for all of a user's kernels and servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping

from jupyter_spark.errors import ConnectionFailed, LocalModelError, StreamCutError
from jupyter_spark.providers._engine import EngineAddress, ensure_engine, touch_engine
from jupyter_spark.providers._protocol import ProviderEvent, ProviderRequest
from jupyter_spark.providers.chat import ChatProvider
from jupyter_spark.providers.models import model_path
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message


class LocalProvider:
    """Starts or joins the engine before each turn, and speaks to it as to any endpoint."""

    def __init__(self, profile: Profile, env: Mapping[str, str] | None = None) -> None:
        self.profile = profile
        self._env = env
        self._chat: ChatProvider | None = None
        self._address: EngineAddress | None = None

    @property
    def model(self) -> str:
        """The name or the path of the model's file."""
        return self.profile.model_path or self.profile.models[0]

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answer the request; see ``Provider.stream``."""
        path = await asyncio.to_thread(model_path, self.model)
        address = await ensure_engine(path)
        events = (await self._chat_at(address)).stream(request)
        try:
            async for event in events:
                yield event
        except (ConnectionFailed, StreamCutError) as error:
            raise LocalModelError(
                "The built-in model's engine stopped in mid-answer.",
                "Run it again: the engine starts anew. If it happens often, see: jupyter spark doctor",
                code="engine_stopped",
            ) from error
        finally:
            await events.aclose()
            touch_engine(address)

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Nothing: an engine takes memory, so it starts with the first turn that needs it."""

    async def aclose(self) -> None:
        """Let go of the connections; the engine goes on for others and ends by itself when idle."""
        chat, self._chat, self._address = self._chat, None, None
        if chat is not None:
            await chat.aclose()

    async def _chat_at(self, address: EngineAddress) -> ChatProvider:
        if self._chat is None or address != self._address:
            await self.aclose()
            profile = self.profile.model_copy(
                update={"base_url": address.base_url, "key_env": ("ENGINE_KEY",), "models": (self.model,)}
            )
            self._chat, self._address = ChatProvider(profile, {"ENGINE_KEY": address.api_key}), address
        return self._chat
