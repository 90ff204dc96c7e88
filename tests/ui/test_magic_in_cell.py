"""``%%spark`` in JupyterLab: the request has the page's own text, and its edit stands in the cell that asked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_spark.providers.models import models_dir
from tests.paced import PacedServer, code_answer, whole_input
from tests.ui.conftest import SETTINGS
from tests.ui.lab import LabNotebook, running_lab
from tests.ui.test_chat_edits import TIERS, fenced, spark, written
from tests.ui.test_in_cell import EditedCell, outcomes

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LOAD = "%load_ext jupyter_spark"
ASKS = "%%spark make it two\nvalue = 1"
TWO = "value = 2"
LONG_TOKENS = 12_000


@pytest.fixture(scope="module")
def lab(home: Path, paced: PacedServer, browser: Browser) -> Iterator[str]:
    with running_lab(home, models_dir(), TIERS + SETTINGS.format(base_url=paced.base_url)) as address:
        yield address


@pytest.fixture(autouse=True)
def calm(paced: PacedServer) -> None:
    paced.rate_tok_s, paced.first_token_s, paced.fault, paced.answer = math.inf, 0.0, None, fenced(TWO)
    paced.records.clear()


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


