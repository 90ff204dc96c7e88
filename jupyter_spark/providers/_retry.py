"""When a request is sent again, and when it is not sent at all.

One story for both transports: the SDK's own retries are switched off, because they know neither WebSockets nor the
turn's deadline. The kept retry libraries repeat calls; an answer is a generator that may only be repeated before its
first token, and half of its repairs are no waits (a parameter dropped, the next model, a history replayed), so what
would be left to a library is the one line that computes a delay.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from jupyter_spark.errors import ConnectionFailed, ProviderError, RateLimitError, ServerError
from jupyter_spark.settings import Profile

RETRIES = 2
CONNECTION_RETRIES = 1  # a fallback, or the user, waits
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
FAILURES = 5


def delay_s(error: ProviderError, tried: int, left_s: float) -> float:
    """Return how long to wait before the next try; raise the error if there is to be none.

    Parameters
    ----------
    error : ProviderError
        What went wrong, before the first token.
    tried : int
        How often it has been tried again already.
    left_s : float
        What is left of the deadline of the first token, in seconds.
    """
    retries = CONNECTION_RETRIES if isinstance(error, ConnectionFailed) else RETRIES
    if not error.retryable or tried >= retries:
        raise error
    asked_s = error.retry_after_s
    backoff_s = min(FIRST_DELAY_S * 2**tried, LONGEST_DELAY_S) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter
    wait_s = backoff_s if asked_s is None else asked_s
    if wait_s < left_s:
        return max(0.0, wait_s)
    if asked_s is not None:
        error.hint = f"Try again in {_spoken(asked_s)}, or use another profile."
    raise error


class Circuit:
    """Stops asking an endpoint that fails again and again.

    After ``FAILURES`` failures in a row (no connection, or a status of 500 and above) requests fail at once for the
    profile's ``deadlines.cooling_s``; then one is let through, and its fate is everyone's. See M. Nygard, *Release It!*
    (2007), "Circuit Breaker".
    """

    def __init__(self, profile: Profile, clock: Callable[[], float] = time.monotonic) -> None:
        self._who = profile.title or f"Profile '{profile.name}'"
        self._cooling_s = profile.deadlines.cooling_s
        self._clock = clock
        self._failures = 0
        self._closed_until_s = 0.0
        self._on_trial = False

    @property
    def open(self) -> bool:
        """Whether requests fail at once."""
        return self._failures >= FAILURES

    def admit(self) -> bool:
        """Let a request through, or raise; true if it is the one on trial, which must be given to ``release``."""
        if not self.open:
            return False
        left_s = self._closed_until_s - self._clock()
        if left_s > 0 or self._on_trial:
            when = f"in {_spoken(left_s)}" if left_s > 0 else "now, by another turn"
            count = f"{self._failures} requests in a row, repeated ones included"
            raise ConnectionFailed(
                f"{self._who} failed at {count}; it will be tried again {when}.",
                "Use another profile meanwhile.",
                code="circuit_open",
                retryable=True,
                retry_after_s=max(0.0, left_s),
            )
        self._on_trial = True
        return True

    def release(self, trial: bool) -> None:
        """End a trial that came to no result."""
        if trial:
            self._on_trial = False

    def answered(self) -> None:
        """Note that the endpoint is alive, whatever it said."""
        self._failures = 0

    def failed(self, error: ProviderError) -> None:
        """Note an error: only those of a dead endpoint count, all others are a sign of life."""
        dead = isinstance(error, ConnectionFailed | ServerError) or error.code == "deadline_connect"
        if dead:
            self._failures += 1
            self._closed_until_s = self._clock() + self._cooling_s
        elif isinstance(error, RateLimitError) or not error.code.startswith("deadline"):
            self.answered()


def _spoken(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 120 else f"{round(seconds / 60)} min"
