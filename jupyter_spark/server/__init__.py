"""The Jupyter server's side: the sidebar's turns over a WebSocket of its own, so that no kernel is needed."""

from __future__ import annotations

from jupyter_spark.server.extension import SparkExtension

__all__ = ["SparkExtension"]
