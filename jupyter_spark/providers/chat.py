"""The Chat Completions API, as OpenAI and everything compatible with it speak it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jupyter_spark.providers._failures import from_event
from jupyter_spark.providers._http import HttpProvider
from jupyter_spark.providers._protocol import (
    Completed,
    Delta,
    Gap,
    ProviderEvent,
    ProviderRequest,
    Reasoning,
    UsageSeen,
)
from jupyter_spark.providers._reading import EventReader
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Message, Usage


class ChatProvider(HttpProvider):
    """``/chat/completions`` with server-sent events.

    The stream is read to ``[DONE]``: usage comes after ``finish_reason``.
    """

    _path = "/chat/completions"
    _gap_path = "/completions"

    def _path_of(self, request: ProviderRequest) -> str:
        return self._gap_path if self._fills(request) else self._path

    def _fills(self, request: ProviderRequest) -> bool:
        return request.gap is not None and bool(self.profile.infill)

    def _body(self, request: ProviderRequest) -> dict[str, Any]:
        limit = request.max_output_tokens or self.profile.max_output_tokens
        body: dict[str, Any] = {"model": self.model, "stream": True}
        if request.gap is not None and self._fills(request):
            body["prompt"] = _filled_in(self.profile.infill, request.gap)
        else:
            body["messages"] = messages = _alternating(request.messages)
            if request.prefill and self.profile.prefill:
                messages.append({"role": "assistant", "content": request.prefill})
        body |= self._optional("stream_options", {"include_usage": True})
        body |= self._optional("max_completion_tokens", limit) or self._optional("max_tokens", limit)
        body |= self._optional("stop", list(request.stop) or None)
        if request.prediction:
            body |= self._optional("prediction", {"type": "content", "content": request.prediction})
        body |= self._parameters(request)
        return body

    def _reader(self) -> EventReader:
        return _ChatReader(self.profile, self._key)


def _filled_in(form: str, gap: Gap) -> str:
    """Put a gap's text into the form that the model was trained on; braces of the text stay as they are."""
    head, before, rest = form.partition("{before}")
    middle, after, tail = rest.partition("{after}")
    return "".join((head, gap.before if before else "", middle, gap.after if after else "", tail))


def _alternating(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Join messages of one role in a row: some models' chat templates refuse them apart."""
    out: list[dict[str, str]] = []
    for message in messages:
        if out and out[-1]["role"] == message.role:
            out[-1]["content"] += f"\n\n{message.content}"
        else:
            out.append({"role": message.role, "content": message.content})
    return out


class _ChatReader:
    def __init__(self, profile: Profile, key: str | None) -> None:
        self._profile, self._key = profile, key
        self._finish: str | None = None
        self._usage: dict[str, Any] | None = None
        self._times: dict[str, Any] = {}

    def read(self, body: dict[str, Any]) -> list[ProviderEvent]:
        if body.get("error"):
            raise from_event(body["error"], self._profile, self._key)
        out: list[ProviderEvent] = []
        for choice in body.get("choices") or ():
            delta = choice.get("delta") or {}
            if thought := delta.get("reasoning") or delta.get("reasoning_content"):
                out.append(Reasoning(str(thought)))
            if text := delta.get("content") or choice.get("text"):
                out.append(Delta(text))
            if reason := choice.get("finish_reason"):
                self._finish = {"length": "length", "content_filter": "filter"}.get(reason, "stop")
        groq = (body.get("x_groq") or {}).get("usage")
        for times in (groq, body.get("time_info"), body.get("timings")):
            if isinstance(times, dict):
                self._times |= times
        if isinstance(usage := body.get("usage", groq), dict):
            self._usage = usage  # some endpoints keep a running count in every chunk: the last one is the count
        return out

    def end(self) -> list[ProviderEvent]:
        # Without a finish_reason the endpoint only stopped talking: that is a cut, not an end.
        if not self._finish:
            return []
        counted: list[ProviderEvent] = []
        if self._usage is not None:
            usage = read_usage(self._usage)
            counted.append(UsageSeen(usage, *read_speed(self._usage | self._times, usage.output_tokens)))
        return [*counted, Completed(self._finish)]


def read_usage(usage: dict[str, Any]) -> Usage:
    """Read a Chat API's token counts; what an endpoint leaves out counts as zero."""
    prompt, completion = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    return Usage(
        input_tokens=int(usage.get("prompt_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
        cached_tokens=int(prompt.get("cached_tokens") or 0),
        reasoning_tokens=int(completion.get("reasoning_tokens") or 0),
    )


def read_speed(times: dict[str, Any], output_tokens: int) -> tuple[float | None, float | None]:
    """Return the queue time (s) and the speed (tokens a second) that an endpoint tells of itself, where it does.

    Groq (``x_groq``, ``usage``) and Cerebras (``time_info``) tell ``queue_time`` and ``completion_time`` in seconds,
    llama.cpp (``timings``) tells ``predicted_per_second``.
    """
    queue_s, rate, spent_s = (
        _number(times.get(name)) for name in ("queue_time", "predicted_per_second", "completion_time")
    )
    if rate is None and spent_s and output_tokens:
        rate = output_tokens / spent_s
    return queue_s, rate


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if known else None
