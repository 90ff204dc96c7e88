"""The pages that show this kernel's notebooks: their text before a run, and the edits that stand in their cells.

Imported when the first page comes. Main shell and subshells call it at the same time, so that everything happens under
one lock; a message is sent under it, too, or two threads would send a turn's log out of order.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from jupyter_spark.journal import judge_edit, notebook_scope
from jupyter_spark.kernel.comms import hear_at_once
from jupyter_spark.kernel.incell import InCell
from jupyter_spark.kernel.readers import Reader, keep_newest, opened_page, send_frames
from jupyter_spark.kernel.reviewing import ReviewCall
from jupyter_spark.kernel.snapshot import push_live, without_our_line
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.wire_magic import (
    CellTurn,
    KernelReady,
    ReviewAnswered,
    RunAnnounced,
    TurnSettled,
    TurnShown,
    TurnWithdrawn,
)
from jupyter_spark.wire_page import (
    MAGIC_FRAMES,
    CellsChanged,
    EditJudged,
    MagicFrame,
    TurnStopped,
    WordsSaid,
)

if TYPE_CHECKING:
    from jupyter_spark.kernel.magics import SparkMagics

KEPT_PAGES = 8
KEPT_TURNS = 32


class Pages:
    """What the pages told, and who of them shows what."""

    def __init__(self, magics: SparkMagics) -> None:
        self._magics = magics
        self._lock = threading.RLock()
        self._mirror = NotebookMirror()
        self._notebooks: OrderedDict[str, Any] = OrderedDict()
        self._readers: OrderedDict[str, Reader] = OrderedDict()
        self._announced: dict[str, tuple[str, RunAnnounced]] = {}
        self._turns: OrderedDict[str, InCell] = OrderedDict()
        self._numbers: dict[str, int] = {}
        self._counter = count(1)
        self._live = ""
        self._call: ReviewCall | None = None

    # --- the comms ---

    def open_notebook(self, comm: Any, message: dict[str, Any]) -> None:
        """Take in a page that tells its notebook."""
        if (page := opened_page(comm, message)) is not None:
            comm.on_msg(lambda message: self._hear(page, message))
            comm.on_close(lambda _message: self._left(page))
            with self._lock:
                keep_newest(self._notebooks, page, comm, KEPT_PAGES)
                send_frames(comm, [KernelReady().model_dump_json()])

    def open_turns(self, comm: Any, message: dict[str, Any]) -> None:
        """Take in a page that follows turns, and tell it what stands to be judged."""
        if (page := opened_page(comm, message)) is not None:
            hear_at_once(comm)
            comm.on_msg(lambda message: self._hear(page, message))
            comm.on_close(lambda _message: self._readers.pop(page, None))
            with self._lock:
                reader = Reader(comm)
                keep_newest(self._readers, page, reader, KEPT_PAGES)
                for turn in self._turns.values():
                    if turn.is_open:
                        self._send_turn(reader, turn)
                self._pass_on()

    def close(self) -> None:
        """Let go of the pages."""
        with self._lock:
            comms = [*self._notebooks.values(), *(reader.comm for reader in self._readers.values())]
            self._notebooks.clear()
            self._readers.clear()
            push_live(None)
        for comm in comms:
            with suppress(Exception):  # the kernel may be going away
                comm.close()

    # --- what a running cell asks ---

    def announced(self, cell_id: str) -> RunAnnounced | None:
        """Return what the page said of this run of a cell."""
        with self._lock:
            return self._announced[cell_id][1] if cell_id in self._announced else None

    def has_run(self, cell_id: str) -> None:
        """Forget that a run was announced: the next one may come from elsewhere."""
        with self._lock:
            self._announced.pop(cell_id, None)

    def page_of(self, cell_id: str) -> str:
        """Return the page that announced the run of a cell."""
        with self._lock:
            return self._announced[cell_id][0]

    # --- refactors ---

    def ask(self, call: ReviewCall) -> ReviewAnswered | None:
        """Ask a page for a refactor, and wait for its answer; None if the page has gone and never heard of it."""
        with self._lock:
            self._call = call
            self._pass_on()
        try:
            if not call.is_heard():
                with self._lock:  # from here on it is not sent any more
                    self._call = None
                    if not call.was_sent.is_set():
                        return None
                    self._call = call
            return call.wait()
        finally:
            with self._lock:
                self._call = None

    def _pass_on(self) -> None:
        """Send what a cell asks for to its page, once that follows turns."""
        call = self._call
        reader = self._readers.get(call.page) if call is not None else None
        if call is not None and reader is not None and not call.was_sent.is_set():
            send_frames(reader.comm, [call.frame.model_dump_json()])
            call.was_sent.set()

    # --- turns in cells ---

    def begin(self, turn: InCell) -> None:
        """Show a turn in its cell."""
        with self._lock:
            self._drop(turn.cell_id)
            self._turns[turn.cell_id] = turn
            self._numbers[turn.request.turn_id] = next(self._counter)
            while len(self._turns) > KEPT_TURNS:
                self._drop(next(iter(self._turns)))
            if (reader := self._readers.get(turn.page)) is not None:
                self._send_turn(reader, turn)

    def tell(self, turn: InCell) -> int:
        """Send those who follow a turn what is new; return the size of that."""
        with self._lock:
            return sum(self._send_news(reader, turn) for reader in self._readers.values())

    def is_followed(self, turn: InCell) -> bool:
        """Whether a page shows what there is of a turn."""
        with self._lock:
            return any(turn.request.turn_id in reader.positions for reader in self._readers.values())

    def withdraw(self, turn: InCell, *, but: Reader | None = None) -> None:
        """Tell the pages that an edit is not to be judged any more. One that opens later may still take it up."""
        with self._lock:
            for reader in self._readers.values():
                if reader is not but and reader.positions.pop(turn.request.turn_id, None) is not None:
                    send_frames(reader.comm, [TurnWithdrawn(turn_id=turn.request.turn_id).model_dump_json()])

    def forget(self, turn: InCell) -> None:
        """Leave a turn as it is shown; a page that opens later is not told of it."""
        with self._lock:
            turn.is_open = False

    def _drop(self, cell_id: str) -> None:
        turn = self._turns.pop(cell_id, None)
        if turn is not None:
            self._numbers.pop(turn.request.turn_id, None)
            self.withdraw(turn)

    def _send_turn(self, reader: Reader, turn: InCell) -> None:
        """Tell a page of a turn from its beginning on."""
        request = turn.request
        reader.positions[request.turn_id] = 0
        told = CellTurn(
            turn_id=request.turn_id,
            number=self._numbers[request.turn_id],
            cell_id=turn.cell_id,
            base=turn.base,
            instruction=request.instruction,
            tier=request.tier,
        )
        send_frames(reader.comm, [told.model_dump_json(), *self._news(reader, turn)])

    def _send_news(self, reader: Reader, turn: InCell) -> int:
        frames = self._news(reader, turn)
        return send_frames(reader.comm, frames) if frames else 0

    def _news(self, reader: Reader, turn: InCell) -> list[str]:
        turn_id = turn.request.turn_id
        if turn_id not in reader.positions:
            return []
        frames, reader.positions[turn_id] = turn.log.frames(self._numbers[turn_id], reader.positions[turn_id])
        return frames

    # --- what pages say ---

    def _hear(self, page: str, message: dict[str, Any]) -> None:
        with suppress(ValidationError):  # not from a page of ours
            for frame in MAGIC_FRAMES.validate_json(message["content"]["data"].get("frames", "[]")):
                self._take(page, frame)

    def _take(self, page: str, frame: MagicFrame) -> None:
        if isinstance(frame, CellsChanged):
            with self._lock:
                self._mirror.changed(frame.model_copy(update={"notebook": page}))
        elif isinstance(frame, RunAnnounced):
            with self._lock:
                self._announced[frame.cell_id] = page, frame
                self._live = page
                told = self._mirror.snapshot(page, None)
            push_live(told.model_copy(update={"taken_at_s": time.time()}))  # so it stands now, whenever it was typed
        elif isinstance(frame, EditJudged):
            self._judge(frame)
        elif isinstance(frame, ReviewAnswered):
            if (call := self._call) is not None and call.frame.request_id == frame.request_id:
                call.answer(frame)
        elif (turn := self._turn(frame.turn_id)) is not None:
            self._change(page, turn, frame)

    def _change(self, page: str, turn: InCell, frame: TurnShown | TurnSettled | WordsSaid | TurnStopped) -> None:
        reader = self._readers.get(page)
        follows = reader is not None and frame.turn_id in reader.positions
        if isinstance(frame, TurnShown):
            if follows and turn.is_elsewhere and frame.shown:
                self._forget_applied(turn)
                turn.taken_over()
            elif follows and (frame.shown or page == turn.page):
                turn.answer(frame.shown)
        elif isinstance(frame, TurnSettled):
            self.forget(turn)
            self.withdraw(turn, but=reader)
        elif isinstance(frame, WordsSaid):
            turn.say(frame.words)
        else:
            turn.cancel()

    def _judge(self, frame: EditJudged) -> None:
        """Keep what the user did with an edit; our own line is no part of the code."""
        if (turn := self._turn(frame.turn_id)) is not None:
            turn.judged(frame)
        session = self._magics.commands.session
        kept = session.journal.turn(frame.turn_id)
        # The notebook may have been renamed since: the turn is filed where it is now.
        scope = notebook_scope(kept.notebook_path) if kept and kept.notebook_path else session.scope
        before, after = without_our_line(frame.before), without_our_line(frame.after)
        if before != after or frame.outcome == "refused":
            judge_edit(
                session.journal,
                frame.turn_id,
                scope,
                frame.cell_id,
                frame.operation,
                frame.outcome,
                before,
                after,
            )

    def _forget_applied(self, turn: InCell) -> None:
        """The edit was given to a front end that had gone: it was never in the notebook."""
        journal = self._magics.commands.session.journal
        for edit in journal.applied_by(turn.request.turn_id):
            journal.forget(edit.edit_id)

    def _turn(self, turn_id: str) -> InCell | None:
        with self._lock:
            return next((turn for turn in self._turns.values() if turn.request.turn_id == turn_id), None)

    def _left(self, page: str) -> None:
        """A page was closed, or shows another kernel now."""
        with self._lock:
            self._notebooks.pop(page, None)
            if self._live == page:
                push_live(None)
