"""What can go wrong at an endpoint, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

FaultName = Literal[
    # Before any reply.
    "refuse",  # the connection is reset as soon as it is accepted
    "http_401",
    "http_403",
    "http_404_model",
    "http_400_unsupported_parameter",  # only while `parameter` is in the body
    "http_429",  # with `retry_after_s`, if set
    "http_429_quota",
    "http_500",
    "http_503_then_fine",  # once, unless `times` says otherwise
    "headers_never",
    # At a WebSocket's handshake only; http_401 and http_403 strike it too.
    "handshake_refused",  # with `status`: no WebSocket is offered here
    "handshake_never",  # a proxy swallows it
    # At a message of a WebSocket only; http_... come as error events with a status there.
    "previous_response_not_found",  # only while the body has a previous_response_id
    "connection_limit_reached",  # the error of a socket that is too old, then its close
    # In a stream: it ends badly, or does not end. At `after_tokens`, if set, else half way.
    "first_token_never",  # status, headers and the opening events come, then nothing
    "stall_mid_stream",
    "cut_mid_token",  # a TCP reset in the middle of a chunk
    "cut_before_terminal",  # every token, then a clean end without any terminal event
    "error_event",  # chat: {"error": ...}; responses: an `error` event
    "failed_event",  # responses: `response.failed`; chat: as error_event
    "incomplete",  # cut by the output limit
    "filtered",  # cut by the content filter
    "close_1006",  # WebSocket only: a TCP reset between two tokens
    "close_1011",  # WebSocket only: the server's internal error
    "close_1012",  # WebSocket only: the service restarts
    "garbage_frame",  # WebSocket only: bytes that are no frame
    # In a stream: odd, but the answer is whole.
    "garbage_line",  # a line that is no field of an event stream
    "garbage_json",  # a data line that is not JSON
    "split_utf8",  # multi-byte characters split over chunks and TCP writes
    "null_delta",
    "missing_choices",
    "unknown_events",
    "reasoning",
    "crlf",
    "no_space",
    "comment_pings",
    "byte_by_byte",
]
_CLOSES = frozenset({"close_1006", "close_1011", "close_1012", "garbage_frame"})
ENDS: frozenset[str] = frozenset({"stall_mid_stream", "cut_mid_token", "error_event", "failed_event"}) | _CLOSES
BREAKS: frozenset[str] = ENDS | {"incomplete", "filtered"}
RequestKind = Literal["http", "handshake", "message"]
_HANDSHAKE_ONLY = frozenset({"handshake_refused", "handshake_never"})
_MESSAGE_ONLY = _CLOSES | {"previous_response_not_found", "connection_limit_reached"}
_CONCERN_ANY_REQUEST: frozenset[str] = frozenset({"refuse", "http_401", "http_403"})


def warms_up(body: Mapping[str, Any]) -> bool:
    """Whether only the prompt is to be prepared, over a WebSocket."""
    return body.get("generate") is False or (body.get("prompt_cache_options") or {}).get("prewarm") is True


@dataclass(frozen=True)
class Fault:
    """A fault and when it strikes.

    Attributes
    ----------
    name : FaultName
        Which one.
    times : int, optional
        How many requests it strikes; without it, every one (``http_503_then_fine``: one).
    parameter : str
        ``http_400_unsupported_parameter``: the key of the body that is not supported.
    retry_after_s : float, optional
        ``http_429``: the ``retry-after`` header, in seconds.
    after_tokens : int, optional
        Faults in mid stream: how many tokens go out first. Without it, half of them.
    model : str, optional
        Strike only requests for this model.
    status : int
        ``handshake_refused``: the HTTP status, 404 unless told otherwise.
    on_warm_up : bool
        Strike requests with ``generate: false`` too.
    """

    name: FaultName
    times: int | None = None
    parameter: str = ""
    retry_after_s: float | None = None
    after_tokens: int | None = None
    model: str | None = None
    status: int = 404
    on_warm_up: bool = False

    def __post_init__(self) -> None:
        if self.name not in get_args(FaultName):
            raise ValueError(f"no fault is called {self.name!r}; there are: {', '.join(get_args(FaultName))}")
        if self.name == "http_400_unsupported_parameter" and not self.parameter:
            raise ValueError("http_400_unsupported_parameter needs parameter='...'")
        if self.name == "http_503_then_fine" and self.times is None:
            object.__setattr__(self, "times", 1)

    def concerns(self, body: Mapping[str, Any] | None, kind: RequestKind = "http") -> bool:
        """Whether it strikes a request of this kind with this body (None: a request without one)."""
        if self.name in _HANDSHAKE_ONLY or kind == "handshake":
            return kind == "handshake" and self.name in _HANDSHAKE_ONLY | _CONCERN_ANY_REQUEST and self.model is None
        if self.name in _MESSAGE_ONLY and kind != "message":
            return False
        if body is None:
            return self.name in _CONCERN_ANY_REQUEST and self.model is None
        if self.model is not None and body.get("model") != self.model:
            return False
        if warms_up(body) and not self.on_warm_up:
            return False
        if self.name == "previous_response_not_found":
            return bool(body.get("previous_response_id"))
        return self.name != "http_400_unsupported_parameter" or self.parameter in body


FaultLike: TypeAlias = "FaultName | Fault | Mapping[str, Any]"


def read_faults(given: FaultLike | Iterable[FaultLike] | None) -> tuple[Fault, ...]:
    """Faults from a name, a Fault, its JSON form, or several of these."""
    if given is None:
        return ()
    if isinstance(given, Fault):
        return (given,)
    if isinstance(given, str):
        return (Fault(given),)
    if isinstance(given, Mapping):
        return (Fault(**given),)
    return tuple(fault for one in given for fault in read_faults(one))


class ArmedFaults:
    """The faults in force, with how often each may still strike."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._left = [(fault, fault.times) for fault in faults]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that still strike."""
        return tuple(fault for fault, times in self._left if times is None or times > 0)

    def take(
        self, body: Mapping[str, Any] | None, kind: RequestKind = "http", only: FaultName | None = None
    ) -> dict[str, Fault]:
        """Take the faults of one request, by name, and count them off.

        At most one HTTP error is taken for a request, so that two that are armed strike one after the other.
        """
        taken: dict[str, Fault] = {}
        for index, (fault, times) in enumerate(self._left):
            spent = times is not None and times <= 0
            second_error = fault.name.startswith("http_") and any(name.startswith("http_") for name in taken)
            if spent or second_error or (only is not None and fault.name != only) or not fault.concerns(body, kind):
                continue
            taken[fault.name] = fault
            self._left[index] = (fault, None if times is None else times - 1)
        return taken


