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
