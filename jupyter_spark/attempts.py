"""One answer to a turn's prompt becomes an edit with its checks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Literal

from jupyter_spark.checks import EditUnderCheck, check_edit, score
from jupyter_spark.edits import ParsedAnswer, make_edit
from jupyter_spark.grafting import asked_additions, graft
from jupyter_spark.mending import mend
from jupyter_spark.wire import CheckResult, Proposal, TurnRequest


def new_id() -> str:
    """Return a fresh identifier for a turn or a proposal."""
    return uuid.uuid4().hex[:16]


@dataclass(frozen=True)
class Attempt:
    """One answer, raw and read, with its checks; no proposal if it holds no code."""

    answer: ParsedAnswer
    raw: str
    proposal: Proposal | None
    checks: tuple[CheckResult, ...]


def place_of(request: TurnRequest) -> tuple[Literal["replace", "insert_below"], str, str]:
    """Return where a request's edit goes: the operation, the text that is there, and the cell."""
    target = request.target
    cell_id = target.cell_id if target is not None else ""
    if request.kind == "generate":
        return "insert_below", "", cell_id
    return "replace", target.source if target is not None else "", cell_id


def judge(request: TurnRequest, parsed: ParsedAnswer, raw: str, *, repaired: bool) -> Attempt:
    """Check an answer; what does not hold and needs no model is mended, unless that is worse."""
    parsed = _bounded(request, parsed)
    attempt = _checked(request, parsed, raw, repaired=repaired)
    if attempt.proposal is None or attempt.proposal.holds or request.is_prose:
        return attempt
    code = mend(_under_check(request, parsed)) if request.is_python else None
    if code is None:
        return attempt
    mended = _checked(request, replace(parsed, code=code), raw, repaired=True)
    return mended if score(mended.checks) >= score(attempt.checks) else attempt


def _bounded(request: TurnRequest, parsed: ParsedAnswer) -> ParsedAnswer:
    """Of an answer to words that ask for docstrings or type hints alone, only these are taken."""
    target = request.target
    additions = asked_additions(request.instruction, target.source) if target is not None else None
    if additions is None or target is None or request.kind != "rewrite" or not request.is_python or not parsed.code:
        return parsed
    code = graft(target.source, parsed.code, additions, request.context.known_names)
    return parsed if code is None else replace(parsed, code=code)


def _under_check(request: TurnRequest, parsed: ParsedAnswer) -> EditUnderCheck:
    return EditUnderCheck(
        answer=parsed,
        old_source=place_of(request)[1],
        kind=request.kind,
        instruction=request.instruction,
        known_names=request.context.known_names,
        names_are_complete=request.context.names_are_complete,
        kept_back=bool(request.context.kept_back),
        is_prose=request.is_prose,
        is_python=request.is_python,
    )


def _checked(request: TurnRequest, parsed: ParsedAnswer, raw: str, *, repaired: bool) -> Attempt:
    operation, old, cell_id = place_of(request)
    checks = check_edit(_under_check(request, parsed))
    if not parsed.code:
        return Attempt(parsed, raw, None, checks)
    edit = make_edit(parsed.code, cell_id=cell_id, old_source=old, operation=operation)
    proposal = Proposal(
        proposal_id=new_id(),
        turn_id=request.turn_id,
        edit=edit,
        checks=checks,
        repaired=repaired,
        words=parsed.words,
    )
    return Attempt(parsed, raw, proposal, checks)


def better(best: Attempt | None, attempt: Attempt) -> Attempt:
    """Return the better of two attempts; of equals the earlier."""
    if best is None or (best.proposal is None and attempt.proposal is not None):
        return attempt
    if attempt.proposal is None:
        return best
    return attempt if score(attempt.checks) > score(best.checks) else best
