"""The kernel's side: the magics, what they know of the notebook, and how a turn is shown.

What runs at ``%load_ext`` must be instant, so the modules of the engine are imported at first use, or by a thread
shortly after loading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_spark.kernel.magics import SparkMagics

_loaded: dict[int, SparkMagics] = {}


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell; loading twice changes nothing."""
    from jupyter_spark.kernel.magics import register

    if id(shell) not in _loaded:
        _loaded[id(shell)] = register(shell)


def unload(shell: InteractiveShell) -> None:
    """Take the magics and every hook away from a shell."""
    magics = _loaded.pop(id(shell), None)
    if magics is not None:
        magics.remove()
