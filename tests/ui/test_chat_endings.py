"""The chat where things end: a server that is killed, a first run without anybody to answer, another front end."""

from __future__ import annotations

import functools
import math
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jupyter_spark.errors import LocalModelError
from jupyter_spark.providers.models import find_spec, model_path, models_dir
from tests.paced import PacedServer
from tests.ui.composer import SidebarChat
from tests.ui.conftest import lacking
from tests.ui.lab import TOKEN, LabNotebook, free_port, prepare_home, served

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser]

LONG = "".join(f"Sentence {number} is here.\n" for number in range(400))
NAME = "quickstart.ipynb"


def test_a_server_that_is_killed_in_mid_stream(
    tmp_path: Path, paced: PacedServer, settings_file: str, page: Page
) -> None:
    """The turn is shown as interrupted with what arrived; the conversation is there after the restart."""
    prepare_home(tmp_path, settings_file)
    port = free_port()
    notebook, chat = LabNotebook(page, f"http://127.0.0.1:{port}", NAME), SidebarChat(page)
    with ExitStack() as servers:
        process = servers.enter_context(served(tmp_path, models_dir(), port))
        notebook.open()
        chat.open()
        chat.ask("first")
        chat.ended(0)
        paced.answer, paced.rate_tok_s = LONG, 50.0
        chat.ask("write much")
        expect(chat.turns.nth(1)).to_contain_text("Sentence 12 is here.")  # the journal has some of it by now
        process.kill()
    with served(tmp_path, models_dir(), port):
        turn = chat.ended(1, "interrupted")
        expect(turn).to_contain_text("interrupted")
        expect(turn).to_contain_text("Sentence 12 is here.")
        notebook.open()  # away from JupyterLab's own dialogs about the server that was lost
        chat.open()
        expect(chat.turns).to_have_count(2)
        assert [turn.get_attribute("data-state") for turn in chat.turns.all()] == ["done", "interrupted"]
        kept = chat.turns.nth(1).locator(".jp-Spark-answer").inner_text()
        assert kept.startswith("Sentence 0 is here.")
        paced.answer, paced.rate_tok_s = "It goes on.", math.inf
        chat.ask("and now?")
        expect(chat.ended(2)).to_contain_text("It goes on.")


@contextmanager
def hub_of_files(folder: Path) -> Iterator[str]:
    """A hub on loopback that has these files."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.mark.model
def test_the_first_run_with_the_built_in_model(tmp_path: Path, page: Page) -> None:
    """First the hub has no such file, and the panel says what to do; then it has, and somebody answers."""
    try:
        kept = model_path("0.5b")
    except LocalModelError as error:
        lacking(str(error))
    spec = find_spec("0.5b")
    hub = tmp_path / "hub" / spec.hub_path
    home = tmp_path / "home"
    home.mkdir()
    prepare_home(home, "")
    hub.parent.mkdir(parents=True)
    port = free_port()
    notebook, chat = LabNotebook(page, f"http://127.0.0.1:{port}", NAME), SidebarChat(page)
    with hub_of_files(tmp_path / "hub") as address:
        # An index that is nobody: the other source of the file.
        env = {"HF_ENDPOINT": address, "PIP_INDEX_URL": f"{address}/none", "PIP_RETRIES": "0"}
        with served(home, tmp_path / "models", port, env=env):
            notebook.open()
            chat.open()
            use = chat.panel.get_by_role("button", name="Use the built-in model (479 MB)")
            use.click()
            expect(chat.panel.get_by_role("alert")).to_contain_text("Check the network", timeout=60_000)
            hub.symlink_to(kept)
            use.click()
            expect(chat.panel.get_by_role("progressbar")).to_be_visible()
            expect(chat.panel.get_by_text("Ask about this notebook")).to_be_visible(timeout=120_000)
    assert (tmp_path / "models" / spec.file_name).stat().st_size == spec.size_bytes


def test_the_first_run_with_a_key(tmp_path: Path, page: Page) -> None:
    """It goes to the system's keyring through the server, is kept nowhere in the page, and counts."""
    home = tmp_path / "home"
    home.mkdir()
    prepare_home(home, "")
    port = free_port()
    notebook, chat = LabNotebook(page, f"http://127.0.0.1:{port}", NAME), SidebarChat(page)
    env = {"PYTHON_KEYRING_BACKEND": "tests.ui.keyring_file.FileKeyring", "SPARK_TEST_KEYRING": str(home / "keys")}
    with served(home, tmp_path / "models", port, env=env):
        notebook.open()
        chat.open()
        chat.panel.get_by_role("button", name="Use a key").click()
        expect(chat.panel).to_contain_text("never in the browser")
        chat.panel.get_by_label("Key of").select_option("GROQ_API_KEY")
        field = chat.panel.get_by_label("Key", exact=True)
        field.fill("  ")
        page.keyboard.press("Enter")
        expect(chat.panel.get_by_role("alert")).to_contain_text("That is no key.")
        expect(field).to_have_value("")
        field.fill("sk-of-the-test")
        page.keyboard.press("Enter")
        expect(chat.panel.get_by_text("Ask about this notebook")).to_be_visible()
        expect(chat.panel.get_by_role("radio", name="Fast")).to_have_attribute("title", re.compile("Groq.*ready"))
        stored = page.evaluate("() => JSON.stringify({...localStorage, ...sessionStorage})")
        assert "sk-of-the-test" not in stored + page.content()
        assert "GROQ_API_KEY" in (home / "keys").read_text("utf-8")


def test_notebook_7_runs_the_same_bundle(tmp_path: Path, paced: PacedServer, settings_file: str, page: Page) -> None:
    prepare_home(tmp_path, settings_file)
    port = free_port()
    with served(tmp_path, models_dir(), port, app="notebook"):
        page.goto(f"http://127.0.0.1:{port}/notebooks/{NAME}?token={TOKEN}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        chat = SidebarChat(page)
        chat.open()
        chat.ask("what of orders?")
        expect(chat.ended()).to_contain_text("All is well.")
        assert "orders = [" in str(paced.records[-1].body)
