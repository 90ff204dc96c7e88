"""The paced endpoint's faults: each does what its name says."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
import pytest

from tests.paced import (
    Fault,
    PacedServer,
    until,
)
from tests.paced.reading import ANSWER, chat, connected, raw_stream, respond, run


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("http_401", openai.AuthenticationError, "invalid_api_key"),
        ("http_403", openai.PermissionDeniedError, "insufficient_permissions"),
        ("http_404_model", openai.NotFoundError, "model_not_found"),
        ("http_429", openai.RateLimitError, "rate_limit_exceeded"),
        ("http_429_quota", openai.RateLimitError, "insufficient_quota"),
        ("http_500", openai.InternalServerError, None),
    ],
)
def test_http_errors(fault: Any, kind: type[openai.APIStatusError], code: str | None) -> None:
    async def scenario() -> None:
        async with connected(fault=Fault(fault, times=2)) as (server, client):
            for call in (chat, respond):
                with pytest.raises(kind) as caught:
                    await call(client)
                assert caught.value.code == code
            assert server.fault == ()
            assert (await chat(client))[0] == ANSWER

    run(scenario)


def test_retries_after_503_and_429() -> None:
    async def scenario() -> None:
        fault = ["http_503_then_fine", Fault("http_429", times=1, retry_after_s=0.01)]
        async with connected(fault=fault) as (server, client):
            assert (await chat(client.with_options(max_retries=2)))[0] == ANSWER
            assert [record.status for record in server.records] == [503, 429, 200]

    run(scenario)


def test_an_unsupported_parameter_and_a_missing_model() -> None:
    async def scenario() -> None:
        fault = [
            Fault("http_400_unsupported_parameter", parameter="temperature"),
            Fault("http_404_model", model="absent"),
        ]
        async with connected(fault=fault) as (_, client):
            with pytest.raises(openai.BadRequestError) as caught:
                await chat(client, temperature=0.0)
            assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "temperature")
            assert (await chat(client))[0] == ANSWER
            with pytest.raises(openai.NotFoundError):
                await client.responses.create(model="absent", input="Hi", stream=True)

    run(scenario)


def test_keys_and_refused_connections() -> None:
    async def scenario() -> None:
        async with connected(require_key="sk-right") as (server, client):
            with pytest.raises(openai.AuthenticationError):
                await client.models.list()
            assert (await chat(client.with_options(api_key="sk-right")))[0] == ANSWER
            server.fault = "refuse"
            with pytest.raises(openai.APIConnectionError):
                await chat(client.with_options(api_key="sk-right"))

    run(scenario)


@pytest.mark.parametrize(
    "fault",
    ["reasoning", "crlf", "no_space", "comment_pings", "byte_by_byte", "split_utf8", "garbage_line"],
)
def test_odd_streams_carry_the_whole_answer(fault: Any) -> None:
    async def scenario() -> None:
        async with connected(fault=fault) as (server, client):
            assert (await chat(client))[0] == ANSWER
            text, events = await respond(client)
            assert (text, events[-1].type) == (ANSWER, "response.completed")
            await until(lambda: all(record.finished for record in server.records))

    run(scenario)


@pytest.mark.parametrize(
    ("fault", "in_chat", "in_responses"),
    [
        ("null_delta", b'"delta":null', b'"delta":null'),
        ("missing_choices", b'"choices":null', b'"type":"response.output_text.delta","sequence_number":5}'),
        ("unknown_events", b"event: x_progress\n", b"event: response.surprise.delta\n"),
        ("garbage_line", b"\n<html>", b"\n<html>"),
        ("garbage_json", b'\ndata: {"choices": [{\n', b'\ndata: {"choices": [{\n'),
        ("comment_pings", b": ping\n\n", b": ping\n\n"),
        ("crlf", b"}\r\n\r\n", b"\r\ndata: {"),
        ("no_space", b"data:{", b"event:response.created\ndata:{"),
        ("error_event", b'data: {"error":{"message":', b'event: error\ndata: {"type":"error"'),
        ("failed_event", b'data: {"error":{"message":', b'event: response.failed\ndata: {"type":"response.failed"'),
        ("incomplete", b'"finish_reason":"length"', b'"incomplete_details":{"reason":"max_output_tokens"}'),
        ("filtered", b'"finish_reason":"content_filter"', b'"incomplete_details":{"reason":"content_filter"}'),
        ("reasoning", b'"delta":{"reasoning_content":', b"event: response.reasoning_summary_text.delta\n"),
    ],
)
def test_a_fault_is_on_the_wire(fault: Any, in_chat: bytes, in_responses: bytes) -> None:
    async def scenario() -> None:
        async with PacedServer(answer=ANSWER) as server:
            for path, expected in (("/chat/completions", in_chat), ("/responses", in_responses)):
                server.fault = None
                assert expected not in b"".join(await raw_stream(server.base_url, path, {}))
                server.fault = fault
                assert expected in b"".join(await raw_stream(server.base_url, path, {}))

    run(scenario)


def test_split_characters_cross_the_edges_of_chunks() -> None:
    async def scenario() -> None:
        async with PacedServer(answer=ANSWER, fault="split_utf8") as server:
            chunks = await raw_stream(server.base_url, "/chat/completions", {})
            assert any(chunk[-1] >= 0xC0 for chunk in chunks)
            assert "☃" in b"".join(chunks).decode()

    run(scenario)


def test_streams_that_break_off() -> None:
    async def scenario() -> None:
        async with connected(fault=Fault("cut_mid_token", after_tokens=3)) as (server, client):
            for call in (chat, respond):
                # The SDK lets the transport's own error through once a stream has begun.
                with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
                    await call(client)
                assert server.records[-1].sent_tokens == 3
            server.fault = "cut_before_terminal"
            assert await chat(client) == (ANSWER, None, None)
            text, events = await respond(client)
            assert (text, events[-1].type) == (ANSWER, "response.output_text.delta")
            assert not any(record.finished or record.closed_at_s for record in server.records)

    run(scenario)


def test_errors_inside_a_stream() -> None:
    async def scenario() -> None:
        async with connected(fault=Fault("error_event", after_tokens=2)) as (server, client):
            with pytest.raises(openai.APIError, match="mid stream"):
                await chat(client)
            text, events = await respond(client)  # the SDK passes this one on as an event
            assert (text, events[-1].type, events[-1].code) == (ANSWER[:8], "error", "server_error")
            assert [record.sent_tokens for record in server.records] == [2, 2]
            server.fault = "failed_event"
            _, events = await respond(client)
            assert events[-1].response.error.code == "server_error"
            server.fault = "incomplete"
            text, events = await respond(client)
            assert events[-1].response.incomplete_details.reason == "max_output_tokens"
            assert ANSWER.startswith(text)
            assert text != ANSWER

    run(scenario)
