"""An interrupt (the stop button, Ctrl-C) at a moment when it must not break off what runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Call ``act`` for an interrupt in this block, which goes on to its end.

    For the lines between the start of something in another thread and those that wait for it: a ``KeyboardInterrupt``
    there would leave it running with nobody to end it. Only the main thread is ever interrupted; in any other the block
    just runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(*_: Any) -> None:
        act()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
