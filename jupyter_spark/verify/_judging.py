"""Two runs of two notebooks become one verdict for each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jupyter_spark.outputs import final_text
from jupyter_spark.verify._options import CellGroup, VerifyOptions
from jupyter_spark.verify._outputs import Difference, compare_outputs, error_of, text_of
from jupyter_spark.verify._pairing import with_neighbours
from jupyter_spark.verify._varying import varies_by_itself
from jupyter_spark.verify._worker import Ran
from jupyter_spark.wire import ErrorReport
from jupyter_spark.wire_verify import CellVerification, Verdict

_LONG_STRETCH = 6
_OF_NAMES = ("NameError", "UnboundLocalError")


@dataclass(frozen=True)
class Runs:
    """What the code cells did, by cell id; ``again`` is what they did each further time before.

    ``places`` are the indexes over all cells, before and after; ``raising`` are the cells after that fail on purpose.
    """

    before: Mapping[str, Ran]
    after: Mapping[str, Ran]
    places: tuple[Mapping[str, int], Mapping[str, int]]
    again: Sequence[Mapping[str, Ran]] = ()
    raising: frozenset[str] = frozenset()


def judge(groups: Sequence[CellGroup], runs: Runs, options: VerifyOptions) -> list[CellVerification]:
    """Tell for each group of cells what became of its outputs; merges and splits that nobody told of are found."""
    verdicts = [_judge(group, runs, options) for group in groups]
    return _joined(list(groups), verdicts, runs, options)


def varies(before: Mapping[str, Ran], again: Mapping[str, Ran], options: VerifyOptions) -> bool:
    """Whether any cell did something else in a second run of the same notebook."""
    return any(
        ran.ran != again[cell_id].ran or compare_outputs(ran.outputs, again[cell_id].outputs, options)
        for cell_id, ran in before.items()
    )


def _joined(
    groups: list[CellGroup], verdicts: list[CellVerification], runs: Runs, options: VerifyOptions
) -> list[CellVerification]:
    """Take neighbours as one where they put out together what they put out before, but not one by one."""
    while True:
        changed = [not verdict.holds for verdict in verdicts]
        for start, end in with_neighbours(groups, changed):
            if end - start > _LONG_STRETCH:
                continue
            group = _together(groups[start:end], runs)
            verdict = _judge(group, runs, options)
            if group.before and group.after and verdict.holds:
                groups[start:end], verdicts[start:end] = [group], [verdict]
                break
        else:
            return verdicts


def _together(groups: Sequence[CellGroup], runs: Runs) -> CellGroup:
    """One group of several, its cells in the order in which they ran."""
    before = sorted((cell_id for group in groups for cell_id in group.before), key=runs.places[0].__getitem__)
    after = sorted((cell_id for group in groups for cell_id in group.after), key=runs.places[1].__getitem__)
    return CellGroup(tuple(before), tuple(after))


# --- one group -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Side:
    """The cells of one side of a group, taken as one."""

    outputs: list[Mapping[str, Any]]
    error: ErrorReport | None
    unrun: str
    elapsed_s: float


def _side(cells: Sequence[Ran]) -> _Side:
    outputs = [output for cell in cells for output in cell.outputs]
    unrun = next((cell.why_not for cell in cells if not cell.ran), "")
    error = None
    if raised := error_of(outputs):
        error = ErrorReport(
            name=str(raised.get("ename")),
            message=final_text(str(raised.get("evalue"))),
            traceback=final_text("\n".join(map(text_of, raised.get("traceback") or []))),
        )
    elif ended := next((cell for cell in cells if not cell.ran and cell.elapsed_s), None):
        error = ErrorReport(name="RunEnded", message=ended.why_not)
    return _Side(outputs, error, unrun, sum(cell.elapsed_s for cell in cells))


def _renamed(ran: Ran, options: VerifyOptions) -> Ran:
    """What a cell did before, with the names of after in its error: who lacks a name lacks it by the new one."""

    def told(output: Mapping[str, Any]) -> Mapping[str, Any]:
        if output.get("output_type") != "error" or output.get("ename") not in _OF_NAMES:
            return output
        message = text_of(output.get("evalue"))
        for old, new in options.renames:
            message = message.replace(f"'{old}'", f"'{new}'")
        return {**output, "evalue": message}

    return replace(ran, outputs=[told(output) for output in ran.outputs]) if options.renames else ran


def _judge(group: CellGroup, runs: Runs, options: VerifyOptions) -> CellVerification:
    before, *again = (
        _side([_renamed(run[cell_id], options) for cell_id in group.before]) for run in (runs.before, *runs.again)
    )
    after = _side([runs.after[cell_id] for cell_id in group.after])
    told = CellVerification(
        verdict="same",
        before_ids=group.before,
        after_ids=group.after,
        before_index=runs.places[0][group.before[0]] if group.before else None,
        after_index=runs.places[1][group.after[0]] if group.after else None,
        error=after.error,
        elapsed_before_s=round(before.elapsed_s, 3),
        elapsed_after_s=round(after.elapsed_s, 3),
    )
    found = _verdict(told, before, after, again, options)
    return found if runs.raising.isdisjoint(group.after) else _on_purpose(found)


def _on_purpose(told: CellVerification) -> CellVerification:
    """The verdict of a cell that shall fail: the error is what it puts out."""
    if told.verdict == "still_fails":
        return told.model_copy(update={"verdict": "same", "why": ""})
    if told.verdict == "newly_works":
        why = f"is to fail (raises-exception) and does not any more; {told.why}"
        return told.model_copy(update={"verdict": "differs", "why": why})
    return told


def _verdict(
    told: CellVerification, before: _Side, after: _Side, again: Sequence[_Side], options: VerifyOptions
) -> CellVerification:
    def become(verdict: Verdict, why: str = "", difference: Difference | None = None) -> CellVerification:
        shown = {"before": difference.before, "after": difference.after} if difference else {}
        return told.model_copy(update={"verdict": verdict, "why": why, **shown})

    if (before.unrun and not before.error) or (after.unrun and not after.error):
        side, why = ("before", before.unrun) if before.unrun and not before.error else ("after", after.unrun)
        return become("not_run", f"{side} the change: {why}")
    if before.unrun and after.unrun:
        return become("not_run", f"before and after the change: {after.unrun}")
    if after.error and not before.error:
        if failed_too := next((side.error for side in again if side.error), None):
            return become("varies", f"fails now and then before the change, too: {_line(failed_too)}")
        failed = Difference("", "", _line(after.error))
        return become("newly_fails", _line(after.error), failed)
    if before.error and not after.error:
        return become("newly_works", f"failed before: {_line(before.error)}")
    changed = compare_outputs(before.outputs, after.outputs, options)
    failing = after.error is not None
    if not changed:
        return become("still_fails", _line(after.error)) if after.error else become("same")
    first = next(iter(changed.values()))
    if again and varies_by_itself([side.outputs for side in (before, *again)], after.outputs, options):
        return become("still_fails" if failing else "varies", f"{first.why}, as from run to run before", first)
    return become("differs", first.why, first)


def _line(error: ErrorReport) -> str:
    if error.name == "StdinNotImplementedError":
        return "it asks for input, which nobody is there to give"
    lines = error.message.splitlines() or [""]
    return f"{error.name}: {lines[0]}"[:300].removesuffix(": ")
