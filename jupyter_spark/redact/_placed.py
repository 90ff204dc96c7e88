"""Secrets that are known by where they stand: the value of a name, a header, an address, a file of settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jupyter_spark.redact._secret import Secret, matches, secret_of
from jupyter_spark.redact._values import is_mixed, is_no_name, is_secret, is_stand_in, looks_random

_STRONG = (
    r"passw(?:or)?d|passwd|passphrase|passwort|contrase(?:ñ|n)a|(?<![a-z])pwd|(?<=_)pass|"
    r"(?:api|access|auth|account|service|secret|private|encryption|signing|master|client|subscription|storage|shared|app|"
    r"license|fernet|db|database|admin)[ _.-]?key(?:[_-]?id)?|(?<![a-z])secret|[a-z_-]secret|connection[_-]?string|"
    r"(?:access|auth|bearer|refresh|api|session|bot|personal|id|csrf|xsrf|secret)[_-]?token|credentials?"
)
_COOKIE_NAMES = r"session[_-]?id|sessid|connect\.sid|csrftoken|(?<![a-z])session(?=['\"]|=)|(?<![a-z])sid(?=['\"]|=)"
# The end of a name that says what its value is; ``tokenizer`` and ``tokens`` do not.
_NAMES = re.compile(
    rf"(?:(?P<strong>{_STRONG})|(?P<cookie>{_COOKIE_NAMES})|(?P<weak>token|(?<![a-z])auth))(?![a-z])\w*", re.IGNORECASE
)
_HINTS = ("passw", "passp", "_pass", "pwd", "key", "secret", "token", "auth", "cred", "contrase", "sess", "sid", "conn")
_QUOTED = r"(?P<q>\"\"\"|'''|\"|')(?P<value>(?:\\.|(?!(?P=q))[^\n\\])*)(?P=q)"
# name = "v", name: str = "v", d["name"] = "v", {"name": "v"}, ("name", "v"), name == "v"; and strings with prefixes.
_QUOTED_TAIL = re.compile(
    r"\\?['\"]?\]?\s*(?::\s*[A-Za-z_][\w.\[\] |]*?\s*(?==))?(?P<sep>={1,3}|!=|:=|=>|:|,)\s*\(?\s*[rRbBuUfF]{0,2}"
    + _QUOTED
)
# In a string with escapes, as in JSON within JSON.
_ESCAPED_TAIL = re.compile(
    r"(?:\\['\"])?\]?\s*(?P<sep>[:,=])\s*\\(?P<q>['\"])(?P<value>(?:(?!\\(?P=q))[^\n]){1,500})\\(?P=q)"
)
_BARE_TAIL = re.compile(r"(?P<sep>\s*:[ \t]+|=)(?P<value>[^\s'\"`,;&()<>\[\]{}]+)(?![\w(\[.])")
_FLAG_TAIL = re.compile(r"(?:[ \t]+|=)(?P<value>[^\s'\"`,;&()<>\[\]{}|-][^\s'\"`,;&()<>\[\]{}|]*)")
_SETTING = re.compile(r"[\s\-#*>\"']*(?P<says>(?:export|set|ENV|%env|%set_env)\s+)?[\w.\-]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")

_URL_PASSWORD = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s:/@'\"<>]{0,200}:(?P<value>(?:[^\s/@'\"<>{}]|\{\{|\}\}){1,200})@(?=[\w\[{])"
)
_DSN_PASSWORD = re.compile(
    r"(?:(?:host|user|dbname|server|uid|username|user id|data source|database|port|jdbc:)[^\n\"']{0,300}?[\s;&?]|[;&?])"
    r"(?:password|pwd|pass|passwd)\s?=(?P<value>[^\s;&'\"{}]+)",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"[?&](?:access_token|auth_token|api_?key|token|key|client_secret|secret|signature|X-Amz-Signature|"
    r"X-Amz-Security-Token)=(?P<value>[^\s&'\"<>{}#]{8,})",
    re.IGNORECASE,
)
_AUTHORIZATION = re.compile(
    r"(?:authorization|x-api-key|x-auth-token|api-key|private-token|x-access-token)\\?['\"]?\s*[:=,]\s*[fFbB]?\\?['\"]?\s*"
    r"(?:(?:bearer|basic|token|apikey|digest|negotiate)\s+)?(?P<value>[A-Za-z0-9_\-.~+/=:]{6,})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(?:Bearer|Basic)\s+(?P<value>(?=[A-Za-z0-9_\-.~+/]*\d)[A-Za-z0-9_\-.~+/]{16,}=*)")
_AWS_SECRET = re.compile(
    r"(?i:aws|secret)[^\n]{0,40}?[\s'\"=:,(](?P<value>(?=[A-Za-z/+]*\d)[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_CURL_USER = re.compile(r"(?:\s-u|--user)[ \t=]+['\"]?[^\s:'\"]+:(?P<value>[^\s'\"@]{4,})")
_NETRC = re.compile(r"\blogin\s+\S+\s+password\s+(?P<value>\S{4,})")
_AUTH_TUPLE = re.compile(
    r"\b(?:auth|basic_auth|HTTPBasicAuth)\s*[=(]\s*\(?\s*(['\"])[^'\"\n]*\1\s*,\s*"
    r"(?P<q>['\"])(?P<value>(?:\\.|(?!(?P=q))[^\n\\])+)(?P=q)"
)
_COOKIES = re.compile(r"\b(?:set-)?cookie\\?['\"]?\s*:\s*\\?['\"]?(?P<pairs>[^\n'\"\\]{3,})", re.IGNORECASE)
_COOKIE_JAR = re.compile(r"<Cookie (?P<pairs>[^\s=]+=[^\s>]+) for ")
_COOKIE_PAIR = re.compile(r"(?:^|;)\s*(?P<name>[\w.\-]+)=(?P<value>[^;,\s]{4,})")
_COOKIE_ATTRIBUTES = {"path", "domain", "expires", "max-age", "samesite", "version", "priority"}

_ENV_FILE = re.compile(
    r"^(?:%%(?:writefile|file)[ \t]+(?:-a[ \t]+)?\S*\.env\S*|[^\n]*\bcat\b[^\n]*\.env[^\n]*)\n"
    r"(?P<body>(?:[ \t]*(?:\#[^\n]*|(?:export[ \t]+)?[A-Za-z_]\w*[ \t]*=[^\n]*)?(?:\n|\Z))+)",
    re.MULTILINE,
)
_ENV_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*[ \t]*=[ \t]*(?P<q>['\"]?)(?P<value>[^\n'\"]*?)(?P=q)[ \t\r]*$", re.MULTILINE
)
_ORDINARY_SETTING = re.compile(
    r"\d{1,5}|true|false|yes|no|on|off|dev\w*|prod\w*|test\w*|staging|local\w*|debug|info|warning|error|utf-?8",
    re.IGNORECASE,
)


def env_files(text: str) -> Iterator[Secret]:
    """Every value of a ``.env`` file that a text writes or shows, but for ordinary settings."""
    if ".env" not in text:
        return
    for file in _ENV_FILE.finditer(text):
        for line in _ENV_LINE.finditer(text, file.start("body"), file.end("body")):
            value = line["value"]
            if len(value) >= 4 and not _ORDINARY_SETTING.fullmatch(value) and not is_stand_in(value):
                yield secret_of("env-value", line)


def placed(text: str) -> Iterator[Secret]:
    """Every secret of a text that stands where secrets stand."""
    lower = text.lower()
    if "://" in text:
        yield from matches("password", _URL_PASSWORD, text)
    if any(hint in lower for hint in _HINTS):
        yield from _named(text)
        yield from _authorized(text)
    if "aws" in lower or "secret" in lower:
        yield from matches("aws-secret-key", _AWS_SECRET, text)
    if "cookie" in lower:
        yield from _cookies(text)
    if "=" in text and ("pass" in lower or "pwd" in lower):
        yield from matches("password", _DSN_PASSWORD, text)
    if "?" in text or "&" in text:
        yield from (secret for secret in matches("token", _QUERY, text) if looks_random(secret.value))
    if "Bearer" in text or "Basic" in text:
        yield from matches("authorization", _BEARER, text)
    if " -u" in text or "--user" in text:
        yield from matches("password", _CURL_USER, text)
    if "login" in lower and "password" in lower:
        yield from matches("password", _NETRC, text)


def _authorized(text: str) -> Iterator[Secret]:
    for secret in matches("authorization", _AUTHORIZATION, text):
        if is_mixed(secret.value):
            yield secret
    yield from matches("password", _AUTH_TUPLE, text)


def _cookies(text: str) -> Iterator[Secret]:
    for regex in (_COOKIES, _COOKIE_JAR):
        for match in regex.finditer(text):
            for pair in _COOKIE_PAIR.finditer(match["pairs"]):
                if pair["name"].lower() not in _COOKIE_ATTRIBUTES and not is_stand_in(pair["value"]):
                    start = match.start("pairs") + pair.start("value")
                    yield Secret("cookie", pair["value"], start, start + len(pair["value"]))


def _named(text: str) -> Iterator[Secret]:
    """Values of names that say so."""
    for name in _NAMES.finditer(text):
        weak, kind = name["strong"] is None, _kind_of(name)
        for tail in (_QUOTED_TAIL.match(text, name.end()), _ESCAPED_TAIL.match(text, name.end())):
            if tail is not None and is_secret(tail["value"], weak=weak, listed=tail["sep"] == ","):
                yield secret_of(kind, tail)
        if text[max(0, name.start() - 30) : name.start()].rpartition(" ")[2].startswith("--"):
            flag = _FLAG_TAIL.match(text, name.end())
            if flag is not None and (looks_random(flag["value"]) if weak else is_mixed(flag["value"])):
                yield secret_of(kind, flag)
            continue
        bare = _BARE_TAIL.match(text, name.end())
        if bare is not None and _is_setting(text, name, bare, weak=weak):
            yield secret_of(kind, bare)


def _kind_of(name: re.Match[str]) -> str:
    if name["cookie"] is not None:
        return "cookie"
    said = name[0].lower()
    if "pass" in said or "pwd" in said or "contrase" in said:
        return "password"
    if "key" in said:
        return "api-key"
    return "token" if "token" in said or "auth" in said else "secret"


def _is_setting(text: str, name: re.Match[str], tail: re.Match[str], *, weak: bool) -> bool:
    """Whether a value without quotes is one in a file of settings: in code it would be another name."""
    value = tail["value"]
    if is_no_name(value):
        return True
    start = text.rfind("\n", 0, name.start()) + 1
    end = text.find("\n", tail.end())
    before = _SETTING.fullmatch(text, start, name.start())
    after = text[tail.end() : end if end >= 0 else len(text)].strip()
    if before is None or after or len(value) < 6 or is_stand_in(value):
        return False
    if looks_random(value):
        return tail["sep"] != "=" or bool(before["says"]) or name[0].isupper()
    is_name = _IDENTIFIER.fullmatch(value) is not None
    if weak or not is_mixed(value):
        return False
    if tail["sep"] != "=":  # YAML, or an annotation
        return not is_name
    return bool(before["says"]) or (name[0].isupper() and not is_name)
