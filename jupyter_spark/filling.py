"""A small model writes docstrings and type hints one at a time, each into a blank: it cannot forget or change the rest.

It is shown the code, and the answer is begun for it up to the place where the docstring or the parameters' hints stand.
So it writes twenty words where it would write the whole cell again, in a tenth of the time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from jupyter_spark.dataflow import parse_cell
from jupyter_spark.grafting import (
    Additions,
    Definition,
    Key,
    asked_additions,
    bare_parameters,
    definitions,
    graft_one,
    lacking,
)
from jupyter_spark.prompts import REPAIR_TEMPERATURE, Prompt
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.wire import Message, TurnRequest

_RULES = Message(role="system", content="You are a Python expert who documents code.")
DOCSTRING_TOKENS, LINE_TOKENS, SIGNATURE_TOKENS = 300, 80, 160
SHOWN_TOKENS = 1500
_QUOTES = '"""'
_HERE = "_spark_hint_"
_BODY = "\n    pass\n"
# One example: without it a small model lays a signature out in lines with comments, or takes whole numbers for granted.
_EXAMPLE = (
    Message(
        role="user",
        content="```python\ndef grow(sizes, names, step=0.5):\n    return [size * step for size in sizes]\n```\n\n"
        "Add type hints.\n\nWrite the signature of `grow` with type hints.",
    ),
    Message(
        role="assistant",
        content="```python\ndef grow(sizes: list[float], names: list[str], step: float = 0.5) -> list[float]:\n```",
    ),
)


@dataclass(frozen=True)
class Blank:
    """One docstring or one signature that is to be written.

    Attributes
    ----------
    key : Key
        Which definition of the cell it is about.
    additions : Additions
        What is taken of the answer.
    prompt : Prompt
        What is asked; its prefill ends with ``begun``.
    begun, ending : str
        The code before what the model writes, and after it.
    """

    key: Key
    additions: Additions
    prompt: Prompt
    begun: str
    ending: str

    def filled(self, source: str, written: str, known: Collection[str]) -> str:
        """Return the cell with the blank filled; as it was where what was written cannot be taken."""
        return graft_one(source, self.key, f"{self.begun}{written}{self.ending}", self.additions, known)

    def once_more(self) -> Blank:
        """Return the same blank, to be asked more freely."""
        return replace(self, prompt=replace(self.prompt, temperature=REPAIR_TEMPERATURE))


def blanks_of(request: TurnRequest) -> tuple[Blank, ...]:
    """Return the blanks of a request's cell, in order; none where it asks for anything else."""
    source = request.target.source if request.target is not None else ""
    additions = asked_additions(request.instruction, source)
    tree = parse_cell(source) if additions is not None and request.kind == "rewrite" and request.is_python else None
    if additions is None or tree is None:
        return ()
    docstrings, hints = replace(additions, type_hints=False), replace(additions, docstrings=False)
    blanks: list[Blank] = []
    for key, node in definitions(tree).items():
        shown = f"```python\n{_shown(source, tree, node)}\n```\n\n{request.instruction.strip()}\n\n"
        if key in lacking(tree, docstrings):
            blanks.append(_docstring(key, node, docstrings, shown))
        if key in lacking(tree, hints):
            blanks.append(_signature(key, node, hints, shown))
    return tuple(blanks)


def _shown(source: str, tree: ast.Module, node: Definition) -> str:
    """The statement of the cell that a definition stands in: a method is shown with its class, unless that is long."""
    lines = source.split("\n")
    for top in (*tree.body, node):
        if top.lineno <= node.lineno <= (top.end_lineno or top.lineno):
            first = min([top.lineno, *(d.lineno for d in getattr(top, "decorator_list", ()))])
            text = "\n".join(lines[first - 1 : top.end_lineno])
            if top is node or estimate_tokens(text) <= SHOWN_TOKENS:
                return text
    return source


def _docstring(key: Key, node: Definition, additions: Additions, shown: str) -> Blank:
    task = f"Write the docstring of `{key[0]}`{', in one line' if additions.one_line else ''}."
    begun = f"{_head(node)}\n    {_QUOTES}"
    prompt = Prompt(
        (_RULES, Message(role="user", content=f"{shown}{task}")),
        prefill=f"```python\n{begun}",
        stop=(_QUOTES,),
        max_output_tokens=LINE_TOKENS if additions.one_line else DOCSTRING_TOKENS,
    )
    return Blank(key, additions, prompt, begun, f"{_QUOTES}{_BODY}")


def _signature(key: Key, node: Definition, additions: Additions, shown: str) -> Blank:
    task = f"Write the signature of `{key[0]}` with type hints."
    begun = _head(node, to_first_hint=True)
    prompt = Prompt(
        (_RULES, *_EXAMPLE, Message(role="user", content=f"{shown}{task}")),
        prefill=f"```python\n{begun}",
        stop=(":\n", "\n\n"),
        max_output_tokens=SIGNATURE_TOKENS,
    )
    return Blank(key, additions, prompt, begun, f":{_BODY}")


def _head(node: Definition, *, to_first_hint: bool = False) -> str:
    """The head of a definition in one line, no decorators: all of it, or up to the first hint that it lacks."""
    head = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(head, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)  # noqa: S101 - it is the same
    head.decorator_list, head.body = [], [ast.Pass()]
    if to_first_hint and not isinstance(head, ast.ClassDef):
        here = ast.Name(_HERE, ast.Load())
        if bare := bare_parameters(head):
            bare[0].annotation = here
        else:
            head.returns = here
    return re.sub(r"\n\s*pass\Z", "", ast.unparse(head)).partition(_HERE)[0].rstrip(" ")
