"""The baseline of ``tests.bench.page``: the same stream relayed over one WebSocket to a page that is one ``<pre>``.

``python -m tests.bench.bare ENDPOINT`` prints its address, and a key press asks. No Jupyter, no SDK, no Markdown.
"""

from __future__ import annotations

import asyncio
import json
import sys

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

PAGE = """<!doctype html><meta charset="utf-8"><title>bare</title>
<style>body { margin: 0 } #log { height: 100vh; overflow-y: auto } pre { white-space: pre-wrap; width: 320px }</style>
<div id="log"><pre></pre></div>
<script>
  const pre = document.querySelector('pre');
  const socket = new WebSocket(`ws://${location.host}/stream`);
  let pending = '', frame = 0;
  socket.onmessage = message => {
    pending += message.data;
    frame = frame || requestAnimationFrame(() => { frame = 0; pre.append(pending); pending = ''; });
  };
  addEventListener('keydown', () => socket.send('ask'));
  window.ready = new Promise(resolve => { socket.onopen = resolve; });
</script>"""


class Page(RequestHandler):
    """The page."""

    def get(self) -> None:
        """Send it."""
        self.write(PAGE)


class Relay(WebSocketHandler):
    """Asks the endpoint when the page says so, and passes the words on as they come."""

    def initialize(self, endpoint: str) -> None:
        """Keep the endpoint's address."""
        self._endpoint = endpoint
        self._rest = b""

    def open(self) -> None:
        """Send small messages at once."""
        self.set_nodelay(True)

    def on_message(self, _message: str | bytes) -> None:
        """Ask."""
        asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        body = json.dumps({"model": "paced", "stream": True, "messages": [{"role": "user", "content": "why?"}]})
        address = f"{self._endpoint}/chat/completions"
        await AsyncHTTPClient().fetch(
            HTTPRequest(address, "POST", body=body, streaming_callback=self._pass_on, request_timeout=120)
        )

    def _pass_on(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        events = (json.loads(line[6:]) for line in lines if line.startswith(b"data: {"))
        words = (event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"])
        if text := "".join(words):
            self.write_message(text)


async def main(endpoint: str) -> None:
    """Serve until stdin ends."""
    sockets = bind_sockets(0, "127.0.0.1")
    routes = [("/", Page), ("/stream", Relay, {"endpoint": endpoint})]
    HTTPServer(Application(routes)).add_sockets(sockets)
    print(f"http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
