"""One turn: its events in order, one repair, and the figures."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_spark.attempts import new_id
from jupyter_spark.errors import StreamCutError
from jupyter_spark.prompts import REPAIR_TEMPERATURE, SMALL_REPAIR_DRAFTS
from jupyter_spark.providers import (
    Completed,
    Delta,
    Reasoning,
    Started,
    UsageSeen,
)
from jupyter_spark.settings import Prices
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import ContextPack, Usage
from tests.unit.turns import (
    BROKEN,
    CELL,
    GOOD,
    UNFENCED,
    UNKNOWN,
    USED,
    WORDS_ONLY,
    Replies,
    kinds,
    only,
    request,
    streamed,
    turn,
)

# --- finished --------------------------------------------------------------------------------------


def test_an_edit() -> None:
    context = ContextPack(budget_tokens=7)
    provider = Replies(GOOD)
    events = turn(request(tier="deep", context=context), provider)
    assert kinds(events) == [
        *("turn_started", "context_packed", "edit_started", "text_delta", "edit_delta", "usage_reported"),
        *("text_delta", "edit_ready", "turn_finished"),
    ]
    started, packed, begun, finished = events[0], events[1], events[2], events[-1]
    assert (started.kind, started.tier, started.profile, started.model) == ("rewrite", "deep", "p", "m")
    assert packed.context == context
    sent = provider.requests[0].messages
    assert packed.prompt_tokens == sum(estimate_tokens(message.content) for message in sent)
    assert (begun.cell_id, begun.operation, begun.old_source, begun.attempt) == ("c1", "replace", CELL.source, 1)
    assert streamed(events) == ["a = 2", "b = a + 1"]
    assert "".join(e.text for e in events if e.type == "text_delta") == "Sure.\nI changed a.\n"
    proposal = finished.proposal
    assert only(events, "edit_ready").proposal == proposal
    assert (proposal.turn_id, proposal.words, proposal.repaired) == ("t1", "Sure.\nI changed a.", False)
    assert finished.text == proposal.words
    assert (proposal.edit.cell_id, proposal.edit.new_source) == ("c1", "a = 2\nb = a + 1")
    assert (proposal.edit.operation, proposal.edit.old_source) == ("replace", CELL.source)
    assert proposal.holds
    assert len(proposal.checks) == 8


def test_what_the_endpoint_counts_corrects_the_next_turns_estimate() -> None:
    asked = request("explain", target=CELL.model_copy(update={"source": "total = 1  # a note\n" * 60}))

    def counted(input_tokens: int) -> int:
        usage = UsageSeen(Usage(input_tokens=input_tokens, output_tokens=9))
        reply = [Started("the profile's second model"), Delta(GOOD), usage, Completed("stop")]
        return int(only(turn(asked, Replies(reply)), "context_packed").prompt_tokens)

    estimated = counted(0)
    assert counted(round(1.5 * estimated)) == estimated  # a count of 0 tells nothing
    assert counted(0) == round(1.5 * estimated)


def test_words() -> None:
    provider = Replies("Because **a** is 1.\n```python\nx\n```")
    events = turn(request("ask"), provider)
    assert kinds(events) == ["turn_started", "context_packed", "text_delta", "usage_reported", "turn_finished"]
    text = "".join(e.text for e in events if e.type == "text_delta")
    assert text == events[-1].text == "Because **a** is 1.\n```python\nx\n```"
    assert events[-1].proposal is None


def test_a_cell_of_prose_is_rewritten_as_prose() -> None:
    """It is no Python, and its own blocks of code do not end it."""
    text = "# Sales\n\n```python\ntotal = (\n```\n\nIt's ... more."
    target = CELL.model_copy(update={"kind": "markdown", "source": "# sales"})
    finished = turn(request("rewrite", target=target), provider := Replies(f"````markdown\n{text}\n````"))[-1]
    assert finished.proposal.edit.new_source == text
    assert [(check.name, check.ok) for check in finished.proposal.checks] == [
        ("closed_fence", True),
        ("keeps_size", True),
        ("changed", True),
    ]
    assert len(provider.requests) == 1


def test_new_code_goes_below() -> None:
    events = turn(request("generate", target=CELL), Replies("```python\nplot = 1\n```"))
    begun, edit = only(events, "edit_started"), events[-1].proposal.edit
    assert (begun.operation, begun.old_source, begun.cell_id) == ("insert_below", "", "c1")
    assert (edit.operation, edit.old_source, edit.new_source) == ("insert_below", "", "plot = 1")
    assert only(turn(request("generate"), Replies("```\nx = 1\n```")), "edit_started").cell_id == ""


def test_an_answer_at_its_limit_says_so() -> None:
    events = turn(request("ask"), Replies([Delta("Half"), Completed("length")]))
    assert "cut off" in only(events, "notice").message
    assert events[-1].text == "Half"
    assert not any(e.type == "notice" for e in turn(request("ask"), Replies("Whole.")))


def test_thoughts_are_not_kept() -> None:
    events = turn(request("ask"), Replies([Reasoning("Hm."), Delta("Yes."), Completed("stop")]))
    assert events[-1].text == "Yes."


def test_another_model_than_asked_is_named() -> None:
    events = turn(request("ask"), Replies([Started("other"), Delta("x"), Completed("stop")]))
    notice = only(events, "notice").message
    assert "'m'" in notice
    assert "other" in notice
    assert events[-1].model == "other"


# --- an answer that was begun for the model ---------------------------------------------------------


def test_a_begun_answer() -> None:
    provider = Replies("a = 2\nb = a + 1", prefill=True, small=True)
    events = turn(request(), provider)
    assert (provider.requests[0].prefill, provider.requests[0].stop) == ("```python\n", ("\n```",))
    assert streamed(events) == ["a = 2", "b = a + 1"]
    assert events[-1].proposal.holds
    assert events[-1].proposal.edit.new_source == "a = 2\nb = a + 1"


def test_a_begun_answer_that_was_cut_is_not_closed() -> None:
    cut = [Delta("a = 2\nb = a"), Completed("length")]
    events = turn(request(repair=False), Replies(cut, prefill=True))
    assert [check.name for check in events[-1].proposal.findings] == ["closed_fence"]


def test_a_repair_of_a_begun_answer_shows_the_whole_of_it() -> None:
    provider = Replies("a = (", "a = 2\nb = 2", prefill=True)
    turn(request(), provider)
    assert provider.requests[1].messages[-2].content == "```python\na = (\n```"
    assert provider.requests[1].prefill == "```python\n"


def test_how_freely_to_sample() -> None:
    provider = Replies(GOOD)
    turn(request(), provider)
    assert provider.requests[0].temperature is provider.requests[0].max_output_tokens is None
    provider = Replies(GOOD)
    turn(request(temperature=0.7), provider)
    assert provider.requests[0].temperature == 0.7
    provider = Replies("a = (", "a = (", "a = 2\nb = 2", prefill=True, small=True)
    turn(request(temperature=0.9), provider)
    assert [asked.temperature for asked in provider.requests] == [0.9, 0.9, REPAIR_TEMPERATURE]
    assert provider.requests[0].max_output_tokens == provider.requests[1].max_output_tokens != None  # noqa: E711


# --- repair ----------------------------------------------------------------------------------------


def test_a_failed_check_gets_one_repair() -> None:
    provider = Replies(BROKEN, GOOD)
    events = turn(request(), provider)
    assert [e.attempt for e in events if e.type == "edit_started"] == [1, 2]
    assert "SyntaxError" in only(events, "notice").message
    repaired = events[-1].proposal
    assert (repaired.repaired, repaired.holds) == (True, True)
    assert repaired.edit.new_source == "a = 2\nb = a + 1"
    first, second = provider.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert second.messages[-2].content == BROKEN
    assert "SyntaxError" in second.messages[-1].content
    assert len([e for e in events if e.type == "edit_ready"]) == 1


def test_a_small_models_repair_is_drawn_until_one_holds() -> None:
    provider = Replies("a = (", "a = nowhere", "a = 2", "a = 3", small=True, prefill=True)
    events = turn(request(), provider)
    assert [e.attempt for e in events if e.type == "edit_started"] == [1, 2, 3]
    assert len(provider.requests[1].messages) == 2
    assert only(events, "notice").message.startswith("The first answer did not hold")
    assert (events[-1].proposal.edit.new_source, events[-1].proposal.holds) == ("a = 2", True)


def test_a_small_models_best_draft_is_proposed_if_none_holds() -> None:
    provider = Replies("a = (", "a = nowhere", "a = 1\nb = a + 1", "a = (", GOOD, small=True, prefill=True)
    proposal = turn(request(), provider)[-1].proposal
    assert len(provider.requests) == 1 + SMALL_REPAIR_DRAFTS
    assert (proposal.edit.new_source, proposal.holds) == ("a = nowhere", False)


def test_what_needs_no_model_is_mended_without_one() -> None:
    provider = Replies("```python\na = os.getpid()\n```")
    proposal = turn(request(), provider)[-1].proposal
    assert len(provider.requests) == 1
    assert (proposal.edit.new_source, proposal.holds, proposal.repaired) == ("import os\na = os.getpid()", True, True)


def test_a_mend_that_is_not_enough_is_kept_and_repaired() -> None:
    provider = Replies("```python\na = os.getpid() + nowhere\n```", "```python\na = nowhere\n```")
    events = turn(request(), provider)
    assert len(provider.requests) == 2
    assert "nowhere" in only(events, "notice").message
    assert "'os'" not in only(events, "notice").message


@pytest.mark.parametrize(
    ("first", "second", "repaired", "failing"),
    [
        (BROKEN, UNKNOWN, True, "names_known"),
        (UNKNOWN, BROKEN, False, "names_known"),
        (UNKNOWN, UNKNOWN, False, "names_known"),
        (UNKNOWN, WORDS_ONLY, False, "names_known"),
        (UNFENCED, UNKNOWN, True, "names_known"),
        ("", UNKNOWN, True, "names_known"),
        (BROKEN, BROKEN, False, "parses"),
    ],
)
def test_the_better_attempt_is_proposed(first: str, second: str, repaired: bool, failing: str) -> None:
    provider = Replies(first, second, GOOD)
    proposal = turn(request(), provider)[-1].proposal
    assert len(provider.requests) == 2
    assert proposal.repaired == repaired
    assert [check.name for check in proposal.findings] == [failing]


def test_no_repair_where_none_is_needed_or_wanted() -> None:
    provider = Replies(GOOD, GOOD)
    turn(request(), provider)
    assert len(provider.requests) == 1
    provider = Replies(BROKEN, GOOD)
    events = turn(request(repair=False), provider)
    assert len(provider.requests) == 1
    assert events[-1].type == "turn_finished"
    assert not events[-1].proposal.holds


def test_no_code_at_all_is_a_failure() -> None:
    events = turn(request(), Replies("", ""))
    assert (events[-1].type, events[-1].code) == ("turn_failed", "no_code")
    assert (events[-1].message, events[-1].hint) == ("The endpoint answered nothing.", "Try again.")


@pytest.mark.parametrize("kind", ["ask", "explain"])
@pytest.mark.parametrize("reply", ["", " \n"])
def test_nothing_is_no_answer(kind: str, reply: str) -> None:
    events = turn(request(kind), Replies(reply))
    assert (events[-1].type, events[-1].code) == ("turn_failed", "no_answer")
    assert (events[-1].message, events[-1].hint) == ("The endpoint answered nothing.", "Try again.")


def test_a_question_or_refusal_is_told_in_the_models_words_and_not_paid_twice() -> None:
    provider = Replies(WORDS_ONLY, GOOD)
    events = turn(request(), provider)
    assert len(provider.requests) == 1
    assert (events[-1].type, events[-1].code, events[-1].text) == ("turn_failed", "no_code", WORDS_ONLY)
    assert events[-1].message == f"The model answered in words: {WORDS_ONLY}"
    assert events[-1].hint == "Answer it: ask again with more words."
    assert "notice" not in kinds(events)


def test_a_long_refusal_is_one_line_of_bounded_length() -> None:
    long = "I would rather not.\n\n" * 100
    failed = turn(request(), Replies(long))[-1]
    assert "\n" not in failed.message
    assert len(failed.message) < 350
    assert failed.text == long


def test_code_without_a_fence_and_a_small_models_words_are_repaired() -> None:
    for provider in (Replies(UNFENCED, GOOD), Replies(WORDS_ONLY, GOOD, small=True)):
        proposal = turn(request(), provider)[-1].proposal
        assert (len(provider.requests), proposal.repaired, proposal.holds) == (2, True, True)


def test_a_repair_that_breaks_off_keeps_the_first_attempt() -> None:
    events = turn(request(), Replies(UNKNOWN, [Delta("```"), StreamCutError("Cut.")]))
    assert events[-1].type == "turn_finished"
    assert [check.name for check in events[-1].proposal.findings] == ["names_known"]


@pytest.mark.parametrize("kind", ["ask", "rewrite"])
def test_an_answer_without_its_end_is_no_success(kind: str) -> None:
    events = turn(request(kind), Replies([Delta("```\na = 2\n```")]))
    assert (events[-1].type, events[-1].code) == ("turn_failed", "stream_cut")


def test_known_names_reach_the_check() -> None:
    pack = ContextPack(known_names=frozenset({"nowhere"}))
    assert turn(request(context=pack), Replies(UNKNOWN))[-1].proposal.holds
    pack = ContextPack(names_are_complete=False)
    assert turn(request(context=pack), Replies(UNKNOWN))[-1].proposal.holds


# --- figures ---------------------------------------------------------------------------------------


def test_figures_come_from_usage() -> None:
    prices = Prices(input=1.0, output=10.0, cached_input=0.5)
    figures = turn(request(), Replies(GOOD, prices=prices))[-1].figures
    assert figures.usage == USED
    assert figures.cost_usd == pytest.approx((60 * 1.0 + 40 * 0.5 + 10 * 10.0) / 1e6)
    assert 0 < figures.first_token_s <= figures.total_s
    without = turn(request(), Replies(GOOD, prices=Prices(input=1.0, output=10.0)))[-1].figures
    assert without.cost_usd == pytest.approx((100 * 1.0 + 10 * 10.0) / 1e6)
    assert turn(request(), Replies(GOOD))[-1].figures.cost_usd is None


def with_clock(monkeypatch: pytest.MonkeyPatch, provider: Replies) -> Replies:
    """Let the turn read the provider's clock."""
    monkeypatch.setattr("jupyter_spark.figures.time", SimpleNamespace(monotonic=lambda: provider.now_s))
    return provider


