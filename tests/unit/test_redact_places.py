"""Where secrets stand, and what may stand there without being one."""

from __future__ import annotations

import pytest

from jupyter_spark.redact import find_secrets
from tests.planted import HEX, Gardener

GARDEN = Gardener(31)
RANDOM = GARDEN.some(24)  # what a machine made
CHOSEN = "hunter" + "-22x"  # what a person chose
WORDS = "correct" + "horse"
LONG = GARDEN.some(40)
RANDOM_NAME = f"{RANDOM[:8]}_{RANDOM[8:16]}_{RANDOM[16:]}"


def found(text: str) -> list[tuple[str, str]]:
    """The kind and the value of each secret; its place is right."""
    secrets = find_secrets(text)
    assert all(text[secret.start : secret.end] == secret.value for secret in secrets)
    return [(secret.kind, secret.value) for secret in secrets]


# --- files of settings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head", ["%%writefile .env", "%%file -a conf/.env.local", "!cat .env", "$ cat app/.env | sort"]
)
def test_every_value_of_an_env_file(head: str) -> None:
    text = f"{head}\n# ours\nTOPIC={WORDS}\n\nexport NAME='{CHOSEN}'\nHERE=\"{RANDOM}\"\n"
    assert found(text) == [("env-value", WORDS), ("env-value", CHOSEN), ("env-value", RANDOM)]


@pytest.mark.parametrize(
    "value", ["8080", "true", "Production", "localhost", "UTF-8", "abc", "", "<name>", "your-name"]
)
def test_ordinary_settings_of_an_env_file(value: str) -> None:
    assert found(f"%%writefile .env\nTHIS={value}\nTOPIC={WORDS}") == [("env-value", WORDS)]


@pytest.mark.parametrize("head", ["%%writefile a.txt", "load_dotenv('.env')", "# see .env"])
def test_no_env_file(head: str) -> None:
    assert found(f"{head}\nTOPIC={WORDS}") == []


def test_an_env_file_ends_where_something_else_begins() -> None:
    assert found(f"!cat .env\nTOPIC={WORDS}\nprint(1)\nOTHER={WORDS}") == [("env-value", WORDS)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"API_KEY={RANDOM}", "api-key"),
        (f"api_key={RANDOM}", "api-key"),  # no name in code has digits within its words
        (f"f(api_key={RANDOM})", "api-key"),
        (f"x token={RANDOM} more", "token"),
        (f"- auth_token: {RANDOM}", "token"),
        (f"auth_token: {RANDOM_NAME}", "token"),
        (f"AUTH_TOKEN={RANDOM_NAME}", "token"),
        (f"%env auth_token={RANDOM_NAME}", "token"),
        (f"PASSWORD={CHOSEN}", "password"),
        (f"export password={CHOSEN}", "password"),
        (f"%env password={CHOSEN}", "password"),
        (f"x = 1\npassword: {CHOSEN}\ny = 2", "password"),
        (f"db:\n  - password: {CHOSEN}", "password"),
        (f"client_secret: {CHOSEN}", "secret"),
    ],
)
def test_a_setting_without_quotes(text: str, kind: str) -> None:
    value = next(value for value in (RANDOM, RANDOM_NAME, CHOSEN) if value in text)
    assert found(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        f"password={CHOSEN}",  # a difference of two names
        f"PASSWORD={WORDS}",
        f"api_key={RANDOM_NAME}",
        f"password: {WORDS}",
        "password: a1_b2_c3",  # an annotation
        "PASSWORD=a1_b2_c3",
        f"token: {CHOSEN}",
        "password: ab-1",
        "password: your-password-1",
        f"connect(password={CHOSEN}",
        f"password: {CHOSEN} is what it was",
        "password=",
    ],
)
def test_a_name_without_quotes_may_be_code(text: str) -> None:
    assert found(text) == []


