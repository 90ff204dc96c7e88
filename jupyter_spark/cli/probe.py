"""Does an endpoint answer, and does it take the key? Asked with the standard library, with a short deadline."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any

from jupyter_spark.errors import AuthenticationError, ConnectionFailed
from jupyter_spark.settings import Profile, find_key

PROBE_S = 5.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer; following it would carry the key to another host."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def probe(profile: Profile, env: Mapping[str, str], timeout_s: float = PROBE_S) -> str:
    """Ask an endpoint for its list of models and return what it says, in a few words.

    Raises
    ------
    ConnectionFailed
        Nobody answers at the address, or it lacks its ``/v1`` (code ``address``).
    AuthenticationError
        The endpoint refuses the key.
    """
    base_url, headers = profile.endpoint(env), _headers(profile, env)
    try:
        status = _status(base_url, headers, timeout_s)
        longer = base_url.rstrip("/") + "/v1"
        # Not every endpoint lists its models; but one that does so one step further was meant there.
        if status == 404 and not longer.endswith("/v1/v1") and _status(longer, headers, timeout_s) != 404:
            raise ConnectionFailed(
                f"{base_url} answers, but there is no API at this address (status 404).",
                f"Did you mean {longer}? Mend {profile.address_source(env)}.",
                code="address",
            )
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ConnectionFailed(f"No answer from {base_url}: {_reason(error)}.", _hint(profile)) from None
    if status in (401, 403):
        names = " or ".join(profile.key_env) or "the profile's key"
        raise AuthenticationError(f"{base_url} refuses the key (status {status}).", f"Check {names}.")
    return f"{base_url} answers" + ("" if status == 200 else f" (status {status})")


def _status(base_url: str, headers: dict[str, str], timeout_s: float) -> int:
    request = urllib.request.Request(base_url.rstrip("/") + "/models", headers=headers)  # noqa: S310
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _headers(profile: Profile, env: Mapping[str, str]) -> dict[str, str]:
    headers = {"User-Agent": "jupyter-spark", **profile.headers}
    if key := find_key(profile, env):
        name, value = (profile.key_header, key) if profile.key_header else ("Authorization", f"Bearer {key}")
        headers[name] = value
    return headers


def _hint(profile: Profile) -> str:
    where = f" ({profile.base_url_env})" if profile.base_url_env else ""
    return f"Check the network, that the server runs, and the profile's address{where}."


def _reason(error: Any) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return "it took too long"
    return getattr(cause, "strerror", None) or type(cause).__name__
