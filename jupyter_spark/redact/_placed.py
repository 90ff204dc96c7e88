"""Secrets that are known by where they stand: the value of a name, a header, an address, a file of settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jupyter_spark.redact._secret import Secret, matches, secret_of
from jupyter_spark.redact._values import is_mixed, is_no_name, is_secret, is_stand_in, looks_random

_STRONG = (
    r"passw(?:or)?d|passwd|passphrase|passwort|contrase(?:ñ|n)a|(?<![a-z])pwd|(?<=_)pass|"
    r"(?<=['\"])pass(?=\\?['\"])|"
    r"(?:api|access|auth|account|service|secret|private|encryption|signing|master|client|subscription|storage|shared|app|"
    r"license|fernet|db|database|admin)[ _.-]?key(?:[_-]?id)?|(?<![a-z])secret|[a-z_-]secret|connection[_-]?string|"
    r"(?:github|gitlab|slack|discord|telegram|hf|hugging_?face|jira|notion|npm|pypi|vault|influx|mapbox|jwt)[_-]?token|"
    r"(?:access|auth|bearer|refresh|api|session|bot|personal|id|csrf|xsrf|secret)[_-]?token|credentials?"
)
_COOKIE_NAMES = r"session[_-]?id|sessid|connect\.sid|csrftoken|(?<![a-z])session(?=['\"]|=)|(?<![a-z])sid(?=['\"]|=)"
# The end of a name that says what its value is; ``tokenizer`` and ``tokens`` do not.
_NAMES = re.compile(
    rf"(?:(?P<strong>{_STRONG})|(?P<cookie>{_COOKIE_NAMES})|(?P<weak>token|(?<![a-z])auth))(?![a-z])\w*", re.IGNORECASE
)
_OUTRIGHT = re.compile(r"(?:passw(?:or)?d|passwd|passphrase|passwort|contrase(?:ñ|n)a|pwd|pass)", re.IGNORECASE)
_HINTS = (
    "passw",
    "passp",
    "_pass",
    "'pass",
    '"pass',
    "pwd",
    "key",
    "secret",
    "token",
    "auth",
    "cred",
    "contrase",
    "sess",
    "sid",
    "conn",
)
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

# password = ("one" "two"), passwords = ["one", "two"] and {"me": "one"}, add_argument("--password", default="one"),
# passphrase = """one""" over several lines.
_NEXT_STRING = re.compile(r"\s*(?:\+\s*|\\\s*)?[rRbBuUfF]{0,2}" + _QUOTED)
_MANY_NAMES = re.compile(
    r"(?P<name>passw(?:or)?ds?|passwds?|passphrases?|pwds?|api[_-]?keys?|secret[_-]?keys?|client[_-]?secrets?|"
    r"(?<![a-z])secrets|(?:access|auth|api)[_-]?tokens?)['\"]?\]?\s*(?::[^=\n]{1,40})?[=:]\s*[\[({](?P<items>[^\[\](){}]{1,2000})",
    re.IGNORECASE,
)
_DEFAULT = re.compile(r"['\"]\s*,[^()]{0,300}?\bdefault\s*=\s*" + _QUOTED)
_TRIPLE = re.compile(r"\s*(?::\s*str\s*)?=\s*\(?\s*[rRbBuUfF]{0,2}(?P<q>\"\"\"|''')(?P<text>[^\x00]{1,500}?)(?P=q)")
_TEXT_LINE = re.compile(r"[ \t]*(?P<value>\S[^\n]*?)[ \t\\]*(?:\n|\Z)")
_PROSE = re.compile(r"\s*[\w.]*(?:Error|Exception|Warning)\b.*", re.DOTALL)
_OUTCOMES = ("passed", "failed", "success", "failure")
_FULL_STOP = (".", "?", "!", ":")

_SHELL_PASSWORD = re.compile(
    r"\b(?:(?:mysql|mariadb)[\w-]*\b[^\n|;]{0,200}?\s-p|sshpass\s+-p\s*|redis-cli\b[^\n|;]{0,200}?\s-a\s+)"
    r"(?P<q>['\"]?)(?P<value>[^\s'\"`<>{}$|;-][^\s'\"`<>{}|;]{2,})(?P=q)"
)
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
    if " -p" in text or " -a" in text:
        yield from matches("password", _SHELL_PASSWORD, text)


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
    yield from _several(text)
    for name in _NAMES.finditer(text):
        weak, kind = name["strong"] is None, _kind_of(name)
        yield from _quoted(text, name, kind, weak=weak)
        if text[max(0, name.start() - 30) : name.start()].rpartition(" ")[2].startswith("--"):
            flag = _FLAG_TAIL.match(text, name.end())
            if flag is not None and (looks_random(flag["value"]) if weak else is_mixed(flag["value"])):
                yield secret_of(kind, flag)
            continue
        bare = _BARE_TAIL.match(text, name.end())
        if bare is not None and (_is_setting(text, name, bare, weak=weak) or (not weak and _is_said(text, name, bare))):
            yield secret_of(kind, bare)


def _quoted(text: str, name: re.Match[str], kind: str, *, weak: bool) -> Iterator[Secret]:
    """The string that a name is given, with all its pieces; of an option, its default."""
    outright = _OUTRIGHT.fullmatch(name["strong"] or "") is not None and name[0] == name["strong"]
    for tail in (_QUOTED_TAIL.match(text, name.end()), _ESCAPED_TAIL.match(text, name.end())):
        if tail is None:
            continue
        listed = tail["sep"] == ","
        pieces = [tail] if listed or tail.re is _ESCAPED_TAIL else [tail, *_further(text, tail)]
        value = "".join(piece["value"] for piece in pieces)
        # The key "pass" is as often that of a test's outcome.
        short_is_one = outright and not listed and (name[0].lower() != "pass" or text[name.start() - 1] == "_")
        if is_secret(value, weak=weak, listed=listed, outright=short_is_one) and value.lower() not in _OUTCOMES:
            yield from (
                secret_of(kind, piece) for piece in pieces if piece["value"] and not is_stand_in(piece["value"])
            )
    default = _DEFAULT.match(text, name.end())
    if default is not None and is_secret(default["value"], weak=weak, listed=False, outright=outright):
        yield secret_of(kind, default)
    triple = _TRIPLE.match(text, name.end()) if outright else None
    if triple is not None and not is_stand_in(triple["text"].strip()):
        words = triple["text"].split()
        if len(words) <= (1 if name["strong"].lower() != "passphrase" else 24) and not words[-1].endswith(_FULL_STOP):
            for line in _TEXT_LINE.finditer(text, triple.start("text"), triple.end("text")):
                yield secret_of(kind, line)


def _further(text: str, piece: re.Match[str]) -> Iterator[re.Match[str]]:
    """The strings that follow one and belong to it, as Python reads them."""
    following = _NEXT_STRING.match(text, piece.end())
    while following is not None:
        yield following
        following = _NEXT_STRING.match(text, following.end())


def _several(text: str) -> Iterator[Secret]:
    """Values in a list or a table whose name says what they are."""
    for many in _MANY_NAMES.finditer(text):
        kind = "password" if "pass" in many["name"].lower() or "pwd" in many["name"].lower() else "secret"
        is_table = text[many.start("items") - 1] == "{"
        for item in re.compile(_QUOTED).finditer(text, many.start("items"), many.end("items")):
            if is_table and not text[: item.start()].rstrip().endswith(":"):
                continue
            if len(item["value"].split()) == 1 and is_secret(item["value"], weak=False, listed=False):
                yield secret_of(kind, item)


def _kind_of(name: re.Match[str]) -> str:
    if name["cookie"] is not None:
        return "cookie"
    said = name[0].lower()
    if "pass" in said or "pwd" in said or "contrase" in said:
        return "password"
    if "key" in said:
        return "api-key"
    return "token" if "token" in said or "auth" in said else "secret"


def _is_said(text: str, name: re.Match[str], tail: re.Match[str]) -> bool:
    """Whether a value without quotes stands in a string or in an error's message, where it can be no name in code."""
    value = tail["value"].rstrip(".!?")
    if not is_mixed(value) or not any(map(str.isdigit, value)) or is_stand_in(value):
        return False
    before = text[text.rfind("\n", 0, name.start()) + 1 : name.start()]
    in_string = any(before.replace("\\" + quote, "").count(quote) % 2 for quote in "'\"")
    return in_string or _PROSE.fullmatch(before) is not None


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
