"""The sidebar chat as a user meets it: shown, written into, read."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

ENDED_MS = 30_000


class Chat:
    """The chat of a page, by what its parts are called."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator("#jupyter-spark-chat")
        self.field = page.get_by_label("Ask Spark")
        self.turns = self.panel.locator(".jp-Spark-turn")
        self.chips = self.panel.locator(".jp-Spark-chip")
        self.options = self.panel.get_by_role("option")
        self.word = self.panel.locator(".jp-Spark-word")

    def open(self) -> None:
        """Show the panel by its shortcut; the caret is in the composer then."""
        self.page.keyboard.press("ControlOrMeta+Alt+i")
        expect(self.field).to_be_focused()

    def ask(self, words: str) -> None:
        """Type and send."""
        self.field.focus()
        self.page.keyboard.insert_text(words)
        self.page.keyboard.press("Enter")

    def ended(self, index: int = -1, state: str = "done") -> Locator:
        """Wait until a turn has ended so, and return it."""
        turn = self.turns.nth(index)
        expect(turn).to_have_attribute("data-state", state, timeout=ENDED_MS)
        return turn

    def chip(self, label: str) -> Locator:
        """A chip by its label."""
        return self.chips.filter(has_text=label)
