"""What the live variables are: name, type, shape, dtypes, first values. The user's kernel is left as it was.

One file, standard library only, because it is also sent as text to kernels in which this package is not installed
(``snapshot_json``). That is why it is longer than the other modules.

No user code runs. An object is never asked about itself: its class is ``type(value)``, its fields are read through the
slots of C types or out of its own ``__dict__``, and a library is believed to own a class only if the module that the
class names really holds it (``_known_as``). A subclass is read as the C type that it extends, or told by its name only.
Nothing lazy is computed, no device is waited for, and of a file on disk no page is read.
"""

from __future__ import annotations

import json
import re
import sys
import time
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

LIMIT_MS = 50.0
LIMIT_BYTES = 8192
# What a namespace holds beside the user's own.
OWN_NAMES = frozenset(("In", "Out", "exit", "quit", "get_ipython", "open"))
MIN_SUMMARY, MAX_SUMMARY, MAX_NAME, MAX_COPIED = 100, 500, 200, 10_000
MAX_COLUMNS, MAX_FIELDS, MAX_HEAD, MAX_TEXT, MAX_CLASSES, MAX_MEMBERS, MAX_BLOCKS = 20, 12, 3, 60, 50, 10_000, 1000
_PRIVATE = re.compile(r"pass(?:w|phr|code)|pwd|secret|token|api_?key|credential|auth(?!or)|private|cookie|bearer", re.I)
_SIZE = re.compile(r"of length \d+|\d+ (?:rows × \d+ columns|values of [^:;]+)|(?:\w+, )?shape \([\d, ]*\), \w+")

# A class's own facts, past whatever its metaclass makes of them.
_name_of = type.__dict__["__name__"].__get__
_module_of = type.__dict__["__module__"].__get__
_mro_of = type.__dict__["__mro__"].__get__
_bases_of = type.__dict__["__bases__"].__get__
_flags_of = type.__dict__["__flags__"].__get__
_members_of = type.__dict__["__dict__"].__get__
_module_members = _members_of(types.ModuleType)["__dict__"].__get__
_IS_HEAP_TYPE, _IS_CLASS = 1 << 9, 1 << 31
_MISSING = object()
_static: dict[int, str] = {}
_FIELD_MARKERS = ("__pydantic_fields__", "__dataclass_fields__")
# Whose time zones are asked for their names.
_ZONES = ("datetime", "zoneinfo", "dateutil", "pytz")


class Snapshot(NamedTuple):
    """The variables as they were: rows of ``(name, type, summary)``, how many were left out, and why."""

    rows: list[tuple[str, str, str]]
    left_out: int = 0
    why: str = ""


