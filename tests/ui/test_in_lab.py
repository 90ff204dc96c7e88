"""The product as a user sees it: JupyterLab in a browser, real key presses.

One module, so that one server and one browser serve all tests and are gone before the next: playwright's loop, while it
runs, lets no other loop run in its thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jupyter_spark.kernel.card import WIDGET_VIEW
from tests.paced import PacedServer, code_answer
from tests.ui.conftest import SETTINGS
from tests.ui.lab import LabNotebook

pytestmark = pytest.mark.browser

LOAD, ORDERS, REWRITE, GENERATE = 1, 3, 5, 7
EXPLAIN, BROKEN, FIX, UNDO = 10, 12, 13, 15  # one further down: a new cell came at GENERATE


@pytest.fixture(scope="module")
def settings_file(paced: PacedServer) -> str:
    """Nobody is named for the tiers: the built-in model answers."""
    return SETTINGS.format(base_url=paced.base_url)


@pytest.mark.model
@pytest.mark.timeout(600)
def test_each_cell_does_what_it_says(quickstart: LabNotebook) -> None:
    notebook = quickstart
    notebook.run(LOAD)
    notebook.run(ORDERS)

    notebook.run(REWRITE)
    cell = notebook.cell(REWRITE)
    expect(cell.locator(".jp-Spark-newLine").first).to_contain_text("for name, quantity, price in orders]")
    expect(cell.get_by_role("toolbar", name="Proposed change")).to_contain_text("✓ parses")
    assert "%%spark" in notebook.source(REWRITE)
    cell.get_by_role("button", name="Accept", exact=True).click()
    expect(notebook.output(REWRITE).first).to_contain_text("undo brings the old code back")
    source = notebook.source(REWRITE)
    assert "%%spark" not in source
    assert source.rstrip().endswith("for name, quantity, price in orders]")

    notebook.run(GENERATE)
    assert notebook.source(GENERATE).startswith("%%spark")
    assert notebook.source(GENERATE + 1).startswith("for name, quantity, price in orders:")
    notebook.run(GENERATE + 1)
    expect(notebook.output(GENERATE + 1)).to_contain_text("lamp")

    notebook.press_run(EXPLAIN)
    words = notebook.cell(EXPLAIN).locator(".jp-RenderedMarkdown")
    expect(words).to_contain_text("max", timeout=60_000)
    expect(notebook.cell(EXPLAIN).locator(".jspark-foot")).to_contain_text("tok/s", timeout=60_000)

    notebook.run(BROKEN)
    expect(notebook.output(BROKEN)).to_contain_text("AttributeError")
    broken = notebook.source(BROKEN)
    notebook.run(FIX)
    assert "math.sqrt(16)" in notebook.source(FIX)
    notebook.run(FIX)
    expect(notebook.output(FIX)).to_contain_text("4.0")
    notebook.run(UNDO)
    assert notebook.source(UNDO) == broken


def test_the_tabs_of_the_card(on_paced: Callable[..., LabNotebook], paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = "```python\nvalue = 2\n```\nIt is two now.", math.inf
    notebook = on_paced("%%spark make it two\nvalue = 1")
    notebook.run(2)
    assert notebook.source(2) == "value = 2"
    card = notebook.output(2).first
    expect(card.locator(".jspark-old").first).to_contain_text("value = 1")
    expect(card.locator(".jspark-new").first).to_contain_text("value = 2")
    expect(card.get_by_role("tab", selected=True)).to_have_text("Diff")
    expect(card).to_contain_text("✓ parses")
    expect(card).to_contain_text("undo brings the old code back")
    card.get_by_role("tab", name="Diff").press("ArrowRight")  # by keyboard, and the next one by mouse
    notebook.page.keyboard.press("Enter")
    expect(card.get_by_role("tab", selected=True)).to_have_text("New code")
    expect(card.locator(".jspark-code:visible")).to_have_text("value = 2", use_inner_text=True)
    card.get_by_role("tab", name="Why").click()
    expect(card.locator(".jspark-words:visible")).to_contain_text("It is two now.", timeout=60_000)


# --- stopping a turn in mid-stream -------------------------------------------------------------------

CELL = "%%spark write the values out\nvalue = 1"
SHORT = "```python\nvalue = 2\n```\n"


def start_long_turn(notebook: LabNotebook, paced: PacedServer) -> None:
    """Run the cell, and wait until its change streams."""
    paced.answer, paced.rate_tok_s = code_answer(12_000), 200.0
    notebook.press_run(2)
    expect(notebook.output(2).locator(".jspark-new")).not_to_have_count(0)


def assert_stopped(notebook: LabNotebook, paced: PacedServer) -> None:
    """Upstream is closed, the reader is told, and the cell is as it was."""
    notebook.wait_until(lambda: paced.records[-1].closed_at_s is not None)
    expect(notebook.output(2).first).to_contain_text("stopped; nothing was applied")
    notebook.wait_idle()
    assert paced.records[-1].sent_tokens < 12_000
    assert notebook.source(2) == CELL
    expect(notebook.cell(2).get_by_role("button", name="Stop")).to_have_count(0)


def assert_next_turn_is_clean(notebook: LabNotebook, paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = SHORT, math.inf
    notebook.run(2)
    assert notebook.source(2) == "value = 2"


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_stop_button_of_the_card(how: str, on_paced: Callable[..., LabNotebook], paced: PacedServer) -> None:
    notebook = on_paced(CELL)
    start_long_turn(notebook, paced)
    stop = notebook.cell(2).get_by_role("button", name="Stop")
    if how == "mouse":
        stop.click()
    else:
        stop.focus()
        notebook.page.keyboard.press("Enter")
    assert_stopped(notebook, paced)
    assert_next_turn_is_clean(notebook, paced)


def test_the_stop_button_of_the_toolbar(on_paced: Callable[..., LabNotebook], paced: PacedServer) -> None:
    notebook = on_paced(CELL)
    start_long_turn(notebook, paced)
    notebook.page.locator('[data-command="notebook:interrupt-kernel"]').first.click()
    assert_stopped(notebook, paced)
    assert_next_turn_is_clean(notebook, paced)


# --- when the kernel has gone ------------------------------------------------------------------------

MAKE_TWO = "%%spark make it two\nvalue = 1"


@pytest.fixture
def rewritten(on_paced: Callable[..., LabNotebook], paced: PacedServer) -> LabNotebook:
    paced.answer, paced.rate_tok_s = "```python\nvalue = 2\n```\n", math.inf
    notebook = on_paced(MAKE_TWO)
    notebook.run(2)
    expect(notebook.cell(2).get_by_role("tab", name="New code")).to_be_visible()
    return notebook


def assert_readable(notebook: LabNotebook) -> None:
    output = notebook.output(2).first
    expect(output.locator(".jspark-old:visible")).to_contain_text("value = 1")
    expect(output.locator(".jspark-new:visible")).to_contain_text("value = 2")
    expect(notebook.page.get_by_text("Error displaying widget")).to_have_count(0)


def test_after_a_shutdown_the_page_and_the_file_hold_plain_html(rewritten: LabNotebook, home: Path) -> None:
    rewritten.command("notebook:shutdown-kernel")
    expect(rewritten.output(2).first.get_by_role("tab")).to_have_count(0, timeout=30_000)
    assert_readable(rewritten)

    rewritten.command("docmanager:save")
    saved = home / "examples" / rewritten.name
    rewritten.wait_until(lambda: "jspark-new" in (text := saved.read_text("utf-8")) and WIDGET_VIEW not in text)
    rewritten.open()
    assert_readable(rewritten)


def test_after_a_restart_the_page_is_still_readable(rewritten: LabNotebook, page: Page) -> None:
    rewritten.command("kernelmenu:restart")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.locator(".jp-Dialog").wait_for(state="detached")
    rewritten.wait_idle()
    assert_readable(rewritten)
