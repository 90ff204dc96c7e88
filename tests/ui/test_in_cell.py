"""An edit in its cell: asked for above it, seen to arrive, taken or left, and nothing of the user's lost."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.paced import Fault, PacedServer
from tests.ui.lab import LabNotebook
from tests.ui.test_chat_edits import fenced, spark, written

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

LINES = 300
OLD = "\n".join([*(f"value_{number} = {number}" for number in range(LINES - 1)), "print('the old cell ran')"])
NEW = "\n".join(
    # Every tenth line stays, so that new ones stand among the old ones wherever one looks.
    [
        *(f"value_{number} = {number}{' * 2' if number % 10 else ''}" for number in range(LINES - 1)),
        "print('the new cell ran')",
    ]
)
TYPED = "  # typed before"
ARRIVES_MS = 30_000


@pytest.fixture
def answer() -> object:
    return fenced(NEW)


class EditedCell:
    """A cell of an open notebook, and the edit in it."""

    def __init__(self, notebook: LabNotebook, index: int) -> None:
        self.notebook, self.page, self.index = notebook, notebook.page, index
        self.cell = notebook.cell(index)
        self.prompt = self.cell.get_by_role("textbox", name="What to change")
        self.bar = self.cell.get_by_role("toolbar", name="Proposed change")
        self.fresh = self.cell.locator(".jp-Spark-newLine")

    def ask(self, words: str) -> None:
        """Ask above the cell, by keyboard."""
        self.page.keyboard.press("ControlOrMeta+k")
        expect(self.prompt).to_be_focused()
        self.page.keyboard.insert_text(words)
        self.page.keyboard.press("Enter")

    def reached(self, state: str) -> Locator:
        """Wait until the edit is in a state, and return its bar."""
        expect(self.cell).to_have_attribute("data-spark", state, timeout=ARRIVES_MS)
        return self.bar

    def text(self) -> str:
        """The document's text; the editor of a long cell has only the lines in view."""
        source = "index => window.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.getSource()"
        return str(self.page.evaluate(source, self.index))


def opened(page: Page, lab: str, home: Path, name: str, *sources: str) -> LabNotebook:
    notebook = LabNotebook(page, lab, written(home / "examples", name, sources).name)
    notebook.open()
    return notebook


def outcomes(home: Path, file: Path) -> list[str]:
    """What the journal says of a notebook's edits."""
    return [turn["edit"] for turn in spark(home, "history", str(file))["turns"]]


def test_a_long_cell_is_rewritten_only_when_the_user_accepts(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    """In mid-stream the file and the kernel see the old cell; the rewrite is one step back from the typing before."""
    notebook = opened(page, lab, home, "long-cell.ipynb", OLD)
    edited = EditedCell(notebook, 0)
    notebook.cell(0).locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.press("End")
    page.keyboard.insert_text(TYPED)
    before = OLD.replace("\n", f"{TYPED}\n", 1)
    assert edited.text() == before

    paced.fault = Fault("stall_mid_stream")  # half of it comes, and no more
    edited.ask("double the values")
    expect(edited.fresh.filter(has_text="value_21 = 21 * 2")).to_have_count(1, timeout=ARRIVES_MS)
    edited.reached("streaming")
    assert edited.text() == before
    file = home / "examples" / notebook.name
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    assert nbformat.read(file, 4).cells[0].source == before
    notebook.command("notebook:run-cell")
    expect(notebook.output(0)).to_contain_text("the old cell ran", timeout=ARRIVES_MS)
    edited.reached("streaming")

    paced.fault = None  # more words begin it anew, and now it comes to its end
    expect(edited.prompt).to_be_visible()
    edited.prompt.fill("all of them")
    edited.prompt.press("Enter")
    expect(edited.reached("ready")).to_contain_text("parses")
    assert edited.text() == before
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == NEW
    expect(edited.prompt).to_have_count(0)
    notebook.wait_until(lambda: outcomes(home, file) == ["taken"])
    page.keyboard.press("ControlOrMeta+z")
    assert edited.text() == before
    notebook.wait_until(lambda: outcomes(home, file) == ["taken_back"])
    page.keyboard.press("ControlOrMeta+z")
    assert edited.text() == OLD


def test_a_rejected_edit_leaves_the_cell_as_it_is(lab: str, home: Path, page: Page) -> None:
    notebook = opened(page, lab, home, "left.ipynb", "total = 1", OLD)
    edited = EditedCell(notebook, 1)
    edited.cell.locator(".cm-content").click()
    edited.ask("double the values")
    edited.reached("ready")
    page.keyboard.press("Escape")
    edited.reached("")
    expect(edited.bar).to_have_count(0)
    expect(edited.fresh).to_have_count(0)
    assert edited.text() == OLD
    notebook.wait_until(lambda: outcomes(home, home / "examples" / notebook.name) == ["refused"])
    page.keyboard.insert_text("# here again\n")  # the editor has the keyboard
    assert "# here again" in edited.text()
