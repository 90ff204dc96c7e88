"""Gives simple instructions for small notebooks to the built-in model, runs each notebook before and after, and counts.

``python -m evals.refactor_local [--profile local] [--only TEXT] [--json FILE]``

Of every task two things are told: whether the notebook still does what it did (every cell is ``same``), and in how many
of the places that the instruction is about it was followed. What is left as it was does not count. Whether a docstring
or a hint is right is not told by running: look at it (``--json``).
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jupyter_spark.dataflow import parse_cell
from jupyter_spark.errors import SparkError
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.refactor import NotebookWork, do_work, proposed
from jupyter_spark.settings import Profile, load_settings

NOTEBOOKS = Path(__file__).parents[1] / "tests" / "notebooks"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Task:
    """An instruction for the first ``cells`` cells of a notebook; ``left`` counts where it is not followed (yet)."""

    name: str
    notebook: str
    cells: int
    instruction: str
    left: Callable[[Sequence[ast.Module]], int]


@dataclass
class Outcome:
    """What came of a task; ``places`` and ``left`` are before and after, ``same`` of ``cells`` ran alike."""

    task: str
    places: int
    left: int = 0
    cells: int = 0
    same: int = 0
    problem: str = ""
    seconds: float = 0.0
    by: str = ""
    sources: list[tuple[str, str]] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        """Whether it was done at least somewhere, and every cell is the same."""
        return not self.problem and self.left < self.places and self.same == self.cells > 0


# --- what an instruction is about ------------------------------------------------------------------


def _functions(trees: Sequence[ast.Module]) -> Iterator[Function]:
    for tree in trees:
        yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def without_docstring(trees: Sequence[ast.Module]) -> int:
    """Count the functions at the top of a cell that have no docstring."""
    top = [node for tree in trees for node in tree.body if isinstance(node, Function)]
    return sum(ast.get_docstring(node) is None for node in top)


def without_hints(trees: Sequence[ast.Module]) -> int:
    """Count the functions with a parameter (but self and cls) that has no annotation."""

    def bare(node: Function) -> bool:
        names = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        return any(arg.annotation is None for arg in names if arg.arg not in ("self", "cls"))

    return sum(map(bare, _functions(trees)))


def formatted(trees: Sequence[ast.Module]) -> int:
    """Count the texts that are put together by ``%`` or ``.format``."""

    def is_one(node: ast.AST) -> bool:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        return isinstance(node, ast.Attribute) and node.attr == "format" and isinstance(node.value, ast.Constant)

    return sum(is_one(node) for tree in trees for node in ast.walk(tree))


def imports_below(trees: Sequence[ast.Module]) -> int:
    """Count the imports at the top of a cell that is not the first."""
    return sum(isinstance(node, ast.Import | ast.ImportFrom) for tree in trees[1:] for node in tree.body)


def named(name: str) -> Callable[[Sequence[ast.Module]], int]:
    """Count where a name is used."""

    def count(trees: Sequence[ast.Module]) -> int:
        nodes = [node for tree in trees for node in ast.walk(tree)]
        return sum(getattr(node, "id", None) == name or getattr(node, "name", None) == name for node in nodes)

    return count


AUTODIFF, LISPY = "handson-ml3-extra_autodiff", "pytudes-lispy"
CRYPT, CHANCE = "pytudes-Cryptarithmetic", "pytudes-Probability"
TASKS = (
    Task("rename, calculus", AUTODIFF, 77, "rename gradients to numeric_gradients throughout", named("gradients")),
    Task("rename, lisp", LISPY, 40, "rename tokenize to read_tokens everywhere", named("tokenize")),
    Task("imports, lisp", LISPY, 40, "sort the imports to the top", imports_below),
    Task("imports, calculus", AUTODIFF, 77, "move all imports to the top", imports_below),
    Task("f-strings, calculus", AUTODIFF, 77, "use f-strings instead of format", formatted),
    Task("docstrings, calculus", AUTODIFF, 29, "add a one-line docstring to each function", without_docstring),
    Task("type hints, calculus", AUTODIFF, 29, "add type hints to the functions", without_hints),
    Task("type hints, lisp", LISPY, 40, "add type hints", without_hints),
    Task("type hints, methods", AUTODIFF, 77, "add type hints to all functions and methods", without_hints),
    Task("type hints, puzzle", CRYPT, 30, "add type hints", without_hints),
    Task("docstrings, chances", CHANCE, 80, "add docstrings", without_docstring),
)


# --- running ---------------------------------------------------------------------------------------


def notebook_of(task: Task) -> bytes:
    """Return a task's notebook."""
    whole: dict[str, Any] = json.loads((NOTEBOOKS / f"{task.notebook}.ipynb").read_text("utf-8"))
    return json.dumps(whole | {"cells": whole["cells"][: task.cells]}, indent=1, ensure_ascii=False).encode()


def _trees(data: bytes) -> list[ast.Module]:
    cells = snapshot(parse_notebook(data)).cells
    return [tree for cell in cells if cell.kind == "code" and (tree := parse_cell(cell.source)) is not None]


def run_task(task: Task, profile: Profile) -> Outcome:
    """Refactor a task's notebook, verify the result and look at it."""
    data, started_s = notebook_of(task), time.monotonic()
    outcome = Outcome(task.name, task.left(_trees(data)))
    outcome.left = outcome.places
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{task.notebook}.ipynb")
        path.write_bytes(data)
        work = NotebookWork(path=str(path), data=data, instruction=task.instruction, profile=profile, verify="run")
        try:
            done = asyncio.run(do_work(work))
        except SparkError as error:
            outcome.problem = str(error)
        else:
            assert done.proposal is not None
            outcome.by = "rules" if all(step.source is not None for step in done.plan.steps) else "model"
            outcome.left = task.left(_trees(proposed(data, done.proposal)))
            outcome.sources = [(change.old_source, change.new_source) for change in done.proposal.changes]
            outcome.problem = "; ".join(done.findings)
            if done.verification is not None:
                outcome.cells = len(done.verification.cells)
                outcome.same = done.verification.counts.get("same", 0)
    outcome.seconds = time.monotonic() - started_s
    return outcome


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tasks and print a table; exit status 0 if at least five are verified."""
    parser = argparse.ArgumentParser(prog="python -m evals.refactor_local", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profile", default="local", help="who is asked")
    parser.add_argument("--only", default="", metavar="TEXT", help="tasks whose name holds this text")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    args = parser.parse_args(argv)
    profile = load_settings().profile(args.profile)
    print(f"{'task':<26} {'by':<6} {'followed':>9} {'same':>9} {'seconds':>8}  problem")
    outcomes = []
    for task in TASKS:
        if args.only in task.name:
            outcomes.append(one := run_task(task, profile))
            followed, same = f"{one.places - one.left} of {one.places}", f"{one.same} of {one.cells}"
            print(f"{one.task:<26} {one.by:<6} {followed:>9} {same:>9} {one.seconds:>8.1f}  {one.problem}")
            sys.stdout.flush()
    good = [one for one in outcomes if one.verified]
    full = sum(one.left == 0 for one in good)
    print(f"\nverified the same: {len(good)} of {len(outcomes)}, of these followed in every place: {full}")
    if args.json:
        args.json.write_text(json.dumps([asdict(one) for one in outcomes], indent=1) + "\n", "utf-8")
    return 0 if len(good) >= 5 else 1


if __name__ == "__main__":
    raise SystemExit(main())
