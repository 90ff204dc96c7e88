"""A refactor of a real notebook with the plan and the cells that are right, and what such a notebook has."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot

NOTEBOOKS = Path(__file__).parents[2] / "tests" / "notebooks"
MOST_CELLS = 3
DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


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

    @property
    def kind(self) -> str:
        """What is to be done, without names."""
        return re.sub(r"^give .*", "give a better name", self.instruction)


def kinds_and_texts(notebook: NotebookSnapshot) -> list[tuple[str, str]]:
    """Return the kind and the text of every cell."""
    return [(cell.kind, cell.source) for cell in notebook.cells]


@lru_cache(maxsize=16)
def read(name: str) -> NotebookSnapshot:
    """Return a notebook by its name."""
    return snapshot(parse_notebook((NOTEBOOKS / f"{name}.ipynb").read_bytes()))


# --- the notebook's code ---------------------------------------------------------------------------


def plain_cells(notebook: NotebookSnapshot) -> list[tuple[int, CellSnapshot, ast.Module]]:
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


def assigned(tree: ast.Module) -> list[str]:
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


def loads(tree: ast.Module) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def defines(tree: ast.Module) -> set[str]:
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return imported | stored | {node.name for node in ast.walk(tree) if isinstance(node, DEFS)}


def with_edits(notebook: NotebookSnapshot, edits: dict[int, str]) -> tuple[tuple[str, str], ...]:
    return tuple((cell.kind, edits.get(index, cell.source)) for index, cell in enumerate(notebook.cells))


def edits_task(
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
        expected=with_edits(notebook, right),
        mistake=mistake,
        wrong_plan=plan,
        wrong_answers=answers | {words[last]: wrong(notebook.cells[last].source, right[last])},
        forgetful=plan,
    )
