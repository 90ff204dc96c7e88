"""Run the paced server by hand: ``python -m tests.paced --port 0 --rate 1000``. Prints its base URL."""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
from contextlib import suppress
from pathlib import Path
from typing import get_args

from tests.paced.faults import FaultName
from tests.paced.script import code_answer
from tests.paced.server import PacedServer


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.paced", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--rate", type=float, default=math.inf, metavar="TOK_S", help="tokens a second")
    parser.add_argument("--first-token", type=float, default=0.0, metavar="S", help="seconds to the first token")
    parser.add_argument("--fault", action="append", choices=get_args(FaultName), metavar="NAME", help="may repeat")
    parser.add_argument("--require-key", metavar="KEY", help="let in this API key only")
    parser.add_argument("--until-stdin-ends", action="store_true", help="stop at the end of standard input")
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--answer", metavar="TEXT")
    answer.add_argument("--answer-file", type=Path, metavar="PATH")
    answer.add_argument("--tokens", type=int, default=300, help="answer with so many tokens of code")
    return parser.parse_args()


def _read_answer(arguments: argparse.Namespace) -> str:
    if arguments.answer is not None:
        return str(arguments.answer)
    if arguments.answer_file is not None:
        return str(arguments.answer_file.read_text(encoding="utf-8"))
    return code_answer(arguments.tokens)


async def _serve(arguments: argparse.Namespace) -> None:
    server = PacedServer(
        rate_tok_s=arguments.rate,
        first_token_s=arguments.first_token,
        answer=_read_answer(arguments),
        fault=arguments.fault,
        require_key=arguments.require_key,
        host=arguments.host,
        port=arguments.port,
    )
    async with server:
        print(server.base_url, flush=True)
        if not arguments.until_stdin_ends:
            await asyncio.Event().wait()
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await reader.read()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(_read_arguments()))
