"""A user of the command line: a home of their own, a notebook, an endpoint that answers by script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.cli import run

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def err_lines(self) -> list[str]:
        return self.err.splitlines()


class User:
    """Runs commands in this process, in a home and a directory of their own."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.config = home / "config" / "jupyter_spark.toml"
        self._capsys = capsys

    def run(self, *arguments: str | Path) -> Outcome:
        self._capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        return Outcome(status, out, err)

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Run a command in a process of its own, piped."""
        command = [sys.executable, "-m", "jupyter_spark.cli", *map(str, arguments)]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
        return subprocess.Popen(
            command, cwd=self.home, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )

    def answer(self, *rows: str | dict[str, str]) -> None:
        """Make the scripted profile answer so; a text stands for the answer to everything."""
        script = self.home / "script.jsonl"
        lines = [json.dumps({"answer": row} if isinstance(row, str) else row) for row in rows]
        script.write_text("\n".join(lines) + "\n", "utf-8")
        self.settings(f"[tiers]\nspark = 'demo'\n[profiles.demo]\napi = 'scripted'\nscript = '{script}'\n")

    def settings(self, text: str) -> None:
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text, "utf-8")

    def notebook(self, *cells: str | dict[str, Any], name: str = "nb.ipynb") -> Path:
        """Write a notebook; a text stands for a code cell."""
        made = [self._cell(number, cell) for number, cell in enumerate(cells)]
        content = {"cells": made, "metadata": {"kept": [1.50, "é"]}, "nbformat": 4, "nbformat_minor": 5}
        path = self.home / name
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return path

    @staticmethod
    def _cell(number: int, cell: str | dict[str, Any]) -> dict[str, Any]:
        given = {"source": cell} if isinstance(cell, str) else dict(cell)
        whole = {
            "cell_type": "code",
            "execution_count": number + 1,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            **given,
        }
        whole["source"] = whole["source"].splitlines(True)
        if whole["cell_type"] != "code":
            del whole["execution_count"], whole["outputs"]
        return whole


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[User]:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_BASE_URL")) or name.startswith(("JUPYTER_", "HF_")):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    for name, folder in {"HOME": "", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data"}.items():
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(home)
    yield User(home, capsys)


@pytest.fixture
def fenced() -> Callable[[str], str]:
    """Write an answer around a cell's new text."""
    return lambda code: f"```python\n{code}\n```\n"
