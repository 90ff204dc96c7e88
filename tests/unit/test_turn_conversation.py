"""What a turn leaves for the next one to go on from."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_spark.errors import ProviderError
from jupyter_spark.providers import Completed, Delta, Started
from jupyter_spark.wire import Conversation, Message, text_hash
from tests.unit.turns import BROKEN, CELL, GOOD, WORDS_ONLY, Replies, request, turn


def test_a_turn_brings_the_conversation_that_the_next_one_goes_on_from() -> None:
    events = turn(request(conversation=Conversation(cache_key="k")), Replies(GOOD))
    after = events[-1].conversation
    assert (after.cache_key, after.notebook) == ("k", "")
    asked, said = after.messages
    assert (asked.role, said) == ("user", Message(role="assistant", content=GOOD))
    assert CELL.source in asked.content
    assert after.told["cell:c1"].text_hash == text_hash("a = 2\nb = a + 1")
    again = Replies("Because.")
    turn(request("ask", conversation=after), again)
    assert again.requests[0].messages[1:3] == after.messages
    assert "conversation" not in events[-1].model_dump()


def test_a_repair_is_no_part_of_the_conversation() -> None:
    provider = Replies(BROKEN, GOOD)
    events = turn(request(conversation=Conversation(cache_key="k")), provider)
    assert len(provider.requests) == 2
    asked, said = events[-1].conversation.messages
    assert asked == provider.requests[0].messages[-1]
    assert said.content == GOOD


def test_a_begun_answer_is_kept_whole() -> None:
    provider = Replies([Started("m"), Delta("a = 2\nb = a + 1"), Completed("stop")], prefill=True)
    events = turn(request(conversation=Conversation(cache_key="k")), provider)
    assert events[-1].conversation.messages[-1].content == "```python\na = 2\nb = a + 1\n```"


@pytest.mark.parametrize("reply", [WORDS_ONLY, [Started("m"), Delta("```python\na"), ProviderError("no", "wait")]])
def test_a_turn_that_fails_brings_none(reply: Any) -> None:
    events = turn(request(conversation=Conversation(cache_key="k"), repair=False), Replies(reply))
    assert events[-1].type == "turn_failed"
    assert not hasattr(events[-1], "conversation")


def test_a_turn_that_stands_alone_brings_none() -> None:
    assert turn(request(), Replies(GOOD))[-1].conversation is None
