"""Whether a WebSocket is to be tried, and how one is opened."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_spark.settings import Deadlines

if TYPE_CHECKING:
    import ssl

    from openai import AsyncOpenAI
    from openai.resources.responses.responses import AsyncResponsesConnection

CLOSE_S = 0.05  # a stopped answer must end at once, also where nobody answers the closing handshake
HANDSHAKE_SHARE = 0.5  # of the connect deadline: a proxy that swallows WebSockets must leave time for HTTP
DROPS = 2
PAUSE_S = 600.0
PING_S = 20.0
QUEUED_FRAMES = 4_096
# Another endpoint or key may be meant, or a moment later is better: nothing is learnt of WebSockets from these.
PASSING = (401, 408, 429, 500, 502, 503, 504)


class SocketGate:
    """Decides between WebSocket and HTTP from what happened so far.

    An endpoint that refuses the handshake is not asked again; after a handshake that takes too long, or ``DROPS``
    connections in a row that broke in an answer, HTTP serves for ``PAUSE_S``.
    """

    def __init__(self, offered: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._not_before_s = 0.0 if offered else math.inf
        self._drops = 0

    @property
    def open(self) -> bool:
        """Whether a WebSocket is to be tried."""
        return self._clock() >= self._not_before_s

    def worked(self) -> None:
        """Note a whole answer."""
        self._drops = 0

    def dropped(self) -> None:
        """Note a connection that broke in an answer."""
        self._drops += 1
        if self._drops >= DROPS:
            self._drops = 0
            self._pause(PAUSE_S)

    def refused(self, error: BaseException) -> None:
        """Note a handshake that failed."""
        from websockets.exceptions import InvalidHandshake, InvalidStatus

        if isinstance(error, asyncio.TimeoutError | TimeoutError):
            self._pause(PAUSE_S)
        elif isinstance(error, InvalidStatus):
            if error.response.status_code not in PASSING:
                self._pause(math.inf)
        elif isinstance(error, InvalidHandshake):
            self._pause(math.inf)

    def _pause(self, seconds: float) -> None:
        self._not_before_s = max(self._not_before_s, self._clock() + seconds)


async def connect_socket(
    client: AsyncOpenAI, deadlines: Deadlines, *, direct: bool, tls: ssl.SSLContext | None
) -> AsyncResponsesConnection:
    """Open a WebSocket to the client's ``/responses``.

    Parameters
    ----------
    client : AsyncOpenAI
        Says where to and with which key.
    deadlines : Deadlines
        The handshake gets ``HANDSHAKE_SHARE`` of ``connect_s``.
    direct : bool
        Past any proxy, for an endpoint on this machine.
    tls : ssl.SSLContext or None
        Whom the HTTP client trusts, so that both trust the same; None for an address without TLS.
    """
    timeout_s = deadlines.connect_s * HANDSHAKE_SHARE
    options: dict[str, Any] = {
        "open_timeout": timeout_s,
        "close_timeout": CLOSE_S,
        "ping_interval": PING_S,
        "ping_timeout": PING_S,
        "max_queue": QUEUED_FRAMES,
    }
    if direct:
        options["proxy"] = None
    if tls is not None:
        options["ssl"] = tls
    return await client.responses.connect(websocket_connection_options=options).enter()  # type: ignore[arg-type]
