"""Ghost text at the caret, the item in the status bar and the note of who wrote a cell, in a real JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.lab import ROOT
from tests.ui.talk import Talk

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

GHOST = ".jp-GhostText"
AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast")


@pytest.fixture
def talk(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> Callable[..., Talk]:
    def start(*sources: str, completion: str = "invoked", provenance: bool = False) -> Talk:
        kept = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"completion": completion, "provenance": provenance}), "utf-8")
        name = "".join(c if c.isalnum() else "-" for c in request.node.name) + ".ipynb"
        return Talk(page, lab, home / "examples", name, *sources)

    return start


def type_at_end(talk: Talk, index: int, text: str) -> None:
    talk.notebook.cell(index).locator(".jp-InputArea-editor .cm-content").click()
    talk.page.keyboard.press("ControlOrMeta+End")
    talk.page.keyboard.type(text)


def test_ghost_text_while_typing(talk: Callable[..., Talk], paced: PacedServer, home: Path) -> None:
    paced.answer = "```python\nsum(orders) / len(orders)\nprint(mean)\n```\n"
    one = talk("orders = [1, 2]", "# the mean\n", completion="automatic")
    ghost = one.notebook.cell(1).locator(GHOST)
    type_at_end(one, 1, "mean = ")
    expect(ghost.first).to_contain_text("sum(orders) / len(orders)")
    one.page.screenshot(path=home / "ghost.png")
    sent = str(paced.records[-1].body)
    assert "orders = [1, 2]" in sent
    assert "mean = \\n" in sent
    count = len(paced.records)
    one.page.keyboard.type("sum(")  # what is shown
    expect(ghost.first).to_contain_text("orders) / len(orders)")
    expect(ghost.first).not_to_contain_text("sum(orders)")
    one.page.keyboard.press("Tab")
    written = "# the mean\nmean = sum(orders) / len(orders)\nprint(mean)"
    one.notebook.wait_until(lambda: one.notebook.source(1) == written)
    expect(ghost).to_have_count(0)
    assert len(paced.records) == count
    assert one.turns.count() == 0


def test_typing_on_closes_the_endpoint(talk: Callable[..., Talk], paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = "```python\n[" + "1, " * 3000, 50.0
    one = talk("x = 1", completion="automatic")
    type_at_end(one, 0, "\ny = ")
    ghost = one.notebook.cell(0).locator(GHOST)
    expect(ghost.first).to_contain_text("[1, 1")
    (first,) = paced.records
    one.page.keyboard.type("z")
    one.notebook.wait_until(lambda: first.closed_at_s is not None)
    assert first.sent_tokens < 1000
    one.notebook.wait_until(lambda: len(paced.records) == 2)  # after the next pause
    assert first.closed_at_s is not None
    assert first.closed_at_s <= paced.records[1].at_s
    one.page.keyboard.press("Escape")  # the editor is left
    one.notebook.wait_until(lambda: paced.records[1].closed_at_s is not None)


def test_only_when_asked_for_and_off(talk: Callable[..., Talk], paced: PacedServer, home: Path) -> None:
    paced.answer = "```python\nsum(orders)\n```\n"
    one = talk("orders = [1, 2]", "", completion="invoked")
    type_at_end(one, 1, "total = ")
    one.page.wait_for_timeout(1500)
    assert paced.records == []
    one.page.keyboard.press("Alt+\\")
    expect(one.notebook.cell(1).locator(GHOST).first).to_contain_text("sum(orders)")
    assert len(paced.records) == 1
    one.page.keyboard.press("Escape")
    off = talk("orders = [1, 2]", "", completion="off")
    type_at_end(off, 1, "total = ")
    off.page.keyboard.press("Alt+\\")
    off.page.wait_for_timeout(1500)
    assert len(paced.records) == 1


def test_the_status_bar_by_keyboard(talk: Callable[..., Talk], paced: PacedServer, home: Path) -> None:
    paced.answer, paced.rate_tok_s, paced.first_token_s = "A word. " * 200, 400.0, 1.0
    one = talk("x = 1", completion="invoked")
    item = one.page.get_by_role("button", name="Spark: Fast")
    turn = one.ask("what?", wait=False)
    expect(item).to_have_attribute("data-state", "thinking")
    expect(item).to_have_attribute("data-state", "streaming")
    one.wait_done(turn)
    expect(item).to_have_attribute("data-state", "idle")
    expect(item).to_contain_text("tok/s")
    item.focus()
    one.page.keyboard.press("Enter")
    figures = one.page.get_by_role("dialog", name="Figures of Spark")
    expect(figures.get_by_role("row", name="Turns")).to_contain_text("1")
    expect(figures.get_by_role("row", name="Model")).to_contain_text("paced")
    expect(item).to_have_attribute("aria-expanded", "true")
    one.page.add_script_tag(path=AXE)
    for theme in THEMES:
        one.notebook.command("apputils:change-theme", {"theme": theme})
        one.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        one.page.wait_for_timeout(300)  # the colours fade
        one.page.screenshot(path=home / f"figures-{theme}.png")
        result = one.page.evaluate("() => axe.run({include: ['.jp-Spark-figuresPopup', '.jp-Spark-statusItem']})")
        serious = [
            (theme, found["id"], [node["html"][:200] for node in found["nodes"]])
            for found in result["violations"]
            if found["impact"] in ("serious", "critical")
        ]
        assert not serious, json.dumps(serious, indent=1)
    one.notebook.command("apputils:change-theme", {"theme": THEMES[0]})
    figures.focus()
    one.page.keyboard.press("Escape")
    expect(figures).to_have_count(0)
    expect(item).to_be_focused()


def test_a_cell_says_who_wrote_it(talk: Callable[..., Talk], paced: PacedServer) -> None:
    paced.answer = "```python\nx = 2\n```\n"
    one = talk("x = 1", provenance=True)
    one.notebook.cell(0).locator(".jp-InputArea-editor .cm-content").click()
    card = one.ask("/edit make it two").get_by_label("Proposed change")
    kept = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[0].getMetadata('jupyter_spark')"
    card.get_by_role("button", name="Accept").click()
    one.notebook.wait_until(lambda: one.notebook.source(0) == "x = 2")
    note = one.page.evaluate(kept)
    assert {key: note[key] for key in ("model", "tier")} == {"model": "paced", "tier": "spark"}
    assert sorted(note) == ["model", "tier", "time", "turn"]
    assert "make it two" not in json.dumps(note)
    card.get_by_role("button", name="Undo").click()
    one.notebook.wait_until(lambda: one.notebook.source(0) == "x = 1")
    assert one.page.evaluate(kept) is None
