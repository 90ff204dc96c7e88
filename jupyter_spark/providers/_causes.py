"""Why a connection did not come about or broke, in plain words: what lies at the bottom of a chain of exceptions."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from jupyter_spark.errors import ConfigError
from jupyter_spark.settings import Profile

LOOPBACK = ("localhost", "127.0.0.1", "::1")  # no proxy stands between us and this machine
CUT = "the connection was cut"
REFUSED = "refused"


def whom(profile: Profile, env: Mapping[str, str]) -> str:
    """Return the profile's name and the host that its address names, for a message: ``'mine' at 127.0.0.1:8000``."""
    host = host_of(profile, env)
    return f"'{profile.name}' at {host}" if host else f"'{profile.name}'"


def host_of(profile: Profile, env: Mapping[str, str]) -> str:
    """Return the host and the port of a profile's address, never the password that may stand before them."""
    try:
        return urlsplit(profile.endpoint(env)).netloc.rpartition("@")[2]
    except (ConfigError, ValueError):
        return ""


def is_here(profile: Profile, env: Mapping[str, str]) -> bool:
    """Whether a profile's address is on this machine."""
    return re.sub(r":\d+$", "", host_of(profile, env)).strip("[]") in LOOPBACK


def reason_of(error: BaseException) -> str:
    """Return why there is no connection, in plain words."""
    causes = list(_chain(error))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return REFUSED
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "no host of that name is known"
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "its certificate is not trusted"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "it does not speak TLS as it should (is it http:// rather than https://?)"
    if any(isinstance(cause, ConnectionError | EOFError) for cause in causes):
        return CUT
    told = (cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror)
    return next(told, "").lower() or CUT


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        # Several addresses of a host are tried at once: their errors come as a group.
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
