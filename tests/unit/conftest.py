"""What a process learns while it lives, each test learns for itself."""

from __future__ import annotations

import pytest

from jupyter_spark.redact import process_vault
from jupyter_spark.tokens import CORRECTIONS


@pytest.fixture(autouse=True)
def _nothing_learnt_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CORRECTIONS, "_seen", {})
    process_vault.cache_clear()
