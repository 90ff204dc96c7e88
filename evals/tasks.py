"""The edit tasks: what is asked of which cell, and the code that decides whether it was done.

A task is a ``[[task]]`` table of a file in ``evals/tasks/``, one file for each notebook that cells were cut from.
There are two groups: *edits*, whose figure is reported, and *context* (in ``evals/tasks/context/``), whose instructions
cannot be followed without the cells above.
"""

from __future__ import annotations

import re
import sys
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from jupyter_spark.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Half = Literal["tune", "test"]
Kind = Literal["rewrite", "generate", "fix"]
Difficulty = Literal["easy", "medium", "hard"]

TASKS_DIR = Path(__file__).with_name("tasks")
CONTEXT_DIR = TASKS_DIR / "context"
MAX_CELL_LINES = 45
_CHOICES = {"half": get_args(Half), "kind": get_args(Kind), "difficulty": get_args(Difficulty)}
_ERROR_LINE = re.compile(r"^(?:\S+ )?(\w+(?:Error|Warning)): (.*)$", re.MULTILINE)
_SOURCE = re.compile(r"original|[\w.-]+\.ipynb#\d+")


@dataclass(frozen=True)
class Task:
    """One edit to ask for, and its proof.

    Parameters
    ----------
    id : str
        A unique name.
    half : {'tune', 'test'}
        Prompts are tuned on one half; both are reported.
    kind : {'rewrite', 'generate', 'fix'}
        What the user does: edits the cell, asks for a new one, or has an error in it.
    category : str
        The type of instruction (docstring, rename, ...), to keep the set varied.
    difficulty : {'easy', 'medium', 'hard'}
        As judged by the author, before any model saw it.
    source : str
        ``notebook.ipynb#N`` (cell index from 0 over all cells) or ``original``.
    instruction : str
        The user's words.
    cell : str
        The cell before; empty for ``generate``.
    check : str
        Code that runs after `setup` and the new cell, and raises unless the edit is right. `sandbox` lists the names
        that it may use.
    reference : str
        One right answer; it never reaches a model.
    setup : str
        Code that runs before the cell: the cells and data that it relies on.
    context : tuple of str
        The notebook's cells above, in their order: they run after `setup` and before the cell, and the instruction
        rests on them.
    error : str
        The traceback the user saw; given for ``fix`` alone.
    """

    id: str
    half: Half
    kind: Kind
    category: str
    difficulty: Difficulty
    source: str
    instruction: str
    cell: str
    check: str
    reference: str
    setup: str = ""
    context: tuple[str, ...] = ()
    error: str = ""

    @property
    def cells_before(self) -> tuple[str, ...]:
        """Every cell that runs before the one to change."""
        return (*([self.setup] if self.setup else []), *self.context)

    @property
    def error_summary(self) -> tuple[str, str]:
        """The exception's (or warning's) name and message, as the traceback tells them; empty if there is none."""
        found = _ERROR_LINE.findall(self.error)
        return found[-1] if found else ("", "")


def load_tasks(half: str | None = None, *, directory: Path = TASKS_DIR) -> list[Task]:
    """Return the tasks in file order.

    Parameters
    ----------
    half : {'tune', 'test'}, optional
        Only the tasks of that half; all by default.
    directory : Path
        Where the ``.toml`` files are.

    Raises
    ------
    ConfigError
        If the half is not known, or a task is not as it should be.
    """
    if half is not None and half not in _CHOICES["half"]:
        raise ConfigError(f"There is no half {half!r}.", f"Choose one of {', '.join(_CHOICES['half'])}.")
    tasks: list[Task] = []
    for path in sorted(directory.glob("*.toml")):
        tasks += _read_file(path)
    ids = [task.id for task in tasks]
    if twice := sorted({task_id for task_id in ids if ids.count(task_id) > 1}):
        raise ConfigError(f"More than one task is called {twice[0]!r}.", "Give each task its own id.")
    return [task for task in tasks if half in (None, task.half)]


def _read_file(path: Path) -> list[Task]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("task", [])
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}.", "Correct the file.") from error
    return [_to_task(table, f"{path.name}, task {number}") for number, table in enumerate(tables, 1)]


def _to_task(table: dict[str, Any], place: str) -> Task:
    known = {field.name: field.default is MISSING for field in fields(Task)}
    for name, required in known.items():
        if required and name not in table:
            raise ConfigError(f"{place}: there is no {name!r}.", f"Add {name} = ...")
    for name, value in table.items():
        if name not in known:
            raise ConfigError(f"{place}: {name!r} is not a field of a task.", f"Use one of {', '.join(known)}.")
        _refuse_wrong_type(name, value, place)
    task = Task(**{name: _text(value) for name, value in table.items()})
    if problem := _find_problem(task):
        raise ConfigError(f"{place} ({task.id}): {problem}.", "Correct the task.")
    return task


def _refuse_wrong_type(name: str, value: object, place: str) -> None:
    if name != "context":
        if not isinstance(value, str):
            raise ConfigError(f"{place}: {name!r} is not a string.", "Put it in quotes.")
    elif not isinstance(value, list) or not all(isinstance(cell, str) and cell for cell in value):
        raise ConfigError(f"{place}: {name!r} is not a list of cells.", "Put each cell in quotes, all in brackets.")


def _text(value: str | list[str]) -> Any:
    """A closing ''' stands on its own line in the file; that last line feed is not part of the text."""
    if isinstance(value, str):
        return value.removesuffix("\n")
    return tuple(cell.removesuffix("\n") for cell in value)


def _find_problem(task: Task) -> str:
    for name, choices in _CHOICES.items():
        if getattr(task, name) not in choices:
            return f"{name} is none of {', '.join(choices)}"
    if not _SOURCE.fullmatch(task.source):
        return "source is neither 'original' nor 'NOTEBOOK.ipynb#N'"
    if (task.kind == "generate") != (task.cell == ""):
        return "a cell is empty if the kind is 'generate', and only then"
    if (task.kind == "fix") != bool(task.error):
        return "an error is given if the kind is 'fix', and only then"
    if task.cell.count("\n") >= MAX_CELL_LINES:
        return f"the cell has more than {MAX_CELL_LINES} lines"
    if not (task.instruction and task.check and task.reference):
        return "instruction, check or reference is empty"
    return ""
