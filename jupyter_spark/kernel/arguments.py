"""The options of ``%spark`` and ``%%spark``, as ordinary argparse-style magics.

Options may stand before or after the words; the words stay as they are: quotes and braces mean nothing here.
"""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

COMMANDS = (
    "ask",
    "explain",
    "fix",
    "refactor",
    "undo",
    "redo",
    "retry",
    "alternatives",
    "pick",
    "status",
    "use",
    "context",
)


# Words of a cell magic with no code below that can only be meant for the line magic.
_A_COMMAND = re.compile(
    r"(?:ask|explain|refactor)\b.*|(?:fix|undo|redo|retry|status|context|alternatives|pick|use)"
    r"|fix (?:\d+|last|In\[\d+\])|(?:pick|alternatives) \d+",
    re.DOTALL,
)


def is_command(words: str) -> bool:
    """Whether the words of a cell magic that has no code below it are a command of the line magic."""
    return bool(_A_COMMAND.fullmatch(words))


class _Parser(MagicArgumentParser):
    def error(self, message: str) -> NoReturn:
        # The magic's second % is in its name.
        hint = " Words that begin with -- go after a -- of their own." if message.startswith("unrecognized") else ""
        raise UsageError(f"{message}.{hint} See %{self.prog} --help")


def _new(**settings: Any) -> _Parser:
    return _Parser(**settings)  # type: ignore[no-untyped-call]  # IPython's parser has no types


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tier", choices=("spark", "deep"), default=None, help="which tier answers")
    parser.add_argument("--profile", default=None, metavar="NAME", help="which profile answers, this once")
    parser.add_argument("--below", action="store_true", help="put the new code into a new cell below")
    parser.add_argument("--dry-run", action="store_true", help="show the change, apply nothing")
    parser.add_argument("--no-context", action="store_true", help="send nothing of the notebook but this cell")
    parser.add_argument("--vars", default=None, metavar="A,B", help="of the variables, send only these")
    parser.add_argument("--yes", action="store_true", help="apply the change even if a check does not hold")


def cell_parser(name: str = "%%spark") -> _Parser:
    """Return the parser of the cell magic."""
    parser = _new(prog=name.removeprefix("%"), add_help=False, description="Rewrite, explain or write code, streaming.")
    parser.add_argument("words", nargs="*", metavar="INSTRUCTION", help="what to do with the code below")
    parser.add_argument("--explain", action="store_true", help="explain the code instead of changing it")
    _options(parser)
    return parser


def line_parser(name: str = "%spark") -> _Parser:
    """Return the parser of the line magic."""
    parser = _new(
        prog=name.removeprefix("%"),  # IPython puts a % before it
        add_help=False,
        description="Talk about the notebook. COMMAND is one of: " + ", ".join(COMMANDS) + ".",
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="COMMAND [WORDS]",
        help="ask WORDS | explain [N|last] | fix [N|last] | refactor WORDS | alternatives [N] | pick N",
    )
    _options(parser)
    parser.add_argument(
        "--verify", choices=("none", "static", "run"), default=None, help="refactor: how it is proved to do the same"
    )
    parser.add_argument("--plan", default=None, metavar="FILE", help="refactor: carry out the plan of this file")
    return parser


def help_text(parser: _Parser) -> str:
    """Return a magic's help, without the mark that IPython puts before it for its manual."""
    return str(parser.format_help()).removeprefix("::").strip("\n") + "\n"


def parse(parser: _Parser, line: str) -> argparse.Namespace:
    """Parse a magic's line; everything after ``--`` is words.

    Returns
    -------
    argparse.Namespace
        With ``words`` as one string, and ``help`` if it was asked for.
    """
    head, dashes, tail = line.partition(" -- ") if not line.startswith("-- ") else ("", "--", line[3:])
    tokens = head.split()
    if {"--help", "-h"} & set(tokens):
        return argparse.Namespace(help=True)
    options = {option for action in parser._actions for option in action.option_strings}
    # A word that only looks like an option ("-1", "--") is the user's word, but a mistyped option is told.
    protected = [f"\0{t}" if t.startswith("-") and not t.startswith("--") else t for t in tokens]
    parsed = parser.parse_intermixed_args([t for t in protected if t != "--" or t in options])
    parsed.words = " ".join([*(w.removeprefix("\0") for w in parsed.words), *([tail.strip()] if dashes else [])])
    parsed.help = False
    return parsed
