"""The plain requests of the pages: status, past conversations, a text to check, a key, the model's download."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_spark.checks import check_syntax
from jupyter_spark.errors import SparkError, UsageError
from jupyter_spark.server.past import past_conversations
from jupyter_spark.server.socket import AUTH_RESOURCE, user_of
from jupyter_spark.server.status import keep_key, server_status

if TYPE_CHECKING:
    from jupyter_spark.server.engine import Engine
    from jupyter_spark.wire import WireModel


class SparkHandler(APIHandler):
    """A request that is answered by the engine; a ``SparkError`` is answered in one line."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, engine: Engine) -> None:
        """Keep the engine that all requests share."""
        self.engine = engine

    def answer(self, value: WireModel) -> None:
        """Answer with a value of the wire."""
        self.finish(value.model_dump_json())

    def refuse(self, error: SparkError) -> None:
        """Answer with what is wrong and what to do."""
        self.set_status(400)
        self.finish({"code": error.code, "message": error.message, "hint": error.hint})


class StatusHandler(SparkHandler):
    """``/jupyter-spark/status``."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Tell who answers, and what is missing."""
        try:
            self.answer(server_status(self.engine.settings()))
        except SparkError as error:
            self.refuse(error)


class ConversationsHandler(SparkHandler):
    """``/jupyter-spark/conversations?notebook=PATH``."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Tell a notebook's conversations, the newest first."""
        notebook = self.get_query_argument("notebook")
        turns = self.engine.turns
        path = self.engine.path_of(notebook)
        self.answer(past_conversations(self.engine.journal, notebook, path, turns.is_running))


class RefactorsHandler(SparkHandler):
    """``/jupyter-spark/refactors?notebook=PATH``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Tell a notebook's refactors: the one under way, and those that can be taken back."""
        notebook = self.get_query_argument("notebook")
        self.answer(await asyncio.to_thread(self.engine.list_refactors, notebook, user_of(self)))


class SpentHandler(SparkHandler):
    """``/jupyter-spark/spent?since_s=TIME``: the sums since a moment, in seconds since the epoch."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Tell what turns and completions took; the page knows when its day began."""
        try:
            since_s = float(self.get_query_argument("since_s", "0"))
        except ValueError:
            self.refuse(UsageError("'since_s' is no time.", "Give it in seconds since the epoch."))
            return
        self.answer(await asyncio.to_thread(self.engine.spent, since_s))


class KeyHandler(SparkHandler):
    """``/jupyter-spark/key``: into the keyring, and never out again."""

    @web.authenticated
    @authorized
    def put(self) -> None:
        """Keep a key."""
        body = self.get_json_body() or {}
        try:
            keep_key(str(body.get("name", "")), str(body.get("key", "")))
        except SparkError as error:
            self.refuse(error)
            return
        self.answer(server_status(self.engine.settings()))


class CheckHandler(SparkHandler):
    """``/jupyter-spark/check``: a cell's text, as the user has changed a proposal."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Tell whether it parses; nothing of it is run."""
        body = self.get_json_body()
        source = body.get("source") if isinstance(body, dict) else None
        if not isinstance(source, str):
            self.refuse(UsageError("There is no 'source' to check.", "Send a cell's text."))
            return
        self.answer(await asyncio.to_thread(check_syntax, source))


class VariablesSourceHandler(SparkHandler):
    """``/jupyter-spark/variables-source``: what a Python kernel without this package is sent to tell its variables."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Send the module's text; it stays the same as long as the server runs."""
        self.finish(variables_source(), set_content_type="text/plain; charset=utf-8")


class ModelHandler(SparkHandler):
    """``/jupyter-spark/model``: the built-in model's download."""

    @web.authenticated
    @authorized
    def post(self) -> None:
        """Begin it, or join the one that runs; how far it is comes over the pages' WebSockets."""
        try:
            self.engine.pull_model()
        except UsageError as error:
            self.refuse(error)
            return
        self.set_status(202)
        self.finish()


@cache
def variables_source() -> str:
    """Return the text of ``kernel/variables.py``, which is read, not imported: it runs in kernels only."""
    return files("jupyter_spark.kernel").joinpath("variables.py").read_text("utf-8")
