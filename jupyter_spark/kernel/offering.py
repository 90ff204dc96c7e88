"""More than one proposal: alternatives, a race of the tiers, and picking one."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

from jupyter_spark.alternatives import USUAL, run_alternatives, second_opinion, spread_request
from jupyter_spark.errors import SparkError, TurnStopped, UsageError
from jupyter_spark.kernel.ansi import turn_text
from jupyter_spark.kernel.applying import apply_edit
from jupyter_spark.kernel.display import follow
from jupyter_spark.kernel.html import STYLE, part_html, turn_html
from jupyter_spark.kernel.interrupts import on_interrupt
from jupyter_spark.kernel.live import LiveOutput
from jupyter_spark.kernel.loop import Reading
from jupyter_spark.kernel.session import Asked, KernelSession
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.kernel.ways import WaysCard, WaysTerminal, WaysView, ways_html, ways_text
from jupyter_spark.wire import EditReady, EditStarted, Proposal, ProposalOffered, TurnFinished

if TYPE_CHECKING:
    from jupyter_spark.kernel.magics import SparkMagics


@dataclass
class Offers:
    """The proposals of the last turn, by the number under which they can be picked."""

    asked: Asked | None = None
    proposals: dict[int, Proposal] = field(default_factory=dict)
    chosen: int | None = None

    def pick(self, words: str) -> tuple[Asked, Proposal, int]:
        """Return the proposal that is meant: by its number, or the one chosen on the card."""
        if self.asked is None or not self.proposals:
            raise UsageError("There is nothing to pick from.", "Say %spark alternatives after an edit.")
        known = ", ".join(map(str, self.proposals))
        number = int(words) if words.isdecimal() else self.chosen if not words else None
        if number not in self.proposals:
            raise UsageError(f"There is no proposal '{words}'." if words else "Which one?", f"Say one of: {known}.")
        return self.asked, self.proposals[number], number


# --- alternatives ---------------------------------------------------------------------------------


class Alternatives:
    """``%spark alternatives``: N candidates at once, the first that holds applied, the others to be picked."""

    def __init__(self, magics: SparkMagics, session: KernelSession, *, rich: bool, widgets: bool) -> None:
        self._magics, self._session = magics, session
        self._rich, self._widgets = rich, widgets
        self._used: int | None = None

    def run(self, asked: Asked, number: int, title: str, offers: Offers) -> WaysCard | None:
        """Run them, show them, apply one, and leave all to be picked; returns the card, if it is one."""
        request, profile = self._session.request(asked)
        requests = spread_request(request, number)
        substitutes = self._session.substitutes(asked)
        view = WaysView(title, [TurnView(title, wants_code=True, tier=asked.tier) for _ in requests])
        reading = Reading(
            self._session.thread,
            lambda: run_alternatives(requests, lambda one: self._session.run(one, profile, substitutes)),
        )
        with on_interrupt(reading.cancel):
            surface = self._surface(view, reading, offers)
            surface.show()
        follow(reading, view, surface)
        offers.asked, offers.proposals = asked, view.proposals
        if reading.cancelled and self._used is None:
            view.outcome = "Stopped; nothing was applied." + _say_others(view, asked, None)
            surface.finish()
            raise TurnStopped("Stopped.", "Nothing was applied; %spark alternatives asks again.")
        taken = self._used or view.first
        if taken is None:
            surface.finish()
            raise SparkError(view.problem or "No alternative came.", "%spark alternatives asks again.")
        anyway = asked.yes or self._used is not None  # a button was pressed on this very proposal
        self._session.remember(asked, view.ways[taken - 1])
        told = apply_edit(self._magics, self._session, replace(asked, yes=anyway), view.proposals[taken])
        view.outcome = f"{taken}: {told}{_say_others(view, asked, taken)}"
        surface.finish()
        return surface if isinstance(surface, WaysCard) else None

    def _surface(self, view: WaysView, reading: Reading[Any], offers: Offers) -> WaysCard | LiveOutput | WaysTerminal:
        if not self._rich:
            return WaysTerminal(view)
        if not self._widgets:
            return LiveOutput(lambda: {"text/html": ways_html(view), "text/plain": ways_text(view)})

        def use(number: int) -> None:
            if offers.proposals:  # the cell has ended: only a cell that runs may change the notebook
                offers.chosen = number
                card.say(f"{number} is chosen: %spark pick puts it into a cell.")
            elif number in view.proposals:
                self._used = number
                reading.cancel()

        card = WaysCard(view, reading.cancel, use)
        return card


def how_many(words: str) -> tuple[int, str]:
    """Read ``[N] [WORDS]``."""
    first, _, rest = words.partition(" ")
    if first and not first.lstrip("-").isdecimal():
        raise UsageError(f"'{first}' is no number of alternatives.", f"Say how many, then the words: {USUAL} {words}")
    return (int(first) if first else USUAL), rest.strip()


def _say_others(view: WaysView, asked: Asked, taken: int | None) -> str:
    """What else there is to pick; nothing where nothing was to be applied."""
    others = view.others(taken)
    if taken is not None and not others and len(view.proposals) > 1:
        return f" All {len(view.proposals)} came to the same."
    if asked.dry_run or not others:
        return ""
    return f" %spark pick {' or '.join(map(str, others))} takes {'another' if taken else 'one'}."


# --- a race ---------------------------------------------------------------------------------------


class Race:
    """The deep tier's turn beside the spark tier's: a different edit that holds becomes the second proposal.

    It runs on the background loop and never keeps the cell: what it comes to is shown where ``show`` has put its line.
    """

    def __init__(self, session: KernelSession, asked: Asked, turn_id: str, offers: Offers, *, rich: bool) -> None:
        self._offers, self._rich = offers, rich
        request, profile = session.request(replace(asked, tier="deep", profile=None))
        self.name = profile.title or profile.name
        self._view = TurnView(f"{asked.words or asked.kind} (second opinion)", wants_code=True, tier="deep")
        self._first: Future[Proposal | None] = Future()
        self._shown: Future[Any] = Future()
        self._work = session.thread.submit(self._run(session.run(request, profile), turn_id))

    def show(self, first: Proposal | None) -> None:
        """Tell what the first turn came to, and put up the line in which the second will stand."""
        handle = None
        if self._rich:
            from IPython.display import DisplayHandle

            handle = DisplayHandle()
            handle.display(_line(f"{self.name} thinks on; another answer that holds will stand here."), raw=True)
        self._first.set_result(first)
        self._shown.set_result(handle)

    def cancel(self) -> None:
        """Let go of the deep turn, if it still runs."""
        self._work.cancel()

    async def _run(self, deep: Any, turn_id: str) -> None:
        handle = None
        try:
            offered = await second_opinion(asyncio.wrap_future(self._first), deep, turn_id)
            handle = await asyncio.wrap_future(self._shown)
            if offered is not None:
                self._offers.proposals[2] = offered.proposal
                self._take(offered)
                self._tell(handle)
            elif handle is not None:
                handle.update(_line(f"{self.name} has no other answer that holds."), raw=True)
        except asyncio.CancelledError:
            if self._shown.done() and not self._shown.cancelled() and (handle := self._shown.result()) is not None:
                with suppress(Exception):  # the kernel may be going away
                    handle.update(_line(f"{self.name} was stopped: another turn began."), raw=True)
            raise

    def _take(self, offered: ProposalOffered) -> None:
        edit, head = offered.proposal.edit, {"turn_id": offered.turn_id, "seq": 0}
        self._view.take(
            EditStarted(**head, cell_id=edit.cell_id, operation=edit.operation, old_source=edit.old_source, attempt=1)
        )
        self._view.take(EditReady(**head, proposal=offered.proposal))
        self._view.take(
            TurnFinished(**head, model=offered.model, figures=offered.figures, text="", proposal=offered.proposal)
        )
        self._view.outcome = "2: another answer that holds. %spark pick 2 takes it."

    def _tell(self, handle: Any) -> None:
        if handle is not None:
            handle.update({"text/html": turn_html(self._view), "text/plain": turn_text(self._view)}, raw=True)
        else:
            sys.stdout.write(f"\n✦ {self._view.asked}\n{turn_text(self._view, colour=True)}\n")
            sys.stdout.flush()


def _line(text: str) -> dict[str, str]:
    foot = f'<div class="jspark-foot" role="status"><span>{escape(text)}</span></div>'
    return {"text/html": f"{STYLE}{part_html(foot)}", "text/plain": text}
