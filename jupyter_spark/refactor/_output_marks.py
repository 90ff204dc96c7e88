"""What may put out something else than before, as far as texts tell it: a mark, no finding; only a run knows.

Told is what is gone and nothing stands for: the value at a cell's end, something printed, a call, a text or a number.
What is written in another way (an f-string for a ``%``) is not told.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jupyter_spark.dataflow import CellNames, cell_names, parse_cell
from jupyter_spark.refactor._composing import became, compose
from jupyter_spark.refactor._planning import cell_label
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, RefactorPlan

_PRINTING = frozenset({"print()", "display()", "pprint()"})
_MAGIC_CALLS = frozenset({"run_line_magic", "run_cell_magic", "system", "getoutput", "getsystem"})
# What texts are put together with in one way or another.
_WRITING = frozenset({"format()", "join()", "str()", "repr()", "int()", "float()", "list()"})
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PLACEHOLDER = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?[a-zA-Z%]|\{[^{}]*\}")
_WORD = re.compile(r"[^\W_]{2,}|\d")
_MOST_TOLD = 3
_LONG = 60


@dataclass(frozen=True)
class _Shows:
    """What of a text has to do with what it puts out."""

    last: str = ""
    last_names: frozenset[str] = frozenset()
    prints: int = 0
    calls: frozenset[str] = frozenset()
    statements: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    is_read: bool = True


def with_output_marks(
    cells: Sequence[CellSnapshot], plan: RefactorPlan, changes: Sequence[CellChange]
) -> list[CellChange]:
    """Return changes, each with what tells that its cell may put out something else (``may_differ``).

    Parameters
    ----------
    cells : sequence of CellSnapshot
        The notebook before.
    """
    after = compose(cells, changes)
    old, new = ({cell.cell_id: cell for cell in side} for side in (cells, after))
    fresh = [_shows(c.source) for c in after if c.kind == "code" and c != old.get(c.cell_id)]
    renamed = {change.old: change.new for change in plan.renames}
    marks: dict[str, tuple[str, ...]] = {}
    for ids, now in became(cells, changes, [cell.cell_id for cell in after]):
        if ids and now:
            was, is_now = (_joined(side, some) for side, some in ((old, ids), (new, now)))
            marks[now[0]] = tuple(_differences(was, is_now, fresh, renamed))[:_MOST_TOLD]
    moved = {c.cell_id: tuple(_crossed(c, cells, after))[:_MOST_TOLD] for c in changes if c.operation == "move"}
    told = {"edit": marks, "move": moved}
    return [c.model_copy(update={"may_differ": told.get(c.operation, {}).get(c.cell_id, ())}) for c in changes]


def _joined(cells: Mapping[str, CellSnapshot], ids: Sequence[str]) -> str:
    return "\n".join(cells[cell_id].source for cell_id in ids)


def _differences(before: str, after: str, fresh: Sequence[_Shows], renamed: Mapping[str, str]) -> Iterator[str]:
    """What of a cell's text is gone, a line each; ``fresh`` is what changed and new cells have, where it may stand."""
    if before == after:
        return
    for name, new in renamed.items():
        before = re.sub(rf"\b{re.escape(name)}\b", new, before)
    old, now = _shows(before), _shows(after)
    if not (old.is_read and now.is_read):
        return
    if old.last and not now.last:
        yield f"'{old.last}', at its end, is not shown any more."
    elif now.last and not old.last:
        yield f"'{now.last}', at its end, is shown now."
    elif old.last_names - now.last_names:
        yield f"'{now.last}' is shown at its end instead of '{old.last}'."
    if old.prints != now.prints:
        yield f"it prints in {_places(now.prints)} instead of {_places(old.prints)}."
    calls = frozenset[str]().union(*(one.calls for one in fresh))
    lost = old.statements - calls
    if not now.calls - old.calls - _WRITING:  # nothing stands for it
        lost |= old.calls - calls - _WRITING
    yield from (f"{name} is not called any more." for name in sorted(lost - _PRINTING))
    stands = frozenset[str]().union(*(one.words | one.numbers for one in fresh))
    gone = (old.words | old.numbers) - stands
    yield from (f"'{word}' does not stand there any more." for word in sorted(gone))
    yield from (f"'{number}' stands there now." for number in sorted(now.numbers - old.numbers))


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count} places"


