"""Which words ask for docstrings or type hints, and for nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_spark.dataflow import parse_cell
from jupyter_spark.grafting._definitions import definitions

_DOCSTRINGS = re.compile(r"\bdoc-?strings?\b", re.IGNORECASE)
_TYPE_HINTS = re.compile(r"\btype[- ](?:hints?|annotations?)\b", re.IGNORECASE)
_ONE_LINE = re.compile(r"\b(?:one|single)[- ]lin(?:e|ers?)\b", re.IGNORECASE)
_ADD = re.compile(r"\b(?:add|write|insert|include|give|put|provide)\b", re.IGNORECASE)
# With any other word it may be about more.
_ONLY = re.compile(
    r"(?:\W|\b(?:doc-?strings?|type[- ](?:hints?|annotations?)|(?:one|single)[- ]lin(?:e|ers?)|"
    r"add|write|insert|include|give|put|provide|please|"
    r"an?|the|some|short|brief|concise|proper|missing|useful|simple|plain|"
    r"(?:google|numpy|sphinx|rest)(?:[- ]styled?)?|python|"
    r"to|for|in|of|on|at|with|and|that|where|which|who|all|each|every|any|both|this|these|those|my|its|their|it|them|"
    r"functions?|methods?|class(?:es)?|parameters?|arguments?|returns?|values?|types?|signatures?|definitions?|"
    r"cells?|notebook|code|everywhere|throughout|whole|public|"
    r"lacks?|lacking|has|have|having|no|none|without|yet|needed|"
    r"only|just|keep|rest|else|leave|as|is|do|don't|not|change|changing|anything|nothing|behaviou?r|what|does)\b)+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Additions:
    """What shall be added to code that stays as it is.

    Attributes
    ----------
    one_line : bool
        Whether docstrings are of a single line.
    names : frozenset of str
        The functions and classes that are spoken of; none: all of them.
    """

    docstrings: bool = False
    type_hints: bool = False
    one_line: bool = False
    names: frozenset[str] = frozenset()


def asked_additions(instruction: str, source: str = "") -> Additions | None:
    """Return what the words ask to add to a cell, or None where they ask for anything else, or may.

    Examples
    --------
    >>> asked_additions("add a one-line docstring to each function")
    Additions(docstrings=True, type_hints=False, one_line=True, names=frozenset())
    >>> asked_additions("add docstrings and use pathlib")
    """
    docstrings, hints = (bool(words.search(instruction)) for words in (_DOCSTRINGS, _TYPE_HINTS))
    if not (docstrings or hints) or not _ADD.search(instruction):
        return None
    rest, names = instruction, set()
    if not _ONLY.fullmatch(rest):
        tree = parse_cell(source)
        for name in {node.name for node in definitions(tree).values()} if tree is not None else ():
            rest, times = re.subn(rf"(?<!\w){re.escape(name)}(?!\w)", "", rest)
            names |= {name} if times else set()
    if not _ONLY.fullmatch(rest):
        return None
    return Additions(docstrings, hints, docstrings and bool(_ONE_LINE.search(instruction)), frozenset(names))
