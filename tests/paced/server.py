"""The server: settings that can change while it runs, routes, and the record of what came."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import Iterable, Mapping
from itertools import count
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.paced.connection import BadRequest, ClientGone, Connection, make_protocol
from tests.paced.control import control, send_json
from tests.paced.encoders import ChatEncoder, Encoder, ResponsesEncoder
from tests.paced.event_stream import EventStream
from tests.paced.faults import ArmedFaults, Fault, FaultLike, error_body, http_error, previous_not_found, read_faults
from tests.paced.records import RequestRecord, SocketRecord
from tests.paced.script import Answer, Script, Timing, write_script
from tests.paced.session import Session
from tests.paced.stream import StreamedReply

_ENCODERS: dict[str, type[ChatEncoder] | type[ResponsesEncoder]] = {
    "/v1/chat/completions": ChatEncoder,
    "/v1/responses": ResponsesEncoder,
}


class PacedServer:
    """An OpenAI-compatible endpoint on loopback that answers by script, at a set pace.

    Every parameter but ``host`` and ``port`` is an attribute that can be set while it runs, from any thread; the next
    request sees it. Replies end early at the request's ``stop`` texts and token limit.

    Parameters
    ----------
    rate_tok_s : float
        Tokens a second; infinity for as fast as it goes.
    first_token_s : float
        Seconds from the request to the first token.
    answer : str, sequence of str, callable, or ``{"echo": times}``
        The answer (cut into tokens of four characters), its tokens, a function of the request's body that gives
        either, or the last message so many times over. What the function raises goes to the client as a 500, and is
        raised when the server is left.
    fault : fault name, Fault, or several
        What goes wrong; see `Fault`.
    require_key : str, optional
        The only API key that is let in (``authorization: Bearer`` or ``api-key``).
    models : sequence of str
        What `/v1/models` lists.
    cached_tokens : int
        Input tokens that the usage reports as cached.
    timing : {"", "cerebras", "groq", "llama.cpp"}
        How a chat stream's last chunk tells how long it took: ``time_info``, ``x_groq`` or ``timings``.
    queue_s : float
        What it tells of the wait before the request was taken up, in seconds; a part of ``first_token_s``.
    websocket : bool
        Whether `/v1/responses` takes WebSockets; else their handshake is a 404.
    steering : bool
        Whether ``response.steer`` is taken; else it is refused as not supported.
    socket_limit_s : float
        How long a WebSocket may live, in seconds.
    responses_at_once : int
        How many lanes of one WebSocket run side by side; within a lane it is always one after the other.
    tls : ssl.SSLContext, optional
        Speak TLS with it.
    """

    def __init__(
        self,
        *,
        rate_tok_s: float = math.inf,
        first_token_s: float = 0.0,
        answer: Answer = "Hello from the paced endpoint.",
        fault: FaultLike | Iterable[FaultLike] | None = None,
        require_key: str | None = None,
        models: Iterable[str] = ("paced",),
        cached_tokens: int = 0,
        timing: Timing = "",
        queue_s: float = 0.0,
        websocket: bool = True,
        steering: bool = True,
        socket_limit_s: float = 3600.0,
        responses_at_once: int = 1,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.rate_tok_s = rate_tok_s
        self.first_token_s = first_token_s
        self.answer = answer
        self.fault = fault
        self.require_key = require_key
        self.models = tuple(models)
        self.cached_tokens = cached_tokens
        self.timing, self.queue_s = timing, queue_s
        self.websocket, self.steering = websocket, steering
        self.socket_limit_s, self.responses_at_once = socket_limit_s, responses_at_once
        self.host, self.port, self._tls = host, port, tls
        self.records: list[RequestRecord] = []
        self.sockets: list[SocketRecord] = []
        self._numbers = count(1)
        self.connections_opened = 0
        self._errors: list[Exception] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """What a client is to be given."""
        return f"{'http' if self._tls is None else 'https'}://{self.host}:{self.port}/v1"

    @property
    def rate_tok_s(self) -> float:
        """Tokens a second."""
        return self._rate_tok_s

    @rate_tok_s.setter
    def rate_tok_s(self, rate_tok_s: float) -> None:
        if not rate_tok_s > 0:
            raise ValueError(f"rate_tok_s is {rate_tok_s}; it must be above 0")
        self._rate_tok_s = rate_tok_s

    @property
    def fault(self) -> tuple[Fault, ...]:
        """The faults that still strike."""
        return self._armed.faults

    @fault.setter
    def fault(self, fault: FaultLike | Iterable[FaultLike] | None) -> None:
        self._armed = ArmedFaults(read_faults(fault))

    @property
    def connections_open(self) -> int:
        """Connections open now."""
        return len(self._tasks)

    @property
    def sockets_open(self) -> int:
        """WebSockets open now."""
        return sum(one.closed_at_s is None for one in self.sockets)

    async def __aenter__(self) -> PacedServer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: make_protocol(self._accept), self.host, self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
        if error is None and self._errors:
            raise self._errors[0]

    def _accept(self, connection: Connection) -> None:
        self.connections_opened += 1
        connection.number = self.connections_opened
        if self._armed.take(None, only="refuse"):
            connection.reset()
            return
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._note_done)

    def _note_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._errors.append(error)

    async def _serve(self, connection: Connection) -> None:
        try:
            keep = True
            while keep:
                record = await connection.read_request()
                if record is None:
                    break
                connection.under_way = [record]
                keep = await self._reply(connection, record)
                keep = keep and record.headers.get("connection", "").lower() != "close"
                connection.under_way = []
        except ClientGone:
            pass
        except BadRequest as problem:
            await connection.send_json(400, error_body(str(problem), "invalid_request_error", None))
        except asyncio.CancelledError:
            connection.reset()
            raise
        finally:
            await connection.close()

    async def _reply(self, connection: Connection, record: RequestRecord) -> bool:
        path = unquote(urlsplit(record.path).path).rstrip("/")
        if path in ("/control", "/records"):
            return await send_json(connection, record, *control(self, record, path))
        if record.headers.get("upgrade", "").lower() == "websocket" and path == "/v1/responses":
            return await self._upgrade(connection, record)
        self.records.append(record)
        faults = self._armed.take(record.body)
        if "refuse" in faults:
            connection.reset()
            return False
        if "headers_never" in faults:
            await connection.wait_until(math.inf)
        problem = self.problem(record, faults)
        if problem is not None:
            status, headers, value = problem
        elif record.method == "GET" and path.startswith("/v1/models"):
            status, headers, value = 200, {}, self._list_models(path.removeprefix("/v1/models").lstrip("/"))
            status = 404 if "error" in value else 200
        elif record.method == "POST" and path in _ENCODERS and record.body is not None:
            return await self._answer(connection, record, _ENCODERS[path], faults)
        else:
            message = f"Invalid URL ({record.method} {path})"
            status, headers, value = 404, {}, error_body(message, "invalid_request_error", None)
        return await send_json(connection, record, status, value, headers)

    async def _upgrade(self, connection: Connection, record: RequestRecord) -> bool:
        """A WebSocket's handshake; only one that is refused is recorded as a request."""
        faults = self._armed.take(None, kind="handshake")
        if "handshake_never" in faults:
            await connection.wait_until(math.inf)
        problem = self.problem(record, faults)
        if problem is None and ("handshake_refused" in faults or not self.websocket):
            status = faults["handshake_refused"].status if self.websocket else 404
            message = "No WebSocket is offered here."
            headers = {"upgrade": "websocket"} if status == 426 else {}
            problem = status, headers, error_body(message, "invalid_request_error", None)
        if problem is not None:
            self.records.append(record)
            return await send_json(connection, record, problem[0], problem[2], problem[1])
        session = Session(connection, record, self)
        self.sockets.append(session.record)
        await session.run()
        return False

    def note(self, record: RequestRecord) -> int:
        """Keep the record of a WebSocket's turn; returns its number."""
        self.records.append(record)
        return next(self._numbers)

    def take_faults(self, body: dict[str, Any]) -> dict[str, Fault]:
        """The faults of a WebSocket's turn."""
        return self._armed.take(body, kind="message")

    def problem(
        self, record: RequestRecord, faults: Mapping[str, Fault]
    ) -> tuple[int, dict[str, str], dict[str, Any]] | None:
        """Status, extra headers and body of what a request is refused for, if it is."""
        sent_key = record.headers.get("authorization", "").removeprefix("Bearer ").strip()
        sent_key = sent_key or record.headers.get("api-key", "")
        if self.require_key is not None and sent_key != self.require_key:
            return http_error(Fault("http_401"), record.body, sent_key)
        fault = next((fault for name, fault in faults.items() if name.startswith("http_")), None)
        return None if fault is None else http_error(fault, record.body, sent_key)

    def _list_models(self, wanted: str) -> dict[str, Any]:
        rows = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "paced"} for name in self.models]
        if not wanted:
            return {"object": "list", "data": rows}
        missing = error_body(
            f"The model '{wanted}' does not exist", "invalid_request_error", "model_not_found", "model"
        )
        return next((row for row in rows if row["id"] == wanted), missing)

    async def _answer(
        self,
        connection: Connection,
        record: RequestRecord,
        dialect: type[ChatEncoder] | type[ResponsesEncoder],
        faults: dict[str, Fault],
    ) -> bool:
        body = record.body or {}
        if previous := body.get("previous_response_id"):  # nothing is stored
            return await send_json(connection, record, 400, previous_not_found(previous))
        script = self.script(record, faults)
        if script is None:
            value = error_body(f"the script raised {self._errors[-1]!r}", "server_error", "script_error")
            return await send_json(connection, record, 500, value)
        encoder: Encoder = dialect(body, next(self._numbers))
        if body.get("stream"):
            carrier = EventStream(connection, faults)
            return await StreamedReply(connection, record, encoder, script, faults, carrier).send()
        await connection.wait_until(_whole_at_s(record, script))
        record.tokens, record.response_id, record.sent_tokens = script.tokens, encoder.id, len(script.tokens)
        return await send_json(connection, record, 200, encoder.whole(script))

    def script(self, record: RequestRecord, faults: Mapping[str, Fault], remembered_tokens: int = 0) -> Script | None:
        """Write the reply; None if the test's own function raised something."""
        try:
            return write_script(
                record.body or {},
                self.answer,
                faults,
                rate_tok_s=self.rate_tok_s,
                first_token_s=self.first_token_s,
                input_tokens=remembered_tokens + len(record.raw_body) // 4,
                cached_tokens=max(self.cached_tokens, remembered_tokens),
                timing=self.timing,
                queue_s=self.queue_s,
            )
        except Exception as error:  # a test's own function may raise anything
            self._errors.append(error)
            return None


def _whole_at_s(record: RequestRecord, script: Script) -> float:
    generated_s = (len(script.reasoning) + len(script.tokens)) / script.rate_tok_s
    return max(time.monotonic(), record.at_s + script.first_token_s + generated_s)
