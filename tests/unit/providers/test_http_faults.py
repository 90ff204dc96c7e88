"""What can go wrong at an endpoint: each fault is one clear error, keys stay, stopping closes upstream."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from jupyter_spark import errors
from jupyter_spark.providers import Completed, Started, open_provider
from jupyter_spark.settings import Deadlines
from tests.paced import Fault, PacedServer, until
from tests.paced.reading import ANSWER, run
from tests.unit.providers.serving import KEY, both, fails, make_profile, opened, read, serving, text

# --- faults before the answer ----------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("http_401", errors.AuthenticationError, "refuses the key"),
        ("http_403", errors.AuthenticationError, "insufficient permissions"),
        ("http_404_model", errors.ModelNotFoundError, "has no model"),
        (Fault("http_429", retry_after_s=0.01), errors.RateLimitError, "no more requests"),
        (Fault("http_429_quota", retry_after_s=0.01), errors.RateLimitError, "quota"),
        ("http_500", errors.ServerError, "status 500"),
    ],
)
def test_a_refusal_is_one_clear_line(api: str, fault: Any, kind: Any, says: str) -> None:
    async def scenario() -> None:
        async with serving(api, fault=fault) as (server, provider):
            error, events = await fails(provider, kind)
            assert events == []
            assert error.message.startswith("The endpoint ")
            assert says in error.message
            assert error.hint
            assert error.retryable == (kind is errors.ServerError or fault == Fault("http_429", retry_after_s=0.01))
            if kind is errors.RateLimitError:
                assert error.retry_after_s == 0.01
            server.fault = None
            assert text(await read(provider)) == ANSWER

    run(scenario)


@both
def test_a_passing_failure_is_tried_again_before_the_answer(api: str) -> None:
    async def scenario() -> None:
        fault = [Fault("http_503_then_fine", retry_after_s=0.01), Fault("http_429", times=1, retry_after_s=0.01)]
        async with serving(api, fault=fault) as (server, provider):
            assert text(await read(provider)) == ANSWER
            assert [record.status for record in server.records] == [503, 429, 200]

    run(scenario)


@both
def test_a_refused_parameter_is_dropped_and_remembered(api: str) -> None:
    async def scenario() -> None:
        faults = [Fault("http_400_unsupported_parameter", parameter=name) for name in ("temperature", "top_p")]
        parameters = {"temperature": 0.0, "top_p": 0.5}
        accepts = ("temperature", "top_p", "stream_options")
        async with (
            PacedServer(fault=faults) as server,
            opened(api, server, accepts=accepts, parameters=parameters) as provider,
        ):
            for _ in range(2):
                events = await read(provider)
                assert [type(event) for event in events if isinstance(event, Started | Completed)] == [
                    Started,
                    Completed,
                ]
            assert [record.status for record in server.records] == [400, 400, 200, 200]
            bodies = [record.body or {} for record in server.records]
            assert ["temperature" in body for body in bodies] == [True, False, False, False]
            assert ["top_p" in body for body in bodies] == [True, True, False, False]
            assert all("stream_options" in body for body in bodies)

    run(scenario)


@both
def test_a_parameter_that_cannot_be_dropped_is_an_error(api: str) -> None:
    async def scenario() -> None:
        async with serving(api, fault=Fault("http_400_unsupported_parameter", parameter="stream")) as (
            server,
            provider,
        ):
            error, _ = await fails(provider, errors.BadRequestError)
            assert (error.code, error.parameter) == ("unsupported_parameter", "stream")
            assert len(server.records) == 1

    run(scenario)


@both
def test_the_next_model_of_the_profile_answers(api: str) -> None:
    async def scenario() -> None:
        faults = [Fault("http_404_model", model="best"), Fault("http_404_model", model="good")]
        models = ("best", "good", "plain")
        async with PacedServer(fault=faults) as server, opened(api, server, models=models) as provider:
            assert provider.model == "best"
            events = await read(provider)
            assert [event for event in events if isinstance(event, Started)] == [Started("plain")]
            assert isinstance(events[-1], Completed)
            assert provider.model == "plain"
            await read(provider)
            assert [(record.body or {})["model"] for record in server.records] == ["best", "good", "plain", "plain"]

    run(scenario)


@both
def test_no_model_of_the_profile_is_to_be_had(api: str) -> None:
    async def scenario() -> None:
        async with PacedServer(fault="http_404_model") as server, opened(api, server, models=("a", "b")) as provider:
            error, _ = await fails(provider, errors.ModelNotFoundError)
            assert "`b`" in error.message
            assert "jupyter_spark.toml" in error.hint

    run(scenario)


@both
def test_many_models_end_in_an_error_and_never_in_silence(api: str) -> None:
    async def scenario() -> None:
        models = tuple(f"m{number}" for number in range(20))
        async with PacedServer(fault="http_404_model") as server, opened(api, server, models=models) as provider:
            await fails(provider, errors.ModelNotFoundError)

    run(scenario)


@both
def test_no_server(api: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else answers there

        async def scenario() -> None:
            profile = make_profile(api, f"http://127.0.0.1:{held.getsockname()[1]}/v1")
            provider: Any = open_provider(profile, {"P_KEY": KEY})
            error, events = await fails(provider, errors.ConnectionFailed)
            await provider.aclose()
            assert events == []
            assert error.message == f"No connection to 'p' at 127.0.0.1:{held.getsockname()[1]}: refused."
            assert not error.retryable  # on this machine it is final

        run(scenario)


@both
@pytest.mark.parametrize("fault", ["headers_never", "first_token_never", "stall_mid_stream"])
def test_an_endpoint_that_takes_too_long(api: str, fault: Any) -> None:
    async def scenario() -> None:
        # A busy machine must still connect in time, and get the first tokens through where some are wanted.
        deadlines = Deadlines(first_token_s=20.0 if fault == "stall_mid_stream" else 1.0, stall_s=0.3)
        async with (
            PacedServer(fault=fault, answer=ANSWER) as server,
            opened(api, server, deadlines=deadlines) as provider,
        ):
            error, events = await fails(provider, errors.DeadlineError)
            assert error.code == ("deadline_stall" if fault == "stall_mid_stream" else "deadline_first_token")
            assert error.retryable
            assert (len(text(events)) > 0) == (fault == "stall_mid_stream")
            await until(lambda: all(record.closed_at_s for record in server.records))

    run(scenario)


@both
def test_no_key(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_spark.settings._from_keyring", lambda names: None)

    async def scenario() -> None:
        async with serving(api) as (server, _), opened(api, server, key="") as provider:
            error, _ = await fails(provider, errors.AuthenticationError)
            assert error.code == "no_key"
            assert server.records == []

    run(scenario)


# --- faults in the stream --------------------------------------------------------------------------


@both
@pytest.mark.parametrize("fault", ["cut_before_terminal", Fault("cut_mid_token", after_tokens=3)])
def test_a_stream_that_only_ends_is_no_success(api: str, fault: Any) -> None:
    async def scenario() -> None:
        async with serving(api, fault=fault) as (server, provider):
            error, events = await fails(provider, errors.StreamCutError)
            assert error.retryable
            assert text(events) == (ANSWER if fault == "cut_before_terminal" else ANSWER[:12])
            assert not any(isinstance(event, Completed) for event in events)
            assert len(server.records) == 1  # what has begun is not begun again
            server.fault = None
            assert text(await read(provider)) == ANSWER

    run(scenario)


@both
@pytest.mark.parametrize("fault", ["error_event", "failed_event"])
def test_an_error_inside_the_stream(api: str, fault: Any) -> None:
    async def scenario() -> None:
        async with serving(api, fault=Fault(fault, after_tokens=2)) as (server, provider):
            error, events = await fails(provider, errors.ServerError)
            assert "The model produced an error in mid stream" in error.message
            assert text(events) == ANSWER[:8]
            assert len(server.records) == 1

    run(scenario)


# --- keys ------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("key", ["sk-wrong-9876543210", "csk-abcdefgh", "0123456789abcdef0123456789abcdef"])
def test_a_key_that_is_echoed_goes_no_further(api: str, key: str) -> None:
    async def scenario() -> None:
        async with PacedServer(require_key=KEY) as server, opened(api, server, key=key) as provider:
            error, _ = await fails(provider, errors.AuthenticationError)
            shown = [str(error), repr(error), error.hint, *error._render_traceback_(), repr(error.__dict__)]
            assert not any(key in line for line in shown)
            assert "***" in error.message
            assert "P_KEY" in error.hint

    run(scenario)
