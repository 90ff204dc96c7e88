"""What defines the names of a cell is in its pack, by another program's reading of the real notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_spark.notebook import read_notebook, snapshot
from tests.bench.recall import NOTEBOOKS, measure


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_recall(path: Path) -> None:
    by_budget = measure(snapshot(read_notebook(path)), (4_000, 32_000))
    assert by_budget[4_000].needed > 0
    assert by_budget[4_000].found >= 0.98 * by_budget[4_000].needed
    assert by_budget[32_000].found == by_budget[32_000].needed