def take_snapshot(
    namespace: Mapping[str, Any],
    names: Collection[str] | None = None,
    *,
    first: Iterable[str] = (),
    limit_ms: float = LIMIT_MS,
    limit_bytes: int = LIMIT_BYTES,
) -> Snapshot:
    """Describe variables within a limit of time and size, whatever is in memory.

    Parameters
    ----------
    namespace : mapping
        The user's namespace.
    names : collection of str, optional
        The names to look at; the others are not touched. All public names unless given.
    first : iterable of str
        Names to take before the others, since what comes last may find no room.
    limit_ms, limit_bytes : float, int
        When to stop, and how large the rows may be as UTF-8 encoded JSON.

    Returns
    -------
    Snapshot
        The rows, and how many names were not looked at, with the limit that was met.
    """
    until_s = time.perf_counter() + limit_ms / 1000
    rows: list[tuple[str, str, str]] = []
    left_bytes, wanted = limit_bytes, dict.fromkeys(first)
    total = len(namespace) if names is None else len(names)
    # The more there are, the less is told of each; what is wanted is told whole.
    width = max(MIN_SUMMARY, min(MAX_SUMMARY, limit_bytes * 3 // 4 // max(total, 1)))
    seen = 0
    for seen, (name, value) in enumerate(_pairs(namespace, names, wanted), 1):
        if time.perf_counter() > until_s:
            return Snapshot(rows, total - seen + 1, f"{limit_ms:g} ms were up")
        if type(name) is not str or value is _MISSING or name[:1] == "_" or name in OWN_NAMES or len(name) > MAX_NAME:
            continue
        summary = ""
        if left_bytes > limit_bytes // 4:  # the last part of the room is for names and types alone
            private = bool(_PRIVATE.search(name))
            summary = summarize(value, private=private, width=MAX_SUMMARY if name in wanted else width)
        row = (_clean(name), type_name(value), summary)
        left_bytes -= len(json.dumps(row, ensure_ascii=False).encode()) + 2
        if left_bytes < 0:
            return Snapshot(rows, total - seen + 1, f"{limit_bytes} bytes were full")
        rows.append(row)
    return Snapshot(rows, total - seen, "names were bound meanwhile" if total > seen else "")


def snapshot_json(
    namespace: Mapping[str, Any],
    names: Collection[str] | None = None,
    *,
    first: Iterable[str] = (),
    limit_ms: float = LIMIT_MS,
    limit_bytes: int = LIMIT_BYTES,
) -> str:
    """Return ``take_snapshot`` as JSON: ``{"variables": [[name, type, summary]], "left_out": 0, "why": ""}``."""
    # The frame around the rows takes the bytes that are held back.
    taken = take_snapshot(namespace, names, first=first, limit_ms=limit_ms, limit_bytes=limit_bytes - 100)
    return json.dumps({"variables": taken.rows, "left_out": taken.left_out, "why": taken.why}, ensure_ascii=False)


def summarize(value: Any, *, private: bool = False, width: int = MAX_SUMMARY) -> str:
    """Return a variable's shape and first values in a few words, or an empty string.

    Of a ``private`` one (a password, going by its name) only the size is told.
    """
    try:
        text = _describe(value)
    except Exception:  # noqa: BLE001 - a half-built object of a library is still a name and a type
        return ""
    if private:
        size = _SIZE.match(text)
        text = size[0] if size else ""
    return _clean(_cut(text, width))


def type_name(value: Any) -> str:
    """Return the name of a value's class, whatever its metaclass says."""
    return _clean(_cut(_text(_name_of(type(value))), MAX_TEXT))


def _pairs(
    namespace: Mapping[str, Any], names: Collection[str] | None, first: Collection[str]
) -> Iterator[tuple[Any, Any]]:
    ahead = {name: None for name in first if name in namespace and (names is None or name in names)}
    yield from ((name, namespace[name]) for name in ahead)
    if names is not None:
        yield from ((name, namespace.get(name, _MISSING)) for name in names if name not in ahead)
        return
    # Another thread may go on binding names, but copying a million takes all the time there is.
    pairs = namespace.items() if len(namespace) > MAX_COPIED else list(namespace.items())
    try:
        # A key that is no plain text may have an __eq__ of its own.
        yield from ((name, value) for name, value in pairs if type(name) is not str or name not in ahead)
    except RuntimeError:
        return


# --- what a class is -------------------------------------------------------------------------------


def _known_as(kind: type) -> str:
    """Return ``library.Name`` if the module that the class names really holds it, else an empty string."""
    if (known := _static.get(id(kind))) is not None:
        return known
    module, name, known = _module_of(kind), _name_of(kind), ""
    if type(module) is str and type(name) is str:
        try:
            held = _module_members(sys.modules.get(module)).get(name)
        except TypeError:  # something else has been put in the module's place
            held = None
        known = f"{module.partition('.')[0]}.{name}" if held is kind else ""
    if not _flags_of(kind) & _IS_HEAP_TYPE:  # a class of C's own lasts as long as the process
        _static[id(kind)] = known
    return known


def _library(value: Any) -> str:
    return _known_as(type(value)).partition(".")[0]


def _is_a(value: Any, cls: type) -> bool:
    """``isinstance`` without asking the value for its ``__class__``."""
    for base in _mro_of(type(value)):  # noqa: SIM110 - a loop is twice as fast as any(), and this is asked most
        if base is cls:
            return True
    return False


def _attributes(value: Any) -> dict[str, Any]:
    """Return an object's own ``__dict__``, read as the interpreter reads it; an empty one if it has none."""
    for cls in _mro_of(type(value))[:MAX_CLASSES]:
        found = _members_of(cls).get("__dict__")
        if type(found) is types.GetSetDescriptorType or type(found) is types.MemberDescriptorType:
            own = found.__get__(value)
            return own if type(own) is dict else {}
    return {}


def _field(value: Any, name: str) -> Any:
    """Return an attribute from the object's ``__dict__`` or its slots; no property and no ``__getattr__``."""
    own = _attributes(value)
    if name in own:
        return own[name]
    for cls in _mro_of(type(value))[:MAX_CLASSES]:
        found = _members_of(cls).get(name)
        if type(found) is types.MemberDescriptorType:
            try:
                return found.__get__(value)
            except AttributeError:
                return _MISSING
    return _MISSING


def _describe(value: Any) -> str:
    kind = type(value)
    if value is None:
        return "= None"
    if _flags_of(kind) & _IS_CLASS:
        return _class(value)
    if kind is types.FunctionType:
        return _signature(value)
    if kind is types.MethodType:
        return _signature(value.__func__) if type(value.__func__) is types.FunctionType else ""
    if _is_a(value, types.ModuleType):
        return _module(value)
    for cls in _mro_of(kind)[:MAX_CLASSES]:
        members = _members_of(cls)
        for marker in _FIELD_MARKERS:
            if type(members.get(marker)) is dict:
                return _fields(value, members[marker])
        if (describe := _DESCRIBERS.get(_known_as(cls))) is not None:
            return describe(value, cls)
    if _known_as(kind).startswith("__main__.") or kind is types.SimpleNamespace:
        return _fields(value, _attributes(value))
    return ""


# --- words -----------------------------------------------------------------------------------------


def _text(text: Any) -> str:
    """Return a plain string of a string whose class may be the user's."""
    return text if type(text) is str else str.__str__(text)


def _clean(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _cut(text: str, limit: int) -> str:
    """Cut a text between words: half a key or half an address could not be known as one any more."""
    return text if len(text) <= limit else text[:limit].rpartition(" ")[0] + "…"


def _shown_text(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return repr(text)
    head = text[: MAX_TEXT + 1]
    space = max(map(head.rfind, " \t\n"))
    return f"{head[:space]!r}…" if space > 0 else ""


def _number(value: int) -> str:
    # The digits of a large one take long, or are refused.
    return repr(value) if value.bit_length() <= 128 else f"an integer of {value.bit_length():,} bits"


def _moment(value: Any) -> str:
    zone = value.tzinfo
    return str(value) if zone is None or _library(zone) in _ZONES else ""


_PLAIN: dict[str, Callable[[Any], str]] = {
    "builtins.int": _number,
    "builtins.str": _shown_text,
    "builtins.bytes": lambda value: repr(value) if len(value) <= 16 else "",
    **dict.fromkeys(("builtins.bool", "builtins.float", "builtins.complex", "builtins.range"), repr),
    **dict.fromkeys(
        ("pandas.Timedelta", "pandas.NaTType", "pandas.NAType", "pandas.Period", "uuid.UUID", "datetime.timedelta"), str
    ),
    **dict.fromkeys(("datetime.datetime", "datetime.time", "pandas.Timestamp"), _moment),
    **dict.fromkeys(("pathlib.PosixPath", "pathlib.WindowsPath"), lambda value: _shown_text(str(value))),
    "datetime.date": str,
    "decimal.Decimal": lambda value: _cut(str(value), 40),
}


_OPAQUE = ("numpy.void", "numpy.bytes_", "numpy.object_")


def _brief(value: Any) -> str:
    """Return a value that is plain and small, else the name of its type."""
    if value is None:
        return "None"
    kind = type(value)
    known = _known_as(kind)
    if known in _PLAIN:
        return _PLAIN[known](value) or type_name(value)
    # The scalars of NumPy are C types; what a user derives from one is not.
    if known.startswith("numpy.") and not _flags_of(kind) & _IS_HEAP_TYPE and known not in _OPAQUE:
        return _shown_text(str(value)) or type_name(value) if known == "numpy.str_" else str(value)
    return type_name(value)


def _some(shown: Iterable[str], total: int) -> str:
    """Join what is shown of ``total``, and say that there is more."""
    parts = list(shown)
    return ", ".join(parts) + (f", … {total - len(parts):,} more" if parts and total > len(parts) else "")


def _pair(name: Any, value: Any) -> str:
    """``name: type = value``, without the value where the name says that it is private."""
    label = name if type(name) is str else _brief(name)
    label = _cut(label, MAX_TEXT) if type(name) is str else label
    shown = "" if _PRIVATE.search(label) else _brief(value)
    kind = type_name(value)
    return f"{label}: {kind}" + (f" = {shown}" if shown not in ("", kind) else "")


# --- what Python itself brings ---------------------------------------------------------------------


def _plain(value: Any, _cls: type) -> str:
    shown = _brief(value)
    return f"= {shown}" if shown != type_name(value) else ""


def _length(value: Any, cls: Any) -> str:
    return f"of length {cls.__len__(value)}"


def _string(value: Any, cls: Any) -> str:
    head = cls.__getitem__(value, slice(MAX_TEXT + 1))
    shown = _shown_text(head) if cls is str else repr(head)
    if len(head) <= MAX_TEXT:
        return f"= {shown}"
    return _length(value, cls) + (f": {shown}" if shown and cls is str else "")


def _items(value: Any, cls: Any) -> str:
    """A list, tuple, set or queue, through the built-in class's own iterator."""
    shown = map(_brief, islice(cls.__iter__(value), MAX_HEAD))
    total = cls.__len__(value)
    return f"of length {total}" + (f": {_some(shown, total)}" if total else "")


def _tuple(value: Any, cls: Any) -> str:
    inherited = (_members_of(base).get("_fields") for base in _mro_of(type(value))[:MAX_CLASSES])
    names = next((names for names in inherited if type(names) is tuple), None)
    if names is None:
        return _items(value, cls)
    pairs = zip(names, tuple.__iter__(value), strict=False)
    return f"({_some((_pair(name, item) for name, item in islice(pairs, MAX_FIELDS)), len(names))})"


def _mapping(value: Any, _cls: Any) -> str:
    total = dict.__len__(value)
    pairs = [(_brief(key), type_name(item)) for key, item in islice(dict.items(value), MAX_FIELDS)]
    return f"of length {total}" + (f": {_some((f'{key}: {kind}' for key, kind in pairs), total)}" if total else "")


def _fields(value: Any, names: dict[Any, Any]) -> str:
    plain = [name for name in islice(names, MAX_FIELDS) if type(name) is str]
    found = [_pair(name, item) for name in plain if (item := _field(value, name)) is not _MISSING]
    return f"with {_some(found, len(names))}" if found else ""


def _enum(value: Any, _cls: Any) -> str:
    name = _field(value, "_name_")
    return f"= {type_name(value)}.{name}" if type(name) is str else ""


def _class(value: Any) -> str:
    bases = [_text(_name_of(base)) for base in _bases_of(value) if base is not object]
    members, names = _members_of(value), []
    for marker in _FIELD_MARKERS:
        if type(fields := members.get(marker)) is dict:
            names += [name for name in islice(fields, MAX_MEMBERS) if type(name) is str]
    names += [
        n for n in islice(members, MAX_MEMBERS) if type(n) is str and n[:1] != "_" and n not in names[:MAX_FIELDS]
    ]
    title = f"class {_text(_name_of(value))}" + (f"({', '.join(bases[:MAX_FIELDS])})" if bases else "")
    return title + (f" with {_some(names[:MAX_FIELDS], len(names))}" if names else "")


def _signature(function: types.FunctionType) -> str:
    code = function.__code__
    plain, keyword_only = code.co_argcount, code.co_kwonlyargcount
    names = list(code.co_varnames)
    required = plain - len(function.__defaults__ or ())
    parts = [name if at < required else f"{name}=…" for at, name in enumerate(names[:plain])]
    rest = names[plain + keyword_only :]
    if code.co_flags & 4:
        parts.append(f"*{rest.pop(0)}")
    elif keyword_only:
        parts.append("*")
    given = function.__kwdefaults__ or {}
    parts += [f"{name}=…" if dict.__contains__(given, name) else name for name in names[plain : plain + keyword_only]]
    if code.co_flags & 8:
        parts.append(f"**{rest.pop(0)}")
    return f"({', '.join(parts)})"


def _wrapped(value: Any, _cls: Any) -> str:
    inner = _field(value, "__wrapped__")
    return _signature(inner) if type(inner) is types.FunctionType else ""


def _module(value: Any) -> str:
    members = _module_members(value)
    words = (members.get("__name__"), members.get("__version__"))
    return " ".join(word for word in words if type(word) is str)


# --- libraries -------------------------------------------------------------------------------------


def _own(value: Any, library: str) -> Any:
    """Return a value whose class the library owns; its methods are the library's."""
    if _library(value) != library:
        raise TypeError
    return value


def _has_strange_zone(dtype: Any) -> bool:
    zone = getattr(dtype, "tz", None)
    return zone is not None and _library(zone) not in _ZONES


def _dtype(dtype: Any) -> str:
    if _has_strange_zone(dtype):
        return f"datetime64[{dtype.unit}, {type_name(dtype.tz)}]"
    if type(names := getattr(dtype, "names", None)) is tuple:
        fields = (f"{name}: {_dtype(dtype.fields[name][0])}" for name in names[:MAX_COLUMNS])
        return f"fields ({_some(fields, len(names))})"
    return str(dtype)


def _is_in_a_file(array: Any) -> bool:
    numpy = sys.modules["numpy"].ndarray
    for _ in range(10):  # a view keeps what it is a view of
        if not _is_a(array, numpy):
            return _known_as(type(array)) == "mmap.mmap"
        if _known_as(type(array)) == "numpy.memmap":
            return True
        array = numpy.base.__get__(array)
    return True  # who knows


def _head(values: Any, count: int = MAX_HEAD) -> list[str]:
    """The first values of a column that NumPy or pandas own; none of a file on disk."""
    if _known_as(type(values)) == "numpy.ndarray":
        if values.dtype.names is not None or _is_in_a_file(values):
            return []
        flat = values.flat
        return [_brief(flat[at]) for at in range(min(count, values.size))]
    if _has_strange_zone(_own(values, "pandas").dtype):
        return []
    return [_brief(values[at]) for at in range(min(count, len(values)))]


def _with_head(text: str, head: list[str], total: int) -> str:
    return f"{text}: {_some(head, total)}" if head else text


def _array(value: Any, cls: Any) -> str:
    # A view as the library's own class: no __array_finalize__ of a subclass runs.
    plain = cls.view(value, cls)
    place = " in a file" if _is_in_a_file(value) else ""
    return _with_head(f"shape {plain.shape}, {_dtype(plain.dtype)}{place}", [] if place else _head(plain), plain.size)


def _masked(value: Any, _cls: Any) -> str:
    plain = sys.modules["numpy"].ndarray
    data, mask = plain.view(value, plain), _field(value, "_mask")
    head = _head(data)
    if _known_as(type(mask)) == "numpy.ndarray" and mask.dtype.names is None:
        head = ["masked" if mask.flat[at] else shown for at, shown in enumerate(head)]
    return _with_head(f"masked, shape {data.shape}, {_dtype(data.dtype)}", head, data.size)


def _frame(value: Any, _cls: Any) -> str:
    manager = _own(_field(value, "_mgr"), "pandas")
    labels, index = (_own(axis, "pandas") for axis in manager.axes)
    blocks, wide = manager.blocks, len(labels)
    shape = f"{len(index)} rows × {wide} columns"
    if len(blocks) > MAX_BLOCKS and manager._blknos is None:
        return shape  # pandas would first have to find out where each column is
    columns, row = [], []
    for at in range(min(wide, MAX_COLUMNS)):
        values = blocks[manager.blknos[at]].values
        if _library(values) in ("numpy", "pandas"):
            values = values[manager.blklocs[at]] if values.ndim == 2 else values
            kind, head = _dtype(values.dtype), _head(values, 1)
        else:
            kind, head = type_name(values), []
        label = _column(labels[at])
        columns.append(f"{label}: {kind}")
        row += ["…" if _PRIVATE.search(label) else head[0]] if head else []
    text = f"{shape} ({_some(columns, wide)})" if columns else shape
    return text + (f"; first row: {', '.join(row)}" if row else "") + _rows(index)


def _column(label: Any) -> str:
    return _cut(label if type(label) is str else _brief(label), MAX_TEXT)


def _rows(index: Any) -> str:
    return "" if _known_as(type(index)) == "pandas.RangeIndex" else f"; index {type_name(index)} {_index(index, None)}"


def _series(value: Any, _cls: Any) -> str:
    manager = _own(_field(value, "_mgr"), "pandas")
    values, index = manager.blocks[0].values, _own(manager.axes[0], "pandas")
    if _library(values) not in ("numpy", "pandas"):
        return f"{len(index)} values of {type_name(values)}"
    return _with_head(f"{len(index)} values of {_dtype(values.dtype)}", _head(values), len(index)) + _rows(index)


def _index(value: Any, _cls: Any) -> str:
    if (spread := _field(value, "_range")) is not _MISSING:
        return f"of length {len(spread)}: {spread!r}"
    if (levels := _field(value, "_levels")) is not _MISSING:
        labels = [_column(label) for label in islice(_field(value, "_names"), MAX_FIELDS)]
        return f"of length {len(_field(value, '_codes')[0])}, levels {_some(labels, len(levels))}"
    values = _field(value, "_data")
    freq = next(
        (_field(holder, "_freq") for holder in (value, values) if _field(holder, "_freq") is not _MISSING), None
    )
    often = f", freq {_own(freq, 'pandas').freqstr}" if freq is not None else ""
    return _with_head(f"{len(values)} values of {_dtype(values.dtype)}{often}", _head(values), len(values))


def _categorical(value: Any, _cls: Any) -> str:
    values = _own(value, "pandas")
    groups = _own(values.dtype.categories, "pandas")
    return f"{len(values)} values of {len(groups)} categories: {_some(_head(_field(groups, '_data')), len(groups))}"


def _polars_frame(value: Any, _cls: Any) -> str:
    inner = _field(value, "_df")
    rows, wide = inner.shape()
    series = [inner.to_series(at) for at in range(min(wide, MAX_COLUMNS))]
    text = f"{rows} rows × {wide} columns ({_some((f'{_column(s.name())}: {s.dtype()}' for s in series), wide)})"
    row = ["…" if _PRIVATE.search(s.name()) else _brief(s.get_index(0)) for s in series] if rows else []
    return text + (f"; first row: {', '.join(row)}" if row else "")


def _polars_series(value: Any, _cls: Any) -> str:
    inner = _field(value, "_s")
    head = [_brief(inner.get_index(at)) for at in range(min(inner.len(), MAX_HEAD))]
    return _with_head(f"{inner.len()} values of {inner.dtype()}", head, inner.len())


def _labelled(name: str, variable: Any) -> str:
    """One variable of xarray's: dimensions, dtype, units, first values if they are in memory already."""
    dims, data, attrs = (_field(variable, part) for part in ("_dims", "_data", "_attrs"))
    if _known_as(type(data)) == "xarray.PandasIndexingAdapter":
        data = _own(_field(data, "array"), "pandas")
        kind, head = _dtype(data.dtype), _head(_field(data, "_data")) if hasattr(data, "_data") else []
    elif _known_as(type(data)) == "numpy.ndarray":
        kind, head = _dtype(data.dtype), _head(data)
    else:
        kind, head = f"{type_name(data)}, not computed", []
    units = attrs.get("units") if type(attrs) is dict else None
    kind += f" in {_cut(units, 40)}" if type(units) is str else ""
    return f"{name}({', '.join(map(_column, dims))}): {kind}" + (f" = {', '.join(head)}, …" if head else "")


def _data_array(value: Any, _cls: Any) -> str:
    variable, coords = _field(value, "_variable"), _field(value, "_coords")
    data = _field(variable, "_data")
    shape = f"shape {data.shape}, " if _known_as(type(data)) == "numpy.ndarray" else ""
    parts = [_labelled(_column(name), coords[name]) for name in islice(coords, MAX_FIELDS)]
    return f"{shape}{_labelled('', variable)}" + (f"; coordinates {_some(parts, len(coords))}" if parts else "")


def _dataset(value: Any, _cls: Any) -> str:
    variables, sizes = _field(value, "_variables"), _field(value, "_dims")
    shape = ", ".join(f"{_column(name)}: {size}" for name, size in islice(sizes.items(), MAX_FIELDS))
    parts = [_labelled(_column(name), variables[name]) for name in islice(variables, MAX_FIELDS)]
    return f"dimensions ({shape}); {_some(parts, len(variables))}"


def _tensor(value: Any, cls: Any) -> str:
    if type(value) is not cls:  # a subclass sees every access to its attributes
        return ""
    device = str(value.device)
    text = f"shape {tuple(value.shape)}, {value.dtype}, {device}" + (", requires grad" if value.requires_grad else "")
    # Reading from a device waits for it; other layouts have no plain first values.
    if device != "cpu" or str(value.layout) != "torch.strided" or not value.numel():
        return text
    start = value.detach()[(0,) * (value.dim() - 1)] if value.dim() else value.detach().reshape(1)
    return _with_head(text, [_brief(item) for item in start[:MAX_HEAD].tolist()], value.numel())


def _arrow_table(value: Any, cls: Any) -> str:
    schema, rows = cls.schema.__get__(value), cls.num_rows.__get__(value)
    fields = (schema.field(at) for at in range(min(len(schema), MAX_COLUMNS)))
    columns = (f"{_column(field.name)}: {_own(field.type, 'pyarrow')}" for field in fields)
    return f"{rows} rows × {len(schema)} columns ({_some(columns, len(schema))})"


def _arrow_array(value: Any, cls: Any) -> str:
    kind, total = _own(cls.type.__get__(value), "pyarrow"), cls.__len__(value)
    items = (_own(cls.__getitem__(value, at), "pyarrow") for at in range(min(total, MAX_HEAD)))
    return _with_head(f"{total} values of {kind}", [_brief(item.as_py()) for item in items], total)


def _sparse(value: Any, _cls: Any) -> str:
    data, kind = _field(value, "data"), _field(value, "dtype")
    known = _known_as(type(data)) == "numpy.ndarray"
    dtype = data.dtype if kind is _MISSING and known else kind
    stored = f", {data.size} stored" if known and data.dtype.kind != "O" else ""
    return f"sparse, shape {_field(value, '_shape')}, {_dtype(dtype)}{stored}"


def _said(text: str) -> Callable[[Any, Any], str]:
    return lambda _value, _cls: text


_SPARSE = [
    f"scipy.{kind}_{form}" for kind in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil") for form in ("matrix", "array")
]
_DATABASES = (
    "sqlite3.Connection",
    "_duckdb.DuckDBPyConnection",
    "psycopg.Connection",
    "psycopg2.connection",
    "pymongo.MongoClient",
)
# What is told of a class and of those derived from it, by library and name.
_DESCRIBERS: dict[str, Callable[[Any, Any], str]] = {
    **dict.fromkeys(_PLAIN, _plain),
    **dict.fromkeys(("builtins.str", "builtins.bytes", "builtins.bytearray"), _string),
    **dict.fromkeys(("builtins.list", "builtins.set", "builtins.frozenset", "collections.deque"), _items),
    "builtins.tuple": _tuple,
    "builtins.dict": _mapping,
    "builtins.memoryview": lambda value, _cls: f"of {value.nbytes} bytes",
    **dict.fromkeys(("enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"), _enum),
    "functools._lru_cache_wrapper": _wrapped,
    "numpy.ndarray": _array,
    "numpy.MaskedArray": _masked,
    "numpy.generic": _plain,
    "pandas.DataFrame": _frame,
    "pandas.Series": _series,
    "pandas.Index": _index,
    "pandas.Categorical": _categorical,
    "polars.DataFrame": _polars_frame,
    "polars.Series": _polars_series,
    "polars.LazyFrame": _said("lazy, not collected"),
    "xarray.DataArray": _data_array,
    "xarray.Dataset": _dataset,
    **dict.fromkeys(("torch.Tensor", "torch.Parameter"), _tensor),
    **dict.fromkeys(("pyarrow.Table", "pyarrow.RecordBatch"), _arrow_table),
    **dict.fromkeys(("pyarrow.Array", "pyarrow.ChunkedArray"), _arrow_array),
    **dict.fromkeys(_SPARSE, _sparse),
    **dict.fromkeys(("dask.Array", "dask.DataFrame", "dask.Delayed"), _said("lazy, not computed")),
    **dict.fromkeys(("matplotlib.Figure", "plotly.Figure", "bokeh.figure"), _said("a figure")),
    **dict.fromkeys(_DATABASES, _said("a database connection")),
    **dict.fromkeys(("sqlalchemy.Engine", "sqlalchemy.Connection"), _said("a database connection, address not shown")),
}
