"""Turns that are cancelled at a random token, each followed at once by another: what leaks, and how soon we let go.

``python -m tests.bench.cancelling [TURNS]``; 500 turns on each transport unless told otherwise. "Upstream" is the time
from letting go to the server's seeing the end of it, on the one clock that both processes read.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import threading
from pathlib import Path

from tests.bench.clients import TRANSPORTS, Transport, our_profile
from tests.paced import SpawnedServer, spawned_paced_server, wait_until
from tests.unit.providers.cancelled import cancel_turns
from tests.unit.providers.serving import KEY

RATE_TOK_S, MOST_TOKENS, GOAL_MS = 2_000.0, 80, 100.0


async def cancel_many(server: SpawnedServer, transport: Transport, turns: int) -> str:
    """Cancel so many turns on one transport; returns the table's row."""
    from jupyter_spark.providers import open_provider

    server.configure(answer={"echo": 3_000}, rate_tok_s=RATE_TOK_S, forget=True)
    files, threads, tasks = _files(), _threads(), len(asyncio.all_tasks())
    provider = open_provider(our_profile(transport, server.base_url), {"P_KEY": KEY})
    done = await cancel_turns(provider, turns, MOST_TOKENS, seed=11)
    await provider.aclose()
    await asyncio.sleep(0.2)
    records = {str(record.body["messages" if transport == "chat" else "input"][-1]["content"]): record
               for record in server.records if record.body}  # fmt: skip
    ended_ms = [
        1e3 * (records[turn.words].closed_at_s - turn.let_go_s)
        for turn in done
        if records[turn.words].closed_at_s is not None
    ]
    ours_ms = [1e3 * (turn.closed_s - turn.let_go_s) for turn in done]
    p95_ms = _p95(ended_ms)
    verdict = "ok    " if p95_ms <= GOAL_MS else "MISSED"
    left = (len(asyncio.all_tasks()) - tasks, _files() - files, _threads() - threads)
    return (
        f"{transport:<10}{sum(turn.leaked for turn in done):>7}{len(ended_ms):>11}"
        f"{statistics.median(ended_ms):>9.1f}{p95_ms:>8.1f}{max(ended_ms):>8.1f} {verdict}"
        f"{statistics.median(ours_ms):>10.1f}{_p95(ours_ms):>8.1f}   {left[0]}, {left[1]}, {left[2]}"
    )


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _files() -> int:
    """How many files and sockets this process has open; 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def _threads() -> int:
    """Threads but the event loop's own, which look up host names and end with the loop."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


def main(turns: int = 500) -> None:
    """Print the table."""
    with spawned_paced_server() as server:
        print(f"{turns} turns, each cancelled at a random token of its first {MOST_TOKENS}, at {RATE_TOK_S:g} tok/s")
        print(f"{'transport':<10}{'leaked':>7}{'cut short':>11}{'upstream ms: median, p95, max':>32}"
              f"{'ours: median, p95':>20}   left: tasks, files, threads")  # fmt: skip
        for transport in TRANSPORTS:
            print(asyncio.run(cancel_many(server, transport, turns)), flush=True)
        wait_until(lambda: all(socket.closed_at_s is not None for socket in server.sockets))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
