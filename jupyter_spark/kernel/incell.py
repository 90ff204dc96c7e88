"""A turn whose edit is shown in the cell that asked for it, in the page, and is judged there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_spark.kernel.ansi import closing_text, turn_text
from jupyter_spark.kernel.html import line_html, turn_html
from jupyter_spark.kernel.live import LiveOutput
from jupyter_spark.kernel.session import Asked
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.turn_log import TurnLog
from jupyter_spark.wire import AnyTurnEvent, TurnRequest
from jupyter_spark.wire_page import EditJudged

if TYPE_CHECKING:
    from jupyter_spark.kernel.magics import SparkMagics
    from jupyter_spark.kernel.pages import Pages

FRAMES_PER_S = 30.0
IN_CELL = "The change stands in the cell: accept it there, or reject it."
ANSWER_S = 2.0  # how long a page may take to say that it shows the edit; one that was closed never does
_OUTCOMES = {
    "taken": "Accepted. %spark undo brings the old code back.",
    "taken_back": "Taken back.",
    "refused": "Rejected: the cell is as it was.",
}


def place_in_cell(
    magics: SparkMagics,
    asked: Asked,
    view: TurnView,
    request: TurnRequest,
    cancel: Callable[[], None],
    say: Callable[[str], None],
) -> InCell | None:
    """Return where a turn is shown if the page of the running cell can show it there; else None.

    What is to go elsewhere, or in unasked, is none of the page's.
    """
    said, current, target = magics.announced, magics.log.current, asked.target
    waits = asked.kind == "rewrite" and not (asked.below or asked.dry_run or asked.yes)
    if said is None or not said.shows or not magics.in_cell or not waits:
        return None
    if current is None or target is None or target.cell_id != current.cell_id:
        return None
    page = magics.pages.page_of(current.cell_id)
    return InCell(magics.pages, page, request, view, current.source, cancel, say)


class InCell:
    """What takes in a turn's events and shows them in the page's cell; below the cell stands one line.

    Parameters
    ----------
    pages : Pages
        The pages of this kernel.
    page : str
        The page that announced the cell's run.
    request : TurnRequest
        What is asked of which cell.
    view : TurnView
        What the turn looks like elsewhere.
    base : str
        The cell's whole text.
    cancel, say : callable
        Stop the turn, and say more to it; from any thread.
    """

    frames_per_s = FRAMES_PER_S

    def __init__(
        self,
        pages: Pages,
        page: str,
        request: TurnRequest,
        view: TurnView,
        base: str,
        cancel: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.page, self.request, self.view, self.base = page, request, view, base
        self.cell_id = request.target.cell_id if request.target else ""
        self.cancel, self.say = cancel, say
        self.log = TurnLog(request.turn_id)
        self.is_open = True  # there is something to see or to judge
        self.is_elsewhere = False  # no page showed it, so it went into the cell as without one
        self._pages = pages
        self._is_shown = self._is_followed = False
        self._answered = threading.Event()
        self._line = LiveOutput(self._bundle)

    # --- as what takes in the turn's events, and as its surface ---

    def take(self, event: AnyTurnEvent) -> None:
        """Take in one event."""
        self.view.take(event)
        self.log.append(event)

    def show(self) -> None:
        """Begin in the cell."""
        self._line.show()
        self._pages.begin(self)

    def draw(self) -> int:
        """Tell the pages what is new; return the size of that."""
        return self._pages.tell(self)

    def finish(self) -> None:
        """Tell the pages the end, and what became of it below the cell."""
        self._pages.tell(self)
        self._is_followed = self._pages.is_followed(self)
        if not self._is_shown and not self.is_elsewhere:
            self._pages.forget(self)  # there is nothing to judge
        self._line.finish()

    # --- handing the edit over ---

    def hand_over(self) -> bool:
        """Wait until a page shows the whole edit; false if none does, and the edit must go the usual way."""
        self._pages.tell(self)
        with suppress(KeyboardInterrupt):  # the turn itself has ended: there is nothing to stop but this waiting
            self._answered.wait(ANSWER_S)
        if self._is_shown:
            self.view.outcome = IN_CELL
            return True
        self.is_elsewhere = True
        self._pages.withdraw(self)
        return False

    def answer(self, shown: bool) -> None:
        """Take a page's word on whether it shows the whole edit."""
        self._is_shown = shown
        self._answered.set()

    def taken_over(self) -> None:
        """A page that came later shows the edit after all."""
        self.is_elsewhere, self._is_shown = False, True
        self.view.outcome = IN_CELL
        self._line.draw()

    def judged(self, frame: EditJudged) -> None:
        """Say below the cell what the user did with the edit."""
        self.view.outcome = _OUTCOMES[frame.outcome]
        self._line.draw()

    def _bundle(self) -> dict[str, str]:
        """One line where a page has the change; the whole where none has."""
        view = self.view
        if not view.ended:
            return {"text/html": line_html(view, "The change arrives in the cell."), "text/plain": closing_text(view)}
        if not self._is_shown and not self._is_followed:
            return {"text/html": turn_html(view), "text/plain": turn_text(view)}
        became = view.outcome if self._is_shown else f"{view.state}; nothing was applied"
        figures = "" if view.outcome == IN_CELL else " · ".join(view.closing())  # till then they stand in the cell
        return {"text/html": line_html(view, became, figures), "text/plain": closing_text(view)}
