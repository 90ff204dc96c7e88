"""The quickstart tells the truth: its cells, run in order in a real kernel on the local model, do what it says."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_spark.errors import LocalModelError
from jupyter_spark.providers._engine import stop_engine
from jupyter_spark.providers.models import model_path, models_dir
from tests.kernel.driver import Kernel, Ran

pytestmark = pytest.mark.model

QUICKSTART = Path(__file__).resolve().parents[2] / "examples" / "quickstart.ipynb"
RUN_TIMEOUT_S = 240.0


class Notebook:
    """The quickstart in a kernel, with the front end's part: what a cell asks to hold next goes into the cells."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        cells = nbformat.read(QUICKSTART, as_version=4).cells  # type: ignore[no-untyped-call]
        self.sources = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
        self.below: dict[str, str] = {}

    def run(self, cell_id: str) -> Ran:
        """Run a cell of the quickstart, and do with its payload what JupyterLab does."""
        ran = self.run_code(self.sources[cell_id], cell_id)
        for text, replace in ran.payload[:1]:
            (self.sources if replace else self.below)[cell_id] = text
        return ran

    def run_code(self, source: str, cell_id: str) -> Ran:
        """Run code as the cell of that id."""
        return self._kernel.run(source, cell_id=cell_id, timeout_s=RUN_TIMEOUT_S)

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the kernel."""
        return json.loads(self.run_code(f"import json; print(json.dumps({expression}))", "probe").printed)


def lacking(reason: str) -> None:
    if os.environ.get("JUPYTER_SPARK_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    if importlib.util.find_spec("xllamacpp") is None:
        lacking('xllamacpp is not installed; run: pip install "jupyter-spark-ai[local]"')
    try:
        model_path("0.5b")
    except LocalModelError as error:
        lacking(str(error))
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_SPARK_MODELS_DIR", str(models_dir()))
        for name in ("OPENAI_API_KEY", "CEREBRAS_API_KEY", "GROQ_API_KEY", "JUPYTER_SPARK_PROFILE"):
            patch.delenv(name, raising=False)
        for name in ("CONFIG", "DATA", "RUNTIME"):
            patch.setenv(f"JUPYTER_{name}_DIR", str(home / name.lower()))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        # What a Jupyter server tells a kernel of its notebook.
        kernel = Kernel(home / "work", {"JPY_SESSION_NAME": str(home / QUICKSTART.name)})
        try:
            yield Notebook(kernel)
        finally:
            kernel.close()
            asyncio.run(stop_engine())


@pytest.mark.timeout(600)
def test_the_quickstart_from_its_first_cell_to_its_last(notebook: Notebook) -> None:
    loaded = notebook.run("quickstart-01")
    assert (loaded.status, loaded.printed, loaded.warned) == ("ok", "", "")
    assert notebook.run("quickstart-03").status == "ok"

    # Rewrite: a checked edit takes the cell's place, and means the same.
    old = notebook.sources["quickstart-05"].partition("\n")[2]
    rewritten = notebook.run("quickstart-05")
    new = notebook.sources["quickstart-05"]
    assert rewritten.status == "ok"
    assert "%%spark" not in new
    assert new != old
    assert new.rstrip().endswith("for name, quantity, price in orders]")
    assert "✓ parses" in rewritten.shown
    assert "undo brings the old code back" in rewritten.shown
    assert notebook.run("quickstart-05").status == "ok"
    assert notebook.value("amounts") == [4.5, 24.0, 30.0]

    # Generate: from words to a new cell, which runs and does what the words say.
    assert notebook.run("quickstart-07").status == "ok"
    assert notebook.sources["quickstart-07"].startswith("%%spark")
    ran = notebook.run_code(notebook.below["quickstart-07"], "generated")
    assert ran.status == "ok"
    assert [line.split()[0].strip("':,") for line in ran.printed.splitlines()] == ["pen", "book", "lamp"]

    # Explain: words, as Markdown; the cell stays.
    explained = notebook.run("quickstart-09")
    assert explained.status == "ok"
    words = "".join(bundle.get("text/markdown", "") for bundle in explained.displays)
    assert len(words.split()) > 10
    assert "max" in words
    assert notebook.sources["quickstart-09"].startswith("%%spark --explain")

    # Fix: the error is real, and the code that comes runs.
    broken = notebook.sources["quickstart-11"]
    assert notebook.run("quickstart-11").error["ename"] == "AttributeError"
    assert notebook.run("quickstart-12").status == "ok"
    assert "%spark" not in notebook.sources["quickstart-12"]
    fixed = notebook.run("quickstart-12")
    assert (fixed.status, fixed.printed.strip()) == ("ok", "4.0")

    # Undo: what the fix replaced is back.
    assert notebook.run("quickstart-14").status == "ok"
    assert notebook.sources["quickstart-14"] == broken

    status = notebook.run("quickstart-15")
    assert status.status == "ok"
    assert "local" in status.printed
    assert "ready" in status.printed
