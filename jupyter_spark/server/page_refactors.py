"""The refactors that one page follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jupyter_spark.errors import SparkError
from jupyter_spark.mirror import NotebookMirror
from jupyter_spark.server.held import PATIENCE_S, HeldQuestions
from jupyter_spark.server.refactoring import RunningRefactor, RunningRefactors
from jupyter_spark.wire import WireModel
from jupyter_spark.wire_page import Refused
from jupyter_spark.wire_review import (
    ChoiceMade,
    PlanAccepted,
    PlanRevised,
    RefactorDropped,
    RefactorFrame,
    RefactorJoined,
    RefactorLost,
    RefactorNumbered,
    RefactorRequested,
    RefactorStands,
    RefactorStopped,
    ReviewKept,
)


@dataclass
class _Followed:
    refactor: RunningRefactor
    number: int
    position: int


class PageRefactors:
    """Takes a page's frames about refactors, and gives what their logs bring.

    Parameters
    ----------
    user : str
        Whose page it is.
    mirror : NotebookMirror
        The notebooks of this user's pages.
    refactors : RunningRefactors
        Where refactors are found.
    keep : callable
        Keeps what of a refactor stands in a notebook.
    tell : callable
        Sends one frame.
    wake : callable
        Called when there is something to collect.
    """

    def __init__(
        self,
        user: str,
        mirror: NotebookMirror,
        refactors: RunningRefactors,
        keep: Callable[[RefactorStands], object],
        tell: Callable[[WireModel], None],
        wake: Callable[[], None],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._user, self._mirror, self._refactors = user, mirror, refactors
        self._keep, self._tell, self._wake = keep, tell, wake
        self._followed: dict[str, _Followed] = {}
        self._numbers = 0
        self._held: HeldQuestions[RefactorRequested] = HeldQuestions(
            mirror.is_whole, lambda frame, _words: self._begin(frame), patience_s
        )

    def take(self, frame: RefactorFrame) -> None:
        """Take a frame; what cannot be done is refused."""
        try:
            self._take(frame)
        except SparkError as error:
            self._refuse(frame.refactor_id, error)

    def told(self, notebook: str) -> None:
        """The page told cells of a notebook."""
        self._held.told(notebook)

    def collect(self) -> list[str]:
        """Return what is new, as JSON frames."""
        out: list[str] = []
        for followed in self._followed.values():
            frames, followed.position = followed.refactor.log.frames(followed.number, followed.position)
            out += frames
        return out

    def close(self) -> None:
        """Leave every refactor; they run on."""
        self._held.close()
        for followed in self._followed.values():
            followed.refactor.log.leave(self._wake)
        self._followed.clear()

    def _take(self, frame: RefactorFrame) -> None:
        if isinstance(frame, RefactorRequested):
            self._ask(frame)
            return
        if isinstance(frame, RefactorStands):
            self._keep(frame)
            return
        if isinstance(frame, RefactorStopped | RefactorDropped) and frame.refactor_id in self._held:
            self._held.drop(frame.refactor_id)
            return
        one = self._refactors.find(self._user, frame.refactor_id)
        if one is None:
            self._tell(RefactorLost(refactor_id=frame.refactor_id))
        elif isinstance(frame, RefactorJoined):
            self._follow(one, frame.position)
        elif isinstance(frame, PlanRevised):
            self._refactors.revise(one, frame, self._mirror)
        elif isinstance(frame, PlanAccepted):
            self._refactors.write(one, frame, self._mirror)
        elif isinstance(frame, ChoiceMade):
            self._refactors.choose(one, frame)
        elif isinstance(frame, ReviewKept):
            one.kept = frame
        elif isinstance(frame, RefactorStopped):
            self._refactors.stop(one)
        else:
            self._refactors.drop(one)

    def _ask(self, frame: RefactorRequested) -> None:
        # A page that lost its connection at this moment asks once more.
        if begun := self._refactors.find(self._user, frame.refactor_id):
            self._follow(begun, 0)
        elif self._mirror.is_whole(frame.notebook):
            self._begin(frame)
        else:
            self._held.hold(frame.refactor_id, frame)

    def _begin(self, frame: RefactorRequested) -> None:
        try:
            one = self._refactors.start(self._user, frame, self._mirror)
        except SparkError as error:
            self._refuse(frame.refactor_id, error)
            return
        self._follow(one, 0)

    def _follow(self, one: RunningRefactor, position: int) -> None:
        self._numbers += 1
        refactor_id = one.asked.refactor_id
        self._followed[refactor_id] = _Followed(one, self._numbers, min(max(position, 0), one.log.position))
        one.log.follow(self._wake)
        self._tell(RefactorNumbered(refactor_id=refactor_id, number=self._numbers))

    def _refuse(self, refactor_id: str, error: SparkError) -> None:
        self._tell(Refused(turn_id=refactor_id, code=error.code, message=error.message, hint=error.hint))
