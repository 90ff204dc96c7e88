"""What all pages of a server share: settings, providers, running turns, the journal."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from jupyter_spark.alternatives import spread_request
from jupyter_spark.errors import SparkError
from jupyter_spark.fallback import Substitute
from jupyter_spark.journal import (
    SafeJournal,
    judge_edit,
    keep_standing,
    notebook_scope,
    open_journal,
    standing_refactors,
)
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.providers.models import find_spec, pull_model
from jupyter_spark.recording import record_refused
from jupyter_spark.server.asked import asked_request
from jupyter_spark.server.completing import Asked, PageCompletions, Prepared, Tell
from jupyter_spark.server.connection import PageConnection, Send
from jupyter_spark.server.page_refactors import PageRefactors
from jupyter_spark.server.refactoring import RunningRefactors
from jupyter_spark.server.running import RunningTurn, RunningTurns
from jupyter_spark.server.spent import CompletionTally, spent_since
from jupyter_spark.server.status import BUILT_IN
from jupyter_spark.server.talks import Talks
from jupyter_spark.server.warming import Warming
from jupyter_spark.settings import Profile, Settings, load_limits, load_settings
from jupyter_spark.wire import Conversation, TurnRecord, TurnRequest
from jupyter_spark.wire_page import (
    CompletionEnded,
    CompletionRequested,
    EditJudged,
    ModelProgress,
    SpentList,
    TurnRequested,
)
from jupyter_spark.wire_review import RefactorList, RefactorStands

PROGRESS_EVERY_S = 0.1


class Engine:
    """The engine behind the pages.

    Parameters
    ----------
    root : Path
        The server's root folder: pages name notebooks by their paths below it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.journal = SafeJournal(lambda: open_journal(limits=load_limits()))
        self.turns = RunningTurns(self.journal)
        self.refactors = RunningRefactors(self.settings, self.turns.provider, self.path_of, self._record_refactor)
        self._talks = Talks()
        self._judging = ThreadPoolExecutor(1, thread_name_prefix="jupyter-spark-judged")
        self._tally = CompletionTally()
        self._warming = Warming(self.settings, self.turns.provider, self.journal)
        self._mirrors: defaultdict[str, NotebookMirror] = defaultdict(lambda: NotebookMirror(self._warming.read))
        self._pages: set[PageConnection] = set()
        self._pulling: asyncio.Task[None] | None = None

    def connect(self, user: str, send: Send) -> PageConnection:
        """Take in a page."""
        self._warming.begin()
        mirror = self._mirrors[user]

        def refactors(tell: Tell, wake: Callable[[], None]) -> PageRefactors:
            return PageRefactors(user, mirror, self.refactors, self.keep_standing, tell, wake)

        page = PageConnection(user, mirror, self.turns, self.start, self.judge, send, self._completions, refactors)
        self._pages.add(page)
        return page

    def disconnect(self, page: PageConnection) -> None:
        """Let a page go."""
        page.close()
        self._pages.discard(page)

    def settings(self) -> Settings:
        """Return the settings as they are now: a mended file counts at once."""
        return load_settings()

    def path_of(self, notebook: str) -> str:
        """Return the absolute path of a notebook that a page names, the same as the command line knows it by."""
        return notebook_scope(self.root / notebook)

    def judge(self, frame: EditJudged) -> None:
        """Keep what the user did with an edit, in order and off the loop."""
        self._judging.submit(
            judge_edit,
            self.journal,
            frame.turn_id,
            self.path_of(frame.notebook),
            frame.cell_id,
            frame.operation,
            frame.outcome,
            frame.before,
            frame.after,
        )

    def renamed(self, old: str, new: str) -> None:
        """File under its new path what was kept of a notebook, or of a folder's; in order and off the loop."""
        for before, now in {(self.path_of(old), self.path_of(new)), (str(self.root / old), str(self.root / new))}:
            self._judging.submit(self.journal.rename, before, now)

    def keep_standing(self, frame: RefactorStands) -> None:
        """Keep what of a refactor stands in an open notebook, in order and off the loop."""
        scope = self.path_of(frame.notebook)
        self._judging.submit(keep_standing, self.journal, frame.refactor_id, scope, frame.applied)

    def list_refactors(self, notebook: str, user: str) -> RefactorList:
        """Return a notebook's refactors: this user's that is under way, and those that stand in it."""
        now = self.refactors.newest(user, notebook)
        kept = self._judging.submit(standing_refactors, self.journal, self.path_of(notebook)).result()
        if now is None:
            return RefactorList(standing=kept)
        return RefactorList(current=now.asked.refactor_id, instruction=now.instruction, kept=now.kept, standing=kept)

    def start(self, user: str, frame: TurnRequested, mirror: NotebookMirror) -> Sequence[RunningTurn]:
        """Start the turn that a page asked for, and the other tries at it beside it.

        Each try is a turn of its own. The conversation goes on from the first: the others answer the same.
        """
        settings = self.settings()
        snapshot = mirror.snapshot(frame.notebook, self.path_of(frame.notebook))

        def put(profile: Profile) -> TurnRequest:
            talk = self._talks.of(frame.conversation_id, profile) if frame.conversation_id else None
            return asked_request(frame, profile, snapshot, self.root, conversation=talk, privacy=settings.privacy)

        profile = settings.for_tier(frame.tier, frame.profile)
        others = settings.fallbacks(frame.tier, frame.profile)
        try:
            requests = _tries(frame, put(profile))
        except SparkError as error:
            self._judging.submit(record_refused, self.journal, self._record(frame, profile), error)
            raise
        begun = []
        for index, request in enumerate(requests):

            def put_again(other: Profile, index: int = index) -> TurnRequest:
                return _tries(frame, put(other))[index]

            substitutes = [Substitute(self.turns.provider(other), partial(put_again, other)) for other in others]
            on_said = self._talks.keep if index == 0 else _ignore
            begun.append(self.turns.start(user, request, profile, substitutes, on_said))
        return begun

    def _record(self, frame: TurnRequested, profile: Profile) -> TurnRecord:
        """What the journal keeps of a turn before it begins."""
        return TurnRecord(
            turn_id=frame.turn_id,
            created_at_s=time.time(),
            kind=frame.kind,
            instruction=frame.instruction,
            tier=frame.tier,
            profile=profile.name,
            model="",
            status="running",
            notebook_path=self.path_of(frame.notebook),
            conversation_id=frame.conversation_id,
        )

    def _record_refactor(self, record: TurnRecord) -> None:
        self._judging.submit(self.journal.record_turn, record)

    def spent(self, since_s: float) -> SpentList:
        """Return what was spent since a moment, in seconds since the epoch."""
        return spent_since(since_s, self.journal, self._tally)

    def _completions(self, tell: Tell) -> PageCompletions:
        def ended(frame: CompletionEnded) -> None:
            self._tally.add(frame.tier, frame.figures, counted=frame.counted)

        return PageCompletions(self._asked, ended, tell)

    def _asked(self, frame: CompletionRequested, mirror: NotebookMirror, prepared: Prepared) -> Asked | None:
        settings = self.settings()
        snapshot = mirror.snapshot(frame.notebook, self.path_of(frame.notebook))
        provider = self.turns.provider(settings.for_tier(frame.tier, frame.profile))
        return prepared.asked(frame, snapshot, provider, settings.privacy)

    def pull_model(self) -> None:
        """Begin to download the built-in model; every page is told how far it is."""
        if self._pulling is None or self._pulling.done():
            self._pulling = asyncio.get_running_loop().create_task(self._pull())

    async def _pull(self) -> None:
        spec = find_spec(BUILT_IN)
        loop = asyncio.get_running_loop()

        told_at_s = 0.0

        def told(received_bytes: int, total_bytes: int, _what: str) -> None:
            nonlocal told_at_s
            if time.monotonic() - told_at_s > PROGRESS_EVERY_S:
                told_at_s = time.monotonic()
                loop.call_soon_threadsafe(self._tell_all, received_bytes, total_bytes)

        done, problem = False, ""
        try:
            await asyncio.to_thread(pull_model, spec, progress=told)
            done = True
        except SparkError as error:
            problem = str(error)
        received_bytes = spec.size_bytes if done else 0
        self._tell_all(received_bytes, spec.size_bytes, done=done, problem=problem)

    def _tell_all(self, received_bytes: int, total_bytes: int, *, done: bool = False, problem: str = "") -> None:
        frame = ModelProgress(received_bytes=received_bytes, total_bytes=total_bytes, done=done, problem=problem)
        for page in self._pages:
            page.tell(frame)

    async def aclose(self) -> None:
        """Stop everything."""
        if self._pulling is not None:
            self._pulling.cancel()
        await self._warming.aclose()
        await self.refactors.aclose()
        await self.turns.aclose()
        await asyncio.to_thread(self._judging.shutdown)
        self.journal.close()


def _tries(frame: TurnRequested, request: TurnRequest) -> Sequence[TurnRequest]:
    """The request, or as many as tries were asked for, each under the id that the page gave it."""
    if not frame.others:
        return [request]
    ids = (frame.turn_id, *frame.others)
    return [
        one.model_copy(update={"turn_id": turn_id, "group_id": frame.turn_id})
        for turn_id, one in zip(ids, spread_request(request, len(ids)), strict=True)
    ]


def _ignore(_said: Conversation) -> None:
    pass
