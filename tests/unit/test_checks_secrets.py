"""An edit gives every value back that was kept from the model, or says which it drops."""

from __future__ import annotations

import pytest

from jupyter_spark import checks
from jupyter_spark.checks import check_edit, score
from jupyter_spark.wire import CheckResult
from tests.planted import Gardener
from tests.unit.under_check import ALL, edit, finding

GARDEN = Gardener(21)
PASSWORD, KEY = GARDEN.some(16), GARDEN.some(24)
OLD = f"password = '{PASSWORD}'\napi_key = '{KEY}'\nx = 1"
HOLDS = CheckResult(name="keeps_secrets", ok=True)
ONE_IS_LOST = "The edit drops a value that was kept back (password)."


def test_it_is_asked_only_where_something_was_kept_back() -> None:
    assert [result.name for result in check_edit(edit("a = 2\nb = a + 1"))] == list(ALL)
    new = "api_key = 1\nx = 2"
    results = check_edit(edit(new, OLD, kept_back=True))
    assert [result.name for result in results] == [*ALL, "keeps_secrets"]
    assert results[-1] == checks.keeps_secrets(edit(new, OLD))
    assert not results[-1].ok


def test_it_is_asked_of_what_does_not_parse_too() -> None:
    results = check_edit(edit("x = (", OLD, kept_back=True))
    assert [result.name for result in results if not result.ok] == ["parses", "keeps_secrets"]


@pytest.mark.parametrize(
    "new",
    [
        OLD.replace("x = 1", "x = 2"),
        f"settings = {{'api_key': '{KEY}', 'password': '{PASSWORD}'}}",
        f"connect({PASSWORD!r}, {KEY!r})",
        f"# {PASSWORD}{KEY}",
    ],
)
def test_a_value_may_stand_anywhere(new: str) -> None:
    assert checks.keeps_secrets(edit(new, OLD)) == HOLDS


def test_without_secrets_there_is_nothing_to_keep() -> None:
    assert checks.keeps_secrets(edit("x = 2", "x = 1")) == HOLDS


@pytest.mark.parametrize("new", [f"api_key = '{KEY}'", f"password = '{PASSWORD[:-1]}'\napi_key = '{KEY}'"])
def test_a_value_that_is_lost(new: str) -> None:
    assert finding(checks.keeps_secrets(edit(new, OLD))) == (ONE_IS_LOST, None)


def test_several_values_that_are_lost_are_counted_and_named_once() -> None:
    message = "The edit drops 2 values that were kept back (password, API key)."
    assert finding(checks.keeps_secrets(edit("x = 2", OLD))) == (message, None)
    other = GARDEN.some(16)
    message = "The edit drops 2 values that were kept back (password)."
    assert finding(checks.keeps_secrets(edit("x = 2", f"password = '{PASSWORD}'\npwd = '{other}'")))[0] == message


@pytest.mark.parametrize(
    "words",
    [
        *("delete the login", "removing it", "drop it", "replace it", "hide it", "mask it", "anonymise", "anonymize"),
        *("do not hard-code it", "use os.environ", "from the env", "use getpass", "keyring", "load_dotenv: dotenv"),
        *("no secrets here", "take the credentials out", "read the password", "ask for a token", "the api key"),
        *("the API-key goes", "read the key from a file", "keys"),
    ],
)
def test_a_value_may_go_where_the_words_are_about_it(words: str) -> None:
    said = "drops 2 values that were kept back (password, API key), as asked"
    assert checks.keeps_secrets(edit("x = 2", OLD, instruction=words)) == CheckResult(
        name="keeps_secrets", ok=True, message=said
    )


@pytest.mark.parametrize("words", ["", "make it faster", "use a monkey", "a turkey", "envy", "keyboard"])
def test_other_words_let_no_value_go(words: str) -> None:
    assert not checks.keeps_secrets(edit("x = 2", OLD, instruction=words)).ok


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("key = '<secret-7-api-key>'", "<secret-7-api-key>"),
        ("key = '<secret-7>'", "<secret-7>"),
        ("key = '<secret 12 password>'", "<secret 12 password>"),
        ("key = '< SECRET_3-token >'", "< SECRET_3-token >"),
        ("key = <secret3", "<secret3"),
    ],
)
def test_a_mark_is_no_value(line: str, mark: str) -> None:
    new = f"{OLD}\n{line}"
    assert finding(checks.keeps_secrets(edit(new, OLD))) == (
        f"{mark} stands where a value was that was kept back.",
        4,
    )
    # Whatever was asked for: nobody wants a mark.
    assert not checks.keeps_secrets(edit(new, OLD, instruction="remove the password")).ok


def test_a_mark_that_the_cell_held_itself_stays() -> None:
    old = f"{OLD}\nprint('<secret-7-password>')"
    assert checks.keeps_secrets(edit(old.replace("x = 1", "x = 2"), old)) == HOLDS
    assert not checks.keeps_secrets(edit(f"{old}\ny = '<secret-8-password>'", old)).ok


@pytest.mark.parametrize("text", ["<secrets>", "<secret>", "x <secretary", "a < secret - b", "secret-1-password"])
def test_what_only_looks_like_a_mark(text: str) -> None:
    assert checks.keeps_secrets(edit(f"{OLD}\n# {text}", OLD)) == HOLDS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("password = 'a\"b9{w-x1'", 'password = "a\\"b9{w-x1"'),
        ("password = 'a\"b9{w-x1'", "password = f'a\"b9{{w-x1'"),
        ("password = f'a\"b9{{w}}-x1'", "password = 'a\"b9{w}-x1'"),
        ("password = 'a\\'b9-wx1'", 'password = "a\'b9-wx1"'),
    ],
)
def test_a_value_in_other_quotes_is_the_same_value(old: str, new: str) -> None:
    assert checks.keeps_secrets(edit(new, old)) == HOLDS
    assert not checks.keeps_secrets(edit(new.replace("b9", "b8"), old)).ok


def test_a_lost_value_weighs_as_much_as_an_edit_that_does_nothing() -> None:
    lost, unchanged = CheckResult(name="keeps_secrets", ok=False), CheckResult(name="changed", ok=False)
    assert score([lost]) == score([unchanged])
