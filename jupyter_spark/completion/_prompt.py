"""What is asked for a caret: first what stays the same while the user types: endpoints have it in their cache."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from jupyter_spark.completion._place import Place
from jupyter_spark.edits import fence_for
from jupyter_spark.settings import Profile
from jupyter_spark.wire import ContextPiece, Message, NotebookSnapshot

RULES = """\
You complete code in a Jupyter notebook, at the caret.
You are sent cells of the notebook, what stands after the caret in its cell, and last what stands before the caret.
Answer with the text to insert at the caret and nothing else, in one fenced code block.
Begin with the rest of the caret's own line; repeat nothing that stands before or after the caret.
Finish the statement or the block that is begun: a few lines at most. Indent as the cell does."""

# A cell's text around the caret, in characters; a small model reads about 100 tokens a second on two cores.
BEFORE_CHARS, AFTER_CHARS = 6_000, 2_000
SMALL_BEFORE_CHARS, SMALL_AFTER_CHARS = 900, 240
CUT_LINES = 10  # a long cell's head goes by so many lines at once: its beginning stays the same while the user types
BUDGET_TOKENS, SMALL_BUDGET_TOKENS = 1_500, 120
MAX_TOKENS, SMALL_MAX_TOKENS = 1_000, 64  # a thinking model's thoughts count too; the answer is cut long before


@dataclass(frozen=True)
class CompletionPrompt:
    """Messages, the same as text around a gap for a model that fills it, and where the endpoint may stop."""

    messages: tuple[Message, ...]
    before: str
    after: str
    stop: tuple[str, ...]
    max_output_tokens: int
    fenced: bool


def completion_budget_tokens(profile: Profile) -> int:
    """Return how much of the notebook may be sent, in tokens: little, since an answer is worth less than a wait."""
    return min(SMALL_BUDGET_TOKENS if profile.small else BUDGET_TOKENS, profile.context_tokens // 4)


def nothing_to_complete(place: Place, snapshot: NotebookSnapshot, cell_id: str) -> bool:
    """Whether there is nothing to go by: the cell is blank, and so is all above it."""
    if place.before.strip() or place.after.strip():
        return False
    above: list[str] = []
    for cell in snapshot.cells:
        if cell.cell_id == cell_id:
            break
        above.append(cell.source)
    return not "".join(above).strip()


def render_completion(
    place: Place, pieces: Collection[ContextPiece], profile: Profile, language: str = "python"
) -> CompletionPrompt:
    """Write what is asked for a place.

    Parameters
    ----------
    place : Place
        Where the caret is.
    pieces : collection of ContextPiece
        Code of other cells, in the notebook's order.
    profile : Profile
        Who answers: with a form for text around a gap (``infill``) or by conversation.
    language : str
        The notebook's language.
    """
    small = profile.small
    before = _tail(place.before, SMALL_BEFORE_CHARS if small else BEFORE_CHARS)
    after = _head(place.after, SMALL_AFTER_CHARS if small else AFTER_CHARS)
    code = [piece.text.strip("\n") for piece in pieces]
    fence = fence_for("\n".join((*code, before, after)))
    notebook = "\n\n".join(
        f"{piece.label}:\n{fence}{language}\n{text}\n{fence}" for piece, text in zip(pieces, code, strict=True)
    )
    parts = [f"Cells of the notebook:\n\n{notebook}"] if code else []
    parts.append(f"After the caret:\n{fence}{language}\n{after}\n{fence}" if after.strip() else "Nothing follows.")
    parts.append(f"Before the caret, which stands at the end of the last line:\n{fence}{language}\n{before}\n{fence}")
    return CompletionPrompt(
        messages=(Message(role="system", content=RULES), Message(role="user", content="\n\n".join(parts))),
        before="\n\n".join([*code, before]),
        after=after,
        stop=("\n```",) if not profile.infill else ("\n\n\n", "```"),
        max_output_tokens=SMALL_MAX_TOKENS if small else min(MAX_TOKENS, profile.max_output_tokens),
        fenced=not profile.infill,
    )


def _tail(text: str, limit_chars: int) -> str:
    """The end of a text, whole lines; what is left out grows in steps, so that the beginning stays the same."""
    lines = text.split("\n")
    start = 0
    while start + CUT_LINES < len(lines) and len("\n".join(lines[start:])) > limit_chars:
        start += CUT_LINES
    return "\n".join(lines[start:])[-2 * limit_chars :]


def _head(text: str, limit_chars: int) -> str:
    """The beginning of a text, whole lines where the first one fits."""
    if len(text) <= limit_chars:
        return text
    cut = text[:limit_chars]
    return cut.rpartition("\n")[0] if "\n" in cut.strip("\n") else cut
