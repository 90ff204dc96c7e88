"""Pages and a kernel, without a front end: what is told before a run, and whose the edit is that stands in a cell."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_spark.journal import SafeJournal, open_journal
from jupyter_spark.kernel import incell
from jupyter_spark.kernel.history import CellLog
from jupyter_spark.kernel.incell import InCell, place_in_cell
from jupyter_spark.kernel.pages import Pages
from jupyter_spark.kernel.session import Asked
from jupyter_spark.kernel.snapshot import notebook_snapshot, push_live
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.wire import (
    CellEdit,
    CellSnapshot,
    EditDelta,
    EditReady,
    EditStarted,
    Proposal,
    TurnFigures,
    TurnFinished,
    TurnRequest,
    text_hash,
)
from jupyter_spark.wire_page import PAGE_VERSION

SCOPE = "/home/user/notebook.ipynb"
CHANGE = 'aria-label="change"'
CELL, BODY, NEW = "%%spark two\nvalue = 1", "value = 1", "value = 2"


class Comm:
    """A comm, from the kernel's side, and the page at its other end."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.is_closed = False
        self._hear: Callable[[dict[str, Any]], object] = lambda _message: None
        self._left: Callable[[dict[str, Any]], object] = lambda _message: None

    def on_msg(self, hear: Callable[[dict[str, Any]], object]) -> None:
        self._hear = hear

    def on_close(self, left: Callable[[dict[str, Any]], object]) -> None:
        self._left = left

    def send(self, data: dict[str, str]) -> None:
        self.sent += json.loads(data["frames"])

    def close(self) -> None:
        self.is_closed = True

    def say(self, *frames: dict[str, Any]) -> None:
        """The page says something."""
        self._hear({"content": {"data": {"frames": json.dumps(frames)}}})

    def leave(self) -> None:
        """The page closes it."""
        self._left({})

    def kinds(self) -> list[str]:
        """What was sent, by kind; short frames are what streams."""
        return [frame["type"] if isinstance(frame, dict) else "short" for frame in self.sent]


class Line:
    """The output below the cell: what it said, each time it was drawn."""

    drawn: list[str]

    def __init__(self, bundle: Callable[[], dict[str, str]]) -> None:
        self._bundle, self.drawn = bundle, []

    def show(self) -> None:
        self.draw()

    def draw(self) -> int:
        self.drawn.append(self._bundle()["text/html"])
        return 0

    def finish(self) -> None:
        self.draw()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SafeJournal]:
    made = SafeJournal(lambda: open_journal(tmp_path / "journal.sqlite"))
    yield made
    made.close()


