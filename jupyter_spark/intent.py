"""What an instruction asks for in so many words: what can be seen in the code without running it.

Only what is said outright is read: a rename, a construct by its name, a name of code that must appear or go. Where the
words can mean something else, nothing is read: a finding that is wrong costs more than one that is missed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from jupyter_spark.dataflow import parse_cell

ALIKE = 0.8  # so alike are two spellings of one word
_NAME = r"[`'\"]?([A-Za-z_]\w*)[`'\"]?"
_KIND = r"(?:(?:the|a|this)\s+)?(?:(?:function|method|class|variable|parameter|argument|name)\s+)?"
_RENAME = re.compile(rf"\brename\s+{_KIND}{_NAME}\s+(?:to|into|as)\s+{_NAME}(?!\w|\.\w)", re.IGNORECASE)
_CALL_IT = re.compile(rf"\bcall\s+{_KIND}{_NAME}\s+{_NAME}\s*[.!]?\s*$", re.IGNORECASE)
_SPELLING = re.compile(rf"{_NAME}\s+should\s+be\s+(?:called\s+|named\s+)?{_NAME}(?!\w|\.\w)", re.IGNORECASE)

# Words after which stands what shall go, or what is only compared with; they reach to the end of their clause.
_AGAINST = re.compile(
    r"\b(?:instead of|rather than|not|no|without|avoid|remove|drop|delete|replace|rename|turn|convert|change|"
    r"get rid of|stop|like|as in|than|never|unlike|similar to|same as|was|were|from)\b|n't\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:.!?](?=\s|$)|\b(?:but|and then|with|by|to|into)\b", re.IGNORECASE)
# Before a word, these mean one that is there already.
_THERE_ALREADY = re.compile(
    r"\b(?:(?:the|this|that|these|each|every)\s+(?:\w+\s+)?|(?:in|to|of|inside|from|for)\s+)$", re.IGNORECASE
)
_CODE_NAME = re.compile(
    r"(?<![\w.`'\"/\\{$-])"
    r"(?:(?P<call>[A-Za-z_]\w*)\(|(?P<keyword>[A-Za-z_]\w*)=[\w'\".-]|(?P<snake>[A-Za-z]\w*_\w+)(?![\w/\\(.-]))"
)
_BACKTICKED = re.compile(r"`([A-Za-z_]\w*)`")
_NO_LONGER = re.compile(
    r"\b(?:do(?:n't| not) use|instead of(?: using)?|without(?: using)?|avoid(?: using)?)\s+"
    r"(?:the\s+)?(?:global\s+|variable\s+|function\s+)?(?!(?:an?|any|it|all)\b)(?P<name>[A-Za-z_]\w*|\d+(?:\.\d+)?)(?=[\s,.;!?)]|\(\)|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Rename:
    """An identifier that shall have another name."""

    old: str
    new: str


def asked_rename(instruction: str, source: str) -> Rename | None:
    """Return the rename that the words ask for, if they name two identifiers and it is clear what is meant.

    It is not clear where the old name is also an attribute, a keyword or a text of the cell (a column, say).
    """
    tree = parse_cell(source)
    found = _RENAME.search(instruction) or _CALL_IT.search(instruction) or _misspelt(instruction)
    if tree is None or found is None:
        return None
    old, new = found.groups()
    names = bound_names(tree)
    elsewhere = {text for node in ast.walk(tree) for text in _other_names(node)}
    if old == new or old not in names or new in names or old in elsewhere or new in elsewhere:
        return None
    return Rename(old, new)


def _misspelt(instruction: str) -> re.Match[str] | None:
    """``recieve should be receive``, but not ``n should be positive``."""
    found = _SPELLING.search(instruction)
    return found if found and SequenceMatcher(None, found[1], found[2]).ratio() >= ALIKE else None


def bound_names(tree: ast.AST) -> frozenset[str]:
    """Return every identifier that stands as a variable, a parameter, a function or a class."""
    return frozenset(name for node in ast.walk(tree) for name in _own_names(node))


def _own_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]


def _other_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.arg
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.alias):
        yield from (node.name, (node.asname or node.name).partition(".")[0])


# --- constructs ------------------------------------------------------------------------------------


def _docstrings(tree: ast.AST) -> int:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
    return sum(isinstance(node, kinds) and ast.get_docstring(node) is not None for node in ast.walk(tree))


def _hints(tree: ast.AST) -> int:
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    arguments = [n for n in ast.walk(tree) if isinstance(n, ast.arg) and n.annotation is not None]
    variables = [n for n in ast.walk(tree) if isinstance(n, ast.AnnAssign)]
    return len(arguments) + len(variables) + sum(function.returns is not None for function in functions)


def _nodes(*kinds: type[ast.AST]) -> Callable[[ast.AST], int]:
    return lambda tree: sum(isinstance(node, kinds) for node in ast.walk(tree))


@dataclass(frozen=True)
class Construct:
    """Something of the language that an instruction can ask for.

    Attributes
    ----------
    words : re.Pattern
        How it is asked for; the group ``what`` is the thing itself.
    title : str
        What it is called.
    count : callable
        How many of it a tree has.
    more : bool
        Whether one more is asked for, where there are some already.
    """

    words: re.Pattern[str]
    title: str
    count: Callable[[ast.AST], int]
    more: bool = False


def _use(what: str, title: str, *kinds: type[ast.AST]) -> Construct:
    words = rf"\b(?:use|with|turn|convert|make|rewrite|replace|change)\b[^.;,]*?\b(?P<what>{what})\b"
    return Construct(re.compile(words, re.IGNORECASE), title, _nodes(*kinds))


def _add(what: str, title: str, count: Callable[[ast.AST], int]) -> Construct:
    words = rf"\b(?:add|write|insert|include|give|put)\b[^.;,]*?\b(?P<what>{what})\b"
    return Construct(re.compile(words, re.IGNORECASE), title, count, more=True)


_RAISE = re.compile(
    r"(?:^|[.,;:]|\b(?:and|to|should|must|please|then))\s*(?P<what>raise an? \w*(?:error|exception))\b", re.I
)
CONSTRUCTS = (
    _add(r"doc-?strings?", "docstring", _docstrings),
    _add(r"type (?:hints?|annotations?)", "type hint", _hints),
    _use(r"f-?strings?", "f-string", ast.JoinedStr),
    _use(r"list comprehensions?", "list comprehension", ast.ListComp),
    _use(r"(?:dict|dictionary) comprehensions?", "dict comprehension", ast.DictComp),
    _use(r"set comprehensions?", "set comprehension", ast.SetComp),
    _use(r"while[ -]loops?", "while loop", ast.While),
    _use(r"for[ -]loops?", "for loop", ast.For),
    _use(r"context managers?|with (?:statement|block)", "with statement", ast.With, ast.AsyncWith),
    Construct(_RAISE, "raise statement", _nodes(ast.Raise)),
)


def missing_construct(instruction: str, old: ast.AST, new: ast.AST) -> str | None:
    """Return the title of a construct that was asked for and is not in the new code (or no more of it)."""
    for construct in CONSTRUCTS:
        found = construct.words.search(instruction)
        if found is None or _is_against(instruction, found.start("what")):
            continue
        if construct.count(new) <= (construct.count(old) if construct.more else 0):
            return construct.title
    return None


# --- names -----------------------------------------------------------------------------------------


def asked_names(instruction: str) -> tuple[str, ...]:
    """Return the names that the words write as code and want to see: called, with an underscore, given a value."""
    found = [match for pattern in (_CODE_NAME, _BACKTICKED) for match in pattern.finditer(instruction)]
    names = [
        next(group for group in match.groups() if group)
        for match in sorted(found, key=lambda match: match.start())
        if not _is_against(instruction, match.start())
    ]
    return tuple(dict.fromkeys(names))


def unwanted_names(instruction: str) -> tuple[str, ...]:
    """Return the names and numbers that shall be used no longer (``don't use X``, ``Y instead of X``)."""
    return tuple(dict.fromkeys(match["name"] for match in _NO_LONGER.finditer(instruction)))


def count_uses(tree: ast.AST, name: str) -> int:
    """Count where a name (a variable read, an attribute, a call) or a number stands in the code."""
    if name[0].isdigit():
        return sum(
            isinstance(node, ast.Constant) and not isinstance(node.value, bool | str) and str(node.value) == name
            for node in ast.walk(tree)
        )
    return sum(
        (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
        for node in ast.walk(tree)
    )


def _is_against(instruction: str, place: int) -> bool:
    """Whether the words do not want what stands at a place: it is spoken against in its clause, or is there already."""
    before = instruction[:place]
    if _THERE_ALREADY.search(before):
        return True
    against = [match.end() for match in _AGAINST.finditer(before)]
    return bool(against) and not any(match.start() >= against[-1] for match in _CLAUSE_END.finditer(before))
