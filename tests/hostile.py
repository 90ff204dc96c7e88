"""More than a hundred variables that do something when they are looked at, and a count of what they did.

The file is imported by unit tests and run as text in a kernel, where its classes belong to ``__main__``. Every hook is
armed only after all is built, so whatever is counted was done by the one who looked.
"""

from __future__ import annotations

import array
import asyncio
import collections
import contextlib
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import importlib.util
import io
import itertools
import mmap
import pathlib
import queue
import re
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import types
import unittest.mock
import weakref
from typing import Any, NamedTuple

import numpy as np

EFFECTS: list[str] = []
ARMED = [False]

DUNDERS = (
    *(
        "len",
        "length_hint",
        "repr",
        "str",
        "bytes",
        "format",
        "iter",
        "next",
        "reversed",
        "contains",
        "getitem",
        "bool",
    ),
    *(
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "hash",
        "call",
        "int",
        "float",
        "index",
        "complex",
        "dir",
        "sizeof",
        "fspath",
    ),
    *("reduce", "reduce_ex", "getstate", "copy", "deepcopy", "enter", "exit", "aiter", "anext", "await", "missing"),
    *(
        "array",
        "array_finalize",
        "array_ufunc",
        "array_function",
        "dataframe",
        "arrow_c_stream",
        "arrow_c_array",
        "torch_function",
        "dask_graph",
        "rich_repr",
        "instancecheck",
    ),
)
NAMES = (
    *("keys", "items", "values", "get", "shape", "dtype", "dtypes", "columns", "index", "head", "name", "ndim", "size"),
    *(
        "flat",
        "base",
        "view",
        "tolist",
        "item",
        "tzinfo",
        "utcoffset",
        "tzname",
        "_constructor",
        "_repr_html_",
        "schema",
    ),
    *("_constructor_sliced", "_ipython_display_", "_repr_mimebundle_", "collect", "compute", "fields", "_fields"),
    *("__array_interface__", "__array_struct__", "__array_priority__", "__dataclass_fields__", "__pydantic_fields__"),
    *("__dict__", "__class__", "__doc__", "__wrapped__", "__signature__"),
)


def act(what: str) -> None:
    """Count one side effect, and fail as user code may."""
    if ARMED[0]:
        EFFECTS.append(what)
        raise RuntimeError(f"{what} ran")


def trapped(base: type, *, without: tuple[str, ...] = ()) -> type:
    """Derive a class whose every method and property counts."""
    title = f"Trapped{base.__name__.title()}"
    members: dict[str, Any] = {}

    def method(name: str) -> Any:
        def trap(self: Any, *args: Any, **named: Any) -> Any:
            act(f"{title}.{name}")
            return getattr(super(kind, self), name)(*args, **named)

        return trap

    for name in DUNDERS:
        if f"__{name}__" not in without:
            members[f"__{name}__"] = method(f"__{name}__")

    def prop(name: str) -> property:
        def read(self: Any) -> Any:
            act(f"{title}.{name}")
            return getattr(super(kind, self), name)

        return property(read)

    for name in NAMES:
        if name not in without:
            members[name] = prop(name)

    def look_up(self: Any, name: str) -> Any:
        act(f"{title}.__getattribute__({name})")
        return base.__getattribute__(self, name)

    def missing(self: Any, name: str) -> Any:
        act(f"{title}.__getattr__({name})")
        raise AttributeError(name)

    members |= {"__getattribute__": look_up, "__getattr__": missing}
    kind: type = type(title, (base,), members)
    return kind


class TrappedMeta(type):
    """A metaclass that counts every question about its classes."""

    def __getattribute__(cls, name: str) -> Any:
        act(f"TrappedMeta.{name}")
        return super().__getattribute__(name)

    def __hash__(cls) -> int:
        act("TrappedMeta.__hash__")
        return 1

    def __eq__(cls, other: object) -> bool:
        act("TrappedMeta.__eq__")
        return True

    def __instancecheck__(cls, value: object) -> bool:
        act("TrappedMeta.__instancecheck__")
        return True

    def __subclasscheck__(cls, value: type) -> bool:
        act("TrappedMeta.__subclasscheck__")
        return True

    def __repr__(cls) -> str:
        act("TrappedMeta.__repr__")
        return ""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        act("TrappedMeta.__name__")
        return ""

    @property
    def __module__(cls) -> str:  # type: ignore[override]
        act("TrappedMeta.__module__")
        return ""

    @property
    def __mro__(cls) -> Any:  # type: ignore[override]
        act("TrappedMeta.__mro__")
        return ()


