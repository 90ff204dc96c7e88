"""A real JupyterLab in a real browser, and what a user does there."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "examples" / "quickstart.ipynb"
TOKEN = "ui-tests"
START_TIMEOUT_S = 120.0
WAIT_S = 15.0
TURN_TIMEOUT_MS = 120_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_KERNEL_IS_IDLE = """() => {
  const context = window.jupyterapp.shell.currentWidget?.context?.sessionContext;
  const kernel = context?.session?.kernel;
  return context?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
_EXPOSING = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}
_NOTIFICATIONS = {"fetchNews": "false", "checkForUpdates": False}


def find_browser() -> str | None:
    """Return the path of a browser of this machine's, if there is one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def isolated_environment(home: Path, models: Path) -> dict[str, str]:
    """Return an environment in which nothing of the user's but the models is in reach."""
    own = ("_API_KEY", "_BASE_URL")
    env = {k: v for k, v in os.environ.items() if not k.endswith(own) and not k.startswith(("JUPYTER", "JPY_"))}
    env |= {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    env |= {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    env |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"), "JUPYTER_SPARK_MODELS_DIR": str(models)}
    return env | {"JUPYTER_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}


@contextmanager
def running_lab(home: Path, models: Path, settings: str) -> Iterator[str]:
    """Run JupyterLab as ``make lab LAB_ARGS="--no-browser --port N"`` does, on a copy of the quickstart.

    Yields
    ------
    str
        The server's address.
    """
    prepare_home(home, settings)
    port = free_port()
    with served(home, models, port):
        yield f"http://127.0.0.1:{port}"


def prepare_home(home: Path, settings: str) -> None:
    """Write what a user of these tests has: the quickstart, the settings, no news."""
    (home / "examples").mkdir()
    shutil.copy(QUICKSTART, home / "examples")
    (home / "config").mkdir()
    (home / "config" / "jupyter_spark.toml").write_text(settings, "utf-8")
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text(json.dumps(_NOTIFICATIONS), "utf-8")


@contextmanager
def served(
    home: Path, models: Path, port: int, *, app: str = "jupyterlab", env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server's process: JupyterLab's, or that of Notebook 7 (``app="notebook"``)."""
    command = [sys.executable, "-m", app, "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command += [f"--{_EXPOSING[app]}.expose_app_in_browser=True", f"examples/{QUICKSTART.name}"]
    whole = {**isolated_environment(home, models), **(env or {})}
    with (home / "lab.log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env=whole, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}", process, home / "lab.log")
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


def free_port() -> int:
    """Return a port that is free, and not of those that the system gives to whoever asks for any, as kernels do."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s and process.poll() is None:
        with suppress(OSError):
            opener.open(f"{address}/api?token={TOKEN}", timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text('utf-8')[-2000:]}")


class LabNotebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page, address: str, name: str) -> None:
        self.page, self.address, self.name = page, address, name

    def open(self) -> None:
        """Open (or reload) the notebook and wait until its kernel is idle."""
        self.page.goto(f"{self.address}/doc/tree/{self.name}?token={TOKEN}")
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")
        self.wait_idle()

    def wait_idle(self) -> None:
        """Wait until the kernel is idle."""
        self.page.wait_for_function(_KERNEL_IS_IDLE, timeout=TURN_TIMEOUT_MS)

    def cell(self, index: int) -> Locator:
        """Return a cell, by its place in the notebook."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def source(self, index: int) -> str:
        """Return the text in a cell's editor."""
        lines = self.cell(index).locator(".jp-InputArea-editor .cm-content .cm-line")
        return "\n".join(line.rstrip("\n") for line in lines.all_inner_texts())

    def output(self, index: int) -> Locator:
        """Return a cell's outputs."""
        return self.cell(index).locator(".jp-OutputArea-output")

    def press_run(self, index: int) -> None:
        """Click into a cell and press Shift+Enter."""
        self.cell(index).locator(".jp-InputArea-editor .cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def run(self, index: int) -> None:
        """Run a cell to its end."""
        prompt = self.cell(index).locator(".jp-InputPrompt").first
        self.wait_until(lambda: "*" not in prompt.inner_text())  # an earlier run's number is still to come
        before = prompt.inner_text()
        self.press_run(index)
        self.wait_until(
            lambda: (now := prompt.inner_text()) != before and any(map(str.isdigit, now)), TURN_TIMEOUT_MS / 1000
        )
        self.wait_idle()

    def wait_until(self, holds: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Wait until something is so that the page does not tell of itself."""
        deadline_s = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"did not come true within {timeout_s:g} s")
            self.page.wait_for_timeout(20)

    def write(self, index: int, text: str) -> None:
        """Type a cell's text in place of what it held."""
        self.cell(index).locator(".jp-InputArea-editor .cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def command(self, name: str, arguments: Mapping[str, object] | None = None) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args); }", [name, dict(arguments or {})]
        )
