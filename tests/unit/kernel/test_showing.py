"""A turn as a reader sees it at each moment, as a view, as text and as HTML."""

from __future__ import annotations

import re

import pytest

from jupyter_spark.kernel.ansi import closing_text, turn_text
from jupyter_spark.kernel.html import change_html, code_html, foot_html, turn_html, words_html
from jupyter_spark.kernel.view import WINDOW_LINES, TurnView
from jupyter_spark.wire import (
    CellEdit,
    CheckResult,
    EditDelta,
    EditReady,
    EditStarted,
    Notice,
    Proposal,
    TextDelta,
    TurnCancelled,
    TurnFailed,
    TurnFigures,
    TurnFinished,
    TurnStarted,
    TurnSteered,
    text_hash,
)

FIGURES = TurnFigures(first_token_s=0.08, total_s=1.25, tokens_per_s=1012.4, cost_usd=0.00123)
HEAD = {"turn_id": "t", "seq": 0}


def proposal(old: str, new: str, *checks: CheckResult, repaired: bool = False, words: str = "") -> Proposal:
    edit = CellEdit(cell_id="c", operation="replace", old_source=old, new_source=new, base_hash=text_hash(old))
    held = checks or (CheckResult(name="parses", ok=True), CheckResult(name="names_known", ok=True))
    return Proposal(proposal_id="p", turn_id="t", edit=edit, checks=held, repaired=repaired, words=words)


def begun(old: str = "a = 1\nb = 2") -> TurnView:
    view = TurnView("add <hints>", wants_code=True)
    view.take(TurnStarted(**HEAD, kind="rewrite", tier="spark", profile="p", model="m"))
    view.take(EditStarted(**HEAD, cell_id="c", operation="replace", old_source=old, attempt=1))
    return view


def ended(made: Proposal) -> TurnView:
    view = begun(made.edit.old_source)
    view.take(EditDelta(**HEAD, lines=tuple(made.edit.new_source.splitlines())))
    view.take(EditReady(**HEAD, proposal=made))
    view.take(TurnFinished(**HEAD, model="m", figures=FIGURES, text=made.words, proposal=made))
    return view


def test_before_the_first_token_the_old_text_stands() -> None:
    view = begun()
    assert (view.state, view.ended, view.progress()) == ("waiting", False, 0.0)
    assert turn_text(view) == "  a = 1\n  b = 2\nspark · m"
    assert "waiting for the first token …" in foot_html(view)
    assert 'role="progressbar"' in turn_html(view)


def test_while_it_streams_what_is_not_rewritten_yet_waits() -> None:
    view = begun("a = 1\nb = 2\nc = 3")
    view.take(EditDelta(**HEAD, lines=("a = 1",)))
    view.take(EditDelta(**HEAD, lines=("b = 20",)))
    assert view.state == "streaming"
    assert turn_text(view).splitlines()[:4] == ["  a = 1", "- b = 2", "+ b = 20", "  c = 3"]
    assert "jspark-waiting" in change_html(view)
    assert 0 < view.progress() < 1


def test_a_finished_edit() -> None:
    view = ended(proposal("a = 1", "a = 2", repaired=True))
    view.outcome = "Applied."
    assert (view.state, view.progress(), view.code) == ("done", 1.0, "a = 2")
    assert turn_text(view).splitlines() == [
        "- a = 1",
        "+ a = 2",
        "✓ parses · names known · 2 checks · spark · m · first token 80 ms · 1,012 tok/s · 1.2 s · $0.0012 · repaired once",  # noqa: E501
        "Applied.",
    ]
    html = turn_html(view)
    assert 'aria-label="removed"' in html
    assert 'aria-label="added"' in html
    assert "progressbar" not in html
    assert "add &lt;hints&gt;" in html
    assert "<hints>" not in html


def test_a_check_that_does_not_hold_is_told() -> None:
    bad = CheckResult(name="names_known", ok=False, message="'<x>' is not defined.", line=3)
    view = ended(proposal("a = 1", "a = x", CheckResult(name="parses", ok=True), bad))
    assert view.state == "refused"
    assert "✗ line 3: '<x>' is not defined." in turn_text(view)
    assert "✓" not in turn_text(view)
    assert "&lt;x&gt;" in foot_html(view)
    assert "jspark-ok" not in foot_html(view)


def test_a_repair_begins_again() -> None:
    view = begun()
    view.take(EditDelta(**HEAD, lines=("wrong",)))
    view.take(TextDelta(**HEAD, text="wrong words"))
    view.take(Notice(**HEAD, message="Repairing <once>."))
    view.take(EditStarted(**HEAD, cell_id="c", operation="replace", old_source="a = 1", attempt=2))
    assert (view.new, view.text, view.old) == ([], "", ["a = 1"])
    assert view.notices == ["Repairing <once>."]
    assert "Repairing &lt;once&gt;." in foot_html(view)


@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_a_turn_that_did_not_end_well_applied_nothing(state: str) -> None:
    view = begun()
    view.take(EditDelta(**HEAD, lines=("a = 10",)))
    if state == "stopped":
        view.take(TurnCancelled(**HEAD, text="", figures=FIGURES))
    else:
        view.take(TurnFailed(**HEAD, code="x", message="It broke.", hint="Mend it.", figures=FIGURES))
        assert view.problem == "It broke. Mend it."
    assert (view.state, view.ended) == (state, True)
    assert f"{state}; nothing was applied" in turn_text(view)
    assert f"{state}; nothing was applied" in foot_html(view)
    assert "+ a = 10" in turn_text(view)


