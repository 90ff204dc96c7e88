"""How long a snapshot of 1,000 mixed variables takes, beside asking each for its ``repr``, as ``%whos`` does.

``python -m tests.bench.variables [TIMES]`` prints the median of both and their ratio: once within the limits that the
product keeps (50 ms, 8 KB), once with room for every variable.
"""

from __future__ import annotations

import collections
import datetime
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import scipy.sparse  # type: ignore[import-untyped]
import xarray as xr

from jupyter_spark.kernel.variables import LIMIT_BYTES, LIMIT_MS, snapshot_json, take_snapshot
from tests import hostile

COUNT = 1000


class Model:
    """A user's class."""

    def __init__(self) -> None:
        self.rate, self.layers = 0.1, [1, 2, 3]


def mixed_variables() -> dict[str, Any]:
    """A thousand variables, of twenty kinds in turn."""
    days = pd.date_range("2020", periods=10_000, freq="h", tz="UTC")
    table = pd.DataFrame({f"c{i}": np.arange(10_000.0) for i in range(12)}, index=days)
    kinds: list[Callable[[int], Any]] = [
        lambda i: i,
        lambda i: i / 7,
        lambda i: f"text {i} " * (i % 30),
        lambda i: list(range(i)),
        lambda i: {f"k{j}": j for j in range(i % 50)},
        lambda i: {i, i + 1},
        lambda i: (i, "a", None),
        lambda i: np.zeros((i % 90 + 1, 100)),
        lambda i: np.array([i, "a", None], dtype=object),
        lambda _: table,
        lambda _: table["c1"],
        lambda i: pd.DataFrame({f"c{j}": [i] for j in range(30)}),
        lambda i: pl.DataFrame({"a": [i], "b": ["x"]}),
        lambda i: xr.DataArray(np.zeros((2, i % 9 + 1)), dims=("x", "y"), coords={"x": [1, 2]}),
        lambda i: pa.table({"a": [i]}),
        lambda _: scipy.sparse.eye(50, format="csr"),
        lambda i: datetime.datetime(2020, 1, 1 + i % 28, tzinfo=datetime.timezone.utc),
        lambda _: Model(),
        lambda _: mixed_variables,
        lambda i: collections.Counter("abc" * (i % 5)),
    ]
    return {f"name_{i}": kinds[i % len(kinds)](i) for i in range(COUNT)}


def median_ms(run: Callable[[], object], times: int) -> float:
    """Run a few times; return the median in milliseconds."""
    taken_ms = []
    for _ in range(times):
        begun_s = time.perf_counter()
        run()
        taken_ms.append(1000 * (time.perf_counter() - begun_s))
    return statistics.median(taken_ms)


def print_hostile(times: int) -> None:
    """Print what the hostile variables of the tests cost, and how often they noticed."""
    namespace = hostile.hostile_variables()
    hostile_ms = median_ms(lambda: take_snapshot(namespace), times)
    size_bytes = len(snapshot_json(namespace).encode())
    told = f"{size_bytes} bytes, {len(hostile.disarm())} side effects"
    print(f"  {len(namespace)} hostile ones   median {hostile_ms:8.2f} ms   {told}")


def main(times: int = 9) -> None:
    """Print medians and ratios."""
    namespace = mixed_variables()
    within = take_snapshot(namespace)
    whole = take_snapshot(namespace, limit_ms=60_000, limit_bytes=10_000_000)
    assert len(whole.rows) == COUNT
    print(f"variables: a snapshot of {COUNT} mixed ones, at most {LIMIT_MS:g} ms and {LIMIT_BYTES} bytes")
    repr_ms = median_ms(lambda: [repr(value) for value in namespace.values()], 3)
    within_ms = median_ms(lambda: take_snapshot(namespace), times)
    whole_ms = median_ms(lambda: take_snapshot(namespace, limit_ms=60_000, limit_bytes=10_000_000), times)
    print(f"  within the limits  median {within_ms:8.2f} ms   {len(within.rows)} told, {within.left_out} left out")
    print(f"  every variable     median {whole_ms:8.2f} ms   {len(whole.rows)} told")
    print_hostile(times)
    print(f"  repr of each       median {repr_ms:8.2f} ms   {repr_ms / whole_ms:.0f} times as long as every variable")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
