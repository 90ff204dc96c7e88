"""One click on a cell: the instructions of the settings, tests in a new cell, and explanations in chat and notebook."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.lab import LabNotebook
from tests.ui.test_chat_edits import fenced
from tests.ui.test_in_cell import EditedCell, opened

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

PLAIN = "def double(x):\n    return 2 * x"
DOCUMENTED = 'def double(x):\n    """Twice as much."""\n    return 2 * x'
TESTS = "assert double(2) == 4"
SOURCES = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"
OWN = {"label": "Say It in Esperanto", "instruction": "Translate every comment to Esperanto.", "kind": "rewrite"}
COMMANDS = (
    "explain-cell",
    "explain-cell-in-notebook",
    "fix-cell",
    "quick",
    "quick-menu",
    "edit-quick",
)


@pytest.fixture
def answer() -> object:
    return fenced(DOCUMENTED)


@pytest.fixture
def notebook(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> Callable[..., LabNotebook]:
    def start(*sources: str, **settings: object) -> LabNotebook:
        kept = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(settings), "utf-8")
        name = "".join(c if c.isalnum() else "-" for c in request.node.name) + ".ipynb"
        one = opened(page, lab, home, name, *(sources or (PLAIN,)))
        one.cell(0).locator(".jp-InputArea-editor .cm-content").click()
        return one

    return start


def sources(page: Page) -> list[str]:
    return list(page.evaluate(SOURCES))


def asked(paced: PacedServer) -> str:
    return str(paced.records[-1].body)


def test_the_button_of_a_cell_has_the_instructions(
    notebook: Callable[..., LabNotebook], page: Page, paced: PacedServer
) -> None:
    edited = EditedCell(notebook(), 0)
    edited.cell.locator("[data-jp-item-name='spark-quick']").click()
    items = page.locator(".lm-Menu-item:not([data-type=separator]) .lm-Menu-itemLabel")
    expect(items).to_have_text(
        [
            "Document",
            "Add Tests",
            "Add Type Hints",
            "Make Faster",
            "Explain This Cell",
            "Explain in a Markdown Cell",
            "Fix This Cell",
            "Edit the One-Click Instructions…",
        ]
    )
    page.get_by_role("menuitem", name="Document").click()
    edited.reached("ready")
    assert "Add a docstring to every function" in asked(paced)
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == DOCUMENTED


def test_by_keyboard_alone(notebook: Callable[..., LabNotebook], page: Page) -> None:
    """From the palette into the menu, by letters and arrows, and back to the editor."""
    edited = EditedCell(notebook(), 0)
    page.keyboard.press("ControlOrMeta+Shift+c")
    page.keyboard.insert_text("One Click for This Cell")
    page.keyboard.press("Enter")
    expect(page.locator(".lm-Menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".lm-Menu")).to_have_count(0)
    edited.notebook.command("jupyter-spark:quick-menu")
    expect(page.locator(".lm-Menu")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    edited.reached("ready")


def test_tests_stand_in_a_new_cell_below(notebook: Callable[..., LabNotebook], page: Page, paced: PacedServer) -> None:
    """The cell is sent along, and stays as it is; a new cell that nobody wants goes again."""
    paced.answer = fenced(TESTS)
    one = notebook(PLAIN, "last = 1")
    below = EditedCell(one, 1)
    tests = {"label": "Add Tests", "instruction": "Write tests.", "kind": "generate"}
    one.command("jupyter-spark:quick", tests)
    below.reached("ready")
    assert sources(page) == [PLAIN, "", "last = 1"]
    assert "return 2 * x" in asked(paced)
    below.bar.get_by_role("button", name="Reject").click()
    one.wait_until(lambda: sources(page) == [PLAIN, "last = 1"])

    one.cell(0).locator(".jp-InputArea-editor .cm-content").click()
    one.command("jupyter-spark:quick", tests)
    below.reached("ready")
    below.bar.get_by_role("button", name="Retry").click()
    one.wait_until(lambda: len(paced.records) == 3)
    below.reached("ready")
    below.bar.get_by_role("button", name="Accept").click()
    one.wait_until(lambda: sources(page) == [PLAIN, TESTS, "last = 1"])


def test_own_instructions_appear_at_once(
    notebook: Callable[..., LabNotebook], page: Page, paced: PacedServer, home: Path
) -> None:
    one = notebook()
    one.command("settingeditor:open", {"query": "Spark"})
    page.get_by_role("button", name="Add item").click()
    fields = page.get_by_role("group", name="quickInstructions-4").get_by_role("textbox")
    fields.nth(0).fill(OWN["label"])
    fields.nth(1).fill(OWN["instruction"])
    fields.nth(1).press("Tab")
    file = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
    one.wait_until(lambda: OWN["instruction"] in file.read_text("utf-8"), 60)
    page.evaluate(
        """() => {
          const { shell } = window.jupyterapp;
          shell.activateById([...shell.widgets('main')].find(widget => widget.context).id);
        }"""
    )
    one.cell(0).locator(".jp-InputArea-editor .cm-content").click()
    one.cell(0).locator("[data-jp-item-name='spark-quick']").click()
    item = page.get_by_role("menuitem", name=OWN["label"])
    expect(item).to_be_visible()
    item.click()
    EditedCell(one, 0).reached("ready")
    assert OWN["instruction"] in asked(paced)


def test_every_command_has_a_label_and_a_schema(notebook: Callable[..., LabNotebook], page: Page) -> None:
    notebook()
    for name in COMMANDS:
        label, schema = page.evaluate(
            """async id => {
              const { commands } = window.jupyterapp;
              return [commands.label(id), await commands.describedBy(id)];
            }""",
            f"jupyter-spark:{name}",
        )
        assert label
        assert schema["args"]["type"] == "object"


def test_a_selection_is_explained_in_the_chat(
    notebook: Callable[..., LabNotebook], page: Page, paced: PacedServer
) -> None:
    paced.answer = "It doubles."
    one = notebook(PLAIN)
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.press("Shift+Home")
    one.command("jupyter-spark:explain-cell")
    panel = page.locator("#jupyter-spark-chat")
    expect(panel.get_by_text("It doubles.")).to_be_visible()
    assert "Explain this part of the cell:\\n\\n```\\nreturn 2 * x\\n```" in asked(paced)


def test_an_explanation_becomes_a_markdown_cell(
    notebook: Callable[..., LabNotebook], page: Page, paced: PacedServer, home: Path
) -> None:
    """Only when it is whole, above the cell, and gone with one step back."""
    paced.answer, paced.rate_tok_s = "It **doubles** " + "and doubles " * 40, 60.0
    one = notebook(PLAIN, "last = 1")
    one.command("jupyter-spark:explain-cell-in-notebook")
    panel = page.locator("#jupyter-spark-chat")
    expect(panel.get_by_text("doubles").first).to_be_visible()
    assert sources(page) == [PLAIN, "last = 1"]
    paced.rate_tok_s = math.inf
    one.wait_until(lambda: len(sources(page)) == 3, 60)
    assert sources(page)[0].startswith("It **doubles** and doubles")
    assert sources(page)[1:] == [PLAIN, "last = 1"]
    expect(one.cell(0).locator("strong")).to_have_text("doubles")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    assert [cell.cell_type for cell in nbformat.read(home / "examples" / one.name, 4).cells] == [
        "markdown",
        "code",
        "code",
    ]
    one.command("notebook:undo-cell-action")
    one.wait_until(lambda: sources(page) == [PLAIN, "last = 1"])


def test_a_markdown_cell_is_explained_too(notebook: Callable[..., LabNotebook], page: Page, paced: PacedServer) -> None:
    paced.answer = "It is a heading."
    one = notebook(PLAIN)
    one.command("notebook:change-cell-to-markdown")
    one.command("jupyter-spark:explain-cell")
    expect(page.locator("#jupyter-spark-chat").get_by_text("It is a heading.").first).to_be_visible()
