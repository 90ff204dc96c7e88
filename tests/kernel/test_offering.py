"""More than one proposal: alternatives, picking one, a race of the tiers; and new words for a turn that runs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.journal import open_journal
from tests.kernel.driver import WIDGET_VIEW, Kernel, Ran
from tests.kernel.test_stopping import open_subshell, streaming
from tests.paced import PacedServer, code_answer, wait_until, whole_input


class InTurn:
    """Gives each request the next of these answers, whatever the thread."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()

    def __call__(self, body: Any) -> str:
        with self._lock:
            return self._answers.pop(0)


def cells(fenced: Callable[[str], str], *codes: str) -> InTurn:
    return InTurn(*map(fenced, codes))


# --- alternatives ---------------------------------------------------------------------------------


def test_alternatives_stand_side_by_side_and_the_first_that_holds_is_applied(
    kernel: Kernel, paced: PacedServer, fenced: Callable[[str], str]
) -> None:
    kernel.run("%%spark make it three\nvalue = 1", cell_id="a")
    paced.records.clear()
    paced.answer = cells(fenced, "value = (", "value = nowhere", "value = 3")
    ran = kernel.run("%spark alternatives 3")
    assert ran.status == "ok", ran.error
    assert len(paced.records) == 3
    assert ran.payload == [("value = 3", True)]
    (bundle,) = ran.displays
    assert bundle["text/html"].count('<section class="jspark-way"') == 3
    for text in ("value = (", "value = nowhere", "value = 3"):
        assert text in bundle["text/plain"]
    assert "offered first" in bundle["text/plain"]
    assert bundle["text/plain"].count("does not hold") >= 2
    outcome = bundle["text/plain"].splitlines()[-1]
    assert "This cell now holds the new code" in outcome
    assert "%spark pick" in outcome


def test_another_one_is_picked_and_taken_back(kernel: Kernel, paced: PacedServer, fenced: Callable[[str], str]) -> None:
    kernel.run("%%spark make it more\nvalue = 1", cell_id="b")
    paced.answer = cells(fenced, "value = 2", "value = 3")
    ran = kernel.run("%spark alternatives 2")
    applied = ran.payload[0][0]
    (heads,) = [[line for line in ran.shown.splitlines() if line.startswith("[")]]
    other = 2 if "[1 · offered first]" in heads else 1
    picked = kernel.run(f"%spark pick {other}")
    assert {applied, picked.payload[0][0]} == {"value = 2", "value = 3"}
    assert picked.printed.startswith(f"{other}: This cell now holds the new code")
    assert kernel.run("%spark undo").payload == [("value = 1", True)]


def test_the_journal_keeps_every_candidate(
    kernel: Kernel, home: Path, paced: PacedServer, fenced: Callable[[str], str]
) -> None:
    kernel.run("%%spark make it four\nvalue = 1")
    paced.answer = cells(fenced, "value = 4", "value = (", "value = 2 + 2")
    kernel.run("%spark alternatives 3")
    with closing(open_journal(home / "data" / "jupyter_spark" / "journal.db")) as journal:
        turns = journal.turns(3)
        assert [turn.status for turn in turns] == ["finished"] * 3
        kept = [journal.proposal(turn.turn_id) for turn in turns]
    assert {one.edit.new_source for one in kept if one} == {"value = 4", "value = (", "value = 2 + 2"}
    assert "first token" in kernel.run("%spark status").printed


def test_repeats_are_told(kernel: Kernel, paced: PacedServer, fenced: Callable[[str], str]) -> None:
    kernel.run("%%spark make it two\nvalue = 1")
    paced.answer = cells(fenced, "value = 2", "value = 2  ", "value = 2")
    shown = kernel.run("%spark alternatives").shown
    assert shown.count("the same as 1") == 2
    assert shown.endswith(" All 3 came to the same.")
    assert "pick" not in shown


def test_a_copy_and_a_dry_run_are_not_to_be_picked(
    kernel: Kernel, paced: PacedServer, fenced: Callable[[str], str]
) -> None:
    kernel.run("%%spark make it two\nvalue = 1")
    paced.answer = cells(fenced, "value = (", "value = (", "value = 2")
    shown = kernel.run("%spark alternatives").shown
    assert re.search(r"%spark pick \d takes another\.$", shown)
    paced.answer = cells(fenced, "value = 2", "value = 3")
    dry = kernel.run("%spark alternatives 2 --dry-run")
    assert dry.shown.endswith(": Dry run: nothing was applied.")
    assert dry.payload == []


