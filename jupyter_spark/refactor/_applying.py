"""A proposal goes into the file in one step, and comes out of it again byte for byte."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from jupyter_spark.errors import NotebookError
from jupyter_spark.journal import Journal, SafeJournal, notebook_scope
from jupyter_spark.notebook import arrange, content_hash, read_notebook, snapshot, write_atomically
from jupyter_spark.refactor._composing import arrangement_of
from jupyter_spark.wire import AppliedEdit
from jupyter_spark.wire_refactor import Arrangement, RefactorProposal


def apply_proposal(
    path: Path,
    data: bytes,
    proposal: RefactorProposal,
    journal: Journal | SafeJournal,
    accepted: Collection[str] | None = None,
) -> AppliedEdit | None:
    """Write a proposal, or the accepted changes of it, into a notebook file.

    The journal has the entry before the file has the change: whoever is killed in between leaves one or the other
    file, and ``take_back`` knows both.

    Parameters
    ----------
    path : Path
        The file.
    data : bytes
        Its content as the refactor read it.
    accepted : collection of str, optional
        The changes to take, by their ids; what is of one group goes together. All by default.

    Returns
    -------
    AppliedEdit or None
        The journal's entry; None if there is no journal, so that it cannot be undone.

    Raises
    ------
    NotebookError
        The file was changed meanwhile, or cannot be written: it is untouched then.
    """
    file = read_notebook(path)
    if file.data != data:
        raise NotebookError(
            f"{path} was changed by somebody else meanwhile.",
            "Nothing was written; run the refactor again.",
            code="changed_meanwhile",
        )
    whole, back = arrange(data, arrangement_of(snapshot(file).cells, proposal.changes, accepted))
    again, forth = arrange(whole, back)
    if again != data:
        raise NotebookError("The change could not be taken back byte for byte.", "Nothing was written: report it.")
    if whole == data:
        return None
    entry = journal.record_applied(
        proposal.refactor_id, notebook_scope(path), "", "refactor", back.model_dump_json(), forth.model_dump_json()
    )
    try:
        write_atomically(path, whole, data)
    except BaseException:
        # An interrupt may come after the file has its new content: then it can still be undone.
        if entry is not None and not (path.exists() and path.read_bytes() == whole):
            journal.forget(entry.edit_id)
        raise
    return entry


def take_back(data: bytes, entry: AppliedEdit, *, undo: bool = True) -> bytes:
    """Return a file's content with a refactor taken back, or (not ``undo``) brought again.

    Where the file never got the change, or has lost it already (a kill between journal and file), it is as it shall be.
    """
    wanted, other = _both_ways(entry, undo)
    if content_hash(data) == other.base_sha256:
        return data
    return arrange(data, wanted)[0]


def write_back(path: Path, entry: AppliedEdit, journal: Journal | SafeJournal, *, undo: bool = True) -> None:
    """Take a refactor back in its file, or (not ``undo``) bring it again, in one step, and note it in the journal.

    Raises
    ------
    NotebookError
        Another process was faster, or what the refactor changed was changed since: the file is untouched then.
    """
    data = read_notebook(path).data
    whole = take_back(data, entry, undo=undo)
    if not journal.mark(entry.edit_id, undone=undo):
        raise NotebookError("Another process was faster.", "Nothing was written; look at the file.", code="raced")
    try:
        write_atomically(path, whole, data)
    except BaseException:
        journal.mark(entry.edit_id, undone=not undo)
        raise


def was_interrupted(data: bytes, entry: AppliedEdit, *, undo: bool = True) -> bool:
    """Whether a file still has what an undo (or redo), which the journal has already, was to change: it was killed."""
    wanted, _ = _both_ways(entry, undo)
    return entry.undone == undo and content_hash(data) == wanted.base_sha256


def _both_ways(entry: AppliedEdit, undo: bool) -> tuple[Arrangement, Arrangement]:
    back, forth = (Arrangement.model_validate_json(text) for text in (entry.before, entry.after))
    return (back, forth) if undo else (forth, back)
