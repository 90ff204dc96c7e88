"""The ipywidgets card of an edit: the change and Stop while it streams, then tabs for diff, new code and why.

Lab sends a widget's messages over a subshell, so Stop works while the cell still runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_spark.kernel.ansi import turn_text
from jupyter_spark.kernel.comms import hear_at_once
from jupyter_spark.kernel.html import (
    CARD_STYLE,
    STYLE,
    asked_html,
    change_html,
    code_html,
    foot_html,
    part_html,
    turn_body_html,
    turn_html,
    words_html,
)
from jupyter_spark.kernel.view import TurnView

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
DIFF, CODE, WHY = 0, 1, 2


class Card:
    """A turn's widgets, and the display they stand in.

    Parameters
    ----------
    on_stop : callable
        Called (in any thread) when Stop is pressed.
    on_why : callable
        Called when the tab "Why" is opened and the answer itself gave no reason; it is given a function that shows
        more text in the tab.
    on_say : callable
        Called (in any thread) with new words for the running turn.
    """

    def __init__(
        self,
        view: TurnView,
        on_stop: Callable[[], None],
        on_why: Callable[[Callable[[str], None]], None] | None = None,
        on_say: Callable[[str], None] | None = None,
    ) -> None:
        import ipywidgets

        self._widgets = ipywidgets
        self._on_why = on_why
        self._view = view
        # The look is sent once, so that a frame is only what changed.
        self._look = ipywidgets.HTML(f"{STYLE}{CARD_STYLE}", layout={"display": "none"})
        self._body = ipywidgets.HTML(part_html(turn_body_html(view)))
        self._foot = ipywidgets.HTML(part_html(foot_html(view)))
        self._stop = ipywidgets.Button(description="Stop", icon="stop", tooltip="Stop this turn; nothing is applied")
        self._stop.on_click(lambda _button: on_stop())
        hear_at_once(self._stop.comm)
        self._more = ipywidgets.Text(placeholder="Say more", continuous_update=False, tooltip="Redirect this turn")
        self._on_say = on_say
        self._more.observe(self._said, names="value")
        hear_at_once(self._more.comm)
        steer = [self._more] if on_say is not None else []
        self._end = ipywidgets.HBox([self._foot, *steer, self._stop])
        self._end.add_class("jspark-end")
        self._box = ipywidgets.VBox([self._look, self._body, self._end])
        self._box.add_class("jspark-card")
        self._code, self._why = ipywidgets.HTML(), ipywidgets.HTML()
        self._asked_why = False
        self._handle: Any = None

    def show(self) -> None:
        """Put the card on the page."""
        from IPython.display import DisplayHandle

        self._handle = DisplayHandle()
        self._handle.display(self._bundle(), raw=True)

    def draw(self) -> int:
        """Show the state of now; return the size of what was sent, in characters."""
        body, foot = part_html(turn_body_html(self._view)), part_html(foot_html(self._view))
        self._body.value, self._foot.value = body, foot
        return len(body) + len(foot)

    def finish(self) -> None:
        """Show the end: tabs if there is an edit, and the same without widgets for those who cannot show them."""
        view = self._view
        self._foot.value = part_html(foot_html(view))
        self._end.children = (self._foot,)
        if view.proposal is None:
            self._body.value = part_html(turn_body_html(view))
        else:
            self._why.value = words_html(view.text)
            diff = self._widgets.HTML(part_html(change_html(view)))
            tabs = self._widgets.Tab([diff, self._code, self._why])
            for index, title in ((DIFF, "Diff"), (CODE, "New code"), (WHY, "Why")):
                tabs.set_title(index, title)
            tabs.selected_index = DIFF
            tabs.observe(self._tab_opened, names="selected_index")
            self._body.value = part_html(asked_html(view))
            self._box.children = (self._look, self._body, tabs, self._end)
        self._handle.update(self._bundle(), raw=True)

    def settle(self) -> None:
        """Leave the page what it can show without a kernel, and let go of the widgets."""
        self._handle.update({"text/html": turn_html(self._view), "text/plain": turn_text(self._view)}, raw=True)
        self._box.close()

    def _bundle(self) -> dict[str, Any]:
        return {
            WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id},
            "text/html": turn_html(self._view),
            "text/plain": turn_text(self._view),
        }

    def _said(self, change: dict[str, Any]) -> None:
        words = str(change["new"]).strip()
        if words and self._on_say is not None and not self._view.ended:
            self._on_say(words)
            self._more.value = ""

    def _tab_opened(self, change: dict[str, Any]) -> None:
        if (
            change["new"] == CODE and not self._code.value
        ):  # not before: the end of a turn is no time to send it all twice
            self._code.value = code_html(self._view)
        if change["new"] != WHY or self._asked_why or self._view.text.strip() or self._on_why is None:
            return
        self._asked_why = True
        self._on_why(self._say_why)

    def _say_why(self, text: str) -> None:
        self._why.value = words_html(text)
