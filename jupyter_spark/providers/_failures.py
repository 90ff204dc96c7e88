"""Foreign errors become ours, once, at this edge. No key ever passes through."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from jupyter_spark import errors
from jupyter_spark.providers._causes import CUT, REFUSED, is_here, reason_of, whom
from jupyter_spark.providers._deadlines import connect_deadline
from jupyter_spark.settings import Profile

_KEY_LIKE = re.compile(r"\b(?:sk|csk|gsk|key)[-_][\w*.-]{4,}")
_NOT_FOUND = {"model_not_found", "model_not_available", "deployment_not_found"}
_UNSUPPORTED = {"unsupported_parameter", "unknown_parameter", "unsupported_value"}
NO_ADDRESS = "no_address"
# What a WebSocket forgot or may no longer do: the whole history on a fresh one mends it.
REPLAYED = {"previous_response_not_found", "websocket_connection_limit_reached"}


def without_keys(text: str, key: str | None = None) -> str:
    """Return the text on one line with everything that looks like a key taken out."""
    if key:
        text = text.replace(key, "***")
    return " ".join(_KEY_LIKE.sub("***", text).split())[:400]


def from_exception(
    error: Exception, profile: Profile, key: str | None, env: Mapping[str, str] | None = None
) -> errors.SparkError:
    """Turn an exception of the SDK or its HTTP client into a SparkError; ``env`` may hold the profile's address."""
    env = os.environ if env is None else env
    import httpx2
    import openai

    if isinstance(error, errors.SparkError):
        return error
    if isinstance(error, openai.APIStatusError):
        body = error.body if isinstance(error.body, dict) else {}
        told = from_status(error.status_code, body, error.message, profile, key, error.response.headers)
        return _with_address(told, profile, env) if told.code == NO_ADDRESS else told
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        # The turn's own watch waits for everything but the connection.
        return connect_deadline(profile, whom(profile, env))
    if isinstance(error, openai.APIConnectionError):
        reason = reason_of(error)
        return errors.ConnectionFailed(
            f"No connection to {whom(profile, env)}: {reason}.",
            "Check the network and the profile's address (jupyter spark doctor).",
            # Nobody listens on this machine: that does not pass by itself.
            retryable=not (reason == REFUSED and is_here(profile, env)),
        )
    if isinstance(error, httpx2.HTTPError | httpx2.StreamError | OSError):
        return errors.StreamCutError(
            f"The answer of {_whose(profile)} is not whole: {CUT}.", "Try again.", retryable=True
        )
    return errors.ProviderError(f"{_who(profile)}: {without_keys(str(error), key) or type(error).__name__}.")


def from_status(
    status: int,
    body: dict[str, Any],
    message: str,
    profile: Profile,
    key: str | None,
    headers: Any = None,
    *,
    is_said: bool = True,
) -> errors.ProviderError:
    """Turn an HTTP status with an OpenAI-style error body into a SparkError; ``is_said``: it is no guess of ours."""
    nested = body.get("error", body)
    inner = nested if isinstance(nested, dict) else {}
    code, parameter = str(inner.get("code") or ""), inner.get("param")
    text = without_keys(str(inner.get("message") or message), key).rstrip(".")
    # A key without the right to a model is told so with 403 or with 404.
    if code in _NOT_FOUND or (status == 404 and "model" in text.lower()):
        return errors.ModelNotFoundError(
            f"{_who(profile)} has no model for this key under that name: {text}.",
            "Choose another model in jupyter_spark.toml.",
        )
    if status in (401, 403):
        names = " or ".join(profile.key_env) or "the profile's key"
        return errors.AuthenticationError(f"{_who(profile)} refuses the key: {text}.", f"Check {names}.")
    if code in REPLAYED:
        return errors.BadRequestError(f"{_who(profile)} cannot go on from before: {text}.", "Try again.", code=code)
    if status == 404:
        return errors.BadRequestError(
            f"{_who(profile)} has no such address: {text}.", "Check the profile's address.", code=NO_ADDRESS
        )
    if status == 429:
        quota = code == "insufficient_quota"
        hint = "Check the account's quota." if quota else "Wait a moment, or use another profile."
        return errors.RateLimitError(
            f"{_who(profile)} takes no more requests now: {text}.",
            hint,
            retryable=not quota,
            retry_after_s=_retry_after_s(headers),
        )
    if status >= 500:
        return errors.ServerError(
            f"{_who(profile)} failed{f' (status {status})' if is_said else ''}: {text}.",
            "Try again in a moment.",
            retryable=True,
        )
    if code in _UNSUPPORTED and parameter:
        return errors.BadRequestError(
            f"{_who(profile)} does not take '{parameter}'.", code="unsupported_parameter", parameter=str(parameter)
        )
    return errors.BadRequestError(f"{_who(profile)} refuses the request: {text}.", "See: jupyter spark doctor")


def _with_address(error: errors.ProviderError, profile: Profile, env: Mapping[str, str]) -> errors.ProviderError:
    """Name the address of a 404, and where it was said."""
    url, source = profile.endpoint(env).rstrip("/"), profile.address_source(env)
    meant = "" if url.endswith("/v1") else f" Did you mean {url}/v1?"
    return errors.BadRequestError(
        f"There is no API of {_whose(profile)} at {without_passwords(url)} (status 404).",
        f"Check {source}.{without_passwords(meant)}",
        code=NO_ADDRESS,
    )


def without_passwords(url: str) -> str:
    """Return an address without the user and the password that it may hold."""
    return re.sub(r"//[^/@\s]+@", "//", url)


def from_event(body: Any, profile: Profile, key: str | None, headers: Any = None) -> errors.ProviderError:
    """Turn an error that came inside a stream into a SparkError; over a WebSocket it may have headers."""
    inner = body if isinstance(body, dict) else {"message": str(body)}
    status, message = _status_of(inner), str(inner.get("message") or "error")
    is_said = _status_said(inner) is not None
    return from_status(status, inner, message, profile, key, headers, is_said=is_said)


def _status_of(inner: dict[str, Any]) -> int:
    """The HTTP status that an error inside a stream would have had; endpoints say it in one of two places, or not."""
    code = str(inner.get("code") or inner.get("type") or "")
    if "rate_limit" in code or code == "insufficient_quota":
        return 429
    refused = code in _UNSUPPORTED or code in REPLAYED or code == "invalid_request_error"
    return _status_said(inner) or (400 if refused else 500)


def _status_said(inner: dict[str, Any]) -> int | None:
    said = (str(inner.get(name)) for name in ("status", "status_code", "code"))
    return next((int(text) for text in said if text.isdecimal() and 400 <= int(text) < 600), None)


def _retry_after_s(headers: Any) -> float | None:
    """How long to wait, in seconds: from the header's seconds or its date."""
    said = next((str(value) for name, value in dict(headers or {}).items() if name.lower() == "retry-after"), "")
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _who(profile: Profile) -> str:
    """Who answers, at the beginning of a sentence."""
    return profile.title or f"Profile '{profile.name}'"


def _whose(profile: Profile) -> str:
    """Who answers, within one."""
    return profile.title or f"profile '{profile.name}'"
