"""``undo`` and ``redo``: an applied edit taken back byte for byte, and brought again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_spark.cli.diffs import show_diff, unified
from jupyter_spark.cli.report import DONE, FAILED, Report
from jupyter_spark.errors import NotebookError, SparkError
from jupyter_spark.journal import Journal, notebook_scope, open_journal
from jupyter_spark.notebook import (
    NotebookFile,
    apply_edits,
    read_notebook,
    remove_below,
    replace_source,
    write_atomically,
)
from jupyter_spark.settings import load_limits
from jupyter_spark.wire import AppliedEdit, CellEdit, text_hash

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common


def take_back(report: Report, common: Common, paths: list[Path]) -> int:
    """Undo the last edit of each notebook that stands."""
    return _change_all(report, common, paths, undo=True)


def apply_again(report: Report, common: Common, paths: list[Path]) -> int:
    """Redo the edit of each notebook that was last undone."""
    return _change_all(report, common, paths, undo=False)


def _change_all(report: Report, common: Common, paths: list[Path], *, undo: bool) -> int:
    """One that fails stops no other."""
    if len(paths) == 1:
        return _change(report, common, paths[0], undo=undo)
    rows, status = [], DONE
    for path in paths:
        report.result = {"notebook": str(path)}
        try:
            _change(report, common, path, undo=undo)
        except (SparkError, OSError) as error:
            status = FAILED
            told = error.message if isinstance(error, SparkError) else f"{error.strerror or error}."
            hint = error.hint if isinstance(error, SparkError) else "Look at the file and its folder."
            code = error.code if isinstance(error, SparkError) else "os"
            where = "" if str(path) in told else f"{path}: "
            report.error(SparkError(f"{where}{told}", hint, code=code), FAILED)
        rows.append(report.result)
    report.result = {"notebooks": rows}
    return status


def _change(report: Report, common: Common, path: Path, *, undo: bool) -> int:
    verb = "undo" if undo else "redo"
    file = read_notebook(path)
    journal = open_journal(limits=load_limits(common.config))
    try:
        if (edit := _interrupted(journal, path, file.data, undo=undo)) is not None:
            return _change_whole(report, edit, path, file.data, undo=undo)
        edit = journal.last_applied(notebook_scope(path), undone=not undo)
        if edit is None:
            raise NotebookError(f"There is nothing to {verb} in {path}.", "See: jupyter spark history", code="nothing")
        if edit.operation in ("refactor", "refactor_open"):
            return _change_whole(report, edit, path, file.data, undo=undo, journal=journal)
        index = _index_of(file, edit, verb)
        data = _undone(file, edit) if undo else _redone(file, edit)
        _write(journal, edit, undo, path, data, file.data)
    finally:
        journal.close()
    old, new = (edit.after, edit.before) if undo else (edit.before, edit.after)
    lines = unified(old, new, f"{path} cell {index}")
    report.result = {
        "notebook": str(path),
        "cell": {"index": index, "id": edit.cell_id},
        "turn_id": edit.turn_id,
        "undone": undo,
        "diff": "\n".join(lines),
    }
    show_diff(report, lines)
    again = f"jupyter spark {'redo' if undo else 'undo'} {shlex.quote(str(path))}"
    done = "taken back" if undo else "written again"
    report.note(f"✓ the edit of cell {index} is {done} ({again})", style="green")
    return DONE


def _interrupted(journal: Journal, path: Path, data: bytes, *, undo: bool) -> AppliedEdit | None:
    """The refactor that an earlier undo (or redo) was about, which was killed before it wrote the file."""
    edit = journal.last_applied(notebook_scope(path), undone=undo)
    if edit is None or edit.operation != "refactor":
        return None
    from jupyter_spark.refactor import was_interrupted

    return edit if was_interrupted(data, edit, undo=undo) else None


def _change_whole(
    report: Report, edit: AppliedEdit, path: Path, data: bytes, *, undo: bool, journal: Journal | None = None
) -> int:
    """A refactor: every cell that it changed, moved, made or removed, in one step; without a journal it is marked."""
    from jupyter_spark.refactor import take_back as rearranged
    from jupyter_spark.refactor import take_back_opened

    if edit.operation == "refactor":
        whole = rearranged(data, edit, undo=undo)
    elif undo:
        whole = take_back_opened(data, edit)
    else:
        raise NotebookError("This refactor was made in a page.", "Open the notebook and accept it there.")
    if journal is None:
        write_atomically(path, whole, data)
    else:
        _write(journal, edit, undo, path, whole, data)
    report.result = {"notebook": str(path), "turn_id": edit.turn_id, "undone": undo}
    again = f"jupyter spark {'redo' if undo else 'undo'} {shlex.quote(str(path))}"
    done = "taken back" if undo else "written again"
    report.note(f"✓ the refactor of {path} is {done} ({again})", style="green")
    return DONE


def _write(journal: Journal, edit: AppliedEdit, undo: bool, path: Path, data: bytes, expected: bytes) -> None:
    """Mark first, so that of two processes one goes on; unmark if the file cannot be written."""
    if not journal.mark(edit.edit_id, undone=undo):
        raise NotebookError("Another process was faster.", "Nothing was written; look at the file.", code="raced")
    try:
        write_atomically(path, data, expected)
    except BaseException:
        journal.mark(edit.edit_id, undone=not undo)
        raise


def _undone(file: NotebookFile, edit: AppliedEdit) -> bytes:
    if edit.operation == "insert_below":
        return remove_below(file.data, edit.cell_id, edit.after)
    return replace_source(file.data, edit.cell_id, edit.after, edit.before, edit.raw_before)


def _redone(file: NotebookFile, edit: AppliedEdit) -> bytes:
    base = text_hash("" if edit.operation == "insert_below" else edit.before)
    again = CellEdit(
        cell_id=edit.cell_id,
        operation=edit.operation,
        old_source=edit.before,
        new_source=edit.after,
        base_hash=base,
    )
    return apply_edits(file.data, [again])


def _index_of(file: NotebookFile, edit: AppliedEdit, verb: str) -> int:
    for cell in file.cells:
        if cell.snapshot.cell_id == edit.cell_id:
            return cell.index
    raise NotebookError(
        f"The cell that {verb} is about is no longer in the notebook.", "Nothing was written.", code="no_cell"
    )
