"""How close a rewrite that is shown in its cell comes to the bare page of ``tests.bench.bare``.

``python -m tests.bench.incell [ROUNDS]`` has a cell of 300 lines rewritten whole, at 1,000 and at 5,000 tokens a
second, into lines that are like the old ones and into others, where a reader looks at the place where the last line
arrives: at the cell's end, or above the old lines where nothing is like them. It prints when
the last text stands in the bare page and when the last line stands in the diff, and the longest task of each page. The
document's text is to be the old one until Accept, what was shown after it, and the old one again after one Ctrl+Z, with
what was typed before.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench.page import Side, measure, two_sides
from tests.bench.pagestats import PageFigures
from tests.paced import SpawnedServer, spawned_paced_server
from tests.ui.lab import BROWSER_FLAGS, find_browser

LINES = 300
RATES_TOK_S = (1000.0, 5000.0)
LAST_BOUND_MS = 100.0
TASK_BOUND_MS = 100.0
TYPED = "  # typed before"
TIMEOUT_MS = 60_000
OF_CELL = "window.jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel"
WRITE = f"text => {{ {OF_CELL}.setSource(text); {OF_CELL}.undoManager.stopCapturing(); }}"


@dataclass(frozen=True)
class Case:
    """A cell, and what becomes of it."""

    name: str
    old: str
    new: str
    at_end: bool

    @property
    def answer(self) -> str:
        """What the endpoint says."""
        return f"```python\n{self.new}\n```\n"


ALIKE = Case(
    "lines like the old ones",
    "\n".join(f"value_{n} = [{n}, {n + 1}, {n + 2}]" for n in range(LINES)),
    "\n".join(f'value_{n} = [{n}, {n + 1}, {n + 2}, "w0{n}"]' for n in range(LINES)),
    at_end=True,
)
OTHERS = Case(
    "lines unlike the old ones",
    "\n".join(f"value_{n} = [one_{n}, two_{n}, three_{n}, four_{n}]" for n in range(LINES)),
    "\n".join(f'value_{n} = "w0{n}".join(str(item) for item in range(5))' for n in range(LINES)),
    at_end=False,
)


class CellSide(Side):
    """JupyterLab, where the rewrite arrives in the cell."""

    case: Case
    faults: list[str]

    def prepare(self) -> None:
        """Write the cell, type into it, and open the prompt above it with the words."""
        self.faults = []
        page = self.page
        page.evaluate(WRITE, self.case.old)
        page.locator(".jp-Notebook .jp-Cell .cm-content").first.click(position={"x": 20, "y": 10})
        page.keyboard.press("ControlOrMeta+Home")
        page.keyboard.press("End")
        page.keyboard.insert_text(TYPED)
        page.keyboard.press("ControlOrMeta+End" if self.case.at_end else "ControlOrMeta+Home")
        page.keyboard.press("ControlOrMeta+k")
        page.keyboard.insert_text("rewrite all of it")
        page.wait_for_timeout(300)

    @property
    def before(self) -> str:
        """The cell's text when it is asked for."""
        return self.case.old.replace("\n", f"{TYPED}\n", 1)

    @property
    def host(self) -> str:
        """The cell."""
        return ".jp-Notebook .jp-Cell"

    def document(self) -> str:
        """The document's text."""
        return str(self.page.evaluate(f"{OF_CELL}.getSource()"))

    def expect(self, what: str, text: str) -> None:
        """Note a fault if the document does not hold a text."""
        if self.document() != text:
            self.faults.append(what)

    def text(self) -> str:
        """Accept, and return what is in the document then; it is taken back."""
        page = self.page
        self.expect("the document changed before Accept", self.before)
        page.locator(".jp-Cell[data-spark=ready]").wait_for(timeout=TIMEOUT_MS)
        self.expect("the document changed before Accept", self.before)
        page.keyboard.press("ControlOrMeta+Enter")
        page.locator(".jp-Cell[data-spark='']").wait_for(timeout=TIMEOUT_MS)
        accepted = self.document()
        page.keyboard.press("ControlOrMeta+z")
        self.expect("one Ctrl+Z did not bring the old text back", self.before)
        page.keyboard.press("ControlOrMeta+z")
        self.expect("a second Ctrl+Z did not take the typing back", self.case.old)
        return accepted

    def clear(self) -> None:
        """Leave everything as it is: the conversation goes on, and its words are not on the page."""


def compare(title: str, runs: tuple[list[PageFigures], list[PageFigures]], faults: Iterable[str]) -> None:
    """Print the medians of both sides, and whether the bounds hold."""
    bare, cell = (PageFigures.median(run) for run in runs)
    late_ms = cell.last_ms - bare.last_ms
    print(f"\n{title}")
    print(f"  {'':18}{'bare':>9}{'cell':>9}")
    held = "" if late_ms <= LAST_BOUND_MS else "   MISSED"
    print(
        f"  {'last text, ms':18}{bare.last_ms:>9.1f}{cell.last_ms:>9.1f}  {late_ms:+.1f} (<= +{LAST_BOUND_MS:g}){held}"
    )
    print(f"  {'frame gap p95, ms':18}{bare.gap_p95_ms:>9.1f}{cell.gap_p95_ms:>9.1f}")
    held = "" if cell.longest_task_ms <= TASK_BOUND_MS else "   MISSED"
    tasks = f"{bare.longest_task_ms:>9.1f}{cell.longest_task_ms:>9.1f}"
    print(f"  {'longest task, ms':18}{tasks}  (<= {TASK_BOUND_MS:g}){held}")
    print(f"  {'thread busy, ms':18}{bare.browser_ms:>9.1f}{cell.browser_ms:>9.1f}")
    said = sorted(set(faults)) or ["unchanged until Accept, whole after it, back after one Ctrl+Z, the typing kept"]
    print(f"  the document: {'; '.join(said)}{'' if cell.whole and not any(faults) else '   MISSED'}", flush=True)


def run(sides: tuple[Side, CellSide], endpoint: SpawnedServer, rounds: int) -> None:
    """Run all cases."""
    cell = sides[1]
    for case in (ALIKE, OTHERS):
        cell.case = case
        for rate_tok_s in RATES_TOK_S:
            endpoint.configure(rate_tok_s=rate_tok_s, answer=case.answer)
            runs: tuple[list[PageFigures], list[PageFigures]] = ([], [])
            faults: list[str] = []
            for _ in range(rounds):
                for side, figures in zip(sides, runs, strict=True):
                    side.page.bring_to_front()
                    side.clear()
                    side.page.mouse.move(1, 1)
                    figures.append(measure(side, endpoint, case.answer, LINES))
                faults += cell.faults
            compare(f"{LINES} {case.name}, {rate_tok_s:g} tok/s", runs, faults)


def main(rounds: int = 3) -> None:
    """Print all figures."""
    with (
        tempfile.TemporaryDirectory() as name,
        spawned_paced_server() as endpoint,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        with two_sides(browser, Path(name), endpoint) as (bare, chat):
            assert chat.chat is not None
            chat.chat.notebook.command("jupyter-spark:toggle-chat")  # the panel is closed, as for most who edit cells
            cell = CellSide("cell", chat.page, chat.server)
            cell.case = ALIKE
            endpoint.configure(rate_tok_s=1e6, answer=ALIKE.answer)
            measure(cell, endpoint, ALIKE.answer, LINES)  # what is loaded once, is
            run((bare, cell), endpoint, rounds)
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
