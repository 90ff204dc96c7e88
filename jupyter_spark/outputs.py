"""What a cell put out, as a short text: both ends of what is long, the user's frames of an error, no pictures.

Pure: from the outputs of a notebook file (nbformat 4) to text. Whatever is left out is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from jupyter_spark.tracebacks import brief_lines

LIMIT_BYTES = 2000
MAX_LINE = 400
# More than this of one output is not even looked at: the middle would be left out anyway.
MAX_READ = 200_000

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]?)")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MIN_BASE64 = 200
_BASE64 = re.compile(rf"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{{{MIN_BASE64},}}={{0,2}}")
# Every repetition has an end: digits by the hundred thousand are an output too.
_BAR = re.compile(r"\d{1,3}%\|[^|\n]{0,200}\||\d{1,9}/\d{1,9} {0,9}\[[=>.\-#━ ]{1,200}\]|━{5}")
_PLACEHOLDER = re.compile(r"\s*<[\w.]+(?: [^\n<>]*)?>\s*\Z")
_SPACE = re.compile(r"\s+")
_WIDGET = "application/vnd.jupyter.widget-view+json"


def render_outputs(outputs: Iterable[Any], limit_bytes: int = LIMIT_BYTES) -> str:
    """Render a cell's outputs as text.

    Parameters
    ----------
    outputs : iterable of mapping
        The outputs as nbformat 4 has them; what is none is passed over.
    limit_bytes : int
        How long the text may be, encoded as UTF-8.

    Returns
    -------
    str
        The text of the streams, results and errors in their order; each kind of content that is left out is named,
        with its size.
    """
    parts = [part for part in map(_render, _joined(outputs)) if part]
    return shorten("\n".join(parts), limit_bytes)


def shorten(text: str, limit_bytes: int = LIMIT_BYTES) -> str:
    """Keep a text's beginning and end, and say how many lines are left out between them.

    Parameters
    ----------
    text : str
        Any text; its lines are cut too where they are very long.
    limit_bytes : int
        How long the result may be, encoded as UTF-8.
    """
    lines = [_cut_line(line) for line in text.split("\n")]
    sizes = [len(line.encode("utf-8", "replace")) + 1 for line in lines]
    if sum(sizes) - 1 <= limit_bytes:
        return "\n".join(lines)
    room = limit_bytes - len(f"... {len(lines)} lines left out ...") - 2
    head = _fitting(sizes, room * 2 // 3)
    tail = _fitting(sizes[head:][::-1], room - sum(sizes[:head]))
    left_out = len(lines) - head - tail
    kept = [*lines[:head], f"... {left_out} lines left out ...", *lines[len(lines) - tail :]]
    shown = "\n".join(kept)
    # Room for less than a line.
    return shown if len(shown.encode("utf-8", "replace")) <= limit_bytes else _prefix(shown, limit_bytes)


def _fitting(sizes: Sequence[int], room: int) -> int:
    """How many of these fit."""
    count = 0
    for size in sizes:
        room -= size
        if room < 0:
            break
        count += 1
    return count


def _cut_line(line: str) -> str:
    if len(line) <= MAX_LINE:
        return line
    half = MAX_LINE // 2
    return f"{line[:half]} ... {len(line) - 2 * half} characters left out ... {line[-half:]}"


def _prefix(text: str, limit_bytes: int) -> str:
    return text.encode("utf-8", "replace")[: max(limit_bytes, 0)].decode("utf-8", "ignore")


# --- one output ------------------------------------------------------------------------------------


def _joined(outputs: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """The outputs, with what was written to one stream in a row in one piece."""
    stream: dict[str, Any] | None = None
    for output in outputs:
        if not isinstance(output, Mapping):
            continue
        if output.get("output_type") == "stream":
            if stream is not None and stream["name"] == output.get("name"):
                stream["text"] += _text(output.get("text"))
                continue
            if stream is not None:
                yield stream
            stream = {"output_type": "stream", "name": output.get("name"), "text": _text(output.get("text"))}
            continue
        if stream is not None:
            yield stream
            stream = None
        yield output
    if stream is not None:
        yield stream


def _render(output: Mapping[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return plain_text(output["text"]).strip("\n")
    if kind == "error":
        return _render_error(output)
    data = output.get("data")
    return _render_bundle(data) if isinstance(data, Mapping) else ""


def _text(value: Any) -> str:
    """A text of nbformat's: one string, or a list of lines."""
    if isinstance(value, str):
        return value
    return "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else ""


def plain_text(text: str) -> str:
    """Return a terminal's text as it looks in the end: no colours, what was overwritten gone, no long base64."""
    if len(text) > MAX_READ:
        half = MAX_READ // 2
        text = f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
    text = final_text(text)
    if len(text) > MIN_BASE64:
        text = _BASE64.sub(lambda found: f"[base64 left out, {_size(len(found[0]) * 3 // 4)}]", text)
    return "\n".join(_last_bars(text.split("\n"))) if _BAR.search(text) else text


def final_text(text: str) -> str:
    """Return the whole of a terminal's text as it looks in the end: no colours, what was overwritten gone."""
    if text.isprintable():
        return text
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    if "\r" in text or "\b" in text:
        text = "\n".join(map(_overwritten, text.split("\n")))
    return _UNSEEN.sub("", text)


