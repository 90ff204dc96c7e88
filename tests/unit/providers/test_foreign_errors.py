"""Foreign errors become ours: by status, by code, by what came inside a stream; no key passes."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import httpx2
import openai
import pytest

from jupyter_spark import errors
from jupyter_spark.providers._failures import from_event, from_exception, from_status, without_keys
from jupyter_spark.providers._http import DONE, _read_events
from jupyter_spark.providers._protocol import Completed, Delta, ProviderRequest, UsageSeen
from jupyter_spark.providers._retry import delay_s
from jupyter_spark.providers.chat import ChatProvider
from jupyter_spark.providers.responses import ResponsesProvider
from jupyter_spark.settings import Profile
from jupyter_spark.wire import Usage

PROFILE = Profile(name="p", key_env=("P_KEY", "Q_KEY"))


def status(status: int, body: dict[str, Any] | None = None, message: str = "Words.") -> errors.ProviderError:
    return from_status(status, body or {}, message, PROFILE, None)


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (400, {}, errors.BadRequestError),
        (401, {}, errors.AuthenticationError),
        (403, {}, errors.AuthenticationError),
        (403, {"code": "model_not_found"}, errors.ModelNotFoundError),
        (404, {}, errors.BadRequestError),
        (404, {"message": "The Model x is not there"}, errors.ModelNotFoundError),
        (400, {"code": "model_not_available"}, errors.ModelNotFoundError),
        (404, {"code": "deployment_not_found"}, errors.ModelNotFoundError),
        (422, {}, errors.BadRequestError),
        (429, {}, errors.RateLimitError),
        (500, {}, errors.ServerError),
        (529, {}, errors.ServerError),
        (400, {"error": {"code": "model_not_found"}}, errors.ModelNotFoundError),
        (500, {"error": "just words"}, errors.ServerError),
    ],
)
def test_a_status(code: int, body: dict[str, Any], kind: type[errors.ProviderError]) -> None:
    error = status(code, body)
    assert type(error) is kind
    assert error.message.startswith("Profile 'p' ")
    assert error.hint
    assert error.retryable == (kind in (errors.RateLimitError, errors.ServerError))


def test_the_names_of_keys_to_check() -> None:
    assert status(401).hint == "Check P_KEY or Q_KEY."
    assert from_status(401, {}, "x", Profile(name="p"), None).hint == "Check the profile's key."


def test_what_the_endpoint_says_is_told() -> None:
    assert status(400, {"error": {"message": "Too\n long."}}).message.endswith("refuses the request: Too long.")
    assert status(400).message.endswith(": Words.")


@pytest.mark.parametrize("code", ["unsupported_parameter", "unknown_parameter", "unsupported_value"])
def test_a_parameter_that_is_not_supported(code: str) -> None:
    error = status(400, {"error": {"code": code, "param": "top_p"}})
    assert (error.code, error.parameter) == ("unsupported_parameter", "top_p")
    assert "'top_p'" in error.message
    assert status(400, {"error": {"code": code, "param": None}}).parameter is None
    assert status(400, {"error": {"code": "other", "param": "top_p"}}).parameter is None


def _caused(cause: Exception) -> errors.SparkError:
    request = httpx2.Request("POST", "http://127.0.0.1:1/v1")
    try:
        raise openai.APIConnectionError(request=request) from ExceptionGroupLike([cause])
    except openai.APIConnectionError as error:
        return from_exception(error, PROFILE.model_copy(update={"base_url": "http://me:pw@10.0.0.1:1/v1"}), None, {})


class ExceptionGroupLike(Exception):
    """Several addresses of one host, tried at once."""

    def __init__(self, exceptions: list[Exception]) -> None:
        super().__init__("several")
        self.exceptions = exceptions


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "refused"),
        (socket.gaierror(-2, "Name or service not known"), "no host of that name is known"),
        (ssl.SSLCertVerificationError(1, "x"), "its certificate is not trusted"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "it does not speak TLS as it should"),
        (ConnectionResetError(104, "x"), "the connection was cut"),
        (OSError(101, "Network is unreachable"), "network is unreachable"),
        (ValueError("ReadError"), "the connection was cut"),
    ],
)
def test_why_there_is_no_connection(cause: Exception, said: str) -> None:
    error = _caused(cause)
    assert error.message.startswith(f"No connection to 'p' at 10.0.0.1:1: {said}")
    assert isinstance(error, errors.ConnectionFailed)
    assert error.retryable  # elsewhere it may pass


def test_a_connection_is_tried_once_more_and_no_oftener() -> None:
    error = errors.ConnectionFailed("x", retryable=True)
    assert 0 < delay_s(error, 0, 60.0) < 1
    with pytest.raises(errors.ConnectionFailed):
        delay_s(error, 1, 60.0)


def test_quota_is_not_worth_a_retry() -> None:
    error = status(429, {"code": "insufficient_quota"})
    assert not error.retryable
    assert "quota" in error.hint


@pytest.mark.parametrize(("value", "seconds"), [("2.5", 2.5), ("soon", None), (None, None)])
def test_how_long_to_wait(value: str | None, seconds: float | None) -> None:
    headers = httpx2.Headers({} if value is None else {"retry-after": value})
    assert getattr(from_status(429, {}, "x", PROFILE, None, headers), "retry_after_s") == seconds  # noqa: B009
    assert status(429).retry_after_s is None


@pytest.mark.parametrize("inside", [True, False])
def test_how_long_to_wait_is_told_in_an_event(inside: bool) -> None:
    """The SDK's types have the headers in the error; a reply's headers may as well stand beside it."""
    headers = {"headers": {"Retry-After": "3"}}
    error = {"code": "rate_limit_exceeded", "message": "m", **(headers if inside else {})}
    event = {"type": "error", "status": 429, "error": error, **({} if inside else headers)}
    with pytest.raises(errors.RateLimitError) as caught:
        ResponsesProvider(PROFILE, {})._reader().read(event)
    assert caught.value.retry_after_s == 3.0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"message": "m"}, errors.ServerError),
        ("only words", errors.ServerError),
        ({"code": "rate_limit_exceeded"}, errors.RateLimitError),
        ({"type": "rate_limit_error"}, errors.RateLimitError),
        ({"code": "insufficient_quota"}, errors.RateLimitError),
        ({"code": 429}, errors.RateLimitError),
        ({"code": 503, "status": "UNAVAILABLE"}, errors.ServerError),
        ({"code": 400, "status": "INVALID_ARGUMENT"}, errors.BadRequestError),
        ({"status": 401}, errors.AuthenticationError),
        ({"code": 7}, errors.ServerError),
        ({"code": "model_not_found"}, errors.ModelNotFoundError),
    ],
)
def test_an_error_inside_a_stream(body: Any, kind: type[errors.SparkError]) -> None:
    assert type(from_event(body, PROFILE, None)) is kind


def test_an_error_inside_a_stream_is_told() -> None:
    assert "only words" in from_event("only words", PROFILE, None).message


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Bad key: sk-abc***xyz.", "Bad key: ***"),
        ("csk-12345678 gsk_12345678 key-12345", "*** *** ***"),
        ("a task-force of sk- and key", "a task-force of sk- and key"),
        ("two\nlines", "two lines"),
        ("x" * 500, "x" * 400),
        ("the mine here", "the *** here"),
    ],
)
def test_without_keys(text: str, clean: str) -> None:
    assert without_keys(text, "mine") == clean
    assert without_keys("mine", None) == "mine"


REQUEST = httpx2.Request("POST", "http://localhost/v1")


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (openai.APITimeoutError(REQUEST), errors.DeadlineError, "within 10 s"),
        (httpx2.ConnectTimeout("x"), errors.DeadlineError, "within 10 s"),
        (
            openai.APIConnectionError(message="no mine", request=REQUEST),
            errors.ConnectionFailed,
            "to 'p': the connection was cut",
        ),
        (openai.APIConnectionError(message="", request=REQUEST), errors.ConnectionFailed, "the connection was cut"),
        (httpx2.RemoteProtocolError("x"), errors.StreamCutError, "the connection was cut"),
        (httpx2.StreamClosed(), errors.StreamCutError, "the connection was cut"),
        (ConnectionResetError(), errors.StreamCutError, "the connection was cut"),
        (RuntimeError("odd mine"), errors.ProviderError, "odd ***"),
        (RuntimeError(), errors.ProviderError, "RuntimeError"),
    ],
)
def test_an_exception(error: Exception, kind: type[errors.SparkError], says: str) -> None:
    ours = from_exception(error, PROFILE, "mine")
    assert type(ours) is kind
    assert says in ours.message


def test_ours_stay() -> None:
    ours = errors.UsageError("x")
    assert from_exception(ours, PROFILE, None) is ours


def test_a_reply_that_is_not_json() -> None:
    response = httpx2.Response(502, request=REQUEST, text="<html>", headers={"retry-after": "1"})
    error = openai.InternalServerError("Bad gateway", response=response, body="<html>")
    assert "Bad gateway" in from_exception(error, PROFILE, None).message


# --- events that the paced endpoint does not send -----------------------------------------------------


def test_deltas_that_arrive_together_are_one() -> None:
    reader = ChatProvider(PROFILE, {})._reader()
    chunk = b'{"choices":[{"delta":{"content":"%b"},"finish_reason":%b}]}'
    data = [chunk % (b"a", b"null"), b"not json", b"[1]", b'"x"', chunk % (b"b", b'"stop"'), b'{"usage":{}}', DONE]
    assert _read_events(reader, data) == [Delta("ab"), UsageSeen(Usage()), Completed("stop")]


def test_a_running_count_is_told_once() -> None:
    reader = ChatProvider(PROFILE, {})._reader()
    data = [b'{"usage":{"completion_tokens":%d}}' % n for n in (1, 2, 3)]
    data.append(b'{"choices":[{"finish_reason":"stop"}]}')
    assert _read_events(reader, [*data, DONE]) == [UsageSeen(Usage(output_tokens=3)), Completed("stop")]


def test_done_without_a_finish_reason_is_no_end() -> None:
    assert _read_events(ChatProvider(PROFILE, {})._reader(), [DONE]) == []


@pytest.mark.parametrize(
    ("reason", "ours"), [("stop", "stop"), ("tool_calls", "stop"), ("length", "length"), ("content_filter", "filter")]
)
def test_finish_reasons(reason: str, ours: str) -> None:
    reader = ChatProvider(PROFILE, {})._reader()
    assert reader.read({"choices": [{"finish_reason": reason}]}) == []
    assert reader.end() == [Completed(ours)]


def test_errors_and_refusals_of_the_responses_api() -> None:
    reader = ResponsesProvider(PROFILE, {})._reader()
    assert reader.read({"type": "response.refusal.delta", "delta": "No."}) == [Delta("No.")]
    assert reader.read({"type": "response.completed"}) == [Completed("stop")]
    assert reader.read({"type": "response.incomplete", "response": {"incomplete_details": None}}) == [
        Completed("length")
    ]
    assert reader.read({}) == reader.end() == []
    bodies: list[dict[str, Any]] = [
        {"error": {"message": "m"}},
        {"type": "error", "error": {"message": "m"}},
        {"type": "error", "message": "m"},
        {"type": "response.failed", "response": {"error": {"message": "m"}}},
    ]
    for body in bodies:
        with pytest.raises(errors.ServerError, match=": m"):
            reader.read(body)


@pytest.mark.parametrize(
    ("last", "queue_s", "rate"),
    [
        ({"x_groq": {"usage": {"queue_time": 0.25, "completion_time": 0.5, "completion_tokens": 100}}}, 0.25, 200.0),
        ({"usage": {"completion_tokens": 100}, "time_info": {"queue_time": 0.01, "completion_time": 0.05}}, 0.01, 2e3),
        ({"usage": {"completion_tokens": 9}, "timings": {"predicted_per_second": 35.5}}, None, 35.5),
        ({"usage": {"completion_tokens": 9}, "time_info": {"queue_time": "soon", "completion_time": 0}}, None, None),
    ],
)
def test_what_an_endpoint_tells_of_its_own_speed(last: dict[str, Any], queue_s: float | None, rate: float) -> None:
    reader = ChatProvider(PROFILE, {})._reader()
    reader.read({"choices": [{"finish_reason": "stop"}], **last})
    seen = reader.end()[0]
    assert isinstance(seen, UsageSeen)
    assert (seen.queue_s, seen.tokens_per_s) == (queue_s, pytest.approx(rate) if rate else None)


def test_what_is_sent_of_prediction_and_cache_key() -> None:
    profile = Profile(name="p", accepts=("prediction", "prompt_cache_key"))
    request = ProviderRequest((), prediction="old = 1", cache_key="k")
    body = ChatProvider(profile, {})._body(request)
    assert body["prediction"] == {"type": "content", "content": "old = 1"}
    assert body["prompt_cache_key"] == "k"
    assert "prediction" not in ChatProvider(PROFILE, {})._body(request)
    assert "prediction" not in ChatProvider(profile, {})._body(ProviderRequest(()))


def test_an_error_inside_a_stream_is_given_no_status_that_nobody_said() -> None:
    for body, said in (({"message": "overloaded"}, ""), ({"message": "overloaded", "code": 503}, " (status 503)")):
        assert from_event(body, PROFILE, None).message == f"Profile 'p' failed{said}: overloaded."
