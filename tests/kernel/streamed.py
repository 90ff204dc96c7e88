"""One long streamed edit through a real Jupyter server: what arrived, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.kernel.driver import WIDGET_VIEW, Ran
from tests.kernel.server import JupyterServer, connected
from tests.paced import RequestRecord, SpawnedServer, code_answer

RATE_TOK_S = 1000.0
TOKENS = 3000
FENCE_LINES = 1  # above and below the code
Mode = Literal["output", "card"]


@dataclass(frozen=True)
class Streamed:
    """A streamed edit as the front end saw it.

    Attributes
    ----------
    code : str
        What was sent, without its fence.
    stream_s : float
        How long the endpoint took from the request to its end, in seconds.
    wall_s : float
        How long the cell took from the request to its reply, in seconds.
    """

    mode: Mode
    ran: Ran
    record: RequestRecord
    code: str
    stream_s: float
    wall_s: float

    @property
    def frames(self) -> int:
        """How often the change was drawn."""
        if self.mode == "output":
            return len(self.ran.updates)
        return sum(
            message["msg_type"] == "comm_msg"
            and "jspark" in str(message["content"]["data"].get("state", {}).get("value", ""))
            for message in self.ran.messages
        )

    @property
    def shows_a_card(self) -> bool:
        """Whether the display is a widget."""
        return any(WIDGET_VIEW in bundle for bundle in self.ran.displays)

    @property
    def ratio(self) -> float:
        """The wall time over the stream's own."""
        return self.wall_s / self.stream_s


def stream_an_edit(server: JupyterServer, endpoint: SpawnedServer, mode: Mode, *, times: int = 1) -> list[Streamed]:
    """Stream edits into a fresh kernel, after a first turn that imports what turns need."""
    kernel_id = server.open_notebook("streamed.ipynb") if mode == "card" else server.start_kernel()
    answer = code_answer(TOKENS)
    out = []
    with connected(server, kernel_id) as kernel:
        endpoint.configure(rate_tok_s=10_000, answer="```python\nwarm = 1\n```\n")
        kernel.run("%load_ext jupyter_spark")
        first = kernel.run("%%spark warm up").ran
        assert first.status == "ok", first.messages
        endpoint.configure(rate_tok_s=RATE_TOK_S, answer=answer)
        for _ in range(times):
            timed = kernel.run("%%spark write many values")
            record = endpoint.records[-1]
            assert record.finished_at_s is not None
            code = "\n".join(answer.strip("\n").splitlines()[FENCE_LINES:-FENCE_LINES])
            out.append(
                Streamed(
                    mode=mode,
                    ran=timed.ran,
                    record=record,
                    code=code,
                    stream_s=record.finished_at_s - record.at_s,
                    wall_s=timed.replied_at_s - timed.sent_at_s,
                )
            )
    return out
