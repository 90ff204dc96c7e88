"""Asynchronous work that Ctrl-C cancels, and which may still clean up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from jupyter_spark.errors import TurnStopped

T = TypeVar("T")


def run_interruptible(work: Coroutine[Any, Any, T]) -> T:
    """Run the work; Ctrl-C cancels it, which closes the connection upstream before anything else.

    Raises
    ------
    TurnStopped
        The user stopped it.
    """

    async def cancellable() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # noqa: S101 - a running coroutine has one
        # Not on Windows, and not in a thread: there asyncio.run's own way must do.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            return await work
        finally:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(signal.SIGINT)

    try:
        return asyncio.run(cancellable())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise TurnStopped("Stopped.", "Nothing was written.") from None
