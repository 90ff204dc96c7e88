"""A user's home, a paced endpoint and a real kernel; a module shares them, since a kernel takes seconds to start."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kernel.driver import Kernel
from tests.paced import PacedServer, running_paced_server

KEY = "sk-test-0123456789abcdef"
ANSWER = "```python\ntotal = 1 + 1\n```\nDone."


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home, with nothing of the developer's settings, keys or journal in reach."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.endswith(("_API_KEY", "_BASE_URL")) or name.startswith(("JUPYTER_", "JPY_", "IPYTHON", "HF_")):
                patch.delenv(name)
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.delenv(name, raising=False)
        for name, part in {"HOME": "", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data"}.items():
            patch.setenv(name, str(folder / part))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        patch.setenv("JUPYTER_SPARK_MODELS_DIR", str(folder / "no-models"))
        yield folder


@pytest.fixture(scope="module")
def endpoint() -> Iterator[PacedServer]:
    """The endpoint of this module; `paced` is how a test gets it in a known state."""
    with running_paced_server() as server:
        yield server


@pytest.fixture
def paced(endpoint: PacedServer) -> PacedServer:
    """The endpoint, as fast as it goes, with nothing left of the test before."""
    endpoint.rate_tok_s, endpoint.first_token_s = math.inf, 0.0
    endpoint.answer, endpoint.fault, endpoint.require_key = ANSWER, None, None
    endpoint.records.clear()
    return endpoint


@pytest.fixture(scope="module")
def kernel(home: Path, endpoint: PacedServer) -> Iterator[Kernel]:
    """A kernel with the extension loaded and its settings pointing to the endpoint."""
    started = Kernel(home / "work", {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": KEY})
    try:
        assert started.run("%load_ext jupyter_spark").status == "ok"
        yield started
    finally:
        started.close()


@pytest.fixture
def new_kernel(home: Path, tmp_path: Path) -> Iterator[Callable[[], Kernel]]:
    """Start kernels of a test's own."""
    started: list[Kernel] = []

    def start() -> Kernel:
        started.append(Kernel(tmp_path / f"kernel-{len(started)}"))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def fenced() -> Callable[[str], str]:
    """Write an answer around a cell's new text."""
    return lambda code: f"```python\n{code}\n```\n"


@pytest.fixture
def prompt(paced: PacedServer) -> Callable[[int], str]:
    """What the user's last message of a request said, by the request's place."""

    def read(index: int = -1) -> str:
        body = paced.records[index].body
        assert body is not None
        return str(body["input"][-1]["content"])

    return read
