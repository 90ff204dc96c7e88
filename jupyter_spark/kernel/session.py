"""What a kernel needs for its turns: settings, providers, the journal, and the notebook as the kernel knows it.

Imported at first use, never at ``%load_ext``.
"""

from __future__ import annotations

import math
import os
import re
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_spark.conversation import begin
from jupyter_spark.fallback import Substitute, run_turn_or_substitute
from jupyter_spark.journal import SafeJournal, kernel_scope, notebook_scope, open_journal
from jupyter_spark.kernel.history import CellLog, RanCell
from jupyter_spark.kernel.loop import LoopThread, Reading
from jupyter_spark.kernel.snapshot import as_snapshot, notebook_snapshot
from jupyter_spark.kernel.variables import take_snapshot
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.providers import Provider, Steering, open_provider
from jupyter_spark.recording import recorded
from jupyter_spark.request import build_request
from jupyter_spark.settings import Profile, Settings, load_limits, load_settings
from jupyter_spark.turn import SAMPLING_TEMPERATURE
from jupyter_spark.wire import (
    AnyTurnEvent,
    CellSnapshot,
    Conversation,
    ErrorReport,
    Message,
    NotebookSnapshot,
    Tier,
    TurnKind,
    TurnRequest,
    VariableSummary,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Asked:
    """A request as the user made it, with everything needed to ask it again."""

    kind: TurnKind
    words: str
    target: CellSnapshot | None = None
    error: ErrorReport | None = None
    tier: Tier = "spark"
    profile: str | None = None
    below: bool = False
    dry_run: bool = False
    with_context: bool = True
    only_variables: tuple[str, ...] | None = None
    yes: bool = False
    again: bool = False

    @property
    def title(self) -> str:
        """What was asked, in one line for the reader."""
        if self.kind == "explain":
            return self.words or "Explain this cell"
        if self.kind == "fix":
            error = f" {self.error.name}: {self.error.message}" if self.error else ""
            return f"Fix{error}" + (f" — {self.words}" if self.words else "")
        return self.words


class KernelSession:
    """The state of one kernel's conversation."""

    def __init__(self, shell: InteractiveShell, log: CellLog) -> None:
        self.shell = shell
        self.log = log
        self.thread = LoopThread()
        self._settings: Settings | None = None
        self.chosen: dict[Tier, str] = {}
        self.journal = SafeJournal(lambda: open_journal(limits=load_limits()))
        self.last_asked: Asked | None = None
        self.last_view: TurnView | None = None
        self._providers: dict[str, Provider] = {}
        self._conversations: dict[str, Conversation] = {}
        self._taken: dict[str, tuple[RanCell | None, RanCell, float]] = {}

    @property
    def settings(self) -> Settings:
        """The settings as the last turn read them; undo needs none, so a mistake in them does not block it."""
        if self._settings is None:
            self._settings = load_settings()
        return self._settings

    def profile(self, asked: Asked) -> Profile:
        """Return who answers: the profile named, the one chosen with ``use``, or the tier's."""
        return self.settings.for_tier(asked.tier, asked.profile or self.chosen.get(asked.tier))

    def substitutes(self, asked: Asked) -> list[Substitute]:
        """Return who answers instead where that profile cannot begin to."""
        profiles = self.settings.fallbacks(asked.tier, asked.profile or self.chosen.get(asked.tier))
        if not profiles:
            return []
        put = self._putting(asked)
        return [Substitute(self.provider(profile), partial(put, profile)) for profile in profiles]

    def read_settings(self) -> None:
        """Read the settings anew: a key set with ``%env``, or a mended file, counts at once."""
        self._settings = load_settings()

    def request(self, asked: Asked) -> tuple[TurnRequest, Profile]:
        """Make the request; raises ``SparkError`` if it cannot be asked."""
        self.read_settings()
        profile = self.profile(asked)
        return self._putting(asked)(profile), profile

    def _putting(self, asked: Asked) -> Callable[[Profile], TurnRequest]:
        """What puts a request to a profile, with the notebook and its variables as they are now."""
        namespace = self.shell.user_ns
        # What the request speaks of goes first: a large namespace may not fit whole.
        words = _WORD.findall(f"{asked.words}\n{asked.target.source if asked.target else ''}")
        snapshot, live_names = self.snapshot(), set(namespace)
        variables = [
            VariableSummary(name=name, type=kind, summary=summary)
            for name, kind, summary in take_snapshot(namespace, asked.only_variables, first=words).rows
        ]

        def put(profile: Profile) -> TurnRequest:
            request = build_request(
                asked.kind,
                asked.words,
                profile,
                snapshot,
                target=asked.target,
                error=asked.error,
                tier=asked.tier,
                variables=variables,
                live_names=live_names,
                only_variables=asked.only_variables,
                with_context=asked.with_context,
                conversation=self._conversations.setdefault(self._talk_of(profile), begin()),
                privacy=self.settings.privacy,
            )
            return request.model_copy(update={"temperature": SAMPLING_TEMPERATURE}) if asked.again else request

        return put

    def run(
        self,
        request: TurnRequest,
        profile: Profile,
        substitutes: Sequence[Substitute] = (),
        steering: Steering | None = None,
    ) -> AsyncGenerator[AnyTurnEvent, None]:
        """Return a turn's events; it is recorded in the journal as it runs, on the background loop."""
        events = run_turn_or_substitute(request, self.provider(profile), substitutes, steering=steering)
        return recorded(events, request, self.journal)

    def warm(self, messages: tuple[Message, ...] = ()) -> None:
        """Connect to the endpoint of the fast tier, if a key for it is in the environment; send ``messages`` ahead.

        Right after loading there is nothing to send ahead: the rules alone are shorter than what endpoints cache.
        """
        profile = self.settings.for_tier("spark", self.chosen.get("spark"))
        if any(os.environ.get(name, "").strip() for name in profile.key_env):
            self.thread.submit(self.provider(profile).warm(messages))

    def start(
        self,
        request: TurnRequest,
        profile: Profile,
        substitutes: Sequence[Substitute] = (),
        steering: Steering | None = None,
    ) -> Reading[AnyTurnEvent]:
        """Start a turn on the background loop."""
        return Reading(self.thread, lambda: self.run(request, profile, substitutes, steering))

    def say(self, steering: Steering, words: str) -> None:
        """Redirect a running turn; from any thread."""
        self.thread.loop.call_soon_threadsafe(steering.say, words)

    def remember(self, asked: Asked, view: TurnView) -> None:
        """Keep what ``retry`` and ``status`` need, and the conversation for the next turn."""
        self.last_asked, self.last_view = asked, view
        if (after := view.conversation) is not None:
            whose = (key for key, before in self._conversations.items() if before.cache_key == after.cache_key)
            self._conversations.update(dict.fromkeys(list(whose), after))

    def use(self, tier: Tier, name: str) -> None:
        """Let another profile fill a tier, with a conversation of its own."""
        self.settings.profile(name)
        self.chosen[tier] = name
        self._conversations.clear()

    def _talk_of(self, profile: Profile) -> str:
        """Whose conversation it is: one endpoint's, about one notebook, until the kernel begins anew (``%reset``)."""
        # %reset empties this table of IPython's own, and leaves no other trace.
        began = self.shell.user_ns_hidden.setdefault("_jupyter_spark_began", uuid.uuid4().hex)
        return f"{began} {notebook_path()} {profile.model_dump_json()}"

    def took(self, source: str) -> None:
        """Note that the running cell was given this text: it holds until the cell runs."""
        cell = self.log.current
        if cell is not None and not cell.cell_id.startswith("In["):  # a terminal's prompts are not cells that stay
            before = self.log.cells.get(cell.cell_id)
            self._taken[cell.cell_id] = before, replace(cell, source=source), time.time()

    def snapshot(self) -> NotebookSnapshot:
        """Return the notebook from the best source there is, each cell with its latest text."""
        return self._as_taken(notebook_snapshot(self.log, self.shell.user_ns))

    def _as_taken(self, notebook: NotebookSnapshot) -> NotebookSnapshot:
        """The notebook with the texts that cells were given and have not run yet; a later document counts."""
        ran = self.log.cells
        read_at_s = -math.inf if notebook.origin == "history" else notebook.taken_at_s
        here = {cell.cell_id for cell in notebook.cells}
        taken = {
            name: cell
            for name, (before, cell, given_at_s) in self._taken.items()
            if ran.get(name) is before and (given_at_s > read_at_s or name not in here)
        }
        cells = [
            cell.model_copy(update={"source": given.source, "execution_count": given.execution_count})
            if (given := taken.pop(cell.cell_id, None)) is not None
            else cell
            for cell in notebook.cells
        ]
        return notebook.model_copy(update={"cells": (*cells, *map(as_snapshot, taken.values()))})

    @property
    def scope(self) -> str:
        """Whose edits these are, across restarts: the notebook's, or this kernel's."""
        path = notebook_path()
        if path is not None:
            return notebook_scope(path)
        kernel = getattr(self.shell, "kernel", None)
        connection = getattr(getattr(kernel, "parent", None), "connection_file", None)
        return kernel_scope(str(Path(connection).absolute()) if connection else f"terminal in {Path.cwd()}")

    def close(self) -> None:
        """Let go of connections, journal and thread."""
        self.thread.stop(self._close_providers(list(self._providers.values())))
        self._providers.clear()
        self.journal.close()

    @staticmethod
    async def _close_providers(providers: Sequence[Provider]) -> None:
        for provider in providers:
            await provider.aclose()

    def provider(self, profile: Profile) -> Provider:
        """Return the provider of a profile: the same one for every turn, so that its connections stay warm."""
        key = profile.model_dump_json()
        if key not in self._providers:  # the thread that warms may be at it too: one of the two stays
            self._providers.setdefault(key, open_provider(profile))
        return self._providers[key]


def notebook_path() -> str | None:
    """Return the path of this kernel's notebook, where the server told it to the kernel."""
    name = os.environ.get("JPY_SESSION_NAME", "")
    return str(Path(name).absolute()) if name.endswith(".ipynb") else None


def report_error(log: CellLog, cell: RanCell) -> ErrorReport | None:
    """Return the error that a cell raised when it last ran."""
    seen = log.errors.get(cell.cell_id)
    return ErrorReport(name=seen.name, message=seen.message, traceback=seen.traceback) if seen else None


def summary_of(session: KernelSession) -> list[tuple[Tier, str, str]]:
    """Return ``(tier, profile, models)`` for both tiers, as they are filled now."""
    tiers: tuple[Tier, ...] = ("spark", "deep")
    rows: list[tuple[Tier, str, str]] = []
    for tier in tiers:
        profile = session.settings.for_tier(tier, session.chosen.get(tier))
        rows.append((tier, profile.name, ", ".join(profile.models) or str(profile.script or "")))
    return rows
