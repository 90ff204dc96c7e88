"""Settings and records over HTTP, for a server in another process; these requests are not recorded."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.paced.connection import Connection
from tests.paced.faults import error_body
from tests.paced.records import RequestRecord

if TYPE_CHECKING:
    from tests.paced.server import PacedServer

SETTINGS = (
    *("rate_tok_s", "first_token_s", "answer", "fault", "require_key", "models", "cached_tokens", "timing", "queue_s"),
    *("websocket", "steering", "socket_limit_s", "responses_at_once"),
)


def control(server: PacedServer, record: RequestRecord, path: str) -> tuple[int, dict[str, Any]]:
    """Answer ``/records``, or set what ``/control`` was sent; returns status and body."""
    if path == "/records":
        return 200, {
            "connections_opened": server.connections_opened,
            "connections_open": server.connections_open,
            "sockets": [asdict(one) for one in server.sockets],
            "records": [one.to_json() for one in server.records],
        }
    wanted = dict(record.body or {})
    if wanted.pop("forget", False):
        server.records.clear()
        server.sockets = [one for one in server.sockets if one.closed_at_s is None]
    try:
        for name, value in wanted.items():
            if name not in SETTINGS:
                raise ValueError(f"no setting is called {name!r}; there are: {', '.join(SETTINGS)}")
            setattr(server, name, value)
    except (ValueError, TypeError) as problem:
        return 400, error_body(str(problem), "invalid_request_error", None)
    return 200, {"set": sorted(wanted)}


async def send_json(
    connection: Connection,
    record: RequestRecord,
    status: int,
    value: object,
    headers: dict[str, str] | None = None,
) -> bool:
    record.status = status
    await connection.send_json(status, value, headers)
    record.mark_finished()
    return True
