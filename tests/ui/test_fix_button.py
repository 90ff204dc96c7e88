"""The Fix button beside an error: there with every error, also after a reload; what it shows comes into the cell."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.paced import PacedServer
from tests.ui.lab import ROOT, LabNotebook
from tests.ui.test_chat_edits import fenced, written
from tests.ui.test_in_cell import ARRIVES_MS, EditedCell, opened, outcomes

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

ORDERS = "orders = [3, 4]"
BROKEN = "print('the sum is', sum(order))"
MENDED = "print('the sum is', sum(orders))"
AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def answer() -> object:
    return fenced(MENDED)


@pytest.fixture(autouse=True)
def as_installed(home: Path) -> None:
    settings(home)


def settings(home: Path, **values: object) -> None:
    """What the user has set; a page reads it when it is loaded."""
    kept = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(values), "utf-8")


@pytest.fixture
def failed(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> Callable[..., FailedCell]:
    """Open a notebook whose second cell fails, and run it."""

    def start(*sources: str, prefetch: bool = False) -> FailedCell:
        settings(home, prefetchFixes=prefetch)
        name = "".join(c if c.isalnum() else "-" for c in request.node.name) + ".ipynb"
        notebook = opened(page, lab, home, name, *(sources or (ORDERS, BROKEN)))
        notebook.run(0)
        notebook.run(1)
        return FailedCell(notebook, 1)

    return start


class FailedCell(EditedCell):
    """A cell with an error below it."""

    def __init__(self, notebook: LabNotebook, index: int) -> None:
        super().__init__(notebook, index)
        self.row = self.cell.get_by_role("group", name="This error")
        self.fix = self.row.get_by_role("button", name="Fix")

    @property
    def error(self) -> Locator:
        """The error itself, as Lab draws it."""
        return self.cell.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")


def saved(notebook: LabNotebook) -> None:
    notebook.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")


def test_the_button_mends_the_cell_and_goes_with_the_error(
    failed: Callable[..., FailedCell], home: Path, paced: PacedServer
) -> None:
    """The output is drawn as ever; nothing is asked before the click; after a reload the button is there again."""
    one = failed()
    expect(one.error).to_contain_text("NameError")
    expect(one.fix).to_be_visible()
    saved(one.notebook)
    one.notebook.open()
    expect(one.error).to_contain_text("NameError")
    expect(one.fix).to_be_visible()
    assert one.cell.locator(".jp-OutputArea-child").count() == 1
    assert paced.records == []

    one.fix.click()
    expect(one.reached("ready")).to_contain_text("parses")
    (asked,) = paced.records
    assert BROKEN in str(asked.body)
    assert "name 'order' is not defined" in str(asked.body).replace("\\'", "'")
    assert one.text() == BROKEN
    one.bar.get_by_role("button", name="Accept").click()
    one.reached("")
    assert one.text() == MENDED
    one.notebook.wait_until(lambda: outcomes(home, home / "examples" / one.notebook.name) == ["taken"])
    one.notebook.run(0)
    one.notebook.run(1)
    expect(one.notebook.output(1)).to_contain_text("the sum is 7")
    expect(one.row).to_have_count(0)


def test_by_keyboard_alone(failed: Callable[..., FailedCell], page: Page) -> None:
    """From the cell by Tab to the button, by keys through the change, and on in the notebook."""
    one = failed()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")  # Shift+Enter had gone on to the next cell
    for _ in range(20):
        page.keyboard.press("Tab")
        if one.fix.evaluate("button => button === document.activeElement"):
            break
    expect(one.fix).to_be_focused()
    page.keyboard.press("Enter")
    one.reached("ready")
    page.keyboard.press("ControlOrMeta+Enter")
    one.reached("")
    assert one.text() == MENDED
    page.wait_for_timeout(600)  # longer than a second press by habit takes
    page.keyboard.press("ControlOrMeta+Enter")  # Lab's own: run this cell
    expect(one.notebook.output(1)).to_contain_text("the sum is 7")


def test_the_command_fixes_too_and_escape_leaves_the_button(failed: Callable[..., FailedCell], page: Page) -> None:
    one = failed()
    one.fix.focus()
    page.keyboard.press("Escape")
    expect(one.cell).to_be_focused()
    one.notebook.command("jupyter-spark:fix-cell")
    one.reached("ready")
    page.keyboard.press("Escape")
    one.reached("")
    assert one.text() == BROKEN


def test_errors_of_other_kernels_far_down_have_a_button(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """A kernel may send no traceback; Lab draws a cell only when it comes into view; a figure may follow the error."""
    cells = [nbformat.v4.new_code_cell(f"value_{number} = {number}\n" * 12) for number in range(60)]
    error = nbformat.v4.new_output("error", ename="Condition", evalue="object 'x' not found", traceback=[])
    figure = nbformat.v4.new_output("display_data", {"text/plain": "a figure"})
    cells[50] = nbformat.v4.new_code_cell("print(x)", outputs=[error, figure], execution_count=3)
    file = home / "examples" / "far-down.ipynb"
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), file)
    notebook = LabNotebook(page, lab, file.name)
    notebook.open()
    page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.content.scrollToItem(50, 'center'); }")
    fix = page.get_by_role("button", name="Fix", exact=True)
    expect(fix).to_have_count(1)
    expect(fix).to_be_visible()
    paced.answer = fenced("x = 1\nprint(x)")
    fix.click()
    expect(page.locator(".jp-Cell[data-spark=ready] .jp-Spark-newLine").first).to_have_text("x = 1")
    assert "object 'x' not found" in str(paced.records[0].body).replace("\\'", "'")


def test_a_figure_cleared_error_and_a_locked_cell(lab: str, home: Path, page: Page) -> None:
    """The row goes when the outputs are cleared; a locked cell and one of our own magics have none."""
    error = nbformat.v4.new_output("error", ename="NameError", evalue="no", traceback=["NameError: no"])
    sources = ("print(x)", "print(y)", "%%spark add a docstring\nprint(z)")
    cells = [nbformat.v4.new_code_cell(source, outputs=[error]) for source in sources]
    cells[1].metadata["editable"] = False
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    file = home / "examples" / "cleared.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), file)
    notebook = LabNotebook(page, lab, file.name)
    notebook.open()
    fix = page.get_by_role("button", name="Fix", exact=True)
    expect(fix).to_have_count(1)
    notebook.command("notebook:clear-all-cell-outputs")
    expect(fix).to_have_count(0)


def test_a_fix_that_was_made_ready_is_there_on_click(failed: Callable[..., FailedCell], paced: PacedServer) -> None:
    one = failed(prefetch=True)
    expect(one.row).to_contain_text("a fix is ready", timeout=ARRIVES_MS)
    assert one.cell.get_attribute("data-spark") in (None, "")
    assert one.text() == BROKEN
    (asked,) = paced.records
    assert "order" in str(asked.body)
    one.fix.click()
    one.reached("ready")
    expect(one.fresh).to_have_text([MENDED])
    assert len(paced.records) == 1
    one.notebook.page.keyboard.press("ControlOrMeta+Enter")
    one.reached("")
    assert one.text() == MENDED


def test_a_fix_on_its_way_goes_on_in_the_cell(failed: Callable[..., FailedCell], paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = fenced("\n".join(f"line_{number} = {number}" for number in range(80))), 60.0
    one = failed(prefetch=True)
    expect(one.row).to_contain_text("a fix is on its way", timeout=ARRIVES_MS)
    one.notebook.wait_until(lambda: paced.records and paced.records[0].sent_tokens > 40)
    one.fix.click()
    one.reached("streaming")
    expect(one.fresh.filter(has_text="line_3 = 3").first).to_be_visible()
    paced.rate_tok_s = math.inf
    one.reached("ready")
    assert one.fresh.filter(has_text="line_79 = 79").count() == 1
    assert len(paced.records) == 1


def test_what_is_made_ready_is_let_go_when_the_cell_changes(
    failed: Callable[..., FailedCell], page: Page, paced: PacedServer
) -> None:
    """By typing, and by another run, which begins another one; a click afterwards asks anew."""
    paced.answer, paced.rate_tok_s = fenced("x = 1\n" * 400), 50.0
    one = failed(prefetch=True)
    one.notebook.wait_until(lambda: paced.records and paced.records[0].sent_tokens > 5)
    one.notebook.press_run(1)
    one.notebook.wait_until(lambda: paced.records[0].closed_at_s is not None)
    one.notebook.wait_until(lambda: len(paced.records) == 2 and paced.records[1].sent_tokens > 5)
    one.cell.locator(".jp-InputArea-editor .cm-content").click()
    page.keyboard.type("#")
    one.notebook.wait_until(lambda: paced.records[1].closed_at_s is not None)
    expect(one.row).not_to_contain_text("on its way")
    paced.answer, paced.rate_tok_s = fenced(MENDED), math.inf
    one.fix.click()
    one.reached("ready")
    assert len(paced.records) == 3


def test_one_at_a_time(failed: Callable[..., FailedCell], paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = fenced("x = 1\n" * 400), 50.0
    one = failed(ORDERS, BROKEN, "print(undefined)", prefetch=True)
    one.notebook.wait_until(lambda: paced.records and paced.records[0].sent_tokens > 5)
    one.notebook.run(2)
    one.notebook.wait_until(lambda: len(paced.records) == 2)
    one.notebook.wait_until(lambda: paced.records[0].closed_at_s is not None)
    expect(FailedCell(one.notebook, 2).row).to_contain_text("on its way")
    expect(one.row).not_to_contain_text("on its way")


@pytest.mark.parametrize(
    ("prefetch", "source"),
    [
        (False, BROKEN),
        (True, "raise KeyboardInterrupt"),
        (True, f"# spark-ignore\n{BROKEN}"),
    ],
    ids=["off", "stopped", "kept-out"],
)
def test_nothing_is_asked_unasked(
    failed: Callable[..., FailedCell], page: Page, paced: PacedServer, prefetch: bool, source: str
) -> None:
    one = failed(ORDERS, source, prefetch=prefetch)
    expect(one.fix).to_be_visible()
    page.wait_for_timeout(2000)  # five times as long as a fix that is made ready waits
    assert paced.records == []


def test_saved_errors_are_not_asked_about(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    settings(home, prefetchFixes=True)
    file = written(home / "examples", "saved-error.ipynb", (BROKEN,))
    notebook = nbformat.read(file, 4)
    notebook.cells[0].outputs = [nbformat.v4.new_output("error", ename="NameError", evalue="no", traceback=["no"])]
    nbformat.write(notebook, file)
    opened_one = LabNotebook(page, lab, file.name)
    opened_one.open()
    expect(page.get_by_role("button", name="Fix", exact=True)).to_be_visible()
    page.wait_for_timeout(2000)
    assert paced.records == []


def test_the_row_is_accessible(failed: Callable[..., FailedCell], page: Page) -> None:
    one = failed()
    expect(one.fix).to_be_visible()
    page.evaluate(AXE.read_text("utf-8"))
    found: Sequence[str] = page.evaluate(
        "async () => (await axe.run('.jp-Spark-fix')).violations.map(one => `${one.id}: ${one.help}`)"
    )
    assert found == []
