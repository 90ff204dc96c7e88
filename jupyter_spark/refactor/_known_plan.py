"""A plan that was made before: read from its file, and made to fit the notebook of now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from jupyter_spark.errors import UsageError
from jupyter_spark.refactor._planning import notebook_hash
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import RefactorPlan


def refitted(plan: RefactorPlan, cells: Sequence[CellSnapshot]) -> RefactorPlan:
    """Return a plan as one for these cells, if it can be carried out on them: all that it names are there.

    Where a text in it was made from other texts it is returned as it is.
    """
    here = {cell.cell_id for cell in cells} | {""}
    made = {step.cell_id for step in plan.steps if step.operation == "insert"}
    named = {name for step in plan.steps for name in (step.cell_id, step.below, *step.cells)}
    is_worked_out = any(step.source is not None and step.operation != "insert" for step in plan.steps)
    if is_worked_out or not named <= here | made:
        return plan
    return plan.model_copy(update={"notebook_hash": notebook_hash(cells)})


def load_plan(path: Path) -> RefactorPlan:
    """Read the plan that a file holds.

    Raises
    ------
    UsageError
        It holds none.
    """
    try:
        return RefactorPlan.model_validate(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        why, hint = "There is no such file.", "jupyter spark refactor NOTEBOOK WORDS --plan FILE writes one."
    except (ValidationError, ValueError, OSError) as error:
        why, hint = str(error).splitlines()[0], "Remove it, and --plan writes a new one."
    raise UsageError(f"{path} holds no plan: {why}", hint)
