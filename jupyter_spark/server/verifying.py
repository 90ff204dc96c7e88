"""What a user would take of a refactor, checked as a whole and run: no kernel of theirs is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_spark.refactor import became, check_notebook, compose, taken_changes, with_causes
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, NotebookCheck, RefactorPlan, RefactorProposal
from jupyter_spark.wire_verify import VerificationReport, VerifyProgress


def chosen_changes(
    changes: Sequence[CellChange], accepted: Collection[str], texts: Mapping[str, str]
) -> list[CellChange]:
    """Return the changes that are taken, with the texts that they have now, each below a cell that will be there."""
    taken = taken_changes(changes, accepted)
    left_out = {change.cell_id: change.below for change in changes if change.operation == "insert"}
    for change in taken:
        left_out.pop(change.cell_id, None)
    out = []
    for change in taken:
        below = change.below
        while below in left_out:
            below = left_out[below]
        out.append(
            change.model_copy(update={"below": below, "new_source": texts.get(change.change_id, change.new_source)})
        )
    return out


def check_choice(
    cells: Sequence[CellSnapshot], proposal: RefactorProposal, chosen: Sequence[CellChange]
) -> tuple[NotebookCheck, ...]:
    """Check the notebook that a choice would make; a step that failed stays a finding."""
    failed = tuple(check for check in proposal.checks if check.name == "steps_done")
    checks = check_notebook(cells, compose(cells, chosen), proposal.plan, chosen)
    return (*with_causes(checks, cells, proposal.plan, chosen), *failed)


async def verify_choice(
    cells: Sequence[CellSnapshot],
    plan: RefactorPlan,
    chosen: Sequence[CellChange],
    folder: Path,
    kernel_name: str,
    on_progress: Callable[[VerifyProgress], None],
) -> VerificationReport:
    """Run the notebook without and with a choice, and compare; see ``verify_notebook``."""
    from jupyter_spark.verify import CellGroup, VerifyOptions, verify_notebook

    after = compose(cells, chosen)
    pairs = became(cells, chosen, [cell.cell_id for cell in after])
    groups = tuple(CellGroup(before=old, after=new) for old, new in pairs)
    renames = tuple((change.old, change.new) for change in plan.renames)
    options = VerifyOptions(groups, renames, kernel_name or None)
    return await verify_notebook(_notebook(cells), _notebook(after), folder, options, on_progress=on_progress)


def _notebook(cells: Sequence[CellSnapshot]) -> dict[str, Any]:
    """The cells as a notebook file has them."""
    rows: list[dict[str, Any]] = []
    for cell in cells:
        metadata = {"tags": list(cell.tags)} if cell.tags else {}
        row = {"id": cell.cell_id, "cell_type": cell.kind, "metadata": metadata, "source": cell.source}
        rows.append({**row, "execution_count": None, "outputs": []} if cell.kind == "code" else row)
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": rows}
