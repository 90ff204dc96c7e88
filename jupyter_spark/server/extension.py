"""The server extension: its switches and its routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.services.contents.manager import ContentsManager

from jupyter_spark.server.engine import Engine
from jupyter_spark.server.rest import (
    ConversationsHandler,
    KeyHandler,
    ModelHandler,
    RefactorsHandler,
    SpentHandler,
    StatusHandler,
    VariablesSourceHandler,
)
from jupyter_spark.server.socket import TurnsSocket

_CONTENTS_EVENTS = ContentsManager.event_schema_id


class SparkExtension(ExtensionApp):
    """Conversational coding for the pages of a Jupyter server."""

    name = "jupyter_spark"
    extension_url = "/jupyter-spark"
    load_other_extensions = True

    def initialize_settings(self) -> None:
        """Make the engine; nothing heavy is imported before the first page connects."""
        root = Path(self.settings.get("server_root_dir", ".")).expanduser()
        self._engine = Engine(root)
        if self.serverapp is not None and self.serverapp.event_logger is not None:
            self.serverapp.event_logger.add_listener(schema_id=_CONTENTS_EVENTS, listener=self._on_contents)

    async def _on_contents(self, logger: EventLogger, schema_id: str, data: dict[str, Any]) -> None:
        """History goes with a notebook that is renamed, in an open page or in the file browser."""
        if data["action"] == "rename":
            self._engine.renamed(data["source_path"], data["path"])

    def initialize_handlers(self) -> None:
        """Add the routes."""
        shared: dict[str, Any] = {"engine": self._engine}
        routes = {
            "turns": TurnsSocket,
            "status": StatusHandler,
            "conversations": ConversationsHandler,
            "spent": SpentHandler,
            "refactors": RefactorsHandler,
            "key": KeyHandler,
            "model": ModelHandler,
            "variables-source": VariablesSourceHandler,
        }
        self.handlers.extend((f"/jupyter-spark/{name}", handler, shared) for name, handler in routes.items())

    async def stop_extension(self) -> None:
        """Stop every turn when the server stops."""
        await self._engine.aclose()
