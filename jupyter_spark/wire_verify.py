"""What a verification found, cell by cell. Frozen values: JSON for ``--json`` and for the page."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import computed_field

from jupyter_spark.wire import ErrorReport, WireModel

Verdict = Literal["same", "differs", "varies", "newly_fails", "newly_works", "still_fails", "not_run"]
Run = Literal["before", "after", "again"]
# Nothing; the checks of the notebook as a whole; these, and both notebooks run and compared.
VerifyMode = Literal["none", "static", "run"]


class VerifyProgress(WireModel):
    """How far one of the runs is; ``again`` is each further run of the notebook before, to see what varies.

    ``cell`` counts the code cells from 1 in the phase ``running``, else it is 0; ``cells`` is how many there are.
    """

    run: Run
    phase: Literal["copying", "starting", "running", "finished"]
    cell: int = 0
    cells: int = 0


class CellVerification(WireModel):
    """One cell, or several that became one or several others, and whether they still put out the same.

    Attributes
    ----------
    verdict : str
        ``same``; ``differs``; ``varies`` (what differs differs from run to run before the change too);
        ``newly_fails``; ``newly_works``; ``still_fails`` (with the same error); ``not_run`` (before or after). A cell
        with the tag ``raises-exception`` fails on purpose: with the same error it is ``same``.
    before_ids, after_ids : tuple of str
        The cells (``CellSnapshot.cell_id``); one of the two is empty for what was inserted or deleted.
    before_index, after_index : int, optional
        The places of the first of them, from 0 over all cells.
    why : str
        What differs, in one line; empty for ``same``.
    before, after : str
        What they put out, shortened around the first difference; empty for ``same``.
    error : ErrorReport, optional
        The error after the change, with the whole traceback without colours, as a repair needs it.
    elapsed_before_s, elapsed_after_s : float
        How long they ran, in seconds.
    """

    verdict: Verdict
    before_ids: tuple[str, ...] = ()
    after_ids: tuple[str, ...] = ()
    before_index: int | None = None
    after_index: int | None = None
    why: str = ""
    before: str = ""
    after: str = ""
    error: ErrorReport | None = None
    elapsed_before_s: float = 0.0
    elapsed_after_s: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the change here."""
        return self.verdict in ("same", "varies", "newly_works", "still_fails")


class VerificationReport(WireModel):
    """The notebook before and after a change, run and compared.

    ``notes`` says in one line each what a reader must know to trust it: what was not copied or could not be
    compared. ``unverified`` is why nothing could be verified, in a line; empty if something was.
    """

    cells: tuple[CellVerification, ...] = ()
    kernel: str = ""
    notes: tuple[str, ...] = ()
    unverified: str = ""
    elapsed_s: float = 0.0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def holds(self) -> bool:
        """Whether something was verified, every cell ran, and each does what it did."""
        return not self.unverified and all(cell.holds for cell in self.cells)

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many cells have which verdict."""
        return dict(Counter(cell.verdict for cell in self.cells))

    @property
    def newly_failing(self) -> tuple[CellVerification, ...]:
        """The cells that fail since the change, in document order; the first is most often the cause of the others."""
        return tuple(cell for cell in self.cells if cell.verdict == "newly_fails")
