"""A streamed answer becomes an edit, line by line.

The format is one fenced block that holds the whole new cell (for small and fast models, whole text is better formed
than search-and-replace blocks, and code inside JSON is worse). Words may stand before and after it. A cell of prose may
hold blocks of its own, so its answer is read with more care (`_prose`).
"""

from __future__ import annotations

from typing import Literal

from jupyter_spark.edits._answer import AnswerParser, Lines, ParsedAnswer, Words, fence_for
from jupyter_spark.edits._prose import ProseParser
from jupyter_spark.wire import CellEdit, TurnRequest, text_hash

__all__ = ["AnswerParser", "Lines", "ParsedAnswer", "ProseParser", "Words", "fence_for", "make_edit", "parser_for"]


def parser_for(request: TurnRequest, begun: str = "") -> AnswerParser:
    """Return what reads a request's answer.

    Parameters
    ----------
    request : TurnRequest
        What was asked.
    begun : str
        The fence with which the answer was begun for the model, if it was.
    """
    if not request.is_prose or request.target is None:
        return AnswerParser(begun)
    return ProseParser(request.target.source, begun, is_markdown=request.target.kind == "markdown")


def make_edit(code: str, *, cell_id: str, old_source: str, operation: Literal["replace", "insert_below"]) -> CellEdit:
    """Make an edit of a block's text, bound to the text that it was made from."""
    return CellEdit(
        cell_id=cell_id,
        operation=operation,
        old_source=old_source,
        new_source=code,
        base_hash=text_hash(old_source),
    )