# --- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"password = '{CHOSEN}'", "password"),
        (f"db_pwd: str = '{CHOSEN}'", "password"),
        (f"contraseña = '{CHOSEN}'", "password"),
        (f"d['access_key'] = '{CHOSEN}'", "api-key"),
        (f"{{'bearer_token': '{CHOSEN}'}}", "token"),
        (f"credentials = '''{CHOSEN}'''", "secret"),
        (f"connection_string := f'{CHOSEN}'", "secret"),
        (f"sessionid = '{RANDOM}'", "cookie"),
        (f"sid='{RANDOM}'", "cookie"),
        (f"token = '{RANDOM}'", "token"),
        ("auth = '12345678-1234-1234-1234-123456789abc'", "token"),
        (f"if password == ('{CHOSEN}'): pass", "password"),
        (f"('password', '{CHOSEN}')", "password"),
        (f"password = '{WORDS}'", "password"),
        ("password = 'a1 b2 c3 d4'", "password"),
        (rf'"{{\"password\": \"{CHOSEN}\"}}"', "password"),
        (rf"'{{\'token\': \'{RANDOM}\'}}'", "token"),
    ],
)
def test_the_quoted_value_of_a_telling_name(text: str, kind: str) -> None:
    secrets = found(text)
    assert [kind_ for kind_, _ in secrets] == [kind]
    assert secrets[0][1] in text


@pytest.mark.parametrize(
    "text",
    [
        "password = 'a1'",
        "password = 'tell me'",
        "password = 'a b c d e 1'",
        f"token = '{CHOSEN}'",
        f"sid='{CHOSEN}'",
        f"tokenizer = '{RANDOM}'",
        f"tokens = '{RANDOM}'",
        f"('password', '{WORDS}')",  # two column names
        "('password', 'a1 b2 c3')",
        "token = '" + "ab1" * 8 + "'",  # no machine makes that
        "token = '" + "abcdefgh" * 3 + "'",
        "token = 'a-1-b-2-c-3-d-4-e-5-f-6'",
    ],
)
def test_what_a_telling_name_may_hold_else(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"tool --password {CHOSEN}", "password"),
        (f"tool --db-password={CHOSEN} x", "password"),
        (f"tool --token {RANDOM}", "token"),
        (f"tool --api-key {RANDOM}", "api-key"),
    ],
)
def test_the_value_of_a_flag(text: str, kind: str) -> None:
    assert found(text) == [(kind, CHOSEN if CHOSEN in text else RANDOM)]


@pytest.mark.parametrize(
    "text",
    [
        f"tool --token {CHOSEN}",
        f"tool --password {WORDS}",
        "tool --password | less",
        "tool --password",
        "--password -v1-x",
    ],
)
def test_a_flag_without_a_secret(text: str) -> None:
    assert found(text) == []


MADE = "QQ05x8" + "Kp2qLm9Wv"  # fewer characters than most tokens have


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f'GITHUB_TOKEN = "{MADE}"', ["token"]),
        (f'TOKEN = "{MADE}"', ["token"]),
        (f"slack_token = '{CHOSEN}'", ["token"]),
        (f'Client(token="{MADE}")', ["token"]),
        (f'print("token: {MADE}")', ["token"]),
        (f"the token: {MADE} is new", ["token"]),
        (f'{{"pass": "{CHOSEN}"}}', ["password"]),
        (f'passwords = ["{CHOSEN}", "{WORDS}"]', ["password", "password"]),
        (f'passwords = {{"ann": "{CHOSEN}", "ben": "{WORDS}"}}', ["password", "password"]),
        (f'api_keys: list[str] = ["{CHOSEN}"]', ["secret"]),
        (f'parser.add_argument("--password", default="{WORDS}")', ["password"]),
        (f'parser.add_argument(\n    "--db-password",\n    type=str,\n    default="{WORDS}",\n)', ["password"]),
        (f'password = ("{WORDS}"\n            "{CHOSEN}")', ["password", "password"]),
        (f'password = "{WORDS}" + "{CHOSEN}"', ["password", "password"]),
        (f'passphrase = """\n{WORDS} battery\nstaple {CHOSEN}\n"""', ["password", "password"]),
        (f"!mysql -u root -p{CHOSEN} shop", ["password"]),
        (f"sshpass -p '{CHOSEN}' ssh me@x.example", ["password"]),
        (f'raise ValueError("cannot connect with password={CHOSEN} to db")', ["password"]),
        (f"ValueError: cannot connect with password={CHOSEN} to db", ["password"]),
    ],
)
def test_what_was_once_let_through(text: str, kinds: list[str]) -> None:
    secrets = found(text)
    assert [kind for kind, _ in secrets] == kinds
    left = text
    for _, value in secrets:
        left = left.replace(value, "")
    assert not any(value in left for value in (MADE, CHOSEN, WORDS))


