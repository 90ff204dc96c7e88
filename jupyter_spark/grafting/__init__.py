"""Of an answer to a request for docstrings or type hints only these are taken; the code stays, letter for letter.

Whoever adds a docstring must not change what a cell does, and a small model changes code in passing: a default, a name,
the call at the end that it forgets. So the answer is not the new text: what was asked for is found in it, definition by
definition, and put into the old one. Each time the tree without docstrings and type hints must still be the old one.
"""

from jupyter_spark.grafting._asked import Additions, asked_additions
from jupyter_spark.grafting._definitions import Definition, Key, bare_parameters, definitions
from jupyter_spark.grafting._grafting import graft, graft_one, lacking

__all__ = [
    "Additions",
    "Definition",
    "Key",
    "asked_additions",
    "bare_parameters",
    "definitions",
    "graft",
    "graft_one",
    "lacking",
]
