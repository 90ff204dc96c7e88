"""Text around a gap, for a model that was trained to fill it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

from jupyter_spark.providers import Completed, Delta, Gap, ProviderEvent, ProviderRequest
from jupyter_spark.providers._redacting import RedactingProvider
from jupyter_spark.providers.chat import ChatProvider
from jupyter_spark.redact import Vault
from jupyter_spark.settings import Profile, load_settings
from jupyter_spark.wire import Message

FORM = "<|fim_prefix|>{before}<|fim_suffix|>{after}<|fim_middle|>"
ASKED = ProviderRequest(messages=(Message(role="user", content="words"),), gap=Gap("d = {after}", "\nprint({d})"))


def _provider(**changes: object) -> ChatProvider:
    return ChatProvider(Profile(name="p", models=("m",), accepts=("stop", "max_tokens"), **changes), {})


def test_a_gap_goes_to_the_completions_in_the_models_own_form() -> None:
    provider = _provider(infill=FORM)
    body = provider._body(ASKED)
    assert body["prompt"] == "<|fim_prefix|>d = {after}<|fim_suffix|>\nprint({d})<|fim_middle|>"
    assert "messages" not in body
    assert provider._path_of(ASKED) == "/completions"
    plain = ProviderRequest(messages=ASKED.messages)
    assert provider._path_of(plain) == "/chat/completions"
    assert provider._body(plain)["messages"] == [{"role": "user", "content": "words"}]


def test_who_fills_no_gaps_is_asked_by_conversation() -> None:
    provider = _provider()
    assert provider._path_of(ASKED) == "/chat/completions"
    assert "prompt" not in provider._body(ASKED)


def test_its_answer_is_read_like_any_other() -> None:
    reader = _provider(infill=FORM)._reader()
    pieces = [{"choices": [{"text": "1"}]}, {"choices": [{"text": "", "finish_reason": "stop"}]}]
    events = [event for piece in pieces for event in reader.read(json.loads(json.dumps(piece)))]
    assert events == [Delta("1")]
    assert reader.end() == [Completed("stop")]


def test_the_built_in_models_have_a_form() -> None:
    settings = load_settings()
    assert all("{before}" in settings.profile(name).infill for name in ("local", "local-large"))


class Echo:
    """Answers with what stands before the gap."""

    model = "m"
    profile = Profile(name="p", models=("m",), infill=FORM)
    seen: Gap | None = None

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        self.seen = request.gap
        yield Delta(request.gap.before if request.gap else "")
        yield Completed("stop")

    async def warm(self, messages: tuple[Message, ...] = ()) -> None: ...

    async def aclose(self) -> None: ...


def test_secrets_around_a_gap_stay_here_and_come_back() -> None:
    secret = "sk-proj-" + "Qm7Zp2Lx9Vb4Nc8Rt6Wy3KdT1fHs5Gj"
    provider = Echo()

    async def go() -> str:
        asked = ProviderRequest(messages=(), gap=Gap(f'key = "{secret}"', f'\nprint("{secret}")'))
        events = [event async for event in RedactingProvider(provider, Vault()).stream(asked)]
        return "".join(event.text for event in events if isinstance(event, Delta))

    assert asyncio.run(go()) == f'key = "{secret}"'
    assert provider.seen is not None
    assert secret not in provider.seen.before + provider.seen.after
