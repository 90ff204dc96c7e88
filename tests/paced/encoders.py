"""The two dialects: events of `/v1/chat/completions` and of `/v1/responses`.

An event is its name (None in the chat dialect) and its data as text. Nothing here knows how events travel, so that the
same encoders can serve event streams and WebSockets.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any, Protocol, TypeAlias

from tests.paced.faults import error_body
from tests.paced.script import Body, Finish, Script, TokenCounts

Event: TypeAlias = "tuple[str | None, str]"
_MARK = "\ue000"
_BROKEN = "The model produced an error in mid stream."


class Encoder(Protocol):
    """One reply in one dialect; the methods are called in the order of the stream."""

    id: str
    done: str | None

    def opening(self) -> list[Event]: ...
    def reasoning(self, piece: str) -> list[Event]: ...
    def token(self, piece: str) -> list[Event]: ...
    def closing(self, script: Script) -> list[Event]: ...
    def oddity(self, fault: str) -> list[Event]: ...
    def whole(self, script: Script) -> dict[str, Any]: ...


def dump_json(value: object) -> str:
    """Compact JSON, with characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class ChatEncoder:
    """`/v1/chat/completions`."""

    done: str | None = "[DONE]"

    def __init__(self, body: Body, number: int) -> None:
        self._with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        self.id = f"chatcmpl-paced{number}"
        self._frame = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": body.get("model", "paced"),
            "system_fingerprint": "fp_paced",
        }
        # The hot path fills a template: a token costs a microsecond, not a whole chunk's encoding.
        self._before, self._after = self._chunk({"content": _MARK})[1].split(f'"{_MARK}"')
        self._thought = False

    def _chunk(self, delta: Any, finish: Finish | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": None} if self._with_usage else {}
        return None, dump_json({**self._frame, "choices": [choice], **usage})

    def opening(self) -> list[Event]:
        return [self._chunk({"role": "assistant", "content": "", "refusal": None})]

    def reasoning(self, piece: str) -> list[Event]:
        # Endpoints disagree on the name, so both are sent in turn.
        self._thought = not self._thought
        return [self._chunk({"reasoning" if self._thought else "reasoning_content": piece})]

    def token(self, piece: str) -> list[Event]:
        return [(None, self._before + dump_json(piece) + self._after)]

    def closing(self, script: Script) -> list[Event]:
        events = [self._chunk({}, script.finish)]
        if self._with_usage:
            last = {**self._frame, "choices": [], "usage": _chat_usage(script.counts), **_chat_timing(script, self.id)}
            events.append((None, dump_json(last)))
        return events

    def oddity(self, fault: str) -> list[Event]:
        if fault == "null_delta":
            return [self._chunk(None), self._chunk({"content": None})]
        if fault == "missing_choices":
            return [(None, dump_json(self._frame)), (None, dump_json({**self._frame, "choices": None}))]
        if fault == "unknown_events":
            return [
                ("x_progress", dump_json({"percent": 50})),
                (None, dump_json({"object": "chat.surprise", "choices": [{"index": 0, "novelty": 1}]})),
            ]
        return [(None, dump_json(error_body(_BROKEN, "server_error", "server_error")))]

    def whole(self, script: Script) -> dict[str, Any]:
        message = {"role": "assistant", "content": script.text, "refusal": None}
        return {
            **self._frame,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": script.finish}],
            "usage": _chat_usage(script.counts),
        }


class ResponsesEncoder:
    """`/v1/responses`."""

    done: str | None = None

    def __init__(self, body: Body, number: int) -> None:
        self.id = f"resp_paced{number}"
        self._previous = body.get("previous_response_id")
        self._created = int(time.time())
        self._model = body.get("model", "paced")
        self._sequence = 0
        self._thoughts: list[str] = []
        self._items: list[dict[str, Any]] = []
        self._message_open = False
        self._template = ("", "")

    def _event(self, type_: str, **rest: Any) -> Event:
        self._sequence += 1
        return type_, dump_json({"type": type_, "sequence_number": self._sequence - 1, **rest})

    def _response(self, status: str, counts: TokenCounts | None = None, reason: str | None = None) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "response",
            "previous_response_id": self._previous,
            "created_at": self._created,
            "status": status,
            "error": {"code": "server_error", "message": _BROKEN} if status == "failed" else None,
            "incomplete_details": {"reason": reason} if reason else None,
            "instructions": None,
            "metadata": {},
            "model": self._model,
            "output": self._items,
            "parallel_tool_calls": True,
            "store": False,
            "tool_choice": "auto",
            "tools": [],
            "usage": _responses_usage(counts) if counts else None,
        }

    def opening(self) -> list[Event]:
        return [
            self._event(f"response.{name}", response=self._response("in_progress"))
            for name in ("created", "in_progress")
        ]

    def reasoning(self, piece: str) -> list[Event]:
        place = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
        events = []
        if not self._thoughts:
            item = {"id": "rs_1", "type": "reasoning", "summary": []}
            part = {"type": "summary_text", "text": ""}
            events.append(self._event("response.output_item.added", output_index=0, item=item))
            events.append(self._event("response.reasoning_summary_part.added", part=part, **place))
        self._thoughts.append(piece)
        return [*events, self._event("response.reasoning_summary_text.delta", delta=piece, **place)]

    def _end_reasoning(self) -> list[Event]:
        if not self._thoughts or self._items:
            return []
        place = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
        part = {"type": "summary_text", "text": "".join(self._thoughts)}
        self._items.append({"id": "rs_1", "type": "reasoning", "summary": [part]})
        return [
            self._event("response.reasoning_summary_text.done", text=part["text"], **place),
            self._event("response.reasoning_summary_part.done", part=part, **place),
            self._event("response.output_item.done", output_index=0, item=self._items[0]),
        ]

    def _message(self, status: str, text: str | None = None) -> dict[str, Any]:
        content = [] if text is None else [_text_part(text)]
        return {"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content}

    def _open_message(self) -> list[Event]:
        if self._message_open:
            return []
        self._message_open = True
        events = self._end_reasoning()
        index = len(self._items)
        self._place = {"item_id": "msg_1", "output_index": index, "content_index": 0}
        events.append(self._event("response.output_item.added", output_index=index, item=self._message("in_progress")))
        events.append(self._event("response.content_part.added", part=_text_part(""), **self._place))
        delta = {"type": "response.output_text.delta", **self._place, "logprobs": [], "delta": _MARK}
        before, after = dump_json(delta).split(f'"{_MARK}"')
        self._template = (before, f'{after[:-1]},"sequence_number":')
        return events

    def token(self, piece: str) -> list[Event]:
        events = self._open_message()
        self._sequence += 1
        before, after = self._template
        events.append(("response.output_text.delta", f"{before}{dump_json(piece)}{after}{self._sequence - 1}}}"))
        return events

    def closing(self, script: Script) -> list[Event]:
        status = "completed" if script.finish == "stop" else "incomplete"
        reason = {"length": "max_output_tokens"}.get(script.finish, script.finish) if script.finish != "stop" else None
        events = self._open_message()
        message = self._message(status, script.text)
        events += [
            self._event("response.output_text.done", text=script.text, logprobs=[], **self._place),
            self._event("response.content_part.done", part=_text_part(script.text), **self._place),
            self._event("response.output_item.done", output_index=len(self._items), item=message),
        ]
        self._items.append(message)
        response = self._response(status, script.counts, reason)
        return [*events, self._event(f"response.{status}", response=response)]

    def without_output(self, counts: TokenCounts) -> list[Event]:
        """The end of a response that was asked for with ``generate: false``."""
        return [self._event("response.completed", response=self._response("completed", counts))]

    def steer(self, outcome: str, **rest: Any) -> list[Event]:
        """Tell what became of new words for this response: ``accepted`` or ``failed``."""
        return [self._event(f"response.steer.{outcome}", **rest)]

    def oddity(self, fault: str) -> list[Event]:
        if fault == "null_delta":
            return [self._event("response.output_text.delta", delta=None)]
        if fault == "missing_choices":
            return [self._event("response.output_text.delta")]
        if fault == "unknown_events":
            return [self._event("response.surprise.delta", delta="not text"), ("keepalive", "{}")]
        if fault == "failed_event":
            return [self._event("response.failed", response=self._response("failed"))]
        return [self._event("error", code="server_error", message=_BROKEN, param=None)]

    def whole(self, script: Script) -> dict[str, Any]:
        for piece in script.reasoning:
            self.reasoning(piece)
        last = json.loads(self.closing(script)[-1][1])
        response: dict[str, Any] = last["response"]
        return response


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _chat_usage(counts: TokenCounts) -> dict[str, Any]:
    return {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cached},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning},
    }


