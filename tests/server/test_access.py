"""Who is let in: nobody without the token, no page of another origin, and no other version."""

from __future__ import annotations

import pytest
import websocket

from jupyter_spark.wire_page import PAGE_VERSION
from tests.kernel.server import TOKEN, JupyterServer
from tests.server.page import opened_page, request, socket_address


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_socket_without_the_token(server: JupyterServer, token: str | None) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(socket_address(server, token), timeout=10)


def test_a_page_of_another_origin(server: JupyterServer) -> None:
    """A browser sends the user's cookie whatever page asks; the origin tells."""
    own = websocket.create_connection(socket_address(server), timeout=10)
    own.close()
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(socket_address(server, None), origin="http://evil.example", timeout=10)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "status"), ("GET", "conversations?notebook=a"), ("PUT", "key"), ("POST", "model")]
)
def test_a_request_without_the_token(server: JupyterServer, method: str, path: str) -> None:
    assert request(server, method, path, body={} if method != "GET" else None, token=None)[0] == 403


def test_the_version_is_told(server: JupyterServer) -> None:
    with opened_page(server, greet=False) as page:
        page.send("hello", version=PAGE_VERSION + 1)
        assert page.until("welcome")["version"] == PAGE_VERSION


def test_status_tells_who_answers(server: JupyterServer) -> None:
    status, body = request(server, "GET", "status")
    assert status == 200
    spark, deep = body["tiers"]
    assert (spark["tier"], spark["profile"], spark["ready"]) == ("spark", "paced", True)
    assert deep["tier"] == "deep"
    assert body["model_ready"] is False
    assert body["model_bytes"] == 491_400_064
    assert TOKEN not in str(body)


def test_a_key_that_is_none_is_refused(server: JupyterServer) -> None:
    status, body = request(server, "PUT", "key", {"name": "PATH", "key": "x"})
    assert status == 400
    assert body["message"] == "That is no key."
