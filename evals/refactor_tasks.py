"""Refactors of real notebooks, each with the plan and the cells that are right, and ways to get it wrong.

An instruction is applied to a notebook by plain rules of its own, not by the engine: what comes of that is the right
result. A wrong answer is made of the right one by one mistake that models make.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot

NOTEBOOKS = Path(__file__).parents[1] / "tests" / "notebooks"
_MOST_CELLS = 3
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Task:
    """One refactor of one notebook.

    Attributes
    ----------
    plan : tuple of str
        The plan's lines as they are right.
    answers : dict
        The right answer to each step that a model writes, by its words, which no other step has.
    repairs : dict
        The right answers to repairs of cells that the plan of ``forgetful`` left out, by the cells' indexes.
    expected : tuple of (str, str)
        Kind and text of every cell when all is right.
    wrong_plan, wrong_answers
        The same with a mistake; ``mistake`` says which.
    forgetful : tuple of str
        A plan that leaves something out.
    """

    notebook: str
    instruction: str
    cells: NotebookSnapshot
    plan: tuple[str, ...]
    answers: dict[str, str]
    expected: tuple[tuple[str, str], ...]
    mistake: str
    wrong_plan: tuple[str, ...]
    wrong_answers: dict[str, str]
    forgetful: tuple[str, ...]
    repairs: dict[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The notebook and what is to be done."""
        return f"{self.notebook}: {self.instruction}"


@lru_cache(maxsize=16)
def read(name: str) -> NotebookSnapshot:
    """Return a notebook by its name."""
    return snapshot(parse_notebook((NOTEBOOKS / f"{name}.ipynb").read_bytes()))


def every_task() -> Iterator[Task]:
    """Return every task: each instruction on each notebook where it means something."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for make in INSTRUCTIONS:
            task = make(path.stem, read(path.stem))
            if task is not None:
                yield task


# --- the notebook's code ---------------------------------------------------------------------------


def _trees(notebook: NotebookSnapshot) -> list[tuple[int, CellSnapshot, ast.Module]]:
    """The code cells that are plain Python, with their indexes."""
    out = []
    for index, cell in enumerate(notebook.cells):
        if cell.kind != "code" or not cell.source.strip() or re.search(r"^\s*[%!?]|\?\s*$", cell.source, re.M):
            continue
        try:
            out.append((index, cell, ast.parse(cell.source)))
        except SyntaxError:
            continue
    return out


def _bound(tree: ast.Module) -> list[str]:
    """The names that a cell's own statements assign, in order."""
    names = [
        node.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name)
    ]
    return list(dict.fromkeys(names))


def _loads(tree: ast.Module) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _defines(tree: ast.Module) -> set[str]:
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return imported | stored | {node.name for node in ast.walk(tree) if isinstance(node, _DEFS)}


def _kept(notebook: NotebookSnapshot, edits: dict[int, str]) -> tuple[tuple[str, str], ...]:
    return tuple((cell.kind, edits.get(index, cell.source)) for index, cell in enumerate(notebook.cells))


def _edits(
    name: str,
    instruction: str,
    notebook: NotebookSnapshot,
    right: dict[int, str],
    mistake: str,
    wrong: Callable[[str, str], str],
) -> Task | None:
    """A task whose steps each edit a cell; the mistake is made in the last of them, the first is what is forgotten."""
    if not right:
        return None
    words = {index: f"{instruction} (step {index})" for index in right}
    answers = {words[index]: source for index, source in right.items()}
    last = max(right)
    plan = tuple(f"edit cell {index}: {words[index]}" for index in right)
    return Task(
        notebook=name,
        instruction=instruction,
        cells=notebook,
        plan=plan,
        answers=answers,
        expected=_kept(notebook, right),
        mistake=mistake,
        wrong_plan=plan,
        wrong_answers=answers | {words[last]: wrong(notebook.cells[last].source, right[last])},
        forgetful=plan,
    )


# --- instructions ----------------------------------------------------------------------------------


