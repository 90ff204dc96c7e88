"""How long it takes from the click on Fix to the change on screen, when the fix was made ready before.

``python -m tests.bench.fix_click`` prints it for a small cell, and for one of 300 lines of which one line is mended, or
all are: from the click's own time to the frame after the change stood in the cell. The endpoint answers at once: what
is measured is the page's own work. On a busy machine the quickest of the rounds tells most of that.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from jupyter_spark.providers.models import models_dir
from tests.bench.page_latency import show
from tests.paced import SpawnedServer, spawned_paced_server
from tests.ui.conftest import SETTINGS
from tests.ui.lab import BROWSER_FLAGS, LabNotebook, find_browser, running_lab
from tests.ui.test_chat_edits import fenced, written

ROUNDS = 20
BOUND_MS = 100.0
LINES = 300
SMALL = ("print(sum(order))", "print(sum(orders))")
VALUES = [f"value_{number} = {number}" for number in range(LINES - 1)]
ONE_LINE = ("\n".join([*VALUES, SMALL[0]]), "\n".join([*VALUES, SMALL[1]]))
ALL_LINES = ("\n".join([SMALL[0], *VALUES]), "\n".join([SMALL[1], *(f"{line} * 2" for line in VALUES)]))
CASES = {
    "small cell": SMALL,
    f"one of {LINES} lines": ONE_LINE,
    f"all of {LINES} lines": ALL_LINES,
}
WATCH = """() => {
  window.clickedAt = window.shownAt = 0;
  addEventListener('click', event => {
    if (event.target.closest?.('.jp-Spark-fix')) { window.clickedAt = event.timeStamp; window.shownAt = 0; }
  }, { capture: true });
  const look = () => {
    if (window.clickedAt && !window.shownAt && document.querySelector('[data-spark=ready] .jp-Spark-newLine'))
      setTimeout(() => { window.shownAt ||= performance.now(); }); // the frame with it has been drawn
    requestAnimationFrame(look);
  };
  look();
}"""
READY = ".jp-Spark-fix[data-prefetch=ready] button"


def click_times(
    page: Page, address: str, home: Path, endpoint: SpawnedServer, name: str, old: str, new: str
) -> list[float]:
    """Fail, wait until the fix is ready, click, and leave it, again and again; return the times, in ms."""
    endpoint.configure(answer=fenced(new), rate_tok_s=math.inf, first_token_s=0.0)
    file = written(home / "examples", f"fix-{name.replace(' ', '-')}.ipynb", ("orders = [1, 2]", old))
    notebook = LabNotebook(page, address, file.name)
    notebook.open()
    page.evaluate(WATCH)
    notebook.run(0)
    times = []
    for _ in range(ROUNDS + 1):
        page.evaluate(
            """async () => {
              const { content } = window.jupyterapp.shell.currentWidget;
              content.activeCellIndex = 1;
              content.mode = 'command';
              await window.jupyterapp.commands.execute('notebook:run-cell').catch(() => undefined);
            }"""
        )
        page.locator(READY).first.wait_for(timeout=30_000)
        page.wait_for_timeout(300)
        page.evaluate("() => { window.clickedAt = 0; }")
        page.locator(READY).first.click()
        page.wait_for_function("() => window.clickedAt && window.shownAt", timeout=30_000)
        times.append(float(page.evaluate("window.shownAt - window.clickedAt")))
        page.evaluate("async () => { await window.jupyterapp.commands.execute('jupyter-spark:reject'); }")
        page.wait_for_function("() => !document.querySelector('[data-spark=ready]')")
    return times[1:]  # the first also loads the colours of the language


def measured(browser: Browser, endpoint: SpawnedServer) -> None:
    """Print what one running server shows."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        kept = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
        kept.parent.mkdir(parents=True)
        kept.write_text(json.dumps({"prefetchFixes": True}), "utf-8")
        settings = '[tiers]\nspark = "paced"\n' + SETTINGS.format(base_url=endpoint.base_url)
        with running_lab(home, models_dir(), settings) as address:
            for name, (old, new) in CASES.items():
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                times = click_times(page, address, home, endpoint, name, old, new)
                show(f"click on Fix to the change, {name}", times, BOUND_MS)
                print(f"  (quickest {min(times):.1f} ms, mean {statistics.mean(times):.1f} ms)")
                page.close()


def main() -> None:
    """Print the table."""
    print(f"{'ms':48}{'n':>4}{'p50':>8}{'p95':>8}{'max':>8}   bound")
    with spawned_paced_server() as endpoint, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        measured(browser, endpoint)
        browser.close()


if __name__ == "__main__":
    main()