@lru_cache(maxsize=2048)
def _shows(source: str) -> _Shows:
    tree = parse_cell(source)
    if tree is None:
        return _Shows(is_read=False)
    calls = Counter(filter(None, map(_called, ast.walk(tree))))
    del calls["get_ipython()"]  # in whose name magics are called
    last = _last(tree, source)
    statements = {_called(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return _Shows(
        last=_shortened(last),
        last_names=frozenset(_names(last)) if last is not None else frozenset(),
        prints=sum(calls[name] for name in _PRINTING),
        calls=frozenset(calls),
        statements=frozenset(filter(None, statements)),
        words=frozenset(_words(tree)),
        numbers=frozenset(_numbers(tree)),
    )


def _last(tree: ast.Module, source: str) -> ast.Expr | None:
    """The expression at the end, whose value is shown; None if there is none, or it shows itself."""
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr) or source.rstrip().endswith(";"):
        return None
    called = _called(last.value)
    if called in _PRINTING or called[:1] in ("%", "!"):
        return None
    return last


def _names(last: ast.Expr) -> Iterator[str]:
    return (n.id for n in ast.walk(last) if isinstance(n, ast.Name) and not hasattr(builtins, n.id))


def _shortened(last: ast.Expr | None) -> str:
    text = " ".join(ast.unparse(last).split()) if last is not None else ""
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def _called(node: ast.AST) -> str:
    """The bare name of what is called, with ``()``; of a magic or a command, all of it."""
    if not isinstance(node, ast.Call):
        return ""
    name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    if name in _MAGIC_CALLS:
        mark = "%" if name.endswith("magic") else "!"
        return mark + " ".join(str(arg.value) for arg in node.args if isinstance(arg, ast.Constant) and arg.value)
    return f"{name}()" if name else ""


def _words(tree: ast.Module) -> Iterator[str]:
    """The words of a text's strings; what is documentation or a placeholder is left aside."""
    skipped: set[int] = set()
    for node in ast.walk(tree):  # who holds a string comes before it
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            skipped |= {id(part) for part in ast.walk(node.body[0])}
        elif _called(node)[:1] in ("%", "!"):
            skipped |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            skipped |= {id(part) for part in ast.walk(node.format_spec)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield from _WORD.findall(_PLACEHOLDER.sub(" ", node.value))


def _numbers(tree: ast.Module) -> Iterator[str]:
    """The numbers of a text, but for those that stand for nothing in particular."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, int | float | complex)
            and node.value not in (0, 1)
        ):
            yield repr(node.value)


def _crossed(change: CellChange, cells: Sequence[CellSnapshot], after: Sequence[CellSnapshot]) -> Iterator[str]:
    """The cells that a moved one goes past and that change what it uses, or use what it changes."""
    texts = {cell.cell_id: cell.source for cell in after if cell.kind == "code"}
    if change.cell_id not in texts:
        return
    sides = [[cell.cell_id for cell in side if cell.cell_id in texts] for side in (cells, after)]
    mine = cell_names(texts[change.cell_id])
    for other in sides[0]:
        ahead = [side.index(other) < side.index(change.cell_id) for side in sides if other in side]
        if len(set(ahead)) == 1:
            continue
        theirs = cell_names(texts[other])
        where = f"it goes past {cell_label(cells, other)}, which"
        for name in sorted(mine.needs & _changed(theirs)):
            yield f"{where} changes '{name}'."
        for name in sorted(theirs.needs & _changed(mine)):
            yield f"{where} uses '{name}'."


def _changed(names: CellNames) -> frozenset[str]:
    """The names that have another value after a cell; an import once more is the same."""
    return (names.defines - names.imports) | names.mutates
