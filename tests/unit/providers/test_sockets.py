"""The Responses API over WebSockets on a real server: warm, follow-up turns, one answer a socket, steering, closing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
import trustme

from jupyter_spark.providers import Completed, Delta, ProviderRequest, Started, Steered, Steering, UsageSeen
from jupyter_spark.settings import Deadlines
from jupyter_spark.wire import Message
from tests.paced import Fault, PacedServer, until
from tests.paced.reading import ANSWER, run
from tests.unit.providers.serving import KEY, MESSAGES, REQUEST, make_profile, opened, read, text

LONG = "word " * 400


@asynccontextmanager
async def socketed(*, more: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[tuple[PacedServer, Any]]:
    settings.setdefault("answer", ANSWER)
    async with (
        PacedServer(**settings) as server,
        opened("responses", server, websocket=True, **(more or {})) as provider,
    ):
        yield server, provider


def followed(answer: str, *more: Message) -> ProviderRequest:
    return ProviderRequest((*MESSAGES, Message(role="assistant", content=answer), *more))


def test_a_whole_answer() -> None:
    async def scenario() -> None:
        async with socketed(cached_tokens=3) as (server, provider):
            events = await read(provider)
            assert events[0] == Started("paced")
            assert text(events) == ANSWER
            (usage,) = (event.usage for event in events if isinstance(event, UsageSeen))
            assert usage.cached_tokens == 3
            assert events[-1] == Completed("stop")
            (record,) = server.records
            assert record.transport == "websocket"
            assert record.headers["authorization"] == f"Bearer {KEY}"
            body = record.body or {}
            assert body["input"][0] == {"role": "system", "content": "Rules."}
            assert (body["type"], body["store"]) == ("response.create", False)
            assert not {"stream", "background", "previous_response_id"} & set(body)

    run(scenario)


def test_a_follow_up_sends_only_what_is_new() -> None:
    async def scenario() -> None:
        async with socketed() as (server, provider):
            await read(provider)
            new = Message(role="user", content="And now?")
            await read(provider, followed(ANSWER, new))
            await read(provider, followed("Something else.", new))
            first, second, third = (record.body or {} for record in server.records)
            assert second["previous_response_id"] == server.records[0].response_id
            assert second["input"] == [{"role": "user", "content": "And now?"}]
            assert "instructions" not in first.keys() | second.keys()  # they would not be carried over
            assert server.records[1].connection == server.records[0].connection
            assert "previous_response_id" not in third
            assert len(third["input"]) == 6

    run(scenario)


def test_warming_sends_the_prefix_and_the_turn_the_rest() -> None:
    async def scenario() -> None:
        async with socketed() as (server, provider):
            await provider.warm(MESSAGES[:2])
            await until(lambda: len(server.records) == 1)
            assert (server.records[0].body or {})["generate"] is False
            opened_before = server.connections_opened
            assert text(await read(provider)) == ANSWER
            body = server.records[1].body or {}
            assert body["previous_response_id"] == server.records[0].response_id
            assert [item["role"] for item in body["input"]] == ["assistant", "user"]
            assert server.records[1].connection == server.records[0].connection
            assert server.connections_opened - opened_before <= 1  # at most the spare that was on its way

    run(scenario)


def test_warm_and_idle_a_second_turn_opens_no_connection() -> None:
    async def scenario() -> None:
        async with socketed() as (server, provider):
            await provider.warm()
            await read(provider)
            await until(lambda: server.connections_opened >= 2)  # the socket of the turn, and the spare
            before = server.connections_opened
            await read(provider)
            assert server.connections_opened == before

    run(scenario)


def test_another_conversation_takes_the_warm_spare() -> None:
    async def scenario() -> None:
        async with socketed() as (server, provider):
            await read(provider)
            await until(lambda: server.sockets_open == 2)
            await read(provider, ProviderRequest((Message(role="user", content="Something else?"),)))
            one, other = (record.connection for record in server.records)
            assert other != one
            assert other <= 2  # it was open before anybody asked

    run(scenario)


def test_turns_side_by_side_take_a_socket_each() -> None:
    async def scenario() -> None:
        async with socketed(answer=lambda body: body["input"][-1]["content"] * 40, rate_tok_s=400.0) as (
            server,
            provider,
        ):
            asked = [ProviderRequest((Message(role="user", content=f"{n}{n}{n}{n}"),)) for n in range(4)]
            answers = await asyncio.gather(*(read(provider, request) for request in asked))
            assert [text(events) for events in answers] == [f"{n}{n}{n}{n}" * 40 for n in range(4)]
            assert len({record.connection for record in server.records}) == 4

    run(scenario)


def test_more_turns_than_sockets_go_over_http() -> None:
    async def scenario() -> None:
        async with socketed(rate_tok_s=100.0) as (server, provider):
            answers = await asyncio.gather(*(read(provider) for _ in range(10)))
            assert {text(events) for events in answers} == {ANSWER}
            assert sorted(record.transport for record in server.records) == ["http"] * 2 + ["websocket"] * 8

    run(scenario)


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_stopping_closes_the_socket_and_nothing_leaks(how: str) -> None:
    async def scenario() -> None:
        async with socketed(answer=LONG, rate_tok_s=200.0) as (server, provider):
            before = asyncio.all_tasks()
            await provider.warm()
            for number in range(5):
                server.answer, arrived = f"old{number} " * 400, asyncio.Event()

                async def drive(arrived: asyncio.Event = arrived) -> None:
                    async with aclosing(provider.stream(REQUEST)) as stream:
                        async for event in stream:
                            if isinstance(event, Delta):
                                arrived.set()
                                if how == "close":
                                    return

                task = asyncio.ensure_future(drive())
                await arrived.wait()
                if how == "cancel":
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
                await asyncio.wait({task})
                stopped = server.records[-1]
                await until(lambda stopped=stopped: stopped.closed_at_s)
                server.answer = f"new{number}"
                assert text(await read(provider)) == f"new{number}"
                assert server.records[-1].connection != stopped.connection
            await provider.aclose()
            await until(lambda: server.connections_open == 0)
            assert asyncio.all_tasks() == before

    run(scenario)


def test_a_socket_is_renewed_between_turns_and_never_in_one() -> None:
    async def scenario() -> None:
        more = {"deadlines": Deadlines(socket_age_s=0.3)}
        async with socketed(more=more, answer="word " * 40, rate_tok_s=60.0) as (server, provider):
            assert text(await read(provider)) == "word " * 40  # longer than a socket's age
            await read(provider)
            assert server.records[0].connection != server.records[1].connection
            assert all(record.finished for record in server.records)

    run(scenario)


@pytest.mark.parametrize("status", [400, 403, 404, 426])
def test_no_websocket_is_offered(status: int) -> None:
    async def scenario() -> None:
        async with socketed(fault=Fault("handshake_refused", status=status)) as (server, provider):
            for _ in range(2):
                assert text(await read(provider)) == ANSWER
            assert [record.transport for record in server.records if record.method == "POST"] == ["http", "http"]
            assert server.connections_opened == 2  # the handshake that was refused, once, and HTTP's

    run(scenario)


def test_a_proxy_that_swallows_the_handshake() -> None:
    async def scenario() -> None:
        more = {"deadlines": Deadlines(connect_s=0.4)}
        async with socketed(more=more, fault="handshake_never") as (server, provider):
            for _ in range(2):
                assert text(await read(provider)) == ANSWER
            assert server.connections_opened == 2

    run(scenario)


def test_repeated_drops_end_in_http() -> None:
    async def scenario() -> None:
        async with socketed(fault=Fault("close_1006", after_tokens=0)) as (server, provider):
            assert text(await read(provider)) == ANSWER
            assert [record.transport for record in server.records] == ["websocket", "websocket", "http"]

    run(scenario)


@pytest.mark.parametrize("fault", ["previous_response_not_found", "connection_limit_reached"])
def test_what_the_server_forgot_is_said_again(fault: Any) -> None:
    async def scenario() -> None:
        async with socketed() as (server, provider):
            await read(provider)
            server.fault = Fault(fault, times=1)
            events = await read(provider, followed(ANSWER, Message(role="user", content="And now?")))
            assert text(events) == ANSWER
            replayed = server.records[-1].body or {}
            assert "previous_response_id" not in replayed
            assert len(replayed["input"]) == 6
            assert server.records[-1].connection != server.records[0].connection

    run(scenario)


# --- new words while an answer runs -------------------------------------------------------------------


async def steered(provider: Any, words: str = "Shorter.") -> list[Any]:
    steering, events = Steering(), []
    async with aclosing(provider.stream(ProviderRequest(MESSAGES, steering=steering))) as stream:
        async for event in stream:
            if isinstance(event, Delta) and not any(isinstance(one, Delta) for one in events):
                steering.say(words)
            events.append(event)
    return events


def test_new_words_are_taken_in_place() -> None:
    async def scenario() -> None:
        def answer(body: dict[str, Any]) -> str:
            return "new " * 10 if "Shorter" in str(body["input"]) else "old " * 400

        async with socketed(more={"accepts": ("steer",)}, answer=answer, rate_tok_s=300.0) as (server, provider):
            events = await steered(provider)
            at = events.index(Steered("Shorter.", in_place=True))
            assert set(text(events[:at]).split()) == {"old"}
            assert text(events[at:]) == "new " * 10
            assert events[-1] == Completed("stop")
            assert server.connections_opened <= 2
            server.answer = ANSWER
            assert text(await read(provider)) == ANSWER

    run(scenario)


def test_an_endpoint_that_cannot_be_steered_is_asked_once() -> None:
    async def scenario() -> None:
        async with socketed(more={"accepts": ("steer",)}, answer=LONG, rate_tok_s=300.0, steering=False) as (
            server,
            provider,
        ):
            for _ in range(2):
                events = await steered(provider)
                assert events[-1] == Steered("Shorter.", in_place=False)
                assert not any(isinstance(event, Completed) for event in events)
            await until(lambda: all(record.closed_at_s for record in server.records))
            assert provider.provider._refused == {"steer"}

    run(scenario)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_over_http_new_words_end_the_reading(api: str) -> None:
    async def scenario() -> None:
        async with PacedServer(answer=LONG, rate_tok_s=300.0) as server, opened(api, server) as provider:
            events = await steered(provider)
            assert events[-1] == Steered("Shorter.", in_place=False)
            await until(lambda: server.records[0].closed_at_s)

    run(scenario)


def test_words_that_nobody_acted_on_stay() -> None:
    async def scenario() -> None:
        async with socketed() as (_, provider):
            steering = Steering()
            async for event in provider.stream(ProviderRequest(MESSAGES, steering=steering)):
                if isinstance(event, Completed):
                    steering.say("Too late.")
                    await asyncio.sleep(0)
            assert await asyncio.wait_for(steering.next(), 5) == "Too late."

    run(scenario)


def test_a_profile_without_websocket_never_tries() -> None:
    async def scenario() -> None:
        async with PacedServer(answer=ANSWER) as server, opened("responses", server) as provider:
            await provider.warm(MESSAGES)
            await read(provider)
            assert [record.transport for record in server.records] == ["http"]
            assert make_profile("responses", server.base_url).websocket is False

    run(scenario)


def test_both_transports_trust_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    trusting, serving_tls = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trusting)
    authority.issue_cert("127.0.0.1").configure_cert(serving_tls)
    monkeypatch.setattr("httpx2.create_ssl_context", lambda **_: trusting)

    async def scenario() -> None:
        for more, transport in (({}, "websocket"), ({"websocket": False}, "http")):
            async with (
                PacedServer(answer=ANSWER, tls=serving_tls) as server,
                opened("responses", server, **({"websocket": True} | more)) as provider,
            ):
                assert text(await read(provider)) == ANSWER
                assert [record.transport for record in server.records] == [transport]

    run(scenario)
