"""Notebook 7 runs the same bundle: no status bar, no layout to restore, one document a page, and everything works."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_spark.providers.models import models_dir
from tests.paced import PacedServer
from tests.ui.composer import SidebarChat
from tests.ui.lab import TOKEN, LabNotebook, free_port, prepare_home, served
from tests.ui.refactoring import ReviewTab, planned
from tests.ui.test_accessibility import CUT_OFF
from tests.ui.test_chat_edits import fenced, written
from tests.ui.test_collaboration import SOURCES
from tests.ui.test_commands import COMMANDS, NAMES, run_from_palette
from tests.ui.test_in_cell import EditedCell, outcomes
from tests.ui.test_refactor_tab import MAY_SCROLL

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

OURS = "/jupyter-spark-ai/"
CELLS = ("first = 1\nsecond = 2", "other = 1")
CHANGED = "first = 10\nsecond = 2"


@pytest.fixture(scope="module")
def lab(home: Path, settings_file: str, browser: Browser) -> Iterator[str]:
    prepare_home(home, settings_file)
    settings = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"completion": "invoked"}), "utf-8")
    port = free_port()
    with served(home, models_dir(), port, app="notebook"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def problems(page: Page) -> list[str]:
    """What goes wrong in the page."""
    found: list[str] = []
    # Notebook's own code has an error of its own as it starts.
    page.on("pageerror", lambda error: found.append(f"{error.stack}") if OURS in f"{error.stack}" else None)
    page.on("console", lambda said: found.append(said.text) if "spark" in said.text.lower() else None)
    return found


@pytest.fixture
def notebook(
    lab: str, home: Path, page: Page, paced: PacedServer, problems: list[str], request: pytest.FixtureRequest
) -> LabNotebook:
    paced.rate_tok_s, paced.first_token_s, paced.fault, paced.answer = math.inf, 0.0, None, fenced(CHANGED)
    paced.records.clear()
    file = written(home / "examples", f"{request.node.name.replace('_', '-')}.ipynb", CELLS)
    page.goto(f"{lab}/notebooks/{file.name}?token={TOKEN}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    opened = LabNotebook(page, lab, file.name)
    opened.wait_idle()
    return opened


def test_commands_and_their_palette(notebook: LabNotebook, page: Page, problems: list[str]) -> None:
    commands = page.evaluate(COMMANDS)
    assert {command["name"] for command in commands} >= NAMES
    page.keyboard.press("ControlOrMeta+Shift+c")
    page.locator(".lm-CommandPalette-input").fill("spark")
    items = page.locator(".lm-CommandPalette-item[data-command^='jupyter-spark:']")
    expect(items.first).to_be_visible()
    listed = items.evaluate_all("items => items.map(item => item.dataset.command.split(':')[1])")
    assert set(listed) == {command["name"] for command in commands}
    page.keyboard.press("Escape")
    run_from_palette(page, "Show or Hide the Spark Chat")
    chat = SidebarChat(page)
    expect(chat.panel).to_be_visible()
    run_from_palette(page, "Show or Hide the Spark Chat")
    expect(chat.panel).to_be_hidden()
    run_from_palette(page, "Ask Spark")
    expect(chat.field).to_be_focused()
    assert problems == []


def test_a_change_in_the_cell(notebook: LabNotebook, home: Path, page: Page, problems: list[str]) -> None:
    edited = EditedCell(notebook, 0)
    # Notebook does not always begin with the keyboard in a cell.
    notebook.cell(0).locator(".jp-InputPrompt").first.click()
    page.keyboard.press("ControlOrMeta+k")
    expect(edited.prompt).to_be_focused()
    page.keyboard.type("add a fixed ddxyz")  # each of them is a shortcut of the notebook's
    expect(edited.prompt).to_have_value("add a fixed ddxyz")
    page.keyboard.press("Enter")
    edited.reached("ready")
    assert page.evaluate(SOURCES) == list(CELLS)
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == CHANGED
    page.keyboard.press("ControlOrMeta+z")
    notebook.wait_until(lambda: edited.text() == CELLS[0])
    page.keyboard.press("ControlOrMeta+Shift+z")
    notebook.wait_until(lambda: edited.text() == CHANGED)
    run_from_palette(page, "Take Back the Accepted Change of This Cell")
    notebook.wait_until(lambda: edited.text() == CELLS[0])
    notebook.wait_until(lambda: outcomes(home, home / "examples" / notebook.name) == ["taken_back"])
    assert problems == []


def test_the_panel(notebook: LabNotebook, page: Page, paced: PacedServer, problems: list[str]) -> None:
    chat = SidebarChat(page)
    chat.open()
    paced.answer = "All is **well**."
    chat.ask("what is it?")
    expect(chat.ended().locator("strong")).to_have_text("well")
    assert "first = 1" in str(paced.records[-1].body)
    paced.answer = fenced(CHANGED)
    chat.ask("/edit ten times the first")
    card = chat.ended().get_by_label("Proposed change")
    card.get_by_role("button", name="Accept").click()
    notebook.wait_until(lambda: notebook.source(0) == CHANGED)
    card.get_by_role("button", name="Undo").click()
    notebook.wait_until(lambda: notebook.source(0) == CELLS[0])
    page.reload()
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    chat.open()
    expect(chat.turns).to_have_count(2)
    assert problems == []


def test_the_review_of_a_refactor(notebook: LabNotebook, page: Page, paced: PacedServer, problems: list[str]) -> None:
    """There is no tab beside the notebook: the review is in the panel at the right, from the words to the undo."""
    paced.answer = planned(
        "edit cell 0: ten times the first\nedit cell 1: two", {"ten times": CHANGED, "two": "other = 2"}
    )
    tab = ReviewTab(page, notebook)
    run_from_palette(page, "Refactor the Whole Notebook…")
    expect(tab.words).to_be_focused()
    page.keyboard.type("add more ddxyz")  # each of them is a shortcut of the notebook's
    expect(tab.words).to_have_value("add more ddxyz")
    page.keyboard.press("Enter")
    tab.wait_planned()
    tab.row("two").get_by_role("button").click()
    tab.detail.get_by_label("What to do there").press("End")
    page.keyboard.type(" xddy")
    expect(tab.row("two xddy")).to_be_visible()
    tab.button("Write it").click()
    tab.wait_ready()
    assert page.evaluate(SOURCES) == list(CELLS)
    assert tab.tab.evaluate(CUT_OFF, MAY_SCROLL) == []
    tab.button("Accept all").click()
    assert page.evaluate(SOURCES) == [CHANGED, "other = 2"]
    tab.button("Undo refactor").click()
    assert page.evaluate(SOURCES) == list(CELLS)
    notebook.write(0, "%load_ext jupyter_spark")
    notebook.run(0)
    paced.answer = planned("edit cell 1: two", {"two": "other = 2"})
    notebook.write(0, "%spark refactor make it two --yes")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("the panel")
    notebook.wait_until(lambda: page.evaluate(SOURCES)[1] == "other = 2")
    assert problems == []


def test_a_completion_at_the_caret(notebook: LabNotebook, page: Page, paced: PacedServer, problems: list[str]) -> None:
    paced.answer = "```python\nfirst + second\n```\n"
    notebook.cell(1).locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type("\ntotal = ")
    page.keyboard.press("Alt+\\")
    expect(notebook.cell(1).locator(".jp-GhostText").first).to_contain_text("first + second")
    page.keyboard.press("Tab")
    notebook.wait_until(lambda: notebook.source(1) == "other = 1\ntotal = first + second")
    assert problems == []
