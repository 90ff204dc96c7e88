"""What each cell defines, uses and changes, and how a notebook's cells hang together."""

from jupyter_spark.dataflow._cell import UNREADABLE, CellNames, cell_names, parse_cell
from jupyter_spark.dataflow._definitions import MAX_LINE_CHARS, Definition, definitions
from jupyter_spark.dataflow._graph import NotebookFlow, notebook_flow

__all__ = [
    "MAX_LINE_CHARS",
    "UNREADABLE",
    "CellNames",
    "Definition",
    "NotebookFlow",
    "cell_names",
    "definitions",
    "notebook_flow",
    "parse_cell",
]
