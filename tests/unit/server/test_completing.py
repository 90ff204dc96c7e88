"""Completions at the caret, with a provider that answers by script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.errors import ConnectionFailed
from jupyter_spark.journal import SafeJournal, open_journal
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.providers import Completed, Delta, ProviderEvent, ProviderRequest, Started, UsageSeen
from jupyter_spark.server.completing import PageCompletions, Prepared
from jupyter_spark.server.spent import CompletionTally, spent_since
from jupyter_spark.settings import Prices, Privacy, Profile
from jupyter_spark.wire import CellSnapshot, TurnFigures, TurnRecord, Usage, WireModel
from jupyter_spark.wire_page import CellsChanged, CompletionEnded, CompletionRequested, CompletionSaid

CHAT = Profile(name="chat", models=("m",), prices=Prices(input=1.0, output=2.0))
GAPS = Profile(name="gaps", api="local", models=("m",), small=True, context_tokens=700, infill="{before}|{after}")
SOURCES = {"a": "import math", "b": "def area(r):\n    return math.pi * r**2", "c": "x = "}


class Scripted:
    """A provider that answers in pieces, and says when it is let go of."""

    model = "m"

    def __init__(self, profile: Profile, *pieces: str, error: Exception | None = None, hangs: bool = False) -> None:
        self.profile, self._pieces, self._error, self._hangs = profile, pieces, error, hangs
        self.requests: list[ProviderRequest] = []
        self.running = self.most = 0

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        self.requests.append(request)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            yield Started("m-2")
            for piece in self._pieces:
                yield Delta(piece)
                await asyncio.sleep(0)
            if self._error is not None:
                raise self._error
            if self._hangs:
                await asyncio.Event().wait()
            yield UsageSeen(Usage(input_tokens=100, output_tokens=10))
            yield Completed("stop")
        finally:
            await asyncio.sleep(0.001)  # a connection takes a moment to close
            self.running -= 1

    async def warm(self, messages: tuple[Any, ...] = ()) -> None: ...

    async def aclose(self) -> None: ...


class Page:
    """What a page is told."""

    def __init__(self, provider: Scripted, **cells: str) -> None:
        self.told: list[WireModel] = []
        self.counted: list[CompletionEnded] = []
        self.mirror = NotebookMirror()
        self.tags: dict[str, tuple[str, ...]] = {}
        self.privacy = Privacy()
        self._provider = provider
        self.change(**(cells or SOURCES))
        self.completions = PageCompletions(self._prepare, self.counted.append, self.told.append)

    def change(self, **cells: str) -> None:
        made = tuple(CellSnapshot(cell_id=key, source=text, tags=self.tags.get(key, ())) for key, text in cells.items())
        self.mirror.changed(CellsChanged(notebook="n.ipynb", cells=made, order=tuple(cells)))

    def _prepare(self, frame: CompletionRequested, mirror: NotebookMirror, prepared: Prepared) -> Any:
        snapshot = mirror.snapshot(frame.notebook, f"/root/{frame.notebook}")
        return prepared.asked(frame, snapshot, self._provider, self.privacy)

    def ask(self, before: str = "x = ", after: str = "", completion_id: str = "1", cell_id: str = "c") -> None:
        frame = CompletionRequested(
            completion_id=completion_id, notebook="n.ipynb", cell_id=cell_id, before=before, after=after
        )
        self.completions.ask(frame, self.mirror)

    async def until(self, holds: Callable[[], object]) -> None:
        async def held() -> None:
            while not holds():
                await asyncio.sleep(0.001)

        await asyncio.wait_for(held(), timeout=10)

    @property
    def texts(self) -> list[str]:
        return [frame.text for frame in self.told if isinstance(frame, CompletionSaid)]

    @property
    def ends(self) -> list[CompletionEnded]:
        return [frame for frame in self.told if isinstance(frame, CompletionEnded)]


def test_it_streams_and_is_counted() -> None:
    async def go() -> Page:
        page = Page(Scripted(CHAT, "```python\n", "area", "(2)", "\n"))
        page.ask()
        await page.until(lambda: page.ends)
        return page

    page = asyncio.run(go())
    assert page.texts == ["area", "area(2)"]
    (ended,) = page.ends
    assert (ended.model, ended.code, ended.stopped, ended.counted) == ("m-2", "", False, True)
    assert ended.figures.usage == Usage(input_tokens=100, output_tokens=10)
    assert ended.figures.cost_usd == pytest.approx(120e-6)
    assert page.counted == [ended]


def test_an_answer_that_would_show_nothing_more_is_let_go_of() -> None:
    async def go() -> tuple[Page, Scripted]:
        provider = Scripted(CHAT, "```python\narea(2)\n", "```\nThis is", " the area", hangs=True)
        page = Page(provider)
        page.ask()
        await page.until(lambda: page.ends)
        return page, provider

    page, provider = asyncio.run(go())
    assert page.texts[-1] == "area(2)"
    assert provider.running == 0
    (ended,) = page.counted
    assert not ended.counted
    assert ended.figures.usage is not None
    assert ended.figures.usage.input_tokens > 50


def test_never_two_at_once() -> None:
    async def go() -> tuple[Page, Scripted]:
        provider = Scripted(CHAT, "```python\nar", hangs=True)
        page = Page(provider)
        for number in range(20):
            page.ask(completion_id=str(number))
            if number % 3:
                await asyncio.sleep(0.0005 * (number % 4))
        await page.until(lambda: page.told and page.told[-1] == CompletionSaid(completion_id="19", text="ar"))
        page.completions.stop("18")  # one that is gone
        await asyncio.sleep(0.01)
        assert provider.running == 1
        page.completions.stop("19")
        await page.until(lambda: not provider.running)
        return page, provider

    page, provider = asyncio.run(go())
    assert provider.most == 1
    assert all(ended.stopped for ended in page.ends)
    assert page.ends[-1].completion_id == "19"


def test_a_page_that_goes_ends_its_completion() -> None:
    async def go() -> Scripted:
        provider = Scripted(CHAT, "```python\nar", hangs=True)
        page = Page(provider)
        page.completions.close()
        page.ask()
        await page.until(lambda: page.texts)
        page.completions.close()
        await page.until(lambda: not provider.running)
        return provider

    assert len(asyncio.run(go()).requests) == 1


def test_what_fails_is_told_in_one_line() -> None:
    async def go() -> Page:
        page = Page(Scripted(CHAT, error=ConnectionFailed("No connection.", "Look at it.")))
        page.ask()
        await page.until(lambda: page.ends)
        return page

    (ended,) = asyncio.run(go()).ends
    assert (ended.code, ended.message, ended.hint) == ("connection", "No connection.", "Look at it.")


def test_what_is_kept_out_is_not_asked_for() -> None:
    async def go() -> tuple[list[str], int]:
        provider = Scripted(CHAT, "x")
        page = Page(provider)
        page.ask(cell_id="gone")
        page.tags = {"c": ("spark-ignore",)}
        page.change(**SOURCES)
        page.ask()
        page.tags = {}
        page.change(**SOURCES)
        page.ask(before="# spark-ignore\nx = ")
        page.privacy = Privacy(exclude=("n.ipynb",))
        page.ask()
        page.privacy = Privacy()
        page.change(a="", c=" \n")
        page.ask(before="\n", after=" ")
        await asyncio.sleep(0.01)
        return [ended.code for ended in page.ends], len(provider.requests)

    assert asyncio.run(go()) == (["usage", "kept_out_cell", "kept_out_cell", "kept_out", ""], 0)


def _sent(profile: Profile, page_does: Callable[[Page], None]) -> list[ProviderRequest]:
    async def go() -> list[ProviderRequest]:
        provider = Scripted(profile, "1")
        page = Page(provider)
        page_does(page)
        await page.until(lambda: page.ends and not provider.running)
        return provider.requests

    return asyncio.run(go())


def test_cells_above_are_sent_and_cells_below_and_kept_out_are_not() -> None:
    def does(page: Page) -> None:
        page.tags = {"a": ("spark-ignore",)}
        page.change(**SOURCES, d="secret_below = 1")
        page.ask()

    (request,) = _sent(CHAT, does)
    content = request.messages[-1].content
    assert "def area" in content
    assert "import math" not in content
    assert "secret_below" not in content
    assert request.gap is None


def test_a_model_that_fills_gaps_is_given_one() -> None:
    (request,) = _sent(GAPS, lambda page: page.ask("y = area(", ")"))
    assert request.gap is not None
    assert request.gap.before == f"{SOURCES['a']}\n\n{SOURCES['b']}\n\ny = area("
    assert request.gap.after == ")"


def test_what_is_sent_of_the_notebook_stays_while_the_caret_stays_in_its_line() -> None:
    cells = {**{f"n{number}": f"name_{number} = {'1 + ' * 150}1" for number in range(40)}, "c": "x = "}

    async def go() -> list[str]:
        provider = Scripted(CHAT, "1")
        page = Page(provider, **cells)
        out = []
        for number, before in enumerate(("x = ", "x = name_3", "x = name_3\n")):
            page.ask(before, completion_id=str(number))
            await page.until(lambda: page.ends and page.ends[-1].completion_id == str(number))  # noqa: B023
            out.append(provider.requests[-1].messages[-1].content)
        return out

    first, same_line, next_line = (content.partition("Nothing follows.")[0] for content in asyncio.run(go()))
    assert first == same_line != next_line
    assert "name_3 = " not in first
    assert "name_3 = " in next_line


def test_the_sums_of_a_day(tmp_path: Path) -> None:
    journal = SafeJournal(lambda: open_journal(tmp_path / "j.db"))
    usage = {"input_tokens": 10, "output_tokens": 5, "cached_tokens": 2}
    for number, (at_s, tier) in enumerate(((5.0, "spark"), (20.0, "spark"), (30.0, "spark"), (30.0, "deep"))):
        figures = {} if number == 2 else {"usage": usage, "cost_usd": 0.5}
        journal.record_turn(
            TurnRecord(
                turn_id=str(number),
                created_at_s=at_s,
                kind="ask",
                instruction="",
                tier=tier,
                profile="p",
                model="m",
                status="finished",
                figures=figures,
            )
        )
    tally = CompletionTally()
    tally.add("spark", TurnFigures(usage=Usage(input_tokens=1, output_tokens=2)), counted=False)
    spark, deep = spent_since(10.0, journal, tally).tiers
    assert (spark.turns, spark.completions, spark.estimated) == (2, 1, True)
    assert (spark.input_tokens, spark.output_tokens, spark.cached_tokens, spark.cost_usd) == (11, 7, 2, 0.5)
    assert (deep.tier, deep.turns, deep.completions, deep.estimated) == ("deep", 1, 0, False)
    assert spent_since(1e12, journal, tally).tiers == ()
    journal.close()
    (only,) = spent_since(10.0, journal, tally).tiers
    assert (only.turns, only.cost_usd) == (0, None)