def is_progress_bar(line: str) -> bool:
    """Whether a line is a progress bar, whatever it stands at."""
    return _BAR.search(line) is not None


def _overwritten(line: str) -> str:
    """What is left of a line that returned to its beginning, as progress bars do."""
    return next((part for part in reversed(line.replace("\b", "").split("\r")) if part.strip()), "")


def _last_bars(lines: Sequence[str]) -> Iterator[str]:
    """Of progress bars in a row only the last."""
    bar: str | None = None
    for line in lines:
        if _BAR.search(line):
            bar = line
            continue
        if bar is not None and line.strip():
            yield bar
            bar = None
        if bar is None:
            yield line
    if bar is not None:
        yield bar


def _render_bundle(data: Mapping[str, Any]) -> str:
    """Of the forms of one content the one that says most in text, and the names of the others that are pictures."""
    plain = plain_text(_text(data.get("text/plain")))
    if _WIDGET in data:
        return f"[widget {_cut_line(plain).splitlines()[0][:80] or 'without a name'}]" if plain.strip() else "[widget]"
    told = [_render_form(data, plain).strip("\n"), *_left_out(data)]
    return "\n".join(part for part in told if part)


def _render_form(data: Mapping[str, Any], plain: str) -> str:
    for kind in ("text/markdown", "text/latex"):
        if text := _text(data.get(kind)):
            return plain_text(text)
    # A table's text is its text; only where there is none but a name, the page is read.
    if plain.strip() and not _PLACEHOLDER.match(plain):
        return plain
    if html := _text(data.get("text/html")):
        return html_text(html) or plain
    if "application/json" in data:
        return plain_text(json.dumps(data["application/json"], ensure_ascii=False, default=str)[:MAX_READ])
    return plain


def _left_out(data: Mapping[str, Any]) -> Iterator[str]:
    for kind, value in data.items():
        if not isinstance(kind, str) or kind.startswith("text/") or kind == "application/json":
            continue
        if kind.startswith(("image/", "audio/", "video/", "application/")):
            text = _text(value) if isinstance(value, (str, list)) else json.dumps(value, default=str)
            is_text = kind.endswith(("xml", "json", "javascript")) or not isinstance(value, (str, list))
            yield f"[{kind[:80]} left out, {_size(len(text) if is_text else len(text) * 3 // 4)}]"


def _size(count_bytes: int) -> str:
    return f"{count_bytes} bytes" if count_bytes < 1000 else f"{round(count_bytes / 1000)} KB"


# --- an error --------------------------------------------------------------------------------------


def _render_error(output: Mapping[str, Any]) -> str:
    name, message = plain_text(_text(output.get("ename"))), plain_text(_text(output.get("evalue")))
    last = f"{name}: {message}" if message else name
    traceback = output.get("traceback")
    parts = traceback if isinstance(traceback, list) else [traceback]
    text = plain_text("\n".join(part for part in parts if isinstance(part, str)))
    kept = brief_lines([*map(_cut_line, text.split("\n"))])
    # The exception's own line is always told, and told once.
    if last.strip() and not any(line.split(":")[0].rsplit(".", 1)[-1] == name for line in kept[-20:]):
        kept.append(last)
    return "\n".join(kept)


# --- HTML ------------------------------------------------------------------------------------------


# Not the standard parser, whose time grows with the square of a page that leaves its tags open.
_MARKUP = re.compile(r"<!--|-->|<(?P<end>/?)(?P<tag>[A-Za-z][\w-]{0,20})[^<>]*>|<[!?][^<>]*>")
_SILENT = ("<!--", "script", "style", "svg", "head")
_LINES = ("p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4", "pre", "ul", "ol", "thead", "tbody")


def html_text(html: str) -> str:
    """Return the text of a page: a table's row is a line, its cells parted by ``|``; scripts and pictures are gone."""
    left_out = len(html) - MAX_READ
    more = [f"... {left_out} characters left out ..."] if left_out > 0 else []
    return plain_text("\n".join([*_page_lines(html[:MAX_READ]), *more]))


def whole_html_text(html: str) -> str:
    """Return the text of a page as ``html_text`` does, however long it is."""
    return final_text("\n".join(_page_lines(html)))


def _page_lines(html: str) -> Iterator[str]:
    lines = (line.strip().removesuffix("|").strip() for line in "".join(_parts(html)).split("\n"))
    return (line for line in lines if line)


def _parts(html: str) -> Iterator[str]:
    at, silent = 0, ""
    for found in _MARKUP.finditer(html):
        if not silent:
            yield _SPACE.sub(" ", unescape(html[at : found.start()]))
        at, tag = found.end(), (found["tag"] or found[0]).lower()
        if silent:
            silent = "" if (found["end"] and tag == silent) or (silent == "<!--" and tag == "-->") else silent
        elif tag in _SILENT and not found["end"]:
            silent = tag
        elif tag in ("td", "th") and found["end"]:
            yield " | "
        elif tag in _LINES:
            yield "\n"
        elif tag == "img":
            yield "[picture left out]"
    if not silent:
        yield _SPACE.sub(" ", unescape(html[at:]))
