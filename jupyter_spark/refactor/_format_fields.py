"""What the text of a ``.format`` or a ``%`` says, as parts of an f-string, where these mean the same."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field

_FIELD = re.compile(r"(?P<first>\w*)(?P<path>(?:\.[^\W\d]\w*|\[[^\[\]{}'\"\\!:]+\])*)")
_STEP = re.compile(r"\.(?P<attribute>\w+)|\[(?P<key>[^\]]+)\]")
_PERCENT = re.compile(r"%(?P<flags>[-+ #0]*)(?P<width>\d*)(?P<precision>(?:\.\d*)?)(?P<kind>[a-zA-Z%])|%")
_FLOATS, _INTEGERS, _TEXTS = frozenset("fFeEgG"), frozenset("xXo"), frozenset("sra")
# Calls whose value is one, whatever they are given; those that give an integer.
_ONE_VALUE = frozenset({"len", "str", "int", "float", "repr", "round", "hex", "bin", "type", "bool"})
_COUNTS = frozenset({"len", "int", "ord"})


class UncertainError(Exception):
    """It cannot be said that an f-string means the same."""


@dataclass(frozen=True)
class Field:
    """A place in a text: which argument, what is taken of it (``.real``, ``[0]``), and how it is written."""

    argument: ast.expr
    path: str = ""
    conversion: str = ""
    spec: tuple[str | Field, ...] = ()


@dataclass
class Arguments:
    """The arguments of a call, and which of them are used."""

    positional: Sequence[ast.expr]
    named: dict[str, ast.expr] = field(default_factory=dict)
    used: list[ast.expr] = field(default_factory=list)
    is_numbered: bool | None = None
    next_number: int = 0

    def take(self, name: str) -> ast.expr:
        """Return the argument that a field names; each empty name is the next one."""
        if name and not name.isdigit():
            found = self.named.get(name)
        else:
            if self.is_numbered not in (None, bool(name)):
                raise UncertainError(name)
            self.is_numbered = bool(name)
            number = int(name) if name else self.next_number
            self.next_number += 1
            found = self.positional[number] if number < len(self.positional) else None
        if found is None:
            raise UncertainError(name)
        self.used.append(found)
        return found

    def check(self) -> None:
        """Raise where they would be evaluated another number of times, or in another order."""
        given = [*self.positional, *self.named.values()]
        busy = [one for one in self.used if not _is_still(one)]
        if busy != [one for one in given if not _is_still(one)] or any(one not in self.used for one in given):
            raise UncertainError


def _is_still(node: ast.expr) -> bool:
    """Whether it does not matter how often and when an expression is evaluated."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name | ast.Constant)


def format_pieces(text: str, arguments: Arguments) -> list[str | Field]:
    """Read the text of a ``.format``."""
    pieces: list[str | Field] = []
    try:
        for literal, name, spec, conversion in string.Formatter().parse(text):
            pieces += [literal] if literal else []
            if name is None:
                continue
            found = _FIELD.fullmatch(name)
            if found is None or conversion not in (None, "r", "s", "a"):
                raise UncertainError(name)
            argument = arguments.take(found["first"])
            inner = tuple(format_pieces(spec, arguments)) if spec else ()
            pieces.append(Field(argument, _path(found["path"]), conversion or "", inner))
    except ValueError as error:
        raise UncertainError(text) from error
    return pieces


def _path(path: str) -> str:
    """``.real[0][name]`` as Python."""
    steps = _STEP.finditer(path)
    return "".join(
        f".{step['attribute']}"
        if step["attribute"]
        else f"[{int(key) if (key := step['key']).isdigit() else repr(key)}]"
        for step in steps
    )


# --- percent ---------------------------------------------------------------------------------------


def percent_arguments(right: ast.expr) -> Arguments:
    """Return what stands behind a ``%``; raises where it may be a tuple, whose parts would be taken one by one."""
    if isinstance(right, ast.Tuple):
        if any(isinstance(one, ast.Starred) for one in right.elts):
            raise UncertainError
        return Arguments(right.elts)
    if not _is_one_value(right):
        raise UncertainError
    return Arguments([right])


def _is_one_value(node: ast.expr) -> bool:
    """Whether an expression is certainly no tuple and no mapping."""
    if isinstance(node, ast.Call):
        of_text = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant | ast.JoinedStr)
        return of_text or (isinstance(node.func, ast.Name) and node.func.id in _ONE_VALUE)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div | ast.Sub | ast.FloorDiv | ast.Pow) or _is_float(node.left, node.right)
    return isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare | ast.UnaryOp)


def _is_float(*nodes: ast.expr) -> bool:
    return any(isinstance(node, ast.Constant) and isinstance(node.value, float) for node in nodes)


def percent_pieces(text: str, arguments: Arguments) -> list[str | Field]:
    """Read the text of a ``%``."""
    pieces: list[str | Field] = []
    at = 0
    for found in _PERCENT.finditer(text):
        pieces += [text[at : found.start()]] if found.start() > at else []
        at = found.end()
        if found[0] == "%%":
            pieces.append("%")
        elif found["kind"] in (None, "%"):
            raise UncertainError(found[0])
        else:
            pieces.append(_percent_field(found, arguments.take("")))
    return [*pieces, *([text[at:]] if at < len(text) else [])]


def _percent_field(found: re.Match[str], argument: ast.expr) -> Field:
    flags, width, precision, kind = found["flags"], found["width"], found["precision"], found["kind"]
    if precision == ".":
        precision = ".0"
    left = "<" if "-" in flags and width else ""
    if kind in _TEXTS:
        conversion = "" if kind == "s" else kind
        if not width and not precision:
            return Field(argument, "", conversion)
        aligned = f"{left or '>'}{width}" if width else ""
        return Field(argument, "", kind, (f"{aligned}{precision}",))
    sign = "+" if "+" in flags else " " if " " in flags else ""
    head = f"{left}{sign}{'#' if '#' in flags else ''}{'0' if '0' in flags and not left else ''}{width}"
    if kind in _FLOATS:
        return Field(argument, "", "", (f"{head}{precision}{kind}",))
    if kind in _INTEGERS and not precision:
        return Field(argument, "", "", (f"{head}{kind}",))
    if kind in "diu" and not precision and _is_count(argument):
        return Field(argument, "", "", (f"{head}d",) if head else ())
    raise UncertainError(kind)


def _is_count(node: ast.expr) -> bool:
    """Whether an expression is certainly a whole number: ``%d`` cuts the others off."""
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _COUNTS
