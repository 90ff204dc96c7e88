"""The paced endpoint over WebSocket, seen through a plain client and through the real SDK."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.paced import (
    Fault,
    PacedServer,
    own_certificate,
    refusing_url,
    spawned_paced_server,
    speaking_garbage,
    split_tokens,
    until,
)
from tests.paced.reading import ANSWER, connected, respond, run

ENDINGS = ("response.completed", "response.incomplete", "response.failed", "error")


@asynccontextmanager
async def opened(**settings: Any) -> AsyncIterator[tuple[PacedServer, ClientConnection]]:
    """A server and a plain WebSocket to it."""
    settings.setdefault("answer", ANSWER)
    async with PacedServer(**settings) as server, dialled(server) as socket:
        yield server, socket


def dialled(server: PacedServer, **more: Any) -> connect:
    url = server.base_url.replace("http", "ws", 1) + "/responses"
    return connect(url, compression=None, proxy=None, **more)


async def ask(socket: ClientConnection, **body: Any) -> None:
    await socket.send(json.dumps({"type": "response.create", "model": "m", "input": "Hi", "store": False, **body}))


async def finish(socket: ClientConnection) -> list[dict[str, Any]]:
    """The events to the end of one response."""
    events: list[dict[str, Any]] = []
    while not events or events[-1]["type"] not in ENDINGS:
        events.append(json.loads(await socket.recv()))
    return events


def text(events: list[dict[str, Any]]) -> str:
    return "".join(event.get("delta") or "" for event in events if event["type"] == "response.output_text.delta")


def test_turns_on_one_socket_and_what_is_recorded() -> None:
    async def scenario() -> None:
        async with opened() as (server, socket):
            await ask(socket, instructions="Be brief.")
            first = await finish(socket)
            assert text(first) == ANSWER
            assert [event["sequence_number"] for event in first] == list(range(len(first)))
            response = first[-1]["response"]
            await ask(socket, previous_response_id=response["id"])
            second = await finish(socket)
            assert second[-1]["response"]["previous_response_id"] == response["id"]
            usage = second[-1]["response"]["usage"]
            assert usage["input_tokens_details"]["cached_tokens"] == response["usage"]["total_tokens"]
            assert server.connections_opened == server.sockets_open == 1
            assert [record.sent_text for record in server.records] == [ANSWER, ANSWER]
            assert {record.transport for record in server.records} == {"websocket"}
            assert all(record.finished and record.closed_at_s is None for record in server.records)
            (seen,) = server.sockets
            assert seen.message_bytes == [len(record.raw_body) for record in server.records]
        assert (seen.close_code, server.sockets_open) == (1000, 0)

    run(scenario)


def test_the_sdk_connects_and_reads_typed_events() -> None:
    async def scenario() -> None:
        async with connected(first_token_s=0.01) as (server, client), client.responses.connect() as connection:
            await connection.response.create(model="paced", input="Double it.")
            said = ""
            async for event in connection:
                said += event.delta if event.type == "response.output_text.delta" else ""
                if event.type == "response.completed":
                    break
            assert said == ANSWER
            assert server.records[0].headers["authorization"] == "Bearer sk-test"

    run(scenario)


def test_a_warm_up_has_no_output_and_can_be_continued() -> None:
    async def scenario() -> None:
        def answer(body: dict[str, Any]) -> str:
            assert body["input"] == "now"
            return ANSWER

        async with opened(answer=answer, fault=Fault("error_event", times=1)) as (_, socket):
            await ask(socket, input="stable prefix", generate=False)
            warm = await finish(socket)
            assert [event["type"] for event in warm] == [
                "response.created",
                "response.in_progress",
                "response.completed",
            ]
            assert warm[-1]["response"]["output"] == []
            id_ = warm[-1]["response"]["id"]
            await ask(socket, input="now", previous_response_id=id_)
            assert (await finish(socket))[-1]["type"] == "error"  # the fault waited for a real turn
            await ask(socket, input="now", previous_response_id=id_)
            gone = (await finish(socket))[-1]  # what failed took what it relied on with it
            assert gone["error"]["code"] == "previous_response_not_found"
            await ask(socket, input="now")
            assert text(await finish(socket)) == ANSWER

    run(scenario)


def test_an_id_is_known_to_its_own_socket_only() -> None:
    async def scenario() -> None:
        async with opened() as (server, socket), dialled(server) as other:
            await ask(socket)
            id_ = (await finish(socket))[-1]["response"]["id"]
            await ask(other, previous_response_id=id_)
            (event,) = await finish(other)
            assert (event["status"], event["error"]["code"]) == (400, "previous_response_not_found")
            async with AsyncOpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0) as client:
                with pytest.raises(openai.BadRequestError, match="not found"):
                    await respond(client, previous_response_id=id_)
            await ask(socket, previous_response_id=id_)
            assert text(await finish(socket)) == ANSWER

    run(scenario)


def test_responses_of_a_lane_run_in_order_even_if_nobody_reads_them() -> None:
    async def scenario() -> None:
        async with opened(answer=lambda body: body["input"] * 40, rate_tok_s=2_000.0) as (server, socket):
            await ask(socket, input="old ")
            await ask(socket, input="new ")
            assert text(await finish(socket)) == "old " * 40
            assert text(await finish(socket)) == "new " * 40
            server.responses_at_once = 2
            await ask(socket, input="one ", stream_id="a")
            await ask(socket, input="two ", stream_id="b")
            both = [*await finish(socket), *await finish(socket)]
            for lane, expected in (("a", "one "), ("b", "two ")):
                assert text([event for event in both if event["stream_id"] == lane]) == expected * 40
            lanes = [event["stream_id"] for event in both if event["type"] == "response.output_text.delta"]
            assert lanes != sorted(lanes)

    run(scenario)


def test_steering_in_place() -> None:
    async def scenario() -> None:
        def answer(body: dict[str, Any]) -> str:
            return "old " * 500 if body["input"] == "Hi" else "new " * 5

        async with connected(answer=answer, rate_tok_s=200.0) as (server, client):
            async with client.responses.connect() as connection:
                await connection.response.create(model="paced", input="Hi", instructions="Be brief.")
                kinds, said = [], ""
                async for event in connection:
                    kinds.append(event.type)
                    if event.type == "response.output_text.delta":
                        if "old" in event.delta and not said:
                            await connection.response.steer(
                                input="No, new!", previous_response_id=server.records[0].response_id
                            )
                        said += event.delta
                    if event.type == "response.incomplete":
                        assert event.response.incomplete_details is not None
                        assert event.response.incomplete_details.reason == "steered"
                        said = ""
                    if event.type == "response.completed":
                        break
            assert said == "new " * 5
            order = [name for name in kinds if not name.startswith("response.output") and "part" not in name]
            assert order == [
                *("response.created", "response.in_progress", "response.steer.accepted", "response.incomplete"),
                *("response.created", "response.in_progress", "response.completed"),
            ]
            first, second = server.records
            assert second.body is not None
            assert second.body["previous_response_id"] == first.response_id
            assert second.body["instructions"] == "Be brief."
            assert second.body["input"] == [{"role": "user", "content": "No, new!"}]
            assert 0 < first.sent_tokens < 500

    run(scenario)


def test_steering_that_is_refused() -> None:
    async def scenario() -> None:
        async with opened(steering=False, rate_tok_s=200.0) as (server, socket):

            async def steer(id_: str, **more: Any) -> str:
                await socket.send(json.dumps({"type": "response.steer", "previous_response_id": id_, **more}))
                while (event := json.loads(await socket.recv()))["type"] != "response.steer.failed":
                    assert event["type"] not in ENDINGS
                assert event["steer"]["input"] == more.get("input")
                return str(event["error"]["code"])

            assert await steer("resp_nobody", input="No!") == "response_not_found"
            await ask(socket)
            id_ = json.loads(await socket.recv())["response"]["id"]
            assert await steer(id_, input="No!") == "steering_not_supported"
            assert await steer(id_) == "invalid_input"
            assert (await finish(socket))[-1]["type"] == "response.completed"
            assert server.records[0].sent_text == ANSWER
            assert await steer(id_, input="No!") == "response_already_completed"

    run(scenario)


def test_what_is_no_request() -> None:
    async def scenario() -> None:
        async with opened() as (_, socket):
            for message in ("{", "[]", '{"type": "response.cancel"}'):
                await socket.send(message)
                (event,) = await finish(socket)
                assert (event["status"], event["error"]["type"]) == (400, "invalid_request_error")
            await ask(socket)
            assert text(await finish(socket)) == ANSWER

    run(scenario)


@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_client_that_leaves_is_noticed_at_once(how: str) -> None:
    async def scenario() -> None:
        async with opened(answer="word " * 500, rate_tok_s=50.0) as (server, socket):
            await ask(socket)
            while json.loads(await socket.recv())["type"] != "response.output_text.delta":
                pass
            await (socket.close() if how == "close" else _drop(socket))
            (record,) = server.records
            await until(lambda: record.closed_at_s)
            assert not record.finished
            assert record.sent_tokens < 500
            await until(lambda: server.connections_open == 0)
            assert server.sockets[0].close_code == (1000 if how == "close" else 1006)

    run(scenario)


async def _drop(socket: ClientConnection) -> None:
    socket.transport.abort()


def test_a_socket_lives_only_so_long() -> None:
    async def scenario() -> None:
        async with opened(socket_limit_s=0.2, fault="first_token_never") as (server, socket):
            await ask(socket)
            error = (await finish(socket))[-1]
            assert error["error"]["code"] == "websocket_connection_limit_reached"
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1000
            await until(lambda: server.connections_open == 0)
            assert server.records[0].closed_at_s is None  # it was not the client who left

    run(scenario)


@pytest.mark.parametrize(
    ("fault", "code", "sent"),
    [
        (Fault("close_1006", after_tokens=3), 1006, 3),
        (Fault("close_1011", after_tokens=3), 1011, 3),
        (Fault("close_1012", after_tokens=3), 1012, 3),
        (Fault("cut_mid_token", after_tokens=3), 1006, 3),
        (Fault("garbage_frame", after_tokens=3), None, 3),
        ("cut_before_terminal", 1000, len(split_tokens(ANSWER))),
    ],
)
def test_sockets_that_break_off(fault: Any, code: int | None, sent: int) -> None:
    async def scenario() -> None:
        async with opened(fault=fault) as (server, socket):
            await ask(socket)
            said = ""
            with pytest.raises(ConnectionClosed) as caught:
                while True:
                    event = json.loads(await socket.recv())
                    said += text([event])
                    assert event["type"] not in ENDINGS
            assert said == "".join(split_tokens(ANSWER)[:sent])
            assert (caught.value.rcvd.code if caught.value.rcvd else 1006) == (code or 1006)
            if code is None:
                assert caught.value.sent is not None
                assert caught.value.sent.code == 1002  # the client says that this is no frame
            assert server.records[0].sent_tokens == sent
            await until(lambda: server.connections_open == 0)

    run(scenario)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault("http_429", times=1, retry_after_s=2), 429, "rate_limit_exceeded"),
        (Fault("http_500", times=1), 500, None),
        (Fault("http_404_model", times=1), 404, "model_not_found"),
        (Fault("http_400_unsupported_parameter", parameter="store", times=1), 400, "unsupported_parameter"),
        (Fault("error_event", times=1, after_tokens=2), 500, "server_error"),
    ],
)
def test_errors_as_events_leave_the_socket_open(fault: Fault, status: int, code: str | None) -> None:
    async def scenario() -> None:
        async with opened(fault=fault) as (_, socket):
            await ask(socket)
            error = (await finish(socket))[-1]
            assert (error["type"], error["status"], error["error"]["code"]) == ("error", status, code)
            assert error["error"].get("headers") == ({"retry-after": "2"} if status == 429 else None)
            await ask(socket)
            assert text(await finish(socket)) == ANSWER

    run(scenario)


def test_two_faults_of_a_follow_up() -> None:
    async def scenario() -> None:
        fault = [Fault("previous_response_not_found", times=1), Fault("connection_limit_reached", times=1)]
        async with opened(fault=fault[:1]) as (server, socket):
            await ask(socket)
            id_ = (await finish(socket))[-1]["response"]["id"]
            await ask(socket, previous_response_id=id_)
            assert (await finish(socket))[-1]["error"]["code"] == "previous_response_not_found"
            server.fault = fault[1:]
            await ask(socket)
            assert (await finish(socket))[-1]["error"]["code"] == "websocket_connection_limit_reached"
            with pytest.raises(ConnectionClosed):
                await socket.recv()

    run(scenario)


@pytest.mark.parametrize("fault", ["split_utf8", "byte_by_byte", "comment_pings", "garbage_line", "garbage_json"])
def test_odd_messages_carry_the_whole_answer(fault: Any) -> None:
    async def scenario() -> None:
        async with opened(fault=fault) as (server, socket):
            await ask(socket)
            said, odd = "", 0
            while not server.records or not server.records[0].finished or not said.endswith(ANSWER[-4:]):
                message = await socket.recv()
                try:
                    said += text([json.loads(message)])
                except ValueError:
                    odd += 1
            assert said == ANSWER
            assert odd == fault.startswith("garbage")

    run(scenario)


@pytest.mark.parametrize("status", [404, 426, 403, 401])
def test_handshakes_that_are_refused(status: int) -> None:
    async def scenario() -> None:
        fault = Fault("http_401") if status == 401 else Fault("handshake_refused", status=status)
        async with connected(fault=fault) as (server, client):
            with pytest.raises(InvalidStatus) as caught:
                await dialled(server).__aenter__()
            assert caught.value.response.status_code == status
            assert (server.records[0].status, server.sockets) == (status, [])
            if status != 401:
                assert (await respond(client))[0] == ANSWER  # HTTP is as before
            server.fault, server.websocket = None, False
            with pytest.raises(InvalidStatus, match="404"):
                await dialled(server).__aenter__()

    run(scenario)


def test_a_handshake_that_is_never_answered() -> None:
    async def scenario() -> None:
        async with connected(fault="handshake_never") as (server, client):
            with pytest.raises(TimeoutError):
                await dialled(server, open_timeout=0.1).__aenter__()
            assert (await respond(client))[0] == ANSWER

    run(scenario)


def test_a_server_in_another_process_tells_of_its_sockets() -> None:
    async def scenario() -> None:
        with spawned_paced_server(answer=ANSWER, websocket=True) as server:
            async with dialled(server) as socket:  # type: ignore[arg-type]
                await ask(socket)
                assert text(await finish(socket)) == ANSWER
                assert server.records[0].sent_text == ANSWER
                assert server.sockets[0].closed_at_s is None
                assert server.sockets[0].message_bytes == [len(server.records[0].raw_body)]

    run(scenario)


def test_addresses_where_no_http_is_to_be_had() -> None:
    async def scenario() -> None:
        with refusing_url() as refusing:
            async with speaking_garbage() as garbage, PacedServer(tls=own_certificate()) as secure:
                async with httpx2.AsyncClient(trust_env=False) as client:
                    with pytest.raises(httpx2.ConnectError) as caught:
                        await client.get(refusing)
                    assert not _tls_errors(caught.value)
                    for url in (garbage, secure.base_url):
                        with pytest.raises(httpx2.ConnectError) as caught:
                            await client.get(url)
                        assert _tls_errors(caught.value)
                async with httpx2.AsyncClient(verify=False, trust_env=False) as trusting:
                    assert (await trusting.get(f"{secure.base_url}/models")).status_code == 200

    run(scenario)


def _tls_errors(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None:
        found += [error] if isinstance(error, ssl.SSLError) else []
        error = error.__cause__ or error.__context__
    return found
