"""Secrets out of a text, and their values back."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections import OrderedDict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.redact import PLACEHOLDER, Restorer, Vault, _find, _vault, find_secrets, restore
from tests.planted import KINDS, Gardener

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
PLANTED = Gardener(1).plant(200)
LINES = [line for planted in PLANTED for line in (planted.code, planted.shown)]
HEX = hashlib.sha1(b"x", usedforsecurity=False).hexdigest()
BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4"

# What a notebook is made of, what looks like a mark, and secrets, in any order and cut anywhere.
FRAGMENTS = st.one_of(
    st.sampled_from(LINES),
    st.sampled_from([planted.value for planted in PLANTED]),
    st.sampled_from(["\n", "\n\n", " ", "'", '"', "<", ">", "\\", "{", "}", "<secret-", "password = '", "token: "]),
    st.builds("<secret-{}-{}>".format, st.integers(0, 12), st.sampled_from(["password", "openai-key", "x", "part"])),
    st.text(max_size=12),
)
TEXTS = st.lists(FRAGMENTS, max_size=12).map("".join)


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_of_each_kind_is_kept_back_and_comes_back(kind: str) -> None:
    garden = Gardener(7)
    for _ in range(20):
        planted = garden.one(kind)
        for text in (
            planted.code,
            planted.shown,
            f"x = 1\n{planted.code}\ny = 2",
            f"# Title\n\n{planted.shown}\nMore.",
        ):
            vault = Vault()
            redacted = vault.redact(text)
            assert planted.value not in redacted
            assert len(PLACEHOLDER.findall(redacted)) == 1
            assert restore(redacted, vault.kept_in([redacted])) == text


def test_what_is_no_secret_stays() -> None:
    text = f"""\
