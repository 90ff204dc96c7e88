"""Of the other cells, one line for each definition that is needed: all that a small model has room for.

People describe a thing more often than they name it ("the helper that rounds", "the same colours"). So beside the names
that the instruction spells out, those are told whose name or docstring shares words with it, rare words first
(the idea of inverse document frequency, Spärck Jones 1972).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from jupyter_spark.context._cells import DEFINES, Offer
from jupyter_spark.dataflow import Definition, cell_names, definitions
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import CellSnapshot, ContextPiece, VariableSummary

DESCRIBED = 4  # so many definitions are told for what the instruction only describes
NAME_WEIGHT = 2.0  # a word of the name tells more than one of the docstring
MIN_SCORE = 0.2  # a word of a docstring that five definitions share
DESCRIBES, TYPE_OF = "described by the instruction", "the class of {}"
CODE_TYPES = ("function", "type")  # variables that a definition tells better

_WORD = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]{2,}(?![a-z])|[^\W\d_][^\W\d_A-Z]*")  # a word of a name: of SNAKE_CASE, of camelCase
_CALLABLE = re.compile(r"\b(?:helper|function|method)s?\b", re.IGNORECASE)
_ENDING = re.compile(r"(?:ations?|at(?:es?|ed|ing)|i?(?:es|ed)|ing|ers?|s|e|y)$")
_STOP_WORDS = frozenset(
    _WORD.findall("""
    a above add all also an and any are as at be below but by call called cell code column columns do each else
    every first for from function get give have helper i if in instead into is it its let like make more name named
    names new no not of on one only or out print put return returns row rows same set show so some such take than
    that the them then there these this those to too two use used using value values variable when where which with
    you
    """)
)


def outlined(
    others: Sequence[CellSnapshot],
    target: CellSnapshot | None,
    instruction: str,
    wanted: Mapping[str, str],
    variables: Sequence[VariableSummary],
    offered: Sequence[Offer],
    *,
    only_new: bool,
) -> list[Offer]:
    """Return the variables that are offered and the definitions that are needed beside them, in the order of need.

    Parameters
    ----------
    others : sequence of CellSnapshot
        The code cells but the target.
    target : CellSnapshot or None
        The cell that the prompt shows.
    instruction : str
        The user's words.
    wanted : mapping of str to str
        The needed names, each with the reason.
    variables : sequence of VariableSummary
        The live variables.
    offered : sequence of Offer
        The variables that are offered already.
    only_new : bool
        Leave out what the cell uses, but for functions and classes that are alive, and the classes of its variables.
    """
    found = {definition.name: definition for cell in others for definition in definitions(cell.source)}
    source = target.source if target is not None else ""
    used = cell_names(source).uses if only_new else frozenset()
    told = {variable.name: variable for variable in variables if variable.name in wanted}
    # How a function is called, and what it says of itself, is told from the notebook: the live object tells less.
    code = {name: wanted[name] for name, variable in told.items() if variable.type in CODE_TYPES and name in found}
    known = {name for name in used if name in told and told[name].type == "module"}
    named = {name: why for name, why in wanted.items() if name in found and name not in used}
    reasons = code | _classes(found, list(told.values())) | named
    # What the words name outright, here or in the cell, needs no guess.
    words = [word for word in _WORD.findall(instruction) if word not in found and word not in _WORD.findall(source)]
    rest = [definition for name, definition in found.items() if name not in wanted]
    for name in _described(words, rest, only_calls=bool(_CALLABLE.search(instruction))):
        reasons.setdefault(name, DESCRIBES)
    return [*(o for o in offered if o.piece.label not in code.keys() | known), *_offers(found, reasons)]


def _offers(found: Mapping[str, Definition], reasons: Mapping[str, str]) -> list[Offer]:
    out: list[Offer] = []
    for name, why in reasons.items():
        text = found[name].text
        if any(offer.piece.text == text for offer in out):
            continue
        piece = ContextPiece(
            key=f"definition:{name}", label=name, reason=why, text=text, tokens=estimate_tokens(text) + 1
        )
        out.append(Offer(DEFINES, 0, len(out), piece))
    return out


def _classes(found: Mapping[str, Definition], variables: Sequence[VariableSummary]) -> dict[str, str]:
    """The notebook's own classes of needed variables, or of what these hold."""
    out: dict[str, str] = {}
    for variable in variables:
        for word in re.findall(r"\w+", f"{variable.type} {variable.summary.partition(': ')[2]}"):
            if word in found and found[word].line.startswith("class "):
                out.setdefault(word, TYPE_OF.format(variable.name))
    return out


def _described(words: Sequence[str], candidates: Sequence[Definition], *, only_calls: bool) -> list[str]:
    """The names of the definitions that share words with the instruction, the likeliest first."""
    asked = _stems(" ".join(words))
    if only_calls:
        candidates = [definition for definition in candidates if definition.line.startswith(f"{definition.name}(")]
    stems = {definition.name: (_stems(definition.name), _stems(definition.about)) for definition in candidates}
    common = Counter(stem for name, about in stems.values() for stem in name | about)
    scores = {
        name: sum((NAME_WEIGHT if stem in parts else 1.0) / common[stem] for stem in asked & (parts | about))
        for name, (parts, about) in stems.items()
    }
    chosen = sorted((name for name, score in scores.items() if score >= MIN_SCORE), key=lambda name: -scores[name])
    return chosen[:DESCRIBED]


def _stems(text: str) -> frozenset[str]:
    words = (word.lower() for word in _PART.findall(text))
    return frozenset(stem(word) for word in words if word not in _STOP_WORDS and len(word) > 1)


def stem(word: str) -> str:
    """Return a word without its ending: ``rounds``, ``rounded`` and ``rounding`` are one.

    Cruder than a stemmer's rules; two words that meet by mistake cost a line of the outline.
    """
    cut = _ENDING.sub("", word)
    root = cut if len(cut) >= 3 else word
    return root[:-1] if len(root) > 3 and root[-1] == root[-2] else root
