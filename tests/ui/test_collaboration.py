"""Two people in one notebook, each in a page of their own: what one takes and what the other types are both there."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from jupyter_spark.providers.models import models_dir
from tests.paced import Fault, PacedServer
from tests.ui.composer import SidebarChat
from tests.ui.conftest import lacking
from tests.ui.lab import ROOT, LabNotebook, free_port, prepare_home, served
from tests.ui.test_chat_edits import fenced, written
from tests.ui.test_in_cell import EditedCell, outcomes

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# It switches itself on wherever it is installed, so `make test` puts it beside the environment, not into it.
COLLABORATION = Path(sys.prefix) / "collaboration"
LINES = 40
OLD = "\n".join(f"value_{number} = {number}" for number in range(LINES))
NEW = "\n".join(f"value_{number} = {number}{' * 2' if 10 <= number < 30 else ''}" for number in range(LINES))
OTHER = "other = 1"
# The editor's own way of taking what is typed, a key every few milliseconds, while the test does something else.
TYPE_ON = """words => {
  window.typedAll = false;
  const keys = [...words];
  const timer = setInterval(() => {
    document.execCommand('insertText', false, keys.shift());
    if (!keys.length) { clearInterval(timer); window.typedAll = true; }
  }, 15);
}"""
SOURCES = "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(cell => cell.getSource())"


@pytest.fixture(scope="module")
def lab(home: Path, settings_file: str, browser: Browser) -> Iterator[str]:
    if not (COLLABORATION / "jupyter_collaboration").is_dir():
        lacking("jupyter-collaboration is not there; get it with: make collaboration")
    prepare_home(home, settings_file)
    env = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(COLLABORATION)]),
        "JUPYTER_PATH": str(COLLABORATION / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(COLLABORATION / "etc" / "jupyter"),
    }
    port = free_port()
    with served(home, models_dir(), port, env=env):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def other_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1600})
    yield context.new_page()
    context.close()


Both = tuple[EditedCell, EditedCell]


@pytest.fixture
def both(
    lab: str, home: Path, page: Page, other_page: Page, paced: PacedServer, request: pytest.FixtureRequest
) -> Callable[..., Both]:
    """Open one notebook in two pages, and return its first cell as each of them has it."""
    paced.rate_tok_s, paced.first_token_s, paced.fault, paced.answer = math.inf, 0.0, None, fenced(NEW)
    paced.records.clear()

    def opened(*sources: str) -> Both:
        file = written(home / "examples", f"{request.node.name.replace('_', '-')}.ipynb", sources or (OLD, OTHER))
        pages = [LabNotebook(one, lab, file.name) for one in (page, other_page)]
        for one in pages:
            one.open()
        return EditedCell(pages[0], 0), EditedCell(pages[1], 0)

    return opened


def place(cell: EditedCell, line: int, *, index: int | None = None) -> None:
    """Put the caret at the end of a line, by keyboard but for the click."""
    editor = cell.notebook.cell(cell.index if index is None else index).locator(".cm-content")
    editor.click()
    cell.page.keyboard.press("ControlOrMeta+Home")
    for _ in range(line):
        cell.page.keyboard.press("ArrowDown")
    cell.page.keyboard.press("End")


def converged(one: EditedCell, other: EditedCell) -> list[str]:
    """Wait until both pages have the same cells, and return them."""
    one.notebook.wait_until(lambda: one.page.evaluate(SOURCES) == other.page.evaluate(SOURCES))
    sources: list[str] = one.page.evaluate(SOURCES)
    return sources


def with_end(text: str, line: int, words: str) -> str:
    lines = text.split("\n")
    lines[line] += words
    return "\n".join(lines)


def test_one_accepts_while_the_other_types(both: Callable[..., Both], home: Path, paced: PacedServer) -> None:
    """In the same cell and in the next one, while it streams and at the moment of Accept: nothing is lost."""
    one, other = both()
    paced.fault = Fault("stall_mid_stream")  # half of it comes, and no more
    place(one, 0)
    one.ask("double them")
    expect(one.fresh.first).to_be_visible()
    place(other, 2)
    other.page.keyboard.type("  # while it streams")
    place(other, 0, index=1)
    other.page.keyboard.type("  # beside it")
    assert converged(one, other) == [with_end(OLD, 2, "  # while it streams"), f"{OTHER}  # beside it"]
    one.reached("streaming")
    paced.fault = None  # more words begin it anew, and now it comes to its end
    one.prompt.fill("all of them")
    one.prompt.press("Enter")
    one.reached("ready")
    place(other, 35)
    other.page.evaluate(TYPE_ON, "  # while the other page accepts it")
    one.page.keyboard.press("ControlOrMeta+Enter")
    one.reached("")
    other.page.wait_for_function("window.typedAll")
    expected = with_end(with_end(NEW, 2, "  # while it streams"), 35, "  # while the other page accepts it")
    assert converged(one, other) == [expected, f"{OTHER}  # beside it"]
    one.notebook.wait_until(lambda: outcomes(home, home / "examples" / one.notebook.name) == ["taken"])

    # The change as one step, the typing as the other page's own: each takes back what is its own.
    one.page.keyboard.press("ControlOrMeta+z")
    typed = with_end(with_end(OLD, 2, "  # while it streams"), 35, "  # while the other page accepts it")
    one.notebook.wait_until(lambda: one.text() == typed)
    assert converged(one, other)[0] == typed
    one.page.keyboard.press("ControlOrMeta+Shift+z")
    one.notebook.wait_until(lambda: one.text() == expected)
    assert converged(one, other)[0] == expected
    for _ in range(12):
        other.page.keyboard.press("ControlOrMeta+z")
    other.notebook.wait_until(lambda: other.text() == NEW)
    assert converged(one, other)[0] == NEW


def test_both_ask_for_the_same_cell(both: Callable[..., Both], paced: PacedServer) -> None:
    """Whoever accepts second is shown what the first one made, and nothing is overwritten unasked."""
    one, other = both()
    place(one, 0)
    one.ask("double them")
    one.reached("ready")
    tripled = NEW.replace("* 2", "* 3")
    paced.answer = fenced(tripled)
    place(other, 0)
    other.ask("triple them")
    other.reached("ready")
    one.page.keyboard.press("ControlOrMeta+Enter")
    one.reached("")
    assert converged(one, other)[0] == NEW
    other.page.keyboard.press("ControlOrMeta+Enter")
    expect(other.bar).to_contain_text("changed the same lines")
    assert converged(one, other)[0] == NEW
    other.page.keyboard.press("ControlOrMeta+Enter")  # as the words say
    other.reached("")
    assert converged(one, other)[0] == tripled


def test_the_other_deletes_the_cell_in_mid_stream(both: Callable[..., Both], paced: PacedServer) -> None:
    """The edit is in the chat then, and the cell is still gone."""
    one, other = both()
    chat = SidebarChat(one.page)
    chat.open()
    paced.fault = Fault("stall_mid_stream")
    place(one, 0)
    one.ask("double them")
    expect(one.fresh.first).to_be_visible()
    other.notebook.cell(0).click()
    other.page.keyboard.press("Escape")
    other.page.keyboard.press("d")
    other.page.keyboard.press("d")
    assert converged(one, other) == [OTHER]
    card = chat.turns.last.get_by_label("Proposed change")
    expect(card.locator("ins").first).to_contain_text("value_10 = 10 * 2")
    chat.panel.get_by_role("button", name="Stop").click()
    chat.ended(state="stopped")
    assert converged(one, other) == [OTHER]
    paced.fault, paced.answer = None, fenced("other = 2")
    EditedCell(one.notebook, 0).cell.locator(".cm-content").click()  # the cell after it works as ever
    following = EditedCell(one.notebook, 0)
    following.ask("make it two")
    following.reached("ready")
    one.page.keyboard.press("ControlOrMeta+Enter")
    following.reached("")
    assert converged(one, other) == ["other = 2"]


def test_the_panel_of_the_other_page(both: Callable[..., Both], paced: PacedServer) -> None:
    """Both talk about the same notebook: the server has what either typed, and the talk is there for both."""
    one, other = both()
    place(other, 0)
    other.page.keyboard.type("  # by the other")
    assert converged(one, other)[0].startswith("value_0 = 0  # by the other\n")
    paced.answer = "All is well."
    chat = SidebarChat(one.page)
    chat.open()
    chat.ask("what is there?")
    chat.ended()
    assert "value_0 = 0  # by the other" in str(paced.records[-1].body)
    there = SidebarChat(other.page)
    other.notebook.open()  # a reload
    there.open()
    expect(there.ended()).to_contain_text("All is well.")
    asked: Locator = there.turns.last
    expect(asked).to_contain_text("what is there?")
