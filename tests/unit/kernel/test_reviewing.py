"""A cell asks its page for a refactor: whether it is heard, what comes back, and what is done where it is not."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_spark.errors import SparkError, UsageError
from jupyter_spark.kernel import reviewing
from jupyter_spark.kernel.history import CellLog
from jupyter_spark.kernel.pages import Pages
from jupyter_spark.kernel.reviewing import asked_of_page
from jupyter_spark.kernel.snapshot import push_live
from jupyter_spark.wire_magic import ReviewAsked
from tests.unit.kernel.test_pages import Comm, announced, cells, opened

CELL = "%spark refactor tidy up"
FRAME = ReviewAsked(request_id="", action="begin", instruction="tidy up")


class Answering(Comm):
    """A page's comm that answers what it is asked, from a thread of its own as a subshell does."""

    def __init__(self, **answer: Any) -> None:
        super().__init__()
        self.answer: dict[str, Any] = {"shown": True, **answer}

    def send(self, data: dict[str, str]) -> None:
        super().send(data)
        asked = self.sent[-1]
        if asked["type"] == "review_asked":
            frame = {"type": "review_answered", "request_id": asked["request_id"], **self.answer}
            threading.Thread(target=self.say, args=(frame,)).start()


@pytest.fixture
def magics(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(reviewing, "HEARS_S", 0.05)
    made = SimpleNamespace(log=CellLog(), in_cell=True)
    made.pages = Pages(made)
    opened(made.pages).say(cells(("c", CELL)), announced())
    made.log.before_run(CELL, "c")
    made.announced = made.pages.announced("c")
    yield made
    push_live(None)


def follow(magics: Any, comm: Comm, page: str = "p") -> Comm:
    from jupyter_spark.wire_page import PAGE_VERSION

    magics.pages.open_turns(comm, {"content": {"data": {"page": page, "version": PAGE_VERSION}}})
    return comm


def test_the_page_that_runs_the_cell_does_it(magics: Any) -> None:
    other = follow(magics, Answering(said="no"), "other")
    mine = follow(magics, Answering(said="See the tab."))
    assert asked_of_page(magics, FRAME) == "See the tab."
    assert mine.kinds() == ["review_asked"]
    assert mine.sent[0]["instruction"] == "tidy up"
    assert other.sent == []


def test_a_page_whose_comm_opens_a_moment_later_hears_it(magics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "HEARS_S", 30.0)
    threading.Timer(0.05, follow, (magics, Answering(said="late"))).start()
    assert asked_of_page(magics, FRAME) == "late"


def test_why_not_is_raised(magics: Any) -> None:
    follow(magics, Answering(problem="A refactor is under way.", hint="Stop it first."))
    with pytest.raises(UsageError, match="under way"):
        asked_of_page(magics, FRAME)


@pytest.mark.parametrize("why", ["switched off", "no announcement", "no subshells", "not heard", "no tab"])
def test_else_the_kernel_does_it_itself(magics: Any, why: str) -> None:
    comm = Answering(shown=why != "no tab")
    if why != "not heard":
        follow(magics, comm)
    if why == "switched off":
        magics.in_cell = False
    elif why == "no announcement":
        magics.announced = None
    elif why == "no subshells":
        magics.announced = magics.announced.model_copy(update={"shows": False})
    assert asked_of_page(magics, FRAME) is None
    if why == "not heard":  # and a page that comes later does not do it as well
        assert follow(magics, comm).sent == []


def test_a_page_that_was_told_and_says_nothing_is_not_gone_past(magics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be doing it: the kernel must not do it a second time."""
    monkeypatch.setattr(reviewing, "ANSWERS_S", 0.05)
    mute = follow(magics, Comm())
    with pytest.raises(SparkError, match="does not answer"):
        asked_of_page(magics, FRAME)
    mute.say({"type": "review_answered", "request_id": mute.sent[0]["request_id"], "shown": True})  # too late
