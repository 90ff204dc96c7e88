"""Candidates side by side, as a view, as text and as HTML."""

from __future__ import annotations

from typing import Any

from jupyter_spark.kernel.view import TurnView
from jupyter_spark.kernel.ways import WaysView, ways_html, ways_text
from jupyter_spark.wire import CheckResult, EditDelta, EditReady, EditStarted, Proposal, TurnFailed, TurnFinished
from tests.unit.kernel.test_showing import FIGURES, HEAD, proposal

BAD = CheckResult(name="parses", ok=False, message="SyntaxError: no", line=1)


def three() -> WaysView:
    return WaysView("make <two>", [TurnView("make <two>", wants_code=True) for _ in range(3)])


def come(view: WaysView, index: int, new: str, *checks: CheckResult) -> Proposal:
    made = proposal("a = 1", new, *checks)
    events: list[Any] = [
        EditStarted(**HEAD, cell_id="c", operation="replace", old_source="a = 1", attempt=1),
        EditDelta(**HEAD, lines=tuple(new.splitlines())),
        EditReady(**HEAD, proposal=made),
        TurnFinished(**HEAD, model="m", figures=FIGURES, text="", proposal=made),
    ]
    for event in events:
        view.take((index, event))
    return made


def fail(view: WaysView, index: int) -> None:
    view.take((index, TurnFailed(**HEAD, code="server", message="Down.", hint="Try again.")))


def test_the_first_to_hold_is_offered_first_and_numbers_stay() -> None:
    view = three()
    assert (view.first, view.proposals, view.ended) == (None, {}, False)
    come(view, 2, "a = (", BAD)
    assert view.first == 3
    second = come(view, 1, "a = 2")
    assert view.first == 2
    come(view, 0, "a = 3")
    assert (view.first, view.ended) == (2, True)
    assert view.proposals[2] is second
    assert [view.heading(n) for n in (1, 2, 3)] == ["1 · holds", "2 · offered first", "3 · does not hold"]


def test_repeats_and_failures() -> None:
    view = three()
    come(view, 0, "a = 2")
    come(view, 1, "a = 2 ")
    fail(view, 2)
    assert [view.heading(n) for n in (1, 2, 3)] == ["1 · offered first", "2 · the same as 1", "3 · failed"]
    assert sorted(view.proposals) == [1, 2]
    assert view.problem == "Down. Try again."


def test_only_what_differs_is_another() -> None:
    view = three()
    come(view, 2, "a = 2")
    assert view.others(3) == []
    come(view, 1, "a = 3")
    come(view, 0, "a = 2 ")
    assert view.others(3) == [2]
    assert view.others(2) == [1]
    assert view.others(None) == [1, 2]


def test_none() -> None:
    view = three()
    for index in range(3):
        fail(view, index)
    assert (view.first, view.ended) == (None, True)


def test_drawn() -> None:
    view = three()
    come(view, 1, "a = 2")
    html, text = ways_html(view), ways_text(view)
    assert html.count("<section") == 3
    assert "make &lt;two&gt;" in html
    assert "make <two>" not in html
    assert "[1 · waiting]" in text
    assert "[2 · holds]\n- a = 1\n+ a = 2" in text
    view.outcome = "2: <applied>."
    assert "2: &lt;applied&gt;." in ways_html(view)
    assert ways_text(view).endswith("2: <applied>.")
