"""A plan that was made before: read from its file, with its mistakes told, and made to fit the notebook of now."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jupyter_spark.errors import UsageError
from jupyter_spark.mistakes import suggestion
from jupyter_spark.refactor._admitting import PLAN_HINT
from jupyter_spark.refactor._planning import notebook_hash
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import NameChange, PlanStep, RefactorPlan

_EXPECTED = {
    "string_type": "a text",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
_PLACES = {"steps": "step", "renames": "rename"}
_FIELDS = {
    "plan": RefactorPlan.model_fields,
    "step": PlanStep.model_fields,
    "rename": NameChange.model_fields,
}


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
    """Read a plan that was written into a file.

    Raises
    ------
    UsageError
        It cannot be read, or holds no plan: which step, which field, what is expected there.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path} is not JSON: {error.msg} (line {error.lineno}).", PLAN_HINT, code="plan_wrong"
        ) from None
    except FileNotFoundError:
        hint = "jupyter spark refactor NOTEBOOK WORDS --plan FILE writes one."
        raise UsageError(f"{path} holds no plan: there is no such file.", hint) from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{path} cannot be read as a plan: {why}.", "Name the plan's file.") from None
    if isinstance(told, dict) and "nbformat" in told:
        raise UsageError(f"{path} is a notebook, not a plan.", "Name another file with --plan.", code="plan_wrong")
    if not isinstance(told, dict):
        kind = "a list" if isinstance(told, list) else "something else"
        raise UsageError(f"{path} holds {kind}, and a plan is an object with 'steps'.", PLAN_HINT, code="plan_wrong")
    try:
        return RefactorPlan.model_validate_json(json.dumps(told))
    except ValidationError as error:
        raise UsageError(f"{path}: {_mistake_of(error)}", PLAN_HINT, code="plan_wrong") from None


def _mistake_of(error: ValidationError) -> str:
    """The first mistake in one line: where, which field, what is expected."""
    first = error.errors()[0]
    loc = list(first["loc"])
    where, model = "the plan", "plan"
    if len(loc) > 1 and loc[0] in _PLACES and isinstance(loc[1], int):
        model = _PLACES[str(loc[0])]
        where, loc = f"{model} {loc[1] + 1}", loc[2:]
    name = next((str(part) for part in loc if isinstance(part, str)), "")
    kind, field = first["type"], f" '{name}'" if name else ""
    if kind == "extra_forbidden":
        known = list(_FIELDS[model])
        return f"{where} has no field{field}. {suggestion(name, known)}Known: {', '.join(known)}."
    if kind == "missing":
        return f"{where} lacks the field{field}."
    expected = _EXPECTED.get(kind, str(first["msg"]))
    if kind == "literal_error":
        expected = "one of " + ", ".join(re.findall(r"'([^']*)'", str(first["ctx"]["expected"])))
    subject = f"{where}:{field} must be" if field else f"{where} must be"
    return f"{subject} {expected}, not {_shown(first['input'])}."


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 30 else f"{text[:29]}…"
