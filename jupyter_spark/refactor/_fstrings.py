"""``"...".format(...)`` and ``"..." % ...`` become f-strings, where these certainly mean the same.

The text is changed within the user's own quotes and escapes, and then proved: its tree must be the one that the text's
value gives. What is not certain stays: ``"%s" % x`` takes a tuple apart, ``%d`` cuts a float off.
"""

from __future__ import annotations

import ast
import copy
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jupyter_spark.dataflow import parse_cell
from jupyter_spark.ipysyntax import syntax_error
from jupyter_spark.refactor._format_fields import (
    Arguments,
    Field,
    UncertainError,
    format_pieces,
    percent_arguments,
    percent_pieces,
)
from jupyter_spark.textedits import column_of

_STRING = re.compile(r"(?P<prefix>[rR]?)(?P<quote>'''|\"\"\"|'|\")(?P<body>.*)(?P=quote)", re.DOTALL)
_HIDDEN_BRACE = re.compile(r"\\(?:N\{|x7[bd]|17[35]|u007[bd]|U0000007[bd])", re.IGNORECASE)
_CONVERSIONS = {"": -1, "s": 115, "r": 114, "a": 97}
_IN_BRACKETS = (ast.Lambda, ast.NamedExpr, ast.Yield, ast.YieldFrom)
_PLAIN = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
Pieces = Sequence["str | Field"]
Reader = Callable[[str], "list[str | Field]"]


def with_f_strings(source: str, *, formats: bool = True, percents: bool = True) -> str:
    """Return a cell with f-strings for all that certainly means the same."""
    passed = 0
    while True:
        tree = parse_cell(source)
        places = [] if tree is None else formatted_places(tree, formats=formats, percents=percents)
        if tree is None or len(places) <= passed:
            return source
        after = _converted(source, tree, places[-1 - passed])  # from the last on: what is within comes first
        passed += after is None
        source = source if after is None else after


def formatted_places(tree: ast.AST, *, formats: bool = True, percents: bool = True) -> list[ast.Call | ast.BinOp]:
    """Return where texts are put together by ``.format`` and by ``%``, in order."""
    found = [
        node for node in _outside_f_strings(tree) if (formats and _is_format(node)) or (percents and _is_percent(node))
    ]
    return sorted(
        (node for node in found if isinstance(node, ast.Call | ast.BinOp)),
        key=lambda node: (node.lineno, node.col_offset, -(node.end_lineno or 0), -(node.end_col_offset or 0)),
    )


