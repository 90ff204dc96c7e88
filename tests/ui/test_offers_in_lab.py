"""More than one proposal, and more words, as a user meets them: JupyterLab in a browser."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.paced import PacedServer, code_answer
from tests.ui.lab import LabNotebook

pytestmark = pytest.mark.browser

MAKE_TWO = "%%spark make it two\nvalue = 1"
TWO, FLOAT, BROKEN = (f"```python\n{code}\n```\n" for code in ("value = 2", "value = 2.0", "value = ("))


def settle(paced: PacedServer, *answers: str, rate_tok_s: float = math.inf) -> None:
    waiting = iter(answers)
    paced.rate_tok_s, paced.answer = rate_tok_s, lambda body: next(waiting)


def test_alternatives_in_tabs(on_paced: Callable[..., LabNotebook], paced: PacedServer, home: Path) -> None:
    settle(paced, TWO, BROKEN, TWO, FLOAT)
    notebook = on_paced(MAKE_TWO, "%spark alternatives 3", "%spark pick")
    notebook.run(2)
    notebook.run(3)
    card = notebook.output(3).first
    expect(card.get_by_role("tab")).to_have_count(3)
    expect(card.get_by_role("tab", selected=True)).to_contain_text("offered first")
    expect(card).to_contain_text("This cell now holds the new code")
    applied = notebook.source(3)
    assert applied in ("value = 2", "value = 2.0")
    other = next(tab for tab in card.get_by_role("tab").all() if tab.inner_text().endswith("holds"))
    other.click()
    card.get_by_role("button", name="Use this").locator("visible=true").click()
    expect(card).to_contain_text("is chosen: %spark pick puts it into a cell")
    notebook.page.screenshot(path=home / "alternatives.png")
    notebook.run(4)
    assert {applied, notebook.source(4)} == {"value = 2", "value = 2.0"}


def test_one_is_used_while_the_others_still_stream(on_paced: Callable[..., LabNotebook], paced: PacedServer) -> None:
    settle(paced, TWO)
    notebook = on_paced(MAKE_TWO, "%spark alternatives 2")
    notebook.run(2)
    settle(paced, TWO, code_answer(12_000), rate_tok_s=200.0)
    notebook.press_run(3)
    card = notebook.output(3).first
    tab = card.get_by_role("tab").filter(has_text="holds")
    tab.click()
    card.get_by_role("button", name="Use this").locator("visible=true").click()
    notebook.wait_until(lambda: notebook.source(3) == "value = 2")
    notebook.wait_until(lambda: any(record.closed_at_s is not None for record in paced.records))


def test_more_words_typed_into_the_card(on_paced: Callable[..., LabNotebook], paced: PacedServer, home: Path) -> None:
    settle(paced, code_answer(12_000), FLOAT, rate_tok_s=200.0)
    notebook = on_paced("%%spark write the values out\nvalue = 1")
    notebook.press_run(2)
    card = notebook.output(2)
    expect(card.locator(".jspark-new")).not_to_have_count(0)
    box = card.get_by_placeholder("Say more")
    box.fill("only one, and a float")
    notebook.page.screenshot(path=home / "steering.png")
    box.press("Enter")
    notebook.wait_until(lambda: notebook.source(2) == "value = 2.0")
    expect(card.first).to_contain_text("only one, and a float")
    expect(card.get_by_placeholder("Say more")).to_have_count(0)
    expect(card.first).not_to_contain_text("value_0000")