def test_times(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = [0.5, Delta("a"), 1.5, Delta("b"), UsageSeen(USED), 0.5, Completed("stop"), 0.0]
    figures = turn(request("ask"), with_clock(monkeypatch, Replies(reply)))[-1].figures
    assert figures.total_s - figures.first_token_s == pytest.approx(2.0)
    assert figures.tokens_per_s == pytest.approx(5.0)


def test_times_of_a_repaired_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for the second answer is no streaming."""
    first = [0.5, Delta(BROKEN), 2.0, UsageSeen(USED), Completed("stop")]
    second = [7.0, Delta(GOOD), 3.0, UsageSeen(USED), Completed("stop")]
    figures = turn(request(), with_clock(monkeypatch, Replies(first, second)))[-1].figures
    assert figures.total_s - figures.first_token_s == pytest.approx(12.0)
    assert figures.tokens_per_s == pytest.approx(4.0)


def test_times_of_a_turn_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = [0.5, Delta("a"), UsageSeen(USED), 2.0, StreamCutError("Cut.")]
    figures = turn(request("ask"), with_clock(monkeypatch, Replies(reply)))[-1].figures
    assert figures.total_s - figures.first_token_s == pytest.approx(2.0)
    assert figures.tokens_per_s == pytest.approx(5.0)


@pytest.mark.parametrize(("tokens", "wait_s"), [(1, 1.0), (10, 0.0005)])
def test_no_rate_of_next_to_nothing(monkeypatch: pytest.MonkeyPatch, tokens: int, wait_s: float) -> None:
    reply = [Delta("a"), wait_s, UsageSeen(Usage(output_tokens=tokens)), Completed("stop")]
    figures = turn(request("ask"), with_clock(monkeypatch, Replies(reply)))[-1].figures
    assert figures.tokens_per_s is None


def test_two_attempts_are_paid_together() -> None:
    events = turn(request(), Replies(BROKEN, GOOD))
    assert [e.usage for e in events if e.type == "usage_reported"] == [USED, USED]
    assert events[-1].figures.usage == USED + USED


def test_no_usage_no_rate_and_no_cost() -> None:
    reply = [Delta("x"), Completed("stop")]
    figures = turn(request("ask"), Replies(reply, prices=Prices(input=1, output=1)))[-1].figures
    assert (figures.usage, figures.tokens_per_s, figures.cost_usd) == (None, None, None)


def test_ids_are_fresh() -> None:
    assert len({new_id() for _ in range(100)}) == 100


# --- what a provider is told beside the messages ----------------------------------------------------


def test_the_old_cell_is_the_prediction_of_a_change_and_of_nothing_else() -> None:
    predicted = {}
    for kind in ("rewrite", "fix", "generate", "ask", "explain"):
        provider = Replies(GOOD)
        turn(request(kind, target=CELL), provider)
        predicted[kind] = provider.requests[0].prediction
    assert predicted == {"rewrite": CELL.source, "fix": CELL.source, "generate": "", "ask": "", "explain": ""}


def test_requests_of_a_session_have_one_key_that_tells_nothing() -> None:
    def key(**more: Any) -> str:
        provider = Replies(GOOD)
        turn(request(**more), provider)
        return provider.requests[0].cache_key

    assert key(session_key="one") == key(session_key="one") != key(session_key="two")
    assert "one" not in key(session_key="one")
    assert key() == key(notebook_path="/home/me/secret.ipynb")


def test_the_tier_goes_along() -> None:
    provider = Replies(GOOD)
    turn(request(tier="deep"), provider)
    assert provider.requests[0].tier == "deep"


# --- what the endpoint tells of itself --------------------------------------------------------------


def test_reasoning_is_no_part_of_the_answers_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    used = Usage(output_tokens=110, reasoning_tokens=100)
    reply = [Reasoning("Hm."), 5.0, Delta("a"), 2.0, UsageSeen(used), Completed("stop")]
    figures = turn(request("ask"), with_clock(monkeypatch, Replies(reply)))[-1].figures
    assert figures.tokens_per_s == pytest.approx(5.0)
    assert figures.usage.reasoning_tokens == 100


def test_queue_time_and_the_endpoints_own_speed() -> None:
    seen = UsageSeen(USED, queue_s=0.25, tokens_per_s=900.0)
    first = [Delta(BROKEN), seen, Completed("stop")]
    second = [Delta(GOOD), UsageSeen(USED, queue_s=0.5), Completed("stop")]
    figures = turn(request(), Replies(first, second))[-1].figures
    assert (figures.queue_s, figures.endpoint_tokens_per_s) == (0.75, 900.0)


def test_an_attempt_without_usage_is_no_part_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    first = [Delta(BROKEN), 2.0, UsageSeen(USED), Completed("stop")]
    second = [Delta(GOOD), 50.0, Completed("stop")]
    figures = turn(request(), with_clock(monkeypatch, Replies(first, second)))[-1].figures
    assert figures.tokens_per_s == pytest.approx(5.0)
