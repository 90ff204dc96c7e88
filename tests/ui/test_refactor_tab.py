"""The review tab: from an instruction over the plan to Accept all and Undo, and nothing of the user's is lost."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.paced import Fault, PacedServer
from tests.ui.lab import TOKEN, LabNotebook
from tests.ui.refactoring import ReviewTab, in_one_answer, planned
from tests.ui.test_accessibility import CUT_OFF, serious, use_theme
from tests.ui.test_chat_answers import AXE, THEMES
from tests.ui.test_chat_edits import spark

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

CELLS = (
    "df = [3, 1, 2]",
    "total = sum(df)\n\n\nprint(total)",
    "top = max(df)\nprint(top)",
    "print('an old cell')",
    "def mean(values):\n    return sum(values) / len(values)\n\n\nx = 1\n\n\nprint(mean([x]))",
)
WORDS = "tidy up, and remove the old cell"
PLAN = """insert markdown below cell 0: # Totals
edit cell 1: double the total
edit cell 2: use sorted
delete cell 3
edit cell 4: name the types"""
DOUBLED = "total = 2 * sum(df)\n\n\nprint(total)"
TOP = "top = sorted(df)[-1]\nprint(top)"
TYPED = CELLS[4].replace("(values)", "(values: list[float])", 1).replace("x = 1", "x: int = 1")
ANSWERS = {"double the total": DOUBLED, "use sorted": TOP, "name the types": TYPED}
MAY_SCROLL = "pre, table, .jp-SparkRefactor-diff, .jp-Spark-unseen"


@pytest.fixture
def answer() -> object:
    return planned(PLAN, ANSWERS)


def opened(page: Page, lab: str, home: Path, name: str) -> ReviewTab:
    """A notebook beside which the tab has room, with outputs, tags and an attachment."""
    cells: list[Any] = [nbformat.v4.new_code_cell(source) for source in CELLS]
    cells[3].outputs = [nbformat.v4.new_output("stream", text="an old cell\n")]
    cells[3].metadata = {"tags": ["kept"], "mine": {"deep": [1, 2]}}
    attached = nbformat.v4.new_markdown_cell("![](attachment:dot.txt)")
    attached["attachments"] = {"dot.txt": {"text/plain": "."}}
    kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    whole = nbformat.v4.new_notebook(cells=[*cells, attached], metadata={"kernelspec": kernelspec})
    nbformat.write(whole, home / "examples" / name)
    load(page, lab, name)
    return ReviewTab(page, LabNotebook(page, lab, name))


def load(page: Page, lab: str, name: str) -> None:
    # In a workspace of its own: another test's tabs would come back here.
    page.goto(f"{lab}/lab/workspaces/{Path(name).stem}/tree/{name}?token={TOKEN}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")


def kept(path: Path) -> list[Any]:
    """The file's cells, without what Lab itself notes at every load."""
    cells = [dict(cell) for cell in nbformat.read(path, 4).cells]
    for cell in cells:
        cell["metadata"].pop("trusted", None)
    return cells


