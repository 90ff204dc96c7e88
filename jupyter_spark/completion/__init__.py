"""What is written at the caret: what is asked for it, and how much of the answer is shown.

Nothing here asks anybody: a place becomes a prompt, and an answer, as far as it has come, becomes the text to show.
"""

from jupyter_spark.completion._cut import MAX_LINES, Cut, cut_answer
from jupyter_spark.completion._place import Place
from jupyter_spark.completion._prompt import (
    CompletionPrompt,
    completion_budget_tokens,
    nothing_to_complete,
    render_completion,
)

__all__ = [
    "MAX_LINES",
    "CompletionPrompt",
    "Cut",
    "Place",
    "completion_budget_tokens",
    "cut_answer",
    "nothing_to_complete",
    "render_completion",
]
