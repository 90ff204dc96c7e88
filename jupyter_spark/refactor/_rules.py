"""Plans that need no model: a plain rename, imports sorted to the top; only where it is certain what is meant."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from jupyter_spark.dataflow import cell_names, parse_cell
from jupyter_spark.errors import UsageError
from jupyter_spark.grafting import asked_additions, lacking
from jupyter_spark.ipysyntax import to_python
from jupyter_spark.privacy import is_ignored
from jupyter_spark.refactor._fstrings import formatted_places, with_f_strings
from jupyter_spark.refactor._planning import Reading, derived_id, notebook_hash
from jupyter_spark.refactor._renaming import refuse_locked, refuse_rename
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_refactor import NameChange, PlanStep, RefactorPlan

_NAME = r"[`'\"]?([^\W\d]\w*)[`'\"]?"
_KIND = r"(?:(?:the|a|this)\s+)?(?:(?:function|class|variable|name|data ?frame)\s+)?"
_ONE = rf"(?:rename\s+)?{_KIND}{_NAME}\s+(?:to|into|as)\s+{_NAME}"
_EVERYWHERE = r"(?:\s+(?:everywhere|throughout|in (?:all cells|every cell|the (?:whole )?notebook)))*"
_RENAMES = re.compile(rf"^\s*rename\s+{_ONE}(?:\s*(?:,|and|, and)\s+{_ONE})*{_EVERYWHERE}\s*[.!]?\s*$", re.IGNORECASE)
_EACH = re.compile(_ONE, re.IGNORECASE)
_IMPORTS = re.compile(
    r"^\s*(?:please\s+)?(?:sort|move|collect|gather|put|bring|hoist)\s+(?:and sort\s+)?(?:all\s+)?"
    r"(?:the\s+|of the\s+)?imports?"
    r"(?:\s+statements?)?\s+(?:to|at|into|in|on)\s+(?:the\s+)?(?:very\s+)?"
    r"(?:top|start|beginning|head|first (?:code )?cell|one cell)(?:\s+of the notebook)?"
    r"(?:\s+and sort them)?\s*[.!]?\s*$",
    re.IGNORECASE,
)
_F_STRINGS = re.compile(
    r"\b(?:use|using|to|into|with|by|prefer)\s+(?:python\s+)?f-?strings?\b(?!\s+(?:to|into|with|by)\b)", re.IGNORECASE
)
# With any other word it may be about more, or about what no rule can do (``"a" + b``).
_ONLY_F_STRINGS = re.compile(
    r"(?:[\s.,;:!%()`'\"]|\b(?:please|use|using|prefer|convert|change|turn|switch|rewrite|replace|make|python|f-?strings?|"
    r"to|into|with|by|for|instead|rather|than|of|and|or|the|all|every|each|any|everything|old|old-style|calls?|texts?|strings?|"
    r"str|format|formats|formatting|formatted|percent|percent-format(?:ting)?|printf|printf-style|style|operators?|method|"
    r"everywhere|throughout|in|cells?|whole|notebook|where|possible|wherever)\b|%-format(?:ting)?)+",
    re.IGNORECASE,
)
_OF_FORMAT = re.compile(
    r"(?:instead of|rather than|replace|convert|change|turn)\b.*?(?<!%)(?<!% )(?<!%-)(?<!percent[ -])\bformat\b",
    re.IGNORECASE,
)
_OF_PERCENT = re.compile(r"%|\b(?:percent|printf|old)", re.IGNORECASE)
_FUTURE, _STDLIB, _OTHERS = range(3)
# What an instruction is about, where it is about one thing: cells without that are not asked about.
_ABOUT: tuple[tuple[re.Pattern[str], Callable[[ast.AST], bool]], ...] = (
    (re.compile(r"\bdoc-?strings?\b", re.I), lambda tree: _has(tree, ast.FunctionDef, ast.ClassDef)),
    (re.compile(r"\btype (?:hints?|annotations?)\b", re.I), lambda tree: _has(tree, ast.FunctionDef)),
    (re.compile(r"\bf-?strings?\b", re.I), lambda tree: _formats(tree)),
)


def plan_by_rules(snapshot: NotebookSnapshot, instruction: str, *, small: bool = False) -> RefactorPlan | None:
    """Return the plan of an instruction that needs no model to plan it, or None; ``small`` is the model's.

    Raises
    ------
    UsageError
        A rename that a locked cell does not allow: no model can do it either.
    """
    reading = Reading(snapshot)
    if _RENAMES.match(instruction):
        changes = [NameChange(old=old, new=new) for old, new in _EACH.findall(instruction)]
        if why := next(filter(None, (refuse_locked(change, snapshot.cells) for change in changes)), ""):
            raise _cannot_rename(why)
        if any(refuse_rename(change, snapshot.cells) for change in changes):
            return None
        reading.renames = changes
        return reading.plan(instruction, "rules")
    if _IMPORTS.match(instruction) and (steps := _imports_to_top(snapshot.cells)):
        reading.steps = steps
        return reading.plan(instruction, "rules")
    if _F_STRINGS.search(instruction) and _ONLY_F_STRINGS.fullmatch(instruction):
        _f_strings(reading, instruction, small=small)
        return reading.plan(instruction, "rules") if reading.steps or small else None
    return None


def _f_strings(reading: Reading, instruction: str, *, small: bool) -> None:
    """Plan f-strings: what certainly means the same is done; cells with more of it are asked for.

    A small model is not asked for the rest of a cell: it would write the whole cell again, and change it.
    """
    of_format, of_percent = (bool(of.search(instruction)) for of in (_OF_FORMAT, _OF_PERCENT))
    formats, percents = of_format or not of_percent, of_percent or not of_format
    for cell in reading.snapshot.cells:
        tree = parse_cell(cell.source) if cell.kind == "code" and not is_ignored(cell) else None
        if tree is None or not formatted_places(tree, formats=formats, percents=percents):
            continue
        if cell.is_locked:
            reading.leave(cell)
            continue
        source = with_f_strings(cell.source, formats=formats, percents=percents)
        after = parse_cell(source)
        left = len(formatted_places(after, formats=formats, percents=percents)) if after is not None else 0
        step = PlanStep(step_id="", operation="edit", cell_id=cell.cell_id)
        if left and (source == cell.source or not small):
            reading.steps.append(step.model_copy(update={"instruction": instruction}))
            continue
        reading.steps.append(step.model_copy(update={"source": source}))
        if left:
            places = "place is" if left == 1 else "places are"
            label = reading.label(cell.cell_id)
            reading.notes.append(f"{label}: {left} {places} left, where an f-string may mean something else.")


def plan_each_cell(snapshot: NotebookSnapshot, instruction: str) -> RefactorPlan:
    """Return the plan that asks each code cell the same: for a model that is too small to plan.

    Raises
    ------
    UsageError
        A rename that cannot be done everywhere: cell by cell it would be done here and there.
    """
    if _RENAMES.match(instruction):
        changes = [NameChange(old=old, new=new) for old, new in _EACH.findall(instruction)]
        if why := next(filter(None, (refuse_rename(change, snapshot.cells) for change in changes)), ""):
            raise _cannot_rename(why)
    reading = Reading(snapshot)
    about = next((is_there for words, is_there in _ABOUT if words.search(instruction)), None)
    for cell in snapshot.cells:
        tree = parse_cell(cell.source) if cell.kind == "code" and not is_ignored(cell) else None
        if tree is None or not tree.body or (about is not None and not about(tree)):
            continue
        additions = asked_additions(instruction, cell.source)
        if additions is not None and not lacking(tree, additions):
            continue
        if cell.is_locked:
            reading.leave(cell)
            continue
        reading.steps.append(PlanStep(step_id="", operation="edit", cell_id=cell.cell_id, instruction=instruction))
    return reading.plan(instruction, "rules")


def _cannot_rename(why: str) -> UsageError:
    return UsageError(f"It cannot be renamed: {why}", "Nothing was changed.", code="rename_refused")


def _has(tree: ast.AST, *kinds: type[ast.AST]) -> bool:
    return any(isinstance(node, kinds) for node in ast.walk(tree))


def _formats(tree: ast.AST) -> bool:
    """Whether texts are put together with ``%`` or ``.format``."""
    for node in ast.walk(tree):
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else ()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add) and any(map(_is_text, sides)):
            return True
        if isinstance(node, ast.Attribute) and node.attr == "format":
            return True
    return False


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


# --- imports ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Import:
    """One import statement: its text, its lines in its cell (from 0, the last one excluded), and what it binds."""

    text: str
    first: int
    end: int
    node: ast.Import | ast.ImportFrom
    names: frozenset[str]


def _imports_to_top(cells: Sequence[CellSnapshot]) -> list[PlanStep]:
    """Move every import that can be moved for certain into the first code cell of imports, or a new one."""
    moved = {cell.cell_id: found for cell in cells if (found := _movable(cell, cells))}
    home = next((cell for cell in cells if cell.kind == "code" and cell.source.strip()), None)
    if home is None or not moved:
        return []
    is_home = bool(moved.get(home.cell_id)) and not is_ignored(home)
    block = _sorted_block([one for found in moved.values() for one in found])
    steps: list[PlanStep] = []
    if not is_home:
        index = [cell.cell_id for cell in cells].index(home.cell_id)
        below = cells[index - 1].cell_id if index else ""
        new = derived_id(notebook_hash(cells), block)
        steps.append(PlanStep(step_id="", operation="insert", cell_id=new, below=below, source=block))
    for cell_id, found in moved.items():
        cell = next(cell for cell in cells if cell.cell_id == cell_id)
        rest = _without(cell.source, found)
        if is_home and cell_id == home.cell_id:
            rest = f"{block}\n\n{rest}" if rest and not rest.startswith("\n") else block + rest
        if rest.rstrip() == cell.source.rstrip():
            continue
        if rest.strip():
            steps.append(PlanStep(step_id="", operation="edit", cell_id=cell_id, source=rest.strip("\n")))
        else:
            steps.append(PlanStep(step_id="", operation="delete", cell_id=cell_id))
    return steps


def _movable(cell: CellSnapshot, cells: Sequence[CellSnapshot]) -> list[_Import]:
    """The imports of a cell that mean the same at the top: alone on their lines, of names that nothing else binds."""
    if cell.kind != "code" or is_ignored(cell) or cell.is_locked or cell.source.lstrip().startswith("%%"):
        return []
    tree, python = parse_cell(cell.source), to_python(cell.source).code
    lines = cell.source.splitlines()
    if tree is None or python is None or len(python.splitlines()) != len(lines):
        return []
    out: list[_Import] = []
    for node in tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom) or any(alias.name == "*" for alias in node.names):
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            continue
        first, end = node.lineno - 1, node.end_lineno or node.lineno
        neighbours = [n for n in tree.body if n is not node and n.lineno <= end and (n.end_lineno or 0) > first]
        names = frozenset((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        if neighbours or any(_is_bound_otherwise(name, cells) for name in names):
            continue
        out.append(_Import("\n".join(lines[first:end]), first, end, node, names))
    return out


def _is_bound_otherwise(name: str, cells: Sequence[CellSnapshot]) -> bool:
    """Whether a name is ever something else than this one import."""
    bound: set[str] = set()
    for cell in cells:
        names = cell_names(cell.source) if cell.kind == "code" else None
        if names is None or name not in names.defines:
            continue
        if name not in names.imports:
            return True
        tree = parse_cell(cell.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
                return True
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module if isinstance(node, ast.ImportFrom) else ""
                bound |= {
                    f"{module}:{alias.name if alias.asname else alias.name.partition('.')[0]}"
                    for alias in node.names
                    if (alias.asname or alias.name).partition(".")[0] == name
                }
    return len(bound) > 1


def _without(source: str, imports: Iterable[_Import]) -> str:
    gone = {row for one in imports for row in range(one.first, one.end)}
    kept = [line for row, line in enumerate(source.splitlines()) if row not in gone]
    return "\n".join(kept).strip("\n")


def _sorted_block(imports: Sequence[_Import]) -> str:
    """Write imports in the usual three groups, each text once."""
    groups: dict[int, dict[str, tuple[bool, str]]] = {}
    for one in imports:
        is_from = isinstance(one.node, ast.ImportFrom)
        module = one.node.module or "" if isinstance(one.node, ast.ImportFrom) else one.node.names[0].name
        top = module.partition(".")[0]
        group = _FUTURE if top == "__future__" else _STDLIB if top in sys.stdlib_module_names else _OTHERS
        groups.setdefault(group, {}).setdefault(one.text, (is_from, module.lower()))
    blocks = ["\n".join(sorted(texts, key=lambda text: (*texts[text], text))) for _, texts in sorted(groups.items())]
    return "\n\n".join(blocks)
