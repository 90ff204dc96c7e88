"""The composer and what stands around it, in JupyterLab in a browser, on a paced endpoint and a real kernel."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.composer import SidebarChat
from tests.ui.conftest import TWO_TIERS
from tests.ui.lab import LabNotebook

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser]

CELLS = ("orders = [1, 2, 3]", "total = sum(orders)", "orders.qty")
LONG = "".join(f"Sentence {number} is here.\n" for number in range(400))


@pytest.fixture(scope="module")
def settings_file(paced: PacedServer) -> str:
    return TWO_TIERS.format(base_url=paced.base_url)


Start = Callable[..., tuple[LabNotebook, SidebarChat]]


@pytest.fixture
def start(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> Start:
    """Open a new notebook of these cells, and the chat."""

    def opened(*sources: str) -> tuple[LabNotebook, SidebarChat]:
        name = "".join(c if c.isalnum() else "-" for c in request.node.name) + ".ipynb"
        kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        cells = [nbformat.v4.new_code_cell(source) for source in sources or CELLS]
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), home / "examples" / name
        )
        notebook = LabNotebook(page, lab, name)
        notebook.open()
        chat = SidebarChat(page)
        chat.open()
        return notebook, chat

    return opened


def sent(paced: PacedServer, index: int = -1) -> str:
    """All that the endpoint was told in a turn."""
    messages: list[dict[str, Any]] = paced.records[index].body["messages"]
    return "\n".join(str(message["content"]) for message in messages)


def test_what_goes_with_a_question_is_shown_and_can_be_taken_away(start: Start, paced: PacedServer) -> None:
    notebook, chat = start()
    for index in range(3):
        notebook.run(index)
    notebook.cell(1).locator(".cm-content").click()
    expect(chat.chip("In [2]")).to_be_visible()
    expect(chat.chip("AttributeError, In [3]")).to_be_visible()
    expect(chat.chip("Notebook")).to_be_visible()
    expect(chat.chip("Variables")).to_be_visible()
    chat.ask("what of orders?")
    chat.ended()
    told = sent(paced)
    assert "total = sum(orders)" in told
    assert "orders: list of length 3" in told
    assert "# In[1]\norders = [1, 2, 3]" in told
    assert "AttributeError" in told

    for label in ("AttributeError", "Notebook", "Variables"):
        chat.chip(label).get_by_role("button", name="Do not send").click()
    expect(chat.chips).to_have_count(1)
    chat.ask("and now?")
    chat.ended(1)
    latest = paced.records[-1].body["messages"][-1]["content"]
    assert "total = sum(orders)" in sent(paced)
    assert "AttributeError" not in latest


def test_a_selection_goes_with_the_question(start: Start, paced: PacedServer) -> None:
    notebook, chat = start("first = 1\nsecond = 2")
    notebook.cell(0).locator(".cm-line").first.click()
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("Shift+End")
    expect(chat.chip("Selection")).to_be_visible()
    chat.ask("what is it?")
    chat.ended()
    assert "# Selected in the cell\nfirst = 1\n" in sent(paced) + "\n"


def test_cells_variables_and_files_are_added_by_typing(start: Start, home: Path, paced: PacedServer) -> None:
    (home / "examples" / "notes.md").write_text("The notes say: 42.", "utf-8")
    (home / "examples" / ".secret.md").write_text("hidden", "utf-8")
    notebook, chat = start()
    notebook.run(0)
    expect(chat.chip("Variables")).to_be_visible()
    chat.field.focus()
    keyboard, options = notebook.page.keyboard, chat.options
    keyboard.type("see @not")
    expect(options.first).to_contain_text("notes.md")
    assert not options.filter(has_text="secret").count()
    keyboard.press("Enter")
    keyboard.type("and @ord")
    expect(options.first).to_contain_text("orders")
    keyboard.press("Tab")
    keyboard.type("in @In[")
    expect(options.first).to_contain_text("In[1]")
    keyboard.press("Escape")
    expect(options).to_have_count(0)
    keyboard.type("1")
    keyboard.press("Enter")
    expect(chat.field).to_have_value("see notes.md and orders in In[1] ")
    keyboard.type("and say")
    keyboard.press("Enter")
    chat.ended()
    told = sent(paced)
    assert "# File notes.md\nThe notes say: 42." in told
    assert "orders: list of length 3" in told
    assert "see notes.md and orders in In[1] and say" in told


def test_a_command_for_the_cell_and_one_for_the_deep_tier(start: Start, paced: PacedServer) -> None:
    notebook, chat = start()
    notebook.run(2)
    chat.field.focus()
    notebook.page.keyboard.type("/")
    names = chat.options.locator("span")
    expect(names).to_have_text(["/explain", "/fix", "/edit", "/refactor", "/deep"])
    notebook.page.keyboard.type("fi")
    notebook.page.keyboard.press("Enter")  # completes
    expect(chat.field).to_have_value("/fix ")
    paced.answer = "```python\nlen(orders)\n```\n"
    notebook.page.keyboard.press("Enter")  # sends
    chat.ended()
    assert "Fix the cell so that it runs." in sent(paced)
    assert "NameError" in sent(paced)

    paced.answer = "Deeply."
    chat.ask("/deep why?")
    chat.ended(1)
    assert paced.records[-1].body["model"] == "deep-thought"
    chat.ask("/refactor rename orders to sales")
    expect(notebook.page.get_by_role("heading", name="rename orders to sales")).to_be_visible()
    expect(chat.field).to_have_value("")


def test_the_tier_switch_and_the_whole_panel_by_keyboard_alone(start: Start, paced: PacedServer) -> None:
    """No mouse: the tier, a removed chip, a question, what was said before, the history, a new conversation."""
    notebook, chat = start()
    keyboard, panel = notebook.page.keyboard, chat.panel

    def walk_to(name: str, *, back: bool = True) -> None:
        for _ in range(40):
            keyboard.press("Shift+Tab" if back else "Tab")
            label = notebook.page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.textContent; }"
            )
            if label and name in label:
                return
        raise AssertionError(f"the keyboard does not reach '{name}'")

    walk_to("Fast")
    keyboard.press("ArrowRight")
    expect(panel.get_by_role("radio", name="Deep")).to_be_checked()
    expect(panel.get_by_role("radio", name="Deep")).to_be_focused()
    walk_to("Do not send: Notebook", back=False)
    keyboard.press("Enter")
    expect(chat.chip("Notebook")).to_have_count(0)
    walk_to("Ask Spark", back=False)
    keyboard.type("first")
    keyboard.press("Shift+Enter")
    keyboard.type("question")
    keyboard.press("Enter")
    chat.ended()
    assert paced.records[-1].body["model"] == "deep-thought"
    assert "first\nquestion" in sent(paced)
    keyboard.press("ArrowUp")
    expect(chat.field).to_have_value("first\nquestion")
    keyboard.press("ArrowDown")
    expect(chat.field).to_have_value("")

    walk_to("New conversation")
    keyboard.press("Enter")
    expect(chat.turns).to_have_count(0)
    expect(chat.field).to_be_focused()
    walk_to("History")
    keyboard.press("Enter")
    expect(panel.get_by_role("button", name="first")).to_be_focused()
    keyboard.press("Enter")
    expect(chat.turns).to_have_count(1)
    expect(chat.field).to_be_focused()
    walk_to("Export")
    keyboard.press("Enter")
    expect(notebook.page.get_by_role("menuitem", name="Export the Conversation")).to_have_count(2)
    keyboard.press("Escape")
    expect(panel.get_by_role("button", name="Export")).to_be_focused()


def test_words_redirect_an_answer_and_escape_stops_it(start: Start, paced: PacedServer) -> None:
    notebook, chat = start()
    paced.answer, paced.rate_tok_s = LONG, 50.0
    chat.ask("write much")
    expect(chat.turns.first).to_have_attribute("data-state", "streaming")
    chat.field.focus()
    notebook.page.keyboard.type("shorter")
    expect(chat.word).to_contain_text("Enter redirects the answer")
    notebook.page.keyboard.press("Enter")
    expect(chat.field).to_have_value("")
    expect(chat.turns).to_have_count(1)
    notebook.page.keyboard.press("Escape")
    chat.ended(0, "stopped")
    notebook.wait_until(lambda: paced.records[-1].closed_at_s is not None)


def test_variables_while_a_cell_runs_and_their_age_when_the_kernel_cannot_tell(
    start: Start, paced: PacedServer
) -> None:
    """Over a subshell while Python waits; from before while C code holds the lock: the question never waits."""
    notebook, chat = start(
        "import time, re\nearly = [1]", "late = [1, 2]\ntime.sleep(6)", "re.match('(a+)+$', 'a' * 29 + 'b')"
    )
    notebook.run(0)
    notebook.press_run(1)
    expect(notebook.cell(1).locator(".jp-InputPrompt").first).to_contain_text("*")
    chat.field.focus()
    notebook.page.wait_for_timeout(2500)  # what was told last is kept for two seconds
    chat.field.blur()
    chat.field.focus()
    notebook.page.wait_for_timeout(500)
    chat.ask("what are early and late?")
    chat.ended()
    expect(notebook.cell(1).locator(".jp-InputPrompt").first).to_contain_text("*")
    assert "late: list of length 2" in sent(paced)
    notebook.wait_idle()
    notebook.press_run(2)
    expect(notebook.cell(2).locator(".jp-InputPrompt").first).to_contain_text("*")
    notebook.page.wait_for_timeout(2500)
    chat.field.blur()
    chat.field.focus()
    expect(chat.chip("Variables")).to_contain_text("old", timeout=10_000)
    chat.ask("and early?")
    chat.ended(1)
    assert "early: list of length 1" in sent(paced)


def test_a_kernel_that_is_restarted_has_no_variables(start: Start, paced: PacedServer) -> None:
    notebook, chat = start()
    notebook.run(0)
    expect(chat.chip("Variables")).to_be_visible()
    notebook.page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart(); }"
    )
    expect(chat.chip("Variables")).to_have_count(0)
    notebook.wait_idle()
    notebook.press_run(0)  # over a new subshell: the old one went with the old process
    expect(chat.chip("Variables")).to_be_visible()
    chat.ask("what of orders?")
    chat.ended()
    assert "orders: list of length 3" in sent(paced)


def test_a_draft_and_a_conversation_survive_a_reload(start: Start, paced: PacedServer) -> None:
    notebook, chat = start()
    chat.ask("first")
    chat.ended()
    chat.field.focus()
    notebook.page.keyboard.type("half a thou")
    notebook.open()
    chat.open()
    expect(chat.field).to_have_value("half a thou")
    expect(chat.turns).to_have_count(1)
    expect(chat.turns.first).to_contain_text("All is well.")


def test_a_reload_in_mid_stream_loses_nothing(start: Start, paced: PacedServer) -> None:
    notebook, chat = start()
    paced.answer, paced.rate_tok_s = LONG, 400.0
    chat.ask("write much")
    expect(chat.turns.first).to_contain_text("Sentence 5 is here.")
    notebook.page.reload()
    notebook.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    chat.open()
    turn = chat.ended(0)
    expect(turn.locator(".jp-Spark-answer")).to_have_text(LONG)
    assert len(paced.records) == 1


def test_a_conversation_is_exported_beside_the_notebook_and_overwrites_nothing(
    start: Start, home: Path, paced: PacedServer
) -> None:
    paced.answer = "So:\n\n```python\ntotal = 6\n```\n"
    notebook, chat = start()
    chat.ask("what is it?")
    chat.ended()
    stem = home / "examples" / notebook.name.replace(".ipynb", "-chat")
    for number in ("", "-1"):
        notebook.command("jupyter-spark:export-markdown")
        file = Path(f"{stem}{number}.md")
        notebook.wait_until(lambda: file.exists() and file.stat().st_size)  # noqa: B023 - called in this round only
        assert file.read_text("utf-8").endswith("## what is it?\n\nSo:\n\n```python\ntotal = 6\n```\n")
    notebook.page.goto(notebook.page.url)
    notebook.open()
    chat.open()
    expect(chat.turns).to_have_count(1)
    notebook.command("jupyter-spark:export-notebook")
    file = Path(f"{stem}.ipynb")
    notebook.wait_until(lambda: file.exists() and file.stat().st_size)
    made = nbformat.read(file, as_version=4)
    nbformat.validate(made)
    assert [(cell.cell_type, cell.source) for cell in made.cells[-2:]] == [("markdown", "So:"), ("code", "total = 6")]
    assert made.metadata.kernelspec.name == "python3"


def test_the_settings_count(start: Start, home: Path, paced: PacedServer) -> None:
    folder = home / "settings" / "jupyter-spark-ai"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {"defaultTier": "deep", "sendVariables": False, "showReceipts": False}
    file = folder / "settings.jupyterlab-settings"
    file.write_text(json.dumps(chosen), "utf-8")
    try:
        notebook, chat = start()
        expect(chat.panel.get_by_role("radio", name="Deep")).to_be_checked()
        notebook.run(0)
        chat.ask("what of orders?")
        turn = chat.ended()
        assert "orders: list" not in sent(paced)
        expect(turn.locator(".jp-Spark-receipt")).to_be_hidden()
        expect(chat.chip("Variables")).to_have_count(0)
    finally:
        file.unlink()


def test_the_commands_of_a_cell_and_their_menu(start: Start, paced: PacedServer) -> None:
    notebook, chat = start()
    notebook.cell(1).locator(".cm-content").click()
    notebook.command("jupyter-spark:explain-cell")
    chat.ended()
    assert "Explain what this cell does." in sent(paced)
    notebook.command("jupyter-spark:rewrite-cell")
    expect(notebook.cell(1).get_by_role("textbox", name="What to change")).to_be_focused()
    notebook.page.keyboard.press("Escape")
    expect(notebook.cell(1).get_by_role("textbox", name="What to change")).to_be_hidden()
    notebook.command("jupyter-spark:switch-tier")
    expect(chat.panel.get_by_role("radio", name="Deep")).to_be_checked()
    notebook.cell(1).locator(".cm-content").click(button="right")
    expect(notebook.page.get_by_role("menuitem", name="Fix This Cell")).to_be_visible()
    notebook.page.keyboard.press("Escape")
    notebook.command("jupyter-spark:toggle-chat")
    expect(chat.panel).to_be_hidden()
    notebook.command("jupyter-spark:toggle-chat")
    expect(chat.panel).to_be_visible()