def test_from_an_instruction_to_accept_all_to_undo(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """A step is dropped, a cell is edited by the user in the middle, and all of it is taken back."""
    tab = opened(page, lab, home, "review.ipynb")
    file = home / "examples" / "review.ipynb"
    before = kept(file)
    tab.open()
    expect(tab.words).to_be_focused()
    page.keyboard.insert_text(WORDS)
    page.keyboard.press("Enter")
    tab.wait_planned()
    expect(tab.rows).to_have_count(5)
    tab.row("use sorted").get_by_role("checkbox").uncheck()
    tab.row("name the types").get_by_role("button").click()
    instruction = tab.detail.get_by_label("What to do there")
    expect(instruction).to_have_value("name the types")
    instruction.fill("name the types, please")
    assert tab.sources()[:5] == list(CELLS)  # nothing is written before the user says so
    paced.rate_tok_s = 20.0
    tab.button("Write it").click()
    expect(tab.tab.get_by_role("progressbar")).to_be_visible()
    tab.notebook.cell(4).locator(".cm-content").click()  # in the middle of it
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.insert_text("\nprint('mine')")
    paced.rate_tok_s = math.inf
    tab.wait_ready()
    assert any("name the types, please" in str(record.body) for record in paced.records)
    expect(tab.rows).to_have_count(4)
    expect(tab.detail).to_contain_text("every cell parses")
    tab.button("Accept all").click()
    mine = f"{TYPED}\nprint('mine')"
    accepted = [CELLS[0], "# Totals", DOUBLED, CELLS[2], mine]
    assert tab.sources()[:5] == accepted
    expect(tab.status).to_contain_text("4 accepted")
    tab.save()
    unchanged = {cell["id"]: cell for cell in kept(file)}
    assert [unchanged[before[index]["id"]] for index in (0, 2, 5)] == [before[index] for index in (0, 2, 5)]

    tab.button("Undo refactor").click()
    assert tab.sources()[:5] == [*CELLS[:4], f"{CELLS[4]}\nprint('mine')"]
    tab.save()
    after = kept(file)
    assert after[:4] == before[:4]
    assert after[5] == before[5]
    expect(tab.button("Accept all")).to_be_visible()  # and can be taken again


def test_undo_after_a_reload(lab: str, home: Path, page: Page) -> None:
    tab = opened(page, lab, home, "reloaded.ipynb")
    file = home / "examples" / "reloaded.ipynb"
    before = kept(file)
    tab.open(WORDS)
    tab.wait_planned()
    tab.button("Write it").click()
    tab.wait_ready()
    tab.row("Totals").get_by_role("button").click()
    tab.button("Accept").click()  # one by one
    expect(tab.row("Totals")).to_contain_text("accepted")
    tab.row("use sorted").get_by_role("button").click()
    tab.button("Reject").click()
    tab.button("Accept all").click()
    accepted = [CELLS[0], "# Totals", DOUBLED, CELLS[2], TYPED]
    assert tab.sources()[:5] == accepted
    tab.save()
    load(page, lab, "reloaded.ipynb")
    tab.open()
    expect(tab.row("Totals")).to_contain_text("accepted")
    assert tab.sources()[:5] == accepted
    tab.button("Undo refactor").click()
    assert tab.sources()[:5] == list(CELLS)
    tab.save()
    assert kept(file) == before


def test_what_was_judged_is_there_after_a_reload(lab: str, home: Path, page: Page) -> None:
    """The plan as it was changed, with the last letters typed; cells and parts of cells that were rejected."""
    tab = opened(page, lab, home, "judged.ipynb")
    tab.open(WORDS)
    tab.wait_planned()
    tab.row("double the total").get_by_role("checkbox").uncheck()
    tab.row("use sorted").get_by_role("button").click()
    instruction = tab.detail.get_by_label("What to do there")
    instruction.fill("use sorted, ")
    instruction.press_sequentially("please")  # and the field is not left
    tab.notebook.wait_until(lambda: was_kept(lab, page, "judged.ipynb", "use sorted, please"))
    load(page, lab, "judged.ipynb")
    tab.open()
    tab.wait_planned()
    expect(tab.row("double the total").get_by_role("checkbox")).not_to_be_checked()
    tab.row("use sorted, please").get_by_role("button").click()
    tab.button("Write it").click()
    tab.wait_ready()

    tab.row("Totals").get_by_role("button").click()
    tab.button("Reject").click()
    tab.row("cell 3").get_by_role("checkbox").uncheck()
    tab.row("name the types").get_by_role("button").click()
    tab.tab.get_by_role("button", name="Accept change 1 of 2").click()
    half = TYPED.replace("x: int = 1", "x = 1")
    assert tab.sources()[:5] == [*CELLS[:4], half]
    tab.notebook.wait_until(lambda: was_kept(lab, page, "judged.ipynb", '"partly":true'))
    tab.save()
    load(page, lab, "judged.ipynb")
    tab.open()
    expect(tab.row("Totals")).to_contain_text("rejected")
    expect(tab.row("cell 3").get_by_role("checkbox")).not_to_be_checked()
    expect(tab.row("name the types")).to_contain_text("+1 −1")  # one part is left
    tab.button("Accept all ticked (2)").click()
    assert tab.sources()[:5] == [*CELLS[:2], TOP, CELLS[3], TYPED]
    tab.button("Undo refactor").click()
    assert tab.sources()[:5] == list(CELLS)


def was_kept(lab: str, page: Page, name: str, words: str) -> bool:
    """Whether the server keeps that of a notebook's refactor."""
    found = page.request.get(f"{lab}/jupyter-spark/refactors?notebook={name}&token={TOKEN}").text()
    return words.replace(" ", "") in found.replace(" ", "")


def test_the_same_lines_changed_by_both_are_shown_and_not_overwritten(lab: str, home: Path, page: Page) -> None:
    tab = opened(page, lab, home, "conflict.ipynb")
    tab.open(WORDS)
    tab.wait_planned()
    tab.button("Write it").click()
    tab.wait_ready()
    tab.notebook.write(1, "total = 0")
    row = tab.row("double the total")
    expect(row).to_contain_text("conflict")
    tab.button("Accept all").click()
    assert tab.sources()[:5] == [CELLS[0], "# Totals", "total = 0", TOP, TYPED]
    row.get_by_role("button").click()
    expect(tab.detail.get_by_label("In the cell now")).to_contain_text("total = 0")
    expect(tab.detail.get_by_label("Proposed", exact=True)).to_contain_text("2 * sum(df)")
    tab.button("Use the proposed lines").click()
    tab.button("Accept").click()
    assert tab.sources()[2] == DOUBLED
    tab.button("Undo refactor").click()
    assert tab.sources()[:5] == [CELLS[0], "total = 0", *CELLS[2:]]


def test_parts_of_a_cell_by_keyboard_alone(lab: str, home: Path, page: Page) -> None:
    tab = opened(page, lab, home, "parts.ipynb")
    tab.open(WORDS)
    tab.wait_planned()
    tab.button("Write it").focus()
    page.keyboard.press("Enter")
    tab.wait_ready()
    tab.rows.first.get_by_role("button").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(tab.detail).to_contain_text("cell 4 · name the types")
    tab.tab.get_by_role("button", name="Accept change 1 of 2").focus()
    page.keyboard.press("Enter")
    first = TYPED.replace("x: int = 1", "x = 1")
    assert tab.sources()[4] == first
    tab.button("Reject").focus()
    page.keyboard.press("Enter")
    tab.notebook.command("jupyter-spark:reject-all")
    expect(tab.button("Reject all")).to_have_count(0)
    assert tab.sources()[:5] == [*CELLS[:4], first]
    tab.button("Undo refactor").focus()
    page.keyboard.press("Enter")
    assert tab.sources()[:5] == list(CELLS)


def test_a_page_that_reloads_in_mid_writing_joins_again(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    tab = opened(page, lab, home, "joined.ipynb")
    tab.open(WORDS)
    tab.wait_planned()
    for dropped in ("double the total", "use sorted"):  # one cell has an answer of its own
        tab.row(dropped).get_by_role("checkbox").uncheck()
    paced.fault = Fault("stall_mid_stream")  # half of it comes, and no more
    tab.button("Write it").click()
    expect(tab.button("Stop")).to_be_visible()
    load(page, lab, "joined.ipynb")
    tab.open()
    expect(tab.tab.get_by_role("progressbar")).to_be_visible()
    tab.row("name the types").get_by_role("button").click()
    expect(tab.detail.get_by_label("The change as it arrives")).to_contain_text("values: list")  # what came before
    tab.button("Stop").click()
    tab.wait_planned()  # nothing was applied, and the plan is still there
    assert tab.sources()[:5] == list(CELLS)
    paced.fault = None
    tab.button("Write it").click()
    tab.wait_ready()
    tab.notebook.command("jupyter-spark:accept-all")
    tab.notebook.wait_until(lambda: tab.sources()[:5] == [CELLS[0], "# Totals", *CELLS[1:3], TYPED])


def test_cells_of_one_answer_arrive_one_after_the_other(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """Half of the answer comes: what is whole is told as written, and what is begun is shown as far as it is."""
    tab = opened(page, lab, home, "one-answer.ipynb")
    paced.answer = in_one_answer(PLAN, ANSWERS)
    tab.open(WORDS)
    tab.wait_planned()
    asked = len(paced.records)
    paced.fault = Fault("stall_mid_stream")
    tab.button("Write it").click()
    expect(tab.row("double the total")).to_contain_text("written")
    expect(tab.status).to_contain_text("1 of 3 steps")
    expect(tab.row("name the types")).to_contain_text("waits")
    live = tab.detail.get_by_label("The change as it arrives")
    expect(live.locator("ins")).to_have_text(["top = sorted(df)[-1]"])
    expect(tab.row("use sorted")).to_contain_text("writing")
    tab.row("double the total").get_by_role("button").click()
    expect(live.locator("ins")).to_have_text(["total = 2 * sum(df)"])
    assert len(paced.records) == asked + 1
    tab.button("Stop").click()
    tab.wait_planned()
    paced.fault = None
    tab.button("Write it").click()
    tab.wait_ready()
    tab.button("Accept all").click()
    assert tab.sources()[:5] == [CELLS[0], "# Totals", DOUBLED, TOP, TYPED]


def test_words_revise_the_plan(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    tab = opened(page, lab, home, "revised.ipynb")
    tab.open(WORDS)
    tab.wait_planned()
    paced.answer = planned("edit cell 2: use sorted", ANSWERS)
    tab.button("Revise the plan…").click()
    page.keyboard.insert_text("only the third cell")
    page.keyboard.press("Enter")
    expect(tab.rows).to_have_count(1)
    tab.wait_planned()
    assert "only the third cell" in paced.records[-1].body["messages"][-1]["content"]
    tab.button("Write it").click()
    tab.wait_ready()
    tab.button("Accept all").click()
    assert tab.sources()[:5] == [*CELLS[:2], TOP, *CELLS[3:]]


def test_running_it_shows_what_differs(lab: str, home: Path, page: Page) -> None:
    """With the notebook's own kernel shut down: the server runs both in kernels of their own."""
    tab = opened(page, lab, home, "verified.ipynb")
    tab.notebook.wait_idle()
    page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown(); }")
    tab.open(WORDS)
    tab.wait_planned()
    tab.tab.get_by_role("radio", name="run").check(force=True)
    tab.button("Write it").click()
    tab.wait_ready()
    table = tab.detail.get_by_role("table")
    expect(table).to_be_visible(timeout=120_000)
    expect(table.get_by_role("row").filter(has_text="cell 1")).to_contain_text("differs")
    expect(table.get_by_role("row").filter(has_text="cell 2")).to_contain_text("same")
    expect(tab.row("double the total").get_by_role("checkbox")).not_to_be_checked()
    tab.tab.get_by_role("button", name="Accept all").click()
    assert tab.sources()[2:4] == [CELLS[1], TOP]


def test_the_tab_in_every_theme_and_width(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    """Plan, writing, changes with a conflict and a finding: nothing serious for axe, nothing cut off."""
    tab = opened(page, lab, home, "everyone.ipynb")
    page.add_script_tag(path=AXE)
    found = []
    for theme in THEMES:
        paced.fault, paced.answer = None, planned(PLAN, {**ANSWERS, "use sorted": "top = sorted(unheard)[-1]"})
        use_theme(page, theme)
        tab.open()
        found += serious(page, ".jp-SparkRefactor", f"{theme}, words")
        tab.open(WORDS)
        tab.wait_planned()
        tab.row("use sorted").get_by_role("button").click()
        found += serious(page, ".jp-SparkRefactor", f"{theme}, plan")
        for dropped in ("double the total", "use sorted"):
            tab.row(dropped).get_by_role("checkbox").uncheck()
        paced.fault = Fault("stall_mid_stream")
        tab.button("Write it").click()
        expect(tab.detail.get_by_label("The change as it arrives")).to_be_visible()
        found += serious(page, ".jp-SparkRefactor", f"{theme}, writing")
        tab.button("Stop").click()
        tab.wait_planned()
        paced.fault = None
        for taken_up in ("double the total", "use sorted"):
            tab.row(taken_up).get_by_role("checkbox").check()
        tab.button("Write it").click()
        tab.wait_ready()
        expect(tab.row("use sorted")).to_contain_text("look")
        tab.notebook.write(1, f"total = 0  # {theme}")
        expect(tab.row("double the total")).to_contain_text("conflict")
        tab.row("double the total").get_by_role("button").click()
        found += serious(page, ".jp-SparkRefactor", f"{theme}, conflict")
        tab.row("use sorted").get_by_role("button").click()
        for width in (700, 1400):
            page.set_viewport_size({"width": width, "height": 1000})
            assert tab.tab.evaluate(CUT_OFF, MAY_SCROLL) == [], (theme, width)
        found += serious(page, ".jp-SparkRefactor", f"{theme}, changes")
        tab.button("Reject all").click()
        tab.button("New refactor").click()
    assert not found, json.dumps(found, indent=1)


def test_the_panel_opens_it_and_the_command_line_undoes_it(lab: str, home: Path, page: Page) -> None:
    tab = opened(page, lab, home, "by-panel.ipynb")
    file = home / "examples" / "by-panel.ipynb"
    before = kept(file)
    tab.notebook.command("jupyter-spark:ask", {"words": f"/refactor {WORDS}"})
    field = page.get_by_label("Ask Spark")
    expect(field).to_have_value(f"/refactor {WORDS}")
    field.press("Enter")
    tab.wait_planned()
    tab.button("Write it").click()
    tab.wait_ready()
    tab.button("Accept all").click()
    tab.save()
    spark(home, "undo", str(file))
    assert kept(file) == before
