"""The paced server beside the caller: in a thread, or in a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.paced.records import RequestRecord, SocketRecord
from tests.paced.server import PacedServer

_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running_paced_server(**settings: Any) -> Iterator[PacedServer]:
    """Run a `PacedServer` with these settings in a thread with a loop of its own."""
    server = PacedServer(**settings)
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        async with server:
            stop = asyncio.Event()
            ready.set_result((asyncio.get_running_loop(), stop))
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    with ThreadPoolExecutor(1, thread_name_prefix="paced-server") as pool:
        served = pool.submit(run)
        loop, stop = ready.result()
        try:
            yield server
        except BaseException:
            loop.call_soon_threadsafe(stop.set)
            served.exception()  # what the caller raised says more than what the script did
            raise
        loop.call_soon_threadsafe(stop.set)
        served.result()


class SpawnedServer:
    """A paced server in another process."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        # No proxy of the environment may come between two processes of one machine.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def configure(self, **settings: Any) -> None:
        """Change settings; see `PacedServer`. ``forget=True`` drops the records. An answer must be a str or a list."""
        self._call("/control", settings)

    @property
    def records(self) -> list[RequestRecord]:
        """The requests so far."""
        return [RequestRecord.from_json(row) for row in self._call("/records")["records"]]

    @property
    def sockets(self) -> list[SocketRecord]:
        """The WebSockets so far."""
        return [SocketRecord(**row) for row in self._call("/records")["sockets"]]

    @property
    def connections_opened(self) -> int:
        """TCP connections so far, those that asked this included."""
        return int(self._call("/records")["connections_opened"])

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        with self._open(self.base_url.removesuffix("/v1") + path, data=data, timeout=30) as reply:
            value: dict[str, Any] = json.load(reply)
        return value


@contextmanager
def spawned_paced_server(**settings: Any) -> Iterator[SpawnedServer]:
    """Run a paced server with these settings in a process of its own; it ends with this one, whatever happens."""
    command = [sys.executable, "-m", "tests.paced", "--port", "0", "--until-stdin-ends"]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the paced server did not start; its message is on stderr")
            server = SpawnedServer(line.strip())
            if settings:
                server.configure(**settings)
            yield server
        finally:
            process.stdin.close()
            process.wait(timeout=30)
