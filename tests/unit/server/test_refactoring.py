"""A page's refactors, with a provider that answers as told: planned, revised, written, joined again, stopped, kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jupyter_spark.journal import SafeJournal, keep_standing, open_journal, standing_refactors
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.server.page_refactors import PageRefactors
from jupyter_spark.server.refactoring import RunningRefactors
from jupyter_spark.server.spent import CompletionTally, spent_since
from jupyter_spark.settings import Settings
from jupyter_spark.wire import TurnRecord
from jupyter_spark.wire_page import PAGE_FRAME, CellsChanged, WireModel
from jupyter_spark.wire_refactor import AppliedCell, AppliedRefactor
from tests.unit.turns import FOREVER, USED, Replies, Started

WAIT_S = 30.0
CELLS = {"a": "df = [1, 2]", "b": "total = sum(df)", "c": "print(total)"}
PLAN = "```\nedit cell 0: add a third number\nedit cell 1: use max\n```"
FIRST, SECOND = "```python\ndf = [1, 2, 3]\n```", "```python\ntotal = max(df)\n```"


class Scene:
    """Refactors, and the pages that follow them."""

    def __init__(self, folder: Path, *replies: Any) -> None:
        self.provider = Replies(*replies)
        settings = Settings(profiles={"p": self.provider.profile}, spark="p", deep="p")
        path_of: Callable[[str], str] = lambda notebook: str(folder / notebook)  # noqa: E731
        self.records: list[TurnRecord] = []
        self.refactors = RunningRefactors(lambda: settings, lambda _: self.provider, path_of, self.records.append)
        self.mirror = NotebookMirror()
        self.kept: list[Any] = []

    def page(self) -> Page:
        return Page(self)

    def tell(self, **cells: str) -> None:
        full = [{"cell_id": cell_id, "source": text} for cell_id, text in cells.items()]
        order = list(cells) if len(cells) > 1 else None
        self.mirror.changed(CellsChanged.model_validate({"notebook": "n.ipynb", "cells": full, "order": order}))


class Page:
    def __init__(self, scene: Scene) -> None:
        self.scene, self.frames = scene, []  # type: Scene, list[Any]
        self.woken = asyncio.Event()
        self.refactors = PageRefactors("", scene.mirror, scene.refactors, scene.kept.append, self._tell, self.woken.set)

    def send(self, kind: str, **fields: Any) -> None:
        frame: Any = PAGE_FRAME.validate_python({"type": kind, "refactor_id": "r", **fields})
        self.refactors.take(frame)

    def ask(self, words: str) -> None:
        self.send("refactor_requested", notebook="n.ipynb", instruction=words)

    async def planned(self, words: str) -> Any:
        self.ask(words)
        return (await self.until("plan_ready"))["plan"]

    @property
    def events(self) -> list[Any]:
        self.frames += map(json.loads, self.refactors.collect())
        return [frame["event"] for frame in self.frames if isinstance(frame, dict) and "event" in frame]

    async def until(self, kind: str, count: int = 1) -> Any:
        async def look() -> Any:
            while len(found := [event for event in self.events if event["type"] == kind]) < count:
                await asyncio.sleep(0.002)
            return found[-1]

        return await asyncio.wait_for(look(), WAIT_S)

    def lines(self, step: str) -> str:
        self.events  # noqa: B018 - collects what has come
        short = (frame for frame in self.frames if isinstance(frame, list) and frame[2] == step)
        return ("" if not step else "\n").join(line for frame in short for line in frame[3])

    def told(self, kind: str) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, dict) and frame["type"] == kind]

    def _tell(self, frame: WireModel) -> None:
        self.frames.append(frame.model_dump(mode="json"))


def played(tmp_path: Path, play: Callable[[Scene], Awaitable[None]], *replies: Any) -> Scene:
    async def run() -> Scene:
        scene = Scene(tmp_path, *replies)
        try:
            await play(scene)
        finally:
            await scene.refactors.aclose()
        return scene

    return asyncio.run(run())


def test_from_words_to_a_proposal_that_every_page_sees(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.tell(**CELLS)
        page = scene.page()
        plan = await page.planned("another number, another total")
        assert [step["instruction"] for step in plan["steps"]] == ["add a third number", "use max"]
        assert page.lines("") == PLAN
        plan = {**plan, "steps": [plan["steps"][0], {**plan["steps"][1], "accepted": False}]}
        scene.tell(b="total = sum(df)  # mine")  # typed while the plan was looked at
        page.send("plan_accepted", plan=plan)
        proposal = (await page.until("refactor_finished"))["proposal"]
        assert [(c["cell_id"], c["new_source"]) for c in proposal["changes"]] == [("a", "df = [1, 2, 3]")]
        assert page.lines("1") == "df = [1, 2, 3]"
        assert scene.refactors.find("", "r").snapshot.cells[1].source == "total = sum(df)  # mine"

        again = scene.page()  # reloaded
        again.send("refactor_joined")
        assert (await again.until("refactor_finished"))["proposal"] == proposal
        assert again.events == page.events
        assert again.lines("1") == page.lines("1")
        assert scene.refactors.newest("", "n.ipynb").asked.refactor_id == "r"
        assert scene.refactors.newest("somebody else", "n.ipynb") is None

    played(tmp_path, play, PLAN, FIRST)


def test_a_part_of_a_proposal_is_checked_as_a_whole(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.tell(**CELLS)
        page = scene.page()
        plan = await page.planned("rename df to orders")
        page.send("plan_accepted", plan=plan)
        changes = (await page.until("refactor_finished"))["proposal"]["changes"]
        ids = [change["change_id"] for change in changes]
        page.send("choice_made", choice_id=1, accepted=ids)
        assert all(check["ok"] for check in (await page.until("choice_checked"))["checks"])
        page.send("choice_made", choice_id=2, accepted=ids, texts={ids[1]: CELLS["b"]})  # a hunk that is left out
        findings = [check for check in (await page.until("choice_checked", 2))["checks"] if not check["ok"]]
        assert {finding["name"] for finding in findings} >= {"names_renamed"}

    played(tmp_path, play)


def test_words_revise_the_plan(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.tell(**CELLS)
        page = scene.page()
        plan = await page.planned("another number")
        page.send("plan_revised", plan=plan, words="leave cell 1 alone")
        revised = (await page.until("plan_ready", 2))["plan"]
        assert [step["cell_id"] for step in revised["steps"]] == ["a"]
        plan_so_far, words = (message.content for message in scene.provider.requests[1].messages[-2:])
        assert "leave cell 1 alone" in words
        assert "edit cell 1: use max" in plan_so_far
        assert revised["instruction"] == "another number\nleave cell 1 alone"

    played(tmp_path, play, PLAN, "```\nedit cell 0: add a third number\n```")


def test_stopping_leaves_the_plan_and_closes_the_endpoint(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.tell(**CELLS)
        page = scene.page()
        plan = await page.planned("another number")
        page.send("plan_accepted", plan=plan)
        await page.until("work_begun", 2)
        while len(scene.provider.requests) < 2:
            await asyncio.sleep(0.002)
        page.send("plan_accepted", plan=plan)
        assert page.told("refused")[0]["message"] == "This refactor is under way."
        page.send("refactor_stopped")
        await page.until("refactor_cancelled")
        assert scene.provider.closed == 2
        scene.provider.replies += [FIRST]
        page.send("plan_accepted", plan=plan)
        assert len((await page.until("refactor_finished"))["proposal"]["changes"]) == 1
        page.send("refactor_dropped")
        page.send("refactor_joined")
        assert page.told("refactor_lost")

    played(tmp_path, play, "```\nedit cell 0: add a third number\n```", [Started("m"), FOREVER])


def test_a_refactor_waits_for_its_notebook(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        page = scene.page()
        page.ask("rename df to orders")
        page.ask("rename df to orders")  # the page came back and asks once more
        assert page.told("refactor_numbered") == []
        scene.tell(**CELLS)
        page.refactors.told("n.ipynb")
        assert (await page.until("plan_ready"))["plan"]["renames"] == [{"old": "df", "new": "orders"}]
        page.send("refactor_requested", notebook="n.ipynb", instruction=" ", **{"refactor_id": "other"})
        assert page.told("refused")[0]["message"] == "There are no words to go by."

    played(tmp_path, play)


def test_it_is_one_turn_of_the_history_and_of_the_days_sums(tmp_path: Path) -> None:
    """What was stopped was paid for, too."""

    async def play(scene: Scene) -> None:
        scene.tell(**CELLS)
        page = scene.page()
        plan = await page.planned("another number")
        page.send("plan_accepted", plan=plan)
        await page.until("step_done")
        while len(scene.provider.requests) < 3:
            await asyncio.sleep(0.002)
        page.send("refactor_stopped")
        await page.until("refactor_cancelled")
        scene.provider.replies += [FIRST, SECOND]
        page.send("plan_accepted", plan=plan)
        await page.until("refactor_finished")

    scene = played(tmp_path, play, PLAN, FIRST, [Started("m"), FOREVER])
    assert [record.status for record in scene.records] == ["finished", "cancelled", "finished"]
    journal = SafeJournal(lambda: open_journal(tmp_path / "journal.db"))
    for record in scene.records:
        journal.record_turn(record)
    (kept,) = journal.turns()
    assert (kept.turn_id, kept.kind, kept.instruction) == ("r", "refactor", "another number")
    assert "use max" in kept.text
    (spent,) = spent_since(0.0, journal, CompletionTally()).tiers
    assert (spent.turns, spent.output_tokens) == (1, 4 * USED.output_tokens)
    assert spent_since(kept.created_at_s + 1, journal, CompletionTally()).tiers == ()
    journal.close()


def test_what_the_user_made_of_it_is_there_for_the_page_that_comes_again(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.tell(**CELLS)
        page = scene.page()
        plan = await page.planned("another number")
        page.send("review_kept", plan=plan, changes=[{"change_id": "one", "refused": True}])
        page.send("review_kept", plan={**plan, "steps": []})
        one = scene.refactors.newest("", "n.ipynb")
        assert one is not None
        assert one.kept is not None
        assert (one.kept.changes, one.kept.plan.steps) == ((), ())
        page.send("refactor_dropped")
        page.send("review_kept", plan=plan)
        assert page.told("refactor_lost")

    played(tmp_path, play, PLAN)


def test_a_plan_that_is_known_is_not_asked_for(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.tell(**CELLS)
        page = scene.page()
        plan = await page.planned("another number")
        scene.tell(b="total = sum(df)  # typed since")
        page.send("refactor_requested", notebook="n.ipynb", instruction="i", plan=plan, **{"refactor_id": "known"})
        again = (await page.until("plan_ready", 2))["plan"]
        assert again["steps"] == plan["steps"]
        assert len(scene.provider.requests) == 1
        scene.tell(a="gone = 1", c="print(1)")
        gone = {**plan, "steps": [{**plan["steps"][0], "cell_id": "nowhere"}]}
        page.send("refactor_requested", notebook="n.ipynb", instruction="i", plan=gone, **{"refactor_id": "gone"})
        assert (await page.until("refactor_failed"))["code"] == "plan_stale"

    played(tmp_path, play, PLAN)


def test_what_stands_is_one_entry_that_grows_and_shrinks(tmp_path: Path) -> None:
    journal = SafeJournal(lambda: open_journal(tmp_path / "journal.db"))
    cells = tuple(
        AppliedCell(change_id=name, group=name, operation="edit", cell_id=name, before="old", after="new")
        for name in "ab"
    )

    def keep(refactor_id: str, *stand: AppliedCell) -> None:
        keep_standing(journal, refactor_id, "/n", AppliedRefactor(instruction="i", order=("a", "b"), cells=stand))

    def standing() -> list[tuple[str, int]]:
        return [(one.refactor_id, len(one.applied.cells)) for one in standing_refactors(journal, "/n")]

    keep("r", cells[0])
    keep("r", *cells)
    keep("other", cells[1])
    assert standing() == [("other", 1), ("r", 2)]
    assert len(journal.applied("/n")) == 2
    keep("r", cells[0])  # the other one could not be taken back
    assert standing() == [("other", 1), ("r", 1)]
    keep("r")
    assert standing() == [("other", 1)]
    keep("r", *cells)  # and taken once more
    assert standing() == [("r", 2), ("other", 1)]
    assert standing_refactors(journal, "/elsewhere") == ()
    journal.close()
