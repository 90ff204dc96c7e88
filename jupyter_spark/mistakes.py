"""Mistakes in a settings file, said in its own words: which file, which table, which setting, what is expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from jupyter_spark.errors import ConfigError

_Model = TypeVar("_Model", bound=BaseModel)
_EXPECTED = {
    "tuple": "a list of texts",
    "list": "a list of texts",
    "string": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "dict": "a table",
    "model": "a table",
}


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean groq? `` (with a blank behind it) if a known name is near, else nothing."""
    near = get_close_matches(name.lower(), list(known), 1, 0.6)
    return f"Did you mean {near[0]}? " if near else ""


def read_section(model: type[_Model], values: Mapping[str, Any], table: str, file_of: Mapping[str, str]) -> _Model:
    """Make a table's values a section of the settings.

    Parameters
    ----------
    model : type
        The section.
    values : mapping
        What the files, or the built-in table, say.
    table : str
        The table's name, e.g. ``profiles.groq``.
    file_of : mapping
        The file that each setting was last said in, by its whole name.

    Raises
    ------
    ConfigError
        An unknown setting, or a value that is not what the setting takes.
    """
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
    path = [str(part) for part in first["loc"] if not isinstance(part, int)]
    in_list = len(path) < len(first["loc"])
    inner, setting = ".".join([table, *path[:-1]]), path[-1] if path else table
    file = file_of.get(f"{table}.{path[0]}" if path else table) or file_of.get(table, "the settings")
    mend = f"Mend [{inner}] in {file}."
    if first["type"] == "extra_forbidden":
        known = sorted(_fields(model, path[:-1]))
        raise ConfigError(
            f"{file}: [{inner}] has no setting '{setting}'.",
            f"{suggestion(setting, known)}Known: {', '.join(known)}.",
        )
    if first["type"] == "missing":
        raise ConfigError(f"{file}: [{inner}] lacks the setting '{setting}'.", mend)
    expected = "a list of texts" if in_list else _expected(first)
    raise ConfigError(f"{file}: '{setting}' in [{inner}] must be {expected}, not {_shown(first['input'])}.", mend)


def _fields(model: type[BaseModel], path: list[str]) -> set[str]:
    """The settings of a section, or of the table that lies in it."""
    for name in path:
        field = model.model_fields.get(name)
        inner = [field.annotation, *get_args(field.annotation)] if field else []
        model = next((one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)), model)
    return set(model.model_fields) - {"name"}


def _expected(told: Any) -> str:
    kind, context = str(told["type"]), told.get("ctx", {})
    if kind == "literal_error":
        return "one of " + ", ".join(re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "greater_than":
        return f"more than {context['gt']:g}"
    if kind == "greater_than_equal":
        return f"at least {context['ge']:,}"
    return _EXPECTED.get(kind.partition("_")[0], str(told["msg"]))


def _shown(value: Any) -> str:
    # What was written by mistake may be a key: a long text is not repeated.
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 16 else "a text"
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list | tuple) else "that"
