"""How close the chat's page comes to the least that a stream can cost: a bare page with one ``<pre>``.

``python -m tests.bench.page [ROUNDS] [stream|late|spin]`` runs both in one browser on one endpoint, in turns, and
prints the medians side by side: plain words and Markdown at 1,000 and at 5,000 tokens a second; the 200th turn of a
conversation beside the first; and both beside a process that spins in C, the chat's being the notebook's own kernel.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from jupyter_spark.providers.models import models_dir
from tests.bench.pagestats import PageFigures, frame_figures, is_in_order, markdown_text, plain_text
from tests.paced import SpawnedServer, spawned_paced_server
from tests.ui.conftest import SETTINGS
from tests.ui.lab import BROWSER_FLAGS, ROOT, find_browser, running_lab
from tests.ui.talk import Talk

TOKENS = 4000
RATES_TOK_S = (1000.0, 5000.0)
TURNS_BEFORE = 199
WATCH = Path(__file__).with_name("watch.js").read_text("utf-8")
SPIN = "import itertools; _ = sum(itertools.repeat(1, {count}))"
SPIN_COUNT = 4_000_000_000  # C code that never lets go of the interpreter lock; ended with its process
SETTLE_MS = 700
TIMEOUT_MS = 60_000
# Figure, bound, and whether the bound is on the difference to the baseline, the ratio to it, or the value itself.
BOUNDS = (
    ("first_ms", 10.0, "difference"),
    ("last_ms", 40.0, "difference"),
    ("gap_p95_ms", 1.3, "ratio"),
    ("updates_s", 50.0, "least"),
    ("longest_task_ms", 50.0, "most"),
    ("wire", 1.6, "most"),
    ("server_ms", 1.5, "ratio"),
    ("browser_ms", 1.5, "ratio"),
    ("heap_mb", 2.0, "most"),
)


@dataclass
class Side:
    """One of the two pages."""

    name: str
    page: Page
    server: psutil.Process
    chat: Talk | None = None

    def __post_init__(self) -> None:
        self.cdp: CDPSession = self.page.context.new_cdp_session(self.page)
        self.cdp.send("Performance.enable")
        self.cdp.send("Network.enable")
        self.cdp.on("Network.webSocketFrameReceived", self._count)
        self.received_bytes = 0
        self.page.add_script_tag(content=WATCH)

    def _count(self, event: dict[str, Any]) -> None:
        self.received_bytes += len(event["response"]["payloadData"].encode())

    def prepare(self) -> None:
        """Write the question, so that only sending it is measured."""
        if self.chat is not None:
            self.chat.panel.get_by_label("Ask Spark").fill("why?")

    def ask(self) -> None:
        """Have the endpoint asked."""
        self.page.keyboard.press("Enter")

    @property
    def host(self) -> str:
        """The element that the text comes into."""
        return "pre" if self.chat is None else ".jp-Spark-transcript"

    def text(self) -> str:
        """The answer's text."""
        place = "document.querySelector('pre')" if self.chat is None else LAST_ANSWER
        return str(self.page.evaluate(f"{place}.textContent"))

    def clear(self) -> None:
        """Forget the text; the chat begins a new conversation."""
        if self.chat is None:
            self.page.evaluate("document.querySelector('pre').replaceChildren()")
        else:
            button = self.chat.panel.get_by_role("button", name="New conversation")
            if button.is_enabled():
                button.click()

    def metrics(self) -> dict[str, float]:
        """The browser's own figures of the page."""
        return {row["name"]: row["value"] for row in self.cdp.send("Performance.getMetrics")["metrics"]}

    def heap_bytes(self) -> float:
        """What is on the page's heap, after a collection of garbage."""
        self.cdp.send("HeapProfiler.collectGarbage")
        return self.metrics()["JSHeapUsedSize"]

    def clock_ms(self) -> float:
        """The page's clock at ``time.monotonic()`` zero, in ms; of some askings the quickest is the truest."""
        best = (1e9, 0.0)
        for _ in range(15):
            before_s = time.monotonic()
            now_ms = float(self.page.evaluate("performance.now()"))
            after_s = time.monotonic()
            best = min(best, (after_s - before_s, now_ms - 500 * (before_s + after_s)))
        return best[1]


LAST_ANSWER = "[...document.querySelectorAll('.jp-Spark-answer')].pop()"


