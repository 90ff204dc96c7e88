"""The sidebar chat in a browser, and what a user does there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from tests.ui.lab import TOKEN, LabNotebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

TURN_TIMEOUT_MS = 60_000
SETTLED = """() => new Promise(resolve => requestAnimationFrame(() => setTimeout(() => {
  const open = document.querySelectorAll('.jp-Spark-block.jp-mod-open:not(.jp-mod-plain)');
  resolve([...open].every(block => block.closest('.jp-Spark-turn').ariaBusy === 'true'));
})))"""


class Talk:
    """A talk with the chat about a notebook that is open beside it."""

    def __init__(self, page: Page, address: str, folder: Path, name: str, *sources: str) -> None:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        whole = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
        nbformat.write(whole, folder / name)
        self.page, self.notebook = page, LabNotebook(page, address, name)
        page.goto(f"{address}/doc/tree/{name}?token={TOKEN}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        self.panel = page.locator("#jupyter-spark-chat")
        if not self.panel.is_visible():
            self.notebook.command("jupyter-spark:toggle-chat")
        self.panel.wait_for()
        self.notebook.wait_idle()  # by then the server knows the notebook, too

    @property
    def turns(self) -> Locator:
        """All turns."""
        return self.panel.locator(".jp-Spark-turn")

    @property
    def last(self) -> Locator:
        """The newest turn."""
        return self.turns.last

    def ask(self, words: str, *, wait: bool = True) -> Locator:
        """Ask, and wait until the answer is there and rendered."""
        count = self.turns.count()
        box = self.panel.get_by_label("Ask Spark")
        box.fill(words)
        box.press("Enter")
        turn = self.turns.nth(count)
        turn.wait_for()
        if wait:
            self.wait_done(turn)
        return turn

    def wait_done(self, turn: Locator) -> None:
        """Wait until a turn has ended and its blocks are rendered."""
        turn.and_(self.panel.locator(":not([data-state=waiting]):not([data-state=streaming])")).wait_for(
            timeout=TURN_TIMEOUT_MS
        )
        self.page.wait_for_function(SETTLED, timeout=TURN_TIMEOUT_MS)
