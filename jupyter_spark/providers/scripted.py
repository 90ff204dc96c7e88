"""A provider that answers from a script: for demonstrations and tests without a model.

A script is a JSON Lines file. Each line is an object with ``answer`` and, optionally, ``when`` (a text that the last
user message must contain). The first line that matches answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

from jupyter_spark.errors import ConfigError
from jupyter_spark.providers._inbox import Inbox, heard
from jupyter_spark.providers._protocol import (
    Completed,
    Delta,
    ProviderEvent,
    ProviderRequest,
    Started,
    Steered,
    UsageSeen,
)
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message, Usage

PIECE_CHARS = 4  # about a token


class ScriptedProvider:
    """Answers the first line of the script that matches, in pieces of about a token."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    @property
    def model(self) -> str:
        """The script's name stands where a model's would."""
        return Path(self.profile.script or "script").name

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Answer the request; see ``Provider.stream``."""
        answer = self._answer(request)
        yield Started(self.model)
        inbox = Inbox()
        with heard(request.steering, inbox):
            for start in range(0, len(answer), PIECE_CHARS):
                await asyncio.sleep(0)
                if inbox.words:
                    yield Steered(inbox.words.popleft(), in_place=False)
                    return
                yield Delta(answer[start : start + PIECE_CHARS])
        sent = sum(len(message.content) for message in request.messages)
        yield UsageSeen(Usage(input_tokens=sent // PIECE_CHARS, output_tokens=len(answer) // PIECE_CHARS))
        yield Completed("stop")

    async def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Nothing is to be warmed."""

    async def aclose(self) -> None:
        """Nothing is held."""

    def _answer(self, request: ProviderRequest) -> str:
        if not self.profile.script:
            raise ConfigError(f"Profile '{self.profile.name}' has no script.", "Set script = 'FILE.jsonl' in it.")
        asked = next((m.content for m in reversed(request.messages) if m.role == "user"), "")
        try:
            rows = [json.loads(row) for row in Path(self.profile.script).read_text("utf-8").splitlines() if row.strip()]
        except (OSError, ValueError) as error:
            raise ConfigError(f"The script {self.profile.script} cannot be read: {error}", "Mend the file.") from None
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, dict) or not isinstance(row.get("answer"), str):
                raise ConfigError(f"{self.profile.script}: row {number} has no 'answer'.", "Mend the file.")
            if str(row.get("when", "")) in asked:
                return str(row["answer"])
        raise ConfigError(f"No line of {self.profile.script} answers this.", "Add one, or a last line without 'when'.")
