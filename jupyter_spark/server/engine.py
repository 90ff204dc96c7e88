"""What all pages of a server share: settings, providers, running turns, the journal."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from jupyter_spark.errors import UsageError
from jupyter_spark.journal import SafeJournal, open_journal
from jupyter_spark.request import build_request
from jupyter_spark.server.connection import PageConnection, Send
from jupyter_spark.server.mirror import NotebookMirror
from jupyter_spark.server.running import RunningTurn, RunningTurns
from jupyter_spark.settings import Settings, load_settings
from jupyter_spark.turn import SAMPLING_TEMPERATURE
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_page import TurnRequested


class Engine:
    """The engine behind the pages.

    Parameters
    ----------
    root : Path
        The server's root folder: pages name notebooks by their paths below it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.journal = SafeJournal(lambda: open_journal(limits=load_settings().limits))
        self.turns = RunningTurns(self.journal)
        self._mirrors: defaultdict[str, NotebookMirror] = defaultdict(NotebookMirror)
        self._pages: set[PageConnection] = set()

    def connect(self, user: str, send: Send) -> PageConnection:
        """Take in a page."""
        page = PageConnection(user, self._mirrors[user], self.turns, self.start, send)
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
        """Return the absolute path of a notebook that a page names."""
        return str(self.root / notebook)

    def start(self, user: str, frame: TurnRequested, mirror: NotebookMirror) -> RunningTurn:
        """Start the turn that a page asked for."""
        profile = self.settings().for_tier(frame.tier, frame.profile)
        snapshot = mirror.snapshot(frame.notebook, self.path_of(frame.notebook))
        request = build_request(
            frame.kind,
            frame.instruction,
            profile,
            snapshot,
            target=_target(snapshot, frame),
            error=frame.error,
            tier=frame.tier,
            variables=frame.variables,
            live_names=[variable.name for variable in frame.variables],
            with_context=frame.with_context,
        )
        changes: dict[str, object] = {"turn_id": frame.turn_id, "conversation_id": frame.conversation_id}
        if frame.again:
            changes["temperature"] = SAMPLING_TEMPERATURE
        return self.turns.start(user, request.model_copy(update=changes), profile)

    async def aclose(self) -> None:
        """Stop everything."""
        await self.turns.aclose()
        self.journal.close()


def _target(snapshot: NotebookSnapshot, frame: TurnRequested) -> CellSnapshot | None:
    if frame.cell_id is None:
        return None
    cell = next((cell for cell in snapshot.cells if cell.cell_id == frame.cell_id), None)
    if cell is None:
        raise UsageError("That cell is not in the notebook any more.", "Choose another cell and ask again.")
    return cell
