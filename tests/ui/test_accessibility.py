"""The panel and the edit in a cell for everyone: in any theme nothing serious for axe, at any width nothing cut off."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.paced import Fault, PacedServer
from tests.ui.composer import SidebarChat
from tests.ui.test_chat_answers import AXE, MARKDOWN, THEMES
from tests.ui.test_chat_edits import fenced
from tests.ui.test_in_cell import EditedCell, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WIDTHS = (280, 500, 900)
CELLS = (
    "prices = [3, 5, 8]",
    "total = 0\nfor price in prices:\n    total = total + price\nprint(total)",
    "prices.mean()",
)
NEW = "total = sum(prices)\nprint(total)"
SET_WIDTH = """([width]) => {
  const split = window.jupyterapp.shell._hsplitPanel;
  const sizes = split.relativeSizes();
  const own = width / split.node.clientWidth;
  const others = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
  split.setRelativeSizes([...sizes.slice(0, -1).map(size => size / others * (1 - own)), own]);
}"""
# What sticks out of an element and cannot be scrolled to; what `mayScroll` selects scrolls by itself.
CUT_OFF = """(root, mayScroll) => {
  const { right } = root.getBoundingClientRect();
  return [...root.querySelectorAll('*')]
    .filter(one => one.getBoundingClientRect().right > right + 1)
    .filter(one => !one.closest(mayScroll))
    .map(one => one.outerHTML.slice(0, 150));
}"""
MAY_SCROLL = "pre, table, .jp-Spark-diff, mjx-container"


def serious(page: Page, where: str, state: str) -> list[tuple[str, str, list[str]]]:
    """What axe finds there that keeps somebody out."""
    result: dict[str, Any] = page.evaluate("where => axe.run({ include: where.split(', ') })", where)
    return [
        (state, found["id"], [node["html"][:200] for node in found["nodes"]])
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def use_theme(page: Page, theme: str) -> None:
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    page.wait_for_timeout(300)  # colours fade in


def test_the_whole_panel_in_every_theme_and_width(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    paced.rate_tok_s, paced.first_token_s, paced.fault, paced.answer = math.inf, 0.0, None, MARKDOWN
    notebook = opened(page, lab, home, "for-everyone.ipynb", *CELLS)
    for index in range(len(CELLS)):
        notebook.run(index)
    chat = SidebarChat(page)
    chat.open()
    chat.ask("What is the result, and why does the mean fail?")
    chat.ended().get_by_text("Context").click()
    notebook.cell(1).locator(".cm-content").click()
    paced.answer = fenced(NEW)
    chat.ask("/edit use sum")
    chat.ended()
    chat.ask("long " * 2000)
    expect(chat.turns).to_have_count(3)
    chat.ended()
    paced.fault = Fault("http_401")
    chat.ask("and this?")
    chat.ended(state="failed")
    page.add_script_tag(path=AXE)
    found = []
    for theme in THEMES:
        use_theme(page, theme)
        for width in WIDTHS:
            page.evaluate(SET_WIDTH, [width])
            page.wait_for_function(
                "width => Math.abs(document.querySelector('#jupyter-spark-chat').clientWidth - width) < 5", arg=width
            )
            assert chat.panel.evaluate(CUT_OFF, MAY_SCROLL) == [], (theme, width)
            chat.panel.screenshot(path=home / f"panel-{theme}-{width}.png")
        found += serious(page, "#jupyter-spark-chat", theme)
        chat.field.fill("/")
        expect(chat.options.first).to_be_visible()
        found += serious(page, "#jupyter-spark-chat", f"{theme}, commands")
        chat.field.fill("")
        chat.panel.get_by_role("button", name="History").click()
        expect(chat.panel.get_by_role("region", name="History").get_by_role("button").first).to_be_visible()
        found += serious(page, "#jupyter-spark-chat", f"{theme}, history")
        chat.panel.get_by_role("button", name="History").click()
    assert not found, json.dumps(found, indent=1)


def test_the_change_in_a_cell_in_every_theme(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    paced.rate_tok_s, paced.first_token_s, paced.fault, paced.answer = math.inf, 0.0, None, fenced(NEW)
    edited = EditedCell(opened(page, lab, home, "cell-for-everyone.ipynb", *CELLS), 1)
    edited.cell.locator(".cm-content").click()
    edited.ask("use sum")
    edited.reached("ready")
    page.add_script_tag(path=AXE)
    found = []
    for theme in THEMES:
        use_theme(page, theme)
        page.screenshot(path=home / f"cell-{theme}.png")
        found += serious(page, ".jp-Spark-prompt, .jp-Spark-bar, .jp-Spark-newLine", theme)
    assert not found, json.dumps(found, indent=1)
