"""What a reader sees while the answer streams: on stderr, redrawn at most 20 times a second."""

from __future__ import annotations

import asyncio
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from jupyter_spark.cli.report import Report, console, printable
from jupyter_spark.diff import DiffLine, fold, line_diff
from jupyter_spark.wire import AnyTurnEvent, EditDelta, EditStarted, Notice, TextDelta, TurnStarted, TurnSteered

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

FRAME_S = 0.05
WAITING_S = 0.5  # while nothing arrives only the clock moves
DRAWING_SHARE = 0.2  # of the time: a huge cell is redrawn less often rather than slowing its own stream
_MARKS = {"same": "  ", "old": "- ", "new": "+ ", "waiting": "  "}
_STYLES = {"same": "", "old": "red", "new": "green", "waiting": "dim"}


class View:
    """Reads a turn's events; a context that is left when the turn has ended, however it ended."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.notices: list[str] = []
        self.profile = ""  # who answers: another one, if a substitute took over
        self._wants_code = False
        self._words: list[str] = []

    @property
    def words(self) -> str:
        """What stood beside the code of the last answer, or came in its place."""
        return "".join(self._words).strip()

    def __enter__(self) -> View:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, event: AnyTurnEvent) -> None:
        """Take the next event."""
        if isinstance(event, TurnStarted):
            self.profile = event.profile
            self._wants_code = event.kind not in ("ask", "explain")
        elif isinstance(event, Notice):
            self.notices.append(event.message)
            self._tell(event.message)
        elif isinstance(event, EditStarted | TurnSteered):
            self._words = []
        elif isinstance(event, TextDelta) and not self._wants_code:
            self._report.stream(event.text)
        elif isinstance(event, TextDelta):
            self._words.append(event.text)

    def _tell(self, message: str) -> None:
        self._report.note(f"note: {message}", style="yellow")


class QuietView(View):
    """Where nothing can be redrawn: the answer's words as they arrive, and notices."""


class LiveView(View):
    """A diff that grows as lines arrive, and goes when the turn has ended; for words, only a sign of waiting."""

    def __init__(self, report: Report, title: str) -> None:
        from rich.live import Live

        super().__init__(report)
        self._title, self._model = title, ""
        self._console = console(sys.stderr)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._begun_s = time.monotonic()
        self._old: list[str] = []
        self._new: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._drawn_s = 0.0
        self._cost_s = 0.0

    def __enter__(self) -> View:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def show(self, event: AnyTurnEvent) -> None:
        """Take the next event."""
        if isinstance(event, TextDelta) and not self._wants_code:
            self._stop()
        super().show(event)
        if isinstance(event, TurnStarted):
            self._model = event.model
            self._draw_in(0.0)
        elif isinstance(event, EditStarted):
            self._old, self._new = event.old_source.replace("\r\n", "\n").split("\n"), []
            self._draw_in(0.0)
        elif isinstance(event, EditDelta):
            self._new += event.lines
            self._draw_in(0.0)

    def _tell(self, message: str) -> None:
        if self._live.is_started:
            self._live.console.print(f"note: {printable(message)}", style="yellow")
        else:
            super()._tell(message)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._live.stop()

    def _draw_in(self, delay_s: float) -> None:
        """Draw as soon as the last frame is old enough; what arrives until then is in the same frame."""
        if not self._live.is_started:
            return
        pause_s = max(FRAME_S, self._cost_s / DRAWING_SHARE)
        when_s = max(time.monotonic() + delay_s, self._drawn_s + pause_s)
        loop = asyncio.get_running_loop()
        due_s = loop.time() + when_s - time.monotonic()
        if self._timer is not None:
            if self._timer.when() <= due_s:
                return
            self._timer.cancel()
        self._timer = loop.call_at(due_s, self._draw)

    def _draw(self) -> None:
        self._timer = None
        begun_s = time.monotonic()
        self._live.update(self._frame(), refresh=True)
        self._drawn_s = time.monotonic()
        self._cost_s = self._drawn_s - begun_s
        self._draw_in(WAITING_S)

    def _frame(self) -> RenderableType:
        from rich.console import Group

        elapsed_s = time.monotonic() - self._begun_s
        state = f"{len(self._new)} lines" if self._new else "waiting"
        head = _row(f"{self._title} · {state} · {elapsed_s:.0f} s · {self._model}", "bold")
        if not self._new:
            return head
        return Group(head, *_window(self._old, self._new, max(1, self._console.size.height - 3)))


def _window(old: list[str], new: list[str], height: int) -> list[Text]:
    """The part of the diff around the newest line that fits on the screen."""
    entries = fold(line_diff(old, new, complete=False))
    newest = max((i for i, e in enumerate(entries) if isinstance(e, DiffLine) and e.tag == "new"), default=0)
    end = min(len(entries), max(newest + 3, height))
    rows = []
    for entry in entries[max(0, end - height) : end]:
        if isinstance(entry, int):
            rows.append(_row(f"  ⋯ {entry} lines", "dim"))
        else:
            rows.append(_row(_MARKS[entry.tag] + entry.text, _STYLES[entry.tag]))
    return rows


def _row(text: str, style: str) -> Text:
    """One line of the screen, cut to its width: a wrapped one would break the redrawing."""
    from rich.text import Text

    return Text(printable(text).expandtabs(4), style=style, no_wrap=True, overflow="ellipsis")
