"""What the paced server saw of each request, and waiting for it."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal


@dataclass
class RequestRecord:
    """One request and how its reply went. Times are ``time.monotonic()`` seconds, comparable between processes.

    Over a WebSocket each message that asks for an answer is a request; ``path`` and ``headers`` are the handshake's,
    ``raw_body`` is the message as it came.

    Attributes
    ----------
    connection : int
        Which TCP connection it came over, counted from 1.
    body : dict or None
        The body as JSON; None if it had none.
    status : int
        The HTTP status sent; 0 before that, or if the connection was reset instead.
    tokens : tuple of str
        The answer that the script wrote for it.
    sent_tokens : int
        Tokens of the answer that were handed to the network.
    response_id : str
        The id of the response or completion; empty if there was none.
    finished : bool
        The whole reply went out, its terminal event included.
    closed_at_s : float or None
        When the client closed the connection before the reply had finished.
    transport : {"http", "websocket"}
        What it came over.
    """

    method: str
    path: str
    headers: dict[str, str]
    raw_body: bytes
    body: dict[str, Any] | None
    at_s: float
    connection: int
    status: int = 0
    sent_tokens: int = 0
    first_sent_at_s: float | None = None
    last_sent_at_s: float | None = None
    finished: bool = False
    finished_at_s: float | None = None
    closed_at_s: float | None = None
    transport: Literal["http", "websocket"] = "http"
    tokens: tuple[str, ...] = ()
    response_id: str = ""

    @property
    def sent_text(self) -> str:
        """The part of the answer that was handed to the network."""
        return "".join(self.tokens[: self.sent_tokens])

    def mark_finished(self) -> None:
        """The reply is out."""
        self.finished_at_s = time.monotonic()
        self.finished = True

    def to_json(self) -> dict[str, Any]:
        """As JSON; the raw body in base64."""
        row = {one.name: getattr(self, one.name) for one in fields(self)}
        return row | {"raw_body": base64.b64encode(self.raw_body).decode()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> RequestRecord:
        """The record of which this is the JSON."""
        return cls(**(row | {"raw_body": base64.b64decode(row["raw_body"]), "tokens": tuple(row["tokens"])}))


def whole_input(records: Sequence[RequestRecord], record: RequestRecord) -> list[tuple[str, str]]:
    """Return the (role, text) of everything that a request to `/v1/responses` is about.

    A follow-up over a WebSocket sends only what is new: what its socket knew comes from the records before it, as far
    as they go back.
    """
    body = record.body or {}
    before: list[tuple[str, str]] = []
    if previous := body.get("previous_response_id"):
        for known in (one for one in records if one.response_id == previous):
            before = [*whole_input(records, known), ("assistant", known.sent_text)]
    return [*before, *((item["role"], _text_of(item["content"])) for item in body["input"])]


def _text_of(content: str | list[dict[str, str]]) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


@dataclass
class SocketRecord:
    """One WebSocket. Times are ``time.monotonic()`` seconds.

    Attributes
    ----------
    connection : int
        Which TCP connection it is, counted from 1.
    message_bytes : list of int
        The size of each message that came, in bytes of payload.
    closed_at_s : float or None
        When its end came; None while it is open.
    close_code : int or None
        1006 if it ended without a closing handshake.
    """

    connection: int
    opened_at_s: float
    message_bytes: list[int] = field(default_factory=list)
    closed_at_s: float | None = None
    close_code: int | None = None


async def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Wait in an event loop until the condition holds; TimeoutError if it never does."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"did not come true within {timeout_s:g} s")
        await asyncio.sleep(0.002)


def wait_until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Wait in a thread until the condition holds; TimeoutError if it never does."""
    asyncio.run(until(condition, timeout_s))
