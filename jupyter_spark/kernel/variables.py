"""One line about each live variable: its type and shape, never its value's text.

Standard library only. No user code runs: no ``repr``, no property, no ``__len__`` of a class that is not known to be
safe.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from typing import Any

_SIZED = (str, bytes, bytearray, list, tuple, set, frozenset, dict)
MAX_COLUMNS = 20


def summarize_variables(namespace: Mapping[str, Any], names: Collection[str]) -> list[tuple[str, str, str]]:
    """Return ``(name, type, summary)`` of those names that are user variables.

    Parameters
    ----------
    namespace : mapping
        The user's namespace.
    names : collection of str
        The names to look at; the others are not touched.
    """
    return [
        (name, _type_name(namespace[name]), summarize(namespace[name]))
        for name in names
        if name in namespace and not name.startswith("_")
    ]


def summarize(value: Any) -> str:
    """Return a variable's shape in a few words, or an empty string."""
    kind = type(value)
    if kind in (int, float, bool, complex) or value is None:
        text = repr(value)
        return f"= {text}" if len(text) <= 40 else ""
    if kind in _SIZED:
        return f"of length {len(value)}"
    # By the type, not by isinstance, which asks the value itself for its __class__.
    if kind is types.FunctionType:
        return _signature(value)
    if kind is types.ModuleType:
        return str(value.__dict__.get("__name__", ""))
    try:
        return _known_library(kind, value)
    except Exception:  # noqa: BLE001 - a half-built object of a library is still only a name and a type
        return ""


def _known_library(kind: type, value: Any) -> str:
    library, name = kind.__module__.partition(".")[0], kind.__name__
    if library == "numpy" and name == "ndarray":
        return f"shape {value.shape}, {value.dtype}"
    if library == "pandas" and name == "DataFrame":
        columns = [f"{column}: {dtype}" for column, dtype in list(value.dtypes.items())[:MAX_COLUMNS]]
        more = f", … {value.shape[1] - MAX_COLUMNS} more" if value.shape[1] > MAX_COLUMNS else ""
        return f"{value.shape[0]} rows × {value.shape[1]} columns ({', '.join(columns)}{more})"
    if library == "pandas" and name == "Series":
        return f"{value.shape[0]} values of {value.dtype}"
    if library == "torch" and name == "Tensor":
        return f"shape {tuple(value.shape)}, {value.dtype}"
    return ""


def _signature(function: types.FunctionType) -> str:
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return f"({', '.join(names)})"


def _type_name(value: Any) -> str:
    return type(value).__name__
