"""The paced endpoint, seen through the real SDK and through plain sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.paced import (
    Fault,
    PacedServer,
    code_answer,
    running_paced_server,
    spawned_paced_server,
    split_tokens,
    until,
    wait_until,
)
from tests.paced.reading import ANSWER, MESSAGES, chat, connected, raw_stream, respond, run


def test_chat_stream_has_text_usage_and_record() -> None:
    async def scenario() -> None:
        async with connected(cached_tokens=5) as (server, client):
            text, usage, finish = await chat(client)
            assert (text, finish) == (ANSWER, "stop")
            assert usage.completion_tokens == len(split_tokens(ANSWER))
            assert usage.prompt_tokens_details.cached_tokens == 5
            (record,) = server.records
            assert record.path == "/v1/chat/completions"
            assert record.body is not None
            assert record.body["messages"] == MESSAGES
            assert json.loads(record.raw_body) == record.body
            assert record.headers["authorization"] == "Bearer sk-test"
            await until(lambda: record.finished)
            assert record.sent_tokens == len(split_tokens(ANSWER))
            assert record.closed_at_s is None
            assert record.first_sent_at_s is not None
            assert record.last_sent_at_s is not None
            assert record.at_s <= record.first_sent_at_s <= record.last_sent_at_s

    run(scenario)


def test_chat_stream_in_order_on_the_wire() -> None:
    async def scenario() -> None:
        async with PacedServer(answer=["one", "two"]) as server:
            body = {"model": "m", "stream_options": {"include_usage": True}}
            lines = b"".join(await raw_stream(server.base_url, "/chat/completions", body)).decode().split("\n\n")
            assert lines[-2:] == ["data: [DONE]", ""]
            chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
            assert [
                chunk["choices"][0]["delta"] if chunk["choices"] else chunk["usage"]["completion_tokens"]
                for chunk in chunks
            ] == [
                {"role": "assistant", "content": "", "refusal": None},
                {"content": "one"},
                {"content": "two"},
                {},
                2,
            ]
            assert {chunk["model"] for chunk in chunks} == {"m"}

    run(scenario)


def test_responses_stream_has_every_event_in_order() -> None:
    async def scenario() -> None:
        async with connected(cached_tokens=3, fault="reasoning") as (_, client):
            text, events = await respond(client)
            assert text == ANSWER
            types = [event.type for event in events]
            assert [name for index, name in enumerate(types) if name not in types[:index]] == [
                "response.created",
                "response.in_progress",
                "response.output_item.added",
                "response.reasoning_summary_part.added",
                "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.done",
                "response.reasoning_summary_part.done",
                "response.output_item.done",
                "response.content_part.added",
                "response.output_text.delta",
                "response.output_text.done",
                "response.content_part.done",
                "response.completed",
            ]
            assert [event.sequence_number for event in events] == list(range(len(events)))
            final = events[-1].response
            assert final.output_text == ANSWER
            assert final.usage.input_tokens_details.cached_tokens == 3
            thoughts = types.count("response.reasoning_summary_text.delta")
            assert final.usage.output_tokens_details.reasoning_tokens == thoughts > 0
            assert final.usage.output_tokens == thoughts + len(split_tokens(ANSWER))

    run(scenario)


def test_replies_without_stream() -> None:
    async def scenario() -> None:
        async with connected() as (server, client):
            whole = await client.chat.completions.create(model="paced", messages=MESSAGES)
            assert whole.choices[0].message.content == ANSWER
            assert whole.usage is not None
            response = await client.responses.create(model="paced", input="Hi")
            assert response.output_text == ANSWER
            assert response.status == "completed"
            assert [model.id async for model in client.models.list()] == ["paced"]
            with pytest.raises(openai.NotFoundError):
                await client.models.retrieve("other")
            assert server.connections_opened == 1  # one kept alive for all of them

    run(scenario)


def test_paced_streams_are_whole_at_any_rate() -> None:
    async def scenario() -> None:
        async with connected(first_token_s=0.02) as (server, client):
            for rate_tok_s, tokens in ((200.0, 30), (5_000.0, 1_000)):
                server.rate_tok_s, server.answer = rate_tok_s, code_answer(tokens)
                assert (await chat(client))[0] == server.answer
                record = server.records[-1]
                assert record.sent_tokens == tokens
                assert record.last_sent_at_s is not None
                # Order, not speed: no token goes out before its time, however late a busy machine makes it.
                due_s = record.at_s + server.first_token_s + (tokens - 1) / rate_tok_s
                assert record.last_sent_at_s > due_s - 0.001

    run(scenario)


def test_a_function_is_a_scripted_model() -> None:
    async def scenario() -> None:
        def repeat(body: dict[str, Any]) -> str:
            return f"You said: {body['messages'][-1]['content']} END more"

        async with connected(answer=repeat) as (_, client):
            assert (await chat(client, stop=[" END"]))[0] == "You said: Double it, please."
            text, usage, finish = await chat(client, max_tokens=2)
            assert (text, usage.completion_tokens, finish) == ("You said", 2, "length")

    run(scenario)


def test_what_a_script_raises_is_not_hidden() -> None:
    async def scenario() -> None:
        async with connected(answer=lambda body: body["absent"]) as (_, client):
            with pytest.raises(openai.InternalServerError, match="absent"):
                await chat(client)

    with pytest.raises(KeyError, match="absent"):
        run(scenario)


@pytest.mark.parametrize("fault", [None, "stall_mid_stream", "first_token_never", "headers_never"])
def test_the_clients_end_is_seen(fault: Any) -> None:
    async def scenario() -> None:
        async with connected(answer="x" * 40_000, rate_tok_s=500.0, fault=fault) as (server, client):
            turn = asyncio.create_task(chat(client))
            await until(lambda: server.records and (fault or server.records[0].sent_tokens > 3))
            (record,) = server.records
            assert record.closed_at_s is None
            turn.cancel()
            await asyncio.wait([turn])
            await until(lambda: record.closed_at_s is not None)
            assert not record.finished
            assert record.sent_tokens < 10_000
            sent = record.sent_tokens
            await until(lambda: server.connections_open == 0)
            assert record.sent_tokens == sent

    run(scenario)


def test_a_client_that_does_not_read_is_seen_to_close() -> None:
    async def scenario() -> None:
        async with PacedServer(answer="y" * 400_000) as server:
            with socket.create_connection((server.host, server.port)) as plain:
                body = b'{"stream": true}'
                head = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body)
                plain.sendall(head + body)
                await until(lambda: server.records and server.records[0].sent_tokens)
                sent = 0
                while sent < server.records[0].sent_tokens:  # until the buffers between the two are full
                    sent = server.records[0].sent_tokens
                    await asyncio.sleep(0.1)
                assert sent < 100_000
                plain.shutdown(socket.SHUT_WR)  # no reset wakes the server, which waits for room to write
                await until(lambda: server.records[0].closed_at_s is not None)
                await until(lambda: server.connections_open == 0)
                assert not server.records[0].finished

    run(scenario)


def test_a_server_that_stops_ends_its_streams() -> None:
    async def scenario() -> None:
        async with AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=0) as client:
            async with PacedServer(fault="stall_mid_stream") as server:
                turn = asyncio.create_task(chat(client.with_options(base_url=server.base_url)))
                await until(lambda: server.records and server.records[0].sent_tokens)
            with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
                await turn

    run(scenario)


def test_what_is_no_request_is_told() -> None:
    async def scenario() -> None:
        async with PacedServer() as server, httpx2.AsyncClient() as client:
            reply = await client.post(f"{server.base_url}/responses", content=b"{not json")
            assert (reply.status_code, "JSON" in reply.text) == (400, True)
            assert (await client.get(f"{server.base_url}/elsewhere")).status_code == 404

    run(scenario)


def test_wrong_settings_are_told() -> None:
    with pytest.raises(ValueError, match="above 0"):
        PacedServer(rate_tok_s=0)
    with pytest.raises(ValueError, match="no fault is called 'http_418'"):
        PacedServer(fault={"name": "http_418"})
    with pytest.raises(ValueError, match="parameter="):
        Fault("http_400_unsupported_parameter")


def test_code_answers_parse_and_have_their_length() -> None:
    for tokens in (5, 60, 3_000):
        answer = code_answer(tokens)
        assert len(split_tokens(answer)) == tokens
        compile(answer.removeprefix("```python\n").removesuffix("```\n"), "answer", "exec")


def test_in_a_thread() -> None:
    with running_paced_server(answer=ANSWER) as server:
        assert asyncio.run(_ask(server.base_url)) == ANSWER
        server.answer = "other"
        assert asyncio.run(_ask(server.base_url)) == "other"
        wait_until(lambda: all(record.finished for record in server.records))
        assert len(server.records) == 2
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_in_a_thread_the_callers_error_comes_first() -> None:
    with pytest.raises(LookupError, match="mine"), running_paced_server():
        raise LookupError("mine")
    with (
        running_paced_server() as server,
        pytest.raises(OSError, match="address"),
        running_paced_server(port=server.port),
    ):
        raise LookupError("it took a port that was taken")


def test_in_a_process() -> None:
    with spawned_paced_server(answer=ANSWER, rate_tok_s=2_000.0) as server:
        assert asyncio.run(_ask(server.base_url)) == ANSWER
        (record,) = server.records
        assert (record.sent_tokens, record.finished) == (len(split_tokens(ANSWER)), True)
        assert record.body is not None
        assert json.loads(record.raw_body) == record.body
        server.configure(answer=["a", "b"], fault={"name": "http_500", "times": 1}, forget=True)
        with pytest.raises(openai.InternalServerError):
            asyncio.run(_ask(server.base_url))
        assert asyncio.run(_ask(server.base_url)) == "ab"
        assert [record.status for record in server.records] == [500, 200]
        assert server.connections_opened >= 3
        with pytest.raises(OSError, match="400"):
            server.configure(colour="blue")


def test_the_notebooks_of_others_have_their_licences() -> None:
    folder = Path(__file__).parents[1] / "notebooks"
    notebooks = sorted(folder.glob("*.ipynb"))
    assert len(notebooks) == 10
    for notebook in notebooks:
        assert json.loads(notebook.read_bytes())["nbformat"] == 4
        assert any(
            notebook.name.startswith(licence.name.removeprefix("LICENSE-")) for licence in folder.glob("LICENSE-*")
        )


async def _ask(base_url: str) -> str:
    async with AsyncOpenAI(base_url=base_url, api_key="k", max_retries=0) as client:
        return (await chat(client))[0]


@pytest.mark.parametrize(
    ("timing", "path", "expected"),
    [
        ("cerebras", ("time_info", "queue_time"), 0.25),
        ("cerebras", ("time_info", "completion_time"), 0.002),
        ("groq", ("x_groq", "usage", "queue_time"), 0.25),
        ("llama.cpp", ("timings", "predicted_per_second"), 1_000.0),
        ("llama.cpp", ("timings", "prompt_ms"), 50.0),
    ],
)
def test_the_last_chunk_tells_how_long_it_took(timing: Any, path: tuple[str, ...], expected: float) -> None:
    async def scenario() -> None:
        async with PacedServer(answer=["one", "two"], timing=timing, queue_s=0.25, rate_tok_s=1_000.0) as server:
            server.first_token_s = 0.3
            body = {"model": "m", "stream_options": {"include_usage": True}}
            lines = b"".join(await raw_stream(server.base_url, "/chat/completions", body)).decode().split("\n\n")
            value = json.loads(lines[-3].removeprefix("data: "))
            for name in path:
                value = value[name]
            assert value == pytest.approx(expected)

    run(scenario)
