"""A real Jupyter server with its default limits, and a kernel of it reached as a front end does: REST and WebSocket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websocket

from tests.kernel.driver import ROOT, Message, Ran

TOKEN = "token-of-the-test"
STARTS_WITHIN_S = 60.0


class JupyterServer:
    """A server on loopback, its log, and its REST API."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = log
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
            method=method,
        )
        with self._open(request, timeout=60) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def start_kernel(self) -> str:
        """Start a kernel without a notebook: it is not told any, so it shows plain outputs."""
        return str(self.call("POST", "api/kernels", {"name": "python3"})["id"])

    def open_notebook(self, path: str) -> str:
        """Start a notebook's kernel as JupyterLab does: it is told its notebook, so it shows widgets."""
        body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        return str(self.call("POST", "api/sessions", body)["kernel"]["id"])


@contextmanager
def running_jupyter_server(folder: Path, env: dict[str, str] | None = None) -> Iterator[JupyterServer]:
    """Run a server in a process of its own; its kernels inherit the environment."""
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    runtime = folder / "server-runtime"
    log = folder / "server.log"
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {}), "JUPYTER_RUNTIME_DIR": str(runtime)}
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += [f"--ServerApp.root_dir={folder / 'notebooks'}", f"--IdentityProvider.token={TOKEN}"]
    with log.open("w") as out, subprocess.Popen(command, cwd=folder, env=whole, stdout=out, stderr=out) as process:
        try:
            yield JupyterServer(_address(process, runtime, log), log)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait for the file in which a server says where it listens."""
    deadline_s = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline_s and process.poll() is None:
        with suppress(ValueError, OSError):  # not there yet, half written, or not listening yet
            (file,) = runtime.glob("jpserver-*.json")
            url = str(json.loads(file.read_text())["url"])
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}login", timeout=5).close()
            return url
        time.sleep(0.05)
    raise RuntimeError(f"the Jupyter server did not start:\n{log.read_text()[-2000:]}")


@dataclass(frozen=True)
class TimedRan:
    """What a cell left, and when it was sent and replied to, in seconds of the monotonic clock."""

    ran: Ran
    sent_at_s: float
    replied_at_s: float


class ServerKernel:
    """A kernel over the server's WebSocket."""

    def __init__(self, server: JupyterServer, kernel_id: str) -> None:
        session = uuid.uuid4().hex
        url = f"ws{server.url.removeprefix('http')}api/kernels/{kernel_id}/channels?session_id={session}"
        self._session = session
        self._socket = websocket.create_connection(url, timeout=60, header=[f"Authorization: token {TOKEN}"])

    def run(self, code: str) -> TimedRan:
        """Run a cell to its reply and its last message."""
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id,
            "msg_type": "execute_request",
            "session": self._session,
            "username": "test",
            "version": "5.4",
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        frame = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        sent_at_s = time.monotonic()
        self._socket.send(json.dumps(frame))
        reply: dict[str, Any] | None = None
        replied_at_s, idle = 0.0, False
        messages: list[Message] = []
        while reply is None or not idle:
            message = json.loads(self._socket.recv())
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "execute_reply":
                reply, replied_at_s = message["content"], time.monotonic()
            elif message["channel"] == "iopub":
                messages.append(message)
                idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
        return TimedRan(Ran(reply, messages), sent_at_s, replied_at_s)

    def close(self) -> None:
        self._socket.close()


@contextmanager
def connected(server: JupyterServer, kernel_id: str) -> Iterator[ServerKernel]:
    """Talk to a kernel, then shut it down."""
    try:
        with closing(ServerKernel(server, kernel_id)) as kernel:
            yield kernel
    finally:
        server.call("DELETE", f"api/kernels/{kernel_id}")
