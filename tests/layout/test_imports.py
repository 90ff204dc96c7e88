"""What importing costs: heavy modules load at first use, never on the way of an import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_spark

ROOT = Path(jupyter_spark.__file__).parents[1]
# `%load_ext` must load none of these (issue A, Shows 2) ...
NEVER = {"openai", "httpx2", "ipywidgets", "nbformat", "pydantic"}
# ... and nothing that only imports modules of ours needs these.
HEAVY = NEVER | {"IPython", "pyflakes", "keyring", "jupyter_core", "xllamacpp", "rich", "typer", "numpy", "pandas"}


def loaded(code: str, names: set[str]) -> set[str]:
    """Which of these modules a fresh interpreter has loaded after the code."""
    script = f"{code}\nimport sys\nprint(*sorted(sys.modules.keys() & {names!r}))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("module", ["", ".errors", ".diff", ".ipysyntax", ".dataflow", ".outputs"])
def test_the_lightest_modules_load_nothing_heavy(module: str) -> None:
    assert loaded(f"import jupyter_spark{module}", HEAVY | {"asyncio", "sqlite3"}) == set()


ENGINE = (
    *("wire", "settings", "edits", "checks", "context", "prompts", "request", "turn", "providers"),
    *("providers.chat", "providers.responses", "providers.scripted", "providers._failures"),
)


@pytest.mark.parametrize("module", ENGINE)
def test_the_engine_loads_pydantic_and_nothing_else_that_is_heavy(module: str) -> None:
    assert loaded(f"import jupyter_spark.{module}", HEAVY) == {"pydantic"}


def test_public_names_load_when_they_are_used() -> None:
    code = "import jupyter_spark\njupyter_spark.SparkError\n"
    assert loaded(code, HEAVY) == set()
    assert loaded(code + "jupyter_spark.run_turn, jupyter_spark.open_provider", HEAVY) == {"pydantic"}
    for name in jupyter_spark.__all__:
        assert getattr(jupyter_spark, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = jupyter_spark.absent


def test_a_scripted_turn_needs_no_http(tmp_path: Path) -> None:
    script = tmp_path / "demo.jsonl"
    script.write_text('{"answer": "```python\\na = 2\\n```"}', "utf-8")
    code = f"""
import asyncio
from jupyter_spark.providers import open_provider
from jupyter_spark.settings import Profile
from jupyter_spark.turn import run_turn
from jupyter_spark.wire import CellSnapshot, TurnRequest
cell = CellSnapshot(cell_id="c", source="a = 1")
request = TurnRequest(turn_id="t", kind="rewrite", instruction="two", target=cell)
async def main():
    provider = open_provider(Profile(name="p", api="scripted", script={str(script)!r}))
    return [event async for event in run_turn(request, provider)]
assert asyncio.run(main())[-1].proposal.holds
"""
    assert loaded(code, HEAVY - {"IPython"}) == {"pydantic", "pyflakes"}


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_opening_a_provider_connects_and_imports_nothing(api: str) -> None:
    code = (
        "from jupyter_spark.providers import open_provider\nfrom jupyter_spark.settings import Profile\n"
        f"open_provider(Profile(name='p', api='{api}', base_url='http://127.0.0.1:9/v1'), {{}})"
    )
    assert loaded(code, HEAVY) == {"pydantic"}
