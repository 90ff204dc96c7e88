"""A variable in one line: type, shape and first values, within the limits."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import functools
import json
import math
import pathlib
import sqlite3
import subprocess
import sys
import types
import zoneinfo
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pydantic
import pytest
import scipy.sparse  # type: ignore[import-untyped]
import xarray as xr

from jupyter_spark.kernel import variables
from jupyter_spark.kernel.variables import snapshot_json, summarize, take_snapshot


def example(a: int, b: int = 1, *args: int, c: int, d: int = 0, **named: int) -> int:
    local = a
    return local + b + c + d


@functools.lru_cache
def cached(n: int) -> int:
    return n


class Colour(enum.Enum):
    RED = 1


class Place(NamedTuple):
    lat: float
    name: str


@dataclasses.dataclass(slots=True)
class Order:
    number: int
    lines: list[str]
    password: str = "hunter2"


class Config(pydantic.BaseModel):
    rate: float = 0.1
    api_key: str = "sk-1"


recursive: dict[str, Any] = {}
recursive["self"] = recursive
DAYS = pd.date_range("2020-01-01", periods=2, freq="D", name="when", unit="ns")
TABLE = pd.DataFrame(
    {"a": [1, 2], "t": DAYS.tz_localize("Europe/Berlin"), "c": pd.Categorical(["u", "v"]), "token": ["s", "t"]},
    index=DAYS,
)
GRID = xr.DataArray(np.zeros((2, 3)), dims=("x", "y"), coords={"x": [1, 2]}, attrs={"units": "K"}, name="t")


@pytest.mark.parametrize(
    ("value", "summary"),
    [
        (3, "= 3"),
        (None, "= None"),
        (True, "= True"),
        (math.nan, "= nan"),
        (10**50, "= an integer of 167 bits"),
        ("some text", "= 'some text'"),
        ("word " * 100, f"of length 500: {'word ' * 11 + 'word'!r}…"),
        ("x" * 100, "of length 100"),
        ("\ud800", r"= '\ud800'"),
        (b"ab", "= b'ab'"),
        (bytes(100), "of length 100"),
        ([], "of length 0"),
        ([1, [2], "c", object()], "of length 4: 1, list, 'c', … 1 more"),
        ({"a": 1, 2: [3]}, "of length 2: 'a': int, 2: list"),
        (recursive, "of length 1: 'self': dict"),
        (collections.Counter("aa"), "of length 1: 'a': int"),
        (Place(1.5, "x"), "(lat: float = 1.5, name: str = 'x')"),
        (Colour.RED, "= Colour.RED"),
        (Order(1, []), "with number: int = 1, lines: list, password: str"),
        (Config(), "with rate: float = 0.1, api_key: str"),
        (types.SimpleNamespace(a=1), "with a: int = 1"),
        (datetime.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")), "= 2020-01-01 00:00:00+00:00"),
        (pathlib.Path("data/x.csv"), "= 'data/x.csv'"),
        (math, "math"),
        (np, f"numpy {np.__version__}"),
        (example, "(a, b=…, *args, c, d=…, **named)"),
        (cached, "(n)"),
        (Order, "class Order with number, lines, password"),
        (sqlite3.connect(":memory:"), "a database connection"),
        (object(), ""),
        (np.zeros((2, 3)), "shape (2, 3), float64: 0.0, 0.0, 0.0, … 3 more"),
        (np.array(["2020"], "M8[ns]"), "shape (1,), datetime64[ns]: 2020-01-01T00:00:00.000000000"),
        (np.array([1, None, object()], dtype=object), "shape (3,), object: 1, None, object"),
        (np.zeros(1, [("a", "i4"), ("b", "m8[s]")]), "shape (1,), fields (a: int32, b: timedelta64[s])"),
        (np.ma.array([1, 2], mask=[0, 1]), "masked, shape (2,), int64: 1, masked"),
        (np.float64(2.5), "= 2.5"),
        (np.timedelta64(3, "ms"), "= 3 milliseconds"),
        (pd.DataFrame({"a": [1], "b": [0.5]}), "1 rows × 2 columns (a: int64, b: float64); first row: 1, 0.5"),
        (
            TABLE,
            "2 rows × 4 columns (a: int64, t: datetime64[ns, Europe/Berlin], c: category, token: str); first row: 1, "
            "2020-01-01 00:00:00+01:00, 'u', …; index DatetimeIndex 2 values of datetime64[ns], freq D: "
            "2020-01-01 00:00:00, 2020-01-02 00:00:00",
        ),
        (pd.Series([1, 2]), "2 values of int64: 1, 2"),
        (pd.RangeIndex(4), "of length 4: range(0, 4)"),
        (pd.MultiIndex.from_product([[1, 2], ["a"]], names=["k", "l"]), "of length 2, levels k, l"),
        (pd.Categorical(["a", "b", "a"]), "3 values of 2 categories: 'a', 'b'"),
        (pd.timedelta_range("1h", periods=1, unit="ns"), "1 values of timedelta64[ns], freq D: 0 days 01:00:00"),
        (pd.period_range("2020", periods=1, freq="M"), "1 values of period[M]: 2020-01"),
        (pl.DataFrame({"a": [1], "s": ["x"]}), "1 rows × 2 columns (a: Int64, s: String); first row: 1, 'x'"),
        (pl.Series("q", [1, 2]), "2 values of Int64: 1, 2"),
        (pl.LazyFrame({"a": [1]}), "lazy, not collected"),
        (GRID, "shape (2, 3), (x, y): float64 in K = 0.0, 0.0, 0.0, …; coordinates x(x): int64 = 1, 2, …"),
        (GRID.to_dataset(), "dimensions (x: 2, y: 3); x(x): int64 = 1, 2, …, t(x, y): float64 in K = 0.0, 0.0, 0.0, …"),
        (pa.table({"a": [1], "b": ["x"]}), "1 rows × 2 columns (a: int64, b: string)"),
        (pa.array([1, None]), "2 values of int64: 1, None"),
        (pa.chunked_array([[1], [2]]), "2 values of int64: 1, 2"),
        (scipy.sparse.csr_matrix(np.eye(3)), "sparse, shape (3, 3), float64, 3 stored"),
        (scipy.sparse.dok_array((3, 3)), "sparse, shape (3, 3), float64"),
        (pd.DataFrame.__new__(pd.DataFrame), ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_summaries(value: Any, summary: str) -> None:
    assert summarize(value) == summary


def test_a_wide_table_is_cut() -> None:
    summary = summarize(pd.DataFrame({f"c{i}": [i] for i in range(30)}))
    assert "c19: int64, … 10 more)" in summary
    assert "c20" not in summary


class FakeTensor:
    """Laid out as torch's; it says what was read of it."""

    __module__, __qualname__ = "torch", "Tensor"
    requires_grad, dtype, layout, shape = True, "torch.float32", "torch.strided", (2, 2)

    def __init__(self, device: str, read: list[str]) -> None:
        self.device, self.read = device, read

    def numel(self) -> int:
        return 4

    def dim(self) -> int:
        return 2

    def detach(self) -> FakeTensor:
        self.read.append("detach")
        return self

    def __getitem__(self, key: Any) -> FakeTensor:
        self.read.append(f"[{key}]")
        return self

    def tolist(self) -> list[float]:
        return [1.0, 2.0]


