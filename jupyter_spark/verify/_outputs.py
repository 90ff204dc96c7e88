"""Compare what a cell put out before with what it puts out now, piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_spark.outputs import shorten, whole_html_text
from jupyter_spark.verify._images import compare_images
from jupyter_spark.verify._options import VerifyOptions
from jupyter_spark.verify._text import compare_text, steady

_WIDGET = "application/vnd.jupyter.widget-view+json"
_RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp")
_EMBEDDED = re.compile(r"data:image/[a-z]+;base64,([A-Za-z0-9+/=\s]+)")
_SVG_NAMES = re.compile(r"""(\bid=|href=|clip-path=|fill=|filter=|mask=)("[^"]*"|'[^']*')|<dc:date>[^<]*""")
_EXCERPT_BYTES = 800
_AROUND = 2


@dataclass(frozen=True)
class Piece:
    """One thing that is compared as a whole: a stream, an error, or one form of one display."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    """How a piece differs: in one line, with what it was and is."""

    why: str
    before: str
    after: str


def text_of(value: Any) -> str:
    """Return a text of nbformat's: one string, or a list of lines."""
    return value if isinstance(value, str) else "".join(map(str, value)) if isinstance(value, list) else ""


def error_of(outputs: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the error among outputs, if there is one."""
    return next((output for output in outputs if output.get("output_type") == "error"), None)


def pieces_of(outputs: Iterable[Mapping[str, Any]]) -> dict[str, Piece]:
    """Return what is compared, by name: streams joined, every form of every display.

    The order of streams among displays is left aside: they come by different ways.
    """
    pieces: dict[str, Piece] = {}
    streams: dict[str, str] = {}
    displays = 0
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            name = str(output.get("name"))
            streams[name] = streams.get(name, "") + text_of(output.get("text"))
        elif kind == "error":
            pieces["error"] = Piece("error", steady(f"{output.get('ename')}: {output.get('evalue')}"))
        elif isinstance(data := output.get("data"), Mapping):
            forms = dict(_forms(data))
            pieces.update({f"display {displays + 1} {form}": piece for form, piece in forms.items()})
            displays += bool(forms)
    for name, text in streams.items():
        if kept := steady(text):
            pieces[name] = Piece("text", kept)
    return pieces


def _forms(data: Mapping[str, Any]) -> Iterator[tuple[str, Piece]]:
    html = text_of(data.get("text/html"))
    for form, value in data.items():
        if form == _WIDGET:
            continue  # a random id; its text says what it is
        if form in _RASTER:
            yield form, Piece("image", text_of(value))
        elif form == "text/html":
            yield form, Piece("text", steady(whole_html_text(html)))
            for number, found in enumerate(_EMBEDDED.finditer(html)):
                yield f"picture {number}", Piece("image", found[1])
        elif form == "image/svg+xml":
            yield form, Piece("text", steady(_SVG_NAMES.sub(r"\1", text_of(value))))
        elif form == "text/plain" and "<table" in html:
            continue  # the same table once more, wrapped by the width of its columns
        elif form.startswith("text/") or (isinstance(value, (str, list)) and not form.endswith("json")):
            if kept := steady(text_of(value)):
                yield form, Piece("text", kept)
        else:
            yield form, Piece("text", steady(json.dumps(value, indent=1, sort_keys=True, default=str)))


def compare_outputs(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], options: VerifyOptions
) -> dict[str, Difference]:
    """Compare two lists of outputs (nbformat 4).

    Returns
    -------
    dict of str to Difference
        By the name of the piece; empty if they are the same.
    """
    old, new = pieces_of(before), pieces_of(after)
    found: dict[str, Difference] = {}
    for name in [*old, *(name for name in new if name not in old)]:
        if difference := compare_pieces(name, old.get(name), new.get(name), options):
            found[name] = difference
    return found


def compare_pieces(name: str, before: Piece | None, after: Piece | None, options: VerifyOptions) -> Difference | None:
    """Compare one piece, by its name; None is a piece that is not there."""
    label = _label(name)
    if before is None or after is None:
        one, other = (_shown(piece) for piece in (before, after))
        return Difference(f"{label} is {'new' if before is None else 'gone'}", one, other)
    if before.kind == after.kind == "image":
        image = compare_images(before.text, after.text, options)
        return Difference(f"{label} {image.why}", _shown(before), _shown(after)) if image else None
    text = compare_text(before.text, after.text, options)
    if text is None:
        return None
    one, other = (_excerpt(piece.text, text.first_line) for piece in (before, after))
    line = f", line {text.first_line + 1}" if "\n" in before.text else ""
    return Difference(f"{label} differs{line}", one, other)


def _label(name: str) -> str:
    if name == "error":
        return "the error"
    if not name.startswith("display"):
        return name
    _, number, form = name.split(" ", 2)
    kind = "picture" if form.startswith(("image/", "picture")) else "table or page" if form == "text/html" else "result"
    return f"the {kind}" + (f" of display {number}" if number != "1" else "")


def _shown(piece: Piece | None) -> str:
    if piece is None:
        return ""
    if piece.kind == "image":
        return f"[picture, {len(piece.text) * 3 // 4} bytes]"
    return shorten(piece.text, _EXCERPT_BYTES)


def _excerpt(text: str, line: int) -> str:
    lines = text.split("\n")
    start, end = max(line - _AROUND, 0), line + _AROUND + 1
    above, below = ["..."] if start else [], ["..."] if end < len(lines) else []
    return shorten("\n".join([*above, *lines[start:end], *below]), _EXCERPT_BYTES)
