"""A page's turns over a real server: asked, streamed, joined again, redirected, stopped."""

from __future__ import annotations

import time
import uuid
from typing import Any

from jupyter_spark.wire_page import text_mark
from tests.kernel.server import JupyterServer
from tests.paced import Fault, PacedServer, wait_until
from tests.server.page import CELLS, NOTEBOOK, opened_page, request

LONG = "".join(f"Sentence {number} is here.\n" for number in range(300))


def fresh() -> str:
    return uuid.uuid4().hex


def test_a_question_about_the_notebook_as_it_stands(server: JupyterServer, paced: PacedServer) -> None:
    turn = fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.send("cells_changed", notebook=NOTEBOOK, cells=[{"cell_id": "b", "source": "total = max(orders)"}])
        page.ask(turn, "which one?")
        ended = page.until("turn_finished")
    assert page.text(turn) == "All is well."
    assert ended["text"] == ""  # the words came once
    (record,) = paced.records
    sent = str(record.body)
    assert CELLS["a"] in sent
    assert "total = max(orders)" in sent
    assert CELLS["b"] not in sent
    assert "which one?" in sent


def test_only_what_is_not_known_is_asked_for(server: JupyterServer) -> None:
    cells = {"x": "one = 1", "y": "two = 2", "z": "ä = '€😀'"}
    with opened_page(server) as page:
        assert set(page.tell_notebook(cells)) == {"x", "y", "z"}
        assert page.tell_notebook(cells) == []
        assert page.tell_notebook({**cells, "y": "two = 3"}) == ["y"]
        page.tell_notebook(CELLS)


