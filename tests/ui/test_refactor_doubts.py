"""What the review tab holds back, marks, and tells of a run that shows nothing."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.lab import LabNotebook
from tests.ui.refactoring import ReviewTab, planned
from tests.ui.test_refactor_tab import load

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def opened(page: Page, address: str, home: Path, name: str, *cells: str) -> ReviewTab:
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    whole = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells], metadata={"kernelspec": kernelspec}
    )
    nbformat.write(whole, home / "examples" / name)
    load(page, address, name)
    return ReviewTab(page, LabNotebook(page, address, name))


def test_a_move_that_breaks_the_order_is_taken_only_by_itself(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    cells = ("df = [3, 1, 2]", "total = sum(df)\nprint(total)\ntotal", "x = 1")
    shorter = "total = sum(df)\nprint(total)"
    paced.answer = planned("move cell 0 below cell 2\nedit cell 1: leave out the last line", {"the last line": shorter})
    tab = opened(page, lab, home, "doubts.ipynb", *cells)
    tab.open("move the data down, and leave out the last line")
    tab.wait_planned()
    tab.button("Write it").click()
    tab.wait_ready()
    late = "'df' is used in cell 1 and not defined above it (cell 0 defines it further down)."
    expect(tab.row("move").get_by_role("checkbox")).not_to_be_checked()
    expect(tab.row("leave out").get_by_role("checkbox")).to_be_checked()  # it is not the cause
    tab.row("move").get_by_role("button").click()
    expect(tab.detail.get_by_role("region", name="The change of cell 0")).to_contain_text(late)
    tab.button("Accept").click()  # who saw it can take it
    assert tab.sources() == [*cells[1:], cells[0]]
    tab.button("Undo refactor").click()
    assert tab.sources() == list(cells)


def test_what_may_put_out_something_else_is_marked_and_held_back_by_nothing(
    lab: str, home: Path, page: Page, paced: PacedServer
) -> None:
    cells = ("df = [3, 1, 2]", "print(len(df))\ndf")
    paced.answer = planned("edit cell 1: shorter", {"shorter": "print(len(df))"})
    tab = opened(page, lab, home, "marked.ipynb", *cells)
    tab.open("make it shorter")
    tab.wait_planned()
    tab.button("Write it").click()
    tab.wait_ready()
    expect(tab.row("shorter")).to_contain_text("output may change")
    expect(tab.detail).to_contain_text("'df', at its end, is not shown any more.")
    tab.button("Accept all").click()
    assert tab.sources()[1] == "print(len(df))"


def test_a_run_that_shows_nothing_is_told_so(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    paced.answer = planned("", {})
    tab = opened(page, lab, home, "fails.ipynb", "import no_such\ndf = no_such.read()", "print(df)")
    tab.open("rename df to orders")
    tab.wait_planned()
    tab.tab.get_by_role("radio", name="run").check(force=True)
    tab.button("Write it").click()
    tab.wait_ready()
    why = "cell 0 fails before and after the change (ModuleNotFoundError: No module named 'no_such')"
    expect(tab.status).to_contain_text("not verified", timeout=120_000)
    expect(tab.detail).to_contain_text(f"Nothing could be verified: {why}.")
    expect(tab.detail.get_by_role("table").get_by_role("row").filter(has_text="cell 1")).to_contain_text("still fails")
