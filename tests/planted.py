"""Secrets to plant: made from a seed, never real, and never written out in the repository."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
URLSAFE = ALNUM + "_-"


@dataclass(frozen=True)
class Planted:
    """A secret, and the line of code and the line of output or prose in which it stands."""

    kind: str
    value: str
    code: str
    shown: str


class Gardener:
    """Makes secrets of many kinds from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0

    def some(self, length: int, alphabet: str = ALNUM) -> str:
        """Random characters, with a digit and a letter among them."""
        text = "".join(self._random.choices(alphabet, k=length))
        spots = self._random.sample(range(length), 2)
        letters = [c for c in alphabet if c.isalpha()]
        digits = [c for c in alphabet if c.isdigit()]
        chars = list(text)
        chars[spots[0]], chars[spots[1]] = self._random.choice(letters), self._random.choice(digits)
        return "".join(chars)

    def plant(self, count: int) -> list[Planted]:
        """So many secrets, of every kind in turn."""
        kinds = list(KINDS.items())
        return [self.one(kinds[i % len(kinds)][0]) for i in range(count)]

    def one(self, kind: str) -> Planted:
        """One secret of a kind."""
        self._number += 1
        value, code, shown = KINDS[kind](self)
        return Planted(kind, value, code.replace("@N", str(self._number)), shown.replace("@N", str(self._number)))


def _key(
    prefix: str, length: int, alphabet: str = ALNUM, name: str = "setting"
) -> Callable[[Gardener], tuple[str, str, str]]:
    """A key with a form of its own: it is found whatever it is called."""

    def make(garden: Gardener) -> tuple[str, str, str]:
        value = prefix + garden.some(length, alphabet)
        return value, f'{name}_@N = "{value}"', f"It answered with {value} today."

    return make


def _named(name: str, length: int, alphabet: str = ALNUM) -> Callable[[Gardener], tuple[str, str, str]]:
    """A value that only its name gives away."""

    def make(garden: Gardener) -> tuple[str, str, str]:
        value = garden.some(length, alphabet)
        return value, f"{name}_@N = '{value}'", f'The {name} is "{name}": "{value}".'

    return make


def _written(
    code: str, shown: str, length: int = 14, alphabet: str = ALNUM
) -> Callable[[Gardener], tuple[str, str, str]]:
    def make(garden: Gardener) -> tuple[str, str, str]:
        value = garden.some(length, alphabet)
        return value, code.replace("@V", value), shown.replace("@V", value)

    return make


def _pem(garden: Gardener) -> tuple[str, str, str]:
    body = "\n".join(garden.some(64) for _ in range(4))
    label = "PRIVATE" + " KEY"
    value = f"-----BEGIN RSA {label}-----\n{body}\n-----END RSA {label}-----"
    return value, f'pem_@N = """{value}"""', value


def _ssh(garden: Gardener) -> tuple[str, str, str]:
    body = "\n".join(garden.some(70) for _ in range(3))
    label = "OPENSSH PRIVATE" + " KEY"
    value = f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"
    return value, f"ssh_@N = '''{value}'''", value


def _service_account(garden: Gardener) -> tuple[str, str, str]:
    label = "PRIVATE" + " KEY"
    value = f"-----BEGIN {label}-----\\n{garden.some(64)}\\n{garden.some(64)}\\n-----END {label}-----"
    account = '{"type": "service_account", "project_id": "demo", "private_key": "' + value + '\\n"}'
    return value, f"account_@N = r'''{account}'''", account


def _jwt(garden: Gardener) -> tuple[str, str, str]:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    value = ".".join([part({"alg": "HS256", "typ": "JWT"}), part({"sub": garden.some(12)}), garden.some(43, URLSAFE)])
    return value, f'claims_@N = "{value}"', f"decoded {value}"


def _azure(garden: Gardener) -> tuple[str, str, str]:
    value = garden.some(86) + "=="
    line = f"DefaultEndpointsProtocol=https;AccountName=demo;Account{'Key='}{value};EndpointSuffix=core.windows.net"
    return value, f'storage_@N = "{line}"', line


def _telegram(garden: Gardener) -> tuple[str, str, str]:
    value = f"{garden._random.randrange(10**8, 10**9)}:AA{garden.some(33, URLSAFE)}"
    return value, f'bot_@N = "{value}"', f"polling as {value}"


def _discord(garden: Gardener) -> tuple[str, str, str]:
    value = f"M{garden.some(23)}.{garden.some(6)}.{garden.some(30)}"
    return value, f'client_@N.run("{value}")', f"login with {value}"


