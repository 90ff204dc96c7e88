"""An edit goes into the notebook, and is taken back: through the kernel's ``set_next_input``."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from jupyter_spark.errors import UsageError
from jupyter_spark.journal import notebook_scope
from jupyter_spark.kernel import tell
from jupyter_spark.kernel.refactoring import travel_refactor
from jupyter_spark.kernel.session import Asked, KernelSession
from jupyter_spark.kernel.snapshot import notebook_file
from jupyter_spark.wire import AppliedEdit, Proposal

if TYPE_CHECKING:
    from jupyter_spark.kernel.magics import SparkMagics


FIRST_LINE_CHARS = 50
REFACTORS = ("refactor", "refactor_open")


def apply_edit(magics: SparkMagics, session: KernelSession, asked: Asked, proposal: Proposal) -> str:
    """Put an edit where it belongs, and return one line about that."""
    if asked.dry_run:
        return "Dry run: nothing was applied."
    if not proposal.holds and not asked.yes:
        return "Not applied: a check does not hold. %spark retry tries again; --yes applies it as it is."
    edit = proposal.edit
    in_cell = magics.log.current is not None and magics.log.current.cell_id == edit.cell_id
    replace = not asked.below and edit.operation == "replace" and (in_cell or magics.replaces_own_cell())
    magics.ipython.set_next_input(edit.new_source, replace=replace)
    if replace:
        session.took(edit.new_source)
    session.journal.record_applied(
        turn_id=proposal.turn_id,
        scope=session.scope,
        cell_id=edit.cell_id,
        operation=edit.operation if replace else "insert_below",
        before=edit.old_source,
        after=edit.new_source,
    )
    place = "This cell now holds the new code" if replace else "The new code is in a new cell below"
    return f"{place}. %spark undo brings the old code back." if replace else f"{place}."


def travel(magics: SparkMagics, session: KernelSession, *, back: bool) -> None:
    """Take the last applied edit back, or apply again what was taken back."""
    journal = session.journal
    edit = journal.last_applied(session.scope, undone=not back) or _of_the_file(session, back=back)
    if edit is not None and edit.operation in REFACTORS:
        travel_refactor(magics, session, edit, back=back)
        return
    if edit is None:
        verb = "take back" if back else "do again"
        problem = f" ({journal.problem})" if journal.problem else ""
        raise UsageError(f"There is nothing to {verb} in this notebook{problem}.", "See: %spark status")
    journal.mark(edit.edit_id, undone=back)
    if back and edit.operation == "insert_below":
        tell.stays()
        return
    text = edit.before if back else edit.after
    replace = magics.replaces_own_cell()
    magics.ipython.set_next_input(text, replace=replace)
    if replace:
        session.took(text)
    tell.travelled(text, _whose(magics, edit), back=back, replace=replace)


def _of_the_file(session: KernelSession, *, back: bool) -> AppliedEdit | None:
    """The last refactor of the notebook's file, where the kernel's own edits are kept apart from those of the file."""
    name = notebook_file(session.shell.user_ns)
    edit = session.journal.last_applied(notebook_scope(name), undone=not back) if name is not None else None
    return edit if edit is not None and edit.operation in REFACTORS else None


def _whose(magics: SparkMagics, edit: AppliedEdit) -> str:
    """How a reader knows the cell of an edit: by its number if it ran, else by the line with which it began."""
    ran = magics.log.cells.get(edit.cell_id)
    if ran is not None and ran.source.strip() in (edit.before.strip(), edit.after.strip()):
        return f"In [{ran.execution_count}]"
    first = next((line.strip() for line in edit.before.splitlines() if line.strip()), "")
    return f"the cell that began '{shorten(first, FIRST_LINE_CHARS, placeholder='…')}'"
