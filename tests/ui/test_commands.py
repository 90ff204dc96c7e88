"""Every command says what it does and what it takes, is found in the palette, and works without a mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.composer import SidebarChat
from tests.ui.test_chat_edits import fenced
from tests.ui.test_in_cell import EditedCell, opened

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

NAMES = {
    *("ask", "explain-cell", "rewrite-cell", "fix-cell", "accept", "reject", "accept-all", "reject-all"),
    *("stop", "undo", "toggle-chat", "switch-tier", "refactor-notebook"),
}
COMMANDS = """async () => {
  const { commands } = window.jupyterapp;
  const ours = commands.listCommands().filter(id => id.startsWith('jupyter-spark:'));
  return Promise.all(ours.map(async id => ({
    name: id.split(':')[1],
    label: commands.label(id),
    caption: commands.caption(id),
    args: (await commands.describedBy(id)).args
  })));
}"""
CELLS = ("first = 1\nsecond = 2\nthird = 3\nfourth = 4\nfifth = 5", "other = 1")
CHANGED = "first = 10\nsecond = 2\nthird = 3\nfourth = 4\nfifth = 50"


@pytest.fixture
def answer() -> object:
    return fenced(CHANGED)


def run_from_palette(page: Page, label: str) -> None:
    """Find a command by its label in the palette, and run it."""
    page.keyboard.press("ControlOrMeta+Shift+c")
    expect(page.locator(".lm-CommandPalette-input")).to_be_focused()
    page.keyboard.type(label)
    expect(page.locator(".lm-mod-active .lm-CommandPalette-itemLabel")).to_have_text(label)
    page.keyboard.press("Enter")


def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until something of this name has the keyboard; whatever has it on the way can be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        here: dict[str, Any] = page.evaluate(
            """() => {
              const { activeElement: one } = document;
              const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
              const shown = outlineStyle !== 'none' && outlineWidth !== '0px' || boxShadow !== 'none';
              return { name: one.ariaLabel || one.textContent, shown, html: one.outerHTML.slice(0, 200) };
            }"""
        )
        assert here["shown"], f"nothing shows that the keyboard is here: {here['html']}"
        if here["name"] == name:
            return
    raise AssertionError(f"the keyboard does not reach '{name}'")


def test_every_command_is_described_and_in_the_palette(lab: str, home: Path, page: Page) -> None:
    opened(page, lab, home, "described.ipynb", *CELLS)
    commands = page.evaluate(COMMANDS)
    assert {command["name"] for command in commands} >= NAMES
    for command in commands:
        assert command["label"] != command["name"]
        assert command["label"].strip(), command
        assert command["caption"].strip(), command
        assert command["caption"] != command["label"], command
        assert command["args"]["type"] == "object", command
        assert "properties" in command["args"], command
    page.keyboard.press("ControlOrMeta+Shift+c")
    page.locator(".lm-CommandPalette-input").fill("spark")
    items = page.locator(".lm-CommandPalette-item[data-command^='jupyter-spark:']")
    expect(items.first).to_be_visible()
    listed = items.evaluate_all("items => items.map(item => item.dataset.command.split(':')[1])")
    assert set(listed) == {command["name"] for command in commands}


def test_from_question_to_accept_in_the_cell_by_keyboard_alone(lab: str, home: Path, page: Page) -> None:
    """The prompt, one change, the others, all of it taken back: not once the mouse."""
    notebook = opened(page, lab, home, "keys-in-cell.ipynb", *CELLS)
    edited = EditedCell(notebook, 0)
    expect(notebook.cell(0)).to_be_focused()  # as Lab leaves it
    edited.ask("ten times the first and the last")
    edited.reached("ready")
    page.keyboard.press("F8")
    expect(edited.cell.get_by_role("button", name="Accept this change").first).to_be_focused()
    page.keyboard.press("F8")
    expect(edited.cell.get_by_role("button", name="Accept this change").last).to_be_focused()
    page.keyboard.press("Shift+F8")
    page.keyboard.press("Enter")
    notebook.wait_until(lambda: edited.text() == CELLS[0].replace("first = 1", "first = 10"))
    run_from_palette(page, "Accept the Change of This Cell")
    edited.reached("")
    assert edited.text() == CHANGED
    run_from_palette(page, "Take Back the Accepted Change of This Cell")
    notebook.wait_until(lambda: edited.text() == CELLS[0].replace("first = 1", "first = 10"))
    run_from_palette(page, "Edit This Cell with Spark…")
    expect(edited.prompt).to_be_focused()
    page.keyboard.type("the last, too")
    page.keyboard.press("Enter")
    edited.reached("ready")
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == CHANGED
    expect(edited.cell.locator(".cm-content")).to_be_focused()
    page.keyboard.press("ControlOrMeta+z")
    edited.ask("again")
    edited.reached("ready")
    edited.cell.focus()  # not its editor: the key does not run the cell
    page.wait_for_timeout(600)  # longer than a second press by habit takes
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == CHANGED
    expect(edited.cell.locator(".jp-InputPrompt").first).to_have_text("[ ]:")


def test_from_question_to_accept_in_the_panel_by_keyboard_alone(lab: str, home: Path, page: Page) -> None:
    notebook = opened(page, lab, home, "keys-in-panel.ipynb", *CELLS)
    chat = SidebarChat(page)
    chat.open()
    page.keyboard.type("/edit ten times the first and the last")
    page.keyboard.press("Enter")
    card = chat.ended().get_by_label("Proposed change")
    tab_to(page, "Accept", back=True)
    page.keyboard.press("Enter")
    notebook.wait_until(lambda: notebook.source(0) == CHANGED)
    expect(card.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    notebook.wait_until(lambda: notebook.source(0) == CELLS[0])
    expect(card.get_by_role("button", name="Accept")).to_be_focused()
    tab_to(page, "Retry")
    page.keyboard.press("Enter")
    expect(chat.turns).to_have_count(2)
    again = chat.ended().get_by_label("Proposed change")
    tab_to(page, "Reject")
    page.keyboard.press("Enter")
    expect(again).to_contain_text("Rejected")
    expect(again.get_by_role("button", name="Show in cell")).to_be_focused()
    run_from_palette(page, "Show or Hide the Spark Chat")
    expect(chat.panel).to_be_hidden()
    run_from_palette(page, "Ask Spark")
    expect(chat.field).to_be_focused()