def error_body(message: str, type_: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's endpoints write it."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


def previous_not_found(id_: str) -> dict[str, Any]:
    """The error for an id that is not known here; with ``store=False`` an id is known to its WebSocket only."""
    message = f"Previous response with id '{id_}' not found."
    return error_body(message, "invalid_request_error", "previous_response_not_found", "previous_response_id")


def http_error(
    fault: Fault, body: Mapping[str, Any] | None, sent_key: str
) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, extra headers and body of an HTTP fault. A refused key is echoed whole, as the worst endpoints do."""
    model = (body or {}).get("model", "")
    bad, failed = "invalid_request_error", "server_error"
    retry = {} if fault.retry_after_s is None else {"retry-after": f"{fault.retry_after_s:g}"}
    table: dict[str, tuple[int, dict[str, str], dict[str, Any]]] = {
        "http_401": (401, {}, error_body(f"Incorrect API key provided: {sent_key}.", bad, "invalid_api_key")),
        "http_403": (403, {}, error_body("You have insufficient permissions.", bad, "insufficient_permissions")),
        "http_404_model": (
            404,
            {},
            error_body(f"The model `{model}` does not exist or you do not have access to it.", bad, "model_not_found"),
        ),
        "http_400_unsupported_parameter": (
            400,
            {},
            error_body(
                f"Unsupported parameter: '{fault.parameter}' is not supported with this model.",
                bad,
                "unsupported_parameter",
                fault.parameter,
            ),
        ),
        "http_429": (429, retry, error_body("Rate limit reached.", "tokens", "rate_limit_exceeded")),
        "http_429_quota": (
            429,
            retry,
            error_body("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
        ),
        "http_500": (500, {}, error_body("The server had an error.", failed, None)),
        "http_503_then_fine": (503, retry, error_body("The server is overloaded.", failed, "overloaded")),
    }
    return table[fault.name]
