"""From a request to messages: one stable prefix, what changes last.

Two voices: a large model gets the notebook and the rules in full, a small one gets a few lines and the opening fence in
its mouth. Both answer with one fenced block that holds the whole new cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_spark.edits import fence_for
from jupyter_spark.wire import CheckResult, Message, TurnRequest

EDIT_RULES = """\
You change one cell of a Jupyter notebook as the user asks.
Answer with the whole new cell in one fenced code block, opened and closed by the fence that the request shows.
Write every line of the cell: no placeholder, no "rest of the code". Keep everything that you were not asked to change.
Use only names that the cell, the notebook, its kernel or Python itself define; import what else you need.
After the block you may say in one or two sentences what you changed and why."""

WORDS_RULES = """\
You help with a Jupyter notebook. Answer the question from the notebook below: precisely, briefly, in Markdown.
Name the cells and variables that you rely on. If you do not know, say so."""

SMALL_EDIT_RULES = (
    "You are a Python expert who edits notebook cells. Answer with the complete new cell, all of its code."
)
SMALL_WORDS_RULES = "You are a Python expert. Answer in a few short sentences."


@dataclass(frozen=True)
class Prompt:
    """Messages, and how the answer begins and ends where the endpoint takes that."""

    messages: tuple[Message, ...]
    fence: str = ""
    prefill: str = ""
    stop: tuple[str, ...] = ()


def render_prompt(request: TurnRequest, *, small: bool = False, prefill: bool = False) -> Prompt:
    """Write a request's messages.

    Parameters
    ----------
    request : TurnRequest
        What is asked, of which cell, with which context.
    small : bool
        Whether the model is small: a tiny prompt, no rules that it cannot follow.
    prefill : bool
        Whether the answer may be begun for the model.
    """
    old = request.target.source if request.target is not None else ""
    fence = fence_for(old)
    system = _rules(request, small=small)
    if not small and request.context.pieces:
        system += "\n\n" + _notebook(request)
    user = _small_request(request, old, fence) if small else _full_request(request, old, fence)
    messages = (Message(role="system", content=system), *request.history, Message(role="user", content=user))
    if not (request.wants_code and prefill):
        return Prompt(messages, fence=fence)
    return Prompt(messages, fence=fence, prefill=f"{fence}python\n", stop=(f"\n{fence}",))


def render_repair(
    prompt: Prompt, answer: str, findings: Sequence[CheckResult], *, small: bool = False, generate: bool = False
) -> Prompt:
    """Ask for the same again, with the answer that did not hold and what was found in it."""
    found = "\n".join(f"- {_where(check)}{check.message}" for check in findings)
    whole = "the code" if generate else "the whole cell"
    ask = f"This does not hold:\n{found}\nMend it and write {whole} again, in one block."
    if small:
        ask = f"{found}\nCorrect this and write the complete code again."
    more = (Message(role="assistant", content=answer), Message(role="user", content=ask))
    return Prompt((*prompt.messages, *more), fence=prompt.fence, prefill=prompt.prefill, stop=prompt.stop)


def _rules(request: TurnRequest, *, small: bool) -> str:
    if request.wants_code:
        return SMALL_EDIT_RULES if small else EDIT_RULES
    return SMALL_WORDS_RULES if small else WORDS_RULES


def _notebook(request: TurnRequest) -> str:
    parts = [f"# {piece.label}\n{piece.text}" for piece in request.context.pieces]
    return "The notebook (code cells, then live variables):\n\n" + "\n\n".join(parts)


def _full_request(request: TurnRequest, old: str, fence: str) -> str:
    parts = []
    if old:
        parts.append(f"The cell:\n\n{fence}python\n{old}\n{fence}")
    elif request.wants_code:
        parts.append(f"Use this fence:\n\n{fence}python\n...\n{fence}")
    if request.error is not None:
        parts.append(f"It failed:\n\n{request.error.traceback or _one_line(request)}")
    parts.append(_task(request))
    return "\n\n".join(parts)


def _small_request(request: TurnRequest, old: str, fence: str) -> str:
    """The task stands last: a small model follows what it read last."""
    parts = []
    if request.context.pieces:
        known = "\n".join(piece.text for piece in request.context.pieces)
        parts.append(f"Already in the notebook:\n{known}")
    if old:
        parts.append(f"Cell:\n{fence}python\n{old}\n{fence}")
    if request.error is not None:
        parts.append(f"Running it fails with {_one_line(request)}")
    parts.append(_task(request))
    return "\n\n".join(parts)


def _task(request: TurnRequest) -> str:
    words = request.instruction.strip()
    if request.kind == "fix":
        return f"Fix the cell so that it runs.{' ' + words if words else ''}"
    if request.kind == "explain":
        return words or "Explain what this cell does."
    if request.kind == "generate":
        return f"Write the code of a new cell: {words}"
    if request.kind == "rewrite":
        return f"Change the cell: {words}"
    return words


def _one_line(request: TurnRequest) -> str:
    assert request.error is not None  # noqa: S101 - callers ask only where there is one
    return f"{request.error.name}: {request.error.message}"


def _where(check: CheckResult) -> str:
    return f"Line {check.line}: " if check.line else ""