def _chat_timing(script: Script, id_: str) -> dict[str, Any]:
    """How long it took, as the endpoints tell it in the last chunk; times in seconds, llama.cpp's in ms."""
    counts, queue_s, prompt_s = script.counts, script.queue_s, max(0.0, script.first_token_s - script.queue_s)
    answer_s = counts.output / script.rate_tok_s
    times = {"queue_time": queue_s, "prompt_time": prompt_s, "completion_time": answer_s}
    times["total_time"] = sum(times.values())
    if script.timing == "cerebras":
        return {"time_info": {**times, "created": time.time()}}
    if script.timing == "groq":
        return {"x_groq": {"id": f"req_{id_}", "usage": {**_chat_usage(counts), **times}}}
    if script.timing == "llama.cpp":
        speed = script.rate_tok_s if script.rate_tok_s < math.inf else 1_000_000.0
        timings = {
            "cache_n": counts.cached,
            "prompt_n": counts.input - counts.cached,
            "prompt_ms": 1_000 * prompt_s,
            "predicted_n": counts.output,
            "predicted_ms": 1_000 * answer_s,
            "predicted_per_token_ms": 1_000 / speed,
            "predicted_per_second": speed,
        }
        return {"timings": timings}
    return {}


def _responses_usage(counts: TokenCounts) -> dict[str, Any]:
    return {
        "input_tokens": counts.input,
        "input_tokens_details": {"cached_tokens": counts.cached},
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.input + counts.output,
    }
