"""An OpenAI-compatible endpoint over HTTP streaming, and what every transport has in common.

The SDK does authentication, addresses and connections; the stream itself is read raw: building the SDK's typed objects
costs twenty times as much per event. One ``Delta`` is yielded for what arrived together, so a fast stream costs per
network read and not per token.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_spark.errors import (
    AuthenticationError,
    BadRequestError,
    ModelNotFoundError,
    ProviderError,
    SparkError,
    StreamCutError,
)
from jupyter_spark.providers._causes import LOOPBACK
from jupyter_spark.providers._deadlines import Watch
from jupyter_spark.providers._failures import REPLAYED, from_exception
from jupyter_spark.providers._inbox import Inbox
from jupyter_spark.providers._protocol import Completed, Delta, ProviderEvent, ProviderRequest, Started, Steered
from jupyter_spark.providers._reading import EventReader, Exchange, Pace, read_all, read_answer
from jupyter_spark.providers._retry import Circuit, delay_s
from jupyter_spark.providers._sse import SseDecoder
from jupyter_spark.settings import Profile, find_key
from jupyter_spark.wire import Message

if TYPE_CHECKING:
    import ssl

    import httpx2
    from openai import AsyncOpenAI

KEEPALIVE_S = 300.0  # the SDK's own 5 s would open a new connection for almost every turn
DRAIN_S = 0.25  # an endpoint that does not end its reply costs a connection, not a wait
ATTEMPTS = 6
DONE = b"[DONE]"
OPENED = b""


class HttpProvider:
    """What the Responses and the Chat API have in common.

    A subclass says where a request goes (``_path``), how it is written (``_body``) and how its events are read
    (``_reader``). A parameter that the endpoint refuses is dropped and remembered; a model that the key may not use
    gives way to the next of the profile's; what passes by itself is tried again, before the first token only.
    """

    _path: ClassVar[str]

    def __init__(self, profile: Profile, env: Mapping[str, str] | None = None) -> None:
        self.profile = profile
        self._env = os.environ if env is None else env
        self._key: str | None = None
        self._client: AsyncOpenAI | None = None
        self._tls: ssl.SSLContext | None = None
        self._refused: set[str] = set()
        self._model_index = 0
        self._circuit = Circuit(profile)
        self._running: set[Exchange] = set()

    @property
    def model(self) -> str:
        """The model that the next turn asks for."""
        models = self.profile.models or ("default",)
        return models[min(self._model_index, len(models) - 1)]

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Get ready for a turn; see ``Provider.warm``."""
        self._connect()

    async def aclose(self) -> None:
        """Let go of every connection."""
        for exchange in tuple(self._running):
            await exchange.aclose()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answer the request; see ``Provider.stream``."""
        trial = self._circuit.admit()
        watch = Watch(self.profile, request.tier)
        told = ""
        began, waits = False, 0
        try:
            for attempt in range(ATTEMPTS):
                try:
                    async with aclosing(self._attempt(request, watch)) as events:
                        async for event in events:
                            if isinstance(event, Started):
                                if event.model == told:
                                    continue
                                told = event.model
                            else:
                                self._circuit.answered()
                            began = began or isinstance(event, Delta | Steered)
                            yield event
                    return
                except ProviderError as error:
                    self._circuit.failed(error)
                    if isinstance(error, AuthenticationError):
                        await self.aclose()  # the next turn reads the key anew: the user is about to mend it
                    if began or attempt == ATTEMPTS - 1:
                        raise
                    if not self._mended(error):
                        if self._circuit.open:
                            raise
                        await asyncio.sleep(self._delay_s(error, waits, watch))
                        waits += 1
        finally:
            self._circuit.release(trial)

    def _mended(self, error: ProviderError) -> bool:
        """Whether the same request can be sent again at once, in another way."""
        if isinstance(error, BadRequestError) and error.parameter is not None and error.code not in REPLAYED:
            return self._drop(error.parameter)
        if isinstance(error, ModelNotFoundError) and self._model_index + 1 < len(self.profile.models):
            self._model_index += 1
            return True
        return False

    def _delay_s(self, error: ProviderError, tried: int, watch: Watch) -> float:
        return delay_s(error, tried, watch.left_s)

    async def _attempt(self, request: ProviderRequest, watch: Watch) -> AsyncGenerator[ProviderEvent, None]:
        exchange: Exchange | None = None
        try:
            exchange = await self._begin(request)
            self._running.add(exchange)
            async with aclosing(read_answer(exchange, watch, request.steering, self.model)) as events:
                async for event in events:
                    yield event
        except SparkError:
            raise
        except Exception as error:  # noqa: BLE001 - it goes on as one of ours
            # Some endpoints echo the key in what they say: a chained traceback would carry it into a log.
            raise from_exception(error, self.profile, self._key, self._env) from None
        finally:
            if exchange is not None:
                self._running.discard(exchange)
                await exchange.aclose()

    async def _begin(self, request: ProviderRequest) -> Exchange:
        """Send the request on its way."""
        client, body = self._connect(), self._body(request)
        return HttpExchange(_replying(client, self._path_of(request), body), self._reader(), self.profile)

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
        if request.cache_key:
            values.setdefault("prompt_cache_key", request.cache_key)
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

        url = self.profile.endpoint(self._env)  # without an address no key helps: that is told first
        self._key = find_key(self.profile, self._env)
        headers = dict(self.profile.headers)
        if self.profile.key_header and self._key:
            headers[self.profile.key_header] = self._key
        direct = httpx2.URL(url).host in LOOPBACK
        self._tls = httpx2.create_ssl_context(trust_env=not direct) if url.startswith("https") else None
        self._client = AsyncOpenAI(
            base_url=url,
            api_key=self._key or "none",
            max_retries=0,
            default_headers=headers or None,
            timeout=httpx2.Timeout(None, connect=self.profile.deadlines.connect_s),  # the rest is the turn's watch
            http_client=DefaultAsyncHttpxClient(
                trust_env=not direct,
                verify=self._tls or True,
                limits=httpx2.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=KEEPALIVE_S),
            ),
        )
        return self._client

    def _path_of(self, request: ProviderRequest) -> str:
        return self._path

    def _body(self, request: ProviderRequest) -> dict[str, Any]:
        raise NotImplementedError

    def _reader(self) -> EventReader:
        raise NotImplementedError


class HttpExchange:
    """A streamed reply: one task opens and reads it, so that its reader can wait for other things as well."""

    def __init__(
        self, replying: AbstractAsyncContextManager[httpx2.Response], reader: EventReader, profile: Profile
    ) -> None:
        self.inbox = Inbox()
        self._reader, self._decoder, self._profile = reader, SseDecoder(), profile
        self._pace: Pace | None = None
        self._task = asyncio.ensure_future(self._pump(replying))
        self._whole = False

    def read(self, items: list[bytes]) -> list[ProviderEvent | SparkError]:
        """Read what arrived."""
        return self._note(_read_events(self._reader, self._decoder.feed(b"".join(items))))

    def finish(self) -> list[ProviderEvent | SparkError]:
        """Read an orderly end; raises what broke the connection, or that the answer has no end."""
        if self.inbox.error is not None:
            raise self.inbox.error
        events = self._note(_read_events(self._reader, [*self._decoder.flush(), DONE]))
        if not self._whole and not any(isinstance(event, SparkError) for event in events):
            raise StreamCutError(
                f"The answer of {self._profile.title or self._profile.name} ended before its end.",
                "Try again; nothing was applied.",
                retryable=True,
            )
        return events

    async def steer(self, words: str) -> bool:
        """An answer over HTTP cannot be redirected."""
        return False

    def pause(self) -> None:
        """Let more arrive."""
        if self._pace is not None:
            self._pace.pause()

    async def aclose(self) -> None:
        """Close the connection at once, unless the answer is whole: then it is left to the next turn."""
        if self._pace is not None:
            self._pace.resume()
        if self._whole and not self._task.done():
            await asyncio.wait({self._task}, timeout=DRAIN_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _note(self, events: list[ProviderEvent | SparkError]) -> list[ProviderEvent | SparkError]:
        self._whole = self._whole or any(isinstance(event, Completed) for event in events)
        return events

    async def _pump(self, replying: AbstractAsyncContextManager[httpx2.Response]) -> None:
        inbox = self.inbox
        try:
            async with replying as response:
                self._pace = Pace(_transport_of(response))
                inbox.put(OPENED)
                async for chunk in response.aiter_bytes():
                    inbox.put(chunk)
            inbox.close()
        except Exception as error:  # noqa: BLE001 - it belongs to the reader
            inbox.close(error)


@asynccontextmanager
async def _replying(client: AsyncOpenAI, path: str, body: dict[str, Any]) -> AsyncIterator[httpx2.Response]:
    """Send a request as it is: the SDK's typed methods would go through every item of it first."""
    from openai import AsyncStream

    stream = await client.post(path, cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object])
    try:
        yield stream.response
    finally:
        await stream.close()


def _transport_of(response: httpx2.Response) -> asyncio.Transport | None:
    """What a reply comes over: the HTTP client has no public way to it, and none is needed to read on."""
    stream = getattr(response.extensions.get("network_stream"), "_stream", None)
    stream = getattr(stream, "transport_stream", stream)  # what lies below TLS
    transport = getattr(stream, "_transport", None)
    return transport if isinstance(transport, asyncio.Transport) else None


def _read_events(reader: EventReader, datas: list[bytes]) -> list[ProviderEvent | SparkError]:
    """Read events up to ``[DONE]``; deltas that arrived together become one."""
    if DONE not in datas:
        return read_all(reader.read, datas)
    events = read_all(reader.read, datas[: datas.index(DONE)])
    return events if events and isinstance(events[-1], SparkError) else [*events, *reader.end()]
