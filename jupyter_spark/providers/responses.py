"""OpenAI's Responses API, over WebSockets and over HTTP streaming."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from jupyter_spark.errors import ProviderError
from jupyter_spark.providers._causes import LOOPBACK
from jupyter_spark.providers._deadlines import Watch
from jupyter_spark.providers._failures import REPLAYED, from_event
from jupyter_spark.providers._handshake import SocketGate, connect_socket
from jupyter_spark.providers._http import HttpProvider
from jupyter_spark.providers._protocol import Completed, Delta, ProviderEvent, ProviderRequest, Reasoning, UsageSeen
from jupyter_spark.providers._reading import EventReader, Exchange, read_answer
from jupyter_spark.providers._socket import SOCKET_CLOSED, Item, Socket, SocketExchange
from jupyter_spark.providers._sockets import SocketPool
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message, Usage

if TYPE_CHECKING:
    from openai.resources.responses.responses import AsyncResponsesConnection

log = logging.getLogger(__name__)

_REASONING = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")


class ResponsesProvider(HttpProvider):
    """``/responses`` over a WebSocket where the profile says so, else (or where that fails) server-sent events.

    Nothing is stored at the provider (``store=False``): what it knows of a conversation it knows on one socket, and a
    request that begins with that sends only the rest.
    """

    _path = "/responses"

    def __init__(self, profile: Profile, env: Mapping[str, str] | None = None) -> None:
        super().__init__(profile, env)
        self._gate = SocketGate(profile.websocket)
        self._pool: SocketPool | None = None

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Connect, and send the prefix ahead with ``generate=false``; what fails shows itself at the next turn."""
        try:
            self._connect()
            socket = await self._socket(())
            if socket is None or self._pool is None:
                return
            exchange = self._exchange(socket, ProviderRequest(messages))
            try:
                if messages:
                    await exchange.send(self._event(socket, ProviderRequest(messages)) | {"generate": False})
                    async with aclosing(read_answer(exchange, Watch(self.profile, "spark"), None, "")) as events:
                        async for _ in events:
                            pass
            finally:
                await exchange.aclose()
            self._pool.keep_spare()
        except Exception as error:  # noqa: BLE001 - nobody asked anything yet
            log.debug("Not warm: %s", type(error).__name__)

    async def aclose(self) -> None:
        """Let go of every connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()
        await super().aclose()

    async def _begin(self, request: ProviderRequest) -> Exchange:
        self._connect()
        socket = await self._socket(_items(request))
        if socket is None:
            return await super()._begin(request)
        exchange = self._exchange(socket, request)
        try:
            await exchange.send(self._event(socket, request))
        except BaseException:
            await exchange.aclose()
            raise
        return exchange

    def _mended(self, error: ProviderError) -> bool:
        """Also what a fresh socket or HTTP mends: a history forgotten, a connection that broke."""
        return error.code in REPLAYED or error.code == SOCKET_CLOSED or super()._mended(error)

    async def _socket(self, items: tuple[Item, ...]) -> Socket | None:
        """Return a socket for this input, or None where HTTP has to do; it says then what is wrong, if anything."""
        if not self._gate.open:
            return None
        if self._pool is None:
            self._pool = SocketPool(self._open_socket, self.profile.deadlines.socket_age_s)
        try:
            return await self._pool.take(items)
        except Exception as error:  # noqa: BLE001 - a lost handshake is no lost turn
            log.debug("No WebSocket: %s", type(error).__name__)
            return None

    async def _open_socket(self) -> AsyncResponsesConnection:
        try:
            client = self._connect()
            direct = client.base_url.host in LOOPBACK
            return await connect_socket(client, self.profile.deadlines, direct=direct, tls=self._tls)
        except Exception as error:
            self._gate.refused(error)
            raise

    def _exchange(self, socket: Socket, request: ProviderRequest) -> SocketExchange:
        pool = self._pool
        assert pool is not None  # noqa: S101 - a socket comes from it
        return SocketExchange(
            socket,
            _items(request),
            self._reader(),
            self.profile,
            gate=self._gate,
            give_back=pool.give_back,
            can_steer=bool(self._optional("steer", True)),
            on_no_steer=lambda: self._drop("steer"),
        )

    def _event(self, socket: Socket, request: ProviderRequest) -> dict[str, Any]:
        """The event that asks for an answer; what the socket knows already is not sent again."""
        body = self._body(request)
        del body["stream"]  # a WebSocket always streams
        if socket.known and _items(request)[: len(socket.known)] == socket.known:
            body["input"] = body["input"][len(socket.known) :]
            body["previous_response_id"] = socket.response_id
        return {"type": "response.create", **body}

    def _body(self, request: ProviderRequest) -> dict[str, Any]:
        # The rules are the first item and not ``instructions``, which a socket forgets with every answer, and which
        # would stand after the input in what is sent.
        items = [_input_item(role, content) for role, content in _items(request)]
        body: dict[str, Any] = {"model": self.model, "input": items, "stream": True, "store": False}
        limit = request.max_output_tokens or self.profile.max_output_tokens
        body |= self._optional("max_output_tokens", limit)
        body |= self._optional("stream_options", {"include_obfuscation": False})
        body |= self._parameters(request)
        return body

    def _reader(self) -> EventReader:
        return _ResponsesReader(self.profile, self._key)


def _items(request: ProviderRequest) -> tuple[Item, ...]:
    return tuple((message.role, message.content) for message in request.messages)


def _input_item(role: str, content: str) -> dict[str, Any]:
    if role != "assistant":
        return {"role": role, "content": content}
    # The short form is OpenAI's alone; llama.cpp refuses it for an answer.
    return {"type": "message", "role": role, "content": [{"type": "output_text", "text": content}]}


class _ResponsesReader:
    def __init__(self, profile: Profile, key: str | None) -> None:
        self._profile, self._key = profile, key

    def read(self, body: dict[str, Any]) -> list[ProviderEvent]:
        kind = body.get("type")
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            text = body.get("delta")
            return [Delta(text)] if text else []
        if kind in _REASONING:
            return [Reasoning(str(body.get("delta") or ""))]
        if kind in ("response.completed", "response.incomplete"):
            return _ending(body.get("response") or {}, complete=kind == "response.completed")
        if kind in ("error", "response.failed"):
            inner = (body.get("response") or {}).get("error") or body.get("error") or body
            if not isinstance(inner, dict):
                inner = {"message": str(inner)}
            # Over a WebSocket the status and the headers of an HTTP reply stand in the event.
            inner = {name: body[name] for name in ("status", "status_code", "headers") if name in body} | inner
            raise from_event(inner, self._profile, self._key, inner.get("headers"))
        if kind is None and body.get("error"):
            raise from_event(body["error"], self._profile, self._key)
        return []

    def end(self) -> list[ProviderEvent]:
        return []  # only response.completed or response.incomplete is an end


def _ending(response: dict[str, Any], *, complete: bool) -> list[ProviderEvent]:
    out: list[ProviderEvent] = []
    if isinstance(usage := response.get("usage"), dict):
        out.append(UsageSeen(read_usage(usage)))
    reason = (response.get("incomplete_details") or {}).get("reason")
    out.append(Completed("stop" if complete else "filter" if reason == "content_filter" else "length"))
    return out


def read_usage(usage: dict[str, Any]) -> Usage:
    """Read the Responses API's token counts."""
    before, after = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    return Usage(
        input_tokens=int(usage.get("input_tokens") or 0),
        output_tokens=int(usage.get("output_tokens") or 0),
        cached_tokens=int(before.get("cached_tokens") or 0),
        reasoning_tokens=int(after.get("reasoning_tokens") or 0),
    )
