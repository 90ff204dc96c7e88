"""What every unit test begins with."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from jupyter_spark.redact import process_vault
from jupyter_spark.tokens import CORRECTIONS

# How long an example takes says more about a busy machine than about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def no_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test size a prompt by what an endpoint of another test counted."""
    monkeypatch.setattr(CORRECTIONS, "_seen", {})


@pytest.fixture(autouse=True)
def no_known_secrets() -> None:
    """Let no test keep back what another one kept back."""
    process_vault.cache_clear()
