"""Drives a real kernel as a front end does, and tells what each cell left."""

from __future__ import annotations

import queue
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60.0
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_DISPLAYS = ("display_data", "update_display_data")

Message = dict[str, Any]


def plain(text: str) -> str:
    """Return a text without terminal colours."""
    return _ANSI.sub("", text)


@dataclass(frozen=True)
class Ran:
    """What one execution left: its reply, and every IOPub message of it in order."""

    reply: dict[str, Any]
    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> str:
        return str(self.reply["status"])

    @property
    def payload(self) -> list[tuple[str, bool]]:
        """What the cells are to hold next: each text, and whether it takes this cell's place."""
        rows = self.reply.get("payload", [])
        return [(row["text"], row["replace"]) for row in rows if row["source"] == "set_next_input"]

    @property
    def printed(self) -> str:
        """What went to stdout."""
        return self._stream("stdout")

    @property
    def warned(self) -> str:
        """What went to stderr."""
        return self._stream("stderr")

    @property
    def displays(self) -> list[dict[str, Any]]:
        """The last bundle of each display, in the order in which they appeared."""
        last: dict[str, dict[str, Any]] = {}
        for message in self.updates:
            content = message["content"]
            name = content["transient"].get("display_id", message["header"]["msg_id"])
            if message["msg_type"] == "display_data" or name in last:  # an update may be of an earlier cell's display
                last[name] = content["data"]
        return list(last.values())

    @property
    def updates(self) -> list[Message]:
        """Every message that showed or redrew a display."""
        return [message for message in self.messages if message["msg_type"] in _DISPLAYS]

    @property
    def shown(self) -> str:
        """The last text of every display."""
        return "\n".join(str(bundle.get("text/plain", "")) for bundle in self.displays)

    @property
    def html(self) -> str:
        """The last HTML of every display."""
        return "\n".join(str(bundle.get("text/html", "")) for bundle in self.displays)

    @property
    def error(self) -> dict[str, Any]:
        """The error message's content, without colours."""
        (content,) = [message["content"] for message in self.messages if message["msg_type"] == "error"]
        return {**content, "traceback": [plain(line) for line in content["traceback"]]}

    def _stream(self, name: str) -> str:
        parts = [m["content"] for m in self.messages if m["msg_type"] == "stream"]
        return "".join(part["text"] for part in parts if part["name"] == name)


class Kernel:
    """A real ipykernel in a process of its own, with the environment of this one."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        import os

        folder.mkdir(parents=True, exist_ok=True)
        self.manager = KernelManager(kernel_name="python3", connection_file=str(folder / "kernel.json"))
        self._log = (folder / "kernel.log").open("a")
        whole = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        self.manager.start_kernel(env=whole, cwd=str(folder), stdout=self._log, stderr=self._log)
        self.client: BlockingKernelClient = self.manager.client()
        self._inbox: dict[str, list[Message]] = {}
        self._replies: dict[str, Message] = {}
        self._connect()

    def _connect(self) -> None:
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT_S)

    def send(self, code: str, *, cell_id: str | None = None, stop_on_error: bool = True) -> str:
        """Send a cell as JupyterLab does, its id in the metadata; return the message's id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        metadata = {"cellId": cell_id} if cell_id else {}
        message = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def finish(self, message_id: str, timeout_s: float = TIMEOUT_S) -> Ran:
        """Wait for an execution's reply and its last message."""
        deadline_s = time.monotonic() + timeout_s
        while not (message_id in self._replies and self._is_idle(message_id)):
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"no end within {timeout_s:g} s; so far: {self._inbox.get(message_id)}")
            self.pump(0.05)
        return Ran(self._replies.pop(message_id)["content"], self._inbox.pop(message_id))

    def pump(self, timeout_s: float) -> None:
        """Take in what has arrived, waiting at most this long for the first message."""
        wait_s = timeout_s
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=wait_s)
            except queue.Empty:
                break
            self._inbox.setdefault(message["parent_header"].get("msg_id", ""), []).append(message)
            wait_s = 0.0
        try:
            reply = self.client.get_shell_msg(timeout=0)
            self._replies[reply["parent_header"]["msg_id"]] = reply
        except queue.Empty:
            pass

    def run(self, code: str, *, cell_id: str | None = None, timeout_s: float = TIMEOUT_S) -> Ran:
        """Run a cell to its end."""
        return self.finish(self.send(code, cell_id=cell_id), timeout_s)

    def messages_so_far(self, message_id: str) -> list[Message]:
        """What an execution that still runs has sent."""
        self.pump(0.05)
        return list(self._inbox.get(message_id, []))

    def interrupt(self) -> None:
        """Press the stop button."""
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        """Restart the kernel; its connection file stays."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=False)
        self.client = self.manager.client()
        self._inbox.clear()
        self._replies.clear()
        self._connect()

    def close(self) -> None:
        """Shut the kernel down, as closing the notebook does."""
        try:
            self.client.stop_channels()
            self.manager.shutdown_kernel(now=False)
        finally:
            self._log.close()

    def _is_idle(self, message_id: str) -> bool:
        return any(
            message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            for message in self._inbox.get(message_id, [])
        )
