"""More than a hundred variables that act when they are looked at: none of them notices."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_spark.kernel.variables import LIMIT_BYTES, snapshot_json, summarize, take_snapshot
from tests import hostile


@pytest.fixture(scope="module")
def namespace() -> Iterator[dict[str, Any]]:
    yield hostile.hostile_variables()
    hostile.disarm()


@pytest.fixture(autouse=True)
def armed(namespace: dict[str, Any]) -> Iterator[None]:
    hostile.EFFECTS.clear()
    hostile.ARMED[0] = True
    yield
    hostile.ARMED[0] = False


def test_nothing_happens_and_all_is_within_the_limits(namespace: dict[str, Any]) -> None:
    assert len(namespace) >= 100
    modules, collecting = set(sys.modules), gc.isenabled()
    identities = {name: id(value) for name, value in namespace.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = snapshot_json(namespace, limit_ms=60_000)  # the time is measured by the bench
    hostile.ARMED[0] = False
    assert hostile.EFFECTS == []
    assert len(text.encode()) <= LIMIT_BYTES
    told = json.loads(text)
    assert len(told["variables"]) + told["left_out"] == len(namespace)
    assert set(sys.modules) == modules  # no lazy import was carried out
    assert gc.isenabled() == collecting
    assert {name: id(value) for name, value in namespace.items()} == identities
    assert next(namespace["endless"]) == 0
    assert namespace["file"].tell() == 0
    assert not namespace["lock"].locked()
    assert namespace["generator"].gi_frame.f_locals == {"number": 0}
    assert "never-shown" not in text
    assert "hunter2" not in text


def test_each_alone(namespace: dict[str, Any]) -> None:
    seen = {}
    for name, value in namespace.items():
        seen[name] = summarize(value)
        assert hostile.EFFECTS == [], name
    # And they are not simply passed over: what can be told without asking them is told.
    assert seen["trapped_list"] == "of length 1: 1"
    assert seen["evil_dict"] == "of length 1: 'a': int"
    assert seen["evil_array"] == "shape (2, 3), float64: 0.0, 1.0, 2.0, … 3 more"
    assert seen["evil_frame"] == "2 rows × 2 columns (a: int64, b: str); first row: 1, 'x'"
    assert seen["trapped_polars"] == "1 rows × 1 columns (a: Int64); first row: 1"
    assert seen["wide_frame"].startswith("2 rows × 100000 columns (0: float64")
    assert seen["memory_mapped"] == "shape (4096,), uint8 in a file"
    assert seen["lazy_data_array"] == "(x): LazyArray, not computed"
    assert seen["zoned"] == "2 values of datetime64[us, EvilZone]"
    assert seen["impostor"] == ""


def test_names_that_act() -> None:
    hostile.ARMED[0] = False
    namespace: Any = {hostile.EvilText("x"): 1, "plain": 2}
    hostile.ARMED[0] = True
    assert take_snapshot(namespace).rows == [("plain", "int", "= 2")]
    assert hostile.EFFECTS == []


def test_the_traps_work(namespace: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at them in the ordinary way is noticed, else the other tests would show nothing."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    noticed = set()
    for name, value in namespace.items():
        if name in ("ten_gigabytes", "huge_array", "deep_list", "recursive_dict", "endless"):
            continue
        for look in (repr, len, iter, hash, lambda it: it.__class__.__name__, lambda it: it.shape, lambda it: it == 1):
            hostile.EFFECTS.clear()
            with contextlib.suppress(Exception):
                look(value)  # type: ignore[operator]
            if hostile.EFFECTS:
                noticed.add(name)
    hostile.EFFECTS.clear()
    assert len(noticed) >= 60, sorted(noticed)
