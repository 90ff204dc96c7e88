"""The panel where things are out of the ordinary: no notebook, a question without end, failures, broken settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_spark.providers.models import models_dir
from tests.paced import Fault, PacedServer
from tests.ui.composer import SidebarChat
from tests.ui.conftest import TWO_TIERS
from tests.ui.lab import LabNotebook, running_lab
from tests.ui.test_in_cell import opened

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

CLOSE_ALL = """async () => {
  const { commands } = window.jupyterapp;
  await commands.execute('docmanager:save');
  await commands.execute('application:close-all');
}"""


@pytest.fixture(scope="module")
def settings_file(paced: PacedServer) -> str:
    return TWO_TIERS.format(base_url=paced.base_url)


@pytest.fixture(scope="module")
def lab(home: Path, settings_file: str, browser: Browser) -> Iterator[str]:
    kept = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"completion": "invoked"}), "utf-8")
    with running_lab(home, models_dir(), settings_file) as address:
        yield address


def start(page: Page, lab: str, home: Path, name: str) -> tuple[LabNotebook, SidebarChat]:
    notebook = opened(page, lab, home, name, "x = 1")
    chat = SidebarChat(page)
    chat.open()
    return notebook, chat


def test_the_last_notebook_is_closed(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """Nothing can be asked then, and what was written is there when the notebook is."""
    notebook, chat = start(page, lab, home, "closed.ipynb")
    page.keyboard.type("half a thou")
    page.evaluate(CLOSE_ALL)
    expect(chat.field).to_be_disabled()
    expect(chat.panel).to_contain_text("Open a notebook to talk about it.")
    expect(chat.panel.get_by_role("button", name="Send")).to_be_disabled()
    page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', { path })", notebook.name)
    expect(chat.field).to_be_enabled()
    expect(chat.field).to_have_value("half a thou")
    assert paced.records == []


def test_two_views_of_a_notebook(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """Closing one of them does not make the server forget the notebook that the other shows."""
    notebook, chat = start(page, lab, home, "two-views.ipynb")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:clone')")
    views = page.locator(".jp-NotebookPanel")
    expect(views).to_have_count(2)
    views.last.locator(".jp-Cell .cm-content").first.wait_for()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
    expect(views).to_have_count(1)
    notebook.cell(0).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type(" + 41  # typed since")
    chat.ask("What is x?")
    chat.ended()
    assert "x = 1 + 41  # typed since" in json.dumps(paced.records[-1].body)


def test_a_question_without_end(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """It fits nowhere: it fails, is shown by its beginning, and is there after a reload."""
    notebook, chat = start(page, lab, home, "without-end.ipynb")
    chat.ask("why? " * 30_000 + "?")
    turn = chat.ended(state="failed")
    for is_first in (True, False):
        asked = turn.locator(".jp-Spark-asked")
        expect(asked).to_contain_text("Show all (150,001 characters)")
        assert len(asked.inner_text()) < 1500
        asked.get_by_role("button", name="Show all").press("Enter")
        assert len(asked.inner_text()) > 100_000
        asked.get_by_role("button", name="Show less").press("Enter")
        assert len(asked.inner_text()) < 1500
        expect(turn.get_by_role("alert")).to_be_visible()
        if is_first:
            notebook.open()
            expect(chat.turns).to_have_count(1)
    assert paced.records == []


def test_the_figures_of_both_tiers_are_there_after_a_reload(lab: str, home: Path, page: Page) -> None:
    notebook, chat = start(page, lab, home, "figures.ipynb")
    chat.ask("fast?")
    chat.ended()
    chat.ask("/deep and deep?")
    expect(chat.turns).to_have_count(2)
    chat.ended()
    item = page.locator(".jp-Spark-status")
    figures = page.get_by_role("dialog", name="Figures of Spark")
    for is_first in (True, False):
        item.press("Enter")
        row = figures.get_by_role("row", name="Model")
        expect(row.get_by_role("cell")).to_have_text(["paced", "deep-thought"])
        page.keyboard.press("Escape")
        if is_first:
            notebook.open()


def test_broken_settings_show_in_the_status_bar(lab: str, home: Path, page: Page) -> None:
    settings = home / "config" / "jupyter_spark.toml"
    before = settings.read_text("utf-8")
    settings.write_text("[tiers\n", "utf-8")
    try:
        opened(page, lab, home, "broken.ipynb", "x = 1")
        item = page.locator(".jp-Spark-status")
        expect(item).to_have_text("Fast · needs attention")
        settings.write_text(before, "utf-8")
        item.press("Enter")  # who looks, looks anew
        expect(item).to_have_text("Fast")
    finally:
        settings.write_text(before, "utf-8")


def test_a_completion_that_fails_is_told_beside_the_composer(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    notebook, chat = start(page, lab, home, "completion-fails.ipynb")
    paced.fault = Fault("http_401")
    for is_shown in (True, False):
        notebook.cell(0).locator(".cm-content").click()
        page.keyboard.press("ControlOrMeta+End")
        page.keyboard.type("\ny = ")
        page.keyboard.press("Alt+\\")
        toast = page.locator(".Toastify__toast")
        if is_shown:
            expect(chat.word).not_to_have_text("")
            expect(toast).to_have_count(0)
            notebook.command("jupyter-spark:toggle-chat")
            expect(chat.panel).to_be_hidden()
        else:
            expect(toast).to_be_visible()
