"""What we add to a stream: our path, the SDK's typed loop and a bare socket in turn, on the same paced streams.

``python -m tests.bench.transports [--runs 5] [--seconds 1] [--rates 1000 5000] [--idle-s 60]`` prints, for each
transport and rate, medians of the runs: CPU a token (of this process alone; the server is another), the time to the
first token over the bare socket's, and tokens a second against what the server sent. Then a follow-up on a
connection that has been idle against the first turn, which opens it, with the connections that the server saw.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.bench.clients import TRANSPORTS, Client, Transport, opened_bare, opened_ours, opened_sdk
from tests.paced import SpawnedServer, code_answer, spawned_paced_server

FIRST_TOKEN_S = 0.05
SETTLED_S = 0.5
CPU_GOAL, FIRST_TOKEN_GOAL_MS = 1 / 5, 3.0


@dataclass(frozen=True)
class Run:
    """One stream: CPU in seconds, first token after so many seconds, and tokens a second from first to last."""

    cpu_s: float
    first_token_s: float
    span_s: float


async def measure(client: Client) -> Run:
    """Read one stream to its end."""
    gc.collect()
    cpu_s, begun_s = time.process_time(), time.perf_counter()
    first_s = last_s = 0.0
    async for _ in client.stream():
        last_s = time.perf_counter()
        first_s = first_s or last_s
    return Run(time.process_time() - cpu_s, first_s - begun_s, last_s - first_s)


async def compare(server: SpawnedServer, transport: Transport, rate_tok_s: float, runs: int, seconds: float) -> str:
    """Measure one transport at one rate; returns the table's row."""
    tokens = round(rate_tok_s * seconds)
    server.configure(rate_tok_s=rate_tok_s, first_token_s=FIRST_TOKEN_S, answer=code_answer(tokens), forget=True)
    async with (
        opened_bare(transport, server.base_url) as bare,
        opened_ours(transport, server.base_url) as ours,
        opened_sdk(transport, server.base_url) as sdk,
    ):
        clients: dict[str, Client] = {"bare": bare, "ours": ours, "sdk": sdk}
        done: dict[str, list[Run]] = {name: [] for name in clients}
        for number in range(runs + 1):
            for name, client in clients.items():
                run = await measure(client)
                if number:  # the first of each opens connections and fills caches
                    done[name].append(run)
    # The three take turns, so every third record is of our stream; the first three warm up.
    sent_s = [record.last_sent_at_s - record.first_sent_at_s for record in server.records[4::3]]  # type: ignore[operator]
    cpu_us = {name: 1e6 * statistics.median(run.cpu_s for run in rows) / tokens for name, rows in done.items()}
    first_ms = {name: 1e3 * statistics.median(run.first_token_s for run in rows) for name, rows in done.items()}
    our_span_s, sent_span_s = statistics.median(run.span_s for run in done["ours"]), statistics.median(sent_s)
    share = cpu_us["ours"] / cpu_us["sdk"]
    added_ms, sdk_added_ms = (first_ms[name] - first_ms["bare"] for name in ("ours", "sdk"))
    return (
        f"{transport:<10}{rate_tok_s:>6g}  "
        f"{cpu_us['bare']:>6.1f}{cpu_us['ours']:>7.1f}{cpu_us['sdk']:>7.1f}{share:>7.3f} {_verdict(share <= CPU_GOAL)}"
        f"{added_ms:>+9.2f}{sdk_added_ms:>+8.2f} {_verdict(added_ms <= FIRST_TOKEN_GOAL_MS)}"
        f"{(tokens - 1) / sent_span_s:>10.0f}{(tokens - 1) / our_span_s:>8.0f}{sent_span_s / our_span_s:>7.3f}"
    )


def _verdict(held: bool) -> str:
    return "ok    " if held else "MISSED"


async def idle(server: SpawnedServer, idle_s: float) -> list[str]:
    """Compare the first turn of each transport with its follow-up after ``idle_s`` seconds; returns the rows."""
    server.configure(rate_tok_s=5_000.0, first_token_s=FIRST_TOKEN_S, answer=code_answer(100), forget=True)
    rows = []
    async with AsyncExitStack() as stack:
        clients = {
            transport: await stack.enter_async_context(opened_ours(transport, server.base_url))
            for transport in TRANSPORTS
        }
        cold = {transport: await measure(client) for transport, client in clients.items()}
        await asyncio.sleep(idle_s)
        for transport, client in clients.items():
            before = server.connections_opened
            client.go_on()
            warm = await measure(client)
            await asyncio.sleep(SETTLED_S)  # what it opens on the side counts too
            opened = server.connections_opened - before - 1  # asking opens one
            first_ms, then_ms = (1e3 * run.first_token_s for run in (cold[transport], warm))
            rows.append(
                f"{transport:<10} first turn {first_ms:>7.1f} ms  after {idle_s:g} s idle {then_ms:>7.1f} ms  "
                f"connections opened by it: {opened} {_verdict(opened == 0)}"
            )
    return rows


async def _main(arguments: argparse.Namespace) -> None:
    with spawned_paced_server() as server:
        print(
            f"Medians of {arguments.runs} runs of {arguments.seconds:g} s; first token sent after {FIRST_TOKEN_S:g} s\n"
            f"{'':<18}{'CPU us a token':<34}{'first token, ms added':<24}{'tokens a second':>25}\n"
            f"{'transport':<10}{'tok/s':>6}  {'bare':>6}{'ours':>7}{'SDK':>7}{'share':>7} <=0.2 "
            f"{'ours':>9}{'SDK':>8} <=3   {'sent':>10}{'ours':>8}{'ratio':>7}"
        )
        for rate_tok_s in arguments.rates:
            for transport in TRANSPORTS:
                print(await compare(server, transport, rate_tok_s, arguments.runs, arguments.seconds), flush=True)
        print(*await idle(server, arguments.idle_s), sep="\n")


def main(words: Sequence[str] = ()) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.transports", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each stream")
    parser.add_argument("--rates", type=float, nargs="+", default=[1_000.0, 5_000.0], help="tokens a second")
    parser.add_argument("--idle-s", type=float, default=60.0)
    asyncio.run(_main(parser.parse_args(words)))


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