@pytest.fixture
def magics(journal: SafeJournal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(incell, "LiveOutput", Line)
    monkeypatch.setattr(incell, "ANSWER_S", 0.05)
    made = SimpleNamespace(log=CellLog(), in_cell=True)
    made.commands = SimpleNamespace(session=SimpleNamespace(journal=journal, scope=SCOPE))
    made.pages = Pages(made)
    yield made
    push_live(None)


def opened(pages: Pages, page: str = "p", version: int = PAGE_VERSION, *, turns: bool = False) -> Comm:
    comm, message = Comm(), {"content": {"data": {"page": page, "version": version}}}
    (pages.open_turns if turns else pages.open_notebook)(comm, message)
    return comm


def cells(*sources: tuple[str, str]) -> dict[str, Any]:
    rows = [{"cell_id": name, "source": source} for name, source in sources]
    return {"type": "cells_changed", "notebook": "n", "cells": rows, "order": [name for name, _ in sources]}


def announced(cell_id: str = "c", **more: Any) -> dict[str, Any]:
    return {"type": "run_announced", "cell_id": cell_id, "shows": True, **more}


def proposal(new: str = NEW) -> Proposal:
    edit = CellEdit(cell_id="c", operation="replace", old_source=BODY, new_source=new, base_hash=text_hash(BODY))
    return Proposal(proposal_id="e", turn_id="t", edit=edit, checks=())


class Running:
    """A cell of a page's that runs, up to the turn that it asks for."""

    def __init__(self, magics: Any, journal: SafeJournal) -> None:
        self.magics, self.journal = magics, journal
        self.cancelled = threading.Event()
        self.said: list[str] = []
        self.notebook = opened(magics.pages)
        self.notebook.say(cells(("a", "rate = 1.19"), ("c", CELL)), announced())
        magics.log.before_run(CELL, "c")
        made = self.place()
        assert made is not None
        self.turn: InCell = made
        self.turns = opened(magics.pages, turns=True)
        self.turn.show()

    def place(self, **asked: Any) -> InCell | None:
        target = CellSnapshot(cell_id="c", source=BODY)
        whole = Asked(**{"kind": "rewrite", "words": "two", "target": target, **asked})
        request = TurnRequest(turn_id="t", kind="rewrite", instruction="two", target=target)
        self.magics.announced = self.magics.pages.announced("c")
        view = TurnView("two", wants_code=True)
        return place_in_cell(self.magics, whole, view, request, self.cancelled.set, self.said.append)

    def stream(self) -> None:
        """The answer arrives whole."""
        head = {"turn_id": "t", "seq": 0}
        self.turn.take(EditStarted(**head, cell_id="c", operation="replace", old_source=BODY, attempt=1))
        self.turn.take(EditDelta(**head, lines=(NEW,)))
        self.turn.draw()
        self.turn.take(EditReady(**head, proposal=proposal()))
        self.journal.record_proposal(proposal())
        self.turn.take(TurnFinished(**head, model="m", text="", figures=TurnFigures(), proposal=proposal()))

    def shown(self, comm: Comm | None = None, *, shown: bool = True) -> None:
        (comm or self.turns).say({"type": "turn_shown", "turn_id": "t", "shown": shown})

    def judge(self, outcome: str, before: str, after: str) -> None:
        frame = {"type": "edit_judged", "turn_id": "t", "proposal_id": "e", "notebook": "n", "cell_id": "c"}
        self.turns.say({**frame, "operation": "replace", "outcome": outcome, "before": before, "after": after})

    @property
    def line(self) -> str:
        drawn: list[str] = self.turn._line.drawn  # type: ignore[attr-defined]
        return drawn[-1]


@pytest.fixture
def running(magics: Any, journal: SafeJournal) -> Running:
    return Running(magics, journal)


# --- the notebook -------------------------------------------------------------------------------------


def test_the_notebook_is_what_the_page_told_before_the_run(magics: Any) -> None:
    comm = opened(magics.pages)
    assert comm.kinds() == ["kernel_ready"]
    comm.say(cells(("a", "rate = 1"), ("c", CELL)), announced())
    comm.say({"type": "cells_changed", "notebook": "n", "cells": [{"cell_id": "a", "source": "rate = 2"}]}, announced())
    magics.log.before_run(CELL, "c")
    taken = notebook_snapshot(magics.log, {})
    assert taken.origin == "live"
    assert [(cell.cell_id, cell.source) for cell in taken.cells] == [("a", "rate = 2"), ("c", BODY)]
    comm.leave()
    assert notebook_snapshot(magics.log, {}).origin == "history"


def test_two_notebooks_on_one_kernel(magics: Any) -> None:
    one, other = opened(magics.pages, "one"), opened(magics.pages, "other")
    one.say(cells(("a", "x = 1")), announced("a"))
    other.say(cells(("b", "y = 1")), announced("b"))
    assert [cell.cell_id for cell in notebook_snapshot(magics.log, {}).cells] == ["b"]
    one.say(announced("a"))
    assert [cell.cell_id for cell in notebook_snapshot(magics.log, {}).cells] == ["a"]
    other.leave()  # it is not the one that told last
    assert notebook_snapshot(magics.log, {}).origin == "live"


@pytest.mark.parametrize("turns", [False, True])
def test_a_page_of_another_version_gets_no_further(magics: Any, turns: bool) -> None:
    comm = opened(magics.pages, version=PAGE_VERSION + 1, turns=turns)
    assert comm.is_closed
    assert comm.sent == []


def test_what_no_page_of_ours_says_is_not_heard(magics: Any) -> None:
    comm = opened(magics.pages)
    comm.say({"type": "cells_changed", "cells": "?"})
    comm.say({"type": "no such frame"})
    assert magics.pages.announced("c") is None


# --- whether the edit waits in the cell ---------------------------------------------------------------


@pytest.mark.parametrize("asked", [{"below": True}, {"dry_run": True}, {"yes": True}, {"kind": "generate"}])
def test_what_is_not_to_be_judged_is_not_the_pages(running: Running, asked: dict[str, Any]) -> None:
    assert running.place() is not None
    assert running.place(**asked) is None


def test_without_an_announcement_the_run_came_from_elsewhere(running: Running) -> None:
    running.magics.in_cell = False
    assert running.place() is None
    running.magics.in_cell = True
    running.magics.pages.has_run("c")
    assert running.place() is None
    running.notebook.say(announced(shows=False))  # a kernel without subshells: its page could not answer in time
    assert running.place() is None


# --- a turn -------------------------------------------------------------------------------------------


def test_the_turn_streams_to_the_page_that_ran_the_cell(running: Running) -> None:
    other = opened(running.magics.pages, "later", turns=True)
    seen = len(other.sent)
    running.stream()
    running.turn.draw()
    running.shown()
    assert running.turn.hand_over()
    running.turn.finish()
    told = running.turns.sent[0]
    assert (told["type"], told["cell_id"], told["base"]) == ("cell_turn", "c", CELL)
    assert [frame for frame in running.turns.sent if isinstance(frame, list)] == [[told["number"], 2, [NEW]]]
    assert running.turns.kinds()[-2:] == ["turn_news", "turn_news"]
    assert seen == 1  # what runs is told to a page that opens later, too
    assert "accept it there" in running.line
    assert CHANGE not in running.line


def test_what_the_user_does_goes_into_the_journal(running: Running) -> None:
    running.stream()
    running.turn.draw()
    running.shown()
    running.turn.hand_over()
    running.turn.finish()
    assert running.journal.applied(SCOPE) == []
    running.turns.say({"type": "turn_settled", "turn_id": "t"})  # it may come before the word on what was done
    running.judge("taken", CELL, NEW)
    (edit,) = running.journal.applied(SCOPE)
    assert (edit.before, edit.after, edit.undone) == (BODY, NEW, False)  # our own line is no part of the code
    assert "Accepted" in running.line
    running.judge("taken_back", NEW, CELL)
    assert running.journal.applied(SCOPE)[0].undone
    assert "Taken back" in running.line
    assert opened(running.magics.pages, "again", turns=True).sent == []  # nothing is left to judge


def test_a_refused_edit_is_known_as_refused(running: Running) -> None:
    running.stream()
    running.judge("refused", CELL, CELL)
    kept = running.journal.proposal("t")
    assert kept is not None
    assert kept.refused
    assert running.journal.applied(SCOPE) == []


def test_a_page_that_does_not_answer_has_nothing_to_judge(running: Running) -> None:
    running.stream()
    assert not running.turn.hand_over()
    running.turn.finish()
    assert running.turns.kinds()[-1] == "turn_withdrawn"
    assert CHANGE in running.line  # then the change is shown below the cell
    running.shown()  # too late
    assert running.turn.is_elsewhere


def test_a_page_that_cannot_show_it_says_so_at_once(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incell, "ANSWER_S", 600.0)
    other = opened(running.magics.pages, "later", turns=True)
    running.stream()
    running.shown(other, shown=False)  # another page, which may not even have the notebook, does not count
    running.shown(shown=False)
    assert not running.turn.hand_over()


def test_a_page_that_comes_back_takes_the_edit_up(running: Running) -> None:
    """It was given to a front end that had gone, and the journal took it as applied."""
    running.stream()
    assert not running.turn.hand_over()
    running.journal.record_applied("t", SCOPE, "c", "replace", BODY, NEW)
    running.turn.finish()
    again = opened(running.magics.pages, "again", turns=True)
    assert again.kinds() == ["cell_turn", "turn_news", "short", "turn_news", "turn_news"]
    running.shown(again)
    assert running.journal.applied(SCOPE) == []
    assert "accept it there" in running.line


def test_stop_and_more_words(running: Running) -> None:
    running.turns.say({"type": "words_said", "turn_id": "t", "words": "no, three"})
    assert running.said == ["no, three"]
    assert not running.cancelled.is_set()
    running.turns.say({"type": "turn_stopped", "turn_id": "t"})
    assert running.cancelled.is_set()


def test_the_next_run_of_a_cell_withdraws_what_stood_there(running: Running) -> None:
    running.stream()
    running.shown()
    assert running.turn.hand_over()
    running.turn.finish()
    again = running.place()
    assert again is not None
    again.show()
    assert running.turns.kinds()[-2:] == ["turn_withdrawn", "cell_turn"]


def test_what_failed_is_not_brought_back_by_a_page_that_opens(running: Running) -> None:
    running.turn.finish()
    assert opened(running.magics.pages, "again", turns=True).sent == []
