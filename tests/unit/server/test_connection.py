"""A page's frames that come in another order than usual: a question before the cells it is about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.providers import Steering
from jupyter_spark.server.connection import PageConnection
from jupyter_spark.turn_log import TurnLog
from jupyter_spark.wire_page import text_mark

WAIT_S = 20.0


class Scene:
    """A connection whose turns are noted, not run."""

    def __init__(self, patience_s: float) -> None:
        self.frames: list[Any] = []
        self.sources: dict[str, list[str]] = {}
        self.judged: list[Any] = []
        self.turns: dict[str, Any] = {}
        turns: Any = SimpleNamespace(find=lambda _user, turn_id: self.turns.get(turn_id))
        start: Any = self._start

        def completions(_tell: Any) -> Any:
            return SimpleNamespace(close=lambda: None)

        def refactors(_tell: Any, _wake: Any) -> Any:
            return SimpleNamespace(close=lambda: None, collect=list, told=lambda _notebook: None)

        self.connection = PageConnection(
            *("", NotebookMirror(), turns, start, self.judged.append, self._send, completions, refactors),
            patience_s=patience_s,
        )

    def send(self, frame_type: str, **fields: Any) -> None:
        self.connection.receive(json.dumps({"type": frame_type, **fields}))

    def ask(self, turn_id: str) -> None:
        self.send("turn_requested", turn_id=turn_id, notebook="n", conversation_id="c", kind="ask", instruction="why?")

    def list(self, **cells: str) -> None:
        listed = [{"cell_id": cell_id, "mark": text_mark(text)} for cell_id, text in cells.items()]
        self.send("cells_listed", notebook="n", cells=listed)

    def tell(self, order: list[str] | None = None, **cells: str) -> None:
        full = [{"cell_id": cell_id, "source": text} for cell_id, text in cells.items()]
        self.send("cells_changed", notebook="n", cells=full, order=order)

    async def until(self, frame_type: str) -> Any:
        async def look() -> Any:
            while not (found := [frame for frame in self.frames if frame["type"] == frame_type]):
                await asyncio.sleep(0.001)
            return found[0]

        return await asyncio.wait_for(look(), WAIT_S)

    def _start(self, _user: str, frame: Any, mirror: NotebookMirror) -> Any:
        self.sources[frame.turn_id] = [cell.source for cell in mirror.snapshot(frame.notebook, None).cells]
        turn = SimpleNamespace(request=frame, log=TurnLog(frame.turn_id), steering=Steering())
        self.turns[frame.turn_id] = turn
        return [turn]

    async def _send(self, message: str) -> None:
        self.frames += json.loads(message)


def played(play: Callable[[Scene], Awaitable[None]], patience_s: float = WAIT_S) -> Scene:
    async def run() -> Scene:
        scene = Scene(patience_s)
        sending = asyncio.create_task(scene.connection.run())
        try:
            await play(scene)
        finally:
            scene.connection.close()
            sending.cancel()
        return scene

    return asyncio.run(run())


def test_a_question_waits_for_the_list_and_for_all_cells() -> None:
    async def play(scene: Scene) -> None:
        scene.ask("t")
        scene.list(a="x = 1", b="y = 2")
        assert set((await scene.until("cells_wanted"))["cell_ids"]) == {"a", "b"}
        scene.tell(a="x = 1")
        assert scene.sources == {}
        scene.tell(b="y = 2")
        assert (await scene.until("turn_numbered"))["turn_id"] == "t"

    assert played(play).sources == {"t": ["x = 1", "y = 2"]}


def test_after_a_restart_an_empty_notebook_is_not_taken_for_the_whole() -> None:
    """The page lists again and asks again, in one go: the cells come after the question."""

    async def play(scene: Scene) -> None:
        scene.list(a="x = 1")
        scene.ask("t")
        assert scene.sources == {}
        scene.tell(a="x = 2")  # typed meanwhile
        await scene.until("turn_numbered")
        scene.ask("at once")

    assert played(play).sources == {"t": ["x = 2"], "at once": ["x = 2"]}


def test_a_cell_that_went_away_is_not_waited_for() -> None:
    async def play(scene: Scene) -> None:
        scene.list(a="x = 1", b="y = 2")
        scene.ask("t")
        scene.tell(order=["a"], a="x = 1")
        await scene.until("turn_numbered")

    assert played(play).sources == {"t": ["x = 1"]}


def test_what_is_said_while_a_question_waits_is_heard() -> None:
    async def play(scene: Scene) -> None:
        scene.ask("t")
        scene.ask("t")  # the page came back and asks once more
        scene.send("words_said", turn_id="t", words="in one word")
        scene.list()
        await scene.until("turn_numbered")

    scene = played(play)
    assert list(scene.sources) == ["t"]
    assert scene.turns["t"].steering.take() == "in one word"


def test_a_question_that_waits_can_be_stopped() -> None:
    async def play(scene: Scene) -> None:
        scene.ask("t")
        scene.send("turn_stopped", turn_id="t")
        assert (await scene.until("refused"))["turn_id"] == "t"
        scene.list()
        await scene.until("cells_wanted")

    assert played(play).sources == {}


def test_it_waits_no_longer_than_a_moment() -> None:
    async def play(scene: Scene) -> None:
        scene.ask("t")
        refused = await scene.until("refused")
        assert (refused["turn_id"], refused["message"]) == ("t", "The server does not know this notebook yet.")

    assert played(play, patience_s=0.01).sources == {}
