"""What can be done with an edit in its cell: other ways, own words, a part of it, why; and cells that are not code."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.paced import Fault, PacedServer
from tests.ui.lab import LabNotebook
from tests.ui.test_chat_edits import fenced, spark
from tests.ui.test_in_cell import ARRIVES_MS, EditedCell, opened, outcomes

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

OLD = """import math

def area(radius):
    result = 0
    result = 3.14 * radius * radius
    return result

for radius in [1, 2]:
    print(area(radius))"""
NEW = OLD.replace("    result = 0\n    result = 3.14 * radius", "    result = math.pi * radius").replace(
    "[1, 2]", "(1, 2)"
)
OTHER = NEW.replace("radius * radius", "radius**2")
LONG = "\n".join(f"value_{number} = [{number}, 1]" for number in range(120))
LONG_NEW = "\n".join(f"value_{number} = [{number}, 1, 2]" for number in range(120))


@pytest.fixture
def answer() -> object:
    return fenced(NEW)


def asked(page: Page, lab: str, home: Path, name: str, source: str = OLD, words: str = "use pi") -> EditedCell:
    """Open a notebook, ask for an edit of its first cell, and wait until it is there."""
    edited = EditedCell(opened(page, lab, home, name, source, "x = 1"), 0)
    edited.cell.locator(".cm-line").first.click()
    edited.ask(words)
    edited.reached("ready")
    return edited


def prompts(paced: PacedServer) -> list[str]:
    """The last message of each request."""
    return [str(record.body["messages"][-1]["content"]) for record in paced.records if record.body]


def test_other_ways_are_walked_through_in_the_cell(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """What is shown stays until the reader walks on; the journal is told of the way that is taken."""
    edited = asked(page, lab, home, "ways.ipynb")
    paced.answer = fenced(OTHER)
    edited.bar.get_by_role("button", name="Alternatives").click()
    place = edited.bar.get_by_role("group", name="Alternatives").get_by_role("status")
    expect(place).to_have_text("1 of 2", timeout=ARRIVES_MS)  # all three came to the same
    expect(edited.fresh.filter(has_text="radius**2")).to_have_count(0)
    edited.bar.get_by_role("button", name="Retry").focus()
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("2 of 2")
    expect(edited.fresh.filter(has_text="radius**2")).to_have_count(1)
    page.keyboard.press("Alt+ArrowLeft")
    expect(place).to_have_text("1 of 2")
    page.keyboard.press("Alt+ArrowRight")
    assert edited.text() == OLD
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == OTHER
    file = home / "examples" / edited.notebook.name
    edited.notebook.wait_until(lambda: "taken" in outcomes(home, file))
    turns = spark(home, "history", str(file))["turns"]
    taken = [turn["new_source"] for turn in turns if turn["edit"] == "taken"]
    assert taken == [OTHER]


def test_a_change_is_put_into_own_words_before_it_is_taken(lab: str, home: Path, page: Page) -> None:
    edited = asked(page, lab, home, "words.ipynb")
    page.keyboard.press("F8")
    page.keyboard.press("F2")
    field = edited.cell.get_by_role("textbox", name="The proposed lines")
    expect(field).to_be_focused()
    field.press("ControlOrMeta+End")
    field.press("Enter")  # as deep as the line before
    page.keyboard.insert_text("result = round(result, 2)")
    assert edited.text() == OLD
    field.press("ControlOrMeta+Enter")
    expect(field).to_have_count(0)
    expect(edited.bar).to_contain_text("changed by you · ✓ parses")
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == NEW.replace("    return", "    result = round(result, 2)\n    return")
    page.keyboard.press("ControlOrMeta+z")
    assert edited.text() == OLD


def test_own_words_are_left_with_escape_and_the_proposal_stays(lab: str, home: Path, page: Page) -> None:
    edited = asked(page, lab, home, "escape.ipynb")
    edited.bar.get_by_role("button", name="Edit").click()
    field = edited.cell.get_by_role("textbox", name="The proposed lines")
    field.fill("nonsense")
    field.press("Escape")
    expect(field).to_have_count(0)
    expect(edited.bar).to_contain_text("parses")
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == NEW


def test_a_change_that_is_not_drawn_is_stepped_to_and_taken(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    """The editor draws what is in view: the change that the keyboard is on is the one that is taken."""
    paced.answer = fenced(LONG_NEW)
    edited = asked(page, lab, home, "far.ipynb", LONG, "add 2")
    page.keyboard.press("Shift+F8")  # before the first one is the last one
    last = edited.cell.locator(".jp-Spark-newLines:focus-within")
    expect(last).to_contain_text("value_119 = [119, 1, 2]")
    page.evaluate("window.jupyterapp.commands.execute('jupyter-spark:accept-change')")
    edited.notebook.wait_until(lambda: edited.text() != LONG)
    old, now = LONG.splitlines(), edited.text().splitlines()
    changed = [index for index, line in enumerate(now) if line != old[index]]
    assert changed[-1] == 119
    assert changed[0] > 100


def test_changes_outside_the_selection_are_marked_and_left_out(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    edited = EditedCell(opened(page, lab, home, "selection.ipynb", OLD), 0)
    edited.cell.locator(".cm-line", has_text="result = 0").click()
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowDown")
    edited.ask("use pi")
    edited.reached("ready")
    assert "only where it is selected" in prompts(paced)[-1]
    expect(edited.cell.get_by_text("outside the selection", exact=True)).to_have_count(1)
    edited.bar.get_by_role("button", name="Keep to the selection").click()
    expect(edited.cell.get_by_text("outside the selection", exact=True)).to_have_count(0)
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == NEW.replace("(1, 2)", "[1, 2]")


def test_why_asks_about_the_change_that_is_shown(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    edited = asked(page, lab, home, "why.ipynb")
    paced.answer = "Because pi is no fraction."
    edited.bar.get_by_role("button", name="Why?").click()
    panel = page.locator("#jupyter-spark-chat")
    expect(panel.locator(".jp-Spark-turn").last).to_contain_text("Because pi is no fraction.", timeout=ARRIVES_MS)
    assert "+    result = math.pi * radius * radius" in prompts(paced)[-1]
    edited.reached("ready")
    assert edited.text() == OLD


def test_what_was_stopped_while_it_waited_can_be_asked_again(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    """The second cell's question waits for the first one's answer."""
    notebook = opened(page, lab, home, "waits.ipynb", OLD, OLD)
    first, second = EditedCell(notebook, 0), EditedCell(notebook, 1)
    paced.fault = Fault("stall_mid_stream")
    first.cell.locator(".cm-line").first.click()
    first.ask("use pi")
    first.reached("streaming")
    second.cell.locator(".cm-line").first.click()
    second.ask("use pi, too")
    expect(second.bar).to_contain_text("waits for the answer before it")
    second.bar.get_by_role("button", name="Stop").click()
    second.reached("stopped")
    paced.fault = None
    first.bar.get_by_role("button", name="Stop").click()
    first.reached("stopped")
    second.bar.get_by_role("button", name="Retry").click()
    second.reached("ready")
    assert "use pi, too" in prompts(paced)[-1]


def test_a_markdown_cell_is_rewritten_as_markdown(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """Asked above the cell, and in the chat; it is rendered again when it was."""
    new = "# Areas\n\nWith *pi*:\n\n```python\narea(\n```"
    paced.answer = f"````markdown\n{new}\n````\n"
    path = home / "examples" / "prose.ipynb"
    cells = [nbformat.v4.new_markdown_cell("# areas"), nbformat.v4.new_code_cell("x = 1")]
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)
    notebook = LabNotebook(page, lab, path.name)
    notebook.open()
    edited = EditedCell(notebook, 0)
    edited.cell.click()
    edited.ask("write it out")
    expect(edited.reached("ready")).to_contain_text("✓ whole · keeps its size")
    assert "````markdown\n# areas\n````" in prompts(paced)[-1]
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == new
    expect(edited.cell.get_by_role("heading", name="Areas")).to_be_visible()
    assert len(paced.records) == 1  # no check sent it back

    paced.answer = "````markdown\n# Less\n````\n"
    notebook.command("jupyter-spark:ask", {"words": "/edit shorten"})
    page.locator("#jupyter-spark-chat").get_by_label("Ask Spark").press("Enter")
    page.locator("#jupyter-spark-chat").get_by_role("button", name="Accept").click(timeout=ARRIVES_MS)
    notebook.wait_until(lambda: edited.text() == "# Less")


def test_a_locked_cell_and_a_read_only_notebook_say_so(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    notebook = opened(page, lab, home, "locked.ipynb", OLD, OLD)
    edited, other = EditedCell(notebook, 0), EditedCell(notebook, 1)
    source = "window.jupyterapp.shell.currentWidget.content.widgets[0].model"
    page.evaluate(f"{source}.setMetadata('editable', false)")
    edited.cell.locator(".cm-line").first.click()
    page.keyboard.press("ControlOrMeta+k")
    expect(edited.bar).to_contain_text("This cell is locked")
    expect(edited.prompt).to_have_count(0)
    page.keyboard.press("Escape")
    expect(edited.bar).to_have_count(0)
    page.evaluate("window.jupyterapp.shell.currentWidget.context._contentsModel.writable = false")
    other.cell.locator(".cm-line").first.click()
    page.keyboard.press("ControlOrMeta+k")
    expect(other.bar).to_contain_text("This notebook is read-only")
    assert paced.records == []


def test_a_cell_is_moved_and_split_in_mid_stream(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """The change stays with its cell."""
    notebook = opened(page, lab, home, "moves.ipynb", OLD, "x = 1")
    paced.fault = Fault("stall_mid_stream")
    first, second = EditedCell(notebook, 0), EditedCell(notebook, 1)
    first.cell.locator(".cm-line").first.click()
    first.ask("use pi")
    first.reached("streaming")
    notebook.command("notebook:move-cell-down")
    second.reached("streaming")
    first.reached("")
    page.evaluate("""() => {
      const { activeCell } = window.jupyterapp.shell.currentWidget.content;
      activeCell.editor.setCursorPosition({ line: 2, column: 0 });
    }""")
    notebook.command("notebook:split-cell-at-cursor")
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(3)
    third = EditedCell(notebook, 2)
    assert f"{second.text()}\n\n{third.text()}" == OLD  # the blank line at the cut is left out by Lab itself
    third.reached("streaming")  # the second part is the cell that was there


def test_several_selected_cells_are_asked_one_after_the_other(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    """One that is locked says so; the others do not wait for it."""
    notebook = opened(page, lab, home, "several.ipynb", "x = 1", "y = 2", "z = 3")
    cells = [EditedCell(notebook, index) for index in range(3)]
    page.evaluate("""() => {
      const { widgets } = window.jupyterapp.shell.currentWidget.content;
      widgets[2].model.setMetadata('editable', false);
    }""")
    paced.answer = lambda body: fenced("x = 11" if "python\nx = 1" in body["messages"][-1]["content"] else "y = 22")
    cells[0].cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    cells[0].ask("eleven times as much")
    cells[0].reached("ready")
    cells[1].reached("ready")
    expect(cells[2].bar).to_contain_text("This cell is locked")
    notebook.command("jupyter-spark:accept-all")
    notebook.wait_until(lambda: [cell.text() for cell in cells] == ["x = 11", "y = 22", "z = 3"])
