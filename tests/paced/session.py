"""The Responses API over one WebSocket: what it was asked, what it remembers, and which responses run.

Responses of one lane (``stream_id``; without one, the socket's own lane) run one after the other, in the order they
were asked for: one that nobody reads any more is still sent to its end.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.paced.connection import ClientGone, Connection
from tests.paced.encoders import Event, ResponsesEncoder, dump_json
from tests.paced.faults import Fault, error_body, previous_not_found, warms_up
from tests.paced.records import RequestRecord, SocketRecord
from tests.paced.script import Script, TokenCounts
from tests.paced.stream import StreamedReply
from tests.paced.websocket import MessageCarrier, WebSocket

_BAD = "invalid_request_error"
_LIMIT = "The connection has reached its time limit. Open a new one to continue."
Problem = tuple[int, dict[str, str], dict[str, Any]]


class Host(Protocol):
    """What a session needs of its server."""

    steering: bool
    socket_limit_s: float
    responses_at_once: int

    def note(self, record: RequestRecord) -> int:
        """Keep the record of a turn; returns its number."""
        ...

    def take_faults(self, body: dict[str, Any]) -> dict[str, Fault]: ...

    def problem(self, record: RequestRecord, faults: Mapping[str, Fault]) -> Problem | None:
        """Find what an HTTP endpoint would refuse it for."""
        ...

    def script(self, record: RequestRecord, faults: Mapping[str, Fault], remembered_tokens: int) -> Script | None:
        """Write the reply; None if the test's own function failed."""
        ...


class SocketEncoder(ResponsesEncoder):
    """As over HTTP, but for errors, which are wrapped and carry a status."""

    def oddity(self, fault: str) -> list[Event]:
        if fault != "error_event":
            return super().oddity(fault)
        value = error_body("The model produced an error in mid stream.", "server_error", "server_error")
        return [self._event("error", status=500, **value)]


@dataclass
class _Turn:
    record: RequestRecord
    body: dict[str, Any]
    faults: dict[str, Fault]
    encoder: SocketEncoder
    carrier: MessageCarrier
    lane: str | None
    said: list[Any] = field(default_factory=list)  # the inputs of the steering that was accepted
    said_bytes: bytes = b""


