"""What each command does. Imported at first use, with the engine."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_spark import errors
from jupyter_spark.kernel import tell
from jupyter_spark.kernel.applying import apply_edit, travel
from jupyter_spark.kernel.arguments import is_command
from jupyter_spark.kernel.card import Card
from jupyter_spark.kernel.display import follow, open_surface
from jupyter_spark.kernel.incell import place_in_cell
from jupyter_spark.kernel.interrupts import on_interrupt
from jupyter_spark.kernel.offering import Alternatives, Offers, Race, how_many
from jupyter_spark.kernel.refactoring import KernelRefactor, RefactorHow
from jupyter_spark.kernel.session import Asked, KernelSession, notebook_path, report_error
from jupyter_spark.kernel.snapshot import as_snapshot
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.kernel.ways import WaysCard
from jupyter_spark.privacy import is_ignored_target
from jupyter_spark.providers import Steering
from jupyter_spark.settings import Profile
from jupyter_spark.wire import CellSnapshot, Tier, TurnCancelled, TurnFailed, TurnFinished, TurnRequest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from jupyter_spark.kernel.magics import SparkMagics


class Commands:
    """The commands of the magics, over one session."""

    def __init__(self, magics: SparkMagics) -> None:
        self._magics = magics
        self._shell = magics.ipython
        self.session = KernelSession(magics.ipython, magics.log)
        self._cards: list[Card | WaysCard] = []
        self._offers = Offers()
        self._refactors = KernelRefactor(magics, self.session)
        self._race: Race | None = None

    # --- entry ------------------------------------------------------------------------------------

    def run_cell(self, options: argparse.Namespace, body: str) -> None:
        """``%%spark``: rewrite or explain the code below the line, or write new code from words."""
        words, name = options.words, self._magics.name
        if not body.strip() and is_command(words):
            raise errors.UsageError(
                f"Did you mean '%{name} {words}'?", f"A command has one %: %%{name} is about the code below it."
            )
        current = self._magics.log.current
        target = CellSnapshot(
            cell_id=current.cell_id if current else "cell",
            source=body,
            execution_count=current.execution_count if current else None,
        )
        if body.strip() and (options.explain or words):
            self.session.took(body)  # what the cell holds, as its reader sees it
        if options.explain:
            self._turn(self._asked("explain", words, options, target=target))
        elif words and body.strip():
            again = (said := self._magics.announced) is not None and said.again
            self._turn(self._asked("rewrite", words, options, target=target, again=again))
        else:
            self._turn(self._asked("generate", words or body.strip(), options))

    def run(self, command: str, words: str, options: argparse.Namespace) -> None:
        """``%spark COMMAND``."""
        for name in ("verify", "plan"):
            if command != "refactor" and getattr(options, name):
                raise errors.UsageError(f"--{name} is for refactor.", f"Say %{self._magics.name} refactor WORDS")
        getattr(self, f"_{command}")(words, options)

    def settle(self) -> None:
        """Leave every card as it can be read without a kernel: what a saved notebook shows when the kernel is gone."""
        cards, self._cards = self._cards, []
        for card in cards:
            with suppress(Exception):  # the page may be gone
                card.settle()

    def close(self) -> None:
        """Settle the cards and close the session."""
        self._end_race()
        self.settle()
        self.session.close()

    # --- commands ---------------------------------------------------------------------------------

    def _ask(self, words: str, options: argparse.Namespace) -> None:
        self._turn(self._asked("ask", words, options))

    def _explain(self, words: str, options: argparse.Namespace) -> None:
        which, _, rest = words.partition(" ")
        ran = self._magics.log.find(which)
        cell = self._last_cell() if which in ("", "last") else as_snapshot(ran) if ran else None
        if cell is None:
            raise errors.UsageError(f"There is no cell '{which or 'last'}' that ran.", "Give the N of its In [N].")
        self._turn(self._asked("explain", rest, options, target=cell))

    def _fix(self, words: str, options: argparse.Namespace) -> None:
        which, _, rest = words.partition(" ")
        log = self._magics.log
        cell = log.failed() if which in ("", "last") else log.find(which)
        if cell is None:
            missing = "No cell has failed" if which in ("", "last") else f"There is no cell '{which}' that ran"
            raise errors.UsageError(f"{missing}.", "Run the cell first, then %spark fix, or give the N of its In [N].")
        error = report_error(log, cell)
        self._turn(self._asked("fix", rest, options, target=as_snapshot(cell), error=error))

    def _refactor(self, words: str, options: argparse.Namespace) -> None:
        self._end_race()
        how = RefactorHow(options.verify or "static", Path(options.plan) if options.plan else None)
        self._refactors.run(self._asked("ask", words, options), how)

    def _alternatives(self, words: str, options: argparse.Namespace) -> None:
        number, words = how_many(words)
        asked = self._asked_again(words, options)
        self._end_race()
        self._offers = Offers()
        self.session.last_asked = asked
        ways = Alternatives(self._magics, self.session, rich=self._is_rich(), widgets=self._widgets_work())
        if (card := ways.run(asked, number, asked.title, self._offers)) is not None:
            self._cards.append(card)

    def _pick(self, words: str, options: argparse.Namespace) -> None:
        asked, proposal, number = self._offers.pick(words)
        asked = replace(asked, dry_run=options.dry_run, yes=options.yes, below=asked.below or options.below)
        print(f"{number}: {apply_edit(self._magics, self.session, asked, proposal)}")  # noqa: T201

    def _retry(self, words: str, options: argparse.Namespace) -> None:
        self._turn(self._asked_again(words, options))

    def _asked_again(self, words: str, options: argparse.Namespace) -> Asked:
        last = self.session.last_asked
        if last is None:
            raise errors.UsageError("Nothing has been asked yet.", "Ask something first.")
        changes: dict[str, Any] = {"again": True}
        if words:
            changes["words"] = f"{last.words} ({words})" if last.words else words
        if options.tier or options.profile:
            changes |= {"tier": options.tier or last.tier, "profile": options.profile}
        changes |= {name: True for name in ("below", "dry_run", "yes") if getattr(options, name)}
        return Asked(**{**vars(last), **changes})

    def _undo(self, words: str, options: argparse.Namespace) -> None:
        self._take_no_words("undo", words)
        travel(self._magics, self.session, back=True)

    def _redo(self, words: str, options: argparse.Namespace) -> None:
        self._take_no_words("redo", words)
        travel(self._magics, self.session, back=False)

    def _status(self, words: str, options: argparse.Namespace) -> None:
        self._take_no_words("status", words)
        tell.status(self.session)

    def _take_no_words(self, command: str, words: str) -> None:
        if words:
            line = f"%{self._magics.name} {command}"
            raise errors.UsageError(f"{line} takes no words, and '{words}' means nothing there.", f"Say {line}")

    def _context(self, words: str, options: argparse.Namespace) -> None:
        target = self._last_cell()
        asked = self._asked("rewrite" if target else "ask", words or "…", options, target=target)
        request, profile = self.session.request(asked)
        tell.context(request, profile)

    def _last_cell(self) -> CellSnapshot | None:
        """Return the last cell that ran and is not kept out."""
        notebook = self.session.snapshot()
        cells = (as_snapshot(cell) for cell in reversed(self._magics.log.cells.values()))
        return next((cell for cell in cells if not is_ignored_target(notebook, cell)), None)

    def _use(self, words: str, options: argparse.Namespace) -> None:
        session = self.session
        if not words:
            known = ", ".join(sorted(session.settings.profiles))
            raise errors.UsageError("Which profile?", f"Say %spark use NAME; known: {known}.")
        tier: Tier = options.tier or session.settings.profile(words).tier
        session.use(tier, words)
        tell.status(session)

    # --- a turn -----------------------------------------------------------------------------------

    def _asked(self, kind: Any, words: str, options: argparse.Namespace, **more: Any) -> Asked:
        only = _names(options.vars, self._shell.user_ns)
        tier: Tier = options.tier or self._magics.tier  # type: ignore[assignment]  # an Enum trait of these two
        return Asked(
            kind=kind,
            words=words,
            tier=tier,
            profile=options.profile,
            below=options.below,
            dry_run=options.dry_run,
            with_context=not options.no_context,
            only_variables=only,
            yes=options.yes,
            **more,
        )

    def _turn(self, asked: Asked) -> None:
        """Run a turn, show it, and do what was asked with its result."""
        self._end_race()
        self._offers = Offers()
        request, profile = self.session.request(asked)
        view, steering = TurnView(asked=asked.title, wants_code=request.wants_code, tier=asked.tier), Steering()
        rich = self._is_rich()
        view.outcome = self._about(asked)
        reading = self.session.start(request, profile, self.session.substitutes(asked), steering)
        with on_interrupt(reading.cancel):
            race = self._race = self._start_race(asked, request, profile)
            say = partial(self._redirect, steering)
            in_cell = place_in_cell(self._magics, asked, view, request, reading.cancel, say)
            surface = in_cell or open_surface(
                view,
                reading,
                rich=rich,
                widgets=rich and self._widgets_work(),
                on_why=tell.why_of(self.session, asked, view),
                on_say=say,
            )
            surface.show()
        last = follow(reading, in_cell or view, surface)
        asked = replace(asked, words="\n".join(part for part in (asked.words, *view.said) if part))
        self.session.remember(asked, view)
        if view.proposal is not None and view.ended and view.state != "stopped":
            self._offers.asked, self._offers.proposals = asked, {1: view.proposal}
            if in_cell is None or not in_cell.hand_over():
                view.outcome = apply_edit(self._magics, self.session, asked, view.proposal)
        surface.finish()
        if isinstance(surface, Card):
            self._cards.append(surface)
        if isinstance(last, TurnFinished) and race is not None and race is self._race:
            race.show(last.proposal)
        else:
            self._end_race()
        if isinstance(last, TurnFailed):
            raise errors.SparkError(last.message, last.hint, code=last.code)
        if last is None or isinstance(last, TurnCancelled):
            raise errors.TurnStopped("Stopped.", "Nothing was applied; %spark retry asks again.")

    def _about(self, asked: Asked) -> str:
        """Which cell is explained, where it is another than the one that asks."""
        current, target = self._magics.log.current, asked.target
        if asked.kind != "explain" or target is None or (current is not None and current.cell_id == target.cell_id):
            return ""
        return f"This is about In [{target.execution_count}]."

    def _redirect(self, steering: Steering, words: str) -> None:
        """Say more to the running turn; whoever thinks beside it has heard another question."""
        self._end_race()
        self.session.say(steering, words)

    def _start_race(self, asked: Asked, request: TurnRequest, profile: Profile) -> Race | None:
        """Let the deep tier think beside, if that is wanted and is somebody else."""
        session = self.session
        wanted = self._magics.race or session.settings.turns.race
        if not wanted or not request.wants_code or asked.tier == "deep":
            return None
        if session.settings.for_tier("deep", session.chosen.get("deep")) == profile:
            return None
        try:
            return Race(session, asked, request.turn_id, self._offers, rich=self._is_rich())
        except errors.SparkError:  # it cannot be put to the deep tier: then the fast one answers alone
            return None

    def _end_race(self) -> None:
        race, self._race = self._race, None
        if race is not None:
            race.cancel()

    def _is_rich(self) -> bool:
        return getattr(self._shell, "kernel", None) is not None

    def _widgets_work(self) -> bool:
        """A front end with widgets: a Jupyter server told the kernel its notebook, or the user says so."""
        if self._magics.widgets == "off":
            return False
        from importlib.util import find_spec

        return find_spec("ipywidgets") is not None and (self._magics.widgets == "on" or notebook_path() is not None)


def _names(listed: str | None, namespace: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Read ``--vars A,B``: every name must be a variable's."""
    if listed is None:
        return None
    names = tuple(name.strip() for name in listed.split(",") if name.strip())
    unknown = [name for name in names if name not in namespace]
    if unknown:
        public = [name for name in namespace if isinstance(name, str) and not name.startswith("_")]
        near = dict.fromkeys(match for name in unknown for match in get_close_matches(name, public))
        raise errors.UsageError(
            f"--vars: there is no variable {' nor '.join(map(repr, unknown))}.",
            f"Did you mean {' or '.join(near)}?" if near else "Give names of variables, as in --vars a,b",
        )
    return names
