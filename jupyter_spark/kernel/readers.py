"""The comms of pages: who opened one, and what is sent over it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from jupyter_spark.wire_magic import PageOpened
from jupyter_spark.wire_page import PAGE_VERSION


@dataclass
class Reader:
    """A page that follows turns: how much it has of each one's log."""

    comm: Any
    positions: dict[str, int] = field(default_factory=dict)


def opened_page(comm: Any, message: dict[str, Any]) -> str | None:
    """Return which page opened a comm; one of another version gets no further."""
    with suppress(ValidationError):
        opened = PageOpened.model_validate(message["content"]["data"])
        if opened.version == PAGE_VERSION:
            return opened.page
    comm.close()
    return None


def keep_newest(kept: OrderedDict[str, Any], name: str, value: Any, most: int) -> None:
    """Keep the newest; a page that was reloaded never said that it left."""
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)


def send_frames(comm: Any, frames: Sequence[str]) -> int:
    """Send frames in one message; return its size."""
    batch = f"[{','.join(frames)}]"
    with suppress(Exception):  # the page may be gone, and the turn goes on without it
        comm.send({"frames": batch})
    return len(batch)
