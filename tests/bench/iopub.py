"""How much longer a streamed cell takes than its stream: 3,000 tokens at 1,000 a second behind a real Jupyter server.

``python -m tests.bench.iopub [TIMES]`` prints each run, for plain outputs and for widget cards.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.kernel.server import running_jupyter_server
from tests.kernel.streamed import RATE_TOK_S, TOKENS, Mode, stream_an_edit
from tests.paced import spawned_paced_server

MODES: tuple[Mode, ...] = ("output", "card")


def main(times: int = 3) -> None:
    """Print frames, wall time, the stream's own time and their ratio."""
    print(f"{TOKENS} tokens at {RATE_TOK_S:g} tok/s through a Jupyter server with default limits")
    with tempfile.TemporaryDirectory() as name, spawned_paced_server() as endpoint:
        home = Path(name)
        env = {
            **{key: str(home) for key in ("HOME", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")},
            "OPENAI_BASE_URL": endpoint.base_url,
            "OPENAI_API_KEY": "sk-bench-0123456789",
            "JUPYTER_SPARK_PROFILE": "openai",
        }
        os.environ.pop("JPY_SESSION_NAME", None)
        with running_jupyter_server(home, env) as server:
            for mode in MODES:
                for streamed in stream_an_edit(server, endpoint, mode, times=times):
                    assert streamed.ran.payload == [(streamed.code, False)]
                    print(
                        f"{mode:<7} {streamed.frames:>3} frames  wall {streamed.wall_s:.3f} s  "
                        f"stream {streamed.stream_s:.3f} s  ratio {streamed.ratio:.4f}"
                    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