def _sendgrid(garden: Gardener) -> tuple[str, str, str]:
    value = "SG" + f".{garden.some(22)}.{garden.some(43)}"
    return value, f'mailer_@N = Mailer("{value}")', f"sent by {value}"


def _quoted(garden: Gardener) -> tuple[str, str, str]:
    """A password that needs care in other quotes."""
    value = f'{garden.some(6)}"{{{garden.some(6)}'
    return value, f"password_@N = '{value}'", f"password: '{value}'"


KINDS: dict[str, Callable[[Gardener], tuple[str, str, str]]] = {
    "openai": _key("sk" + "-proj-", 48, URLSAFE),
    "openai, old": _key("sk" + "-", 48),
    "anthropic": _key("sk" + "-ant-api03-", 80, URLSAFE),
    "cerebras": _key("csk" + "-", 48, string.ascii_lowercase + string.digits),
    "groq": _key("gsk" + "_", 52),
    "github": _key("ghp" + "_", 36),
    "github, fine": _key("github" + "_pat_", 70),
    "gitlab": _key("glpat" + "-", 20),
    "aws access": _key("AKIA", 16, UPPER),
    "aws secret": _written('aws_secret_access_key_@N = "@V"', "aws_secret_access_key = @V", 40),
    "google": _key("AIza", 35, URLSAFE),
    "service account": _service_account,
    "slack": _key("xox" + "b-", 40, string.digits + "-" + string.ascii_letters),
    "stripe": _key("sk" + "_live_", 24),
    "twilio": _key("SK", 32, HEX),
    "sendgrid": _sendgrid,
    "huggingface": _key("hf" + "_", 34),
    "npm": _key("npm" + "_", 36),
    "pypi": _key("pypi" + "-AgEIcHlwaS5vcmc", 60, URLSAFE),
    "azure storage": _azure,
    "databricks": _key("dapi", 32, HEX),
    "discord": _discord,
    "telegram": _telegram,
    "mailgun": _key("key" + "-", 32, HEX),
    "jwt": _jwt,
    "private key": _pem,
    "ssh key": _ssh,
    "password": _named("password", 12),
    "password in quotes": _quoted,
    "api key": _named("api_key", 24),
    "token": _named("auth_token", 32),
    "keyword argument": _written('connect_@N(user="me", password="@V")', "connect(user='me', password='@V')"),
    "dict item": _written('config_@N = {"db_password": "@V"}', "{'db_password': '@V', 'port': 5}"),
    "environ": _written('os.environ["APP_SECRET"] = "@V"', "environ({'APP_SECRET': '@V'})"),
    "postgresql": _written('engine_@N = "postgresql://me:@V@db.example/x"', "postgresql://me:@V@db.example/x"),
    "mongodb": _written('mongo_@N = "mongodb+srv://me:@V@c.example/x"', "mongodb+srv://me:@V@c.example/x"),
    "jdbc": _written('jdbc_@N = "jdbc:mysql://h/db?user=me&password=@V"', "jdbc:mysql://h/db?user=me&password=@V"),
    "odbc": _written('odbc_@N = "Server=h;Uid=me;Pwd=@V;"', "Server=h;Uid=me;Pwd=@V;"),
    "basic auth": _written('page_@N = get("https://me:@V@example.com/")', "GET https://me:@V@example.com/"),
    "header": _written('h_@N = {"Authorization": "Bearer @V"}', "Authorization: Bearer @V", 32),
    "cookie": _written('cookies_@N = {"sessionid": "@V"}', "Set-Cookie: sessionid=@V; Path=/; HttpOnly", 32),
    "env line": _written("%env DEMO_API_KEY=@V", "export DEMO_API_KEY=@V", 32),
    "query": _written('u_@N = "https://x.example/?access_token=@V"', "https://x.example/?access_token=@V", 32),
}


def leaked(planted: Iterable[Planted], text: str) -> list[str]:
    """The kinds of those of which a text tells a part: any run of characters long enough to be of use."""
    return [secret.kind for secret in planted if any(piece in text for piece in _pieces(secret.value))]


def _pieces(value: str) -> set[str]:
    """Every run of twelve characters of a value, but for what all of its kind have in common; or the whole of it."""
    own = max(re.split(r"[^A-Za-z0-9_+/\-]|-----(?:BEGIN|END)[A-Z ]*-----|\\\\n", value), key=len)
    start = len(own) // 3
    return {value, *(own[i : i + 12] for i in range(start, len(own) - 11))}


def texts_of(body: object) -> Iterator[str]:
    """Every text of a JSON value, as the endpoint reads it."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict):
        for value in body.values():
            yield from texts_of(value)
    elif isinstance(body, list):
        for value in body:
            yield from texts_of(value)
