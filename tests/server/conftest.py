"""One Jupyter server with the extension and one paced endpoint for all of these tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.server import JupyterServer, running_jupyter_server
from tests.paced import PacedServer, running_paced_server

SETTINGS = """
[tiers]
spark = "paced"

[profiles.paced]
api = "chat"
base_url = "{base_url}"
models = ["paced"]
key_required = false
"""


def server_environment(home: Path, base_url: str) -> dict[str, str]:
    """An environment in which nothing of the user's is in reach; set beside the caller's own."""
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_BASE_URL")) or name.startswith("JUPYTER_SPARK_P"):
            del os.environ[name]
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "jupyter_spark.toml").write_text(SETTINGS.format(base_url=base_url), "utf-8")
    env = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA")}
    return {**env, "HOME": str(home), "JUPYTER_SPARK_MODELS_DIR": str(home / "models")}


@pytest.fixture(scope="module")
def paced() -> Iterator[PacedServer]:
    with running_paced_server() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, paced: PacedServer) -> Iterator[JupyterServer]:
    home = tmp_path_factory.mktemp("server")
    with running_jupyter_server(home, server_environment(home, paced.base_url)) as running:
        yield running


@pytest.fixture(autouse=True)
def calm(paced: PacedServer) -> None:
    """Each test begins with an endpoint that answers at once."""
    paced.rate_tok_s, paced.first_token_s, paced.fault, paced.answer = float("inf"), 0.0, None, "All is well."
    paced.records.clear()
