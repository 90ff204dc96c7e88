"""An interrupt that must not break off what runs."""

from __future__ import annotations

import signal
import threading

import pytest

from jupyter_spark.kernel.interrupts import on_interrupt


def test_the_block_goes_on_and_is_told() -> None:
    told: list[str] = []
    with on_interrupt(lambda: told.append("told")):
        signal.raise_signal(signal.SIGINT)
        told.append("went on")
    assert told == ["told", "went on"]


def test_afterwards_an_interrupt_is_what_it_was() -> None:
    with on_interrupt(lambda: None):
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_another_thread_is_never_interrupted() -> None:
    ran: list[bool] = []

    def work() -> None:
        with on_interrupt(lambda: None):
            ran.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [True]
