"""A background event loop for turns, and a way to read one from the kernel's main thread.

The engine is asynchronous, a magic is not, and the kernel's own loop is busy while a cell runs. So turns run on a loop
in a thread of their own, where connections also stay warm between cells.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
CANCEL_GRACE_S = 3.0


class LoopThread:
    """An event loop in a daemon thread, started at first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="jupyter-spark", daemon=True)
                self._thread.start()
            return self._loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def stop(self, closing: Coroutine[Any, Any, None] | None = None) -> None:
        """Run ``closing``, then end the loop and its thread."""
        with self._lock:
            (loop, self._loop), (thread, self._thread) = (self._loop, None), (self._thread, None)
        if loop is None or thread is None:
            if closing is not None:
                closing.close()
            return
        if closing is not None:
            with contextlib.suppress(Exception):  # the kernel is going away; nothing is left to tell
                asyncio.run_coroutine_threadsafe(closing, loop).result(CANCEL_GRACE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CANCEL_GRACE_S)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """A loop's thread: what still runs when the loop is stopped is cancelled and may end."""
    try:
        loop.run_forever()
        loop.run_until_complete(_cancel_the_rest())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _cancel_the_rest() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class Reading(Generic[T]):
    """Reads an asynchronous generator from another thread.

    ``cancel`` may be called from any thread, and from a signal handler; the generator's last events still come.
    """

    _END = object()

    def __init__(self, thread: LoopThread, source: Callable[[], AsyncGenerator[T, None]]) -> None:
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._loop = thread.loop
        self._source = source
        self._task: asyncio.Task[Any] | None = None
        self.cancelled = False
        thread.submit(self._pump())

    def cancel(self) -> None:
        """Cancel the work at once."""
        self.cancelled = True
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the work
            self._loop.call_soon_threadsafe(self._cancel_task)

    def _cancel_task(self) -> None:
        if self._task is not None:  # else it has not begun, and will see that it is cancelled
            self._task.cancel()

    def take(self, timeout_s: float | None) -> list[T] | None:
        """Return what has arrived, waiting at most ``timeout_s`` for the first; None at the end."""
        try:
            first = self._queue.get(timeout=timeout_s)
        except Empty:
            return []
        out: list[T] = []
        item = first
        while item is not self._END:
            if isinstance(item, BaseException):
                raise item
            out.append(item)
            try:
                item = self._queue.get_nowait()
            except Empty:
                return out
        self._queue.put(self._END)
        return out or None

    def rest(self) -> Iterator[T]:
        """Return the events that still come after a cancel, for a bounded time."""
        while (items := self.take(CANCEL_GRACE_S)) is not None and items:
            yield from items

    async def _pump(self) -> None:
        self._task = asyncio.current_task()
        if self.cancelled:
            self._cancel_task()  # at its first wait, so that its last events tell of it
        try:
            async for item in self._source():
                self._queue.put(item)
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - it belongs to the thread that reads
            self._queue.put(error)
        finally:
            self._queue.put(self._END)
