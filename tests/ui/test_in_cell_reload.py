"""A page that is loaded again: a change that nobody has judged stands in its cell again, and no empty cell is left."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.paced import Fault, PacedServer
from tests.ui.lab import LabNotebook
from tests.ui.test_chat_edits import fenced
from tests.ui.test_in_cell import EditedCell, opened, outcomes
from tests.ui.test_in_cell_judging import NEW, OLD
from tests.ui.test_quick_instructions import PLAIN, TESTS, sources

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

ADD_TESTS = {"label": "Add Tests", "instruction": "Write tests.", "kind": "generate"}


@pytest.fixture
def answer() -> object:
    return fenced(NEW)


def saved_and_loaded_again(notebook: LabNotebook) -> None:
    notebook.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    notebook.open()


def test_a_whole_change_is_judged_after_a_reload(lab: str, home: Path, page: Page) -> None:
    notebook = opened(page, lab, home, "whole.ipynb", OLD, "x = 1")
    edited = EditedCell(notebook, 0)
    edited.cell.locator(".cm-line").first.click()
    edited.ask("use pi")
    edited.reached("ready")
    saved_and_loaded_again(notebook)
    expect(edited.reached("ready")).to_contain_text("parses")
    assert edited.text() == OLD
    edited.bar.get_by_role("button", name="Accept").click()
    edited.reached("")
    assert edited.text() == NEW
    notebook.wait_until(lambda: outcomes(home, home / "examples" / notebook.name) == ["taken"])
    saved_and_loaded_again(notebook)
    expect(edited.bar).to_have_count(0)
    assert edited.text() == NEW


def test_a_change_on_its_way_goes_on_arriving(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    notebook = opened(page, lab, home, "on-its-way.ipynb", OLD)
    edited = EditedCell(notebook, 0)
    paced.fault = Fault("stall_mid_stream")
    edited.cell.locator(".cm-line").first.click()
    edited.ask("use pi")
    edited.reached("streaming")
    saved_and_loaded_again(notebook)
    edited.reached("streaming")
    paced.fault = None
    edited.bar.get_by_role("button", name="Stop").click()
    edited.reached("stopped")
    edited.bar.get_by_role("button", name="Retry").click()
    edited.reached("ready")
    edited.bar.get_by_role("button", name="Reject").click()
    edited.reached("")
    assert edited.text() == OLD


def test_another_text_than_it_was_made_from_says_so(lab: str, home: Path, page: Page) -> None:
    """What was typed before the question is not in the file: the change does not fit, and stands in the chat."""
    notebook = opened(page, lab, home, "unsaved.ipynb", "x = 1")
    edited = EditedCell(notebook, 0)
    notebook.write(0, OLD)
    edited.ask("use pi")
    edited.reached("ready")
    page.on("dialog", lambda dialog: dialog.accept())
    notebook.open()
    expect(edited.bar).to_contain_text("not for what this cell holds now")
    assert edited.text() == "x = 1"
    edited.bar.get_by_role("button", name="Show").click()
    expect(page.locator("#jupyter-spark-chat .jp-Spark-turn")).to_contain_text("use pi")


def test_a_new_cell_has_its_change_again(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """It goes when it is rejected, and is a cell like any other when it is accepted."""
    paced.answer = fenced(TESTS)
    notebook = opened(page, lab, home, "new-cell.ipynb", PLAIN, "last = 1")
    below = EditedCell(notebook, 1)
    for verb, left in (("Reject", [PLAIN, "last = 1"]), ("Accept", [PLAIN, TESTS, "last = 1"])):
        notebook.cell(0).locator(".cm-content").click()
        notebook.command("jupyter-spark:quick", ADD_TESTS)
        below.reached("ready")
        saved_and_loaded_again(notebook)
        below.reached("ready")
        below.bar.get_by_role("button", name=verb).click()
        notebook.wait_until(lambda left=left: sources(page) == left)
    saved_and_loaded_again(notebook)
    assert sources(page) == [PLAIN, TESTS, "last = 1"]
    kept = nbformat.read(home / "examples" / notebook.name, 4)
    assert [dict(cell.metadata) for cell in kept.cells if "jupyter_spark_new" in cell.metadata] == []


def test_a_new_cell_that_nothing_comes_for_is_gone(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """Its answer was stopped, or the page that waited for it is no more."""
    paced.fault = Fault("stall_mid_stream")
    paced.answer = fenced(TESTS)
    notebook = opened(page, lab, home, "no-one.ipynb", PLAIN, "last = 1")
    notebook.cell(0).locator(".cm-content").click()
    notebook.command("jupyter-spark:quick", ADD_TESTS)
    notebook.wait_until(lambda: sources(page) == [PLAIN, "", "last = 1"])
    notebook.wait_until(lambda: len(paced.records) == 1)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    page.evaluate("sessionStorage.clear()")
    notebook.open()
    notebook.wait_until(lambda: sources(page) == [PLAIN, "last = 1"])


def test_a_new_cell_waits_for_its_notebook_to_be_opened_again(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    """Closed and opened in the same page, it is not tidied away."""
    paced.answer = fenced(TESTS)
    notebook = opened(page, lab, home, "opened-again.ipynb", PLAIN, "last = 1")
    notebook.cell(0).locator(".cm-content").click()
    notebook.command("jupyter-spark:quick", ADD_TESTS)
    below = EditedCell(notebook, 1)
    below.reached("ready")
    page.evaluate(
        """async () => {
          const { commands } = window.jupyterapp;
          await commands.execute('docmanager:save');
          await commands.execute('application:close');
          await commands.execute('docmanager:open', { path: 'opened-again.ipynb' });
        }"""
    )
    below.reached("ready")
    assert sources(page) == [PLAIN, "", "last = 1"]
