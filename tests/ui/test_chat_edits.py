"""Edits in the chat: asked for at once, in several ways, taken, and known as taken wherever one looks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, expect

from jupyter_spark.providers.models import models_dir
from tests.paced import PacedServer
from tests.ui.composer import SidebarChat
from tests.ui.lab import TOKEN, LabNotebook, isolated_environment

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

CELLS = ("orders = [1, 2]", "total = sum(orders)")
LOOP = "total = 0\nfor order in orders:\n    total += order"
REDUCE = "from functools import reduce\n\ntotal = reduce(int.__add__, orders)"
BROKEN = "total = sum(orders"


def fenced(code: str) -> str:
    return f"```python\n{code}\n```\n"


def in_turn(*codes: str) -> Callable[[Any], str]:
    """Answer one request after the other with these."""
    answers = iter(codes)
    return lambda _body: fenced(next(answers))


def written(folder: Path, name: str, sources: tuple[str, ...]) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), folder / name)
    return folder / name


def spark(home: Path, *arguments: str) -> dict[str, Any]:
    """Run the command line beside the server, on its journal."""
    command = [sys.executable, "-m", "jupyter_spark.cli", *arguments, "--json"]
    done = subprocess.run(
        command, env=isolated_environment(home, models_dir()), capture_output=True, text=True, timeout=120, check=True
    )
    return dict(json.loads(done.stdout))


def test_a_question_at_the_moment_a_notebook_opens(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """It waits for the cells, and takes all of them along."""
    many = tuple(f"value_{number} = {number}" for number in range(200))
    written(home / "examples", "at-once.ipynb", many)
    notebook = LabNotebook(page, lab, "quickstart.ipynb")
    page.goto(f"{lab}/doc/tree/{notebook.name}?token={TOKEN}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    chat = SidebarChat(page)
    notebook.command("jupyter-spark:toggle-chat")
    expect(chat.field).to_be_visible()
    # The panel knows of the other notebook as soon as it is the current one, which is before its file has come.
    page.evaluate(
        """async () => {
          const { commands, shell } = window.jupyterapp;
          const opened = commands.execute('docmanager:open', { path: 'at-once.ipynb' });
          const field = document.querySelector('textarea[aria-label="Ask Spark"]');
          const write = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;
          while (shell.currentWidget?.title.label !== 'at-once.ipynb') {
            await new Promise(resolve => setTimeout(resolve));
          }
          write.call(field, 'what is here?');
          field.dispatchEvent(new Event('input', { bubbles: true }));
          field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
          await opened;
        }"""
    )
    turn = chat.ended(0)
    expect(turn).to_contain_text("All is well.")
    (record,) = paced.records
    sent = json.dumps(record.body)
    assert "value_0 = 0" in sent
    assert "value_199 = 199" in sent


def test_alternatives_are_walked_through_and_the_one_shown_is_taken(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    """By keyboard; after a reload, in the history and for undo it is known what was taken."""
    file = written(home / "examples", "ways.ipynb", CELLS)
    notebook, chat = LabNotebook(page, lab, file.name), SidebarChat(page)
    notebook.open()
    chat.open()
    notebook.cell(1).locator(".cm-content").click()
    paced.answer = fenced(LOOP)
    chat.ask("/edit do it otherwise")
    chat.ended(0)
    paced.answer = in_turn(BROKEN, REDUCE, LOOP)
    chat.turns.nth(0).get_by_role("button", name="Alternatives").click()
    ways = chat.ended(1)
    place = ways.locator(".jp-Spark-waysPlace")
    expect(place).to_contain_text("of 3")
    expect(ways.locator(".jp-Spark-holds")).to_be_visible()
    seen = []
    ways.get_by_role("button", name="Next alternative").focus()
    for _ in range(3):
        seen.append((place.inner_text(), ways.locator(".jp-mod-new").all_inner_texts()))
        page.keyboard.press("ArrowRight")
    assert {number for number, _ in seen} == {"1 of 3", "2 of 3", "3 of 3"}
    assert len({str(lines) for _, lines in seen}) == 3
    while not any("reduce(" in line for line in ways.locator(".jp-mod-new").all_inner_texts()):
        page.keyboard.press("ArrowRight")
    ways.get_by_role("button", name="Accept", exact=True).click()
    expect(ways.locator(".jp-Spark-said")).to_have_text("Accepted")
    assert notebook.source(1) == REDUCE
    # Another one takes its place.
    ways.get_by_role("button", name="Previous alternative").focus()
    while not any("for order" in line for line in ways.locator(".jp-mod-new").all_inner_texts()):
        page.keyboard.press("ArrowRight")
    ways.get_by_role("button", name="Accept", exact=True).click()
    expect(ways.locator(".jp-Spark-said")).to_have_text("Accepted")
    assert notebook.source(1) == LOOP

    page.keyboard.press("ControlOrMeta+s")
    notebook.wait_until(lambda: LOOP in [cell["source"] for cell in nbformat.read(file, 4).cells])
    notebook.open()
    chat.open()
    expect(chat.turns).to_have_count(2)
    again = chat.turns.nth(1)
    expect(again.get_by_role("group", name="Alternatives")).to_be_visible()
    while not any("for order" in line for line in again.locator(".jp-mod-new").all_inner_texts()):
        again.get_by_role("button", name="Next alternative").click()
    expect(again.locator(".jp-Spark-said")).to_have_text("Accepted")

    told = {turn["new_source"]: turn["edit"] for turn in spark(home, "history", str(file))["turns"]}
    assert told[REDUCE] == "taken_back"
    assert told[BROKEN] == "open"
    assert "taken" in [turn["edit"] for turn in spark(home, "history", str(file))["turns"]]
    spark(home, "undo", str(file))
    assert nbformat.read(file, 4).cells[1]["source"] == CELLS[1]


def test_broken_settings_are_told_when_the_panel_opens(lab: str, home: Path, page: Page) -> None:
    settings = home / "config" / "jupyter_spark.toml"
    before = settings.read_text("utf-8")
    settings.write_text("[tiers\n", "utf-8")
    try:
        notebook, chat = LabNotebook(page, lab, "quickstart.ipynb"), SidebarChat(page)
        notebook.open()
        chat.open()
        expect(chat.panel.get_by_role("alert")).to_contain_text("jupyter_spark.toml")
        settings.write_text(before, "utf-8")
        for is_shown in (False, True):
            notebook.command("jupyter-spark:toggle-chat")
            expect(chat.panel).to_be_visible(visible=is_shown)
        expect(chat.panel.get_by_role("alert")).to_have_count(0)
    finally:
        settings.write_text(before, "utf-8")
