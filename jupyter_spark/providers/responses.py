"""OpenAI's Responses API over HTTP streaming."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from jupyter_spark.providers._failures import from_event
from jupyter_spark.providers._http import EventReader, HttpProvider
from jupyter_spark.providers._protocol import Completed, Delta, ProviderEvent, ProviderRequest, Reasoning, UsageSeen
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_REASONING = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")


class ResponsesProvider(HttpProvider):
    """``/responses`` with server-sent events; nothing is stored at the provider (``store=False``)."""

    def _body(self, request: ProviderRequest) -> dict[str, Any]:
        system = [m.content for m in request.messages if m.role == "system"]
        turns = [{"role": m.role, "content": m.content} for m in request.messages if m.role != "system"]
        body: dict[str, Any] = {"model": self.model, "input": turns, "stream": True, "store": False}
        if system:
            body["instructions"] = "\n\n".join(system)
        limit = request.max_output_tokens or self.profile.max_output_tokens
        body |= self._optional("max_output_tokens", limit)
        body |= self._optional("stream_options", {"include_obfuscation": False})
        body |= self._parameters(request)
        return body

    def _open(self, client: AsyncOpenAI, body: dict[str, Any]) -> AbstractAsyncContextManager[Any]:
        return client.responses.with_streaming_response.create(**body)

    def _reader(self) -> EventReader:
        return _ResponsesReader(self.profile, self._key)


class _ResponsesReader:
    def __init__(self, profile: Profile, key: str | None) -> None:
        self._profile, self._key = profile, key

    def read(self, body: dict[str, Any]) -> list[ProviderEvent]:
        kind = body.get("type")
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            text = body.get("delta")
            return [Delta(text)] if text else []
        if kind in _REASONING:
            return [Reasoning(str(body.get("delta") or ""))]
        if kind in ("response.completed", "response.incomplete"):
            return _ending(body.get("response") or {}, complete=kind == "response.completed")
        if kind in ("error", "response.failed"):
            inner = (body.get("response") or {}).get("error") or body.get("error") or body
            raise from_event(inner, self._profile, self._key)
        if kind is None and body.get("error"):
            raise from_event(body["error"], self._profile, self._key)
        return []

    def end(self) -> list[ProviderEvent]:
        return []  # only response.completed or response.incomplete is an end


def _ending(response: dict[str, Any], *, complete: bool) -> list[ProviderEvent]:
    out: list[ProviderEvent] = []
    if isinstance(usage := response.get("usage"), dict):
        out.append(UsageSeen(read_usage(usage)))
    reason = (response.get("incomplete_details") or {}).get("reason")
    out.append(Completed("stop" if complete else "filter" if reason == "content_filter" else "length"))
    return out


def read_usage(usage: dict[str, Any]) -> Usage:
    """Read the Responses API's token counts."""
    before, after = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    return Usage(
        input_tokens=int(usage.get("input_tokens") or 0),
        output_tokens=int(usage.get("output_tokens") or 0),
        cached_tokens=int(before.get("cached_tokens") or 0),
        reasoning_tokens=int(after.get("reasoning_tokens") or 0),
    )
