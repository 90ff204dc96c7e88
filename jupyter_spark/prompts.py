"""From a request to messages: one stable prefix, what changes last.

Two voices: a large model gets the rules in full, the conversation so far, the notebook at its head, and what is new; a
small one gets a few lines and the opening fence in its mouth. Both answer with one fenced block that holds the whole
new cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jupyter_spark.context import estimate_tokens
from jupyter_spark.conversation import news_text, notebook_text, target_label
from jupyter_spark.edits import fence_for
from jupyter_spark.failing import say_failure
from jupyter_spark.wire import CheckResult, Message, TurnRequest

# One text for every kind of request: it stands before the notebook, and what follows a change is not cached.
RULES = """\
You help the user of a Jupyter notebook. You are sent the notebook, later what changed in it, and requests.

Asked to change, fix or write a cell, answer with the whole new cell in one fenced code block.
Open and close the block with the fence that the request shows.
Write every line of the cell: no placeholder, no "rest of the code". Keep everything that you were not asked to change.
Use only names that the cell, the notebook, its kernel or Python itself define; import what else you need.
After the block you may say in one or two sentences what you changed and why.

Asked anything else, answer in words: precisely, briefly, in Markdown. Name the cells and variables that you rely on.
If you do not know, say so."""

SMALL_EDIT_RULES = (
    "You are a Python expert who edits notebook cells. Answer with the complete new cell, all of its code."
)
SMALL_PROSE_RULES = "You edit texts of notebooks. Answer with the complete new text, all of it, in one fenced block."
SMALL_WORDS_RULES = "You are a Python expert. Answer in a few short sentences."

SPARE_TOKENS = 256
REPAIR_TEMPERATURE = 0.7
SMALL_REPAIR_DRAFTS = 3


@dataclass(frozen=True)
class Prompt:
    """Messages, and how the answer begins and ends where the endpoint takes that."""

    messages: tuple[Message, ...]
    fence: str = ""
    prefill: str = ""
    stop: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    temperature: float | None = None


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
    fence = fence_for(old, prose=request.is_prose)
    messages = _small_messages(request, old, fence) if small else _messages(request, old, fence)
    if not (request.wants_code and prefill):
        return Prompt(messages, fence=fence)
    return Prompt(
        messages,
        fence=fence,
        prefill=f"{_opening(request, fence)}\n",
        stop=(f"\n{fence}",),
        # A small model that has lost its way repeats itself without end; an edit is about as long as its cell.
        max_output_tokens=2 * estimate_tokens(old) + SPARE_TOKENS if small else None,
    )


def render_repair(
    prompt: Prompt, request: TurnRequest, answer: str, findings: Sequence[CheckResult], *, small: bool = False
) -> Prompt:
    """Ask for the same again, with what was found in the answer that did not hold.

    A large model is shown that answer and mends it. A small one would only copy it, so it gets the request afresh, in
    other words, with the findings as a warning.
    """
    found = "\n".join(f"- {_where(check)}{check.message}" for check in findings)
    if small:
        messages = (*prompt.messages[:-1], Message(role="user", content=_small_repair(request, prompt.fence, found)))
        return replace(prompt, messages=messages)
    ask = f"This does not hold:\n{found}\nMend it and write all of the cell again, in one block."
    more = (Message(role="assistant", content=answer), Message(role="user", content=ask))
    return replace(prompt, messages=(*prompt.messages, *more))


def draft_repairs(prompt: Prompt, repair: Prompt, *, small: bool = False) -> tuple[Prompt, ...]:
    """Return the prompts of the one repair, to be asked in order until an answer holds.

    A small model is asked more than once: first with the findings, then afresh and more freely. Of a few answers one is
    right more often than the first is, and the checks tell which (Chen et al. 2021, arXiv:2107.03374; Li et al. 2022,
    arXiv:2203.07814: sample, then filter).
    """
    if not small:
        return (repair,)
    return (repair, *[replace(prompt, temperature=REPAIR_TEMPERATURE)] * (SMALL_REPAIR_DRAFTS - 1))


def _messages(request: TurnRequest, old: str, fence: str) -> tuple[Message, ...]:
    """What was sent before, byte for byte, and then what is new."""
    notebook = notebook_text(request)
    return (
        Message(role="system", content=_in_language(RULES, request)),
        *([Message(role="user", content=notebook)] if notebook else []),
        *request.conversation.messages,
        Message(role="user", content=_full_request(request, old, fence)),
    )


def _in_language(rules: str, request: TurnRequest) -> str:
    return rules if request.is_python else rules.replace("Python", request.language)


def _small_messages(request: TurnRequest, old: str, fence: str) -> tuple[Message, ...]:
    edit_rules = SMALL_PROSE_RULES if request.is_prose else SMALL_EDIT_RULES
    rules = edit_rules if request.wants_code else SMALL_WORDS_RULES
    return (
        Message(role="system", content=_in_language(rules, request)),
        Message(role="user", content=_small_request(request, old, fence)),
    )


def _full_request(request: TurnRequest, old: str, fence: str) -> str:
    parts = [news] if (news := news_text(request)) else []
    if old:
        parts.append(f"The cell to work on, {target_label(request)}:\n\n{_opening(request, fence)}\n{old}\n{fence}")
    elif request.wants_code:
        parts.append(f"Use this fence:\n\n{_opening(request, fence)}\n...\n{fence}")
    if request.error is not None:
        parts.append(f"It failed:\n\n{request.error.traceback or _one_line(request)}")
    parts.append(_task(request))
    return "\n\n".join(parts)


def _small_request(request: TurnRequest, old: str, fence: str) -> str:
    """The task stands last, after what it needs: a small model follows what it read last."""
    parts = [notebook_text(request)] if request.context.pieces and request.kind == "ask" else []
    if old:
        parts.append(f"{_opening(request, fence)}\n{old}\n{fence}")
    if request.kind != "ask":
        parts += _small_known(request)
    task = _small_task(request)
    if old and request.wants_code:
        what = "text" if request.is_prose else "code"
        task += f"\n\nWrite the complete {what} again with this change."
    return "\n\n".join([*parts, task])


def _opening(request: TurnRequest, fence: str) -> str:
    """The fence that opens the cell's text."""
    if not request.is_prose:
        return f"{fence}{request.language}"
    return f"{fence}markdown" if request.target is not None and request.target.kind == "markdown" else f"{fence}text"


