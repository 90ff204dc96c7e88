"""Instructions that change which cells there are, and their order: split, merge, move, delete."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from evals.refactoring.task import DEFS, MOST_CELLS, Task, assigned, defines, kinds_and_texts, loads, plain_cells
from jupyter_spark.wire import NotebookSnapshot


def split(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A cell of imports and more is split; the mistake loses the imports."""
    trees = plain_cells(notebook)
    for index, cell, tree in trees:
        count = sum(1 for _ in _leading_imports(tree))
        if not count or count == len(tree.body):
            continue
        line = tree.body[count].lineno - 1
        lines = cell.source.split("\n")
        while line and lines[line - 1].lstrip().startswith(("#", "@")):
            line -= 1
        first, second = "\n".join(lines[:line]).strip("\n"), "\n".join(lines[line:]).strip("\n")
        bound = defines(ast.Module(tree.body[:count], []))
        elsewhere = set().union(*(defines(other) for i, _, other in trees if i < index))
        if not first.strip() or not (bound - elsewhere) & {n for _, _, other in trees for n in loads(other)}:
            continue
        words = f"the imports and the rest (step {index})"
        cells = kinds_and_texts(notebook)
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


def merge(name: str, notebook: NotebookSnapshot) -> Task | None:
    """Two functions that stand below each other go into one cell; the mistake loses one of them."""
    trees = plain_cells(notebook)
    for (index, cell, _), (below, other, second) in pairwise(trees):
        if below != index + 1 or not any(isinstance(n, DEFS) for n in second.body):
            continue
        words = f"one cell, this one first (step {index})"
        whole = f"{cell.source}\n\n\n{other.source}"
        cells = kinds_and_texts(notebook)
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


def move(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A cell that needs nothing goes to the top; the mistake moves one there that needs what is below."""
    trees = plain_cells(notebook)
    free = [(i, c) for i, c, tree in trees if i > 2 and tree.body and _is_free(tree)]
    defined: set[str] = set()
    bound = None
    for index, _, tree in trees:
        if bound is None and index > 2 and (set(loads(tree)) & defined) - defines(tree):
            bound = index
        defined |= defines(tree)
    if not free or bound is None:
        return None
    index, cell = free[0]
    cells = kinds_and_texts(notebook)
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


def delete(name: str, notebook: NotebookSnapshot) -> Task | None:
    """Cells that only show a value go; the mistake takes one along that others need."""
    trees = plain_cells(notebook)
    shown = [i for i, _, tree in trees if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) and _is_name(tree)]
    needed = next(
        (
            i
            for i, _, tree in trees
            for n in assigned(tree)
            if [j for j, _, other in trees if n in defines(other)] == [i]
            and any(j > i and n in loads(other) and n not in defines(other) for j, _, other in trees)
        ),
        None,
    )
    if not shown or needed is None:
        return None
    gone = shown[:MOST_CELLS]
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
