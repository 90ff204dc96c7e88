"""Errors in real notebooks, fixed in place by the built-in model: a name, an argument, code that does not parse.

The notebooks are whole, as their authors saved them, but for one cell that was broken.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from jupyter_spark.errors import LocalModelError
from jupyter_spark.providers.models import model_path, models_dir
from tests.ui.conftest import lacking, stop_local_engine
from tests.ui.lab import ROOT, LabNotebook, running_lab

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(600)]

ANSWERS_MS = 240_000
RUN = """async index => {
  const { content, context } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = index;
  content.deselectAll();
  await content.scrollToItem(index, 'center');
  await window.jupyterapp.commands.execute('notebook:run-cell').catch(() => undefined);
}"""
OUTPUTS = """index => window.jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()"""
SOURCE = "index => window.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.getSource()"


@pytest.fixture(scope="module")
def lab(home: Path, browser: Browser) -> Iterator[str]:
    if importlib.util.find_spec("xllamacpp") is None:
        lacking('xllamacpp is not installed; run: pip install "jupyter-spark-ai[local]"')
    try:
        model_path("0.5b")
    except LocalModelError as error:
        lacking(str(error))
    with running_lab(home, models_dir(), "") as address:
        yield address
    stop_local_engine(home)


class BrokenNotebook:
    """A real notebook of which one cell was broken; the cells that it needs have run, and it has failed."""

    def __init__(self, page: Page, lab: str, folder: Path, name: str, needed: tuple[int, ...], at: int) -> None:
        self.page, self.needed, self.at = page, needed, at
        self.notebook = LabNotebook(page, lab, name)
        self.file = folder / name
        # Pictures of the notebooks' own words would come from elsewhere.
        page.route("**/*", lambda route: _stay_here(route, lab))

    def break_with(self, right: str, wrong: str) -> None:
        """Write the notebook with the one change."""
        whole = nbformat.read(ROOT / "tests" / "notebooks" / self.file.name, 4)
        cell = whole.cells[self.at]
        assert right in cell.source
        cell.source, cell.outputs = cell.source.replace(right, wrong, 1), []
        whole.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        nbformat.write(whole, self.file)

    def run(self, index: int) -> None:
        """Run one cell to its end."""
        self.page.evaluate(RUN, index)
        self.notebook.wait_idle()

    def source(self) -> str:
        """The text of the cell that was broken."""
        return str(self.page.evaluate(SOURCE, self.at))

    def errors(self) -> list[str]:
        """The names of the errors below that cell."""
        outputs = self.page.evaluate(OUTPUTS, self.at)
        return [output["ename"] for output in outputs if output["output_type"] == "error"]


def _stay_here(route: Route, lab: str) -> None:
    if route.request.url.startswith((lab, "data:", "blob:")):
        route.continue_()
    else:
        route.abort()


@pytest.mark.parametrize(
    ("name", "needed", "at", "right", "wrong", "error"),
    [
        ("pytudes-Probability.ipynb", (1, 3, 5, 8), 10, "P(even, D)", "P(evens, D)", "NameError"),
        (
            "handson-ml3-tools_pandas.ipynb",
            (4, 9, 114, 149, 152, 154),
            179,
            'sort_values(by="age"',
            'sort_values(column="age"',
            "TypeError",
        ),
        (
            "pytudes-Cryptarithmetic.ipynb",
            (1, 3, 13),
            18,
            "in permutations((1,2,3,4,5,6,7,8,9,0), len(letters)):",
            "in permutations((1,2,3,4,5,6,7,8,9,0), len(letters))",
            "SyntaxError",
        ),
    ],
    ids=["name", "argument", "syntax"],
)
def test_a_real_error_is_fixed_in_place(
    lab: str,
    home: Path,
    page: Page,
    name: str,
    needed: tuple[int, ...],
    at: int,
    right: str,
    wrong: str,
    error: str,
) -> None:
    """What is proposed holds every check; once it is taken, the cell runs and says what its author wrote."""
    broken = BrokenNotebook(page, lab, home / "examples", name, needed, at)
    broken.break_with(right, wrong)
    broken.notebook.open()
    for index in (*needed, at):
        broken.run(index)
    assert broken.errors() == [error]
    cell = page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
    cell.get_by_role("button", name="Fix", exact=True).click()
    expect(cell).to_have_attribute("data-spark", "ready", timeout=ANSWERS_MS)
    expect(cell.get_by_role("toolbar", name="Proposed change")).to_contain_text("✓ parses")
    page.screenshot(path=home / f"fix-{error}.png")
    assert wrong in broken.source()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(cell).to_have_attribute("data-spark", "")
    broken.run(at)
    assert broken.errors() == []
    assert right in broken.source()
