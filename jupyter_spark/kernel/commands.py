"""What each command does. Imported at first use, with the engine."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_spark import errors
from jupyter_spark.kernel import tell
from jupyter_spark.kernel.card import Card
from jupyter_spark.kernel.display import follow, open_surface
from jupyter_spark.kernel.session import Asked, KernelSession, as_snapshot, notebook_path, report_error
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.wire import AppliedEdit, CellSnapshot, Proposal, Tier, TurnCancelled, TurnFailed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from jupyter_spark.kernel.magics import SparkMagics


class Commands:
    """The commands of the magics, over one session."""

    def __init__(self, magics: SparkMagics) -> None:
        self._magics = magics
        self._shell = magics.ipython
        self.session = KernelSession(magics.ipython, magics.log)
        self._cards: list[Card] = []

    # --- entry ------------------------------------------------------------------------------------

    def run_cell(self, options: argparse.Namespace, body: str) -> None:
        """``%%spark``: rewrite or explain the code below the line, or write new code from words."""
        words = options.words
        current = self._magics.log.current
        target = CellSnapshot(
            cell_id=current.cell_id if current else "cell",
            source=body,
            execution_count=current.execution_count if current else None,
        )
        if options.explain:
            self._turn(self._asked("explain", words, options, target=target))
        elif words and body.strip():
            self._turn(self._asked("rewrite", words, options, target=target))
        else:
            self._turn(self._asked("generate", words or body.strip(), options))

    def run(self, command: str, words: str, options: argparse.Namespace) -> None:
        """``%spark COMMAND``."""
        getattr(self, f"_{command}")(words, options)

    def settle(self) -> None:
        """Leave every card as it can be read without a kernel: what a saved notebook shows when the kernel is gone."""
        cards, self._cards = self._cards, []
        for card in cards:
            with suppress(Exception):  # the page may be gone
                card.settle()

    def close(self) -> None:
        """Settle the cards and close the session."""
        self.settle()
        self.session.close()

    # --- commands ---------------------------------------------------------------------------------

    def _ask(self, words: str, options: argparse.Namespace) -> None:
        self._turn(self._asked("ask", words, options))

    def _explain(self, words: str, options: argparse.Namespace) -> None:
        which, _, rest = words.partition(" ")
        cell = self._magics.log.find(which)
        if cell is None:
            raise errors.UsageError(f"There is no cell '{which or 'last'}' that ran.", "Give the N of its In [N].")
        self._turn(self._asked("explain", rest, options, target=as_snapshot(cell)))

    def _fix(self, words: str, options: argparse.Namespace) -> None:
        which, _, rest = words.partition(" ")
        log = self._magics.log
        cell = log.failed() if which in ("", "last") else log.find(which)
        if cell is None:
            missing = "No cell has failed" if which in ("", "last") else f"There is no cell '{which}' that ran"
            raise errors.UsageError(f"{missing}.", "Run the cell first, then %spark fix, or give the N of its In [N].")
        error = report_error(log, cell)
        self._turn(self._asked("fix", rest, options, target=as_snapshot(cell), error=error))

    def _retry(self, words: str, options: argparse.Namespace) -> None:
        last = self.session.last_asked
        if last is None:
            raise errors.UsageError("Nothing has been asked yet.", "Ask something first.")
        changes: dict[str, Any] = {"again": True}
        if words:
            changes["words"] = f"{last.words} ({words})" if last.words else words
        if options.tier or options.profile:
            changes |= {"tier": options.tier or last.tier, "profile": options.profile}
        changes |= {name: True for name in ("below", "dry_run", "yes") if getattr(options, name)}
        self._turn(Asked(**{**vars(last), **changes}))

    def _undo(self, words: str, options: argparse.Namespace) -> None:
        self._travel(back=True)

    def _redo(self, words: str, options: argparse.Namespace) -> None:
        self._travel(back=False)

    def _status(self, words: str, options: argparse.Namespace) -> None:
        tell.status(self.session)

    def _context(self, words: str, options: argparse.Namespace) -> None:
        target = self._magics.log.find("last")
        kind = "rewrite" if target else "ask"
        asked = self._asked(kind, words or "…", options, target=as_snapshot(target) if target else None)
        request, profile = self.session.request(asked)
        tell.context(request, profile)

    def _use(self, words: str, options: argparse.Namespace) -> None:
        session = self.session
        if not words:
            known = ", ".join(sorted(session.settings.profiles))
            raise errors.UsageError("Which profile?", f"Say %spark use NAME; known: {known}.")
        tier: Tier = options.tier or session.settings.profile(words).tier
        session.settings.profile(words)
        session.chosen[tier] = words
        tell.status(session)

    # --- a turn -----------------------------------------------------------------------------------

    def _asked(self, kind: Any, words: str, options: argparse.Namespace, **more: Any) -> Asked:
        names = options.vars
        tier: Tier = options.tier or self._magics.tier  # type: ignore[assignment]  # an Enum trait of these two
        return Asked(
            kind=kind,
            words=words,
            tier=tier,
            profile=options.profile,
            below=options.below,
            dry_run=options.dry_run,
            with_context=not options.no_context,
            only_variables=tuple(n.strip() for n in names.split(",") if n.strip()) if names is not None else None,
            yes=options.yes,
            **more,
        )

    def _turn(self, asked: Asked) -> None:
        """Run a turn, show it, and do what was asked with its result."""
        request, profile = self.session.request(asked)
        view = TurnView(asked=_title(asked), wants_code=request.wants_code, tier=asked.tier)
        reading = self.session.start(request, profile)
        rich = getattr(self._shell, "kernel", None) is not None
        surface = open_surface(
            view, reading, rich=rich, widgets=rich and self._widgets_work(), on_why=self._why_of(asked, view)
        )
        last = follow(reading, view, surface)
        self.session.remember(asked, view)
        if view.proposal is not None and view.ended and view.state != "stopped":
            view.outcome = self._apply(asked, view.proposal, request.turn_id)
        surface.finish()
        if isinstance(surface, Card):
            self._cards.append(surface)
        if isinstance(last, TurnFailed):
            raise errors.SparkError(last.message, last.hint, code=last.code)
        if last is None or isinstance(last, TurnCancelled):
            raise errors.TurnStopped("Stopped.", "Nothing was applied; %spark retry asks again.")

    def _apply(self, asked: Asked, proposal: Proposal, turn_id: str) -> str:
        """Put the edit where it belongs, and return one line about that."""
        if asked.dry_run:
            return "Dry run: nothing was applied."
        if not proposal.holds and not asked.yes:
            return "Not applied: a check does not hold. %spark retry tries again; --yes applies it as it is."
        edit = proposal.edit
        in_cell = self._magics.log.current is not None and self._magics.log.current.cell_id == edit.cell_id
        replace = not asked.below and edit.operation == "replace" and (in_cell or self._magics.replaces_own_cell())
        self._shell.set_next_input(edit.new_source, replace=replace)
        self.session.journal.record_applied(
            turn_id=turn_id,
            scope=self.session.scope,
            cell_id=edit.cell_id,
            operation=edit.operation if replace else "insert_below",
            before=edit.old_source,
            after=edit.new_source,
        )
        place = "This cell now holds the new code" if replace else "The new code is in a new cell below"
        return f"{place}. %spark undo brings the old code back." if replace else f"{place}."

    def _travel(self, *, back: bool) -> None:
        journal, scope = self.session.journal, self.session.scope
        edit = journal.last_applied(scope, undone=not back)
        if edit is None:
            verb = "take back" if back else "do again"
            problem = f" ({journal.problem})" if journal.problem else ""
            raise errors.UsageError(f"There is nothing to {verb} in this notebook{problem}.", "See: %spark status")
        journal.mark(edit.edit_id, undone=back)
        if back and edit.operation == "insert_below":
            tell.stays()
            return
        text = edit.before if back else edit.after
        replace = self._magics.replaces_own_cell()
        self._shell.set_next_input(text, replace=replace)
        tell.travelled(_for_reading(edit), back=back, replace=replace)

    def _why_of(self, asked: Asked, view: TurnView) -> Callable[[Callable[[str], None]], None]:
        """What the card's tab "Why" does: ask for the reason of the change, off the cell's way."""

        def ask(show: Callable[[str], None]) -> None:
            if view.proposal is None:
                return
            edit = view.proposal.edit
            target = CellSnapshot(cell_id=edit.cell_id, source=edit.new_source)
            words = f"The cell was changed as asked: {asked.words}. Explain briefly what changed and why."
            request, profile = self.session.request(Asked("explain", words, target=target, tier=asked.tier))
            tell.stream_into(self.session.start(request, profile), show)

        return ask

    def _widgets_work(self) -> bool:
        """A front end with widgets: a Jupyter server told the kernel its notebook, or the user says so."""
        if self._magics.widgets == "off":
            return False
        from importlib.util import find_spec

        return find_spec("ipywidgets") is not None and (self._magics.widgets == "on" or notebook_path() is not None)


def _title(asked: Asked) -> str:
    if asked.kind == "explain":
        return asked.words or "Explain this cell"
    if asked.kind == "fix":
        error = f" {asked.error.name}: {asked.error.message}" if asked.error else ""
        return f"Fix{error}" + (f" — {asked.words}" if asked.words else "")
    return asked.words


def _for_reading(edit: AppliedEdit) -> tuple[list[str], list[str]]:
    return edit.before.splitlines(), edit.after.splitlines()
