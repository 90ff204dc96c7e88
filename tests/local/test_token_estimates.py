"""The estimates against the built-in model's own tokenizer."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_spark.errors import LocalModelError
from jupyter_spark.providers._engine import ensure_engine, stop_engine
from jupyter_spark.providers.models import model_path
from jupyter_spark.tokens import estimate_tokens

pytestmark = pytest.mark.model

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def outputs(path: Path, kind: str) -> list[str]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    bundles = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return ["".join(data[kind])[:20_000] for data in bundles if kind in data]


PICTURES = [path for path in NOTEBOOKS if outputs(path, "image/png")]
TABLES = [path for path in NOTEBOOKS if any("<table" in text for text in outputs(path, "text/html"))]


@pytest.fixture(scope="module")
def count(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], int]]:
    try:
        if importlib.util.find_spec("xllamacpp") is None:
            raise LocalModelError("xllamacpp is not installed")
        model = model_path("0.5b")
    except LocalModelError as error:
        if os.environ.get("JUPYTER_SPARK_REQUIRE_ALL") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        address = asyncio.run(ensure_engine(model))
        parts = urlsplit(address.base_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

        def ask(text: str) -> int:
            headers = {"Authorization": f"Bearer {address.api_key}", "Content-Type": "application/json"}
            connection.request("POST", "/tokenize", json.dumps({"content": text}), headers)
            return len(json.loads(connection.getresponse().read())["tokens"])

        yield ask
        connection.close()
        asyncio.run(stop_engine(model))


def error_of(texts: list[str], count: Callable[[str], int]) -> float:
    counted = sum(map(count, texts))
    return sum(map(estimate_tokens, texts)) / counted - 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebooks_cells(path: Path, count: Callable[[str], int]) -> None:
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    error = error_of(cells, count)
    print(f"{path.stem}: {error:+.1%}")
    assert abs(error) <= 0.15


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_tables(path: Path, count: Callable[[str], int]) -> None:
    pages = [text for text in outputs(path, "text/html") if "<table" in text]
    assert abs(error_of(pages, count)) <= 0.25
    assert abs(error_of(outputs(path, "text/plain"), count)) <= 0.25


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_base64(path: Path, count: Callable[[str], int]) -> None:
    assert abs(error_of(outputs(path, "image/png"), count)) <= 0.25
