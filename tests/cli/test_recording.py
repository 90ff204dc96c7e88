"""A turn is written beside its events, whatever becomes of reader, turn or journal."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from jupyter_spark.errors import JournalError
from jupyter_spark.journal import Journal, open_journal
from jupyter_spark.providers import open_provider
from jupyter_spark.recording import recorded
from jupyter_spark.settings import Profile
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import (
    AnyTurnEvent,
    CellSnapshot,
    Proposal,
    TextDelta,
    TurnRecord,
    TurnRequest,
    TurnStarted,
)

REWRITE = TurnRequest(
    turn_id="t1",
    kind="rewrite",
    instruction="simplify {x}",
    target=CellSnapshot(cell_id="c", source="x = 1"),
    notebook_path="/home/nb.ipynb",
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(tmp_path / "journal.db")


def scripted(folder: Path, answer: str) -> Profile:
    import json

    script = folder / "s.jsonl"
    script.write_text(json.dumps({"answer": answer}))
    return Profile(name="demo", api="scripted", script=str(script))


def run_all(request: TurnRequest, profile: Profile, journal: object) -> list[AnyTurnEvent]:
    async def read() -> list[AnyTurnEvent]:
        events = recorded(run_turn(request, open_provider(profile)), request, journal)  # type: ignore[arg-type]
        async with aclosing(events):
            return [event async for event in events]

    return asyncio.run(read())


def test_a_finished_turn_is_kept_with_its_proposal(tmp_path: Path, journal: Journal) -> None:
    events = run_all(REWRITE, scripted(tmp_path, "Why.\n```python\nx = 2\n```"), journal)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    turn = journal.turn("t1")
    assert turn is not None
    assert (turn.status, turn.profile, turn.model, turn.text) == ("finished", "demo", "s.jsonl", "Why.")
    assert (turn.instruction, turn.notebook_path) == ("simplify {x}", "/home/nb.ipynb")
    assert turn.figures["usage"]["output_tokens"] > 0
    proposal = journal.proposal("t1")
    assert proposal is not None
    assert proposal.edit.new_source == "x = 2"


def test_a_failed_turn_is_kept_with_its_error(tmp_path: Path, journal: Journal) -> None:
    events = run_all(REWRITE, Profile(name="demo", api="scripted"), journal)
    assert events[-1].type == "turn_failed"
    turn = journal.turn("t1")
    assert turn is not None
    assert turn.status == "failed"
    assert "has no script" in turn.error


def started() -> TurnStarted:
    return TurnStarted(turn_id="t1", seq=1, kind="rewrite", tier="spark", profile="demo", model="m")


async def endless() -> AsyncGenerator[AnyTurnEvent, None]:
    yield started()
    for seq in range(2, 10**9):
        yield TextDelta(turn_id="t1", seq=seq, text="word")
        await asyncio.sleep(0)


def status_of(journal: Journal) -> str:
    turn = journal.turn("t1")
    assert turn is not None
    return turn.status


def test_a_reader_who_walks_away_cancels_the_turn(journal: Journal) -> None:
    upstream = endless()

    async def read_two() -> None:
        async with aclosing(recorded(upstream, REWRITE, journal)) as events:
            await anext(events)
            await anext(events)
        with pytest.raises(StopAsyncIteration):  # closed with it
            await anext(upstream)

    asyncio.run(read_two())
    assert status_of(journal) == "cancelled"


def test_a_reader_that_is_cancelled_cancels_the_turn(journal: Journal) -> None:
    async def read() -> None:
        task = asyncio.current_task()
        assert task is not None
        async with aclosing(recorded(endless(), REWRITE, journal)) as events:
            async for event in events:
                if event.seq == 5:
                    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(read())
    assert status_of(journal) == "cancelled"


def test_a_turn_that_breaks_is_failed(journal: Journal) -> None:
    async def broken() -> AsyncGenerator[AnyTurnEvent, None]:
        yield started()
        raise ZeroDivisionError

    async def read() -> None:
        async for _ in recorded(broken(), REWRITE, journal):
            pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(read())
    assert status_of(journal) == "failed"


class StuckJournal:
    """Takes no write until it is let go."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.turns: list[TurnRecord] = []

    def record_turn(self, turn: TurnRecord) -> None:
        assert self.free.wait(30)
        self.turns.append(turn)

    def record_proposal(self, proposal: Proposal) -> None:
        raise JournalError("no proposals here")


def test_events_do_not_wait_for_the_journal(tmp_path: Path) -> None:
    journal = StuckJournal()
    profile = scripted(tmp_path, "```python\nx = 2\n```")

    async def read() -> list[str]:
        types = []
        async for event in recorded(run_turn(REWRITE, open_provider(profile)), REWRITE, journal):
            types.append(event.type)
            if event.type == "turn_finished":  # all of them came while nothing could be written
                assert journal.turns == []
                journal.free.set()
        return types

    assert asyncio.run(read())[-1] == "turn_finished"
    assert [turn.status for turn in journal.turns] == ["running", "finished"]


class BrokenJournal:
    """Fails at everything."""

    def record_turn(self, turn: TurnRecord) -> None:
        raise JournalError("broken")

    def record_proposal(self, proposal: Proposal) -> None:
        raise OSError("broken")


def test_a_broken_journal_is_not_the_turns_trouble(tmp_path: Path) -> None:
    events = run_all(REWRITE, scripted(tmp_path, "```python\nx = 2\n```"), BrokenJournal())
    assert events[-1].type == "turn_finished"
