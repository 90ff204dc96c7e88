"""What a turn would wait for, done before one is asked for and off the loop."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from jupyter_spark.dataflow import cell_names
from jupyter_spark.journal import SafeJournal
from jupyter_spark.providers import Provider, import_sdk
from jupyter_spark.redact import process_vault
from jupyter_spark.settings import Profile, Settings
from jupyter_spark.wire import CellSnapshot

READ_AFTER_S = 0.1


class Warming:
    """Gets the engine behind the pages ready.

    Parameters
    ----------
    settings : callable
        Loads the settings.
    provider : callable
        Returns a profile's provider, whose connections stay warm.
    journal : SafeJournal
        Opened at its first use.
    """

    def __init__(
        self, settings: Callable[[], Settings], provider: Callable[[Profile], Provider], journal: SafeJournal
    ) -> None:
        self._settings, self._provider, self._journal = settings, provider, journal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jupyter-spark-warming")
        self._begun: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Import, load and connect, once: the first page is there."""
        if self._begun is None:
            self._begun = asyncio.get_running_loop().create_task(self._warm())

    def read(self, cells: Sequence[CellSnapshot]) -> None:
        """Read cells that are new or changed: what they define, and what in them is kept back.

        Not at once: where they came with a question, the turn reads them itself, and a thread beside it would only keep
        it from the interpreter.
        """
        asyncio.get_running_loop().call_later(READ_AFTER_S, self._read_aside, tuple(cells))

    def _read_aside(self, cells: tuple[CellSnapshot, ...]) -> None:
        with suppress(RuntimeError):  # the server stops
            self._thread.submit(_read, cells)

    async def aclose(self) -> None:
        """Stop it."""
        if self._begun is not None:
            self._begun.cancel()
            await asyncio.gather(self._begun, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _warm(self) -> None:
        with suppress(Exception):  # the first turn meets it again, and tells the user
            profile = await asyncio.get_running_loop().run_in_executor(self._thread, self._load)
            if _may_connect(profile):
                await self._provider(profile).warm()

    def _load(self) -> Profile:
        import_sdk()
        # Else each full collection of garbage goes through all of that again: 160 ms, in which the server does nothing.
        gc.freeze()
        self._journal.turns(1)
        return self._settings().for_tier("spark")


def _may_connect(profile: Profile) -> bool:
    """Whether the profile needs no key, or has it in the environment: a keyring may ask the user something."""
    return not profile.key_required or any(os.environ.get(name, "").strip() for name in profile.key_env)


def _read(cells: Sequence[CellSnapshot]) -> None:
    vault = process_vault()
    for cell in cells:
        with suppress(Exception):  # the turn that is about it tells the user
            if cell.kind == "code":
                cell_names(cell.source)
            vault.find(cell.source)
