"""How long the first ghost text takes, and how well the built-in model fills gaps in real cells.

``python -m tests.bench.ghost [page|gaps|chat]`` prints, for an endpoint that answers at once, the time from the page's
request (the end of the pause that Lab waits for) to the first ghost text on screen; and for gaps in cells of
``tests/notebooks``, by the built-in model, what was shown beside what had stood there. ``chat`` asks the same model by
conversation, as one without a form for gaps is asked.
"""

from __future__ import annotations

import ast
import asyncio
import math
import statistics
import sys
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from jupyter_spark.ipysyntax import to_tree
from jupyter_spark.notebook import read_notebook, snapshot
from jupyter_spark.providers import Provider, open_provider
from jupyter_spark.providers.models import models_dir
from jupyter_spark.server.completing import Answer, Prepared
from jupyter_spark.settings import Privacy, load_settings
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_page import CompletionRequested
from tests.paced import SpawnedServer, spawned_paced_server
from tests.ui.conftest import SETTINGS
from tests.ui.lab import BROWSER_FLAGS, ROOT, find_browser, running_lab
from tests.ui.talk import Talk

ROUNDS = 20
CELLS_EVERY = 9  # of the cells with a statement worth a gap
GAPS = 12
WATCH = """() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (String(data).includes('"completion_requested"')) { window.askedAt = performance.now(); window.shownAt = 0; }
    return send.call(this, data);
  };
  new MutationObserver(() => {
    if (window.askedAt && !window.shownAt && document.querySelector('.jp-GhostText')?.textContent.trim())
      requestAnimationFrame(() => { window.shownAt ||= performance.now(); });
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def page_times(browser: Browser, address: str, home: Path, endpoint: SpawnedServer) -> list[float]:
    """Return the times from request to ghost text, in ms."""
    kept = home / "settings" / "jupyter-spark-ai" / "settings.jupyterlab-settings"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text('{"completion": "automatic"}', "utf-8")
    endpoint.configure(answer="```python\nsum(orders) / len(orders)\n```\n", rate_tok_s=math.inf, first_token_s=0.0)
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    talk = Talk(page, address, home / "examples", "ghost.ipynb", "orders = [1, 2]", "# the mean")
    page.evaluate(WATCH)
    talk.notebook.cell(1).locator(".jp-InputArea-editor .cm-content").click()
    page.keyboard.press("ControlOrMeta+End")
    times = []
    for number in range(ROUNDS):
        page.evaluate("() => { window.askedAt = 0; }")
        page.keyboard.type(f"\nmean_{number} = ")
        page.wait_for_function("() => window.askedAt && window.shownAt", timeout=30_000)
        times.append(float(page.evaluate("window.shownAt - window.askedAt")))
    page.close()
    return times


def gaps() -> list[tuple[NotebookSnapshot, CellSnapshot, str, str, str]]:
    """Cells of real notebooks, each cut in the middle of a statement: notebook, cell, before, gap, after."""
    found = []
    for path in sorted((ROOT / "tests" / "notebooks").glob("*.ipynb")):
        notebook = snapshot(read_notebook(path))
        for cell in notebook.cells:
            lines = cell.source.split("\n")
            middle = len(lines) // 2
            if cell.kind != "code" or len(lines) < 4 or len(lines[middle].strip()) < 16 or "#" in lines[middle]:
                continue
            at = len(lines[middle]) - len(lines[middle].strip()) * 3 // 5
            before = "\n".join([*lines[:middle], lines[middle][:at]])
            found.append((notebook, cell, before, lines[middle][at:], "\n" + "\n".join(lines[middle + 1 :])))
    return found[::CELLS_EVERY][:GAPS]


async def filled(
    provider: Provider, notebook: NotebookSnapshot, cell: CellSnapshot, before: str, after: str
) -> tuple[str, float | None, float]:
    """Return what was shown, and when its first and its last text came, in seconds."""
    frame = CompletionRequested(completion_id="1", notebook="n", cell_id=cell.cell_id, before=before, after=after)
    asked = Prepared().asked(frame, notebook, provider, Privacy())
    assert asked is not None
    begun_s, first_s, shown = time.monotonic(), None, ""
    async with aclosing(Answer(asked).texts()) as texts:
        async for text in texts:
            shown = text
            first_s = first_s or time.monotonic() - begun_s
    return shown, first_s, time.monotonic() - begun_s


def parses(source: str) -> bool:
    """Whether a cell parses."""
    try:
        to_tree(source)
    except (SyntaxError, ValueError):
        return False
    return True


def same(before: str, shown: str, gap: str, after: str) -> bool:
    """Whether the cell means the same with what was shown as with what had stood there."""
    try:
        trees = [ast.dump(to_tree(before + text + after) or ast.Module([], [])) for text in (shown, gap)]
    except (SyntaxError, ValueError):
        return False
    return trees[0] == trees[1]


async def local_gaps(*, by_chat: bool = False) -> None:
    """Print how the built-in model does."""
    profile = load_settings().profile("local")
    provider = open_provider(profile.model_copy(update={"infill": ""}) if by_chat else profile)
    counts = dict.fromkeys(("the line itself", "the cell means the same", "it parses"), 0)
    firsts, wholes = [], []
    try:
        for notebook, cell, before, gap, after in gaps():
            shown, first_s, whole_s = await filled(provider, notebook, cell, before, after)
            held = (shown.split("\n")[0].strip() == gap.strip(), same(before, shown, gap, after))
            for name, holds in zip(counts, (*held, parses(before + shown + after)), strict=True):
                counts[name] += holds
            firsts.append(first_s if first_s is not None else whole_s)
            wholes.append(whole_s)
            line = before.rpartition("\n")[2].strip()
            print(f"  {line!r} + {gap!r}: {shown!r} ({firsts[-1]:.1f} s, {whole_s:.1f} s)")
    finally:
        await provider.aclose()
    how = "by chat" if by_chat else "by gaps"
    print(f"the built-in model {how}, {len(wholes)} cells: {', '.join(f'{k} {v}' for k, v in counts.items())}")
    medians = [statistics.median(times) for times in (firsts, wholes)]
    print(f"first text after {medians[0]:.1f} s (median), whole after {medians[1]:.1f} s")


def ghost_times() -> None:
    """Print how long the page takes."""
    with tempfile.TemporaryDirectory() as folder, spawned_paced_server() as endpoint, sync_playwright() as playwright:
        settings = '[tiers]\nspark = "paced"\n' + SETTINGS.format(base_url=endpoint.base_url)
        with running_lab(Path(folder), models_dir(), settings) as address:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
            times = page_times(browser, address, Path(folder), endpoint)
            browser.close()
    p95_ms = statistics.quantiles(times, n=20)[18]
    print(
        f"from request to ghost text, {len(times)} times: median {statistics.median(times):.0f} ms, p95 {p95_ms:.0f} ms"
    )


def main(*what: str) -> None:
    """Print what is asked for; the page and the gaps by default."""
    what = what or ("page", "gaps")
    if "page" in what:
        ghost_times()
    if "gaps" in what:
        asyncio.run(local_gaps())
    if "chat" in what:
        asyncio.run(local_gaps(by_chat=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