def measure(side: Side, endpoint: SpawnedServer, text: str, words: int, *, with_heap: bool = False) -> PageFigures:
    """Run one stream and return its figures.

    The heap is measured in a run of its own: to collect all garbage costs a page more than a stream, and V8 collects
    again soon after.
    """
    endpoint.configure(forget=True)
    side.prepare()
    clock_ms, heap_before = side.clock_ms(), side.heap_bytes() if with_heap else 0.0
    side.received_bytes = 0
    side.page.evaluate(f"watchStream(document.querySelector('{side.host}'), 'w0{words - 1}')")
    before, cpu_before = side.metrics(), sum(side.server.cpu_times()[:2])
    side.ask()
    side.page.wait_for_function("window.watched.isWhole", timeout=TIMEOUT_MS)
    side.page.wait_for_timeout(SETTLE_MS)
    seen = side.page.evaluate("window.watched.stop()")
    after, cpu_after = side.metrics(), sum(side.server.cpu_times()[:2])
    record = endpoint.records[-1]
    assert record.first_sent_at_s is not None
    assert record.last_sent_at_s is not None
    gap_p95_ms, updates_s, longest_task_ms = frame_figures(seen)
    return PageFigures(
        asked_first_ms=seen["first"] - seen["asked"],
        asked_last_ms=seen["last"] - seen["asked"],
        first_ms=seen["first"] - clock_ms - 1000 * record.first_sent_at_s,
        last_ms=seen["last"] - clock_ms - 1000 * record.last_sent_at_s,
        gap_p95_ms=gap_p95_ms,
        updates_s=updates_s,
        longest_task_ms=longest_task_ms,
        wire=side.received_bytes / len(text.encode()),
        server_ms=1000 * (cpu_after - cpu_before),
        browser_ms=1000 * (after["TaskDuration"] - before["TaskDuration"]),
        heap_mb=(side.heap_bytes() - heap_before) / 1e6 if with_heap else 0.0,
        whole=is_in_order(side.text(), words),
    )


def compare(title: str, base: PageFigures, ours: PageFigures) -> None:
    """Print two sides and whether each bound holds."""
    print(f"\n{title}: the text is {'whole' if ours.whole else 'NOT WHOLE'}")
    print(f"  {'':16}{'bare':>10}{'chat':>10}  bound")
    for name, bound, kind in BOUNDS:
        one, two = getattr(base, name), getattr(ours, name)
        value = {"difference": two - one, "ratio": two / one if one else 0.0}.get(kind, two)
        holds = value >= bound if kind == "least" else value <= bound
        said = {"difference": f"{value:+.1f} (<= +{bound:g})", "ratio": f"{value:.2f} x (<= {bound:g} x)"}
        plain = f"{'>=' if kind == 'least' else '<='} {bound:g}"
        print(f"  {name:16}{one:>10.2f}{two:>10.2f}  {said.get(kind, plain)}{'' if holds else '   MISSED'}")


@contextmanager
def two_sides(browser: Browser, home: Path, endpoint: SpawnedServer) -> Iterator[tuple[Side, Side]]:
    """Open both pages."""
    settings = '[tiers]\nspark = "paced"\n' + SETTINGS.format(base_url=endpoint.base_url)
    command = [sys.executable, "-m", "tests.bench.bare", endpoint.base_url]
    with (
        running_lab(home, models_dir(), settings) as address,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as relay,
    ):
        assert relay.stdin is not None
        assert relay.stdout is not None
        bare_address = relay.stdout.readline().strip()
        lab = next(child for child in psutil.Process().children() if "jupyterlab" in child.cmdline())
        viewport: Any = {"width": 1400, "height": 900}
        bare_page = browser.new_context(viewport=viewport).new_page()
        bare_page.goto(bare_address)
        bare_page.evaluate("window.ready")
        page = browser.new_context(viewport=viewport).new_page()
        chat = Talk(page, address, home / "examples", "bench.ipynb", "x = 1")
        chat.notebook.wait_idle()
        yield Side("bare", bare_page, psutil.Process(relay.pid)), Side("chat", page, lab, chat)
        relay.stdin.close()


def stream(sides: tuple[Side, Side], endpoint: SpawnedServer, case: tuple[str, int], rounds: int) -> list[PageFigures]:
    """Run one case on both sides in turns; return the medians."""
    text, words = case
    runs: tuple[list[PageFigures], list[PageFigures]] = ([], [])
    for number in range(rounds + 1):
        for side, figures in zip(sides, runs, strict=True):
            side.page.bring_to_front()
            side.clear()
            side.page.mouse.move(1, 1)  # what lies under the mouse is looked for after every layout
            figures.append(measure(side, endpoint, text, words, with_heap=number == rounds))
    return [replace(PageFigures.median(figures[:-1]), heap_mb=figures[-1].heap_mb) for figures in runs]


