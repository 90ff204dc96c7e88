"""One JupyterLab, one browser and one paced endpoint for all of these tests; a page for each."""

from __future__ import annotations

import asyncio
import importlib.util
import math
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from jupyter_spark.errors import LocalModelError
from jupyter_spark.providers._engine import stop_engine
from jupyter_spark.providers.models import model_path, models_dir
from tests.paced import PacedServer, running_paced_server
from tests.ui.lab import BROWSER_FLAGS, LabNotebook, find_browser, running_lab

SETTINGS = """
[profiles.paced]
api = "chat"
base_url = "{base_url}"
models = ["paced"]
key_required = false
"""


TIERS = '[tiers]\nspark = "paced"\n'
TWO_TIERS = (
    '[tiers]\nspark = "paced"\ndeep = "deep"\n'
    + SETTINGS
    + '[profiles.deep]\napi = "chat"\nbase_url = "{base_url}"\nmodels = ["deep-thought"]\nkey_required = false\n'
)


def lacking(reason: str) -> None:
    if os.environ.get("JUPYTER_SPARK_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def stop_local_engine(home: Path) -> None:
    """End the built-in model's process that these tests have started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        with ThreadPoolExecutor(1) as elsewhere:  # playwright's own loop runs in this thread
            elsewhere.submit(lambda: asyncio.run(stop_engine())).result()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of the page on which a test failed."""
    report = yield
    values = getattr(item, "funcargs", {})
    if report.failed and report.when == "call" and "page" in values and "home" in values:
        picture = values["home"] / f"{item.name}.png"
        values["page"].screenshot(path=picture)
        report.sections.append(("The page", str(picture)))
    return report


# A busy machine may take its time; what is never so still fails.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        except Error as error:
            how = "apt-get install chromium, or: python -m playwright install chromium"
            lacking(f"no browser starts ({str(error).splitlines()[0]}). Get one: {how}")
        yield started
        started.close()


@pytest.fixture(scope="module")
def paced() -> Iterator[PacedServer]:
    with running_paced_server() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def settings_file(paced: PacedServer) -> str:
    """What the user's settings file says; a module may say something else."""
    return TIERS + SETTINGS.format(base_url=paced.base_url)


@pytest.fixture(scope="module")
def lab(home: Path, settings_file: str, browser: Browser) -> Iterator[str]:
    with running_lab(home, models_dir(), settings_file) as address:
        yield address
    stop_local_engine(home)


@pytest.fixture
def answer() -> object:
    """What the endpoint answers; a module may have something else."""
    return "All is well."


@pytest.fixture
def calm(paced: PacedServer, answer: str) -> None:
    """The endpoint answers at once and has not been asked yet, whatever the test before did."""
    paced.rate_tok_s, paced.first_token_s, paced.fault, paced.answer = math.inf, 0.0, None, answer
    paced.records.clear()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1600})
    yield context.new_page()
    context.close()


@pytest.fixture
def quickstart(lab: str, page: Page) -> LabNotebook:
    if importlib.util.find_spec("xllamacpp") is None:
        lacking('xllamacpp is not installed; run: pip install "jupyter-spark-ai[local]"')
    try:
        model_path("0.5b")
    except LocalModelError as error:
        lacking(str(error))
    notebook = LabNotebook(page, lab, "quickstart.ipynb")
    notebook.open()
    return notebook


@pytest.fixture
def on_paced(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> Callable[..., LabNotebook]:
    """Open a new notebook on the paced endpoint, with these cells after the two that set it up.

    Edits are applied and shown below their cells, as in a front end without the labextension.
    """

    def start(*sources: str) -> LabNotebook:
        setup = ("%load_ext jupyter_spark\n%config SparkMagics.in_cell = False", "%spark use paced")
        cells = [nbformat.v4.new_code_cell(source) for source in (*setup, *sources)]
        name = "".join(c if c.isalnum() else "-" for c in request.node.name) + ".ipynb"
        kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        whole = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
        nbformat.write(whole, home / "examples" / name)
        notebook = LabNotebook(page, lab, name)
        notebook.open()
        notebook.run(0)
        notebook.run(1)
        return notebook

    return start
