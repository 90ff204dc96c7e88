"""Which definitions a refactor would lose without being told to: functions, classes and variables of the top level."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from jupyter_spark.checks import asks_for_less
from jupyter_spark.dataflow import cell_names, parse_cell
from jupyter_spark.intent import asked_rename
from jupyter_spark.refactor._facts import facts_of
from jupyter_spark.refactor._planning import cell_label
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, RefactorPlan

LEAST_KEPT = 0.5  # from 0 to 1: what is made shorter is mostly what it was
# Words by which a variable may go; what an edit "only" does, or what it "keeps", takes none away.
_LESS = re.compile(
    r"\b(?:delet|remov|drop|get rid|simplif|shorten|shorter|strip|clean|compact|concise|inlin|unused|dead code|"
    r"one.?lin|comprehension|vectori[sz]|chain|trim|reduce|minimal|replace)",
    re.IGNORECASE,
)
# Words by which code gets another form, in which a value may stand without its name.
_SHAPE = re.compile(
    r"\b(?:functions?|class(?:es)?|methods?|dict(?:ionary)?|dataclass|loop|into|turn|convert|merg|combin|instead)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Text:
    """What a text has to do with what it defines.

    Attributes
    ----------
    variables : dict
        The names that it gives a value at its top level, with what the value is made of.
    bound : Counter
        Every name that it binds, wherever: as a variable, a parameter, an attribute, a keyword, a key.
    parts : frozenset of str
        The names and the values that it is made of.
    """

    variables: Mapping[str, frozenset[str]]
    bound: Counter[str]
    parts: frozenset[str]


def definitions_lost(
    before: Sequence[CellSnapshot],
    after: Sequence[CellSnapshot],
    plan: RefactorPlan,
    changes: Sequence[CellChange],
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Tell which definitions are nowhere any more, though neither the words nor the plan have them go.

    Yields
    ------
    cell_id, message, names
        A definition each; the cell that should have it.
    """
    yield from _functions_lost(before, after, plan)
    losses = _Losses(before, after, plan, changes)
    for cell in before:
        yield from losses.of(cell)