def _small_known(request: TurnRequest) -> list[str]:
    known = "\n".join(piece.text for piece in request.context.pieces)
    return [f"The notebook already has:\n{known}"] if known else []


def _small_repair(request: TurnRequest, fence: str, found: str) -> str:
    """The task stands first and last: in other words than before, a small model gives another answer."""
    old = request.target.source if request.target is not None else ""
    task, warning = _small_task(request), f"Take care, a first try was wrong:\n{found}"
    known = _small_known(request)
    if not old:
        return "\n\n".join([*known, task, warning])
    cell = f"{_opening(request, fence)}\n{old}\n{fence}"
    what = "text" if request.is_prose else "code"
    last = f"Write the complete {what} with this change made: {task}"
    return "\n\n".join([f"Change this {what}: {task}", cell, *known, warning, last])


def _small_task(request: TurnRequest) -> str:
    words = request.instruction.strip()
    if request.kind == "fix":
        fails = f"{say_failure(request)}\n" if request.error is not None else ""
        return f"{fails}Fix the code. {words}".strip()
    if request.kind == "generate":
        return f"Write the code of a notebook cell: {words}"
    return words or "Explain what this code does."


def _task(request: TurnRequest) -> str:
    words = request.instruction.strip()
    if request.kind == "fix":
        return f"Fix the cell so that it runs.{' ' + words if words else ''}"
    if request.kind == "explain":
        return words or "Explain what this cell does."
    if request.kind == "generate":
        return f"Write the code of a new cell: {words}"
    if request.kind == "rewrite":
        is_part = any(piece.key == "selection" for piece in request.context.pieces)
        return f"Change the cell{', only where it is selected' if is_part else ''}: {words}"
    return words


def _one_line(request: TurnRequest) -> str:
    assert request.error is not None  # noqa: S101 - callers ask only where there is one
    return f"{request.error.name}: {request.error.message}"


def _where(check: CheckResult) -> str:
    return f"Line {check.line}: " if check.line else ""
