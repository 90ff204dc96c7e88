"""Stopping a turn: the connection upstream is closed, the cell stays as it was, the next turn is clean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.kernel.driver import WIDGET_VIEW, Kernel, Ran
from tests.paced import PacedServer, RequestRecord, code_answer, wait_until

LONG_TOKENS = 3000
CLEAN = "value = 'clean'"


def slow(paced: PacedServer, answer: str = "") -> None:
    paced.rate_tok_s, paced.answer = 100.0, answer or code_answer(LONG_TOKENS)


def streaming(paced: PacedServer, tokens: int = 30) -> RequestRecord:
    """Wait until the answer is well under way."""
    wait_until(lambda: paced.records and paced.records[-1].sent_tokens >= tokens)
    return paced.records[-1]


def closed_after(record: RequestRecord, stopped_at_s: float) -> float:
    """Wait for the end of the connection; how long after the stop it came, in seconds."""
    wait_until(lambda: record.closed_at_s is not None)
    assert record.closed_at_s is not None
    assert not record.finished
    assert record.sent_tokens < LONG_TOKENS
    return record.closed_at_s - stopped_at_s


def assert_stopped(ran: Ran) -> None:
    assert (ran.status, ran.payload) == ("error", [])
    assert ran.error["ename"] == "TurnStopped"
    assert ran.error["traceback"] == ["Spark: Stopped.", "  → Nothing was applied; %spark retry asks again."]
    assert "stopped; nothing was applied" in ran.shown


def assert_clean(kernel: Kernel, paced: PacedServer) -> None:
    """The next turn gives its own text, whole, and nothing of the one before."""
    paced.rate_tok_s, paced.first_token_s, paced.answer = 1000.0, 0.0, f"```python\n{CLEAN}\n```\n"
    ran = kernel.run("%%spark change it\nvalue = 1")
    assert ran.payload == [(CLEAN, True)]
    assert "value_0" not in ran.shown
    assert ran.shown.startswith(f"- value = 1\n+ {CLEAN}\n✓")
    sent = paced.records[-1]
    assert sent.finished
    assert "value_0" not in sent.raw_body.decode()


@pytest.mark.parametrize("cell", ["%%spark write many values\nvalue = 1", "%%spark\nwrite many values"])
def test_an_interrupt_stops_a_streaming_edit(
    kernel: Kernel, paced: PacedServer, cell: str, record_property: Callable[[str, object], None]
) -> None:
    slow(paced)
    running = kernel.send(cell)
    record = streaming(paced)
    stopped_at_s = time.monotonic()
    kernel.interrupt()
    took_s = closed_after(record, stopped_at_s)
    print(f"upstream closed {took_s * 1000:.0f} ms after the interrupt")
    record_property("closed_after_ms", round(took_s * 1000))
    ran = kernel.finish(running)
    assert_stopped(ran)
    assert "value_00000" in ran.shown  # what had arrived can still be read
    assert_clean(kernel, paced)


def test_an_interrupt_stops_an_answer_in_words(kernel: Kernel, paced: PacedServer) -> None:
    slow(paced, "word " * LONG_TOKENS)
    running = kernel.send("%spark ask for many words")
    record = streaming(paced)
    kernel.interrupt()
    closed_after(record, time.monotonic())
    ran = kernel.finish(running)
    assert_stopped(ran)
    assert ran.displays[0]["text/markdown"].startswith("word word ")
    paced.rate_tok_s, paced.answer = 1000.0, "Fresh."
    assert kernel.run("%spark ask again").displays[0]["text/markdown"] == "Fresh."
    assert "word word" not in paced.records[-1].raw_body.decode()
    assert_clean(kernel, paced)


def test_an_interrupt_before_the_first_token(kernel: Kernel, paced: PacedServer) -> None:
    slow(paced)
    paced.first_token_s = 30.0
    running = kernel.send("%%spark write many values\nvalue = 1")
    wait_until(lambda: paced.records and paced.records[-1].status == 200)
    kernel.interrupt()
    closed_after(paced.records[-1], time.monotonic())
    assert_stopped(kernel.finish(running))
    assert_clean(kernel, paced)


def test_an_interrupt_at_any_moment_leaves_nothing_running(kernel: Kernel, paced: PacedServer) -> None:
    slow(paced)
    paced.first_token_s = 30.0
    for after_ms in range(0, 60, 2):  # from before the first frame is shown to long after it
        paced.records.clear()
        running = kernel.send("%%spark write many values\nvalue = 1")
        wait_until(lambda: paced.records)
        time.sleep(after_ms / 1000)
        kernel.interrupt()
        closed_after(paced.records[-1], time.monotonic())
        assert_stopped(kernel.finish(running))


def test_an_interrupt_stops_run_all(kernel: Kernel, paced: PacedServer) -> None:
    slow(paced)
    sent = [kernel.send(code) for code in ("%%spark write many values\nvalue = 1", "1", "2")]
    record = streaming(paced)
    kernel.interrupt()
    closed_after(record, time.monotonic())
    assert [kernel.finish(one).status for one in sent] == ["error", "aborted", "aborted"]


def test_retry_after_a_stop_asks_the_same(kernel: Kernel, paced: PacedServer) -> None:
    slow(paced)
    running = kernel.send("%%spark write many values\nvalue = 1")
    streaming(paced)
    kernel.interrupt()
    assert_stopped(kernel.finish(running))
    paced.rate_tok_s, paced.answer = 1000.0, f"```python\n{CLEAN}\n```\n"
    assert kernel.run("%spark retry").payload == [(CLEAN, True)]


@pytest.fixture
def with_widgets(kernel: Kernel) -> Iterator[Kernel]:
    kernel.run("%config SparkMagics.widgets = 'on'")
    yield kernel
    kernel.run("%config SparkMagics.widgets = 'auto'")


def open_subshell(kernel: Kernel) -> str:
    """Open a subshell, as JupyterLab does to reach a widget while a cell runs."""
    session = kernel.client.session
    request = session.msg("create_subshell_request")
    kernel.client.control_channel.send(request)
    while True:
        reply = kernel.client.get_control_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == request["header"]["msg_id"]:
            return str(reply["content"]["subshell_id"])


def stop_button(kernel: Kernel, running: str) -> str:
    """The model id of the card's Stop button, once it is on the page."""
    found: list[str] = []

    def is_there() -> bool:
        messages = kernel.messages_so_far(running)
        buttons = [
            message["content"]["comm_id"]
            for message in messages
            if message["msg_type"] == "comm_open"
            and message["content"]["data"].get("state", {}).get("description") == "Stop"
        ]
        shown = [m for m in messages if m["msg_type"] == "display_data" and WIDGET_VIEW in m["content"]["data"]]
        found[:] = buttons
        return bool(buttons and shown)

    wait_until(is_there)
    return found[0]


@pytest.mark.parametrize("cell", ["%%spark write many values\nvalue = 1", "%spark ask for many words"])
def test_the_stop_button_stops(with_widgets: Kernel, paced: PacedServer, cell: str) -> None:
    kernel = with_widgets
    slow(paced, "" if "%%" in cell else "word " * LONG_TOKENS)
    subshell = open_subshell(kernel)
    running = kernel.send(cell)
    button = stop_button(kernel, running)
    record = streaming(paced)
    click = {"comm_id": button, "data": {"method": "custom", "content": {"event": "click"}}}
    message = kernel.client.session.msg("comm_msg", click)
    message["header"]["subshell_id"] = subshell
    pressed_at_s = time.monotonic()
    kernel.client.shell_channel.send(message)
    took_s = closed_after(record, pressed_at_s)
    print(f"upstream closed {took_s * 1000:.0f} ms after Stop was pressed")
    assert_stopped(kernel.finish(running))
    assert_clean(kernel, paced)
