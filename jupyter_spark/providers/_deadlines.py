"""How long a turn may take: the first token, the gaps between, and the whole."""

from __future__ import annotations

import asyncio

from jupyter_spark.errors import DeadlineError
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Tier


class Watch:
    """The deadlines of one turn over all its attempts, in seconds of the event loop's clock."""

    def __init__(self, profile: Profile, tier: Tier) -> None:
        self._who = profile.title or f"Profile '{profile.name}'"
        self._limits = profile.deadlines
        self._now = asyncio.get_running_loop().time
        self._first_token_s = self._limits.deep_first_token_s if tier == "deep" else self._limits.first_token_s
        self._setting = "deep_first_token_s" if tier == "deep" else "first_token_s"
        self._turn_until_s = self._now() + self._limits.turn_s
        self.until_s = 0.0
        self._flowing = False
        self.restart()

    def restart(self) -> None:
        """Wait for a first token from now on."""
        self._flowing = False
        self.until_s = min(self._now() + self._first_token_s, self._turn_until_s)

    def seen(self) -> None:
        """Note that the answer moves."""
        self._flowing = True
        self.until_s = min(self._now() + self._limits.stall_s, self._turn_until_s)

    @property
    def left_s(self) -> float:
        """How much is left until the next deadline."""
        return self.until_s - self._now()

    def check(self) -> None:
        """Raise the deadline that has passed, if one has."""
        if self.left_s <= 0:
            raise self.error()

    def error(self) -> DeadlineError:
        """Return the deadline that passed, by its own name."""
        limits = self._limits
        if self.until_s >= self._turn_until_s:
            return _late(f"{self._who} took more than {limits.turn_s:g} s for its answer.", "turn", "turn_s")
        if self._flowing:
            return _late(f"{self._who} stopped for {limits.stall_s:g} s in mid-answer.", "stall", "stall_s")
        waited = f"{self._who} began no answer within {self._first_token_s:g} s."
        return _late(waited, "first_token", self._setting)


def connect_deadline(profile: Profile, who: str) -> DeadlineError:
    """Return the error of a connection that took too long; ``who`` is the profile and its host."""
    return _late(f"No connection to {who} within {profile.deadlines.connect_s:g} s.", "connect", "connect_s")


def _late(message: str, which: str, setting: str) -> DeadlineError:
    hint = f"Try again, or raise the profile's deadlines.{setting}."
    return DeadlineError(message, hint, code=f"deadline_{which}", retryable=True)
