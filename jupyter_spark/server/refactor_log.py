"""A refactor as a log that any number of pages read, each at its own pace; see ``turn_log``.

Of what the turns inside tell, a page needs what it shows: the lines of each cell as they arrive, and the plan's words.
"""

from __future__ import annotations

from jupyter_spark.turn_log import SharedLog, to_json
from jupyter_spark.wire import EditDelta, EditStarted, TextDelta
from jupyter_spark.wire_refactor import NotebookChecked, PlanTurn, RefactorReady, StepTurn
from jupyter_spark.wire_review import AnyReviewEvent


class RefactorLog(SharedLog[bytes | tuple[str, tuple[str, ...]]]):
    """What happened in a refactor, in order. It has no end: the plan may be revised, the choice changed."""

    ended = False

    def append(self, event: AnyReviewEvent) -> None:
        """Write an event down, if a page shows anything of it, and wake the readers."""
        entry = _entry(event)
        if entry is None:
            return
        self._entries.append(entry)
        self._wake()

    def frames(self, number: int, position: int) -> tuple[list[str], int]:
        """Return what is new as JSON frames, and the position after them.

        Between two events the lines of each step are put together: steps are independent of one another.
        """
        out: list[str] = []
        lines: dict[str, list[str]] = {}

        def flush(at: int) -> None:
            out.extend(f"[{number},{at},{to_json(step)},{to_json(these)}]" for step, these in lines.items())
            lines.clear()

        for at, entry in enumerate(self._entries[position:], start=position):
            if isinstance(entry, bytes):
                flush(at)
                news = f'"number":{number},"position":{at + 1},"event":{entry.decode()}'
                out.append(f'{{"type":"refactor_news",{news}}}')
            else:
                lines.setdefault(entry[0], []).extend(entry[1])
        flush(len(self._entries))
        return out, len(self._entries)


def _entry(event: AnyReviewEvent) -> bytes | tuple[str, tuple[str, ...]] | None:
    if isinstance(event, RefactorReady | NotebookChecked):  # the end brings both
        return None
    if isinstance(event, PlanTurn):
        return ("", (event.event.text,)) if isinstance(event.event, TextDelta) else None
    if isinstance(event, StepTurn):
        if isinstance(event.event, EditDelta):
            return event.step_id, event.event.lines
        return event.model_dump_json().encode() if isinstance(event.event, EditStarted) else None
    return event.model_dump_json().encode()
