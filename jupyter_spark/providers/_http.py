"""An OpenAI-compatible endpoint over HTTP streaming.

The SDK does authentication, addresses, retries before the answer and connections; the stream itself is read raw:
building the SDK's typed objects costs twenty times as much per event. One ``Delta`` is yielded for what arrived
together, so a fast stream costs per network read and not per token.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_spark.errors import AuthenticationError, BadRequestError, ModelNotFoundError, SparkError, StreamCutError
from jupyter_spark.providers._failures import from_exception
from jupyter_spark.providers._protocol import Completed, Delta, ProviderEvent, ProviderRequest, Started
from jupyter_spark.providers._sse import SseDecoder
from jupyter_spark.settings import Profile, find_key

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEEPALIVE_S = 300.0  # the SDK's own 5 s would open a new connection for almost every turn
DRAIN_S = 0.25  # an endpoint that does not end its reply costs a connection, not a wait
ATTEMPTS = 6
LOOPBACK = ("localhost", "127.0.0.1", "::1")  # no proxy stands between us and this machine
DONE = b"[DONE]"


class EventReader(Protocol):
    """Reads one stream's events; each stream has its own, so that streams may run side by side."""

    def read(self, body: dict[str, Any]) -> list[ProviderEvent]:
        """Read one event."""
        ...

    def end(self) -> list[ProviderEvent]:
        """Read the end of the stream (``[DONE]``, or the connection's orderly close)."""
        ...


class HttpProvider:
    """What the Responses and the Chat API have in common.

    A subclass says how a request is written (``_body``), where it goes (``_open``) and how its events are read
    (``_reader``). A parameter that the endpoint refuses is dropped and remembered; a model that the key may not use
    gives way to the next of the profile's.
    """

    def __init__(self, profile: Profile, env: Mapping[str, str] | None = None) -> None:
        self.profile = profile
        self._env = os.environ if env is None else env
        self._key: str | None = None
        self._client: AsyncOpenAI | None = None
        self._refused: set[str] = set()
        self._model_index = 0

    @property
    def model(self) -> str:
        """The model that the next turn asks for."""
        models = self.profile.models or ("default",)
        return models[min(self._model_index, len(models) - 1)]

    async def aclose(self) -> None:
        """Let go of every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answer the request; see ``Provider.stream``."""
        client = self._connect()
        for attempt in range(ATTEMPTS):
            began = False
            events = self._stream_once(client, request)
            try:
                async for event in events:
                    began = True
                    yield event
                return
            except AuthenticationError:
                await self.aclose()  # the next turn reads the key anew: the user is about to mend it
                raise
            except BadRequestError as error:
                if began or error.parameter is None or not self._drop(error.parameter) or attempt == ATTEMPTS - 1:
                    raise
            except ModelNotFoundError:
                if began or self._model_index + 1 >= len(self.profile.models) or attempt == ATTEMPTS - 1:
                    raise
                self._model_index += 1
            finally:
                await events.aclose()

    async def _stream_once(self, client: AsyncOpenAI, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        try:
            async with self._open(client, self._body(request)) as response:
                yield Started(self.model)
                decoder, reader = SseDecoder(), self._reader()
                chunks = response.iter_bytes()
                async for chunk in chunks:
                    for event in _read_events(reader, decoder.feed(chunk)):
                        yield event
                        if isinstance(event, Completed):
                            await _drain(chunks)
                            return
                for event in _read_events(reader, [*decoder.flush(), DONE]):
                    yield event
                    if isinstance(event, Completed):
                        return
                raise StreamCutError(
                    f"The answer of {self.profile.title or self.profile.name} ended before its end.",
                    "Try again; nothing was applied.",
                    retryable=True,
                )
        except SparkError:
            raise
        except Exception as error:  # noqa: BLE001 - it goes on as one of ours
            # Some endpoints echo the key in what they say: a chained traceback would carry it into a log.
            raise from_exception(error, self.profile, self._key) from None

    def _optional(self, name: str, value: Any) -> dict[str, Any]:
        """A parameter, if the profile takes it and the endpoint has not refused it."""
        if value is None or name not in self.profile.accepts or name in self._refused:
            return {}
        return {name: value}

    def _parameters(self, request: ProviderRequest) -> dict[str, Any]:
        """The profile's own parameters, with what this request changes of them."""
        values = dict(self.profile.parameters)
        if request.temperature is not None:
            values["temperature"] = request.temperature
        return {name: value for name, raw in values.items() for value in self._optional(name, raw).values()}

    def _drop(self, parameter: str) -> bool:
        name = parameter.split(".")[0]
        if name in self._refused or name in ("model", "messages", "input", "stream"):
            return False
        self._refused.add(name)
        return True

    def _connect(self) -> AsyncOpenAI:
        if self._client is not None:
            return self._client
        import httpx2
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        self._key = find_key(self.profile, self._env)
        limits = self.profile.deadlines
        headers = dict(self.profile.headers)
        if self.profile.key_header and self._key:
            headers[self.profile.key_header] = self._key
        url = self.profile.endpoint(self._env)
        self._client = AsyncOpenAI(
            base_url=url,
            api_key=self._key or "none",
            max_retries=2,
            default_headers=headers or None,
            timeout=httpx2.Timeout(limits.first_token_s, connect=limits.connect_s),
            http_client=DefaultAsyncHttpxClient(
                trust_env=httpx2.URL(url).host not in LOOPBACK,
                limits=httpx2.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=KEEPALIVE_S),
            ),
        )
        return self._client

    def _body(self, request: ProviderRequest) -> dict[str, Any]:
        raise NotImplementedError

    def _open(self, client: AsyncOpenAI, body: dict[str, Any]) -> AbstractAsyncContextManager[Any]:
        raise NotImplementedError

    def _reader(self) -> EventReader:
        raise NotImplementedError


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read to the very end: only a reply that was read whole leaves its connection to the next turn."""

    async def exhaust() -> None:
        async for _ in chunks:
            pass

    with suppress(Exception):  # the answer is whole, whatever becomes of the connection
        await asyncio.wait_for(exhaust(), DRAIN_S)


def _read_events(reader: EventReader, datas: list[bytes]) -> list[ProviderEvent]:
    """Read events; deltas that arrived together become one."""
    out: list[ProviderEvent] = []
    for data in datas:
        for event in _read_one(reader, data):
            if isinstance(event, Delta) and out and isinstance(out[-1], Delta):
                out[-1] = Delta(out[-1].text + event.text)
            else:
                out.append(event)
    return out


def _read_one(reader: EventReader, data: bytes) -> list[ProviderEvent]:
    if data == DONE:
        return reader.end()
    try:
        body = json.loads(data)
    except ValueError:
        return []  # a garbage line is the endpoint's noise; a cut stream is noticed at its end
    return reader.read(body) if isinstance(body, dict) else []
