"""What each endpoint was told in each conversation, so that the next turn sends only what is new."""

from __future__ import annotations

from collections import OrderedDict

from jupyter_spark.conversation import begin
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Conversation

KEPT = 256


class Talks:
    """The conversations of all pages, one for each profile that takes part. The ones used last are kept."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, str], Conversation] = OrderedDict()

    def of(self, conversation_id: str, profile: Profile) -> Conversation:
        """Return what a profile was told in a conversation so far."""
        key = conversation_id, profile.model_dump_json()
        said = self._said.setdefault(key, begin())
        self._said.move_to_end(key)
        while len(self._said) > KEPT:
            self._said.popitem(last=False)
        return said

    def keep(self, said: Conversation) -> None:
        """Keep what a turn added; a conversation that was forgotten meanwhile stays so."""
        for key, before in self._said.items():
            if before.cache_key == said.cache_key:
                self._said[key] = said
                return
