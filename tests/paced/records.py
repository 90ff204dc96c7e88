"""What the paced server saw of each request, and waiting for it."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class RequestRecord:
    """One request and how its reply went. Times are ``time.monotonic()`` seconds, comparable between processes.

    Attributes
    ----------
    connection : int
        Which TCP connection it came over, counted from 1.
    body : dict or None
        The body as JSON; None if it had none.
    status : int
        The HTTP status sent; 0 before that, or if the connection was reset instead.
    sent_tokens : int
        Tokens of the answer that were handed to the network.
    finished : bool
        The whole reply went out, its terminal event included.
    closed_at_s : float or None
        When the client closed the connection before the reply had finished.
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

    def mark_finished(self) -> None:
        """The reply is out."""
        self.finished_at_s = time.monotonic()
        self.finished = True

    def to_json(self) -> dict[str, Any]:
        """As JSON; the raw body in base64."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return row | {"raw_body": base64.b64encode(self.raw_body).decode()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> RequestRecord:
        """The record of which this is the JSON."""
        return cls(**(row | {"raw_body": base64.b64decode(row["raw_body"])}))


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
