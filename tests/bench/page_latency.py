"""How long a key or a click in the chat's page takes to reach the endpoint.

``python -m tests.bench.page_latency [stop] [enter] [start]`` runs JupyterLab in a browser on the paced endpoint and
prints: from the click on Stop, in mid-stream, to the end of the connection at the endpoint; from Enter to the request,
in a small notebook and in one of 500 cells of which one changed since the last turn, beside the bare page's; and from
Enter to the request for the first turn after each of some starts of the server.

The page's times are those of its input events. Its clock is set against ``time.monotonic()``, the endpoint's, by asking
it for the time; ``performance.timeOrigin`` against ``time.time()`` must say the same, and by how much they differ is
printed.
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from jupyter_spark.cli.bench import percentile
from jupyter_spark.providers.models import models_dir
from tests.bench.pagestats import plain_text
from tests.paced import SpawnedServer, spawned_paced_server
from tests.ui.conftest import SETTINGS
from tests.ui.lab import BROWSER_FLAGS, ROOT, find_browser, running_lab
from tests.ui.talk import Talk

STOPS = 60
ROUNDS = 40
STARTS = 5
CELLS = 500
REST_MS = 300  # between turns, as a reader rests
TIMEOUT_S = 10.0
STOP_BOUND_MS, SMALL_BOUND_MS, LARGE_BOUND_MS, FIRST_BOUND_MS = 50.0, 15.0, 40.0, 100.0
CELL = '''def step_{n}(rows, limit={n}):
    """Keep the rows of step {n}."""
    kept = [row for row in rows if row["value_{n}"] > limit]
    return sorted(kept, key=lambda row: row["name"])


table_{n} = step_{n}(table_{before})
print(len(table_{n}))'''
# After a notebook is opened JupyterLab makes its cells' editors one after the other for seconds; keys wait for each.
ALL_RENDERED = "() => jupyterapp.shell.currentWidget.content.widgets.every(cell => !cell.placeholder)"
RENDER_TIMEOUT_S = 90.0
WATCH = """() => {
  window.eventTimes = {};
  for (const kind of ['keydown', 'click']) {
    addEventListener(kind, event => { window.eventTimes[kind] = event.timeStamp; }, { capture: true });
  }
}"""


def main(*what: str) -> None:
    """Print what is asked for, or all."""
    print(f"{'ms':48}{'n':>4}{'p50':>8}{'p95':>8}{'max':>8}   bound")
    with spawned_paced_server() as endpoint, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        if {*what} & {"stop", "enter"} or not what:
            one_server(browser, endpoint, what or ("stop", "enter"))
        if "start" in what or not what:
            times_ms = [first_turn_ms(browser, endpoint) for _ in range(STARTS)]
            show("Enter to request, first turn after a start", times_ms, FIRST_BOUND_MS)
        browser.close()


def one_server(browser: Browser, endpoint: SpawnedServer, what: Sequence[str]) -> None:
    """Print what one running server shows."""
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder), endpoint) as address:
        notebooks = Path(folder) / "examples"
        if "stop" in what:
            talk = Talk(new_page(browser), address, notebooks, "stop.ipynb", "x = 1")
            show("click on Stop to the connection's end", stop_times(talk, endpoint), STOP_BOUND_MS)
            talk.page.close()
        if "enter" in what:
            bare_ms = bare_times(browser, endpoint)
            show("Enter to request, bare page", bare_ms)
            talk = Talk(new_page(browser), address, notebooks, "small.ipynb", "x = 1", "print(x)")
            show("Enter to request, small notebook", enter_times(talk, endpoint), SMALL_BOUND_MS)
            talk.page.close()
            talk = Talk(new_page(browser), address, notebooks, "large.ipynb", *large_notebook())
            talk.page.wait_for_function(ALL_RENDERED, timeout=1000 * RENDER_TIMEOUT_S)
            bound_ms = LARGE_BOUND_MS + percentile(bare_ms, 95)
            show(f"Enter to request, {CELLS} cells, one changed", enter_times(talk, endpoint), bound_ms)
            talk.page.close()


def show(name: str, times_ms: Sequence[float], bound_ms: float | None = None) -> None:
    """Print one line of the table; the bound is on the 95th percentile."""
    p50, p95 = (percentile(list(times_ms), percent) for percent in (50, 95))
    held = "" if bound_ms is None else f"   <= {bound_ms:.1f}  {'ok' if p95 <= bound_ms else 'MISSED'}"
    print(f"{name:48}{len(times_ms):>4}{p50:>8.1f}{p95:>8.1f}{max(times_ms):>8.1f}{held}", flush=True)


# --- the figures -------------------------------------------------------------------------------------


def stop_times(talk: Talk, endpoint: SpawnedServer) -> list[float]:
    """Click Stop in mid-stream, again and again; return how long each connection lasted after that, in ms."""
    endpoint.configure(answer=plain_text(20_000)[0], rate_tok_s=500.0)
    clock_ms = page_clock_ms(talk.page)
    chance = random.Random(0)
    times_ms = []
    for number in range(STOPS + 1):
        endpoint.configure(forget=True)
        turn = talk.ask("why?", wait=False)
        turn.filter(has_text="w03").wait_for()
        talk.page.wait_for_timeout(chance.uniform(20, 300))
        talk.panel.get_by_role("button", name="Stop").click()
        talk.wait_done(turn)
        closed_at_s = wait_for(lambda: endpoint.records[-1].closed_at_s)
        times_ms.append(1000 * closed_at_s + clock_ms - event_ms(talk.page, "click"))
        if number % 10 == 9:
            talk.panel.get_by_role("button", name="New conversation").click()
    return times_ms[1:]  # the first also loads what answers are rendered with


def enter_times(talk: Talk, endpoint: SpawnedServer) -> list[float]:
    """Ask again and again, a cell changed just before each; return the times from Enter to the request, in ms."""
    endpoint.configure(answer="Because it is so.", rate_tok_s=math.inf)
    clock_ms = page_clock_ms(talk.page)
    times_ms = []
    for number in range(ROUNDS + 1):
        times_ms.append(asked_ms(talk, endpoint, clock_ms, number))
        if number % 10 == 9:
            talk.panel.get_by_role("button", name="New conversation").click()
    return times_ms[1:]


def asked_ms(talk: Talk, endpoint: SpawnedServer, clock_ms: float, number: int) -> float:
    """Ask once; return the time from Enter to the request, in ms."""
    endpoint.configure(forget=True)
    talk.page.wait_for_timeout(REST_MS)
    talk.page.evaluate(
        """number => {
          const cells = window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells;
          const cell = cells[number % cells.length];
          cell.setSource(`${cell.getSource()}\\n# ${number}`);
        }""",
        number * 37,
    )
    talk.ask("why is that?")
    request_at_s = wait_for(lambda: next((one.at_s for one in endpoint.records), None))
    return 1000 * request_at_s + clock_ms - event_ms(talk.page, "keydown")


def first_turn_ms(browser: Browser, endpoint: SpawnedServer) -> float:
    """Start a server, open a notebook, and ask once."""
    endpoint.configure(answer="Because it is so.", rate_tok_s=math.inf)
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder), endpoint) as address:
        talk = Talk(new_page(browser), address, Path(folder) / "examples", "first.ipynb", "x = 1")
        took_ms = asked_ms(talk, endpoint, page_clock_ms(talk.page), 0)
        talk.page.close()
    return took_ms


def bare_times(browser: Browser, endpoint: SpawnedServer) -> list[float]:
    """Return the times from a key in the bare page to its relay's request, in ms."""
    endpoint.configure(answer="Because it is so.", rate_tok_s=math.inf)
    command = [sys.executable, "-m", "tests.bench.bare", endpoint.base_url]
    times_ms = []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdin is not None
        assert relay.stdout is not None
        page = new_page(browser)
        page.goto(relay.stdout.readline().strip())
        page.evaluate("window.ready")
        clock_ms = page_clock_ms(page)
        for _ in range(ROUNDS + 1):
            endpoint.configure(forget=True)
            page.wait_for_timeout(REST_MS)
            page.keyboard.press("Enter")
            request_at_s = wait_for(lambda: next((one.at_s for one in endpoint.records), None))
            times_ms.append(1000 * request_at_s + clock_ms - event_ms(page, "keydown"))
        page.close()
        relay.stdin.close()
    return times_ms[1:]


