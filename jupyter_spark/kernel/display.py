"""Shows a turn while it runs: at most about 20 frames a second, the last one always.

IOPub drops what comes too fast (1,000 messages or 1 MB a second by Jupyter's defaults), the last message included. So
events are gathered into frames, a frame costs the same however long the answer is, and a large one buys itself time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from jupyter_spark.kernel.ansi import change_text, closing_text, turn_text
from jupyter_spark.kernel.card import Card
from jupyter_spark.kernel.html import STYLE, foot_html, turn_html
from jupyter_spark.kernel.live import LiveOutput
from jupyter_spark.kernel.loop import Reading
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.wire import TurnCancelled, TurnFailed, TurnFinished

FRAMES_PER_S = 20.0
CHARS_PER_S = 200_000
Terminal: TypeAlias = TurnFinished | TurnFailed | TurnCancelled


class Surface(Protocol):
    """Where a turn is shown."""

    def show(self) -> None:
        """Begin."""

    def draw(self) -> int:
        """Show the state of now; return the size of what was sent."""
        ...

    def finish(self) -> None:
        """Show the end."""


class Viewed(Protocol):
    """What takes in a turn's events, or those of several turns."""

    def take(self, event: Any) -> None:
        """Take in one event."""


class WordsOutput:
    """An answer in words: Markdown that grows, and the closing line below it."""

    def __init__(self, view: TurnView, on_stop: Callable[[], None] | None = None) -> None:
        self._view, self._on_stop = view, on_stop
        self._body: Any = None
        self._foot: Any = None
        self._button: Any = None

    def show(self) -> None:
        """Put the answer's place and its closing line on the page."""
        from IPython.display import DisplayHandle

        self._body, self._foot = DisplayHandle(), DisplayHandle()
        self._body.display(self._markdown(), raw=True)
        self._foot.display(self._status(), raw=True)

    def draw(self) -> int:
        """Show the words that have arrived."""
        bundle = self._markdown()
        self._body.update(bundle, raw=True)
        return 2 * len(bundle["text/plain"])

    def finish(self) -> None:
        """Show all words and the closing line."""
        self.draw()
        button, self._button, self._on_stop = self._button, None, None
        self._foot.update(self._status(), raw=True)
        if button is not None:
            button.close()

    def _markdown(self) -> dict[str, str]:
        return {"text/markdown": self._view.text, "text/plain": self._view.text}

    def _status(self) -> dict[str, Any]:
        view = self._view
        html = f'{STYLE}<div class="jspark">{foot_html(view)}</div>'
        bundle: dict[str, Any] = {"text/html": html, "text/plain": closing_text(view)}
        if self._on_stop is not None:
            from ipywidgets import Button

            from jupyter_spark.kernel.card import WIDGET_VIEW
            from jupyter_spark.kernel.comms import hear_at_once

            stop = self._on_stop
            self._button = Button(description="Stop", icon="stop", tooltip="Stop this turn")
            self._button.on_click(lambda _button: stop())
            hear_at_once(self._button.comm)
            model_id = self._button.model_id
            bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        return bundle


class TerminalOutput:
    """Coloured text, appended as it arrives."""

    def __init__(self, view: TurnView) -> None:
        self._view = view
        self._lines = self._chars = 0

    def show(self) -> None:
        """Say what was asked."""
        sys.stdout.write(f"✦ {self._view.asked}\n")

    def draw(self) -> int:
        """Append what is new: words as they come; of an edit, its lines."""
        view = self._view
        if view.wants_code:
            if len(view.new) < self._lines:
                self._lines = 0  # a repair begins again
            fresh = "".join(f"\x1b[2m{line}\x1b[0m\n" for line in view.new[self._lines :])
            self._lines = len(view.new)
        else:
            self._chars = self._chars if len(view.text) >= self._chars else 0  # redirected: it begins again
            fresh = view.text[self._chars :]
            self._chars += len(fresh)
        sys.stdout.write(fresh)
        sys.stdout.flush()
        return len(fresh)

    def finish(self) -> None:
        """Append the diff and the closing line."""
        view = self._view
        if not view.wants_code:
            self.draw()
        change = "\n" + change_text(view, colour=True) if view.wants_code and view.proposal else ""
        said = f"\n{view.said_beside}" if view.said_beside else ""
        sys.stdout.write(f"{change}{said}\n{closing_text(view, colour=True)}\n")
        sys.stdout.flush()


def open_surface(
    view: TurnView,
    reading: Reading[Any],
    *,
    rich: bool,
    widgets: bool,
    on_why: Any = None,
    on_say: Callable[[str], None] | None = None,
) -> Surface:
    """Choose where a turn is shown: a card, an output, or a terminal."""
    if not rich:
        return TerminalOutput(view)
    if view.wants_code:
        if widgets:
            return Card(view, reading.cancel, on_why, on_say)
        return LiveOutput(lambda: {"text/html": turn_html(view), "text/plain": turn_text(view)})
    return WordsOutput(view, reading.cancel if widgets else None)


def follow(reading: Reading[Any], view: Viewed, surface: Surface) -> Terminal | None:
    """Show a turn on a surface that has begun, from its first event to its last, without the closing frame.

    Returns
    -------
    event
        The terminal event. An interrupt (the stop button, Ctrl-C) cancels the turn at once; its ``turn_cancelled``
        comes back like any other end.
    """
    next_frame_s, dirty = 0.0, False
    frames_per_s = getattr(surface, "frames_per_s", FRAMES_PER_S)
    last: Terminal | None = None
    try:
        while True:
            wait_s = max(0.0, next_frame_s - time.monotonic()) if dirty else 0.5
            events = reading.take(wait_s)
            if events is None:
                return last
            for event in events:
                view.take(event)
                dirty = True
                last = event if isinstance(event, Terminal) else last
            if dirty and last is None and time.monotonic() >= next_frame_s:
                size = surface.draw()
                next_frame_s = time.monotonic() + max(1 / frames_per_s, size / CHARS_PER_S)
                dirty = False
    except KeyboardInterrupt:
        reading.cancel()
        for event in reading.rest():
            view.take(event)
            last = event if isinstance(event, Terminal) else last
        return last