def test_the_words_beside_the_code_stand_under_the_change() -> None:
    view = ended(proposal("a = 1", "a = 2", words="Now it is <two>.\n"))
    assert turn_text(view).splitlines()[:3] == ["- a = 1", "+ a = 2", "Now it is <two>."]
    html = turn_html(view)
    assert html.index("added") < html.index("Now it is &lt;two&gt;.</div>") < html.index("parses")


def test_words_are_not_shown_while_the_code_streams() -> None:
    view = begun()
    view.take(TextDelta(**HEAD, text="Sure."))
    assert "Sure." not in turn_text(view) + turn_html(view)


def test_a_question_in_place_of_code_is_shown() -> None:
    view = begun()
    view.take(TextDelta(**HEAD, text="Which <column> do you mean?\n"))
    view.take(TurnFailed(**HEAD, code="no_code", message="In words.", hint="Say more.", figures=FIGURES))
    assert turn_text(view).splitlines()[0] == "Which <column> do you mean?"
    assert "Which &lt;column&gt; do you mean?</div>" in turn_html(view)
    assert "a = 1" not in turn_text(view) + turn_html(view)


def test_a_frame_of_a_long_answer_is_bounded_and_counts_the_rest() -> None:
    view = begun("")
    for number in range(500):
        view.take(EditDelta(**HEAD, lines=(f"x{number} = {number}",)))
    lines = view.lines()
    assert lines[0] == 500 - WINDOW_LINES
    assert len(lines) == WINDOW_LINES + 1
    assert "x499 = 499" in turn_text(view)
    assert f"⋯ {500 - WINDOW_LINES} more lines" in change_html(view)


def test_a_long_old_text_is_bounded_around_the_newest_line() -> None:
    old = [f"x{number} = {number}" for number in range(300)]
    view = begun("\n".join(old))
    view.take(EditDelta(**HEAD, lines=(*old[:100], "new = 1")))
    shown = turn_text(view)
    assert "+ new = 1" in shown
    assert sum(isinstance(entry, int) for entry in view.lines()) == 2
    assert sum(entry if isinstance(entry, int) else 1 for entry in view.lines()) == 301


def test_what_is_kept_is_folded_at_the_end() -> None:
    old = "\n".join(f"x{number} = {number}" for number in range(30))
    view = ended(proposal(old, old.replace("x15 = 15", "x15 = 0")))
    text = turn_text(view)
    assert "⋯ 12 more lines" in text
    assert "- x15 = 15\n+ x15 = 0" in text
    assert "x12 = 12" in text
    assert "x11 = 11" not in text


def test_colours_are_for_terminals_only() -> None:
    view = ended(proposal("a = 1", "a = 2"))
    coloured = turn_text(view, colour=True)
    assert "\x1b[31m- a = 1\x1b[0m\n\x1b[32m+ a = 2\x1b[0m" in coloured
    assert "\x1b" not in turn_text(view)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == turn_text(view)


def test_words() -> None:
    view = TurnView("why", wants_code=False)
    view.take(TextDelta(**HEAD, text="Be"))
    view.take(TextDelta(**HEAD, text="cause."))
    view.take(TurnFinished(**HEAD, model="m", figures=TurnFigures(total_s=0.5), text="Because."))
    assert view.text == "Because."
    assert turn_text(view) == "Because.\nm · 500 ms"
    assert closing_text(view) == "m · 500 ms"
    assert (view.state, view.closing(), view.outcome) == ("done", ["m", "500 ms"], "")


def test_nothing_of_an_answer_becomes_markup() -> None:
    evil = "</div><script>alert(1)</script>"
    view = ended(proposal("a = 1", f"a = '{evil}'\n# {evil}\n{'x' * 2100}{evil}", words=evil))
    view.asked = view.outcome = evil
    view.notices.append(evil)
    for html in (turn_html(view), code_html(view), words_html(view.text)):
        assert "<script" not in html
        assert "alert" in html
        inner = html.split("</style>", 1)[1]
        assert inner.count("<div") == inner.count("</div>")
    assert "Nothing was said beside the code." in words_html(" ")


def test_a_turn_that_was_redirected_shows_nothing_of_before() -> None:
    view = TurnView("add <hints>", wants_code=True)
    view.take(Notice(**HEAD, message="Another one answers."))
    view.take(EditStarted(**HEAD, cell_id="c", operation="replace", old_source="a = 1", attempt=1))
    view.take(EditDelta(**HEAD, lines=("stale = 1",)))
    view.take(TextDelta(**HEAD, text="Stale."))
    view.take(Notice(**HEAD, message="The stale answer did not hold."))
    view.take(TurnSteered(**HEAD, words="make it <three>", in_place=False))
    assert (view.state, view.new, view.text) == ("waiting", [], "")
    view.take(EditStarted(**HEAD, cell_id="c", operation="replace", old_source="a = 1", attempt=2))
    view.take(EditDelta(**HEAD, lines=("a = 3",)))
    html = turn_html(view)
    assert "tale" not in re.sub(r"<[^>]*>", "", html)
    assert "make it &lt;three&gt;" in html
    assert view.said == ["make it <three>"]
    assert view.notices == ["Another one answers."]
