"""What ``refactor`` is given: notebooks and words told apart, and all that cannot be said before a model is asked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_spark.cli.edit import Writing
from jupyter_spark.errors import UsageError
from jupyter_spark.refactor import PLAN_HINT, admitted, load_plan, notebook_hash
from jupyter_spark.verify import VerifyMode, VerifyOptions
from jupyter_spark.wire import NotebookSnapshot
from jupyter_spark.wire_refactor import RefactorPlan

_EXAMPLE = 'E.g. refactor nb.ipynb "rename df to orders"'


@dataclass(frozen=True)
class Refactoring:
    """How a refactor is done.

    Attributes
    ----------
    jobs : int
        How many cells are written at once.
    verify : str
        ``none``: what the checks of the notebook as a whole find is told, and no reason not to write; ``static``: they
        must hold; ``run``: and the notebook, run before and after, must still do what it did.
    plan : Path, optional
        The plan: read where the file is there, else written, and nothing more is done.
    output : Path, optional
        The folder that changed notebooks go to instead.
    revise : str
        What is said about the plan: it is made anew, written, and nothing more is done.
    again : bool
        Whether also notebooks are done that the same refactor is done with.
    cluster : str, optional
        The address of the Dask cluster whose workers do it.
    cell_timeout_s : float
        How long a cell may run where the notebook is run, in seconds.
    """

    jobs: int = 8
    verify: VerifyMode = "static"
    plan: Path | None = None
    output: Path | None = None
    revise: str = ""
    again: bool = False
    cluster: str | None = None
    cell_timeout_s: float = VerifyOptions.cell_timeout_s


def notebooks_and_words(arguments: list[str]) -> tuple[list[Path], str]:
    """Tell the notebooks from the instruction, which is the last argument.

    Raises
    ------
    UsageError
        One of the two is missing, or the instruction was not quoted, so that its words would be notebooks.
    """
    *names, words = arguments
    if not names or not words.strip() or words.endswith(".ipynb"):
        raise UsageError("A refactor needs notebooks and words.", _EXAMPLE)
    for name in names:
        if not name.endswith(".ipynb") and not Path(name).is_file():
            raise UsageError(f"'{name}' is no notebook.", f"Quote the instruction: {_EXAMPLE[5:]}")
    return [Path(name) for name in names], words


def each_once(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return notebooks, each once however it is named, and a line for each name that was left out."""
    first: dict[str, Path] = {}
    notes = []
    for path in paths:
        real = os.path.realpath(path)
        if real in first:
            notes.append(f"{path} is {first[real]}: it is done once.")
        first.setdefault(real, path)
    return list(first.values()), notes


def require_sense(paths: Sequence[Path], how: Refactoring, writing: Writing) -> None:
    """Raise a ``UsageError`` for what cannot be done, or written, before anything is paid for."""
    if how.plan is not None and len(paths) > 1:
        raise UsageError("A plan is for one notebook.", "Name one notebook with --plan.")
    if how.revise and (how.plan is None or not how.plan.exists()):
        raise UsageError("There is no plan to revise.", "Name its file with --plan.")
    if how.plan is not None and (how.revise or not how.plan.exists()):
        _require_writable(how.plan.parent, "--plan", how.plan)
    if how.output is None:
        return
    if writing.apply:
        raise UsageError("--apply and --output exclude each other.", "--output DIR writes changed copies there.")
    names = [path.name for path in paths]
    if len(set(names)) < len(names):
        raise UsageError("Two notebooks of one name would go to one file.", "Refactor them one by one.")
    if how.output.exists() and not how.output.is_dir():
        raise UsageError(f"--output {how.output} is a file.", "Name a folder.", code="output")
    for path in paths:
        target = how.output / path.name
        if target.exists() and path.exists() and target.samefile(path):
            raise UsageError("--output is the notebook's own folder.", "--apply writes into the notebook.")
    try:
        how.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable("--output", how.output, error) from None
    _require_writable(how.output, "--output", how.output)


def _require_writable(folder: Path, option: str, path: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _not_writable(option, path, error) from None


def _not_writable(option: str, path: Path, error: OSError) -> UsageError:
    why = error.strerror or str(error)
    return UsageError(f"{option} {path} cannot be written: {why}.", "Name another place.", code="output")


def read_plan_of(path: Path, words: str, notebook: NotebookSnapshot, *, revise: bool) -> RefactorPlan:
    """Read a plan that is to be carried out, or revised.

    Raises
    ------
    UsageError
        It holds no plan, a step cannot be done, or it was made of other words.
    """
    plan = load_plan(path)
    first = plan.instruction.partition("\n")[0].strip()
    # What was said when the plan was revised stands below the first words.
    if words.strip() != plan.instruction.strip() and words.strip() != first:
        hint = "Say the same again, or have the plan made anew: --revise WORDS, or another file for --plan."
        raise UsageError(f"The plan in {path} is of '{first}', not of '{words.strip()}'.", hint, code="plan_words")
    # One of another state of the notebook is refused for that.
    if not revise and plan.notebook_hash == notebook_hash(notebook.cells):
        able = admitted(plan, notebook.cells)
        if not able.renames and not any(step.accepted for step in able.steps):
            why = f": {able.notes[-1]}" if able.notes else ""
            raise UsageError(f"The plan has no step that is to be done{why}.", PLAN_HINT, code="no_steps")
    return plan
