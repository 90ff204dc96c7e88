"""A variable in one line: its type and shape, never its text, and no code of the user's is run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from jupyter_spark.kernel.variables import summarize, summarize_variables


def example(a: int, b: int, *, c: int = 0) -> int:
    local = a
    return local + b + c


@pytest.mark.parametrize(
    ("value", "summary"),
    [
        (3, "= 3"),
        (None, "= None"),
        (True, "= True"),
        (10**50, ""),
        ("secret text", "of length 11"),
        ([1, 2], "of length 2"),
        ({"a": 1}, "of length 1"),
        (math, "math"),
        (example, "(a, b, c)"),
        (object(), ""),
        (np.zeros((2, 3)), "shape (2, 3), float64"),
        (pd.DataFrame({"a": [1], "b": [0.5]}), "1 rows × 2 columns (a: int64, b: float64)"),
        (pd.Series([1, 2]), "2 values of int64"),
    ],
)
def test_summaries(value: Any, summary: str) -> None:
    assert summarize(value) == summary


def test_a_wide_table_is_cut() -> None:
    summary = summarize(pd.DataFrame({f"c{i}": [i] for i in range(30)}))
    assert "c19: int64, … 10 more)" in summary
    assert "c20" not in summary


def test_only_the_names_asked_for() -> None:
    namespace = {"a": 1, "_hidden": 2, "b": "x"}
    assert summarize_variables(namespace, ["b", "_hidden", "missing"]) == [("b", "str", "of length 1")]


def test_no_code_of_the_users_runs() -> None:
    class Trap(list):  # type: ignore[type-arg]
        def __len__(self) -> int:
            raise AssertionError("ran")

        def __repr__(self) -> str:
            raise AssertionError("ran")

        def __getattribute__(self, name: str) -> Any:
            raise AssertionError("ran")

    assert summarize_variables({"trap": Trap()}, ["trap"]) == [("trap", "Trap", "")]


def test_a_half_built_object_of_a_library_is_a_name_and_a_type() -> None:
    assert summarize(pd.DataFrame.__new__(pd.DataFrame)) == ""