def test_one_that_does_not_hold_is_picked_only_if_told(
    kernel: Kernel, paced: PacedServer, fenced: Callable[[str], str]
) -> None:
    kernel.run("%%spark make it two\nvalue = 1")
    paced.answer = cells(fenced, "value = (", "value = (1")
    ran = kernel.run("%spark alternatives 2")
    assert ran.payload == []
    assert "Not applied: a check does not hold" in ran.shown
    assert kernel.run("%spark pick 2").payload == []
    assert len(kernel.run("%spark pick 2 --yes").payload) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%spark alternatives 9", "from 2 to 8"),
        ("%spark alternatives 1", "from 2 to 8"),
        ("%spark alternatives x", "'x' is no number of alternatives. Say how many, then the words: 3 x"),
        ("%spark pick 7", "There is no proposal '7'"),
        ("%spark pick two", "There is no proposal 'two'"),
        ("%spark pick", "Which one?"),
    ],
)
def test_what_is_not_there(
    kernel: Kernel, paced: PacedServer, fenced: Callable[[str], str], line: str, said: str
) -> None:
    kernel.run("%%spark make it two\nvalue = 1")
    paced.records.clear()
    ran = kernel.run(line)
    assert ran.status == "error"
    assert paced.records == []
    assert said in ran.error["evalue"]


def test_words_have_no_alternatives(kernel: Kernel, paced: PacedServer) -> None:
    paced.answer = "Because."
    kernel.run("%spark ask why")
    assert "of an edit" in kernel.run("%spark alternatives").error["evalue"]
    assert "nothing to pick" in kernel.run("%spark pick 1").error["evalue"]


def test_an_interrupt_stops_all(kernel: Kernel, paced: PacedServer) -> None:
    kernel.run("%%spark make it long\nvalue = 1")
    paced.records.clear()
    paced.rate_tok_s, paced.answer = 100.0, code_answer(3000)
    running = kernel.send("%spark alternatives 3")
    wait_until(lambda: len(paced.records) == 3 and all(record.sent_tokens > 20 for record in paced.records))
    kernel.interrupt()
    ran = kernel.finish(running)
    assert ran.error["ename"] == "TurnStopped"
    assert ran.payload == []
    wait_until(lambda: all(record.closed_at_s is not None for record in paced.records))
    assert not any(record.finished for record in paced.records)


# --- with widgets ---------------------------------------------------------------------------------


@pytest.fixture
def with_widgets(kernel: Kernel) -> Iterator[Kernel]:
    kernel.run("%config SparkMagics.widgets = 'on'")
    yield kernel
    kernel.run("%config SparkMagics.widgets = 'auto'")


def widgets(kernel: Kernel, running: str, **state: Any) -> list[str]:
    """The model ids of the widgets that were opened with this state, once the card is on the page."""
    found: list[str] = []

    def is_there() -> bool:
        messages = kernel.messages_so_far(running)
        opened = [m["content"] for m in messages if m["msg_type"] == "comm_open"]
        found[:] = [
            content["comm_id"] for content in opened if state.items() <= content["data"].get("state", {}).items()
        ]
        return any(m["msg_type"] == "display_data" and WIDGET_VIEW in m["content"]["data"] for m in messages)

    wait_until(is_there)
    return found


def tell_widget(kernel: Kernel, subshell: str, model: str, data: dict[str, Any]) -> None:
    message = kernel.client.session.msg("comm_msg", {"comm_id": model, "data": data})
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)


def test_use_this_takes_a_finished_one_at_once(with_widgets: Kernel, paced: PacedServer) -> None:
    kernel = with_widgets
    kernel.run("%%spark make it two\nvalue = 1")
    paced.records.clear()
    first, rest = iter(["```python\nvalue = 2\n```\n"]), code_answer(3000)
    paced.rate_tok_s, paced.answer = 100.0, lambda body: next(first, rest)
    subshell = open_subshell(kernel)
    running = kernel.send("%spark alternatives 2")
    buttons = widgets(kernel, running, description="Use this")
    assert len(buttons) == 2
    enabled: list[str] = []

    def one_is_enabled() -> bool:
        states = [m["content"] for m in kernel.messages_so_far(running) if m["msg_type"] == "comm_msg"]
        enabled[:] = [c["comm_id"] for c in states if c["data"].get("state", {}).get("disabled") is False]
        return bool(enabled)

    wait_until(one_is_enabled)
    tell_widget(kernel, subshell, enabled[0], {"method": "custom", "content": {"event": "click"}})
    ran = kernel.finish(running)
    assert ran.status == "ok"
    assert ran.payload == [("value = 2", True)]
    wait_until(lambda: any(record.closed_at_s is not None for record in paced.records))


@pytest.mark.parametrize("in_place", [True, False])
def test_more_words_in_the_card_redirect_the_turn(
    with_widgets: Kernel, paced: PacedServer, fenced: Callable[[str], str], in_place: bool
) -> None:
    kernel = with_widgets
    paced.rate_tok_s, paced.steering = 100.0, in_place
    answers = iter([code_answer(3000), fenced("value = 'steered'")])
    paced.answer = lambda body: next(answers)
    subshell = open_subshell(kernel)
    running = kernel.send("%%spark write many values\nvalue = 1")
    (box,) = widgets(kernel, running, placeholder="Say more")
    record = streaming(paced)
    tell_widget(kernel, subshell, box, {"method": "update", "state": {"value": "only one, please"}})
    ran = kernel.finish(running)
    paced.steering = True
    assert ran.status == "ok", ran.error
    assert ran.payload == [("value = 'steered'", True)]
    assert record.sent_tokens < 1500
    assert (record.connection == paced.records[-1].connection) == in_place  # else the old answer's socket is closed
    told = str(whole_input(paced.records, paced.records[-1]))
    assert "write many values" in told
    assert "only one, please" in told
    assert "value_0" not in ran.shown
    assert "only one, please" in ran.html
    paced.rate_tok_s, paced.answer = 1000.0, fenced("value = 'again'")
    kernel.run("%spark retry")
    again = str(whole_input(paced.records, paced.records[-1]))
    assert "only one, please" in again  # what is asked again is all that was said
    assert "value_0" not in again