@pytest.fixture
def torch() -> Iterator[types.ModuleType]:
    """A module named torch with the types' layout; the real one weighs hundreds of megabytes."""
    module = types.ModuleType("torch")
    FakeTensor.__name__ = "Tensor"
    module.Tensor = FakeTensor  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", module)
        yield module


@pytest.mark.usefixtures("torch")
def test_no_value_is_read_from_a_device() -> None:
    read: list[str] = []
    for device in ("cuda:0", "meta", "mps"):
        assert summarize(FakeTensor(device, read)) == f"shape (2, 2), torch.float32, {device}, requires grad"
    assert read == []
    assert summarize(FakeTensor("cpu", read)) == "shape (2, 2), torch.float32, cpu, requires grad: 1.0, 2.0, … 2 more"
    assert read == ["detach", "[(0,)]", "[slice(None, 3, None)]"]
    subclass = type("Mine", (FakeTensor,), {})
    assert summarize(subclass("cpu", read)) == ""
    assert len(read) == 3


def test_only_the_names_asked_for_and_none_that_is_pythons_own() -> None:
    namespace = {"a": 1, "_hidden": 2, "b": "x", "In": [], "get_ipython": None, 5: "not a name"}
    assert take_snapshot(namespace, ["b", "_hidden", "missing"]).rows == [("b", "str", "= 'x'")]
    assert take_snapshot(namespace).rows == [("a", "int", "= 1"), ("b", "str", "= 'x'")]  # type: ignore[arg-type]
    assert [row[0] for row in take_snapshot(namespace, first=["b", "missing"]).rows] == ["b", "a"]  # type: ignore[arg-type]


