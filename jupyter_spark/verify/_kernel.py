"""A kernel that is run to be compared: it draws the same random numbers each time; output and memory are bounded."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty
from typing import Any

from nbclient import NotebookClient

# Of what a cell prints so much is kept; of the rest its length and its hash, so that two of them can be compared.
KEPT_CHARACTERS = 1_000_000
_SEED = 20_250_101
_SEED_S = 60
_LOOK_S = 0.2
# Who names one of these imports numpy anyway; who does not gets it not imported.
_NUMERIC = re.compile(
    r"^[ \t]*(?:from|import)\b.*\b(?:numpy|pandas|scipy|sklearn|matplotlib|seaborn|xarray)\b", re.MULTILINE
)


class BoundedClient(NotebookClient):
    """An nbclient that keeps so much of what a cell prints, and a hash of the rest."""

    _kept = 0
    _left_out = 0
    _hash = hashlib.sha256()

    def begin_cell(self) -> None:
        """Forget what was printed so far."""
        self._kept, self._left_out, self._hash = 0, 0, hashlib.sha256()

    def left_out(self) -> list[dict[str, Any]]:
        """What stands for the rest, as an output; none if all was kept."""
        if not self._left_out:
            return []
        text = f"\n... and {self._left_out} characters more ({self._hash.hexdigest()[:16]})\n"
        return [{"output_type": "stream", "name": "stdout", "text": text}]

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take a message of the kernel's, unless it prints more than is kept."""
        kind = msg["msg_type"]
        if kind == "clear_output":
            self.begin_cell()
        elif kind == "stream":
            text = msg["content"]["text"]
            room = max(KEPT_CHARACTERS - self._kept, 0)
            self._kept += min(len(text), room)
            if rest := text[room:]:
                self._left_out += len(rest)
                self._hash.update(rest.encode("utf-8", "surrogatepass"))
                msg["content"]["text"] = text[:room]
                if not room:
                    return None
        return super().process_message(msg, cell, cell_index)


async def seed(client: Any, sources: Sequence[str]) -> None:
    """Let random numbers be the same in each run: ``random``, and numpy's own where the notebook uses it.

    What a notebook seeds itself, or takes from the system, stays as it is.
    """
    if client.km.kernel_spec.language.lower() != "python":
        return
    code = f"__import__('random').seed({_SEED})\n"
    if any(map(_NUMERIC.search, sources)):
        code += f"try: __import__('numpy').random.seed({_SEED})\nexcept Exception: pass\n"
    asked = client.kc.execute(code, silent=True, store_history=False, allow_stdin=False)
    ends_at_s = time.monotonic() + _SEED_S
    while time.monotonic() < ends_at_s and await client.km.is_alive():
        with suppress(Empty):
            reply = await client.kc.get_shell_msg(timeout=1)
            if reply["parent_header"].get("msg_id") == asked:
                return


def default_memory_bytes() -> int:
    """Return how much one of two runs at the same time may hold: what is free, less a tenth, halved."""
    import psutil

    return int(psutil.virtual_memory().available * 0.45)


def watch_memory(limit_bytes: int, on_over: Callable[[], None]) -> threading.Event:
    """End all that this process started, once it holds more than it may.

    Parameters
    ----------
    limit_bytes : int
        How much memory all of it may hold together; what processes share counts once.
    on_over : callable
        Is told before the first of it is ended.

    Returns
    -------
    threading.Event
        Set it to stop watching.
    """
    import psutil

    stop, me = threading.Event(), psutil.Process()

    def watch() -> None:
        while not stop.wait(_LOOK_S):
            found = me.children(recursive=True)
            if _held(found, "rss") > limit_bytes and _held(found, "own") > limit_bytes:
                on_over()
                for process in found:
                    _kill(process)

    threading.Thread(target=watch, daemon=True, name="watching-memory").start()
    return stop


def _held(processes: Sequence[Any], what: str) -> int:
    """How much memory processes hold: resident, which is cheap to ask, or without what they share."""
    import psutil

    held = 0
    for process in processes:
        try:
            if what == "rss":
                held += process.memory_info().rss
            else:
                full = process.memory_full_info()
                held += getattr(full, "pss", full.uss)
        except (psutil.Error, OSError):  # noqa: PERF203 - each may have ended
            continue
    return held


def _kill(process: Any) -> None:
    import psutil

    try:
        process.kill()
    except psutil.Error:
        return
