"""Alternatives, new words and a fallback with the real engine and the real model."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jupyter_spark.alternatives import rank_proposals, run_alternatives, spread_request
from jupyter_spark.errors import LocalModelError
from jupyter_spark.fallback import Substitute, run_turn_or_substitute
from jupyter_spark.providers import Provider, Steering, open_provider
from jupyter_spark.providers._engine import stop_engine
from jupyter_spark.providers.models import model_path
from jupyter_spark.request import build_request
from jupyter_spark.settings import Profile, load_settings
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot, TurnRequest
from tests.local.test_real_engine import lacking

pytestmark = pytest.mark.model

CELL = "amounts = []\nfor name, quantity, price in orders:\n    amounts.append(quantity * price)"
LOCAL = load_settings(env={}).profile("local")


@pytest.fixture(scope="module", autouse=True)
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A runtime directory of this module's own: the user's engine is left alone."""
    if importlib.util.find_spec("xllamacpp") is None:
        lacking('xllamacpp is not installed; run: pip install "jupyter-spark-ai[local]"')
    try:
        model_path("0.5b")
    except LocalModelError as error:
        lacking(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield
        asyncio.run(stop_engine())


def request(words: str = "use a list comprehension", profile: Profile = LOCAL) -> TurnRequest:
    cell = CellSnapshot(cell_id="c", source=CELL)
    notebook = NotebookSnapshot(cells=(cell,))
    return build_request("rewrite", words, profile, notebook, target=cell, live_names={"orders"})


@asynccontextmanager
async def opened(profile: Profile) -> AsyncIterator[Provider]:
    provider = open_provider(profile)
    try:
        yield provider
    finally:
        await provider.aclose()


def test_alternatives_stream_side_by_side() -> None:
    async def run() -> list[tuple[int, Any]]:
        async with opened(LOCAL) as provider:
            requests = spread_request(request(), 3)
            return [pair async for pair in run_alternatives(requests, lambda one: run_turn(one, provider))]

    pairs = asyncio.run(run())
    ends = [(index, event.type) for index, event in pairs if event.type.startswith(("turn_f", "turn_c"))]
    assert sorted(ends) == [(index, "turn_finished") for index in range(3)]
    ranked = rank_proposals(event.proposal for _, event in pairs if event.type == "edit_ready")
    assert ranked[0].holds
    assert " for name, quantity, price in orders" in ranked[0].edit.new_source


def test_new_words_redirect_a_running_answer() -> None:
    async def run() -> list[Any]:
        steering, events = Steering(), []
        async with opened(LOCAL) as provider:
            async for event in run_turn(request("add a comment to each line"), provider, steering=steering):
                events.append(event)
                if event.type == "edit_delta" and not any(e.type == "edit_delta" for e in events[:-1]):
                    steering.say("no comments: only use a list comprehension")
        return events

    events = asyncio.run(run())
    told = [event.words for event in events if event.type == "turn_steered"]
    assert told == ["no comments: only use a list comprehension"]
    assert events[-1].type == "turn_finished"
    begun = max(i for i, event in enumerate(events) if event.type == "edit_started")
    shown = [line for event in events[begun:] if event.type == "edit_delta" for line in event.lines]
    assert events[-1].proposal.repaired or "\n".join(shown) == events[-1].proposal.edit.new_source


def test_the_built_in_model_takes_over_with_a_prompt_of_its_own() -> None:
    away = Profile(name="away", base_url="http://127.0.0.1:9/v1", models=("none",), key_required=False)

    async def run() -> list[Any]:
        async with opened(away) as first, opened(LOCAL) as other:
            waiting = [Substitute(other, request)]
            return [event async for event in run_turn_or_substitute(request(profile=away), first, waiting)]

    events = asyncio.run(run())
    assert [event.profile for event in events if event.type == "turn_started"] == ["away", "local"]
    sizes = [event.prompt_tokens for event in events if event.type == "context_packed"]
    assert sizes[1] < sizes[0]  # a small model is not told what a large one is
    assert events[-1].proposal.holds
