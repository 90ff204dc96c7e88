"""Edits to check, and reading what was found."""

from __future__ import annotations

from typing import Any

from jupyter_spark.checks import EditUnderCheck
from jupyter_spark.edits import ParsedAnswer
from jupyter_spark.wire import CheckName, CheckResult

OLD = "a = 1\nb = a + 1\n"
TEN = "\n".join(f"x{i} = {i}" for i in range(10))
READABLE: tuple[CheckName, ...] = ("closed_fence", "parses", "no_elision", "keeps_size", "changed")
ALL: tuple[CheckName, ...] = (*READABLE, "names_known", "keeps_definitions", "as_asked")


def edit(
    new: str | None,
    old: str = OLD,
    *,
    kind: Any = "rewrite",
    instruction: str = "make it right",
    known: frozenset[str] = frozenset(),
    complete: bool = True,
    closed: bool = True,
    blocks: int = 1,
    kept_back: bool = False,
) -> EditUnderCheck:
    answer = ParsedAnswer(new, "", closed, blocks)
    return EditUnderCheck(answer, old, kind, instruction, known, complete, kept_back)


def finding(result: CheckResult) -> tuple[str, int | None]:
    assert not result.ok
    return result.message, result.line
