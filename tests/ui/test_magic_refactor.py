"""``%spark refactor`` in JupyterLab: the review tab does it, on what stands in the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.lab import LabNotebook
from tests.ui.refactoring import ReviewTab, planned
from tests.ui.test_chat_edits import written
from tests.ui.test_refactor_tab import load

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

LOAD = "%load_ext jupyter_spark"
CELLS = ("rows = [3, 1, 2]", "total = sum(rows)\nprint(total)")
DOUBLED = "total = 2 * sum(rows)\nprint(total)"
PLAN = "edit cell 2: double the total"
ASKS = "%spark refactor tidy up"


@pytest.fixture
def answer() -> object:
    return planned(PLAN, {"double the total": DOUBLED})


@pytest.fixture
def tab(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> ReviewTab:
    """A notebook whose first cell loads the extension, and whose last one asks."""
    name = f"{request.node.name.replace('_', '-')}.ipynb"
    notebook = LabNotebook(page, lab, written(home / "examples", name, (LOAD, *CELLS, ASKS, "")).name)
    load(page, lab, name)
    notebook.wait_idle()
    notebook.run(0)
    return ReviewTab(page, notebook)


def test_it_opens_the_review_of_what_stands_in_the_page(tab: ReviewTab, home: Path, paced: PacedServer) -> None:
    """What was typed is neither saved nor run, and is what is changed; %spark undo takes it back in the page."""
    notebook, file = tab.notebook, home / "examples" / tab.notebook.name
    saved = file.read_bytes()
    notebook.write(1, "rows = [3, 1, 2, 4]  # typed")
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("the plan is made there")
    expect(notebook.output(3)).not_to_contain_text("double the total")  # it is not printed as well
    tab.wait_planned()
    expect(tab.rows).to_have_count(1)
    assert "# typed" in str(paced.records[-1].body)
    assert ASKS not in str(paced.records[-1].body["messages"][:-1])
    tab.button("Write it").click()
    tab.wait_ready()
    assert file.read_bytes() == saved
    notebook.write(3, "%spark refactor --yes")
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("1 cell accepted")
    assert tab.sources()[:4] == [LOAD, "rows = [3, 1, 2, 4]  # typed", DOUBLED, "%spark refactor --yes"]

    notebook.write(3, "%spark undo")
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("The refactor is taken back")
    assert tab.sources()[:4] == [LOAD, "rows = [3, 1, 2, 4]  # typed", CELLS[1], "%spark undo"]
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("nothing to take back")
    notebook.write(3, "%spark redo")
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("Accept it again in its review tab")


def test_yes_accepts_what_holds_and_leaves_what_does_not(tab: ReviewTab, paced: PacedServer) -> None:
    notebook = tab.notebook
    notebook.write(3, f"{ASKS} --yes --verify static")
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("if all of it holds")
    notebook.wait_until(lambda: tab.sources()[2] == DOUBLED)
    tab.button("Undo refactor").click()
    assert tab.sources()[2] == CELLS[1]

    paced.answer = planned(PLAN, {"double the total": "total = unheard(rows)\nprint(total)"})
    notebook.write(3, f"{ASKS} --yes")
    notebook.run(3)
    tab.wait_ready()
    expect(tab.tab).to_contain_text("Not everything holds: nothing was accepted unasked")
    assert tab.sources()[2] == CELLS[1]


def test_run_compares_before_anything_is_accepted(tab: ReviewTab) -> None:
    notebook = tab.notebook
    notebook.write(3, f"{ASKS} --yes --verify run")
    notebook.run(3)
    table = tab.detail.get_by_role("table")
    expect(table.get_by_role("row").filter(has_text="cell 2")).to_contain_text("differs", timeout=120_000)
    expect(table.get_by_role("row").filter(has_text="cell 3")).to_have_count(0)  # what asks us is not run
    expect(tab.tab).to_contain_text("nothing was accepted unasked")
    assert tab.sources()[2] == CELLS[1]


def test_a_second_one_waits_for_the_first(tab: ReviewTab, paced: PacedServer) -> None:
    notebook = tab.notebook
    paced.first_token_s = 60.0
    notebook.run(3)
    expect(tab.button("Stop")).to_be_visible()
    notebook.run(3)
    expect(notebook.cell(3).locator(".jp-OutputArea")).to_contain_text("under way")
    tab.button("Stop").click()


def test_switched_off_it_is_printed(tab: ReviewTab) -> None:
    notebook = tab.notebook
    notebook.write(0, f"{LOAD}\n%config SparkMagics.in_cell = False\n%spark use paced")
    notebook.run(0)
    notebook.run(3)
    expect(notebook.output(3).last).to_contain_text("%spark refactor --yes writes this into")
    expect(tab.tab).to_have_count(0)
