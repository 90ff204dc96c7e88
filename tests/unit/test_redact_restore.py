"""A value comes back as the string around it needs, however the answer is cut."""

from __future__ import annotations

import ast

import pytest

from jupyter_spark.redact import Kept, Restorer, restore

MARK = "<secret-1-password>"
OTHER = "<secret-12-password>"


def kept(value: str, *contexts: str) -> dict[str, Kept]:
    return {MARK: Kept(value, "password", frozenset(contexts))}


def put_back(answer: str, value: str, *contexts: str) -> str:
    return restore(answer.replace("@", MARK), kept(value, *contexts))


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("x = '@'", "x = 'a\"b'"),
        ('x = "@"', 'x = "a\\"b"'),
        ("x = 'c' + '@'", "x = 'c' + 'a\"b'"),
        ("x = \"c\" + '@'", 'x = "c" + \'a"b\''),
        ("x = 'c' + \"@\"", 'x = \'c\' + "a\\"b"'),
        (r"""x = 'it\'s' + "@" """, r"""x = 'it\'s' + "a\"b" """),
        (r"""x = 'it\\' + "@" """, r"""x = 'it\\' + "a\"b" """),
        (r"""x = "it\" and @" """, r"""x = "it\" and a\"b" """),
        ("x = @", 'x = a"b'),
        ('x = 1  # "@', 'x = 1  # "a"b'),
        ('"""\n@\n"""', '"""\na"b\n"""'),  # the line itself has no quotes
        ('x = "c"\ny = @', 'x = "c"\ny = a"b'),
        ('f("@", "@")', 'f("a\\"b", "a\\"b")'),
    ],
)
def test_quotes_are_escaped_where_they_would_end_the_string(line: str, becomes: str) -> None:
    assert put_back(line, 'a"b', "'") == becomes


@pytest.mark.parametrize("context", ["'", '"', "f'", 'r"', '"""', ""])
def test_where_it_stood_before_it_is_what_it_was(context: str) -> None:
    value = "a\\'\"{{}}\\\\"
    assert put_back(f"x = {context}@{context[-1:]}", value, context) == f"x = {context}{value}{context[-1:]}"


@pytest.mark.parametrize("contexts", [(), ("",), ("", "'")])
def test_what_stood_outside_of_quotes_stays_as_it_was(contexts: tuple[str, ...]) -> None:
    assert put_back('x = "@"', 'a"b', *contexts) == 'x = "a"b"'


@pytest.mark.parametrize(
    ("line", "value", "context", "becomes"),
    [
        ("x = f'@'", "a{b}", "'", "x = f'a{{b}}'"),
        ("x = F'@'", "a{b}", "'", "x = F'a{{b}}'"),
        ("x = '@'", "a{{b}}", "f'", "x = 'a{b}'"),
        ("x = fr'@'", "a{{b}}", "f'", "x = fr'a{{b}}'"),
        ('x = f"@"', "a{{b}}", "f'", 'x = f"a{{b}}"'),
        ("x = b'@'", "a{b}", "'", "x = b'a{b}'"),
        ("x = '@'", "a\\b", "r'", "x = 'a\\\\b'"),
        ("x = '@'", "a\\b'", 'r"', "x = 'a\\\\b\\''"),
        ("x = r'@'", "a\\b", 'r"', "x = r'a\\b'"),
        ("x = r'@'", "a\\\\b", "'", "x = r'a\\\\b'"),
        ("x = rf'@'", "a\\b{", 'r"', "x = rf'a\\b{{'"),
        ('x = "@"', "a\\'b", "'", 'x = "a\\\'b"'),
        ('x = "@"', 'a\\"b', "'", 'x = "a\\"b"'),  # escaped already
        ('x = "@"', 'a\\\\"b', "'", 'x = "a\\\\\\"b"'),
    ],
)
def test_prefixes_of_strings(line: str, value: str, context: str, becomes: str) -> None:
    assert put_back(line, value, context) == becomes


@pytest.mark.parametrize(("context", "target"), [("'", '"'), ("f'", '"'), ('r"', "'"), ("'", 'f"'), ('"', "f'")])
def test_the_string_means_what_it_meant(context: str, target: str) -> None:
    literal = {"'": 'a"b\\n{c', "f'": 'a"b{{c', 'r"': "a\\b'c", '"': "a'b\\\\{c"}[context]
    before = ast.literal_eval(f"{context}{literal}{context[-1]}") if "f" not in context else 'a"b{c'
    written = put_back(f"{target}@{target[-1]}", literal, context)
    node = ast.parse(written, mode="eval").body
    after = ast.literal_eval(node.values[0] if isinstance(node, ast.JoinedStr) else node)
    assert after == before


def test_a_value_without_special_characters_is_put_back_anywhere() -> None:
    assert put_back("x = f\"@\" + r'@' + @", "hunter22", "'") == "x = f\"hunter22\" + r'hunter22' + hunter22"


def test_without_marks_nothing_is_looked_at() -> None:
    restorer = Restorer({})
    assert restorer.feed("a <secret-1-") == "a <secret-1-"
    assert restorer.finish() == ""


def test_only_what_may_become_a_mark_waits() -> None:
    restorer = Restorer(kept("v") | {OTHER: Kept("w", "password")})
    assert restorer.feed("if a < b: <sec") == "if a < b: "
    assert restorer.feed("tion>") == "<section>"
    assert restorer.feed("<secret-1") == ""
    assert restorer.feed("2-password> <") == "w "
    assert restorer.feed("<secret-1-password") == "<"
    assert restorer.feed(">") == "v"
    assert restorer.feed("<secret-2-password>") == "<secret-2-password>"
    assert restorer.feed("x <") == "x "
    assert restorer.finish() == "<"
    assert restorer.finish() == ""


def test_the_line_is_known_over_all_pieces() -> None:
    restorer = Restorer(kept('a"b', "'"))
    pieces = ['y = 1\nx = f"c', " d <secret-", "1-password", '> e"\n', "z = '<secret-1-password>'"]
    assert "".join(map(restorer.feed, pieces)) + restorer.finish() == 'y = 1\nx = f"c d a\\"b e"\nz = \'a"b\''