class Session:
    """One WebSocket from its handshake to its end."""

    def __init__(self, connection: Connection, handshake: RequestRecord, host: Host) -> None:
        self._connection, self._handshake, self._host = connection, handshake, host
        self._socket = WebSocket(connection)
        self.record = SocketRecord(connection.number, time.monotonic())
        self._known: dict[str, int] = {}  # tokens of context by response id
        self._waiting: list[_Turn] = []
        self._running: list[_Turn] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []

    async def run(self) -> None:
        """Serve it; what went wrong in the server itself is raised at the end."""
        self._connection.under_way.clear()
        limit_s, loop = self._host.socket_limit_s, asyncio.get_running_loop()
        timer = loop.call_later(limit_s, self._reach_limit) if limit_s < math.inf else None
        try:
            if await self._socket.accept(self._handshake):
                async for message in self._socket.messages():
                    self.record.message_bytes.append(len(message))
                    self._take(message)
        finally:
            self.record.closed_at_s, self.record.close_code = time.monotonic(), self._socket.close_code
            if not self._connection.closing:
                self._connection.leave()
            if timer is not None:
                timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failures:
            raise self._failures[0]

    def _take(self, message: bytes) -> None:
        try:
            body = json.loads(message)
            kind = body.get("type")
        except (ValueError, AttributeError):
            self._refuse(400, error_body("The message is not a JSON object.", _BAD, None))
            return
        if kind == "response.create":
            self._waiting.append(self._make_turn(body, message, self._host.take_faults(body)))
            self._start()
        elif kind == "response.steer":
            self._steer(body, message)
        else:
            self._refuse(400, error_body(f"Unknown event type: {kind!r}.", _BAD, "unknown_event_type", "type"))

    def _make_turn(self, body: dict[str, Any], message: bytes, faults: dict[str, Fault]) -> _Turn:
        shake, lane = self._handshake, body.get("stream_id")
        record = RequestRecord(
            shake.method, shake.path, shake.headers, message, body, time.monotonic(), shake.connection
        )
        record.transport = "websocket"
        encoder = SocketEncoder(body, self._host.note(record))
        self._connection.under_way.append(record)
        return _Turn(record, body, faults, encoder, MessageCarrier(self._socket, faults, lane), lane)

    def _start(self) -> None:
        """Start what may run now."""
        for turn in tuple(self._waiting):
            if len(self._running) >= self._host.responses_at_once:
                return
            if all(other.lane != turn.lane for other in self._running):
                self._waiting.remove(turn)
                self._running.append(turn)
                task = asyncio.get_running_loop().create_task(self._run(turn))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _run(self, turn: _Turn) -> None:
        try:
            following: _Turn | None = turn
            while following is not None:
                self._running[self._running.index(turn)] = turn = following
                following = await self._answer(turn)
                self._connection.under_way.remove(turn.record)
        except ClientGone:
            return
        except Exception as error:  # told by the server when it is left
            self._failures.append(error)
            self._socket.close(1011)
        self._running.remove(turn)
        self._start()

    async def _answer(self, turn: _Turn) -> _Turn | None:
        """Answer one turn; returns the one that its steering makes."""
        if "connection_limit_reached" in turn.faults:
            self._reach_limit()
            return None
        record, previous = turn.record, turn.body.get("previous_response_id")
        problem = self._host.problem(record, turn.faults)
        if (
            problem is None
            and previous
            and ("previous_response_not_found" in turn.faults or previous not in self._known)
        ):
            problem = 400, {}, previous_not_found(previous)
        script = None if problem else self._host.script(record, turn.faults, self._known.get(previous or "", 0))
        if problem is None and script is None:
            problem = 500, {}, error_body("the script failed", "server_error", "script_error")
        if problem is not None or script is None:
            assert problem is not None
            self._known.pop(previous or "", None)  # a turn that failed takes what it relied on with it
            self._refuse(problem[0], problem[2], problem[1], turn)
            return None
        if warms_up(turn.body):
            await self._warm_up(turn, script)
            return None
        reply = StreamedReply(
            self._connection, record, turn.encoder, script, turn.faults, turn.carrier, lambda: bool(turn.said)
        )
        usable = await reply.send()
        if not record.finished:
            self._known.pop(previous or "", None)
            return None
        self._known[turn.encoder.id] = script.counts.input + record.sent_tokens
        return self._succeed(turn) if usable and turn.said else None

    async def _warm_up(self, turn: _Turn, script: Script) -> None:
        counts = TokenCounts(script.counts.input, script.counts.cached, 0, 0)
        turn.record.status, turn.record.response_id = 200, turn.encoder.id
        await turn.carrier.send(turn.carrier.frames([*turn.encoder.opening(), *turn.encoder.without_output(counts)]))
        turn.record.mark_finished()
        self._known[turn.encoder.id] = counts.input

    def _steer(self, body: dict[str, Any], message: bytes) -> None:
        wanted, said = body.get("previous_response_id"), body.get("input")
        turn = next((one for one in self._running if one.encoder.id == wanted), None)
        if not said or not isinstance(wanted, str):
            code = "invalid_input"
        elif turn is None:
            code = "response_already_completed" if wanted in self._known else "response_not_found"
        elif not self._host.steering:
            code = "steering_not_supported"
        else:
            turn.said.append(said)
            turn.said_bytes += message
            steer = {"id": f"steer_{turn.encoder.id}_{len(turn.said)}", "previous_response_id": wanted}
            self._socket.say(turn.carrier.text(turn.encoder.steer("accepted", steer=steer)[0]))
            return
        error = {"type": _BAD, "code": code, "message": f"The new words were not taken: {code}."}
        value: dict[str, Any] = {"error": error, "steer": {"input": said, "previous_response_id": wanted}}
        if turn is None:
            self._socket.say(dump_json({"type": "response.steer.failed", "sequence_number": 0, **value}))
        else:
            self._socket.say(turn.carrier.text(turn.encoder.steer("failed", **value)[0]))

    def _succeed(self, turn: _Turn) -> _Turn:
        """Make the turn that goes on from a steered one, with its settings and the new words."""
        said = [
            item for one in turn.said for item in ([{"role": "user", "content": one}] if isinstance(one, str) else one)
        ]
        body = {**turn.body, "previous_response_id": turn.encoder.id, "input": said}
        return self._make_turn(body, turn.said_bytes, {})

    def _refuse(
        self, status: int, value: dict[str, Any], headers: Mapping[str, str] | None = None, turn: _Turn | None = None
    ) -> None:
        error = {**value["error"], **({"headers": dict(headers)} if headers else {})}
        event = ("error", dump_json({"type": "error", "status": status, "error": error}))
        self._socket.say(event[1] if turn is None else turn.carrier.text(event))
        if turn is not None:
            turn.record.status = status
            turn.record.mark_finished()

    def _reach_limit(self) -> None:
        for turn in self._running:
            turn.record.status = turn.record.status or 400
        self._refuse(400, error_body(_LIMIT, _BAD, "websocket_connection_limit_reached"))
        self._socket.close(1000)
