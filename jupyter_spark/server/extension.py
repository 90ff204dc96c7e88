"""The server extension: its switches and its routes."""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp


class SparkExtension(ExtensionApp):
    """Conversational coding for the pages of a Jupyter server."""

    name = "jupyter_spark"
    extension_url = "/jupyter-spark"
    load_other_extensions = True
