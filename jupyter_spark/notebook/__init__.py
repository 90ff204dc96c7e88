"""Notebook files: read as a snapshot, changed in one cell's source, every other byte kept.

nbformat rewrites a whole file in its own style. Here the new source is spliced into the text at the place of the old
one, written as the file writes: a list of lines or one string, its indentation, its line ends, its escapes.
"""

from jupyter_spark.notebook._arrange import arrange, content_hash
from jupyter_spark.notebook._edit import apply_edits, remove_below, replace_source, source_json
from jupyter_spark.notebook._read import NotebookFile, find_cell, parse_notebook, read_notebook, snapshot
from jupyter_spark.notebook._write import require_writable, write_atomically

__all__ = [
    "NotebookFile",
    "apply_edits",
    "arrange",
    "content_hash",
    "find_cell",
    "parse_notebook",
    "read_notebook",
    "remove_below",
    "replace_source",
    "require_writable",
    "snapshot",
    "source_json",
    "write_atomically",
]
