"""From a request and the server's settings to the answer's tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from tests.paced.faults import BREAKS, Fault, warms_up

Body: TypeAlias = "dict[str, Any]"
Pieces: TypeAlias = "str | Sequence[str]"
Answer: TypeAlias = "Pieces | Callable[[Body], Pieces] | Mapping[Literal['echo'], int]"
Finish = Literal["stop", "length", "content_filter", "steered"]
Timing = Literal["", "cerebras", "groq", "llama.cpp"]
CHARACTERS_PER_TOKEN = 4
_REASONING = "The user wants this done, so I think about it first. "


@dataclass(frozen=True)
class TokenCounts:
    """What a reply reports as used, in tokens."""

    input: int
    cached: int
    output: int
    reasoning: int


@dataclass(frozen=True)
class Script:
    """One reply: reasoning, then answer, then how it ends.

    ``break_at`` is the number of tokens after which a fault of the stream strikes.
    """

    tokens: tuple[str, ...]
    reasoning: tuple[str, ...]
    finish: Finish
    counts: TokenCounts
    break_at: int
    rate_tok_s: float
    first_token_s: float
    timing: Timing = ""
    queue_s: float = 0.0

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.tokens)

    def steered(self, sent_tokens: int) -> Script:
        """The same reply, ended early because new words came."""
        output = sent_tokens + len(self.reasoning)
        counts = replace(self.counts, output=output)
        return replace(self, tokens=self.tokens[:sent_tokens], finish="steered", counts=counts)


def split_tokens(text: str) -> tuple[str, ...]:
    """Cut a text into pieces of four characters, one a token."""
    return tuple(text[start : start + CHARACTERS_PER_TOKEN] for start in range(0, len(text), CHARACTERS_PER_TOKEN))


def code_answer(n_tokens: int) -> str:
    """Write a fenced cell of Python that parses and is ``n_tokens`` tokens long."""
    head, foot = "```python\n", "\n```\n"
    room = n_tokens * CHARACTERS_PER_TOKEN - len(head) - len(foot)
    if room < 2:
        raise ValueError("a fenced cell takes at least 5 tokens")
    lines: list[str] = []
    while room > 60:
        number = len(lines)
        lines.append(f"value_{number:05} = [{number} * step for step in range(3)]\n")
        room -= len(lines[-1])
    return head + "".join(lines) + "#" * room + foot


def write_script(
    body: Body,
    answer: Answer,
    faults: Mapping[str, Fault],
    *,
    rate_tok_s: float,
    first_token_s: float,
    input_tokens: int,
    cached_tokens: int,
    timing: Timing = "",
    queue_s: float = 0.0,
) -> Script:
    """Work out the reply: the answer, cut at the request's stop texts and limit and by the faults."""
    said = "" if warms_up(body) else _say(answer, body)
    tokens = split_tokens(_cut_at_stop(said, body)) if isinstance(said, str) else tuple(said)
    finish: Finish = "stop"
    limits = [body.get(key) for key in ("max_tokens", "max_completion_tokens", "max_output_tokens")]
    limit = min((value for value in limits if isinstance(value, int)), default=len(tokens))
    if limit < len(tokens):
        tokens, finish = tokens[:limit], "length"
    asked = next((fault.after_tokens for fault in faults.values() if fault.after_tokens is not None), None)
    breaks = any(name in BREAKS or name.startswith("garbage") for name in faults)
    break_at = min(len(tokens), asked if asked is not None else len(tokens) // 2) if breaks else len(tokens)
    if "incomplete" in faults or "filtered" in faults:
        tokens, finish = tokens[:break_at], "length" if "incomplete" in faults else "content_filter"
    reasoning = split_tokens(_REASONING) if "reasoning" in faults else ()
    return Script(
        tokens=tokens,
        reasoning=reasoning,
        finish=finish,
        counts=TokenCounts(
            input_tokens, min(cached_tokens, input_tokens), len(tokens) + len(reasoning), len(reasoning)
        ),
        break_at=break_at,
        rate_tok_s=rate_tok_s,
        first_token_s=first_token_s,
        timing=timing,
        queue_s=queue_s,
    )


def _say(answer: Answer, body: Body) -> Pieces:
    if isinstance(answer, Mapping):
        return _last_words(body) * answer["echo"]
    return answer(body) if callable(answer) else answer


def _last_words(body: Body) -> str:
    items = body.get("messages") or body.get("input") or ""
    return items if isinstance(items, str) else str(items[-1]["content"])


def _cut_at_stop(text: str, body: Body) -> str:
    stops = body.get("stop") or ()
    for stop in (stops,) if isinstance(stops, str) else stops:
        text = text.split(stop, 1)[0]
    return text
