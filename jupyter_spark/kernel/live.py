"""One output on the page that is redrawn in its place: for front ends without widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class LiveOutput:
    """An output that shows what ``bundle`` says now.

    Parameters
    ----------
    bundle : callable
        Returns the state of now by MIME type.
    """

    def __init__(self, bundle: Callable[[], Mapping[str, str]]) -> None:
        self._bundle = bundle
        self._handle: Any = None

    def show(self) -> None:
        """Put the output on the page."""
        from IPython.display import DisplayHandle

        self._handle = DisplayHandle()
        self._handle.display(dict(self._bundle()), raw=True)

    def draw(self) -> int:
        """Show the state of now; return the size of what was sent."""
        bundle = dict(self._bundle())
        self._handle.update(bundle, raw=True)
        return sum(map(len, bundle.values()))

    def finish(self) -> None:
        """Show the end."""
        self.draw()
