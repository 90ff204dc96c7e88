"""What every unit test begins with."""

from __future__ import annotations

import pytest

from jupyter_spark.tokens import CORRECTIONS


@pytest.fixture(autouse=True)
def no_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test size a prompt by what an endpoint of another test counted."""
    monkeypatch.setattr(CORRECTIONS, "_seen", {})
