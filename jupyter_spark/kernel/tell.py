"""Short texts of the commands that start no turn: status, context, undo."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from jupyter_spark.errors import SparkError
from jupyter_spark.kernel.loop import Reading
from jupyter_spark.kernel.session import Asked, KernelSession, summary_of
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.privacy import say_kept_back
from jupyter_spark.settings import Profile, find_key
from jupyter_spark.wire import AnyTurnEvent, CellSnapshot, TextDelta, TurnFailed, TurnRequest

_ORIGINS = {"file": "saved file", "history": "kernel's history", "live": "open notebook"}


def status(session: KernelSession) -> None:
    """Print which profile fills which tier, whether it can answer, and the last turn's figures."""
    for tier, name, models in summary_of(session):
        print(f"{tier:<6} {name:<14} {models:<44} {_ready(session.settings.profile(name))}".rstrip())  # noqa: T201
        if others := session.settings.fallbacks(tier, session.chosen.get(tier)):
            print(f"       else {', '.join(profile.name for profile in others)}")  # noqa: T201
    if session.last_view is not None:
        print("last   " + " · ".join(session.last_view.closing()))  # noqa: T201
    if session.journal.problem:
        print(f"journal {session.journal.problem}")  # noqa: T201


def _ready(profile: Profile) -> str:
    try:
        if profile.api == "local":
            from jupyter_spark.providers.models import model_path

            model_path(profile.model_path or profile.models[0])
            return "ready"
        find_key(profile)
    except SparkError as error:
        return str(error)
    return "ready"


def context(request: TurnRequest, profile: Profile) -> None:
    """Print what would be sent with a turn: each piece, why it is in, its tokens, and what was cut."""
    pack = request.context
    print(f"{pack.tokens} of {pack.budget_tokens} tokens of context would go to '{profile.name}':")  # noqa: T201
    if request.target is not None:
        lines = len(request.target.source.splitlines())
        print(f"  the cell itself: {lines} line{'s' if lines != 1 else ''}")  # noqa: T201
    for piece in pack.pieces:
        print(f"  {piece.tokens:>6}  {piece.label:<14} {piece.reason}")  # noqa: T201
    if pack.cut:
        print(f"  cut for the budget: {', '.join(pack.cut)}")  # noqa: T201
    if pack.dropped:
        print(f"  left out for the budget: {', '.join(pack.dropped)}")  # noqa: T201
    if pack.kept_out:
        print(f"  kept out by spark-ignore: {pack.kept_out} cell{'s' if pack.kept_out != 1 else ''}")  # noqa: T201
    for label in dict.fromkeys(row.label for row in pack.kept_back):
        print(f"  {label}: {say_kept_back(row for row in pack.kept_back if row.label == label)}")  # noqa: T201
    if pack.taken_at_s:
        age_s = max(0.0, time.time() - pack.taken_at_s)
        print(f"  the notebook is from the {_ORIGINS[pack.origin]}, {age_s:.0f} s old")  # noqa: T201


def travelled(text: str, whose: str, *, back: bool, replace: bool) -> None:
    """Print what undo or redo did, and to which cell's code."""
    what, lines = "old" if back else "new", len(text.splitlines())
    place = "this cell" if replace else "a new cell below"
    print(f"The {what} code of {whose} ({lines} line{'s' if lines != 1 else ''}) is in {place}.")  # noqa: T201


def stays() -> None:
    """Print what undo means for code that went into a cell of its own: no other code was changed."""
    print("That code went into a new cell and changed no other: delete the cell to take it back.")  # noqa: T201


def stream_into(reading: Reading[AnyTurnEvent], show: Callable[[str], None]) -> None:
    """Show a turn's words as they arrive, from a thread of its own, a few times a second."""

    def read() -> None:
        words: list[str] = []
        while (events := reading.take(1.0)) is not None:
            words += [event.text for event in events if isinstance(event, TextDelta)]
            words += [event.message for event in events if isinstance(event, TurnFailed)]
            if events:
                show("".join(words))
                threading.Event().wait(0.2)

    threading.Thread(target=read, name="jupyter-spark-why", daemon=True).start()


def why_of(session: KernelSession, asked: Asked, view: TurnView) -> Callable[[Callable[[str], None]], None]:
    """Return what asks for the reason of a change, off the cell's way, and shows it as it comes."""

    def ask(show: Callable[[str], None]) -> None:
        if view.proposal is None:
            return
        edit = view.proposal.edit
        target = CellSnapshot(cell_id=edit.cell_id, source=edit.new_source)
        words = f"The cell was changed as asked: {asked.words}. Explain briefly what changed and why."
        question = Asked("explain", words, target=target, tier=asked.tier)
        request, profile = session.request(question)
        stream_into(session.start(request, profile, session.substitutes(question)), show)

    return ask
