"""What a turn sends that the turn before had not: sessions of 20 turns on real notebooks.

``python -m tests.bench.prefix [TURNS [FOLLOW_UPS]]`` prints for each notebook how much of a request over HTTP, in
bytes, begins as the request before it did; then what a follow-up sends over a WebSocket on which the first turn was
sent whole, as the server counted it.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from os.path import commonprefix
from pathlib import Path
from typing import Any

from jupyter_spark.conversation import begin
from jupyter_spark.notebook import read_notebook, snapshot
from jupyter_spark.providers import Provider, open_provider
from jupyter_spark.request import build_request
from jupyter_spark.settings import Profile
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import (
    CellSnapshot,
    Conversation,
    NotebookSnapshot,
    TurnFinished,
    TurnKind,
    TurnRequest,
)
from tests.paced import PacedServer

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
LARGEST = "handson-ml3-02_end_to_end_machine_learning_project.ipynb"  # 286 cells
KINDS: tuple[TurnKind, ...] = ("rewrite", "ask", "rewrite", "explain", "generate")
WORDS = {"rewrite": "say in a comment what it is for", "ask": "which cells depend on the first one?", "explain": ""}
SAID = "It loads the data, then it shows what is in it: see the first cell, on which the rest of the notebook builds."
SEED = 7
FOLLOW_UP_GOAL = 0.05


@dataclass
class Session:
    """A user at a notebook: cells are edited and run between turns, most edits are taken."""

    cells: dict[str, CellSnapshot]
    random: random.Random
    conversation: Conversation = field(default_factory=begin)
    count: int = 1_000

    @classmethod
    def of(cls, name: str) -> Session:
        cells = snapshot(read_notebook(NOTEBOOKS / name)).cells
        return cls({cell.cell_id: cell for cell in cells}, random.Random(f"{SEED} {name}"))

    @property
    def code(self) -> list[CellSnapshot]:
        return [cell for cell in self.cells.values() if cell.kind == "code" and cell.source.strip()]

    def put(self, cell: CellSnapshot, source: str) -> None:
        """Change a cell and run it."""
        self.count += 1
        self.cells[cell.cell_id] = cell.model_copy(update={"source": source, "execution_count": self.count})

    def edit_by_hand(self) -> None:
        """Change a line of some cell, as users do between two turns."""
        cell = self.random.choice(self.code)
        lines = cell.source.splitlines()
        at = self.random.randrange(len(lines))
        self.put(cell, "\n".join([*lines[:at], f"{lines[at]}  # {self.count}", *lines[at + 1 :]]))

    def request(self, kind: TurnKind, profile: Profile, target: CellSnapshot | None = None) -> TurnRequest:
        words = WORDS.get(kind, "plot what the last cell computes")
        notebook = NotebookSnapshot(cells=tuple(self.cells.values()), origin="live")
        return build_request(kind, words, profile, notebook, target=target, conversation=self.conversation)

    def answer(self, kind: TurnKind, target: CellSnapshot | None) -> str:
        """What a model would say: the cell with a line more, or a few words."""
        if kind in ("ask", "explain"):
            return SAID
        code = f"# Turn {self.count}: what this is for\n{target.source if target else 'plot(result)'}"
        return f"```python\n{code}\n```\nI said what it is for."

    async def any_turn(self, kind: TurnKind, provider: Provider, server: PacedServer) -> None:
        """Ask about some cell, and take what comes four times of five."""
        target = self.random.choice(self.code) if kind in ("rewrite", "explain") else None
        await self.turn(kind, provider, server, target, takes=self.random.random() < 0.8)

    async def turn(
        self, kind: TurnKind, provider: Provider, server: PacedServer, target: CellSnapshot | None, *, takes: bool
    ) -> None:
        """Ask, and take the edit or leave it."""
        request = self.request(kind, provider.profile, target)
        server.answer = self.answer(kind, target)
        (finished,) = [e async for e in run_turn(request, provider) if isinstance(e, TurnFinished)]
        assert finished.conversation is not None
        self.conversation = finished.conversation
        if finished.proposal is not None and target is not None and takes:
            self.put(target, finished.proposal.edit.new_source)


@asynccontextmanager
async def connected(api: Any, *, websocket: bool = False) -> AsyncIterator[tuple[PacedServer, Provider]]:
    """An endpoint, and a profile of it with a window of 128,000 tokens."""
    async with PacedServer() as server:
        provider = open_provider(
            Profile(
                name="bench",
                api=api,
                websocket=websocket,
                base_url=server.base_url,
                models=("paced",),
                key_required=False,
                context_tokens=128_000,
                max_output_tokens=16_000,
            )
        )
        try:
            yield server, provider
        finally:
            await provider.aclose()


def shares(bodies: list[bytes]) -> list[float]:
    """How much of each request but the first is, from its beginning on, what the one before was."""
    return [len(commonprefix(two)) / len(two[1]) for two in pairwise(bodies)]  # noqa: RUF071 - of bytes, not of paths


async def sessions(turns: int) -> None:
    """Print the figures of a session on each notebook."""
    print(f"bytes of a turn that begin as the turn before did; sessions of {turns} turns, an edit by hand before each")
    for api in ("responses", "chat"):
        medians = []
        for name in sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")):
            session = Session.of(name)
            async with connected(api) as (server, provider):
                for number in range(turns):
                    if number:
                        session.edit_by_hand()
                    await session.any_turn(KINDS[number % len(KINDS)], provider, server)
                bodies = [record.raw_body for record in server.records]
            found = shares(bodies)
            afresh = sum(share < 0.5 for share in found)
            medians.append(statistics.median(found))
            print(
                f"  {api:<9} {name[:44]:<44} first {len(bodies[0]):>6} B  last {len(bodies[-1]):>6} B  "
                f"median {medians[-1]:.1%}  lowest {min(found):.1%}  afresh {afresh}"
            )
        print(f"  {api:<9} median of the notebooks' medians {statistics.median(medians):.1%}, least {min(medians):.1%}")


async def follow_up(changed: str, asked: str) -> tuple[int, int]:
    """Ask about one cell, change a line of another, ask about a third: the bytes of both turns over one WebSocket."""
    session = Session.of(LARGEST)
    async with connected("responses", websocket=True) as (server, provider):
        await session.turn("rewrite", provider, server, session.code[0], takes=True)
        cell = session.cells[changed]
        session.put(cell, f"{cell.source}\nprint('changed')")
        await session.turn("rewrite", provider, server, session.cells[asked], takes=False)
        (sent,) = (socket.message_bytes for socket in server.sockets if socket.message_bytes)
    first, second = sent
    return first, second


async def follow_ups(count: int) -> None:
    """Print what a follow-up sends beside the whole first turn, over ``count`` cells as the one that changed."""
    session = Session.of(LARGEST)
    names = [cell.cell_id for cell in session.code[1:]]
    pairs = [session.random.sample(names, 2) for _ in range(count)]
    sizes = [await follow_up(changed, asked) for changed, asked in pairs]
    ratios = [second / first for first, second in sizes]
    within = sum(ratio <= FOLLOW_UP_GOAL for ratio in ratios)
    print(
        f"a follow-up over a WebSocket, one cell of {len(session.cells)} changed, another to be rewritten: median "
        f"{statistics.median(ratios):.1%} of the first turn's {sizes[0][0]} bytes, most {max(ratios):.1%}, "
        f"at most {FOLLOW_UP_GOAL:.0%} in {within} of {count}"
    )


def main(turns: int = 20, count: int = 40) -> None:
    """Print both."""
    asyncio.run(sessions(turns))
    asyncio.run(follow_ups(count))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
