"""What each cell defines, uses and changes, and how a notebook's cells hang together."""

from jupyter_spark.dataflow._cell import MAX_LINE_CHARS, UNREADABLE, CellNames, cell_names, definitions, parse_cell
from jupyter_spark.dataflow._graph import NotebookFlow, notebook_flow

__all__ = [
    "MAX_LINE_CHARS",
    "UNREADABLE",
    "CellNames",
    "NotebookFlow",
    "cell_names",
    "definitions",
    "notebook_flow",
    "parse_cell",
]