# --- how it is done ----------------------------------------------------------------------------------


@contextmanager
def lab(home: Path, endpoint: SpawnedServer) -> Iterator[str]:
    """Run JupyterLab on the endpoint."""
    settings = '[tiers]\nspark = "paced"\n' + SETTINGS.format(base_url=endpoint.base_url)
    with running_lab(home, models_dir(), settings) as address:
        yield address


def new_page(browser: Browser) -> Page:
    """Open a page that notes when its keys and clicks came."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.add_init_script(f"({WATCH})()")
    return page


def event_ms(page: Page, kind: str) -> float:
    """When the last event of a kind came, in ms of the page's clock."""
    return float(page.evaluate("kind => window.eventTimes[kind]", kind))


def page_clock_ms(page: Page) -> float:
    """The page's clock at ``time.monotonic()`` zero, in ms; of some askings the quickest is the truest."""
    best = (math.inf, 0.0)
    for _ in range(30):
        before_s = time.monotonic()
        now_ms = float(page.evaluate("performance.now()"))
        after_s = time.monotonic()
        best = min(best, (after_s - before_s, now_ms - 500 * (before_s + after_s)))
    origin_ms = float(page.evaluate("performance.timeOrigin"))
    by_wall_ms = 1000 * (time.time() - time.monotonic()) - origin_ms
    print(f"  (clock: {best[1] - by_wall_ms:+.1f} ms to timeOrigin, asked in {1000 * best[0]:.1f} ms)")
    return best[1]


def wait_for(value: Callable[[], float | None]) -> float:
    """Wait until what is asked for is there, and return it."""
    deadline_s = time.monotonic() + TIMEOUT_S
    while (found := value()) is None:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not within {TIMEOUT_S:g} s")
        time.sleep(0.02)
    return float(found)


def large_notebook() -> list[str]:
    """The cells of a large notebook."""
    return [CELL.format(n=number, before=number - 1) if number else "table_0 = []" for number in range(CELLS)]


if __name__ == "__main__":
    main(*sys.argv[1:])
