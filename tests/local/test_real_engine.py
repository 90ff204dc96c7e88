"""The engine with the real package and the real model."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.errors import LocalModelError
from jupyter_spark.providers import _engine, _engine_files
from jupyter_spark.providers._engine import EngineAddress, engine_status, ensure_engine, stop_engine
from jupyter_spark.providers.models import model_path

pytestmark = pytest.mark.model

CELL = """import pandas as pd

df = pd.read_csv("sales.csv")
total = df.groupby("month")["amount"].sum()
print(total)
"""
MESSAGES = [
    {"role": "system", "content": "You rewrite one notebook cell. Answer with the whole new cell in one fence."},
    {"role": "user", "content": f"```python\n{CELL}```\nRename df to sales."},
    {"role": "assistant", "content": "```python\n"},
]


def lacking(reason: str) -> None:
    if os.environ.get("JUPYTER_SPARK_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def model() -> Path:
    if importlib.util.find_spec("xllamacpp") is None:
        lacking('xllamacpp is not installed; run: pip install "jupyter-spark-ai[local]"')
    try:
        return model_path("0.5b")
    except LocalModelError as error:
        lacking(str(error))
        raise


@pytest.fixture(scope="module", autouse=True)
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A runtime directory of this module's own: the user's engine is left alone."""
    folder = tmp_path_factory.mktemp("runtime")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
        yield folder
        asyncio.run(stop_engine())


def ensure(model: Path, **options: float) -> EngineAddress:
    return asyncio.run(ensure_engine(model, **options))


@contextmanager
def ask(address: EngineAddress, key: str, **options: Any) -> Iterator[http.client.HTTPResponse]:
    """Stream a completion; the connection ends with the block."""
    connection = http.client.HTTPConnection(address.base_url.split("/")[2], timeout=120)
    body = {"messages": MESSAGES, "stream": True, "temperature": 0, "max_tokens": 200, **options}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        yield connection.getresponse()
    finally:
        connection.close()


def answer(address: EngineAddress, **options: Any) -> list[dict[str, Any]]:
    """Return all events of a completion."""
    with ask(address, address.api_key, **options) as response:
        lines = [line.strip() for line in response if line.startswith(b"data: ")]
    assert lines.pop() == b"data: [DONE]"
    return [json.loads(line.removeprefix(b"data: ")) for line in lines]


def text_of(events: list[dict[str, Any]]) -> str:
    deltas = [choice["delta"] for event in events for choice in event.get("choices", [])]
    return "".join(delta.get("content") or "" for delta in deltas)


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.02)


def is_gone(address: EngineAddress) -> bool:
    return not _engine_files.is_alive(_engine_files.EngineFiles(address.runtime_file))


def test_a_rewrite_streams_on_from_the_prefill_and_stops_at_the_fence(model: Path) -> None:
    address = ensure(model)
    options = {"stop": ["\n```"], "stream_options": {"include_usage": True}}
    first = answer(address, **options)
    text = text_of(first)
    assert text.startswith("import pandas")  # it continues the fence that was begun for it
    assert "```" not in text
    compile(text, "cell", "exec")
    assert first[-1]["usage"]["completion_tokens"] > 20
    again = answer(address, **options)
    assert text_of(again) == text
    assert again[-1]["usage"]["prompt_tokens_details"]["cached_tokens"] > 50  # the prompt's prefix is kept


def test_a_wrong_key_is_refused(model: Path) -> None:
    address = ensure(model)
    for key in ("wrong", ""):
        with ask(address, key) as response:
            assert response.status == 401
            assert "*" not in (response.getheader("Access-Control-Allow-Origin") or "")


def test_a_second_process_joins_the_first(model: Path) -> None:
    address = ensure(model)
    code = (
        "import asyncio, sys; from pathlib import Path; from jupyter_spark.providers._engine import ensure_engine;"
        "print(asyncio.run(ensure_engine(Path(sys.argv[1]))).pid)"
    )
    root = Path(_engine.__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=True, cwd=root)
    assert int(ran.stdout) == address.pid
    assert [engine.pid for engine in engine_status()] == [address.pid]


def test_two_answers_at_once(model: Path) -> None:
    address = ensure(model)
    texts: list[str] = []

    def rewrite() -> None:
        texts.append(text_of(answer(address, stop=["\n```"])))

    threads = [threading.Thread(target=rewrite) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 2
    assert all("import pandas" in text for text in texts)


def test_a_client_that_goes_away_frees_the_engine(model: Path) -> None:
    address = ensure(model)
    with ask(address, address.api_key, max_tokens=3000, ignore_eos=True) as response:
        response.read(200)
        assert is_busy(address)
    wait_until(lambda: not is_busy(address))
    assert text_of(answer(address, max_tokens=5))


def is_busy(address: EngineAddress) -> bool:
    connection = http.client.HTTPConnection(address.base_url.split("/")[2], timeout=60)
    connection.request("GET", "/slots", headers={"Authorization": f"Bearer {address.api_key}"})
    slots = json.loads(connection.getresponse().read())
    connection.close()
    assert len(slots) == 2
    return any(slot["is_processing"] for slot in slots)


def test_the_log_keeps_no_prompt(model: Path) -> None:
    address = ensure(model)
    answer(address, max_tokens=5)
    log = _engine_files.EngineFiles(address.runtime_file).log.read_text("utf-8")
    assert "sales" not in log
    assert address.api_key not in log


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_a_killed_engine_cuts_the_answer_and_the_next_turn_has_a_new_one(model: Path) -> None:
    first = ensure(model)
    with ask(first, first.api_key, max_tokens=3000, ignore_eos=True) as response:
        response.read(200)
        os.kill(first.pid, signal.SIGKILL)
        with pytest.raises((OSError, http.client.HTTPException)):
            response.read()
    wait_until(lambda: is_gone(first))
    second = ensure(model)
    assert second.pid != first.pid
    assert text_of(answer(second, max_tokens=5))


def test_stop_ends_it_in_mid_answer(model: Path) -> None:
    address = ensure(model)
    with ask(address, address.api_key, max_tokens=3000, ignore_eos=True) as response:
        response.read(200)
        assert asyncio.run(stop_engine(model)) == 1
        assert is_gone(address)
        with pytest.raises((OSError, http.client.HTTPException)):
            response.read()
    assert engine_status() == ()


def test_it_ends_when_idle_but_not_while_it_answers(model: Path) -> None:
    address = ensure(model, idle_s=0.5)
    events = answer(address, max_tokens=60, ignore_eos=True)  # takes longer than the idle time
    assert [event["choices"][0]["finish_reason"] for event in events if event["choices"]][-1] == "length"
    wait_until(lambda: not address.runtime_file.exists())
    wait_until(lambda: is_gone(address))


@pytest.mark.parametrize("kept_bytes", [20, 3_000_000])
def test_a_damaged_model_is_one_clear_error(model: Path, tmp_path: Path, kept_bytes: int) -> None:
    damaged = tmp_path / "damaged.gguf"
    with model.open("rb") as file:
        damaged.write_bytes(file.read(kept_bytes))
    with pytest.raises(LocalModelError, match=r"ended while it loaded the model .* failed to") as caught:
        ensure(damaged)
    assert caught.value.code == "engine_failed"
