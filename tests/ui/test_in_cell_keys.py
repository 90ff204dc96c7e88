"""Keys and buttons of changes in cells: pressed twice, in several cells, in a hurry, without losing one's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.paced import Fault, PacedServer
from tests.ui.test_chat_edits import fenced
from tests.ui.test_in_cell import EditedCell, opened
from tests.ui.test_in_cell_judging import LONG, LONG_NEW, NEW, OLD, OTHER, asked, prompts

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

THREE = ("x = 1", "y = 2", "z = 3")
CHANGED = ["x = 10", "y = 20", "z = 30"]
HAS_RUN = "index => window.jupyterapp.shell.currentWidget.content.widgets[index].model.executionCount"


@pytest.fixture
def answer() -> object:
    return fenced(NEW)


def ten_times(body: Any) -> str:
    said = body["messages"][-1]["content"]
    return fenced(next(f"{line}0" for line in THREE if f"python\n{line}" in said))


@pytest.fixture
def three(lab: str, home: Path, page: Page, paced: PacedServer, request: pytest.FixtureRequest) -> list[EditedCell]:
    """Three cells, all selected from the first to the last, that were asked together."""
    paced.answer = ten_times
    notebook = opened(page, lab, home, f"{request.node.name}.ipynb", *THREE, "print(x, y, z)")
    cells = [EditedCell(notebook, index) for index in range(3)]
    cells[0].cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    cells[0].ask("ten times as much")  # above the first of them
    for cell in cells:
        cell.reached("ready")
    return cells


def test_several_cells_are_judged_one_after_the_other(three: list[EditedCell], page: Page, paced: PacedServer) -> None:
    """Each request tells what became of the cells before. A second press is nobody's, the one after the next cell's."""
    assert [f"python\n{line}" in said for line, said in zip(THREE, prompts(paced), strict=True)] == [True] * 3
    expect(three[0].cell.get_by_text("3 cells", exact=True)).to_be_visible()
    for index in range(3):
        page.keyboard.press("ControlOrMeta+Enter")
        page.keyboard.press("ControlOrMeta+Enter")
        three[index].reached("")
        assert [cell.text() for cell in three] == [*CHANGED[: index + 1], *THREE[index + 1 :]]
        if index < 2:
            expect(three[index + 1].prompt).to_be_focused()
        page.wait_for_timeout(600)  # longer than a second press by habit takes
    assert [page.evaluate(HAS_RUN, index) for index in range(4)] == [None] * 4
    expect(three[2].cell.locator(".cm-content")).to_be_focused()


def test_several_cells_are_judged_at_once(three: list[EditedCell], page: Page) -> None:
    """Each keeps its own way back."""
    three[0].cell.get_by_role("button", name="Accept all (3)").click()
    three[0].notebook.wait_until(lambda: [cell.text() for cell in three] == CHANGED)
    expect(page.locator(".jp-Spark-prompt")).to_have_count(0)
    three[1].cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+z")
    assert [cell.text() for cell in three] == ["x = 10", "y = 2", "z = 30"]


def test_what_is_left_of_several_is_rejected_at_once(three: list[EditedCell], page: Page) -> None:
    """The buttons stay where the prompt goes."""
    page.keyboard.press("ControlOrMeta+Enter")
    expect(three[1].prompt).to_be_focused()
    three[1].cell.get_by_role("button", name="Reject all").click()
    for cell in three:
        cell.reached("")
    assert [cell.text() for cell in three] == ["x = 10", "y = 2", "z = 3"]
    expect(page.locator(".jp-Spark-prompt")).to_have_count(0)


def test_a_second_press_does_not_run_what_was_accepted(lab: str, home: Path, page: Page) -> None:
    edited = asked(page, lab, home, "twice.ipynb")
    page.keyboard.press("ControlOrMeta+Enter")
    page.keyboard.press("ControlOrMeta+Enter")
    edited.reached("")
    assert edited.text() == NEW
    page.wait_for_timeout(600)
    assert page.evaluate(HAS_RUN, 0) is None
    page.keyboard.press("ControlOrMeta+Enter")
    edited.notebook.wait_until(lambda: page.evaluate(HAS_RUN, 0) == 1)


def test_the_same_words_are_sent_once(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    edited = EditedCell(opened(page, lab, home, "once.ipynb", OLD), 0)
    paced.fault = Fault("stall_mid_stream")
    edited.cell.locator(".cm-line").first.click()
    edited.ask("use pi")
    page.keyboard.press("Enter")
    edited.reached("streaming")
    expect(edited.cell.locator(".jp-Spark-prompt")).to_contain_text("Esc stop")
    page.keyboard.press("Enter")
    expect(edited.prompt).to_have_value("use pi")
    paced.fault = None
    edited.prompt.fill("use math.pi")
    edited.prompt.press("Enter")
    edited.reached("ready")
    expect(edited.cell.locator(".jp-Spark-prompt")).to_contain_text("Esc reject")
    page.keyboard.press("Enter")
    expect(edited.prompt).to_have_value("use math.pi")
    edited.reached("ready")
    assert len(paced.records) == 2
    assert "use pi\nuse pi" not in prompts(paced)[-1]


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_keyboard_is_on_the_next_change(lab: str, home: Path, page: Page, how: str) -> None:
    edited = asked(page, lab, home, f"next-{how}.ipynb")
    groups = edited.cell.locator(".jp-Spark-newLines[role=group]")
    count = groups.count()
    first = groups.first.get_by_role("button", name="Accept this change")
    if how == "mouse":
        first.click()
    else:
        first.focus()
        page.keyboard.press("Enter")
    expect(groups).to_have_count(count - 1)
    expect(groups.first.get_by_role("button", name="Accept this change")).to_be_focused()
    taken = edited.text()
    assert taken != OLD
    page.keyboard.press("ControlOrMeta+z")
    edited.notebook.wait_until(lambda: edited.text() == OLD)
    expect(groups.first.get_by_role("button", name="Accept this change")).to_be_focused()
    page.keyboard.press("ControlOrMeta+Shift+z")
    edited.notebook.wait_until(lambda: edited.text() == taken)


def test_alternatives_move_no_button(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    edited = asked(page, lab, home, "place.ipynb")
    paced.answer = fenced(OTHER)
    button = edited.bar.get_by_role("button", name="Alternatives")

    def place() -> list[float]:
        """Where it is in its bar, in pixels."""
        bar, own = edited.bar.bounding_box(), button.bounding_box()
        assert bar
        assert own
        return [round(own[side] - bar[side]) for side in ("x", "y")]

    before = place()
    button.dblclick()
    expect(edited.bar).to_contain_text("1 of 2")
    assert place() == before
    assert len(paced.records) == 4  # the first answer and three others: the second click asked for nothing


def test_what_was_stopped_looks_as_it_was(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    edited = EditedCell(opened(page, lab, home, "stopped.ipynb", LONG), 0)
    paced.answer, paced.fault = fenced(LONG_NEW), Fault("stall_mid_stream")
    edited.cell.locator(".cm-line").first.click()
    edited.ask("add 2")
    edited.reached("streaming")
    expect(edited.fresh.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(edited.reached("stopped")).to_contain_text("The cell is as it was.")
    expect(edited.fresh).to_have_count(0)
    expect(edited.cell.locator(".jp-Spark-oldLine")).to_have_count(0)
    heights = {box["height"] for button in edited.bar.get_by_role("button").all() if (box := button.bounding_box())}
    assert len(heights) == 1


def test_nothing_to_accept_has_no_accept(lab: str, home: Path, page: Page, paced: PacedServer) -> None:
    paced.answer = fenced(OLD)
    edited = asked(page, lab, home, "nothing.ipynb")
    expect(edited.bar).to_contain_text("Nothing would change.")
    names = [button.inner_text().split()[0] for button in edited.bar.get_by_role("button").all()]
    assert names == ["Close", "Retry", "Alternatives", "Why?"]


def test_keys_are_named_where_they_count(lab: str, home: Path, page: Page) -> None:
    """While a change is put into other words, they are about those."""
    edited = asked(page, lab, home, "keys.ipynb")
    expect(edited.bar.locator("kbd")).to_have_text(["Ctrl ↵", "Esc"])
    page.keyboard.press("F2")
    expect(edited.cell.locator(".jp-Spark-revision kbd")).to_have_text(["Ctrl ↵", "Esc"])
    expect(edited.bar.locator("kbd")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(edited.bar.locator("kbd")).to_have_count(2)


def test_own_lines_in_a_conflict_are_marked(lab: str, home: Path, page: Page) -> None:
    edited = asked(page, lab, home, "own.ipynb")
    edited.cell.locator(".cm-line", has_text="result = 3.14").click()
    page.keyboard.press("End")
    page.keyboard.insert_text(" * 1")
    expect(edited.bar).to_contain_text("You changed the same lines")
    edited.bar.get_by_role("button", name="Accept").click()
    expect(edited.bar).to_contain_text("“yours”")
    expect(edited.cell.locator(".jp-Spark-oldLine.jp-mod-own")).to_have_text("    result = 3.14 * radius * radius * 1")
    assert edited.cell.locator(".jp-Spark-oldLine").count() > 1
    edited.bar.get_by_role("button", name="Accept").click()
    edited.reached("")
    assert edited.text() == NEW


def test_what_is_typed_at_once_goes_into_the_prompt(lab: str, home: Path, page: Page) -> None:
    notebook = opened(page, lab, home, "at-once.ipynb", OLD)
    edited = EditedCell(notebook, 0)
    for _ in range(3):
        edited.cell.locator(".cm-line").last.click()
        page.keyboard.press("ControlOrMeta+k")
        page.keyboard.insert_text("use pi")
        expect(edited.prompt).to_have_value("use pi")
        assert edited.text() == OLD
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.press("Delete")
        page.keyboard.press("Escape")
        expect(edited.prompt).to_have_count(0)
