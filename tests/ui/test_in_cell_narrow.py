"""What a change in a cell looks like where there is little room for it, or where its lines are long."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_chat_edits import fenced
from tests.ui.test_in_cell import EditedCell, opened

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

LABELS = ", ".join(f'"name {number}"' for number in range(40))
OLD = f"import math\n\nradius = 3\narea = 3.14 * radius\nprint(area)\nlabels = [{LABELS}]"
NEW = OLD.replace("3.14", "math.pi").replace('"name 39"', '"the last one"')
WRAP = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.editorConfig = { ...content.editorConfig, code: { ...content.editorConfig.code, lineWrap: true } };
}"""
# What of the code lies below the buttons of a change, in pixels: text, and not the empty end of a line.
COVERED = """() => {
  const rects = [];
  for (const line of document.querySelectorAll('.jp-Spark-newLine, .cm-line')) {
    const range = document.createRange();
    range.selectNodeContents(line);
    rects.push(...range.getClientRects());
  }
  return [...document.querySelectorAll('.jp-Spark-hunkButtons button')].map(button => {
    const { left, right, top, bottom } = button.getBoundingClientRect();
    const over = rects.map(r => [Math.min(r.right, right) - Math.max(r.left, left),
                                 Math.min(r.bottom, bottom) - Math.max(r.top, top)]);
    return Math.max(0, ...over.filter(([x, y]) => x > 1 && y > 3).map(([x]) => x));
  });
}"""


@pytest.fixture
def answer() -> object:
    return fenced(NEW)


def shown(page: Page, lab: str, home: Path, name: str, width: int, *, wraps: bool = False) -> EditedCell:
    """Show a change in a cell of a notebook that is so wide, with all side bars closed."""
    page.set_viewport_size({"width": width, "height": 900})
    edited = EditedCell(opened(page, lab, home, name, OLD, "x = 1"), 0)
    page.evaluate("() => { window.jupyterapp.shell.collapseLeft(); window.jupyterapp.shell.collapseRight(); }")
    if wraps:
        page.evaluate(WRAP)
        expect(edited.cell.locator(".cm-lineWrapping")).to_have_count(1)
    edited.cell.locator(".cm-line").first.click()
    edited.ask("use pi")
    edited.reached("ready")
    expect(edited.cell.get_by_role("button", name="Accept this change")).to_have_count(2)
    return edited


@pytest.mark.parametrize("width", [372, 402, 1100])
def test_a_long_line_does_not_make_its_cell_wider(lab: str, home: Path, page: Page, width: int) -> None:
    """What can be done with the change is in view, however long its lines are."""
    edited = shown(page, lab, home, f"long-{width}.ipynb", width)
    other = EditedCell(edited.notebook, 1)
    widths = [cell.cell.locator(".jp-InputArea-editor").evaluate("it => it.offsetWidth") for cell in (edited, other)]
    assert widths[0] == widths[1]
    for name in ("Accept this change", "Reject this change", "Edit this change"):
        for button in edited.cell.get_by_role("button", name=name).all():
            expect(button).to_be_in_viewport(ratio=1)
    expect(edited.bar.locator(".jp-Spark-barFigures")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("width", "wraps"), [(372, False), (402, False), (402, True), (800, True)])
def test_the_buttons_of_a_change_cover_no_code(lab: str, home: Path, page: Page, width: int, wraps: bool) -> None:
    """They have a line of their own in a narrow cell; where lines wrap, the first one makes room."""
    shown(page, lab, home, f"covers-{width}-{wraps}.ipynb", width, wraps=wraps)
    assert page.evaluate(COVERED) == [0] * 6
