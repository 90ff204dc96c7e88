"""``%%spark`` in JupyterLab: the request has the page's own text, and its edit stands in the cell that asked."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_spark.providers.models import models_dir
from tests.paced import Fault, PacedServer, code_answer
from tests.ui.lab import TOKEN, LabNotebook, running_lab
from tests.ui.test_chat_edits import fenced, written
from tests.ui.test_in_cell import EditedCell, outcomes

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

LOAD = "%load_ext jupyter_spark"
ASKS = "%%spark make it two\nvalue = 1"
TWO = "value = 2"
LONG_TOKENS = 12_000


@pytest.fixture(scope="module")
def settings_file(settings_file: str) -> str:
    return f"{settings_file}accepts = ['temperature']\n"


@pytest.fixture
def answer() -> object:
    return fenced(TWO)


@pytest.fixture
def notebook(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> LabNotebook:
    """Four cells: what loads the extension, a cell that never runs, the one that asks, and an empty one."""
    name = f"{request.node.name.replace('[', '-').replace(']', '')}.ipynb"
    opened = LabNotebook(page, lab, written(home / "examples", name, (LOAD, "rate = 1", ASKS, "")).name)
    opened.open()
    opened.run(0)
    return opened


def sent(paced: PacedServer) -> str:
    """All that the last request held."""
    body = paced.records[-1].body
    assert body is not None
    return "\n".join(str(message["content"]) for message in body["messages"])


def test_the_request_has_what_stands_in_the_page(notebook: LabNotebook, home: Path, paced: PacedServer) -> None:
    """What was typed and neither saved nor run is sent; the edit is one step of undo, the typing before it another."""
    page, edited = notebook.page, EditedCell(notebook, 2)
    notebook.write(1, "rate = 1.19  # typed, and never saved")
    edited.cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.insert_text("  # typed here")
    asks = f"{ASKS}  # typed here"
    page.keyboard.press("ControlOrMeta+Enter")
    expect(edited.reached("ready")).to_contain_text("parses")
    assert "rate = 1.19  # typed, and never saved" in sent(paced)
    assert "value = 1  # typed here" in sent(paced)
    assert edited.text() == asks
    notebook.wait_idle()
    expect(notebook.output(2)).to_contain_text("accept it there")
    expect(notebook.output(2).locator(".jspark-new")).to_have_count(0)  # no second diff

    notebook.write(1, "rate = 1.07")
    edited.cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == TWO
    file = home / "examples" / notebook.name
    notebook.wait_until(lambda: outcomes(home, file) == ["taken"])
    expect(notebook.output(2)).to_contain_text("Accepted")
    page.keyboard.press("ControlOrMeta+z")
    assert edited.text() == asks
    notebook.wait_until(lambda: outcomes(home, file) == ["taken_back"])
    expect(notebook.output(2)).to_contain_text("Taken back")
    page.keyboard.press("ControlOrMeta+z")
    assert edited.text() == ASKS

    notebook.write(3, "%spark ask what is the rate?")
    notebook.run(3)
    assert "rate = 1.07" in sent(paced)


def test_a_page_that_has_just_opened_runs_all(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """The extension is loaded, asked and shown within one run of all cells; the cells below run as well."""
    file = written(home / "examples", "run-all.ipynb", (LOAD, "seen = 40 + 2", ASKS, "print('after', seen)"))
    notebook = LabNotebook(page, lab, file.name)
    notebook.open()
    notebook.write(1, "seen = 40 + 3")
    notebook.command("notebook:run-all-cells")
    EditedCell(notebook, 2).reached("ready")
    expect(notebook.output(3)).to_contain_text("after 43")
    assert "seen = 40 + 3" in sent(paced)


def test_a_rejected_edit_leaves_the_cell(notebook: LabNotebook, home: Path) -> None:
    edited = EditedCell(notebook, 2)
    notebook.run(2)
    edited.reached("ready")
    edited.cell.locator(".cm-content").click()
    notebook.page.keyboard.press("Escape")
    edited.reached("")
    assert edited.text() == ASKS
    expect(notebook.output(2)).to_contain_text("Rejected")
    notebook.wait_until(lambda: outcomes(home, home / "examples" / notebook.name) == ["refused"])


def test_undo_in_the_kernel_knows_what_was_accepted(notebook: LabNotebook) -> None:
    edited = EditedCell(notebook, 2)
    notebook.run(2)
    notebook.write(3, "%spark undo")
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("There is nothing to take back")  # a proposal is no change yet
    edited.reached("ready").get_by_role("button", name="Accept").click()
    edited.reached("")
    notebook.run(3)
    assert notebook.source(3) == "value = 1"


@pytest.mark.parametrize("how", ["bar", "escape", "toolbar"])
def test_stop_closes_upstream_at_once(notebook: LabNotebook, paced: PacedServer, how: str) -> None:
    page, edited = notebook.page, EditedCell(notebook, 2)
    paced.answer, paced.rate_tok_s = code_answer(LONG_TOKENS), 200.0
    notebook.press_run(2)
    bar = edited.reached("streaming")
    if how == "bar":
        bar.get_by_role("button", name="Stop").click()
    elif how == "escape":
        edited.cell.locator(".cm-content").click()
        page.keyboard.press("Escape")
    else:
        page.locator('[data-command="notebook:interrupt-kernel"]').first.click()
    expect(edited.reached("stopped")).to_contain_text("The cell is as it was")
    notebook.wait_until(lambda: paced.records[-1].closed_at_s is not None)
    assert paced.records[-1].sent_tokens < LONG_TOKENS
    assert edited.text() == ASKS
    expect(notebook.cell(2).locator(".jp-OutputArea")).to_contain_text("Stopped.")  # raised, so that Run All stops
    expect(notebook.output(2).locator(".jspark-new")).to_have_count(0)

    paced.answer, paced.rate_tok_s = fenced(TWO), math.inf
    bar.get_by_role("button", name="Retry").click()
    edited.reached("ready").get_by_role("button", name="Accept").click()
    edited.reached("")
    assert edited.text() == TWO
    first, second = (record.body or {} for record in paced.records)
    assert "temperature" not in first
    assert second["temperature"] > 0


def test_more_words_redirect_the_cell_that_runs(notebook: LabNotebook, paced: PacedServer) -> None:
    edited = EditedCell(notebook, 2)
    paced.answer, paced.rate_tok_s = code_answer(LONG_TOKENS), 200.0
    notebook.press_run(2)
    edited.reached("streaming")
    paced.answer, paced.rate_tok_s = fenced("value = 3"), math.inf
    edited.cell.locator(".cm-content").click()
    edited.ask("no, three")
    edited.reached("ready").get_by_role("button", name="Accept").click()
    edited.reached("")
    assert "no, three" in sent(paced)
    assert edited.text() == "value = 3"


def test_an_error_of_the_endpoint_stops_run_all(notebook: LabNotebook, paced: PacedServer) -> None:
    paced.fault = Fault("http_401")
    notebook.write(3, "print('never')")
    notebook.command("notebook:run-all-cells")
    edited = EditedCell(notebook, 2)
    edited.reached("failed")
    notebook.wait_idle()
    expect(notebook.cell(2).locator(".jp-OutputArea")).to_contain_text("refuses the key")
    expect(notebook.output(3)).to_have_count(0)
    assert edited.text() == ASKS


# --- pages that come and go --------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["in mid-run", "while it ends", "after it"])
def test_a_page_that_is_loaded_again_loses_nothing(
    notebook: LabNotebook, home: Path, paced: PacedServer, when: str
) -> None:
    page, edited, file = notebook.page, EditedCell(notebook, 2), home / "examples" / notebook.name
    code = "\n".join(f"value_{number} = {number}" for number in range(40))
    paced.answer = fenced(code)
    paced.rate_tok_s = {"in mid-run": 5.0, "while it ends": 50.0, "after it": math.inf}[when]
    notebook.press_run(2)
    edited.reached("ready" if when == "after it" else "streaming")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    if when == "while it ends":
        page.goto("about:blank")
        notebook.wait_until(lambda: outcomes(home, file) == ["taken"])  # given to a front end that is not there
    page.goto(f"{notebook.address}/doc/tree/{notebook.name}?token={TOKEN}")
    if when == "in mid-run":
        edited.reached("streaming")
    bar = edited.reached("ready")
    notebook.wait_until(lambda: outcomes(home, file) == ["open"])
    bar.get_by_role("button", name="Accept").click()
    edited.reached("")
    assert edited.text() == code
    notebook.wait_until(lambda: outcomes(home, file) == ["taken"])


def test_only_the_page_that_ran_the_cell_shows_it(notebook: LabNotebook, lab: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1600})
    try:
        other = LabNotebook(context.new_page(), lab, notebook.name)
        other.open()
        other.write(1, "rate = 2  # in the other page")
        other.run(2)
        EditedCell(other, 2).reached("ready")
        expect(EditedCell(notebook, 2).bar).to_have_count(0)
        notebook.run(2)
        EditedCell(notebook, 2).reached("ready")
        expect(EditedCell(other, 2).bar).to_have_count(0)  # the newer run's edit takes its place
    finally:
        context.close()


def test_a_restart_in_mid_stream(notebook: LabNotebook, paced: PacedServer) -> None:
    page, edited = notebook.page, EditedCell(notebook, 2)
    paced.answer, paced.rate_tok_s = code_answer(LONG_TOKENS), 200.0
    notebook.press_run(2)
    edited.reached("streaming")
    notebook.command("kernelmenu:restart")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(edited.reached("failed")).to_contain_text("The kernel was restarted")
    notebook.wait_idle()
    paced.answer, paced.rate_tok_s = fenced(TWO), math.inf
    notebook.press_run(0)
    notebook.run(2)
    edited.reached("ready").get_by_role("button", name="Accept").click()
    edited.reached("")
    assert edited.text() == TWO


# --- without -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["--yes make it two", "--below make it two"])
def test_what_is_not_to_be_judged_goes_in_as_it_does_elsewhere(notebook: LabNotebook, line: str) -> None:
    notebook.write(2, f"%%spark {line}\nvalue = 1")
    notebook.run(2)
    notebook.wait_until(lambda: notebook.source(3 if "--below" in line else 2) == TWO)
    expect(notebook.output(2).locator(".jspark-new:visible")).to_contain_text(TWO)
    expect(EditedCell(notebook, 2).bar).to_have_count(0)


def test_without_the_labextension(settings_file: str, page: Page, tmp_path: Path) -> None:
    """The kernel alone: the change is shown below the cell and takes its place."""
    config = tmp_path / "config" / "labconfig"
    with running_lab(tmp_path, models_dir(), settings_file) as address:
        config.mkdir()
        (config / "page_config.json").write_text('{"disabledExtensions": {"jupyter-spark-ai": true}}', "utf-8")
        notebook = LabNotebook(page, address, written(tmp_path / "examples", "alone.ipynb", (LOAD, ASKS)).name)
        notebook.open()
        expect(page.locator("#jupyter-spark-chat")).to_have_count(0)
        notebook.run(0)
        notebook.run(1)
        assert notebook.source(1) == TWO
        expect(notebook.output(1).locator(".jspark-new:visible")).to_contain_text(TWO)
