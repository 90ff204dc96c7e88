"""What befalls a notebook while a change arrives in a cell of it: nothing is lost, whoever asked for the change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.lab import ROOT, TURN_TIMEOUT_MS, LabNotebook
from tests.ui.test_chat_edits import fenced, spark
from tests.ui.test_in_cell import EditedCell, opened, outcomes

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

PANDAS = ROOT / "tests" / "notebooks" / "handson-ml3-tools_pandas.ipynb"
LOAD = "%load_ext jupyter_spark"
LINES = 20
OLD = "\n".join(f"value_{number} = {number}" for number in range(LINES))
NEW = "\n".join(f"value_{number} = {number} * 2" for number in range(LINES))
LAST = "x = 1"
RATE_TOK_S = 30.0


@pytest.fixture
def answer() -> object:
    return fenced(NEW)


@pytest.fixture(params=["asked above the cell", "asked by the magic"])
def streaming(
    lab: str, home: Path, page: Page, paced: PacedServer, calm: None, request: pytest.FixtureRequest
) -> EditedCell:
    """The second of three cells, in which a change arrives."""
    is_magic = request.param == "asked by the magic"
    name = "".join(c if c.isalnum() else "-" for c in request.node.name) + ".ipynb"
    notebook = opened(page, lab, home, name, LOAD, f"%%spark double\n{OLD}" if is_magic else OLD, LAST)
    edited = EditedCell(notebook, 1)
    if is_magic:
        notebook.run(0)
    paced.rate_tok_s = RATE_TOK_S
    edited.cell.locator(".cm-line").first.click()
    if is_magic:
        page.keyboard.press("ControlOrMeta+Enter")
    else:
        edited.ask("double")
    edited.reached("streaming")
    expect(edited.fresh).not_to_have_count(0)
    return edited


def texts(notebook: LabNotebook) -> list[str]:
    """The text of every cell."""
    sources = "window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"
    return list(notebook.page.evaluate(sources))


def journal_of(edited: EditedCell, home: Path) -> list[str]:
    return outcomes(home, home / "examples" / edited.notebook.name)


def wait_ended(edited: EditedCell, home: Path) -> None:
    """Wait until the turn has ended, whoever runs it."""
    file = home / "examples" / edited.notebook.name
    edited.notebook.wait_until(
        lambda: [turn["status"] for turn in spark(home, "history", str(file))["turns"]] == ["finished"],
        TURN_TIMEOUT_MS / 1000,
    )


def accept(edited: EditedCell) -> None:
    edited.reached("ready").get_by_role("button", name="Accept").click()
    edited.reached("")


@pytest.mark.parametrize("when", ["while it arrives", "after its end"])
def test_a_deleted_cell_that_comes_back_has_its_change(streaming: EditedCell, home: Path, when: str) -> None:
    page, cells = streaming.page, streaming.page.locator(".jp-Notebook .jp-Cell")
    streaming.cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("d")
    page.keyboard.press("d")
    expect(cells).to_have_count(2)
    if when == "after its end":
        wait_ended(streaming, home)
    page.keyboard.press("z")
    expect(cells).to_have_count(3)
    accept(streaming)
    assert texts(streaming.notebook) == [LOAD, NEW, LAST]
    streaming.notebook.wait_until(lambda: journal_of(streaming, home) == ["taken"])


def test_a_renamed_notebook_keeps_the_change_and_its_history(streaming: EditedCell, home: Path) -> None:
    """What the user does with the change later is filed under the new name, and taken back there."""
    page, notebook = streaming.page, streaming.notebook
    old, new = notebook.name, f"now-{notebook.name}"
    page.evaluate("([old, now]) => window.jupyterapp.serviceManager.contents.rename(old, now)", [old, new])
    notebook.wait_until(lambda: page.evaluate("window.jupyterapp.shell.currentWidget.context.path") == new)
    accept(streaming)
    assert texts(notebook) == [LOAD, NEW, LAST]
    notebook.wait_until(lambda: outcomes(home, home / "examples" / new) == ["taken"])
    assert outcomes(home, home / "examples" / old) == []
    page.keyboard.press("ControlOrMeta+z")
    notebook.wait_until(lambda: outcomes(home, home / "examples" / new) == ["taken_back"])
    assert texts(notebook)[1].endswith(OLD)


@pytest.mark.parametrize("when", ["while it arrives", "after its end"])
def test_a_notebook_that_is_opened_again_shows_the_change(streaming: EditedCell, home: Path, when: str) -> None:
    page, name = streaming.page, streaming.notebook.name
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.close(); }")
    discard = page.locator(".jp-Dialog button", has_text="Discard")  # the output has grown since it was saved
    expect(discard.or_(page.locator(".jp-Launcher")).first).to_be_visible()
    if discard.is_visible():
        discard.click()
    expect(page.locator(".jp-NotebookPanel")).to_have_count(0)
    if when == "after its end":
        wait_ended(streaming, home)
    page.evaluate("name => { window.jupyterapp.commands.execute('docmanager:open', { path: name }); }", name)
    accept(streaming)
    assert texts(streaming.notebook) == [LOAD, NEW, LAST]
    streaming.notebook.wait_until(lambda: journal_of(streaming, home) == ["taken"])


def test_a_kernel_that_is_restarted_ends_only_what_it_makes(streaming: EditedCell) -> None:
    """One clear line, or nothing at all; the cell is as it was."""
    before = texts(streaming.notebook)
    streaming.notebook.command("kernelmenu:restart")
    streaming.page.locator(".jp-Dialog .jp-mod-accept").click()
    if before[1] == OLD:  # the server makes it, and knows nothing of the kernel
        accept(streaming)
        assert texts(streaming.notebook) == [LOAD, NEW, LAST]
    else:
        expect(streaming.reached("failed")).to_contain_text(
            "The kernel was restarted in mid-answer. Run the cell again."
        )
        assert texts(streaming.notebook) == before


def test_a_split_cell_says_that_its_lines_changed(streaming: EditedCell) -> None:
    """The change goes with the part that is the cell still, and is never written there whole."""
    page, before = streaming.page, texts(streaming.notebook)
    page.evaluate("""() => {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.activeCellIndex = 1;
      content.activeCell.editor.setCursorPosition({ line: 8, column: 0 });
    }""")
    streaming.notebook.command("notebook:split-cell-at-cursor")
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(4)
    second = EditedCell(streaming.notebook, 2)
    expect(second.reached("ready")).to_contain_text("You changed the same lines meanwhile.")
    now = texts(streaming.notebook)
    assert f"{now[1]}\n{now[2]}" == before[1]
    second.bar.get_by_role("button", name="Accept").click()
    expect(second.bar).to_contain_text("The cell was split")
    second.bar.get_by_role("button", name="Accept").click()
    assert texts(streaming.notebook) == now
    second.bar.get_by_role("button", name="Reject").click()
    second.reached("")
    assert texts(streaming.notebook) == now


def test_a_cell_out_of_view_comes_into_view_and_stays(lab: str, home: Path, page: Page) -> None:
    """The reader has scrolled past the active cell; above it and below there are many others."""
    name = "scrolled.ipynb"
    shutil.copy(PANDAS, home / "examples" / name)
    page.set_viewport_size({"width": 1400, "height": 900})
    notebook = LabNotebook(page, lab, name)
    notebook.open()
    content = "window.jupyterapp.shell.currentWidget.content"
    page.wait_for_function(f"() => {content}.widgets.every(cell => cell.isAttached)", timeout=TURN_TIMEOUT_MS)
    index = page.evaluate(f"""() => {{
      const codes = [...{content}.widgets.keys()].filter(index => {content}.widgets[index].model.type === 'code');
      {content}.activeCellIndex = codes.at(-6);
      {content}.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 1e6;
      return codes.at(-6);
    }}""")
    edited = EditedCell(notebook, index)
    expect(edited.cell.locator(".cm-content")).not_to_be_in_viewport()
    page.keyboard.press("ControlOrMeta+k")
    expect(edited.prompt).to_be_focused()
    expect(edited.prompt).to_be_in_viewport()
    page.keyboard.insert_text("double")
    page.keyboard.press("Enter")
    edited.reached("ready")
    expect(edited.prompt).to_be_in_viewport()
    expect(edited.fresh.first).to_be_in_viewport()
    expect(edited.bar).to_be_in_viewport()


@pytest.mark.parametrize("way", ["above", "below"])
def test_a_merged_cell_shows_the_change_among_its_lines(streaming: EditedCell, home: Path, way: str) -> None:
    """It goes with the lines, there and back; what is taken changes only those."""
    page, notebook, before = streaming.page, streaming.notebook, texts(streaming.notebook)
    cells, merged = page.locator(".jp-Notebook .jp-Cell"), EditedCell(notebook, 0 if way == "above" else 1)
    streaming.cell.locator(".jp-InputPrompt").click()
    notebook.command(f"notebook:merge-cell-{way}")
    expect(cells).to_have_count(2)
    expect(merged.reached("ready")).to_contain_text("parses")
    page.keyboard.press("z")
    expect(cells).to_have_count(3)
    streaming.reached("ready")
    assert texts(notebook) == before
    page.keyboard.press("Shift+Z")
    expect(cells).to_have_count(2)
    accept(merged)
    assert texts(notebook) == ([f"{LOAD}\n\n{NEW}", LAST] if way == "above" else [LOAD, f"{NEW}\n\n{LAST}"])
    notebook.wait_until(lambda: journal_of(streaming, home) == ["taken"])
