"""``refactor``: whole notebooks; one that fails stops no other.

The work on a notebook is ``do_work``, which writes nothing and can be done anywhere; where it is done is a ``Place``.
What is shown and written is here, on the user's machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_spark.cli.edit import Writing
from jupyter_spark.cli.interrupt import run_interruptible
from jupyter_spark.cli.refactor_arguments import (
    Refactoring,
    each_once,
    notebooks_and_words,
    read_plan_of,
    require_sense,
)
from jupyter_spark.cli.refactor_done import OutputFolder, is_done_in_place
from jupyter_spark.cli.refactor_outcome import refusal, show_outcome
from jupyter_spark.cli.refactor_view import DONE_BEFORE, NOT_WRITTEN, Row, open_view, show_rows
from jupyter_spark.cli.report import CHECK_FAILED, DONE, FAILED, INTERRUPTED, Report
from jupyter_spark.cli.scene import Scene, set_scene
from jupyter_spark.errors import EditRefused, SparkError, TurnStopped, UsageError
from jupyter_spark.journal import SafeJournal, open_journal
from jupyter_spark.notebook import parse_notebook, require_writable, snapshot
from jupyter_spark.refactor import (
    NotebookWork,
    WorkDone,
    apply_proposal,
    do_work,
    done_key,
    proposed,
    refactor_record,
)
from jupyter_spark.settings import load_limits
from jupyter_spark.wire_refactor import RefactorProposal

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common

Outcome = WorkDone | SparkError
# Does works, and tells what came of each by its number, in any order; takes the next when there is room for it.
Place = Callable[[Iterable[tuple[int, NotebookWork]]], Iterator[tuple[int, Outcome]]]


def refactor_all(report: Report, common: Common, arguments: list[str], how: Refactoring, writing: Writing) -> int:
    """Refactor every notebook that is named; the last argument is the instruction."""
    named, words = notebooks_and_words(arguments)
    paths, notes = each_once(named)
    require_sense(paths, how, writing)
    for note in notes:
        report.note(note, style="dim")
    every = _Every(report, common, paths, words, how, writing)
    try:
        with _place(report, how.cluster, len(paths)) as place:
            every.done_at(place)
    except (TurnStopped, KeyboardInterrupt):
        rows = show_rows(report, every.rows)
        done = sum(row["status"] == DONE for row in rows)
        hint = "The same command goes on with the rest." if writing.apply or how.output else "Nothing was written."
        raise TurnStopped(f"Stopped: {done} of {len(paths)} notebooks are done.", hint) from None
    finally:
        every.close()
    statuses = {row["status"] for row in show_rows(report, every.rows)}
    return FAILED if FAILED in statuses else CHECK_FAILED if CHECK_FAILED in statuses else DONE


@contextmanager
def _place(report: Report, cluster: str | None, total: int) -> Iterator[Place]:
    if cluster is None:
        yield _here(report, total)
        return
    from jupyter_spark.refactor.cluster import connected, work_on_cluster

    with connected(cluster) as client:
        threads = client.nthreads()
        grown = f"{len(threads)} workers, {sum(threads.values())} at once" if threads else "waiting for a first worker"
        report.note(f"Cluster {cluster}: {grown}.", style="dim")
        yield partial(work_on_cluster, client)


def _here(report: Report, total: int) -> Place:
    """The place that is this process: one notebook after the other."""

    def each(works: Iterable[tuple[int, NotebookWork]]) -> Iterator[tuple[int, Outcome]]:
        for number, work in works:
            name = Path(work.path).name
            title = f"{name} ({number + 1} of {total})" if total > 1 else name
            yield number, _outcome(report, work, title)

    return each


def _outcome(report: Report, work: NotebookWork, title: str) -> Outcome:
    try:
        with open_view(report, title, snapshot(parse_notebook(work.data)).cells) as view:
            return run_interruptible(do_work(work, view.show, view.progress))
    except TurnStopped:
        raise
    except (SparkError, OSError) as error:
        return _told(error)


def _told(error: SparkError | OSError) -> SparkError:
    if isinstance(error, SparkError):
        return error
    where = f"{error.filename}: " if error.filename else ""
    return SparkError(f"{where}{error.strerror or error}.", "Look at the file and its folder.", code="os")


class _Every:
    """Every notebook that is named, and its row of the result."""

    def __init__(
        self, report: Report, common: Common, paths: list[Path], words: str, how: Refactoring, writing: Writing
    ) -> None:
        self._report, self._common, self._paths = report, common, paths
        self._words, self._how, self._writing = words, how, writing
        self._begun: dict[int, tuple[Scene, NotebookWork]] = {}
        self._rows: dict[int, Row] = {}
        self._journal = SafeJournal(lambda: open_journal(limits=load_limits(common.config)))
        self._output = OutputFolder(how.output) if how.output is not None else None

    @property
    def rows(self) -> list[Row]:
        """A row stands where its notebook was named, also of those that were not come to."""
        waiting = [{"notebook": str(path), "status": INTERRUPTED, "fate": "not done"} for path in self._paths]
        return [self._rows.get(number, row) for number, row in enumerate(waiting)]

    def done_at(self, place: Place) -> None:
        """Do them all there."""
        for number, outcome in place(self._works()):
            scene, work = self._begun.pop(number)
            with self._failing(number):
                self._rows[number] = self._row(scene, work, outcome)

    def close(self) -> None:
        """Let go of the journal; what was stopped is kept there as such."""
        for scene, work in self._begun.values():
            stopped = TurnStopped("Stopped.", "Nothing was written.")
            self._journal.record_turn(refactor_record(work, scene.notebook.cells, stopped))
        self._journal.close()

    def _works(self) -> Iterator[tuple[int, NotebookWork]]:
        """What is to be done; a notebook is read when its turn comes, and one that cannot be is told then."""
        for number, path in enumerate(self._paths):
            work = None
            with self._failing(number):
                scene, work = self._work(path)
                if self._is_done(work, path):
                    fate = DONE_BEFORE
                    self._rows[number] = {"notebook": str(path), "status": DONE, "fate": fate, "done_before": True}
                    continue
                self._begun[number] = scene, work
            if work is not None:
                yield number, work

    def _is_done(self, work: NotebookWork, path: Path) -> bool:
        if self._how.again or work.plan is not None or work.only_plan:
            return False
        if self._output is not None:
            return self._output.has(path.name, work)
        return self._writing.apply and is_done_in_place(self._journal, work)

    def _work(self, path: Path) -> tuple[Scene, NotebookWork]:
        scene = set_scene(self._common, path)
        if self._writing.apply:
            require_writable(path)
        how = self._how
        plan = None
        if how.plan is not None and how.plan.exists():
            plan = read_plan_of(how.plan, self._words, scene.notebook, revise=bool(how.revise))
        return scene, NotebookWork(
            path=scene.notebook.path or str(path),
            data=scene.file.data,
            instruction=self._words,
            profile=scene.profile,
            privacy=scene.settings.privacy,
            tier="deep" if self._common.tier == "deep" else "spark",
            jobs=how.jobs,
            verify=how.verify,
            cell_timeout_s=how.cell_timeout_s,
            plan=plan,
            revise=how.revise,
            only_plan=how.plan is not None and (plan is None or bool(how.revise)),
        )

    @contextmanager
    def _failing(self, number: int) -> Iterator[None]:
        """What goes wrong with a notebook is its row, and a line on stderr."""
        try:
            yield
        except (TurnStopped, UsageError):
            raise
        except (SparkError, OSError) as error:
            path, why = self._paths[number], _told(error)
            told = why.message if str(path) in why.message else f"{path}: {why.message}"
            self._report.error(SparkError(told, why.hint, code=why.code), FAILED)
            row = {"notebook": str(path), "status": FAILED, "fate": "failed", "error": self._report.result["error"]}
            self._rows[number] = row

    def _row(self, scene: Scene, work: NotebookWork, outcome: Outcome) -> Row:
        """Show what came of a notebook, write it if that was asked and may be done, and keep it in the history."""
        record = refactor_record(work, scene.notebook.cells, outcome)
        self._journal.record_turn(record)
        if isinstance(outcome, SparkError):
            raise outcome
        if outcome.proposal is None:
            return self._planned(scene, outcome)
        row = show_outcome(self._report, scene, outcome, outcome.proposal)
        row |= {"verify": work.verify, "findings": list(outcome.findings)}
        wanted = self._writing.apply or self._how.output is not None
        if outcome.findings and not (wanted and self._writing.anyway):
            held, why = refusal(outcome)
            why = f"{scene.path}: {why}"
            hint = "Nothing was written; --yes writes it all the same." if wanted else "Say it in other words."
            self._report.error(EditRefused(why, hint), CHECK_FAILED)
            return row | {"status": CHECK_FAILED, "fate": f"{held}: not written"}
        if not wanted:
            return row | {"fate": NOT_WRITTEN}
        whole = proposed(scene.file.data, outcome.proposal)
        if self._output is not None:
            return row | {"fate": f"written to {self._output.put(scene.path.name, whole, work, scene.path)}"}
        # Before it is written: whoever is killed right after finds it done, and right before, a file that is not so.
        self._journal.record_turn(record.model_copy(update={"done_key": done_key(work, whole)}))
        try:
            fate = _write(scene, outcome.proposal, self._journal)
        except SparkError as error:
            self._journal.record_turn(record.model_copy(update={"status": "failed", "error": str(error)}))
            raise
        return row | {"fate": fate, "applied": bool(outcome.proposal.changes)}

    def _planned(self, scene: Scene, outcome: WorkDone) -> Row:
        file = self._how.plan
        assert file is not None  # noqa: S101 - only then the plan is all that was wanted
        file.write_text(outcome.plan.model_dump_json(indent=2) + "\n", "utf-8")
        fate = f"the plan is in {file}: change it, and run this again"
        plan = outcome.plan.model_dump(mode="json")
        figures = outcome.figures.model_dump(mode="json")
        return {"notebook": str(scene.path), "plan": plan, "status": DONE, "fate": fate, "figures": figures}


def _write(scene: Scene, proposal: RefactorProposal, journal: SafeJournal) -> str:
    if not proposal.changes:
        return "nothing to write"
    entry = apply_proposal(scene.path, scene.file.data, proposal, journal)
    return "written" if entry is not None else "written; without a journal it cannot be undone"
