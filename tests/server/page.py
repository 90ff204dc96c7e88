"""A page, as the server sees one: its WebSocket and its plain requests."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import websocket

from jupyter_spark.wire_page import PAGE_VERSION, text_mark
from tests.kernel.server import TOKEN, JupyterServer

NOTEBOOK = "orders.ipynb"
CELLS = {"a": "orders = [1, 2]", "b": "total = sum(orders)"}
ENDS = ("turn_finished", "turn_failed", "turn_cancelled")
WAIT_S = 30.0


class Page:
    """A connection to ``/jupyter-spark/turns``, and what came over it."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self.frames: list[Any] = []
        self.numbers: dict[int, str] = {}
        self.received_bytes = 0
        self._unread: deque[Any] = deque()

    def send(self, frame_type: str, **fields: Any) -> None:
        self._socket.send(json.dumps({"type": frame_type, **fields}))

    def hello(self, version: int = PAGE_VERSION) -> None:
        self.send("hello", version=version)
        self.until("welcome")

    def tell_notebook(self, cells: dict[str, str] | None = None, notebook: str = NOTEBOOK) -> list[str]:
        """Tell the notebook's cells as a page does, and return those that the server asked for."""
        cells = CELLS if cells is None else cells
        listed = [{"cell_id": cell_id, "mark": text_mark(text)} for cell_id, text in cells.items()]
        self.send("cells_listed", notebook=notebook, cells=listed)
        wanted = list(self.until("cells_wanted")["cell_ids"])
        full = [{"cell_id": cell_id, "source": cells[cell_id]} for cell_id in wanted]
        self.send("cells_changed", notebook=notebook, cells=full)
        return wanted

    def ask(self, turn_id: str, instruction: str = "why?", **fields: Any) -> None:
        base = {"notebook": NOTEBOOK, "conversation_id": "c1", "kind": "ask"}
        self.send("turn_requested", turn_id=turn_id, instruction=instruction, **{**base, **fields})

    def next(self) -> list[Any]:
        message = self._socket.recv()
        self.received_bytes += len(message)
        frames: list[Any] = json.loads(message)
        for frame in frames:
            if isinstance(frame, dict) and frame["type"] == "turn_numbered":
                self.numbers[frame["number"]] = frame["turn_id"]
        self.frames += frames
        self._unread += frames
        return frames

    def until(self, *kinds: str) -> Any:
        """Read on to a frame, or a turn's event, of one of these kinds."""
        deadline_s = time.monotonic() + WAIT_S
        while time.monotonic() < deadline_s:
            while self._unread:
                frame = self._unread.popleft()
                kind = frame["type"] if isinstance(frame, dict) else ""
                if kind in kinds:
                    return frame
                if kind == "turn_news" and frame["event"]["type"] in kinds:
                    return frame["event"]
            self.next()
        raise TimeoutError(f"no {kinds} came; the last frames: {self.frames[-5:]}")

    def until_text(self) -> None:
        """Read on to the first words."""
        while not any(isinstance(frame, list) for frame in self.next()):
            pass

    def text(self, turn_id: str) -> str:
        """The words of a turn that came over this connection."""
        short = (frame for frame in self.frames if isinstance(frame, list))
        return "".join(piece for number, _, piece in short if self.numbers.get(number) == turn_id)

    def position(self, turn_id: str) -> int:
        """How much of a turn's log came over this connection."""
        return max(
            (f[1] for f in self.frames if isinstance(f, list) and self.numbers.get(f[0]) == turn_id),
            default=0,
        )


def socket_address(server: JupyterServer, token: str | None = TOKEN) -> str:
    parts = urlsplit(server.url)
    return f"ws://{parts.netloc}{parts.path}jupyter-spark/turns" + (f"?token={token}" if token is not None else "")


@contextmanager
def opened_page(server: JupyterServer, *, greet: bool = True) -> Iterator[Page]:
    socket = websocket.create_connection(socket_address(server), timeout=WAIT_S)
    page = Page(socket)
    try:
        if greet:
            page.hello()
        yield page
    finally:
        socket.close()


def request(server: JupyterServer, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> Any:
    """Make a plain request; return its status and its JSON, or its text if it is none."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"token {token}"
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(f"{server.url}jupyter-spark/{path}", data, headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(call, timeout=WAIT_S) as reply:
            text = reply.read().decode()
            is_json = "json" in reply.headers.get("Content-Type", "")
            return reply.status, json.loads(text or "null") if is_json or not text else text
    except urllib.error.HTTPError as error:
        body_of = error.read()
        return error.code, json.loads(body_of) if body_of.startswith(b"{") else None
