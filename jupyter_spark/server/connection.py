"""One page's connection: what it asks for, and what it is told, a batch at a time.

Free of the web server, so that it can be tested without one; ``socket.py`` joins the two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from jupyter_spark.errors import SparkError, UsageError
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.server.completing import PageCompletions, Tell
from jupyter_spark.server.held import PATIENCE_S, HeldQuestions
from jupyter_spark.server.page_refactors import PageRefactors
from jupyter_spark.server.running import RunningTurn, RunningTurns
from jupyter_spark.wire import WireModel
from jupyter_spark.wire_page import (
    PAGE_FRAME,
    PAGE_VERSION,
    CellsChanged,
    CellsListed,
    CellsWanted,
    CompletionRequested,
    CompletionStopped,
    EditJudged,
    Hello,
    PageFrame,
    Refused,
    TurnJoined,
    TurnLost,
    TurnNumbered,
    TurnRequested,
    TurnStopped,
    Welcome,
    WordsSaid,
)

BATCH_S = 0.016  # one frame of the screen: more messages than that only cost
Send = Callable[[str], Awaitable[None]]


class Starter(Protocol):
    """Starts the turn that a page asked for, with the other tries at it."""

    def __call__(self, user: str, frame: TurnRequested, mirror: NotebookMirror) -> Sequence[RunningTurn]:
        """Start it, and the other tries; raises ``SparkError`` if it cannot be asked."""
        ...


@dataclass
class _Followed:
    """A turn that this page follows, under a number, up to a position of its log."""

    turn: RunningTurn
    number: int
    position: int


class PageConnection:
    """Takes a page's frames and sends what its turns bring.

    Parameters
    ----------
    user : str
        Whose page it is; it sees no turn of anybody else's.
    mirror : NotebookMirror
        The notebooks of this user's pages.
    turns : RunningTurns
        Where turns are found.
    start : Starter
        Starts a turn.
    judge : callable
        Keeps what the user did with an edit.
    send : callable
        Sends one message; awaits until the page's connection took it, which is what holds a fast turn back from a slow
        page.
    patience_s : float
        How long a question waits for the cells it is about, in seconds.
    completions : callable
        Makes what completes at this page's caret.
    refactors : callable
        Makes what follows this page's refactors.
    """

    def __init__(
        self,
        user: str,
        mirror: NotebookMirror,
        turns: RunningTurns,
        start: Starter,
        judge: Callable[[EditJudged], object],
        send: Send,
        completions: Callable[[Tell], PageCompletions],
        refactors: Callable[[Tell, Callable[[], None]], PageRefactors],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._user, self._mirror, self._turns = user, mirror, turns
        self._start, self._judge, self._send = start, judge, send
        self._followed: dict[str, _Followed] = {}
        self._numbers = 0
        self._said: list[str] = []
        self._woken = asyncio.Event()
        self._held: HeldQuestions[TurnRequested] = HeldQuestions(mirror.is_whole, self._begin, patience_s)
        self._completions = completions(self.tell)
        self._refactors = refactors(self.tell, self._woken.set)

    async def run(self) -> None:
        """Send what comes, until this task is cancelled: at once after a pause, then a batch at a time."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            frames = self._collect()
            if not frames:
                continue
            sent_at_s = time.monotonic()
            await self._send(f"[{','.join(frames)}]")
            # Only what streams is held together: the first words must not wait for the news right before them.
            if any(frame.startswith("[") for frame in frames):
                await asyncio.sleep(max(0.0, BATCH_S - (time.monotonic() - sent_at_s)))

    def tell(self, frame: WireModel) -> None:
        """Send one frame with the next batch."""
        self._said.append(frame.model_dump_json())
        self._woken.set()

    def receive(self, message: str | bytes) -> None:
        """Take a page's frame; what cannot be taken is answered with ``refused``."""
        try:
            frame = PAGE_FRAME.validate_json(message)
        except ValidationError:
            self.tell(_refused(None, UsageError("The page and the server do not understand each other.", "Reload.")))
            return
        try:
            self._take(frame)
        except SparkError as error:
            self.tell(_refused(getattr(frame, "turn_id", None), error))

    def close(self) -> None:
        """Leave every turn; they run on. A completion does not: nobody would see it."""
        self._held.close()
        self._completions.close()
        self._refactors.close()
        for followed in self._followed.values():
            followed.turn.log.leave(self._woken.set)
        self._followed.clear()

    def _take(self, frame: PageFrame) -> None:
        if isinstance(frame, Hello):
            self.tell(Welcome(version=PAGE_VERSION))
        elif isinstance(frame, CellsListed):
            self.tell(CellsWanted(notebook=frame.notebook, cell_ids=self._mirror.listed(frame)))
            self._told(frame.notebook)
        elif isinstance(frame, CellsChanged):
            self._mirror.changed(frame)
            self._told(frame.notebook)
        elif isinstance(frame, TurnRequested):
            self._ask(frame)
        elif isinstance(frame, TurnJoined):
            self._join(frame)
        elif isinstance(frame, EditJudged):
            self._judge(frame)
        elif isinstance(frame, CompletionRequested):
            self._completions.ask(frame, self._mirror)
        elif isinstance(frame, CompletionStopped):
            self._completions.stop(frame.completion_id)
        elif not isinstance(frame, WordsSaid | TurnStopped):
            self._refactors.take(frame)
        elif frame.turn_id in self._held:
            self._change_held(frame)
        elif turn := self._turns.find(self._user, frame.turn_id):
            self._change(turn, frame)

    def _told(self, notebook: str) -> None:
        """Ask what waited for a notebook's cells."""
        self._held.told(notebook)
        self._refactors.told(notebook)

    def _ask(self, frame: TurnRequested) -> None:
        # A page that lost its connection at this moment asks once more.
        if begun := self._turns.find(self._user, frame.turn_id):
            others = (self._turns.find(self._user, turn_id) for turn_id in frame.others)
            for turn in (begun, *others):
                if turn is not None:
                    self._follow(turn, 0)
        elif self._mirror.is_whole(frame.notebook):
            self._begin(frame, [])
        else:
            self._held.hold(frame.turn_id, frame)

    def _begin(self, frame: TurnRequested, words: list[str]) -> None:
        """Start a turn; ``words`` were said while it waited for its notebook."""
        try:
            turns = self._start(self._user, frame, self._mirror)
        except SparkError as error:
            self._refuse(frame, error)
            return
        for turn in turns:
            self._follow(turn, 0)
            for said in words:
                turn.steering.say(said)

    def _refuse(self, frame: TurnRequested, error: SparkError) -> None:
        for turn_id in (frame.turn_id, *frame.others):
            self.tell(_refused(turn_id, error))

    def _change_held(self, frame: WordsSaid | TurnStopped) -> None:
        if isinstance(frame, WordsSaid):
            self._held.say(frame.turn_id, frame.words)
        else:
            dropped = self._held.drop(frame.turn_id)
            self._refuse(dropped, UsageError("Stopped before it was asked.", "Ask again."))

    def _change(self, turn: RunningTurn, frame: WordsSaid | TurnStopped) -> None:
        if isinstance(frame, WordsSaid):
            turn.steering.say(frame.words)
        else:
            self._turns.stop(turn)

    def _join(self, frame: TurnJoined) -> None:
        turn = self._turns.find(self._user, frame.turn_id)
        if turn is None:
            self.tell(TurnLost(turn_id=frame.turn_id))
        else:
            self._follow(turn, frame.position)

    def _follow(self, turn: RunningTurn, position: int) -> None:
        self._numbers += 1
        turn_id = turn.request.turn_id
        self._followed[turn_id] = _Followed(turn, self._numbers, min(max(position, 0), turn.log.position))
        turn.log.follow(self._woken.set)
        self.tell(TurnNumbered(turn_id=turn_id, number=self._numbers))

    def _collect(self) -> list[str]:
        out, self._said = self._said, []
        for turn_id, followed in list(self._followed.items()):
            frames, followed.position = followed.turn.log.frames(followed.number, followed.position)
            out += frames
            if followed.turn.log.ended:
                followed.turn.log.leave(self._woken.set)
                with suppress(KeyError):
                    del self._followed[turn_id]
        return out + self._refactors.collect()


def _refused(turn_id: str | None, error: SparkError) -> Refused:
    return Refused(turn_id=turn_id, code=error.code, message=error.message, hint=error.hint)
