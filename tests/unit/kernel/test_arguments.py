"""The magics' options stand anywhere, and the words stay as they are."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from jupyter_spark.kernel.arguments import cell_parser, is_command, line_parser, parse

DASHES = "Words that begin with -- go after a -- of their own."


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("add type hints", "add type hints"),
        ("it's \"quoted {x} and $y", "it's \"quoted {x} and $y"),
        ("", ""),
        ("--below add hints", "add hints"),
        ("add hints --below", "add hints"),
        ("add --below hints", "add hints"),
        ("multiply by -1", "multiply by -1"),
        ("use - as a sign", "use - as a sign"),
        ("-x is negative", "-x is negative"),
        ("-- --below is a word", "--below is a word"),
        ("--yes keep -- --no-context as it is", "keep --no-context as it is"),
    ],
)
def test_words(line: str, words: str) -> None:
    assert parse(cell_parser(), line).words == words


def test_every_option() -> None:
    line = "--tier deep --profile groq --below --dry-run --no-context --vars a,b --yes --explain why"
    options = parse(cell_parser(), line)
    assert (options.tier, options.profile, options.vars) == ("deep", "groq", "a,b")
    assert options.below and options.dry_run and options.no_context and options.yes and options.explain
    assert (options.words, options.help) == ("why", False)
    plain = parse(line_parser(), "ask why")
    assert (plain.tier, plain.profile, plain.vars) == (None, None, None)
    assert not (plain.below or plain.dry_run or plain.no_context or plain.yes)


@pytest.mark.parametrize("line", ["--help", "-h", "ask --help", "fix it -h --tier deep"])
def test_help(line: str) -> None:
    assert parse(line_parser(), line).help is True


@pytest.mark.parametrize(
    ("parser", "line", "said"),
    [
        (cell_parser(), "--belwo add", f"unrecognized arguments: --belwo. {DASHES} See %%spark --help"),
        (line_parser(), "ask --belwo", f"unrecognized arguments: --belwo. {DASHES} See %spark --help"),
        (line_parser("%sparkai"), "ask --explain", f"unrecognized arguments: --explain. {DASHES} See %sparkai --help"),
        (cell_parser("%%sparkai"), "--profile", "argument --profile: expected one argument. See %%sparkai --help"),
    ],
)
def test_what_is_no_option(parser: object, line: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(parser, line)  # type: ignore[arg-type]
    assert str(caught.value) == said


@pytest.mark.parametrize("words", ["undo", "fix", "fix last", "fix 3", "pick 2", "ask why", "explain In[3]", "use"])
def test_words_that_can_only_be_a_command(words: str) -> None:
    assert is_command(words)


@pytest.mark.parametrize(
    "words", ["", "fix the imports", "use pandas to read a.csv", "retry a request thrice", "undo stack", "asking"]
)
def test_words_that_may_ask_for_code(words: str) -> None:
    assert not is_command(words)