token = tokenizer(text, return_tensors="pt")
password = getpass("Password: ")
key = "name"
key = 'price_usd_2024'
commit = "{HEX}"
run_id = "{uuid.UUID(int=2**100 + 7)}"
image = "{BASE64}"
data = {{"key": "value", "token_type": "bearer", "secret": None}}
pad_token = "[PAD]"
eos_token = "</s>"
model = AutoModel.from_pretrained("bert-base-uncased", token=token)
api_key = os.environ["OPENAI_API_KEY"]
api_key = os.getenv("OPENAI_API_KEY", "your-api-key-here")
client = OpenAI(api_key=api_key, base_url="https://api.example.com:8080/v1")
def login(user: str, password: str = "", token: Optional[str] = None) -> bool: ...
url = f"postgresql://{{user}}:{{password}}@{{host}}/db"
print("Enter your password:")
max_tokens = 4096
df["token_count"] = df.text.str.len()
author = "A. Writer 1984"
session = Session()
keys = sorted(d, key=lambda k: k["sha256"])
primary_key = "user_id_2"
client = connect(api_key=openai_api_key_v2_production, password=args.password1, token=tokens[0])
secret = response.json()["secret"]
assert password == other_password
"""
    assert find_secrets(text) == ()
    assert Vault().redact(text) == text


def test_real_notebooks_hold_none() -> None:
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            outputs = ("".join(output.get("text", "")) for output in cell.get("outputs", ()))
            for text in ("".join(cell["source"]), *outputs):
                assert find_secrets(text) == (), path.name


def test_the_same_value_has_the_same_mark_wherever_it_stands() -> None:
    secret = Gardener(3).some(20)
    vault = Vault()
    first = vault.redact(f"api_key = '{secret}'")
    assert first == "api_key = '<secret-1-api-key>'"
    assert (
        vault.redact(f"it printed {secret}, twice {secret}")
        == "it printed <secret-1-api-key>, twice <secret-1-api-key>"
    )
    assert vault.redact(f"cut: {secret[:24]}") != f"cut: {secret[:24]}"
    assert vault.redact(f"api_key = '{secret}'") == first


def test_a_text_gives_away_what_is_kept_back_in_those_sent_with_it() -> None:
    secret = Gardener(4).some(16)
    printed, code = Vault().redact_all([f"printed {secret}", f"password = '{secret}'"])
    assert (printed, code) == ("printed <secret-1-password>", "password = '<secret-1-password>'")


def test_what_a_cut_left_of_a_known_value_is_kept_back_too() -> None:
    garden = Gardener(5)
    secret = garden.some(60)
    vault = Vault()
    vault.redact(f"api_key = '{secret}'")
    for left in (secret[:40], secret[-40:]):
        redacted = vault.redact(f"value: {left}…")
        assert left not in redacted
        assert restore(redacted, vault.kept_in([redacted])) == f"value: {left}…"


def test_marks_are_numbered_alike_whenever_texts_come_alike() -> None:
    one, other = Vault(), Vault()
    assert one.redact_all(LINES) == other.redact_all(LINES)


def test_a_mark_that_a_text_holds_already_is_never_given_out() -> None:
    secret = Gardener(6).some(16)
    text = f"# see <secret-1-password>\npassword = '{secret}'"
    vault = Vault()
    redacted = vault.redact(text)
    assert redacted == "# see <secret-1-password>\npassword = '<secret-2-password>'"
    assert restore(redacted, vault.kept_in([redacted])) == text


def test_a_mark_that_the_request_did_not_hold_is_not_put_back() -> None:
    vault = Vault()
    one, other = (vault.redact(f"password = '{Gardener(seed).some(16)}'") for seed in (1, 2))
    assert restore(other, vault.kept_in([one])) == other


@given(TEXTS)
def test_to_redact_and_to_restore_is_to_do_nothing(text: str) -> None:
    vault = Vault()
    redacted = vault.redact(text)
    assert restore(redacted, vault.kept_in([redacted])) == text


@given(TEXTS)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    vault = Vault()
    redacted = vault.redact(text)
    assert vault.redact(redacted) == redacted
    assert vault.redact(text) == redacted


@given(TEXTS, st.randoms(use_true_random=False))
def test_however_an_answer_is_cut_the_same_comes_back(text: str, chance: random.Random) -> None:
    vault = Vault()
    redacted = vault.redact(text)
    restorer = Restorer(vault.kept_in([redacted]))
    pieces = []
    at = 0
    while at < len(redacted):
        step = chance.randint(1, 9)
        pieces.append(restorer.feed(redacted[at : at + step]))
        at += step
    assert "".join(pieces) + restorer.finish() == text


@given(st.lists(TEXTS, max_size=4))
def test_nothing_of_what_is_found_is_left(texts: list[str]) -> None:
    vault = Vault()
    for redacted in vault.redact_all(texts):
        assert vault.find(redacted) == ()


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ('password = "<mark>"', 'password = "pa\\"ss9{w"'),
        ("password = f'<mark>'", "password = f'pa\"ss9{{w'"),
        ("password = '<mark>'", "password = 'pa\"ss9{w'"),
        ('url = f"""x {y} <mark>"""', 'url = f"""x {y} pa\\"ss9{{w"""'),
        ("plain <mark>", 'plain pa"ss9{w'),
    ],
)
def test_a_value_is_written_as_the_quotes_around_it_need(written: str, becomes: str) -> None:
    vault = Vault()
    redacted = vault.redact("password = 'pa\"ss9{w'")
    assert redacted == "password = '<secret-1-password>'"
    answer = written.replace("<mark>", "<secret-1-password>")
    assert restore(answer, vault.kept_in([redacted])) == becomes
    assert "ss9" not in vault.redact(becomes)


def test_a_long_text_without_an_end_is_read_in_reasonable_time() -> None:
    # Each of these made a careless pattern go back over the text again and again.
    for text in ("password" * 20_000, "a://" * 20_000, "token='" * 20_000, "-----BEGIN PRIVATE KEY-----\n" * 2_000):
        find_secrets(text)


def test_what_is_remembered_of_earlier_texts_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    paragraphs = [f"password = '{Gardener(seed).some(16)}'\nx = {seed}" for seed in range(5)]
    texts = ["\n\n".join(paragraphs), *paragraphs, "\n\n".join(reversed(paragraphs))]
    expected = [find_secrets(text) for text in texts], Vault().redact_all(texts)
    monkeypatch.setattr(_find, "_CACHED_PARAGRAPHS", 2)
    monkeypatch.setattr(_find, "_found", OrderedDict())
    monkeypatch.setattr(_vault, "_CACHED_TEXTS", 2)
    vault = Vault()
    assert ([find_secrets(text) for text in texts], vault.redact_all(texts)) == expected
    assert len(_find._found) == 2
    assert len(vault._redacted) == 2