def fill(chat: Side, endpoint: SpawnedServer) -> float:
    """Have a conversation; return what the page's heap was before, in bytes."""
    assert chat.chat is not None
    endpoint.configure(rate_tok_s=1e6, answer=markdown_text(300)[0])
    chat.page.bring_to_front()
    chat.clear()
    before = chat.heap_bytes()
    for _ in range(TURNS_BEFORE):
        chat.chat.ask("and?")
    return before


def late_turn(sides: tuple[Side, Side], endpoint: SpawnedServer, case: tuple[str, int], rounds: int) -> None:
    """Print the 200th turn beside the first."""
    text, words = case
    chat = sides[1]
    grown_mb = 0.0
    for rate_tok_s in RATES_TOK_S:
        endpoint.configure(rate_tok_s=rate_tok_s, answer=text)
        _, first = stream(sides, endpoint, case, rounds)
        before = fill(chat, endpoint)
        endpoint.configure(rate_tok_s=rate_tok_s, answer=text)
        late = PageFigures.median(measure(chat, endpoint, text, words) for _ in range(rounds))
        grown_mb = (chat.heap_bytes() - before) / 1e6
        print(f"\nMarkdown, {rate_tok_s:g} tok/s: turn 200 beside turn 1 (each <= 1.3 x)")
        for name, _, kind in BOUNDS:
            one, two = getattr(first, name), getattr(late, name)
            worse = one / two if kind == "least" and two else two / one if one else 0.0
            print(f"  {name:16}{one:>10.2f}{two:>10.2f}  {worse:.2f} x{'   MISSED' if worse > 1.3 else ''}")
    print(f"  200 turns on the heap: {grown_mb:.1f} MB (<= 60){'   MISSED' if grown_mb > 60 else ''}")


def beside_spinning(sides: tuple[Side, Side], endpoint: SpawnedServer, case: tuple[str, int], rounds: int) -> None:
    """Print what a process that spins in C changes: for the chat it is the notebook's kernel."""
    text, words = case
    endpoint.configure(rate_tok_s=1000.0, answer=text)
    calm = stream(sides, endpoint, case, rounds)
    spin = SPIN.format(count=SPIN_COUNT)
    bare, chat = sides
    assert chat.chat is not None
    with subprocess.Popen([sys.executable, "-c", spin]) as process:
        time.sleep(1.0)
        bare.page.bring_to_front()
        busy_bare = PageFigures.median(measure(bare, endpoint, text, words) for _ in range(rounds))
        process.kill()
    chat.page.bring_to_front()
    chat.clear()
    chat.chat.notebook.write(0, spin)
    chat.chat.notebook.press_run(0)
    chat.page.wait_for_timeout(1000)
    busy_chat = PageFigures.median(measure(chat, endpoint, text, words) for _ in range(rounds))
    print("\nMarkdown, 1000 tok/s: beside a process that spins in C (the chat: its notebook's kernel)")
    for name in ("asked_first_ms", "asked_last_ms"):
        grew = [getattr(busy, name) / getattr(one, name) for busy, one in ((busy_bare, calm[0]), (busy_chat, calm[1]))]
        missed = "   MISSED" if grew[1] > 1.3 * max(grew[0], 1.0) else ""
        pair = [
            f"{getattr(one, name):.1f} -> {getattr(busy, name):.1f}"
            for one, busy in zip(calm, (busy_bare, busy_chat), strict=True)
        ]
        print(
            f"  {name:16}bare {pair[0]} ({grew[0]:.2f} x)   chat {pair[1]} ({grew[1]:.2f} x), <= 1.3 x of that{missed}"
        )


def main(rounds: int = 3, only: str = "") -> None:
    """Print all tables."""
    cases = {"plain words": plain_text(TOKENS), "Markdown": markdown_text(TOKENS)}
    with (
        tempfile.TemporaryDirectory() as name,
        spawned_paced_server() as endpoint,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        with two_sides(browser, Path(name), endpoint) as sides:
            for title, case in cases.items():
                endpoint.configure(rate_tok_s=1e6, answer=case[0])
                stream(sides, endpoint, case, 1)  # what is loaded once, is
                for rate_tok_s in RATES_TOK_S if "stream" in (only or "stream") else ():
                    endpoint.configure(rate_tok_s=rate_tok_s, answer=case[0])
                    compare(f"{title}, {rate_tok_s:g} tok/s", *stream(sides, endpoint, case, rounds))
            if only in ("", "late"):
                late_turn(sides, endpoint, cases["Markdown"], rounds)
            if only in ("", "spin"):
                beside_spinning(sides, endpoint, cases["Markdown"], rounds)
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2] if len(sys.argv) > 2 else "")