class OfTrappedMeta(metaclass=TrappedMeta):
    """An instance's class may be as hostile as the instance."""

    x = 1


class Descriptor:
    """A descriptor that counts how often it is read."""

    def __get__(self, instance: Any, owner: Any = None) -> int:
        act("Descriptor.__get__")
        return 1

    def __set_name__(self, owner: Any, name: str) -> None:
        pass


class Described:
    """A class full of descriptors."""

    a = Descriptor()
    _mgr = Descriptor()
    _df = Descriptor()
    __wrapped__ = Descriptor()


class EvilText(str):
    """A text that counts whatever is done to it."""

    __slots__ = ()

    def __str__(self) -> str:
        act("EvilText.__str__")
        return ""

    def __repr__(self) -> str:
        act("EvilText.__repr__")
        return ""

    def __format__(self, spec: str) -> str:
        act("EvilText.__format__")
        return ""

    def __eq__(self, other: object) -> bool:
        act("EvilText.__eq__")
        return False

    def __hash__(self) -> int:
        if ARMED[0]:
            act("EvilText.__hash__")
        return 7

    def __len__(self) -> int:
        act("EvilText.__len__")
        return 0

    def startswith(self, *args: Any) -> bool:
        act("EvilText.startswith")
        return False


class EvilZone(datetime.tzinfo):
    """A time zone that counts."""

    def utcoffset(self, when: Any) -> datetime.timedelta:
        act("EvilZone.utcoffset")
        return datetime.timedelta(0)

    def tzname(self, when: Any) -> str:
        act("EvilZone.tzname")
        return "evil"

    def dst(self, when: Any) -> datetime.timedelta:
        act("EvilZone.dst")
        return datetime.timedelta(0)

    def __repr__(self) -> str:
        act("EvilZone.__repr__")
        return ""

    __str__ = __repr__


class Sleepy:
    """Sleeps when shown or measured."""

    def __repr__(self) -> str:
        act("Sleepy.__repr__")
        time.sleep(60)
        return ""

    __len__ = __str__ = __repr__  # type: ignore[assignment]


class Proxy:
    """What wrapt and werkzeug do: everything is passed on, the class too."""

    def __init__(self, target: Any) -> None:
        object.__setattr__(self, "target", target)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        act("Proxy.__class__")
        return list

    def __getattr__(self, name: str) -> Any:
        act(f"Proxy.__getattr__({name})")
        return getattr(object.__getattribute__(self, "target"), name)


class EvilDict(dict):  # type: ignore[type-arg]
    """A mapping that counts whoever reads it."""

    def _read(self, *args: Any) -> Any:
        act("EvilDict was read")
        return iter(())

    __getitem__ = __iter__ = __len__ = keys = items = values = get = __contains__ = _read  # type: ignore[assignment]


class LazyModule(types.ModuleType):
    """A module that loads at the first look."""

    def __getattribute__(self, name: str) -> Any:
        act(f"LazyModule.{name}")
        return super().__getattribute__(name)

    @property
    def __dict__(self) -> Any:
        act("LazyModule.__dict__")
        return {}


class Impostor:
    """Says that it is a DataFrame of pandas."""

    __module__ = "pandas"

    @property
    def _mgr(self) -> Any:
        act("Impostor._mgr")
        return None

    shape = dtypes = columns = _mgr


Impostor.__name__ = Impostor.__qualname__ = "DataFrame"


class Point(NamedTuple):
    """A named tuple of hostile things."""

    x: Any
    y: Any


class Colour(enum.Enum):
    """A member whose text counts."""

    RED = 1

    def __str__(self) -> str:
        act("Colour.__str__")
        return ""

    @property
    def danger(self) -> str:
        act("Colour.danger")
        return ""

    __repr__ = __str__


@dataclasses.dataclass
class Row:
    """A dataclass that counts."""

    a: Any = 1
    password: str = "hunter2-in-a-field"

    def __getattribute__(self, name: str) -> Any:
        act(f"Row.{name}")
        return super().__getattribute__(name)


@dataclasses.dataclass(eq=False)
class SlottedRow:
    """Its fields are slots, one of them empty."""

    __slots__ = ("a", "b")
    a: Any
    b: Any

    def __repr__(self) -> str:
        act("SlottedRow.__repr__")
        return ""


class Swapped:
    """Its own ``__dict__`` is a mapping that counts."""


