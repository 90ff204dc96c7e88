"""The review tab of a refactor as a user meets it, and an endpoint that plans and writes as told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.ui.lab import LabNotebook

ARRIVES_MS = 60_000


def planned(plan: str, cells: Mapping[str, str]) -> Callable[[Any], str]:
    """Answer the plan with ``plan``, and each cell, also when it is to be mended, with the code that was asked for."""

    def answer(body: Any) -> str:
        words = body["messages"][-1]["content"]
        if "Plan this refactor" in words or "Revise the plan" in words:
            return f"```\n{plan}\n```"
        asked = (message["content"] for message in reversed(body["messages"]) if message["role"] == "user")
        code = next((code for request in asked for said, code in cells.items() if said in request), None)
        return "Of that I know nothing." if code is None else f"```python\n{code}\n```\n"

    return answer


def in_one_answer(plan: str, cells: Mapping[str, str]) -> Callable[[Any], str]:
    """Answer as ``planned`` does, and where all cells are asked for at once, with a section for each."""
    each = planned(plan, cells)

    def answer(body: Any) -> str:
        words = body["messages"][-1]["content"]
        if "all of them in this one answer" not in words:
            return each(body)
        sections = (section.partition("\n") for section in f"\n{words}".split("\n### ")[1:])
        found = ((heading, said) for heading, _, asked in sections for said in cells if said in asked)
        return "\n".join(f"### {heading}\n```python\n{cells[said]}\n```" for heading, said in found)

    return answer


class ReviewTab:
    """The tab of a notebook that is open."""

    def __init__(self, page: Page, notebook: LabNotebook) -> None:
        self.page, self.notebook = page, notebook
        self.tab = page.locator(".jp-SparkRefactor")
        self.words = self.tab.get_by_label("What should change in the whole notebook?")
        self.status = self.tab.locator(".jp-SparkRefactor-status")
        self.detail = self.tab.locator(".jp-SparkRefactor-detail")
        self.rows = self.tab.locator(".jp-SparkRefactor-list li")

    def open(self, instruction: str = "") -> None:
        """Open it by its command; with words the plan is made at once."""
        self.notebook.command("jupyter-spark:refactor-notebook", {"instruction": instruction} if instruction else {})
        expect(self.tab).to_be_visible()

    def button(self, name: str) -> Locator:
        """A button by its whole name."""
        return self.tab.get_by_role("button", name=name, exact=True)

    def row(self, text: str) -> Locator:
        """A row of the list."""
        return self.rows.filter(has_text=text)

    def wait_planned(self) -> None:
        """Wait until the plan can be looked at."""
        expect(self.button("Write it")).to_be_visible(timeout=ARRIVES_MS)

    def wait_ready(self) -> None:
        """Wait until the changes can be judged."""
        expect(self.tab.get_by_role("heading", name="Changes")).to_be_visible(timeout=ARRIVES_MS)

    def sources(self) -> list[str]:
        """The texts of the notebook's cells, in its model."""
        path = self.notebook.name
        found: list[str] = self.page.evaluate(
            """path => {
              for (const widget of window.jupyterapp.shell.widgets('main')) {
                if (widget.context?.path === path) {
                  return widget.content.model.sharedModel.cells.map(cell => cell.getSource());
                }
              }
              return [];
            }""",
            path,
        )
        return found

    def save(self) -> None:
        """Save the notebook, whichever tab is in front."""
        self.page.evaluate(
            """async path => {
              for (const widget of window.jupyterapp.shell.widgets('main')) {
                if (widget.context?.path === path) { await widget.context.save(); }
              }
            }""",
            self.notebook.name,
        )
