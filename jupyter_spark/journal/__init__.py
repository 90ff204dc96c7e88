"""The durable record: turns, proposals, and what was applied, for history, undo and redo.

One SQLite file per user, readable by its owner only, shared by all kernels and the command line. ``Journal`` raises
``JournalError``; ``SafeJournal`` is for turns, which a broken or locked journal never stops.
"""

from jupyter_spark.journal._journal import Journal, kernel_scope, notebook_scope, open_journal
from jupyter_spark.journal._judging import judge_edit, outcome_of
from jupyter_spark.journal._safe import SafeJournal
from jupyter_spark.journal._standing import keep_standing, standing_refactors
from jupyter_spark.journal._store import journal_path

__all__ = [
    "Journal",
    "SafeJournal",
    "journal_path",
    "judge_edit",
    "keep_standing",
    "kernel_scope",
    "notebook_scope",
    "open_journal",
    "outcome_of",
    "standing_refactors",
]