class HiddenDict:
    """A property stands where the ``__dict__`` is."""

    @property
    def __dict__(self) -> Any:
        act("HiddenDict.__dict__")
        return {}


class EvilArray(np.ndarray):
    """A subclass that sees every view of it."""

    def __array_finalize__(self, other: Any) -> None:
        act("EvilArray.__array_finalize__")

    @property
    def shape(self) -> Any:
        act("EvilArray.shape")
        return ()

    def __getitem__(self, key: Any) -> Any:
        act("EvilArray.__getitem__")
        return None


class Unclosed:
    """A generator's frame keeps it; closing the generator would count."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *args: object) -> None:
        act("a generator was closed")


def counting() -> Any:
    """A generator that counts when it is advanced."""
    with Unclosed():
        for number in range(10):
            yield number
            act("a generator was advanced")


async def waiting() -> None:
    """A coroutine that counts when it runs."""
    act("a coroutine ran")


async def streaming() -> Any:
    """An asynchronous generator that counts."""
    act("an asynchronous generator ran")
    yield 1


def loud(function: Any) -> Any:
    """A decorator whose wrapper counts."""

    @functools.wraps(function)
    def wrapper(*args: Any, **named: Any) -> Any:
        act("a decorated function was called")

    return wrapper


class CachedProperty:
    """Computing this takes a minute."""

    @functools.cached_property
    def result(self) -> int:
        act("CachedProperty.result")
        return 1


def _instance(kind: type, *args: Any) -> Any:
    try:
        return kind(*args)
    except Exception:  # a base that cannot be built this way
        return object.__new__(kind) if kind.__basicsize__ == object.__basicsize__ else None


def _of_python() -> dict[str, Any]:
    """Subclasses of what Python brings."""
    bases: list[tuple[type, tuple[Any, ...]]] = [
        *((object, ()), (list, ([1],)), (dict, ()), (tuple, ((1, 2),)), (str, ("text",)), (bytes, (b"ab",))),
        *((int, (3,)), (float, (1.5,)), (complex, (1j,)), (set, ([1],)), (frozenset, ([1],)), (bytearray, (b"a",))),
        *((collections.deque, ([1],)), (collections.OrderedDict, ()), (collections.Counter, ()), (Exception, ("x",))),
        *((collections.UserDict, ()), (collections.UserList, ()), (collections.defaultdict, (list,))),
        *((datetime.datetime, (2020, 1, 1)), (datetime.date, (2020, 1, 1)), (datetime.timedelta, (1,))),
        *(
            (decimal.Decimal, ("1.5",)),
            (fractions.Fraction, (1, 2)),
            (types.SimpleNamespace, ()),
            (io.StringIO, ("x",)),
        ),
        *((threading.Thread, ()), (pathlib.PurePosixPath, ("a",)), (array.array, ("i", [1])), (queue.Queue, ())),
    ]
    keep = ("__hash__", "__eq__", "__class__", "__dict__", "values", "keys", "items", "get", "name", "__missing__")
    out = {}
    for base, args in bases:
        kind = trapped(base, without=("__doc__", *(keep if base is threading.Thread else ())))
        out[f"trapped_{base.__name__.lower()}"] = _instance(kind, *args)
    return {name: value for name, value in out.items() if value is not None}


def _of_numpy() -> dict[str, Any]:
    objects = np.empty(3, dtype=object)
    for at, thing in enumerate((trapped(object)(), Sleepy(), OfTrappedMeta())):
        objects[at] = thing
    plain = np.arange(6.0)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when they are disarmed
    file.write(bytes(4096))
    EXTRA.append(file)
    mapped = np.memmap(file, dtype="u1", mode="r", shape=(4096,))
    return {
        "evil_array": plain.reshape(2, 3).view(EvilArray),
        "trapped_ndarray": plain.view(trapped(np.ndarray, without=("__doc__",))),
        "trapped_float64": trapped(np.float64)(1.5),
        "trapped_masked": np.ma.array([1, 2], mask=[0, 1]).view(trapped(np.ma.MaskedArray, without=("__doc__",))),
        "object_array": objects,
        "huge_array": np.lib.stride_tricks.as_strided(np.zeros(1), (10**5, 10**5), (0, 0)),
        "ten_gigabytes": np.empty(10 * 2**30, dtype="u1"),
        "many_fields": np.zeros(2, dtype=[(f"f{i}", "f8") for i in range(5000)]),
        "memory_mapped": mapped,
        "view_of_mapped": np.asarray(mapped)[1:],
        "matrix_of_bytes": np.array([b"a" * 1000] * 2),
        "nan_times": np.array(["NaT", "2020"], dtype="M8[ns]"),
    }


def _of_pandas() -> dict[str, Any]:
    import pandas as pd

    class EvilFrame(pd.DataFrame):  # type: ignore[misc]
        @property
        def _constructor(self) -> Any:
            act("EvilFrame._constructor")
            return EvilFrame

        @property
        def _constructor_sliced(self) -> Any:
            act("EvilFrame._constructor_sliced")
            return pd.Series

        @property
        def shape(self) -> Any:
            act("EvilFrame.shape")
            return ()

        def __len__(self) -> int:
            act("EvilFrame.__len__")
            return 0

        def __getattr__(self, name: str) -> Any:
            act(f"EvilFrame.__getattr__({name})")
            return super().__getattr__(name)

    small = {"a": [1, 2], "b": ["x", "y"]}
    keep = ("__doc__", "__dict__", "__class__", "name", "index", "columns", "dtypes", "values", "ndim", "size", "base")
    keep += ("__array_priority__", "__hash__", "dtype", "shape", "get", "items", "keys", "view", "item", "flat", "head")
    kind = trapped(pd.DataFrame, without=keep)
    zoned = pd.Series(pd.to_datetime(["2020", "2021"])).dt.tz_localize(EvilZone())
    cyclic = pd.DataFrame({"a": [None, None]}, dtype=object)
    cyclic.iat[0, 0] = cyclic
    return {
        "evil_frame": EvilFrame(small),
        "trapped_frame": kind(small),
        "trapped_series": trapped(pd.Series, without=keep)([1, 2]),
        "wide_frame": pd.DataFrame(np.zeros((2, 100_000))),
        "zoned": zoned,
        "zoned_frame": pd.DataFrame({"when": zoned}),
        "zoned_index": pd.DatetimeIndex(zoned),
        "timestamp_of_evil_zone": pd.Timestamp("2020", tz=EvilZone()),
        "cyclic_frame": cyclic,
        "frame_of_evil_columns": pd.DataFrame([[1, 2]], columns=pd.Index([Sleepy(), EvilText("x")], dtype=object)),
        "frame_of_objects": pd.DataFrame({"a": [trapped(object)(), OfTrappedMeta()]}),
        "deep_index": pd.Series(range(4), index=pd.MultiIndex.from_product([[1, 2], ["a", "b"]])),
        "half_built_frame": pd.DataFrame.__new__(pd.DataFrame),
        "impostor": Impostor(),
    }


def _of_others() -> dict[str, Any]:
    out: dict[str, Any] = {}
    with contextlib.suppress(ImportError):
        import polars as pl

        def scanned(_frame: Any) -> Any:
            act("a lazy frame was collected")
            return _frame

        out["lazy_frame"] = pl.LazyFrame({"a": [1, 2]}).map_batches(scanned)
        out["trapped_polars"] = trapped(pl.DataFrame, without=("columns", "schema", "__dict__"))({"a": [1]})
        out["polars_objects"] = pl.DataFrame({"o": pl.Series([Sleepy()], dtype=pl.Object)})
    with contextlib.suppress(ImportError):
        import xarray as xr

        class LazyArray:
            shape, dtype, ndim, size = (3,), np.dtype("f8"), 1, 3

            def __array__(self, *args: Any, **named: Any) -> Any:
                act("a lazy array was computed")
                return np.zeros(3)

            __array_function__ = __array_ufunc__ = __getitem__ = __array__

        out["lazy_data"] = xr.Variable(("x",), LazyArray(), fastpath=True)
        out["lazy_data_array"] = xr.DataArray(out["lazy_data"])
        out["lazy_dataset"] = xr.Dataset({"v": out["lazy_data"]})
    with contextlib.suppress(ImportError):
        import pyarrow as pa

        out["wide_table"] = pa.table([pa.array([1])] * 5000, names=[f"c{i}" for i in range(5000)])
    return out


def _of_the_system() -> dict[str, Any]:
    recursive: dict[str, Any] = {}
    recursive["self"] = recursive
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.set_trace_callback(lambda _text: act("a statement ran"))
    generator = counting()
    next(generator)
    swapped = Swapped()
    swapped.__dict__ = EvilDict(a=1)
    released = memoryview(b"x")
    released.release()
    closed = mmap.mmap(-1, 10)
    closed.close()
    spec = importlib.util.find_spec("colorsys")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    lazy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lazy)
    coroutine, future = waiting(), asyncio.new_event_loop()
    cell_like = unittest.mock.MagicMock(name="mock")
    referent = Described()
    connection = socket.socket()
    EXTRA.extend([coroutine, future, connection, database, generator])
    return {
        "recursive_dict": recursive,
        "deep_list": deep,
        "cyclic_list": cyclic,
        "huge_integer": 1 << 4_000_000,
        "gigabyte": mmap.mmap(-1, 2**30),
        "closed_mmap": closed,
        "released_view": released,
        "nan": float("nan"),
        "surrogates": "\ud800 \udfff \x00 \x1b[31m",
        "evil_text": EvilText("x" * 100),
        "list_of_evil": [EvilText("x"), Sleepy(), OfTrappedMeta()],
        "dict_of_evil": {EvilText("key"): Sleepy(), "plain": OfTrappedMeta(), (1, Sleepy()): None},
        "set_of_evil": {OfTrappedMeta},
        "evil_dict": EvilDict(a=1),
        "swapped_dict": swapped,
        "hidden_dict": HiddenDict(),
        "of_trapped_meta": OfTrappedMeta(),
        "trapped_class": OfTrappedMeta,
        "trapped_meta": TrappedMeta,
        "described": referent,
        "described_class": Described,
        "class_of_evil_name": type(EvilText("Evil"), (), {EvilText("x"): 1}),
        "class_of_many": type("Many", (), {f"m{i}": i for i in range(10_000)}),
        "evil_zone": EvilZone(),
        "datetime_of_evil_zone": datetime.datetime(2020, 1, 1, tzinfo=EvilZone()),
        "sleepy": Sleepy(),
        "proxy": Proxy([1]),
        "weak_proxy": weakref.proxy(referent),
        "dead_proxy": weakref.proxy(Described()),
        "lazy_module": LazyModule("lazy"),
        "import_lazily": lazy,
        "mock": cell_like,
        "magic_mock_spec": unittest.mock.create_autospec(Sleepy),
        "named_tuple": Point(Sleepy(), EvilText("y")),
        "enum_member": Colour.RED,
        "enum_class": Colour,
        "row": Row(Sleepy()),
        "slotted_row": SlottedRow(1, Sleepy()),
        "unset_slots": SlottedRow.__new__(SlottedRow),
        "generator": generator,
        "map_object": map(act, ["a map was advanced"]),
        "endless": itertools.count(),
        "coroutine": coroutine,
        "stream": streaming(),
        "event_loop": future,
        "socket": connection,
        "file": io.BytesIO(b"content"),
        "lock": threading.Lock(),
        "reentrant_lock": threading.RLock(),
        "event": threading.Event(),
        "thread": threading.current_thread(),
        "local": threading.local(),
        "database": database,
        "cursor": database.cursor(),
        "cached": CachedProperty(),
        "decorated": loud(waiting),
        "partial": functools.partial(act, "a partial was called"),
        "lambda_": lambda: act("a function was called"),
        "bound_method": Sleepy().__repr__,
        "pattern": re.compile("x"),
        "context_variable": __import__("contextvars").ContextVar("v", default=Sleepy()),
        "ctypes_array": (ctypes.c_char * 10)(),
        "exception": RuntimeError(Sleepy()),
        "frame": sys._getframe(),
        "code": act.__code__,
        "namespace": types.SimpleNamespace(a=Sleepy()),
        "mapping_proxy": types.MappingProxyType(EvilDict(a=1)),
        "chain": collections.ChainMap(EvilDict(a=1)),
        "property": property(lambda self: act("a property was read")),
        "big_decimal": decimal.Decimal("1e999999"),
        "not_implemented": NotImplemented,
        "ellipsis": ...,
        "api_key": "sk-never-shown-0123456789",
    }


EXTRA: list[Any] = []


def hostile_variables() -> dict[str, Any]:
    """Build them all, then arm them."""
    ARMED[0] = False
    EFFECTS.clear()
    out = {**_of_the_system(), **_of_python(), **_of_numpy(), **_of_pandas(), **_of_others()}
    ARMED[0] = True
    return out


def disarm() -> list[str]:
    """Return what was done, and let them go in peace."""
    ARMED[0] = False
    for thing in EXTRA:
        thing.close()
    EXTRA.clear()
    return list(EFFECTS)
