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
        The changes to take, by their ids; all by default.

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
        if entry is not None:
            journal.mark(entry.edit_id, undone=True)
        raise
    return entry


def take_back(data: bytes, entry: AppliedEdit, *, undo: bool = True) -> bytes:
    """Return a file's content with a refactor taken back, or (not ``undo``) brought again.

    Where the file never got the change, or has lost it already (a kill between journal and file), it is as it shall be.
    """
    back, forth = (Arrangement.model_validate_json(text) for text in (entry.before, entry.after))
    wanted, other = (back, forth) if undo else (forth, back)
    if content_hash(data) == other.base_sha256:
        return data
    return arrange(data, wanted)[0]