def _rename(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A name that is the same thing wherever it stands; the plan that forgets changes it only where it is defined."""
    trees = _trees(notebook)
    whole = "\n".join(cell.source for cell in notebook.cells if cell.kind == "code")
    for home, _, tree in trees:
        for old in _bound(tree):
            users = [i for i, _, other in trees if i > home and old in _loads(other)]
            homes = [i for i, _, other in trees if old in _defines(other)]
            plain = len(re.findall(rf"(?<![\w.'\"]){old}\b(?!['\"]|\s*=[^=])", whole)) == len(
                re.findall(rf"\b{old}\b", whole)
            ) - len(re.findall(rf"(?m)^{old}\s*=[^=]", whole))
            if len(old) < 3 or homes != [home] or not 1 <= len(users) <= _MOST_CELLS or not plain:
                continue
            if any(
                old in c.source and i not in (home, *users) for i, c in enumerate(notebook.cells) if c.kind == "code"
            ):
                continue
            new = f"{old}_renamed"
            right = {i: _renamed(notebook.cells[i].source, old, new) for i in (home, *users)}
            words = f"call it {new} (step {home})"
            return Task(
                notebook=name,
                instruction=f"give {old} the better name {new}",
                cells=notebook,
                plan=(f"rename {old} -> {new}",),
                answers={words: right[home]},
                expected=_kept(notebook, right),
                mistake="the name is changed in one cell only",
                wrong_plan=(f"edit cell {home}: {words}",),
                wrong_answers={words: right[home]},
                forgetful=(f"edit cell {home}: {words}",),
                repairs={i: right[i] for i in users},
            )
    return None


def _renamed(source: str, old: str, new: str) -> str:
    """Change a name, token by token."""
    lines = source.splitlines(keepends=True)
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.string == old]
    for token in reversed(tokens):
        row, start = token.start
        line = lines[row - 1]
        lines[row - 1] = line[:start] + new + line[start + len(old) :]
    return "".join(lines)


def _functions(notebook: NotebookSnapshot) -> list[tuple[int, CellSnapshot, ast.FunctionDef]]:
    """Cells that begin with a function over several lines without a docstring."""
    return [
        (index, cell, node)
        for index, cell, tree in _trees(notebook)
        for node in tree.body[:1]
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is None and node.body[0].lineno > node.lineno
    ][:_MOST_CELLS]


def _docstrings(name: str, notebook: NotebookSnapshot) -> Task | None:
    right = {}
    for index, cell, node in _functions(notebook):
        lines = cell.source.split("\n")
        indent = " " * node.body[0].col_offset
        right[index] = "\n".join(
            [
                *lines[: node.body[0].lineno - 1],
                f'{indent}"""Do what {node.name} does."""',
                *lines[node.body[0].lineno - 1 :],
            ]
        )
    return _edits(name, "add docstrings", notebook, right, "the body is left out", _elided)


def _elided(_: str, right: str) -> str:
    head = right.split("\n")[:2]
    return "\n".join([*head, "    # ... rest of the function ..."])


def _hints(name: str, notebook: NotebookSnapshot) -> Task | None:
    right = {}
    for index, cell, node in _functions(notebook):
        head = cell.source.split("\n")[node.lineno - 1]
        if node.returns is None and head.rstrip().endswith("):"):
            changed = f"{head.rstrip()[:-1]} -> object:"
            right[index] = cell.source.replace(head, changed, 1)
    return _edits(name, "add type hints", notebook, right, "a function gets another name", _misnamed)


def _misnamed(_: str, right: str) -> str:
    return re.sub(r"^(\s*def )(\w+)", r"\1new_\2", right, count=1, flags=re.M)


def _comments(name: str, notebook: NotebookSnapshot) -> Task | None:
    cells = [(i, c) for i, c, _ in _trees(notebook) if 2 <= c.source.count("\n") <= 12 and _calls(c.source)]
    right = {i: f"# What step {i} is for.\n{c.source}" for i, c in cells[:_MOST_CELLS]}
    return _edits(name, "say in a comment what each cell is for", notebook, right, "it is cut off", _cut_off)


def _calls(source: str) -> bool:
    return any(token.string == "(" for token in tokenize.generate_tokens(io.StringIO(source).readline))


def _cut_off(_: str, right: str) -> str:
    """Cut after the last bracket that opens outside of texts and comments."""
    brackets = [t for t in tokenize.generate_tokens(io.StringIO(right).readline) if t.string == "("]
    row, column = brackets[-1].end
    lines = right.split("\n")
    return "\n".join([*lines[: row - 1], lines[row - 1][:column]])


def _logging(name: str, notebook: NotebookSnapshot) -> Task | None:
    """Several edits and a new cell; the mistake calls it by a name that nobody defines."""
    cells = [(i, c) for i, c, _ in _trees(notebook) if re.search(r"\bprint\(", c.source)][:_MOST_CELLS]
    edits = {i: re.sub(r"\bprint\(", "logging.info(", c.source) for i, c in cells}
    task = _edits(name, "log instead of printing", notebook, edits, "a logger that nobody made", _other_logger)
    if task is None or any("logging" in c.source for c in notebook.cells):
        return None
    new = "a cell that imports logging"
    plan = (f"insert below top: {new}", *task.plan)
    more = {
        "answers": task.answers | {new: "import logging"},
        "wrong_answers": task.wrong_answers | {new: "import logging"},
    }
    expected = (("code", "import logging"), *task.expected)
    return Task(**{**vars(task), **more, "plan": plan, "wrong_plan": plan, "forgetful": plan, "expected": expected})


def _other_logger(_: str, right: str) -> str:
    return right.replace("logging.info(", "the_logger.info(")


def _as_function(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A cell's assignments become a function; the mistake does not call it."""
    trees = _trees(notebook)
    for index, cell, tree in trees:
        names = _bound(tree)
        plain = all(isinstance(s, ast.Assign) for s in tree.body) and len(tree.body) >= 2
        used = {n for i, _, other in trees if i > index for n in _loads(other)}
        body = "\n".join(f"    {line}" if line else "" for line in cell.source.split("\n"))
        reads_own = _loads(tree) & {n for i, _, other in trees if i != index for n in _defines(other)} & set(names)
        if not plain or not set(names) & used or '"""' in cell.source or reads_own:
            continue
        again = any(set(names) & _defines(other) for i, _, other in trees if i != index)
        if again:
            continue
        told = ", ".join(names)
        function = f"def compute_values():\n{body}\n    return {told}"
        right = {index: f"{function}\n\n\n{told} = compute_values()"}
        return _edits(name, "turn this into a function", notebook, right, "it is never called", _without_call)
    return None


def _without_call(_: str, right: str) -> str:
    return right.rpartition("\n\n\n")[0]


def _split(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A cell of imports and more is split; the mistake loses the imports."""
    trees = _trees(notebook)
    for index, cell, tree in trees:
        count = sum(1 for _ in _leading_imports(tree))
        if not count or count == len(tree.body):
            continue
        line = tree.body[count].lineno - 1
        lines = cell.source.split("\n")
        while line and lines[line - 1].lstrip().startswith(("#", "@")):
            line -= 1
        first, second = "\n".join(lines[:line]).strip("\n"), "\n".join(lines[line:]).strip("\n")
        bound = _defines(ast.Module(tree.body[:count], []))
        elsewhere = set().union(*(_defines(other) for i, _, other in trees if i < index))
        if not first.strip() or not (bound - elsewhere) & {n for _, _, other in trees for n in _loads(other)}:
            continue
        words = f"the imports and the rest (step {index})"
        cells = [(c.kind, c.source) for c in notebook.cells]
        expected = (*cells[:index], ("code", first), ("code", second), *cells[index + 1 :])
        plan = (f"split cell {index}: {words}",)
        return Task(
            notebook=name,
            instruction="split the imports off",
            cells=notebook,
            plan=plan,
            answers={words: f"# %%\n{first}\n# %%\n{second}"},
            expected=tuple(expected),
            mistake="the imports are lost",
            wrong_plan=plan,
            wrong_answers={words: f"# %%\n{second}"},
            forgetful=plan,
        )
    return None


def _leading_imports(tree: ast.Module) -> Iterator[ast.stmt]:
    for statement in tree.body:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            return
        yield statement


def _merge(name: str, notebook: NotebookSnapshot) -> Task | None:
    """Two functions that stand below each other go into one cell; the mistake loses one of them."""
    trees = _trees(notebook)
    for (index, cell, _), (below, other, second) in pairwise(trees):
        if below != index + 1 or not any(isinstance(n, _DEFS) for n in second.body):
            continue
        words = f"one cell, this one first (step {index})"
        whole = f"{cell.source}\n\n\n{other.source}"
        cells = [(c.kind, c.source) for c in notebook.cells]
        plan = (f"merge cells {index}, {below}: {words}",)
        return Task(
            notebook=name,
            instruction="put what belongs together into one cell",
            cells=notebook,
            plan=plan,
            answers={words: whole},
            expected=(*cells[:index], ("code", whole), *cells[below + 1 :]),
            mistake="the second cell's functions are lost",
            wrong_plan=plan,
            wrong_answers={words: cell.source + "\n# merged"},
            forgetful=plan,
        )
    return None


def _move(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A cell that needs nothing goes to the top; the mistake moves one there that needs what is below."""
    trees = _trees(notebook)
    free = [(i, c) for i, c, tree in trees if i > 2 and tree.body and _is_free(tree)]
    defined: set[str] = set()
    bound = None
    for index, _, tree in trees:
        if bound is None and index > 2 and (set(_loads(tree)) & defined) - _defines(tree):
            bound = index
        defined |= _defines(tree)
    if not free or bound is None:
        return None
    index, cell = free[0]
    cells = [(c.kind, c.source) for c in notebook.cells]
    rest = cells[:index] + cells[index + 1 :]
    plan = (f"move cell {index} below top",)
    return Task(
        notebook=name,
        instruction="move what needs nothing to the top",
        cells=notebook,
        plan=plan,
        answers={},
        expected=(("code", cell.source), *rest),
        mistake="a cell is moved above what it needs",
        wrong_plan=(f"move cell {bound} below top",),
        wrong_answers={},
        forgetful=plan,
    )


def _is_free(tree: ast.Module) -> bool:
    """Whether a cell is nothing but imports, or texts and numbers with a name."""
    return all(
        isinstance(s, ast.Import | ast.ImportFrom)
        or (isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant) and isinstance(s.targets[0], ast.Name))
        for s in tree.body
    )


def _delete(name: str, notebook: NotebookSnapshot) -> Task | None:
    """Cells that only show a value go; the mistake takes one along that others need."""
    trees = _trees(notebook)
    shown = [i for i, _, tree in trees if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) and _is_name(tree)]
    needed = next(
        (
            i
            for i, _, tree in trees
            for n in _bound(tree)
            if [j for j, _, other in trees if n in _defines(other)] == [i]
            and any(j > i and n in _loads(other) and n not in _defines(other) for j, _, other in trees)
        ),
        None,
    )
    if not shown or needed is None:
        return None
    gone = shown[:_MOST_CELLS]
    plan = tuple(f"delete cell {i}" for i in gone)
    return Task(
        notebook=name,
        instruction="remove the cells that only show a value",
        cells=notebook,
        plan=plan,
        answers={},
        expected=tuple((c.kind, c.source) for i, c in enumerate(notebook.cells) if i not in gone),
        mistake="a cell is removed that others need",
        wrong_plan=(*plan, f"delete cell {needed}"),
        wrong_answers={},
        forgetful=plan,
    )


def _is_name(tree: ast.Module) -> bool:
    statement = tree.body[0]
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Name | ast.Attribute | ast.Subscript)


INSTRUCTIONS: Sequence[Callable[[str, NotebookSnapshot], Task | None]] = (
    _rename,
    _docstrings,
    _hints,
    _comments,
    _logging,
    _as_function,
    _split,
    _merge,
    _move,
    _delete,
)