def test_of_a_secret_only_the_size_is_told() -> None:
    namespace = {
        "api_key": "sk-123",
        "DB_PASSWORD": "x " * 50,
        "tokens": ["a", "b"],
        "secret_number": 7,
        "secret_place": Place(1.5, "x"),
        "credentials": pd.DataFrame({"user": ["ada"], "word": ["x"]}),
        "passwords": pd.Series(["a", "b"]),
        "token_ids": np.array([[1, 2]]),
        "author": "me",
    }
    assert take_snapshot(namespace).rows == [
        ("api_key", "str", ""),
        ("DB_PASSWORD", "str", "of length 100"),
        ("tokens", "list", "of length 2"),
        ("secret_number", "int", ""),
        ("secret_place", "Place", ""),
        ("credentials", "DataFrame", "1 rows × 2 columns"),
        ("passwords", "Series", "2 values of str"),
        ("token_ids", "ndarray", "shape (1, 2), int64"),
        ("author", "str", "= 'me'"),
    ]


def test_a_text_is_never_cut_within_a_word() -> None:
    key = "sk-" + "a1" * 40
    assert summarize(f"use {key} here") == "of length 92: 'use'…"
    assert summarize({key: 1}) == "of length 1: str: int"
    assert key[:10] not in summarize(pd.DataFrame({f"a {key}": [1], "b": [key], "c": [f"d {key}"]}))
    for width in range(20, 200):
        summary = summarize(["a", "b", key[:50]], width=width)
        assert key[:50] in summary or key[:5] not in summary


def test_the_size_is_limited_and_what_is_left_out_is_said() -> None:
    namespace = {f"name_{i}": "ä" * 50 for i in range(1000)} | {"wanted": 1}
    text = snapshot_json(namespace, first=["wanted"], limit_ms=60_000)
    assert len(text.encode()) <= 8192
    told = json.loads(text)
    assert told["variables"][0] == ["wanted", "int", "= 1"]
    assert told["variables"][-1][2] == ""  # the last ones are names and types alone
    assert told["left_out"] == 1001 - len(told["variables"])
    assert told["why"] == "8092 bytes were full"


def test_the_time_is_limited_and_what_is_left_out_is_said() -> None:
    taken = take_snapshot({"a": 1, "b": 2}, limit_ms=-1)
    assert taken == ([], 2, "-1 ms were up")


def test_a_million_variables() -> None:
    namespace: dict[str, Any] = dict.fromkeys(map("name_{}".format, range(1_000_000)), 1)
    taken = take_snapshot(namespace, first=["name_999999"])
    assert taken.left_out > 990_000
    assert taken.why
    assert taken.rows[0] == ("name_999999", "int", "= 1")
    hidden: dict[str, Any] = dict.fromkeys(map("_name_{}".format, range(1_000_000)), 1)
    assert take_snapshot(hidden).rows == []


def test_the_text_of_the_file_runs_without_the_package() -> None:
    source = pathlib.Path(variables.__file__).read_text("utf-8")
    code = (
        "import sys; source = sys.stdin.buffer.read().decode()\n"
        "scope = {'__name__': 'sent'}\n"
        "exec(compile(source, '<sent>', 'exec'), scope)\n"
        "print(scope['snapshot_json']({'a': [1, 2]}))\n"
        "assert not any(name.startswith('jupyter_spark') for name in sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", code]  # no site-packages: the standard library alone
    done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout) == {"variables": [["a", "list", "of length 2: 1, 2"]], "left_out": 0, "why": ""}


def test_names_bound_meanwhile_are_said() -> None:
    namespace: dict[str, Any] = dict.fromkeys(map("name_{}".format, range(20_000)), 1)

    class Binding(dict):  # type: ignore[type-arg]
        def items(self) -> Any:  # what another thread does between two names
            for place, pair in enumerate(super().items()):
                if place == 10:
                    self["new"] = 1
                yield pair

    taken = take_snapshot(Binding(namespace))
    assert len(taken.rows) == 11
    assert (taken.left_out, taken.why) == (19_989, "names were bound meanwhile")
