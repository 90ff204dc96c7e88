"""The comms over which a page and this kernel talk. Light on purpose: they are set up at ``%load_ext``.

A page opens the first one right before it runs a cell of ours, so that this comes on the main shell before the run. The
second one goes over a subshell: what a reader does while a cell runs must not wait for the cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_spark.kernel.magics import SparkMagics

# The same names stand in labextension/src/magic/link.ts.
NOTEBOOK_TARGET, TURNS_TARGET = "jupyter_spark.notebook", "jupyter_spark.turns"


def hear_at_once(comm: Any) -> None:
    """Let the page's messages to a comm in while a cell runs.

    From 7.4 on, ipykernel hands such a message not to the subshell that it was sent to but to the shell that last used
    the comm: there it would wait for the cell that it is meant to stop.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, subshell_id: subshell_id


def listen_to_pages(magics: SparkMagics) -> None:
    """Let pages open their comms to this kernel; in a terminal there are none."""
    manager = _manager(magics)
    if manager is not None:
        # What they need is imported when a page comes.
        manager.register_target(NOTEBOOK_TARGET, lambda comm, message: magics.pages.open_notebook(comm, message))
        manager.register_target(TURNS_TARGET, lambda comm, message: magics.pages.open_turns(comm, message))


def leave_pages(magics: SparkMagics) -> None:
    """Take the comms' targets away."""
    manager = _manager(magics)
    if manager is not None:
        for target in (NOTEBOOK_TARGET, TURNS_TARGET):
            manager.targets.pop(target, None)


def _manager(magics: SparkMagics) -> Any:
    return getattr(getattr(magics.ipython, "kernel", None), "comm_manager", None)
