"""Cells that are not plain Python with the usual line ends: what comes back is what was there, but for the change."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.test_chat_edits import fenced
from tests.ui.test_in_cell import EditedCell, opened

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_cell_keeps_the_line_ends_of_another_system(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """The editor shows the same as the document then, after an undo too, which Lab alone would not do."""
    lines = [*(f"value_{number} = {number}" for number in range(8)), "last = 3"]
    old, new = "\r\n".join(lines), "\r\n".join([*lines[:-1], "last = 30_000"])
    paced.answer = fenced(new.replace("\r\n", "\n"))
    edited = EditedCell(opened(page, lab, home, "line-ends.ipynb", old), 0)
    edited.cell.locator(".cm-content").click()
    edited.ask("more")
    edited.reached("ready")
    expect(edited.fresh).to_have_count(1)
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == new
    edited.notebook.wait_until(lambda: edited.notebook.source(0) == new.replace("\r\n", "\n"))
    page.keyboard.press("ControlOrMeta+z")
    assert edited.text() == old
    edited.notebook.wait_until(lambda: edited.notebook.source(0) == old.replace("\r\n", "\n"))


def test_what_does_not_hold_and_what_was_written_are_not_lost_in_one_press(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    """A change that does not parse is taken at the second press; own words in it are checked, and kept from a retry."""
    paced.answer = fenced("a = 10\nb = (2")
    edited = EditedCell(opened(page, lab, home, "doubts.ipynb", "a = 1\nb = 2"), 0)
    edited.cell.locator(".cm-content").click()
    edited.ask("ten")
    edited.reached("ready")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(edited.bar).to_contain_text("Accept again to take it all the same")
    assert edited.text() == "a = 1\nb = 2"
    page.keyboard.press("F2")
    field = edited.cell.get_by_role("textbox", name="The proposed lines")
    expect(field).to_be_focused()
    field.fill("a = 11\nb = 2  # mine")
    field.press("ControlOrMeta+Enter")
    expect(edited.bar).to_contain_text("changed by you · ✓ parses")
    edited.bar.get_by_role("button", name="Retry").click()
    expect(edited.bar).to_contain_text("What you wrote into the proposal would go")
    assert len(paced.records) == 2  # the answer and its repair
    edited.bar.get_by_role("button", name="Accept").click()
    edited.reached("")
    assert edited.text() == "a = 11\nb = 2  # mine"


def test_a_cell_in_another_language_is_not_called_checked(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    paced.answer = fenced("%%bash\nif [ ; then (((")
    edited = EditedCell(opened(page, lab, home, "bash.ipynb", "%%bash\nls"), 0)
    edited.cell.locator(".cm-content").click()
    edited.ask("more")
    expect(edited.reached("ready")).to_contain_text("not checked (bash)")
    expect(edited.bar).not_to_contain_text("✓")
