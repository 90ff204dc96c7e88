"""Conversational coding in Jupyter: fast, checked cell rewrites that stream from a Spark-tier model.

``%load_ext jupyter_spark`` adds ``%%spark`` and ``%spark``. Importing the package imports nothing heavy: the public
names below load their modules when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_spark._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_PUBLIC = {
    "SparkError": "errors",
    "load_settings": "settings",
    "Profile": "settings",
    "Settings": "settings",
    "build_request": "request",
    "run_turn": "turn",
    "run_turn_or_substitute": "fallback",
    "run_alternatives": "alternatives",
    "spread_request": "alternatives",
    "Steering": "providers",
    "open_provider": "providers",
    "CellEdit": "wire",
    "ContextPack": "wire",
    "NotebookSnapshot": "wire",
    "Proposal": "wire",
    "TurnRequest": "wire",
    "open_journal": "journal",
}

__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"jupyter_spark.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'jupyter_spark' has no attribute '{name}'")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics to a shell (``%load_ext jupyter_spark``)."""
    from jupyter_spark.kernel import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again (``%unload_ext jupyter_spark``)."""
    from jupyter_spark.kernel import unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the built front end."""
    return [{"src": "_labextension", "dest": "jupyter-spark-ai"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What a Jupyter server loads."""
    from jupyter_spark.server import SparkExtension

    return [{"module": "jupyter_spark", "app": SparkExtension}]