@pytest.mark.parametrize("value", ["1234", "root", "abc12", "abcde"])
@pytest.mark.parametrize("text", ["password = '%s'", "DB_PASS = '%s'", "{'pwd': '%s'}", "connect(password='%s')"])
def test_a_password_may_be_short(text: str, value: str) -> None:
    assert found(text % value) == [("password", value)]


@pytest.mark.parametrize(
    "text",
    [
        'password = ""',
        "password: str",
        'password = "changeme"',
        'password = "your-password"',
        'password = "xxx"',
        "password_label = 'Pass'",
        "token = tokenizer('abcdefgh')",
        "token = 'word2vec'",
        'results = {"pass": "yes", "fail": "no"}',
        '{"pass": "passed"}',
        'passwords = ["", "your-password", None]',
        'add_argument("--password", default="")',
        'add_argument("--password", help="Which one", default=None)',
        'password_help = """\nWhat you chose\nwhen you came.\n"""',
        'password = """Enter the\none you know."""',
        "mysql -u root -p",
        "mysql -u root -p$SECRET",
        'print(f"password={password}")',
        'print("password=required")',
        "f(password=a1_b2, token=x2y)",
        "keys = ['password', 'name']",
    ],
)
def test_what_stands_there_without_being_one(text: str) -> None:
    assert found(text) == []


# --- headers, cookies, addresses -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"Authorization: Bearer {CHOSEN}", "authorization", CHOSEN),
        (f"headers = {{'X-Api-Key': '{CHOSEN}'}}", "api-key", CHOSEN),
        (f"sent Bearer {RANDOM}", "authorization", RANDOM),
        (f"get(url, auth=('me', '{WORDS}'))", "password", WORDS),
        (f"HTTPBasicAuth('me', \"{CHOSEN}\")", "password", CHOSEN),
        (f"Set-Cookie: theme={WORDS}; Path=/abcd; SameSite=None", "cookie", WORDS),
        (f"<Cookie id={CHOSEN} for x.example/>", "cookie", CHOSEN),
        (f"https://x.example/?a=1&token={RANDOM}", "token", RANDOM),
        (f"ftp://me:{WORDS}@x.example", "password", WORDS),
        (f"Server=h;Uid=me;Pwd={WORDS};", "password", WORDS),
        (f"curl -u me:{CHOSEN} https://x.example", "password", CHOSEN),
        (f"curl --user 'me:{CHOSEN}' https://x.example", "password", CHOSEN),
        (f"machine x.example login me password {WORDS}", "password", WORDS),
        (f"keys for aws: {LONG}", "aws-secret-key", LONG),
    ],
)
def test_a_place_of_its_own(text: str, kind: str, value: str) -> None:
    assert found(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {WORDS}",
        f"Bearer {WORDS}{WORDS}",
        "auth=('me', password)",
        "Cookie: id=<here>; Path=/abcd",
        "cookie = Cookie(name)",
        f"https://x.example/?token={WORDS}",
        "https://x.example:8080/a@b",
        "ftp://me:{password}@x.example",
        "pass = a; b = c",
        "curl -u me https://x.example",
        "Your login and your password",
        f"aws commit {GARDEN.some(39, HEX)}",
        "is it? yes & no",
    ],
)
def test_nothing_in_such_a_place(text: str) -> None:
    assert found(text) == []