# --- a race ---------------------------------------------------------------------------------------


@pytest.fixture
def racing(kernel: Kernel) -> Iterator[Kernel]:
    kernel.run("%config SparkMagics.race = True")
    yield kernel
    kernel.run("%config SparkMagics.race = False")


def is_deep(body: Any) -> bool:
    return body["model"] == "gpt-5.6-sol"


def by_tier(spark: str, deep: str) -> Callable[[Any], str]:
    return lambda body: deep if is_deep(body) else spark


def second_line(kernel: Kernel, ran: Ran, expected: str) -> str:
    """Wait until some display says this; the update may come after the cell has ended."""
    found: list[str] = []

    def says() -> bool:
        kernel.pump(0.05)
        for messages in (ran.messages, *kernel._inbox.values()):
            for message in messages:
                text = str(message["content"].get("data", {}).get("text/plain", ""))
                if message["msg_type"] == "update_display_data" and expected in text:
                    found.append(text)
        return bool(found)

    wait_until(says)
    return found[-1]


def test_deep_offers_a_second_proposal_after_the_cell_has_ended(
    racing: Kernel, paced: PacedServer, fenced: Callable[[str], str]
) -> None:
    kernel = racing
    paced.answer = by_tier(fenced("value = 2"), code_answer(60).replace("value_00000", "deeply"))
    paced.rate_tok_s = 60.0  # the deep answer takes a second longer
    ran = kernel.run("%%spark make it two\nvalue = 1")
    assert ran.payload == [("value = 2", True)]
    assert "thinks on" in ran.shown
    deep = [record for record in paced.records if is_deep(record.body)]
    assert len(deep) == 1
    assert not deep[0].finished
    assert "deeply" in second_line(kernel, ran, "%spark pick 2 takes it")
    picked = kernel.run("%spark pick 2")
    assert picked.payload[0][0].startswith("deeply")
    assert kernel.run("%spark undo").payload == [("value = 1", True)]


def test_the_same_answer_is_not_offered(racing: Kernel, paced: PacedServer, fenced: Callable[[str], str]) -> None:
    paced.answer = fenced("value = 2")
    kernel = racing
    ran = kernel.run("%%spark make it two\nvalue = 1")
    second_line(kernel, ran, "no other answer that holds")
    assert "no proposal '2'" in kernel.run("%spark pick 2").error["evalue"]


def test_the_next_turn_ends_the_race(racing: Kernel, paced: PacedServer, fenced: Callable[[str], str]) -> None:
    kernel = racing
    paced.answer = by_tier(fenced("value = 2"), code_answer(3000))
    paced.rate_tok_s = 100.0
    kernel.run("%%spark make it two\nvalue = 1")
    (deep,) = [record for record in paced.records if is_deep(record.body)]
    wait_until(lambda: deep.sent_tokens > 5)
    paced.answer = "Because."
    kernel.run("%spark ask why")
    wait_until(lambda: deep.closed_at_s is not None)
    assert not deep.finished


def test_no_race_by_default_nor_for_words(kernel: Kernel, paced: PacedServer) -> None:
    kernel.run("%%spark make it two\nvalue = 1")
    assert not any(is_deep(record.body) for record in paced.records)
    kernel.run("%config SparkMagics.race = True")
    paced.records.clear()
    kernel.run("%spark ask why")
    kernel.run("%config SparkMagics.race = False")
    assert len(paced.records) == 1


def test_the_settings_file_starts_a_race_too(
    kernel: Kernel, home: Path, paced: PacedServer, fenced: Callable[[str], str]
) -> None:
    file = home / "config" / "jupyter_spark.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("[turns]\nrace = true\n")
    try:
        paced.answer = by_tier(fenced("value = 2"), fenced("value = 1 + 1"))
        ran = kernel.run("%%spark make it two\nvalue = 1")
        second_line(kernel, ran, "+ value = 1 + 1")
    finally:
        file.unlink()


# --- who answers instead --------------------------------------------------------------------------


def test_a_substitute_answers_and_is_named(kernel: Kernel, home: Path, paced: PacedServer) -> None:
    file = home / "config" / "jupyter_spark.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        "[tiers]\nspark = { profile = 'away', fallback = ['openai'] }\n"
        "[profiles.away]\napi = 'chat'\nbase_url = 'http://127.0.0.1:9/v1'\nmodels = ['none']\nkey_required = false\n"
    )
    try:
        ran = kernel.run("%%spark make it two\ntotal = 1")
        assert ran.payload == [("total = 1 + 1", True)]
        assert "No connection to 'away' at " in ran.shown
        assert "answers instead" in ran.shown
        assert "else openai" in kernel.run("%spark status").printed
    finally:
        file.unlink()
