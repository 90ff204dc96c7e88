"""Where answers come from: one protocol, and the endpoints that speak it.

A provider is one asynchronous generator: a request goes in, pieces of the answer come out, and closing the
generator closes the connection upstream.
"""

from __future__ import annotations

from jupyter_spark.providers._protocol import (
    Completed,
    Delta,
    Gap,
    Provider,
    ProviderEvent,
    ProviderRequest,
    Reasoning,
    Started,
    Steered,
    Steering,
    UsageSeen,
)
from jupyter_spark.providers._registry import import_sdk, open_provider

__all__ = [
    "Completed",
    "Delta",
    "Gap",
    "Provider",
    "ProviderEvent",
    "ProviderRequest",
    "Reasoning",
    "Started",
    "Steered",
    "Steering",
    "UsageSeen",
    "import_sdk",
    "open_provider",
]
