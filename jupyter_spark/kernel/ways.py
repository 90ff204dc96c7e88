"""Several answers to one request, side by side: what they look like at one moment, drawn as HTML, text and widgets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any

from jupyter_spark.alternatives import normalised, rank_proposals
from jupyter_spark.kernel.ansi import turn_text
from jupyter_spark.kernel.card import WIDGET_VIEW
from jupyter_spark.kernel.comms import hear_at_once
from jupyter_spark.kernel.html import CARD_STYLE, STYLE, change_html, foot_html, part_html, said_html
from jupyter_spark.kernel.view import TurnView
from jupyter_spark.wire import AnyTurnEvent, Proposal

GRID_STYLE = """<style>
.jspark-ways{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26em),1fr))}
.jspark-way{box-shadow:-1px -1px 0 var(--jp-border-color2,#8884);min-width:0;display:flex;flex-direction:column}
.jspark-way>.jspark-code{flex:1}
.jspark-way>b{padding:4px 10px;font-weight:600}
</style>"""


@dataclass
class WaysView:
    """The candidates of one edit, numbered from 1; the one that holds first is the one to offer first."""

    asked: str
    ways: list[TurnView]
    outcome: str = ""
    _came: list[Proposal] = field(default_factory=list)

    def take(self, pair: tuple[int, AnyTurnEvent]) -> None:
        """Take in one candidate's event."""
        index, event = pair
        way = self.ways[index]
        before = way.proposal
        way.take(event)
        if way.proposal is not None and way.proposal is not before:
            self._came.append(way.proposal)

    @property
    def proposals(self) -> dict[int, Proposal]:
        """What there is to choose from, by number."""
        return {number: way.proposal for number, way in enumerate(self.ways, start=1) if way.proposal is not None}

    def others(self, taken: int | None) -> list[int]:
        """Return the numbers of those that differ from the one that was taken, and from each other."""
        seen = {_text(self.proposals[taken])} if taken is not None else set()
        different = []
        for number, proposal in self.proposals.items():
            if _text(proposal) not in seen:
                seen.add(_text(proposal))
                different.append(number)
        return different

    @property
    def first(self) -> int | None:
        """The number of the one to offer first."""
        ranked = rank_proposals(self._came)
        return next((number for number, one in self.proposals.items() if ranked and one is ranked[0]), None)

    def heading(self, number: int) -> str:
        """What stands over a candidate: its number, and what sets it apart."""
        proposals = self.proposals
        mine = proposals.get(number)
        if mine is None:
            return f"{number} · {self.ways[number - 1].state}"
        same = next(n for n, one in proposals.items() if _text(one) == _text(mine))
        if same != number:
            return f"{number} · the same as {same}"
        if self.ended and number == self.first:
            return f"{number} · offered first"
        return f"{number} · {'holds' if mine.holds else 'does not hold'}"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return all(way.ended for way in self.ways)

    @property
    def problem(self) -> str:
        """Why there is nothing to choose from: what the first that failed said."""
        return next((way.problem for way in self.ways if way.problem), "")


def _text(proposal: Proposal) -> str:
    return normalised(proposal.edit.new_source)


def ways_html(view: WaysView) -> str:
    """Return all candidates: beside each other, or below each other where the page is narrow."""
    ways = "".join(
        f'<section class="jspark-way" aria-label="Alternative {number}"><b>{escape(view.heading(number))}</b>'
        f"{change_html(way)}{said_html(way)}{foot_html(way)}</section>"
        for number, way in enumerate(view.ways, start=1)
    )
    return f"{STYLE}{GRID_STYLE}{part_html(_asked(view), f'<div class=jspark-ways>{ways}</div>', _outcome(view))}"


def ways_text(view: WaysView, *, colour: bool = False) -> str:
    """Return all candidates below each other."""
    parts = [f"[{view.heading(n)}]\n{turn_text(way, colour=colour)}" for n, way in enumerate(view.ways, start=1)]
    return "\n\n".join([*parts, *([view.outcome] if view.outcome else [])])


def _asked(view: WaysView) -> str:
    return f'<div class="jspark-asked"><b aria-hidden="true">✦</b>{escape(view.asked)}</div>'


def _outcome(view: WaysView) -> str:
    if not view.outcome:
        return ""
    return f'<div class="jspark-foot" role="status"><span class="jspark-say">{escape(view.outcome)}</span></div>'


class WaysTerminal:
    """Coloured text: one line as each candidate comes in, all of them at the end."""

    def __init__(self, view: WaysView) -> None:
        self._view = view
        self._told: set[int] = set()

    def show(self) -> None:
        """Say what was asked."""
        sys.stdout.write(f"✦ {self._view.asked}\n")

    def draw(self) -> int:
        """Tell who has come in."""
        fresh = {n for n, way in enumerate(self._view.ways, start=1) if way.ended} - self._told
        self._told |= fresh
        text = "".join(f"\x1b[2m{self._view.heading(number)}\x1b[0m\n" for number in sorted(fresh))
        sys.stdout.write(text)
        sys.stdout.flush()
        return len(text)

    def finish(self) -> None:
        """Show all of them."""
        sys.stdout.write(f"\n{ways_text(self._view, colour=True)}\n")
        sys.stdout.flush()


class WaysCard:
    """Tabs, one a candidate, each with a button that takes it; and Stop.

    Parameters
    ----------
    on_stop : callable
        Called (in any thread) when Stop is pressed.
    on_use : callable
        Called (in any thread) with the number of the candidate whose "Use this" is pressed.
    """

    def __init__(self, view: WaysView, on_stop: Callable[[], None], on_use: Callable[[int], None]) -> None:
        import ipywidgets

        self._view = view
        numbers = range(1, len(view.ways) + 1)
        self._pages = [ipywidgets.HTML() for _ in numbers]
        self._buttons = [ipywidgets.Button(description="Use this", disabled=True) for _ in numbers]
        for number, button in zip(numbers, self._buttons, strict=True):
            button.tooltip = f"Take alternative {number}"
            button.on_click(lambda _button, number=number: on_use(number))
            hear_at_once(button.comm)
        pairs = zip(self._pages, self._buttons, strict=True)
        self._tabs = ipywidgets.Tab([ipywidgets.VBox(list(pair)) for pair in pairs])
        self._tabs.selected_index = 0
        self._stop = ipywidgets.Button(description="Stop", icon="stop", tooltip="Stop all; nothing is applied")
        self._stop.on_click(lambda _button: on_stop())
        hear_at_once(self._stop.comm)
        head = ipywidgets.HTML(f"{STYLE}{CARD_STYLE}{part_html(_asked(view))}")
        self._outcome = ipywidgets.HTML()
        end = ipywidgets.HBox([self._outcome, self._stop])
        end.add_class("jspark-end")
        self._box = ipywidgets.VBox([head, self._tabs, end])
        self._box.add_class("jspark-card")
        self._handle: Any = None
        self._refresh()

    def show(self) -> None:
        """Put the card on the page."""
        from IPython.display import DisplayHandle

        self._handle = DisplayHandle()
        self._handle.display(self._bundle(), raw=True)

    def draw(self) -> int:
        """Show the state of now."""
        return self._refresh()

    def finish(self) -> None:
        """Show the end, and the same without widgets for those who cannot show them."""
        self._stop.layout.display = "none"
        if self._view.first is not None:
            self._tabs.selected_index = self._view.first - 1
        self.say(self._view.outcome)
        self._handle.update(self._bundle(), raw=True)

    def say(self, text: str) -> None:
        """Show a line below the tabs."""
        self._view.outcome = text
        self._outcome.value = part_html(_outcome(self._view)) if text else ""
        self._refresh()

    def settle(self) -> None:
        """Leave the page what it can show without a kernel, and let go of the widgets."""
        self._handle.update({"text/html": ways_html(self._view), "text/plain": ways_text(self._view)}, raw=True)
        self._box.close()

    def _refresh(self) -> int:
        size = 0
        for number, way in enumerate(self._view.ways, start=1):
            page, button = self._pages[number - 1], self._buttons[number - 1]
            html = part_html(change_html(way), said_html(way), foot_html(way))
            if page.value != html:
                page.value = html
                size += len(html)
            title = self._view.heading(number)
            if self._tabs.get_title(number - 1) != title:
                self._tabs.set_title(number - 1, title)
            button.disabled = way.proposal is None
            if way.proposal is not None and not way.proposal.holds:
                button.description = "Use it anyway"
        return size

    def _bundle(self) -> dict[str, Any]:
        return {
            WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id},
            "text/html": ways_html(self._view),
            "text/plain": ways_text(self._view),
        }
