"""A refactor that a cell asks for, in a page that can show it: the page's review tab does it, on the live notebook."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from jupyter_spark.errors import SparkError, UsageError
from jupyter_spark.wire_magic import ReviewAnswered, ReviewAsked

if TYPE_CHECKING:
    from jupyter_spark.kernel.magics import SparkMagics

HEARS_S = 10.0  # how long a page may take to open its comm; it does so as the first cell of ours runs
ANSWERS_S = 60.0


class ReviewCall:
    """What a cell asks of the page that runs it, until the page has answered."""

    def __init__(self, page: str, frame: ReviewAsked) -> None:
        self.page, self.frame = page, frame
        self.was_sent = threading.Event()
        self._answered = threading.Event()
        self._answer: ReviewAnswered | None = None

    def answer(self, frame: ReviewAnswered) -> None:
        """Take the page's answer; from any thread."""
        self._answer = frame
        self._answered.set()

    def is_heard(self) -> bool:
        """Wait until the page is there to hear it."""
        return self.was_sent.wait(HEARS_S)

    def wait(self) -> ReviewAnswered | None:
        """Return the page's answer."""
        if not self._answered.wait(ANSWERS_S):
            raise SparkError("The page does not answer.", "Look at its review tab, or reload the page and ask again.")
        return self._answer


def page_of_run(magics: SparkMagics) -> str | None:
    """Return the page of the cell that runs, if it can show what a cell asks for."""
    said, current = magics.announced, magics.log.current
    if said is None or not said.shows or not magics.in_cell or current is None:
        return None
    return magics.pages.page_of(current.cell_id)


def asked_of_page(magics: SparkMagics, frame: ReviewAsked) -> str | None:
    """Have the page of the running cell do it.

    Returns
    -------
    str or None
        What the page says of it; None: there is no page that can, and nothing was done.

    Raises
    ------
    SparkError
        The page says why not, or nothing.
    """
    page = page_of_run(magics)
    if page is None:
        return None
    frame = frame.model_copy(update={"request_id": uuid.uuid4().hex[:16]})
    answer = magics.pages.ask(ReviewCall(page, frame))
    if answer is None or not answer.shown:
        return None
    if answer.problem:
        raise UsageError(answer.problem, answer.hint)
    return answer.said
