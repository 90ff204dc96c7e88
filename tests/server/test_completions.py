"""What is written at the caret, over a real server and a paced endpoint."""

from __future__ import annotations

import time

from tests.kernel.server import JupyterServer
from tests.paced import PacedServer
from tests.paced.records import wait_until
from tests.server.page import CELLS, NOTEBOOK, Page, opened_page, request

FENCED = "```python\nsum(orders) / len(orders)\n```\n"


def complete(page: Page, completion_id: str = "1", **fields: str) -> None:
    base = {"notebook": NOTEBOOK, "cell_id": "b", "before": "total = sum(orders)\nmean = ", "after": "\nprint(mean)"}
    page.send("completion_requested", completion_id=completion_id, **{**base, **fields})


def test_a_completion_streams_and_is_no_turn(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer = FENCED + "That is the mean."
    since_s = time.time()
    with opened_page(server) as page:
        page.tell_notebook()
        complete(page)
        ended = page.until("completion_ended")
    said = [frame["text"] for frame in page.frames if isinstance(frame, dict) and frame["type"] == "completion_said"]
    assert said[-1] == "sum(orders) / len(orders)"
    assert all(said[-1].startswith(text) for text in said)
    assert (ended["code"], ended["stopped"], ended["model"]) == ("", False, "paced")
    (record,) = paced.records
    sent = str(record.body)
    assert CELLS["a"] in sent
    assert sent.index(CELLS["a"]) < sent.index("print(mean)") < sent.index("mean = \\n")
    assert request(server, "GET", f"conversations?notebook={NOTEBOOK}")[1] == {"conversations": []}
    (spent,) = request(server, "GET", f"spent?since_s={since_s}")[1]["tiers"]
    assert (spent["tier"], spent["turns"], spent["completions"]) == ("spark", 0, 1)
    assert spent["input_tokens"] > 50
    assert request(server, "GET", "spent?since_s=never")[0] == 400


def test_a_caret_that_moves_on_closes_the_endpoint(server: JupyterServer, paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = "```python\n" + "[" + "1, " * 2000, 100.0
    with opened_page(server) as page:
        page.tell_notebook()
        complete(page, "1")
        page.until("completion_said")
        complete(page, "2")  # a new one ends the one before it
        while page.until("completion_said")["completion_id"] != "2":
            pass
        first, second = paced.records
        assert first.closed_at_s is not None
        assert first.closed_at_s <= second.at_s
        page.send("completion_stopped", completion_id="1")  # which is not the one that runs
        page.until("completion_said")
        page.send("completion_stopped", completion_id="2")
        assert page.until("completion_ended")["stopped"]
        wait_until(lambda: second.closed_at_s is not None)
        complete(page, "3")
        page.until("completion_said")
    wait_until(lambda: paced.records[-1].closed_at_s is not None)  # a page that is gone reads nothing
    assert len(paced.records) == 3


def test_secrets_stay_here_and_come_back(server: JupyterServer, paced: PacedServer) -> None:
    secret = "sk-proj-" + "Qm7Zp2Lx9Vb4Nc8Rt6Wy3KdT1fHs5Gj"
    paced.answer = lambda body: "```python\n" + str(body["messages"][-1]["content"]).split("key = ")[1].split("\n")[0]
    with opened_page(server) as page:
        page.tell_notebook({"a": f'key = "{secret}"', "b": "again = "})
        complete(page, before="again = ", after="")
        page.until("completion_ended")
    said = [frame["text"] for frame in page.frames if isinstance(frame, dict) and frame["type"] == "completion_said"]
    assert secret not in str(paced.records[-1].body)
    assert said[-1] == f'"{secret}"'


def test_what_cannot_be_completed_is_told_in_one_line(server: JupyterServer, paced: PacedServer) -> None:
    with opened_page(server) as page:
        page.tell_notebook()
        complete(page, cell_id="gone")
        assert page.until("completion_ended")["message"] == "That cell is not in the notebook any more."
        complete(page, before="# spark-ignore\nx = ")
        assert page.until("completion_ended")["code"] == "kept_out_cell"
        complete(page, notebook="elsewhere.ipynb")
        assert page.until("completion_ended")["message"] == "The server does not know this notebook yet."
        complete(page, profile="nobody")
        assert page.until("completion_ended")["code"] == "unknown_profile"
    assert not paced.records
