"""How long a refactor of a whole notebook takes, beside the least that it can take: an endpoint apart.

``python -m tests.bench.refactor [TIMES]`` prints, at 1,000 tokens a second a stream: a notebook of 40 cells, each
rewritten in 200 tokens, 8 at once, against the ideal (the plan, then the longest chain of the schedule), and the same
in one answer, one cell after the other. Then small notebooks both ways: from where on it pays to write side by side.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_spark.providers import open_provider
from jupyter_spark.refactor import RefactorJob, run_refactor
from jupyter_spark.settings import Profile
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_refactor import RefactorFinished
from tests.paced import PacedServer
from tests.paced.script import CHARACTERS_PER_TOKEN, code_answer

ROOT = Path(__file__).resolve().parents[2]
RATE_TOK_S, FIRST_TOKEN_S = 1000.0, 0.15
CELLS, CELL_TOKENS, JOBS = 40, 200, 8
GOAL = 1.3
_HEADING = re.compile(r"^### cell \S+$", re.M)


@dataclass(frozen=True)
class Took:
    """What a refactor took: seconds, the tokens that it sent, and how many requests."""

    seconds: float
    sent_tokens: int
    requests: int


def plan_text(cells: int) -> str:
    """The plan of a notebook of so many cells."""
    lines = "\n".join(f"edit cell {number}: compute it anew" for number in range(cells))
    return f"```\n{lines}\n```"


def answer(body: dict[str, object], cells: int, cell_tokens: int) -> str:
    """Answer a request of a refactor: its plan, all cells in sections, or one cell."""
    items = body.get("input") or body.get("messages")
    assert isinstance(items, list)
    words = str(items[-1]["content"])
    if "Plan this refactor" in words:
        return plan_text(cells)
    cell = code_answer(cell_tokens)
    if "all of them in this one answer" in words:
        return "\n".join(f"{head}\n{cell}" for head in _HEADING.findall(words))
    return cell


def ideal_s(cells: int, cell_tokens: int, jobs: int) -> float:
    """The plan, then the longest chain of the schedule: as many cells one after the other as one of the streams has."""
    plan = FIRST_TOKEN_S + len(plan_text(cells)) / CHARACTERS_PER_TOKEN / RATE_TOK_S
    return plan + -(-cells // jobs) * (FIRST_TOKEN_S + cell_tokens / RATE_TOK_S)


async def refactor(base_url: str, cells: int, cell_tokens: int, *, one_stream: bool) -> Took:
    """Refactor a notebook over a warm connection."""
    source = code_answer(cell_tokens).removeprefix("```python\n").removesuffix("\n```\n")
    source = source.replace("value_", "old_") + "\n# as it was"
    notebook = NotebookSnapshot(
        cells=tuple(CellSnapshot(cell_id=f"c{number}", source=source) for number in range(cells))
    )
    profile = Profile(
        name="bench",
        api="chat",
        base_url=base_url,
        models=("paced",),
        key_required=False,
        context_tokens=128_000,
        max_output_tokens=16_000,
    )
    provider = open_provider(profile)
    try:
        await provider.warm(())
        job = RefactorJob(
            notebook, "compute all of it anew", profile, jobs=JOBS, one_stream_tokens=10**9 if one_stream else 0
        )
        begun_s = time.perf_counter()
        last, requests = None, 1
        async for event in run_refactor(job, provider):
            last = event
            requests += event.type == "step_turn" and event.event.type == "context_packed"
        seconds = time.perf_counter() - begun_s
    finally:
        await provider.aclose()
    assert isinstance(last, RefactorFinished), last
    assert last.proposal.holds, last.proposal.findings
    assert len(last.proposal.changes) == cells
    usage = last.figures.usage
    return Took(seconds, usage.input_tokens if usage else 0, requests + one_stream)


@contextmanager
def paced_process(cells: int, cell_tokens: int) -> Iterator[str]:
    """Run the endpoint in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.refactor", "--serve", str(cells), str(cell_tokens)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def serve(cells: int, cell_tokens: int) -> None:
    """Serve until the process is ended."""
    async with PacedServer(
        rate_tok_s=RATE_TOK_S, first_token_s=FIRST_TOKEN_S, answer=lambda body: answer(body, cells, cell_tokens)
    ) as server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


def measured(cells: int, cell_tokens: int, times: int, *, one_stream: bool) -> Took:
    """The median of a few."""
    with paced_process(cells, cell_tokens) as base_url:
        asyncio.run(refactor(base_url, 2, cell_tokens, one_stream=one_stream))
        found = [asyncio.run(refactor(base_url, cells, cell_tokens, one_stream=one_stream)) for _ in range(times)]
    return Took(statistics.median(took.seconds for took in found), found[0].sent_tokens, found[0].requests)


def main(times: int = 3) -> None:
    """Print the figures."""
    ideal = ideal_s(CELLS, CELL_TOKENS, JOBS)
    wide = measured(CELLS, CELL_TOKENS, times, one_stream=False)
    plain = measured(CELLS, CELL_TOKENS, max(1, times // 3), one_stream=True)
    print(
        f"refactor of {CELLS} cells of {CELL_TOKENS} tokens at {RATE_TOK_S:,.0f} tok/s a stream, first token after "
        f"{FIRST_TOKEN_S * 1000:.0f} ms, {JOBS} at once: {wide.seconds:.2f} s, ideal {ideal:.2f} s, "
        f"{wide.seconds / ideal:.2f} x ({'within' if wide.seconds <= GOAL * ideal else 'ABOVE'} {GOAL} x); "
        f"in one stream {plain.seconds:.2f} s, {plain.seconds / wide.seconds:.1f} x as long"
    )
    print("  four cells, side by side and in one stream:")
    for tokens in (16, 32, 64, 128, 256):
        side, one = (measured(4, tokens, times, one_stream=way) for way in (False, True))
        print(
            f"    {4 * tokens:>5} tokens  {side.seconds:.2f} s, {side.sent_tokens:>6,} sent   "
            f"{one.seconds:.2f} s, {one.sent_tokens:>6,} sent   one stream takes {one.seconds - side.seconds:+.2f} s"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(int(sys.argv[2]), int(sys.argv[3])))
    else:
        main(*map(int, sys.argv[1:]))
