"""Who is let in: nobody without the token, no page of another origin, and no other version."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import websocket

from jupyter_spark.wire_page import PAGE_VERSION
from tests.kernel.server import TOKEN, JupyterServer, running_jupyter_server
from tests.paced import PacedServer
from tests.server.conftest import server_environment
from tests.server.page import opened_page, request, socket_address

ROUTES = [
    ("GET", "status"),
    ("GET", "conversations?notebook=a"),
    ("GET", "variables-source"),
    ("PUT", "key"),
    ("POST", "check"),
    ("POST", "model"),
]


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


@pytest.mark.parametrize(("method", "path"), ROUTES)
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


def test_the_variables_source_is_what_kernels_import(server: JupyterServer) -> None:
    status, text = request(server, "GET", "variables-source")
    assert status == 200
    space: dict[str, object] = {"__name__": "told"}
    exec(compile(text, "variables", "exec"), space)
    assert "snapshot_json" in space


@pytest.fixture(scope="module")
def denying(tmp_path_factory: pytest.TempPathFactory, paced: PacedServer) -> Iterator[JupyterServer]:
    """A server whose user has the token, but no permission for this extension."""
    home = tmp_path_factory.mktemp("denying")
    env = server_environment(home, paced.base_url)
    config = "c.ServerApp.authorizer_class = 'tests.server.denying.Denying'"
    (home / "config" / "jupyter_server_config.py").write_text(config, "utf-8")
    with running_jupyter_server(home, env) as running:
        yield running


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_request_of_a_user_without_permission(denying: JupyterServer, method: str, path: str) -> None:
    body = {"name": "OPENAI_API_KEY", "key": "k"} if method != "GET" else None
    assert request(denying, method, path, body)[0] == 403


def test_a_socket_of_a_user_without_permission(denying: JupyterServer) -> None:
    assert denying.call("GET", "api/contents")["type"] == "directory"  # the user may do other things
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(socket_address(denying), timeout=10)


def test_a_changed_proposal_is_checked(server: JupyterServer) -> None:
    status, body = request(server, "POST", "check", body={"source": "!ls\nx = (1"})
    assert (status, body["name"], body["ok"], body["line"]) == (200, "parses", False, 2)
    assert request(server, "POST", "check", body={"source": "!ls\nx = 1"})[1]["ok"] is True
    assert request(server, "POST", "check", body={"source": "%%bash\nif ["})[1]["message"] == "not checked (bash)"
    for body in ({}, {"source": 1}, [1]):
        assert request(server, "POST", "check", body=body)[0] == 400