def _outside_f_strings(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those within f-strings, whose places are not known before Python 3.12."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _outside_f_strings(child)


def _is_format(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return isinstance(function, ast.Attribute) and function.attr == "format" and _is_text(function.value)


def _is_percent(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _is_text(node.left)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


# --- one place -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """A literal with its arguments; ``reader`` reads it from the beginning, ``read`` goes on."""

    node: ast.Call | ast.BinOp
    literal: ast.Constant

    def reader(self) -> tuple[Reader, Arguments]:
        node = self.node
        if isinstance(node, ast.BinOp):
            percent = percent_arguments(node.right)
            return lambda text: percent_pieces(text, percent), percent
        if any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords):
            raise UncertainError
        arguments = Arguments(node.args, {str(one.arg): one.value for one in node.keywords})
        return lambda text: format_pieces(text, arguments), arguments


def _converted(source: str, tree: ast.Module, node: ast.Call | ast.BinOp) -> str | None:
    """The cell with one place as an f-string, or None where it is not certain."""
    literal = (
        node.left if isinstance(node, ast.BinOp) else node.func.value if isinstance(node.func, ast.Attribute) else None
    )
    assert isinstance(literal, ast.Constant)  # noqa: S101 - so it was found
    place = _Place(node, literal)
    try:
        read, arguments = place.reader()
        pieces = read(str(literal.value))
        arguments.check()
        if not arguments.used:
            return None
        text = _written(source, place)
    except UncertainError:
        return None
    start, end = _span(source, node)
    after = source[:start] + text + source[end:]
    found = parse_cell(after)
    expected = _Replaced(node, pieces).visit(copy.deepcopy(tree))
    if found is None or ast.dump(found) != ast.dump(expected) or syntax_error(after) is not None:
        return None
    return after


def _written(source: str, place: _Place) -> str:
    """The literal as an f-string, in the user's own quotes and escapes and on his own lines."""
    start, end = _span(source, place.literal)
    whole_start, whole_end = _span(source, place.node)
    text, behind = source[start:end], source[end:whole_end]
    read, _ = place.reader()
    out, at = "", 0
    if "#" in behind:
        raise UncertainError  # a comment between the arguments would be lost
    lines = [0]
    for line in f"({text})".splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(f"({text})").readline):
        if token.type == tokenize.STRING:
            first, last = (lines[row - 1] + column - 1 for row, column in (token.start, token.end))
            out += text[at:first] + _token(source, token.string, read)
            at = last
    out += text[at:]
    return f"({out})" if whole_start != start else out


def _token(source: str, token: str, read: Reader) -> str:
    """One string of a literal; without a field in it, it stays a plain one."""
    literal = _STRING.fullmatch(token)
    if literal is None or _HIDDEN_BRACE.search(token):
        raise UncertainError(token)
    prefix, quote, body = literal["prefix"], literal["quote"], literal["body"]
    pieces = read(body)
    if not any(isinstance(piece, Field) for piece in pieces):
        return f"{prefix}{quote}{''.join(str(piece) for piece in pieces)}{quote}"
    other = "'" if quote == '"' else '"'
    quotes = [quote, *([other] if len(quote) == 1 and other not in body and f"\\{quote}" not in body else [])]
    texts = (_in_quotes(source, pieces, tried) for tried in quotes)
    text = next((text for text in texts if text is not None), None)
    if text is None:
        raise UncertainError(token)
    return f"{prefix}f{text}"


def _in_quotes(source: str, pieces: Pieces, quote: str) -> str | None:
    try:
        return f"{quote}{_inner(source, pieces, quote)}{quote}"
    except UncertainError:
        return None


def _inner(source: str, pieces: Pieces, quote: str, *, is_spec: bool = False) -> str:
    out = ""
    for piece in pieces:
        if isinstance(piece, str):
            if is_spec and ("{" in piece or "}" in piece):
                raise UncertainError(piece)
            out += piece.replace("{", "{{").replace("}", "}}")
            continue
        spec = f":{_inner(source, piece.spec, quote, is_spec=True)}" if piece.spec else ""
        conversion = f"!{piece.conversion}" if piece.conversion else ""
        out += f"{{{_expression(source, piece, quote)}{conversion}{spec}}}"
    return out


def _expression(source: str, piece: Field, quote: str) -> str:
    """The text of a field's expression: as the user wrote it, else in other quotes."""
    node = piece.argument
    start, end = _span(source, node)
    for text in (source[start:end], ast.unparse(node)):
        path = piece.path if quote[0] == '"' else piece.path.replace("'", '"')
        if isinstance(node, _IN_BRACKETS) or (path and not isinstance(node, _PLAIN)):
            text = f"({text})"
        text = f" {text} " if text.startswith("{") else text
        if not {*"\\\n#", quote[0]} & {*text, *path}:
            return text + path
    raise UncertainError(ast.unparse(node))


def _span(source: str, node: ast.expr) -> tuple[int, int]:
    """From where to where a node stands in the text."""
    lines = source.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    if last > len(lines):
        raise UncertainError
    first_column, last_column = column_of(lines[node.lineno - 1], node.col_offset), column_of(lines[last - 1], end)
    return starts[node.lineno - 1] + first_column, starts[last - 1] + last_column


# --- the proof -------------------------------------------------------------------------------------


class _Replaced(ast.NodeTransformer):
    """Puts an f-string into the place of a node, by where that stands."""

    def __init__(self, node: ast.expr, pieces: Pieces) -> None:
        self._place, self._pieces = _where(node), pieces

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Call | ast.BinOp) and _where(node) == self._place:
            return ast.JoinedStr(_values(self._pieces))
        return super().generic_visit(node)


def _where(node: ast.expr) -> tuple[object, ...]:
    return type(node), node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _values(pieces: Pieces) -> list[ast.expr]:
    values: list[ast.expr] = []
    text = ""
    for piece in [*pieces, None]:
        if isinstance(piece, str):
            text += piece
            continue
        values += [ast.Constant(text)] if text else []
        text = ""
        if piece is not None:
            spec = ast.JoinedStr(_values(piece.spec)) if piece.spec else None
            value = _with_path(copy.deepcopy(piece.argument), piece.path)
            values.append(ast.FormattedValue(value, _CONVERSIONS[piece.conversion], spec))
    return values


def _with_path(node: ast.expr, path: str) -> ast.expr:
    """``x`` with ``.real[0]`` behind it."""
    if not path:
        return node

    class Put(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            return node

    behind: ast.expr = Put().visit(ast.parse(f"_{path}", mode="eval").body)
    return behind
