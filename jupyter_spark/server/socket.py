"""The WebSocket of the pages: ``/jupyter-spark/turns``."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_spark.server.connection import PageConnection

if TYPE_CHECKING:
    from jupyter_spark.server.engine import Engine

logger = logging.getLogger(__name__)
MAX_MESSAGE_BYTES = 64 * 1024 * 1024  # a notebook's cells, all at once, when it is opened
NAMELESS = (IdentityProvider, PasswordIdentityProvider)  # who has the token or the password is let in
AUTH_RESOURCE = "jupyter_spark"


class TurnsSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page's connection."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, engine: Engine) -> None:
        """Keep the engine that all connections share."""
        self._engine = engine
        self._page: PageConnection | None = None
        self._sending: asyncio.Task[None] | None = None

    def get_compression_options(self) -> None:
        """No compression: it would hold back small frames and cost the server more than it saves on loopback."""

    @property
    def max_message_size(self) -> int:
        """How large one message of a page may be, in bytes."""
        return MAX_MESSAGE_BYTES

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the connection for a user who may run code here."""
        allowed = await _settled(self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource))
        if not allowed:
            raise web.HTTPError(403)
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to send."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)  # Nagle's algorithm would hold batches back by 40 ms
        self._page = self._engine.connect(user_of(self), self._send)
        self._sending = asyncio.get_running_loop().create_task(self._page.run())
        self._sending.add_done_callback(_tell_failure)

    def on_message(self, message: str | bytes) -> None:
        """Take a frame of the page's."""
        if self._page is not None:
            self._page.receive(message)

    def on_close(self) -> None:
        """Stop sending; the turns run on, and the page may join them again."""
        if self._sending is not None:
            self._sending.cancel()
        if self._page is not None:
            self._engine.disconnect(self._page)
        super().on_close()

    async def _send(self, text: str) -> None:
        with suppress(WebSocketClosedError):
            await self.write_message(text)


def user_of(handler: JupyterHandler) -> str:
    """Whose page it is. Without accounts the server makes up a name for each browser: they are one person."""
    nameless = type(handler.identity_provider) in NAMELESS
    return "" if nameless else str(handler.current_user.username)


async def _settled(answer: Any) -> bool:
    return bool(await answer if asyncio.iscoroutine(answer) or asyncio.isfuture(answer) else answer)


def _tell_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("jupyter_spark: sending to a page failed", exc_info=error)
