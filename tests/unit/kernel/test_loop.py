"""Reading an asynchronous generator from another thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator

import pytest

from jupyter_spark.kernel.loop import LoopThread, Reading


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    started = LoopThread()
    yield started
    started.stop()


def read_all(reading: Reading[int]) -> list[int]:
    out: list[int] = []
    while (items := reading.take(10)) is not None:
        out += items
    return out


def test_everything_arrives_in_order_then_the_end(thread: LoopThread) -> None:
    async def numbers() -> AsyncGenerator[int, None]:
        for number in range(1000):
            yield number
            if number % 100 == 0:
                await asyncio.sleep(0)

    reading = Reading(thread, numbers)
    assert read_all(reading) == list(range(1000))
    assert reading.take(0) is None  # the end stays the end


def test_nothing_yet_is_an_empty_list(thread: LoopThread) -> None:
    gate = threading.Event()

    async def waits() -> AsyncGenerator[int, None]:
        while not gate.is_set():
            await asyncio.sleep(0.001)
        yield 1

    reading = Reading(thread, waits)
    assert reading.take(0.01) == []
    gate.set()
    assert read_all(reading) == [1]


def test_an_error_is_raised_in_the_reader_after_what_came_before(thread: LoopThread) -> None:
    async def breaks() -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.sleep(0.05)
        raise ValueError("broken")

    reading = Reading(thread, breaks)
    assert reading.take(10) == [1]
    with pytest.raises(ValueError, match="broken"):
        read_all(reading)
    assert reading.take(10) is None


def test_a_cancel_lets_the_last_words_come(thread: LoopThread) -> None:
    begun, closed = threading.Event(), threading.Event()

    async def endless() -> AsyncGenerator[int, None]:
        try:
            yield 1
            begun.set()
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            yield 2
            raise
        finally:
            closed.set()

    reading = Reading(thread, endless)
    assert begun.wait(10)
    reading.cancel()
    assert list(reading.rest()) == [1, 2]
    assert closed.wait(10)
    reading.cancel()  # a second press of Stop does nothing
    assert reading.take(0) is None
    assert reading.cancelled


def test_stopping_the_loop_ends_what_still_runs() -> None:
    thread = LoopThread()
    begun, closed = threading.Event(), threading.Event()

    async def endless() -> AsyncGenerator[int, None]:
        begun.set()
        try:
            await asyncio.sleep(3600)
            yield 1
        finally:
            closed.set()

    reading = Reading(thread, endless)
    assert begun.wait(10)
    thread.stop()
    assert closed.is_set()
    assert read_all(reading) == []


def test_a_stopped_loop_starts_anew_and_stopping_twice_is_fine() -> None:
    thread = LoopThread()
    done = threading.Event()

    async def close() -> None:
        done.set()

    async def one() -> int:
        return 1

    assert thread.submit(one()).result(10) == 1
    thread.stop(close())
    assert done.is_set()
    thread.stop(close())
    assert thread.submit(one()).result(10) == 1
    thread.stop()


def test_what_is_cancelled_before_it_began_still_ends(thread: LoopThread) -> None:
    async def waits() -> AsyncGenerator[int, None]:
        try:
            await asyncio.sleep(60)
            yield 1
        except asyncio.CancelledError:
            yield 2
            raise

    gate = threading.Event()
    thread.loop.call_soon_threadsafe(gate.wait, 10)  # nothing begins while the loop is held
    reading = Reading(thread, waits)
    reading.cancel()
    gate.set()
    assert read_all(reading) == [2]