def _functions_lost(
    before: Sequence[CellSnapshot], after: Sequence[CellSnapshot], plan: RefactorPlan
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if asks_for_less(plan.instruction):
        return
    renamed = {change.old: change.new for change in plan.renames}
    there, had = _definitions(after), _definitions(before)
    by_id = {cell.cell_id: cell for cell in after}
    for cell in before:
        kept = _definitions([by_id[cell.cell_id]]) if cell.cell_id in by_id else Counter[str]()
        for name in facts_of(cell).functions:
            now = renamed.get(name, name)
            # Of several of one name, each counts: the others would be called in the place of one that is gone.
            if not kept[now] and there[now] < had[name]:
                message = f"'{name}' of {cell_label(before, cell.cell_id)} is gone, and was not asked to be removed."
                yield cell.cell_id, message, (name,)


def _definitions(cells: Sequence[CellSnapshot]) -> Counter[str]:
    """How often each name is defined: a function that became a method, or a value, is not gone."""
    found: Counter[str] = Counter()
    for cell in cells:
        names = facts_of(cell).definitions
        found.update(names)
        found.update((cell_names(cell.source).defines if cell.kind == "code" else frozenset()).difference(names))
    return found


class _Losses:
    """The variables that cells lose."""

    def __init__(
        self,
        before: Sequence[CellSnapshot],
        after: Sequence[CellSnapshot],
        plan: RefactorPlan,
        changes: Sequence[CellChange],
    ) -> None:
        self._before, self._after, self._plan = before, after, plan
        self._renamed = {change.old: change.new for change in plan.renames}
        self._now = {cell.cell_id: cell for cell in after}
        self._steps = {step.step_id: step for step in plan.steps}
        self._by_cell: dict[str, list[CellChange]] = {}
        for change in changes:
            self._by_cell.setdefault(change.cell_id, []).append(change)

    @cached_property
    def _had(self) -> Counter[str]:
        return sum((_text(c.source).bound for c in self._before if c.kind == "code"), Counter[str]())

    @cached_property
    def _has(self) -> Counter[str]:
        return sum((_text(c.source).bound for c in self._after if c.kind == "code"), Counter[str]())

    @cached_property
    def _dangling(self) -> frozenset[str]:
        """What cells need and none defines any more: that is told where it is used."""
        names = [cell_names(cell.source) for cell in self._after if cell.kind == "code"]
        return frozenset[str]().union(*(n.needs for n in names)).difference(*(n.defines for n in names))

    @cached_property
    def _fresh(self) -> frozenset[str]:
        """What the cells that are new or changed are made of."""
        old = {cell.cell_id: cell.source for cell in self._before}
        fresh = (c.source for c in self._after if c.kind == "code" and old.get(c.cell_id) != c.source)
        return frozenset[str]().union(*(_text(source).parts for source in fresh))

    def of(self, cell: CellSnapshot) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """What a cell defined and nothing defines any more."""
        home = self._home(cell)
        if cell.kind != "code" or home is None or home.source == cell.source or parse_cell(home.source) is None:
            return
        now, words = _text(home.source), self._words(cell)
        for name, value in _text(cell.source).variables.items():
            new = self._renamed.get(name, name)
            if now.bound[new] or self._has[new] >= self._had[name] or new in self._dangling:
                continue
            if _has_another_name(value, cell, home) or self._may_go(name, value, cell, home, words):
                continue
            message = f"{cell_label(self._before, cell.cell_id)} no longer defines '{name}', which was not asked for."
            yield home.cell_id, message, (name,)

    def _home(self, cell: CellSnapshot) -> CellSnapshot | None:
        """The cell that should have a cell's definitions: itself, or the one that it is merged into."""
        if cell.cell_id in self._now:
            return self._now[cell.cell_id]
        for change in self._by_cell.get(cell.cell_id, ()):
            step = self._steps.get(change.step_id)
            if step is not None and step.operation == "merge":
                return self._now.get(step.cell_id)
        return None  # that it goes is told, or found, by the cell

    def _words(self, cell: CellSnapshot) -> str:
        """All that was said about a cell."""
        steps = (self._steps.get(change.step_id) for change in self._by_cell.get(cell.cell_id, ()))
        return "\n".join([self._plan.instruction, *(step.instruction for step in steps if step is not None)])

    def _may_go(self, name: str, value: frozenset[str], cell: CellSnapshot, home: CellSnapshot, words: str) -> bool:
        rename = asked_rename(words, cell.source)
        if rename is not None and rename.old == name and _text(home.source).bound[rename.new]:
            return True
        less = _LESS.search(words) is not None
        if less and _is_part(home.source, cell.source):
            return True
        return (less or _SHAPE.search(words) is not None) and bool(value) and value <= self._fresh


def _has_another_name(value: frozenset[str], cell: CellSnapshot, home: CellSnapshot) -> bool:
    """Whether a value stands in its cell, at least, under a name that is new there."""
    old, now = _text(cell.source).variables, _text(home.source).variables
    return any(value <= other and bool(value) == bool(other) for name, other in now.items() if name not in old)


def _is_part(new: str, old: str) -> bool:
    """Whether a text is mostly what stood in another."""
    parts = _text(new).parts
    return len(parts & _text(old).parts) >= LEAST_KEPT * len(parts)


@lru_cache(maxsize=2048)
def _text(source: str) -> _Text:
    tree = parse_cell(source)
    if tree is None:
        return _Text({}, Counter(), frozenset())
    variables: dict[str, frozenset[str]] = {}
    for statement in _top_level(tree.body):
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [node.id for target in targets for node in _unpacked(target) if isinstance(node, ast.Name)]
            value = frozenset(_parts(statement.value))
            variables |= {name: value for name in names if not name.startswith("_")}
    bound = Counter(name for node in ast.walk(tree) for name in _bound(node))
    return _Text(variables, bound, frozenset(_parts(tree)))


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that are the module's own, those below a condition or a ``with`` too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.With | ast.Try):
            yield from _top_level(statement.body)


def _unpacked(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _unpacked(part)
    elif isinstance(target, ast.Starred):
        yield from _unpacked(target.value)
    else:
        yield target


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node gives to something, in whatever form."""
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.id if isinstance(node, ast.Name) else node.attr
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg | ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, ast.Dict):
        yield from (key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def _parts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.Constant):
            yield repr(node.value)
