"""Does an edit hold? Each check is a pure function of the texts; none runs the user's code.

The fast tier is less clever than a deep one: the time it saves is spent here. A finding is one line that a person
can act on and a model can repair by.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from jupyter_spark.dataflow import cell_names, parse_cell
from jupyter_spark.edits import ParsedAnswer
from jupyter_spark.intent import (
    asked_names,
    asked_rename,
    bound_names,
    count_uses,
    missing_construct,
    unwanted_names,
)
from jupyter_spark.ipysyntax import CellMagic, cell_magic, parse_python, syntax_error, to_python
from jupyter_spark.redact import process_vault, title_of
from jupyter_spark.wire import CheckResult, TurnKind

OWN_MAGICS = frozenset({"spark", "sparkai"})
SHRINK_FLOOR_LINES = 10
SHRINK_SHARE = 0.3
IPYTHON_NAMES = frozenset({"get_ipython", "display", "In", "Out", "exit", "quit", "_", "__", "___", "_i", "_ii", "_dh"})

_ELISION_WORDS = (
    r"existing|rest of|remaining|previous|unchanged|same as|as before|other|omitted|truncated|your|original|code here"
)
_ELISION_COMMENT = re.compile(
    rf"^\s*#\s*(?:\.{{3}}|…)\s*$|^\s*#.*(?:\.{{3}}|…).*\b(?:{_ELISION_WORDS})\b|"
    rf"^\s*#.*\b(?:{_ELISION_WORDS})\b.*(?:\.{{3}}|…)|"
    r"^\s*#\s*(?:rest of (?:the|your) |(?:the )?existing )(?:code|cell|function|class|implementation)\b",
    re.IGNORECASE,
)
_BARE_ELLIPSIS = re.compile(r"^\s*\.{3}\s*$")
_ASKS_FOR_LESS = re.compile(
    r"\b(?:delet|remov|drop|simplif|shorten|short|strip|clean|compact|concise|one.?lin|comprehension|vectori[sz]|"
    r"only|just|replace|keep|extract|trim|reduce|minimal|empty)",
    re.IGNORECASE,
)
_ABOUT_SECRETS = re.compile(
    r"\b(?:delet|remov|drop|replace|hide|mask|anonymi[sz]|hard.?cod|environ|env\b|getpass|keyring|dotenv|secret|"
    r"credential|password|token|(?:api.?)?keys?\b)",
    re.IGNORECASE,
)
_BROKEN_MARK = re.compile(r"<\s*secret[-_ ]?\d+[^>\n]{0,60}>?", re.IGNORECASE)
_ASKS_FOR_ANOTHER_SHAPE = re.compile(
    r"\b(?:renam|call it|should be|instead|turn|convert|merg|inlin|split|combin|refactor|rewrite|move|lambda|into\b)|"
    r"\bmake\b.*\b(?:class|function|method|one|an?)\b",
    re.IGNORECASE,
)
_THE_MAGIC = re.compile(r"%%|\bmagics?\b|\b(?:first|top) line\b", re.IGNORECASE)
_AGAINST_MAGIC = re.compile(
    r"\b(?:without|don't|do not|not|no|no longer|stop|instead|rather|turn|convert)\b", re.IGNORECASE
)
_ANOTHER_LANGUAGE = re.compile(r"\b(?:python|pandas|polars|subprocess)\b", re.IGNORECASE)
# What people call the thing that a cell magic does.
_DOES = {
    "time": r"tim(?:e|ing|ings|er)|measur\w*|benchmark\w*",
    "timeit": r"tim(?:e|ing|ings|er)|measur\w*|benchmark\w*",
    "prun": r"profil\w*",
    "capture": r"captur\w*|outputs?|suppress\w*|hid(?:e|ing)",
    "writefile": r"files?|sav(?:e|ing)|disk",
}
_COMMENT_OUT = re.compile(r"\bcomment\b.*\bout\b|\bdisable", re.IGNORECASE)


@dataclass(frozen=True)
class EditUnderCheck:
    """What the checks look at: the answer, the old text, what was asked, and the names that exist.

    ``is_python``: of a notebook in another language only the text is judged, not the code. ``is_prose``: the cell holds
    no code. ``kept_back``: secrets were not sent, so that the answer had to carry marks in their place.
    """

    answer: ParsedAnswer
    old_source: str
    kind: TurnKind
    instruction: str
    known_names: Collection[str]
    names_are_complete: bool = True
    kept_back: bool = False
    is_prose: bool = False
    is_python: bool = True

    @property
    def new_source(self) -> str:
        """The new text; empty if the answer had no block."""
        return self.answer.code or ""


def check_edit(edit: EditUnderCheck) -> tuple[CheckResult, ...]:
    """Run every check, in the order in which a reader wants to know.

    Returns
    -------
    tuple of CheckResult
        One for each check that applies; what cannot be read is not judged any further.
    """
    results = [closed_fence(edit)]
    if not edit.new_source:
        return tuple(results)
    if edit.is_prose:
        return (*results, keeps_size(edit), changed(edit), *([keeps_secrets(edit)] if edit.kept_back else []))
    if edit.is_python:
        results.append(parses(edit))
    results += [no_elision(edit), keeps_size(edit), changed(edit)]
    if cell_magic(edit.old_source) is not None:
        results.append(keeps_magic(edit))
    if edit.is_python and results[1].ok:
        results += [names_known(edit), keeps_definitions(edit), as_asked(edit)]
    if edit.kept_back:
        results.append(keeps_secrets(edit))
    return tuple(results)


def closed_fence(edit: EditUnderCheck) -> CheckResult:
    """The answer holds exactly one block of code, and it is whole."""
    answer = edit.answer
    if answer.code is None:
        return CheckResult(name="closed_fence", ok=False, message="The answer has no fenced block of code.")
    if not answer.code.strip():
        return CheckResult(name="closed_fence", ok=False, message="The block of code is empty.")
    if answer.unclear:
        message = "The fences are not balanced: it is not certain where the text begins and ends."
        return CheckResult(name="closed_fence", ok=False, message=message)
    if not answer.closed:
        return CheckResult(name="closed_fence", ok=False, message="The block of code is not closed: it was cut off.")
    if answer.blocks > 1:
        message = f"The answer has {answer.blocks} blocks of code instead of one whole cell."
        return CheckResult(name="closed_fence", ok=False, message=message)
    return CheckResult(name="closed_fence", ok=True)


def parses(edit: EditUnderCheck) -> CheckResult:
    """The new text compiles as IPython, magics and ``!`` included."""
    error = syntax_error(edit.new_source)
    if error is None:
        other = to_python(edit.new_source).code is None
        return CheckResult(name="parses", ok=True, message="not Python: not parsed" if other else "")
    return CheckResult(name="parses", ok=False, message=f"SyntaxError: {error.msg}", line=error.lineno)


def no_elision(edit: EditUnderCheck) -> CheckResult:
    """No placeholder stands where code was ("... existing code ...")."""
    old_lines = {line.strip() for line in edit.old_source.splitlines()}
    shorter = len(_content(edit.new_source)) < len(_content(edit.old_source))
    for number, line in enumerate(edit.new_source.splitlines(), start=1):
        if line.strip() in old_lines:
            continue
        if _ELISION_COMMENT.search(line) or (shorter and _BARE_ELLIPSIS.match(line)):
            message = f"A placeholder stands instead of code: {line.strip()}"
            return CheckResult(name="no_elision", ok=False, message=message, line=number)
    return CheckResult(name="no_elision", ok=True)


def keeps_size(edit: EditUnderCheck) -> CheckResult:
    """The cell does not lose most of its lines unless that was asked for."""
    old, new = len(_content(edit.old_source)), len(_content(edit.new_source))
    asked = asks_for_less(edit.instruction)
    if old and not new and not asked and not _COMMENT_OUT.search(edit.instruction):
        return CheckResult(name="keeps_size", ok=False, message="No line of code is left.")
    if edit.kind == "generate" or asked or old < SHRINK_FLOOR_LINES or new >= old * SHRINK_SHARE:
        return CheckResult(name="keeps_size", ok=True)
    message = f"Only {new} of {old} lines of code are left, and nothing was asked to be removed."
    return CheckResult(name="keeps_size", ok=False, message=message)


def changed(edit: EditUnderCheck) -> CheckResult:
    """The edit does something."""
    if edit.kind == "generate" or _trimmed(edit.new_source) != _trimmed(edit.old_source):
        return CheckResult(name="changed", ok=True)
    return CheckResult(name="changed", ok=False, message="The cell is unchanged.")


def names_known(edit: EditUnderCheck) -> CheckResult:
    """Every name is defined in the cell, the notebook, the kernel or the builtins.

    A name that was already unknown before a rewrite is not the rewrite's doing; a fix must mend it.
    """
    if not edit.names_are_complete or cell_names(edit.new_source).star_imports:
        return CheckResult(name="names_known", ok=True, message="names not checked: a star import hides them")
    unknown = unknown_names(edit)
    if not unknown:
        return CheckResult(name="names_known", ok=True)
    names = ", ".join(f"'{name}'" for name in unknown)
    verb = "is" if len(unknown) == 1 else "are"
    message = f"{names} {verb} not defined in this cell, the notebook or the kernel."
    return CheckResult(name="names_known", ok=False, message=message, line=min(unknown.values()))


def unknown_names(edit: EditUnderCheck) -> dict[str, int]:
    """Return the names that the new text uses and nothing defines, with the first line of each."""
    known = {*edit.known_names, *IPYTHON_NAMES, *dir(builtins)}
    unknown = undefined_names(edit.new_source, known)
    if unknown and edit.kind == "rewrite":
        before = undefined_names(edit.old_source, known)
        unknown = {name: line for name, line in unknown.items() if name not in before}
    return unknown


def keeps_definitions(edit: EditUnderCheck) -> CheckResult:
    """Every function and class of the cell is still there, unless something else was asked for."""
    old, new = parse_cell(edit.old_source), parse_cell(edit.new_source)
    asked = _ASKS_FOR_LESS.search(edit.instruction) or _ASKS_FOR_ANOTHER_SHAPE.search(edit.instruction)
    if edit.kind == "generate" or old is None or new is None or asked:
        return CheckResult(name="keeps_definitions", ok=True)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    before = [node.name for node in old.body if isinstance(node, kinds)]
    lost = [name for name in dict.fromkeys(before) if name not in bound_names(new)]
    if not lost:
        return CheckResult(name="keeps_definitions", ok=True)
    names = ", ".join(f"'{name}'" for name in lost)
    message = f"{names} {'is' if len(lost) == 1 else 'are'} gone, and nothing was asked to be removed."
    return CheckResult(name="keeps_definitions", ok=False, message=message)


def keeps_magic(edit: EditUnderCheck) -> CheckResult:
    """The cell magic of the first line (``%%writefile``, ``%%time``) is still there, unless the words speak of it."""
    magic = lost_magic(edit)
    if magic is None:
        return CheckResult(name="keeps_magic", ok=True)
    now = cell_magic(edit.new_source)
    if now is None:
        message = f"'{magic.line}', the cell's first line, is gone, and was not asked to be removed."
    else:
        message = f"The cell's first line was '{magic.line}' and is now '{now.line}', which was not asked for."
    return CheckResult(name="keeps_magic", ok=False, message=message, line=1)


def lost_magic(edit: EditUnderCheck) -> CellMagic | None:
    """Return the cell magic that the new text should begin with and does not, or None if all is well."""
    old, new = cell_magic(edit.old_source), cell_magic(edit.new_source)
    if edit.kind == "generate" or old is None or old.name in OWN_MAGICS or _speaks_of_magic(edit.instruction, old, new):
        return None
    if new is None or new.name != old.name:
        return old
    differing = set(new.arguments.split()) ^ set(old.arguments.split())
    return old if differing and not any(_mentions(edit.instruction, word) for word in differing) else None


def _speaks_of_magic(instruction: str, old: CellMagic, new: CellMagic | None) -> bool:
    if _THE_MAGIC.search(instruction) or (new is not None and new.name != old.name and _has(instruction, new.name)):
        return True
    if old.name not in _DOES and _ANOTHER_LANGUAGE.search(instruction):
        return True
    against = _AGAINST_MAGIC.search(instruction) or _ASKS_FOR_LESS.search(instruction)
    return bool(against) and _has(instruction, f"{re.escape(old.name)}|{_DOES.get(old.name, '(?!)')}")


def _has(instruction: str, words: str) -> bool:
    return bool(re.search(rf"\b(?:{words})\b", instruction, re.IGNORECASE))


def _mentions(instruction: str, argument: str) -> bool:
    bare = argument.strip("-'\"")
    return bool(bare) and bare.lower() in instruction.lower()


def as_asked(edit: EditUnderCheck) -> CheckResult:
    """What the instruction names outright is done: a rename, a construct, a name that must appear or go."""
    old, new = parse_cell(edit.old_source), parse_cell(edit.new_source)
    if old is None or new is None:
        return CheckResult(name="as_asked", ok=True)
    finding = _undone(edit, old, new)
    return CheckResult(name="as_asked", ok=not finding, message=finding)


def _undone(edit: EditUnderCheck, old: ast.Module, new: ast.Module) -> str:
    words, names = edit.instruction, bound_names(new)
    if rename := asked_rename(words, edit.old_source):
        if rename.old in names:
            return f"'{rename.old}' is still there: it should be renamed to '{rename.new}' everywhere."
        if rename.new not in names:
            return f"'{rename.old}' should be renamed to '{rename.new}', which is not there."
    if construct := missing_construct(words, old, new):
        return f"A {construct} was asked for and is not there."
    for name in asked_names(words):
        standing = re.compile(rf"\b{re.escape(name)}\b")
        if not standing.search(edit.old_source) and not standing.search(edit.new_source):
            return f"'{name}' was asked for and is not there."
    for name in unwanted_names(words):
        before = count_uses(old, name)
        if before and count_uses(new, name) >= before:
            return f"'{name}' is still used, and should not be."
    return ""


def keeps_secrets(edit: EditUnderCheck) -> CheckResult:
    """Every value that was kept back from the model stands in the new text again, or was to go."""
    old, new = edit.old_source, edit.new_source
    for number, line in enumerate(new.splitlines(), start=1):
        if (mark := _BROKEN_MARK.search(line)) and mark[0] not in old:
            message = f"{mark[0]} stands where a value was that was kept back."
            return CheckResult(name="keeps_secrets", ok=False, message=message, line=number)
    bare = _bare(new)
    lost = [secret for secret in process_vault().find(old) if _bare(secret.value) not in bare]
    if not lost:
        return CheckResult(name="keeps_secrets", ok=True)
    titles = ", ".join(dict.fromkeys(title_of(secret.kind) for secret in lost))
    what = "a value that was" if len(lost) == 1 else f"{len(lost)} values that were"
    if _ABOUT_SECRETS.search(edit.instruction):
        return CheckResult(name="keeps_secrets", ok=True, message=f"drops {what} kept back ({titles}), as asked")
    return CheckResult(name="keeps_secrets", ok=False, message=f"The edit drops {what} kept back ({titles}).")


def _bare(text: str) -> str:
    """A text whichever quotes it stands in."""
    return text.replace("\\", "").replace("{{", "{").replace("}}", "}")


def undefined_names(source: str, known: Collection[str]) -> dict[str, int]:
    """Return the names that nothing defines, with the first line that uses each; by pyflakes."""
    from pyflakes.checker import Checker
    from pyflakes.messages import UndefinedName

    code = to_python(source).code
    if not code or syntax_error(source) is not None:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            checker = Checker(parse_python(code), builtins=set(known))
        except RecursionError:  # a sum of a thousand terms compiles, and is too deep to walk
            return {}
    found: dict[str, int] = {}
    for message in sorted(checker.messages, key=lambda m: int(m.lineno)):
        if isinstance(message, UndefinedName):
            found.setdefault(str(next(iter(message.message_args))), int(message.lineno))
    return found


def score(results: Collection[CheckResult]) -> int:
    """How good an edit is that does not hold entirely: a more basic check that fails weighs more."""
    weights = {
        "closed_fence": 128,
        "parses": 64,
        "changed": 32,
        "no_elision": 16,
        "keeps_size": 8,
        "keeps_definitions": 4,
        "names_known": 2,
        "as_asked": 1,
        "keeps_secrets": 32,
        "keeps_magic": 16,
    }
    return -sum(weights[result.name] for result in results if not result.ok)


def asks_for_less(instruction: str) -> bool:
    """Whether words may mean that something of the code shall go."""
    return bool(_ASKS_FOR_LESS.search(instruction))


def _content(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _trimmed(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().splitlines()]
