"""Instructions that change texts of cells: a name, docstrings, hints, comments, a logger, a function."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from evals.refactoring.task import MOST_CELLS, Task, assigned, defines, edits_task, loads, plain_cells, with_edits
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot


def rename(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A name that is the same thing wherever it stands; the plan that forgets changes it only where it is defined."""
    trees = plain_cells(notebook)
    whole = "\n".join(cell.source for cell in notebook.cells if cell.kind == "code")
    for home, _, tree in trees:
        for old in assigned(tree):
            users = [i for i, _, other in trees if i > home and old in loads(other)]
            homes = [i for i, _, other in trees if old in defines(other)]
            plain = len(re.findall(rf"(?<![\w.'\"]){old}\b(?!['\"]|\s*=[^=])", whole)) == len(
                re.findall(rf"\b{old}\b", whole)
            ) - len(re.findall(rf"(?m)^{old}\s*=[^=]", whole))
            if len(old) < 3 or homes != [home] or not 1 <= len(users) <= MOST_CELLS or not plain:
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
                expected=with_edits(notebook, right),
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
        for index, cell, tree in plain_cells(notebook)
        for node in tree.body[:1]
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is None and node.body[0].lineno > node.lineno
    ][:MOST_CELLS]


def docstrings(name: str, notebook: NotebookSnapshot) -> Task | None:
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
    return edits_task(name, "add docstrings", notebook, right, "the body is left out", _elided)


def _elided(_: str, right: str) -> str:
    head = right.split("\n")[:2]
    return "\n".join([*head, "    # ... rest of the function ..."])


def hints(name: str, notebook: NotebookSnapshot) -> Task | None:
    right = {}
    for index, cell, node in _functions(notebook):
        head = cell.source.split("\n")[node.lineno - 1]
        if node.returns is None and head.rstrip().endswith("):"):
            changed = f"{head.rstrip()[:-1]} -> object:"
            right[index] = cell.source.replace(head, changed, 1)
    return edits_task(name, "add type hints", notebook, right, "a function gets another name", _misnamed)


def _misnamed(_: str, right: str) -> str:
    return re.sub(r"^(\s*def )(\w+)", r"\1new_\2", right, count=1, flags=re.M)


def comments(name: str, notebook: NotebookSnapshot) -> Task | None:
    cells = [(i, c) for i, c, _ in plain_cells(notebook) if 2 <= c.source.count("\n") <= 12 and _calls(c.source)]
    right = {i: f"# What step {i} is for.\n{c.source}" for i, c in cells[:MOST_CELLS]}
    return edits_task(name, "say in a comment what each cell is for", notebook, right, "it is cut off", _cut_off)


def _calls(source: str) -> bool:
    return any(token.string == "(" for token in tokenize.generate_tokens(io.StringIO(source).readline))


def _cut_off(_: str, right: str) -> str:
    """Cut after the last bracket that opens outside of texts and comments."""
    brackets = [t for t in tokenize.generate_tokens(io.StringIO(right).readline) if t.string == "("]
    row, column = brackets[-1].end
    lines = right.split("\n")
    return "\n".join([*lines[: row - 1], lines[row - 1][:column]])


def logging(name: str, notebook: NotebookSnapshot) -> Task | None:
    """Several edits and a new cell; the mistake calls it by a name that nobody defines."""
    cells = [(i, c) for i, c, _ in plain_cells(notebook) if re.search(r"\bprint\(", c.source)][:MOST_CELLS]
    edits = {i: re.sub(r"\bprint\(", "logging.info(", c.source) for i, c in cells}
    task = edits_task(name, "log instead of printing", notebook, edits, "a logger that nobody made", _other_logger)
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


def as_function(name: str, notebook: NotebookSnapshot) -> Task | None:
    """A cell's assignments become a function; the mistake does not call it."""
    trees = plain_cells(notebook)
    for index, cell, tree in trees:
        names = assigned(tree)
        plain = all(isinstance(s, ast.Assign) for s in tree.body) and len(tree.body) >= 2
        used = {n for i, _, other in trees if i > index for n in loads(other)}
        body = "\n".join(f"    {line}" if line else "" for line in cell.source.split("\n"))
        reads_own = loads(tree) & {n for i, _, other in trees if i != index for n in defines(other)} & set(names)
        if not plain or not set(names) & used or '"""' in cell.source or reads_own:
            continue
        again = any(set(names) & defines(other) for i, _, other in trees if i != index)
        if again:
            continue
        told = ", ".join(names)
        function = f"def compute_values():\n{body}\n    return {told}"
        right = {index: f"{function}\n\n\n{told} = compute_values()"}
        return edits_task(name, "turn this into a function", notebook, right, "it is never called", _without_call)
    return None


def _without_call(_: str, right: str) -> str:
    return right.rpartition("\n\n\n")[0]
