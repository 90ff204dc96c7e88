"""The tree of errors. Every failure a user can meet is one of these, said in one line.

::

    SparkError
    ├── ConfigError            a setting, profile, model or key that is not right
    ├── UsageError             words, options or a cell that cannot be taken
    ├── NotebookError          a notebook file that cannot be read or written
    ├── LocalModelError        the built-in model: file, engine, download
    ├── JournalError           the journal cannot be opened (a turn never stops for it)
    ├── VerificationError      a notebook that cannot be run to be verified
    ├── EditRefused            an edit whose checks did not hold and was not applied
    ├── TurnStopped            the user stopped the turn
    └── ProviderError          what the endpoint did
        ├── AuthenticationError    no key, a wrong key, or one without the right
        ├── ModelNotFoundError     the endpoint does not have that model
        ├── BadRequestError        the endpoint refuses the request
        ├── RateLimitError         too many requests, or no quota left
        ├── ConnectionFailed       no network, no server, TLS
        ├── ServerError            the endpoint failed on its side
        ├── StreamCutError         the answer ended without a terminal event
        └── DeadlineError          the endpoint took too long
"""

from __future__ import annotations


class SparkError(Exception):
    """A failure with a stable code, what is wrong, and what to do.

    Parameters
    ----------
    message : str
        One line that says what is wrong.
    hint : str
        One line that says what to do; may be empty.
    code : str, optional
        A stable identifier in snake case; each class has a default.
    """

    code = "error"

    def __init__(self, message: str, hint: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.hint = " ".join(hint.split())
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: a user's mistake is one line, not forty frames of ours."""
        return [f"\x1b[31mSpark\x1b[0m: {self.message}", *([f"  → {self.hint}"] if self.hint else [])]


class ConfigError(SparkError):
    """A setting, profile, model or key that is not right."""

    code = "config"


class UsageError(SparkError):
    """Words, options or a cell that cannot be taken."""

    code = "usage"


class NotebookError(SparkError):
    """A notebook file that cannot be read or written."""

    code = "notebook"


class LocalModelError(SparkError):
    """The built-in model: its file, its engine, its download."""

    code = "local_model"


class JournalError(SparkError):
    """The journal cannot be opened or read."""

    code = "journal"


class VerificationError(SparkError):
    """A notebook that cannot be run to be verified: no nbclient, no kernel, a kernel that does not start."""

    code = "verification"


class EditRefused(SparkError):
    """An edit whose checks did not hold and was therefore not applied."""

    code = "edit_refused"


class TurnStopped(SparkError):
    """The user stopped the turn."""

    code = "stopped"


class ProviderError(SparkError):
    """What the endpoint did.

    Parameters
    ----------
    retryable : bool
        Whether the same request may succeed if it is sent again.
    retry_after_s : float, optional
        How long the endpoint asked to wait, in seconds.
    """

    code = "provider"

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        code: str | None = None,
        retryable: bool = False,
        retry_after_s: float | None = None,
        parameter: str | None = None,
    ) -> None:
        super().__init__(message, hint, code=code)
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.parameter = parameter


class AuthenticationError(ProviderError):
    """No key, a wrong key, or one without the right."""

    code = "authentication"


class ModelNotFoundError(ProviderError):
    """The endpoint does not have that model, or the key may not use it."""

    code = "model_not_found"


class BadRequestError(ProviderError):
    """The endpoint refuses the request."""

    code = "bad_request"


class RateLimitError(ProviderError):
    """Too many requests, or no quota left."""

    code = "rate_limit"


class ConnectionFailed(ProviderError):
    """No network, no server, or no trusted connection to it."""

    code = "connection"


class ServerError(ProviderError):
    """The endpoint failed on its side."""

    code = "server"


class StreamCutError(ProviderError):
    """The answer ended without a terminal event."""

    code = "stream_cut"


class DeadlineError(ProviderError):
    """The endpoint took too long."""

    code = "deadline"