def test_an_edit_streams_by_lines_and_ends_with_its_checks(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer = "```python\ntotal = 0\nfor order in orders:\n    total += order\n```\n"
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(fresh(), "use a loop", kind="rewrite", cell_id="b")
        proposal = page.until("edit_ready")["proposal"]
        page.until("turn_finished")
    lines = [line for frame in page.frames if isinstance(frame, list) for line in frame[2]]
    assert lines == ["total = 0", "for order in orders:", "    total += order"]
    assert proposal["edit"]["new_source"] == "\n".join(lines)
    assert all(check["ok"] for check in proposal["checks"])


def test_a_page_that_comes_back_misses_nothing(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = LONG, 1000.0
    turn = fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(turn)
        page.until_text()
        position, first = page.position(turn), page.text(turn)
    with opened_page(server) as again:
        again.send("turn_joined", turn_id=turn, position=position)
        ended = again.until("turn_finished")
    with opened_page(server) as late:  # a page that was reloaded after the end
        late.send("turn_joined", turn_id=turn)
        late.until("turn_finished")
    assert 0 < len(first) < len(LONG)
    assert first + again.text(turn) == LONG == late.text(turn)
    assert ended["text"] == ""  # every word is sent once


def test_what_streams_costs_little_more_than_its_text(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = LONG, 1000.0
    with opened_page(server) as page:
        page.tell_notebook()
        before, turn = page.received_bytes, fresh()
        page.ask(turn)
        page.until("turn_finished")
    streamed = [frame for frame in page.frames if isinstance(frame, list)]
    assert len(streamed) > 50
    assert page.text(turn) == LONG
    assert page.received_bytes - before < 1.6 * len(LONG)


def test_stop_closes_the_endpoint_and_keeps_what_came(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = LONG, 200.0
    turn = fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(turn)
        page.until_text()
        page.send("turn_stopped", turn_id=turn)
        page.until("turn_cancelled")
    assert LONG.startswith(page.text(turn))
    assert page.text(turn) != ""
    assert paced.records[-1].sent_tokens < 300


def test_what_cannot_be_asked_is_refused_in_one_line(server: JupyterServer, paced: PacedServer) -> None:
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask("t1", "  ")
        assert page.until("refused")["message"] == "There are no words to go by."
        page.ask("t2", "mend it", kind="rewrite", cell_id="gone")
        assert page.until("refused")["message"] == "That cell is not in the notebook any more."
        page.ask("t4", profile="nobody")
        assert page.until("refused")["code"] == "unknown_profile"
        page.send("nonsense")
        assert page.until("refused")["turn_id"] is None
        page.send("turn_joined", turn_id="never was")
        assert page.until("turn_lost")["turn_id"] == "never was"
        page.send("turn_stopped", turn_id="never was")
        # The connection lives on.
        page.ask(fresh())
        page.until("turn_finished")
    assert len(paced.records) == 1


def test_a_question_asked_at_once_waits_for_the_cells(server: JupyterServer, paced: PacedServer) -> None:
    cells = [{"cell_id": cell_id, "source": text} for cell_id, text in CELLS.items()]
    listed = [{"cell_id": cell_id, "mark": text_mark(text)} for cell_id, text in CELLS.items()]
    with opened_page(server) as page:
        turn = fresh()
        page.ask(turn, "how many?", notebook="new.ipynb")  # before the page has told anything
        page.send("cells_listed", notebook="new.ipynb", cells=listed)
        wanted = page.until("cells_wanted")["cell_ids"]
        assert set(wanted) == CELLS.keys()
        assert not any(isinstance(one, dict) and one["type"] == "turn_numbered" for one in page.frames)
        page.send("cells_changed", notebook="new.ipynb", cells=cells)
        page.until("turn_finished")
    (record,) = paced.records
    assert all(text in str(record.body) for text in CELLS.values())


def test_an_endpoint_that_fails(server: JupyterServer, paced: PacedServer) -> None:
    paced.fault = Fault("error_event", after_tokens=1)
    with opened_page(server) as page:
        page.tell_notebook()
        turn = fresh()
        page.ask(turn)
        failed = page.until("turn_failed")
    assert failed["code"] == "server"
    assert page.text(turn) == "All "


def test_a_turn_that_is_asked_for_twice_runs_once(server: JupyterServer, paced: PacedServer) -> None:
    turn = fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(turn)
        page.ask(turn)
        page.until("turn_finished")
    assert len(paced.records) == 1


def test_the_conversation_is_there_again(server: JupyterServer, paced: PacedServer) -> None:
    turn, conversation = fresh(), fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(turn, "is it?\nreally", conversation_id=conversation)
        page.until("turn_finished")
    status, body = request(server, "GET", f"conversations?notebook={NOTEBOOK}")
    assert status == 200
    kept = next(one for one in body["conversations"] if one["conversation_id"] == conversation)
    assert kept["title"] == "is it?"
    (past,) = kept["turns"]
    assert (past["turn_id"], past["status"], past["text"]) == (turn, "finished", "All is well.")


def test_a_question_that_was_refused_is_there_again(server: JupyterServer, paced: PacedServer) -> None:
    turn, conversation = fresh(), fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(turn, "why? " * 100_000, conversation_id=conversation)
        why = page.until("refused")

    def conversations() -> list[Any]:
        _, body = request(server, "GET", f"conversations?notebook={NOTEBOOK}")
        return [one for one in body["conversations"] if one["conversation_id"] == conversation]

    wait_until(lambda: bool(conversations()))  # it is written off the way
    (kept,) = conversations()
    (past,) = kept["turns"]
    assert (past["turn_id"], past["status"]) == (turn, "failed")
    assert past["instruction"] == "why? " * 100_000
    assert past["error"] == f"{why['message']} {why['hint']}"
    assert len(kept["title"]) <= 120
    assert paced.records == []


def test_a_notebook_in_another_language(server: JupyterServer, paced: PacedServer) -> None:
    """Its code is not taken for broken Python."""
    source, changed = "x <- c(1, 2)\nprint(x)", "x <- c(1, 2, 3)\nprint(x)"
    paced.answer = f"```R\n{changed}\n```\n"
    with opened_page(server) as page:
        cells = [{"cell_id": "r", "mark": text_mark(source)}]
        page.send("cells_listed", notebook="of-r.ipynb", language="R", cells=cells)
        page.send("cells_changed", notebook="of-r.ipynb", cells=[{"cell_id": "r", "source": source}])
        page.ask(fresh(), "add a three", notebook="of-r.ipynb", kind="rewrite", cell_id="r")
        proposal = page.until("edit_ready")["proposal"]
        page.until("turn_finished")
    assert proposal["edit"]["new_source"] == changed
    assert all(check["ok"] for check in proposal["checks"])
    assert "parses" not in [check["name"] for check in proposal["checks"]]
    (record,) = paced.records
    assert "```R\\nx <- c(1, 2)" in str(record.body)


def test_new_words_redirect_a_running_answer(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer = lambda body: "Only now." if "in one word" in str(body) else LONG
    paced.rate_tok_s = 200.0
    turn = fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(turn)
        page.until_text()
        page.send("words_said", turn_id=turn, words="in one word")
        steered = page.until("turn_steered")
        before = len(page.frames)
        page.until("turn_finished")
    assert steered["words"] == "in one word"
    assert page.text(turn).endswith("Only now.")
    assert all("Sentence" not in str(frame) for frame in page.frames[before:])


def test_the_next_question_goes_on_from_the_last(server: JupyterServer, paced: PacedServer) -> None:
    conversation = fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(fresh(), "one?", conversation_id=conversation)
        page.until("turn_finished")
        page.send("cells_changed", notebook=NOTEBOOK, cells=[{"cell_id": "b", "source": "total = max(orders)"}])
        page.ask(fresh(), "two?", conversation_id=conversation)
        page.until("turn_finished")
        page.ask(fresh(), "three?", conversation_id=fresh())
        page.until("turn_finished")
    one, two, three = (record.body["messages"] for record in paced.records if record.body)
    assert two[: len(one)] == one
    assert two[len(one)] == {"role": "assistant", "content": "All is well."}
    assert "total = max(orders)" in two[-1]["content"]
    assert CELLS["a"] not in two[-1]["content"]
    assert "one?" not in str(three)


def test_a_turn_that_stands_alone_is_in_no_conversation(server: JupyterServer, paced: PacedServer) -> None:
    """It is told nothing of what was said, the next question is told nothing of it, and the page's list has it not."""
    conversation, alone = fresh(), fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(fresh(), "one?", conversation_id=conversation)
        page.until("turn_finished")
        page.ask(alone, "aside?", conversation_id=None)
        page.until("turn_finished")
        page.ask(fresh(), "two?", conversation_id=conversation)
        page.until("turn_finished")
    _one, aside, two = (record.body["messages"] for record in paced.records if record.body)
    assert "one?" not in str(aside)
    assert CELLS["a"] in str(aside)
    assert "aside?" not in str(two)
    _status, body = request(server, "GET", f"conversations?notebook={NOTEBOOK}")
    assert alone not in str(body)
    assert conversation in str(body)


EDIT = "```python\ntotal = 0\nfor order in orders:\n    total += order\n```\n"


def past_turn(server: JupyterServer, turn: str) -> dict[str, Any]:
    _status, body = request(server, "GET", f"conversations?notebook={NOTEBOOK}")
    kept = (one for conversation in body["conversations"] for one in conversation["turns"])
    return next(dict(one) for one in kept if one["turn_id"] == turn)


def test_what_became_of_an_edit_is_kept_for_the_page_and_for_undo(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer = EDIT
    turn = fresh()
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(turn, "use a loop", kind="rewrite", cell_id="b")
        proposal = page.until("edit_ready")["proposal"]
        page.until("turn_finished")
        edit = proposal["edit"]
        old, new = edit["old_source"], edit["new_source"]

        def judge(outcome: str, before: str, after: str) -> None:
            about = {"turn_id": turn, "proposal_id": proposal["proposal_id"], "notebook": NOTEBOOK, "cell_id": "b"}
            page.send("edit_judged", **about, operation="replace", outcome=outcome, before=before, after=after)

        def until(outcome: str) -> dict[str, Any]:
            deadline_s = time.monotonic() + 20
            while (past := past_turn(server, turn))["outcome"] != outcome and time.monotonic() < deadline_s:
                time.sleep(0.02)
            assert past["outcome"] == outcome
            return past

        assert past_turn(server, turn)["outcome"] == "open"
        judge("refused", old, old)
        until("refused")
        judge("taken", old, new)
        assert until("taken")["taken_cell_id"] == "b"
        judge("taken_back", new, old)
        assert until("taken_back")["taken_cell_id"] is None
        half = "total = 0"
        judge("taken", old, half)  # in two parts
        judge("taken", half, new)
        judge("taken_back", new, half)
        until("taken")
        judge("taken_back", half, old)
        until("taken_back")


def test_alternatives_are_turns_of_one_group(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer = EDIT
    ids = [fresh() for _ in range(3)]
    with opened_page(server) as page:
        page.tell_notebook()
        page.ask(ids[0], "use a loop", kind="rewrite", cell_id="b", others=ids[1:])
        for _ in ids:
            page.until("turn_finished")
        assert set(page.numbers.values()) == set(ids)
        page.ask(fresh(), "why?", others=[fresh()])
        assert [page.until("refused")["message"] for _ in range(2)] == ["Alternatives are of an edit."] * 2
    assert len(paced.records) == 3
    assert {past_turn(server, turn)["group_id"] for turn in ids} == {ids[0]}


def test_an_edit_that_is_answered_in_words_is_told_whole(server: JupyterServer, paced: PacedServer) -> None:
    words = "I would rather not change that cell, for it is right as it stands. " * 8
    paced.answer = words
    with opened_page(server) as page:
        page.tell_notebook()
        turn = fresh()
        page.ask(turn, "use a loop", kind="rewrite", cell_id="b")
        failed = page.until("turn_failed")
    assert words.strip() in page.text(turn) + failed["text"]


def test_history_goes_with_a_notebook_that_is_renamed_in_mid_turn(server: JupyterServer, paced: PacedServer) -> None:
    """What the user does with the edit later is filed there, too."""
    paced.answer, paced.rate_tok_s = EDIT, 10.0
    turn, old, new = fresh(), server.call("POST", "api/contents", {"type": "notebook"})["path"], "after.ipynb"
    with opened_page(server) as page:
        page.tell_notebook(notebook=old)
        page.ask(turn, "use a loop", notebook=old, kind="rewrite", cell_id="b", conversation_id="renamed")
        page.until("edit_started")
        server.call("PATCH", f"api/contents/{old}", {"path": new})
        proposal = page.until("edit_ready")["proposal"]
        page.until("turn_finished")
        about = {"turn_id": turn, "proposal_id": proposal["proposal_id"], "notebook": new, "cell_id": "b"}
        texts = {"before": proposal["edit"]["old_source"], "after": proposal["edit"]["new_source"]}
        page.send("edit_judged", **about, **texts, operation="replace", outcome="taken")

        def outcome(notebook: str) -> list[str]:
            _status, body = request(server, "GET", f"conversations?notebook={notebook}")
            return [kept["outcome"] for conversation in body["conversations"] for kept in conversation["turns"]]

        wait_until(lambda: outcome(new) == ["taken"], 20)
        assert outcome(old) == []
