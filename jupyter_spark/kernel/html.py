"""A turn as HTML, in the colours of the page it stands in (with fallbacks where there are none)."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from jupyter_spark.diff import DiffLine
from jupyter_spark.kernel.view import TurnView

STYLE = """<style>
.jspark{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:var(--jp-ui-font-size1,13px);
 color:var(--jp-ui-font-color1,CanvasText);border:1px solid var(--jp-border-color2,#8884);border-radius:4px;
 max-width:60rem;margin:2px 0;overflow:hidden}
.jspark-asked{padding:5px 10px;border-bottom:1px solid var(--jp-border-color3,#8882);overflow-wrap:anywhere}
.jspark-asked b{color:var(--jp-brand-color1,#1976d2);font-weight:600;margin-right:6px}
.jspark-code{font-family:var(--jp-code-font-family,ui-monospace,monospace);
 font-size:var(--jp-code-font-size,13px);line-height:1.45;overflow-x:auto;max-height:36em;overflow-y:auto}
.jspark-code>div{min-width:max-content}
.jspark-l{white-space:pre;padding:0 10px 0 0;border-left:3px solid transparent;display:flex}
.jspark-l>i{flex:none;width:1.6em;text-align:center;font-style:normal;opacity:.7;user-select:none}
.jspark-new{background:color-mix(in srgb,var(--jp-success-color1,#2e7d32) 14%,transparent);
 border-left-color:var(--jp-success-color1,#2e7d32)}
.jspark-old{background:color-mix(in srgb,var(--jp-error-color1,#c62828) 11%,transparent);
 border-left-color:var(--jp-error-color1,#c62828)}
.jspark-old>span{opacity:.75}
.jspark-waiting{opacity:.42}
.jspark-fold{padding:1px 10px;color:var(--jp-ui-font-color2,GrayText);
 background:var(--jp-layout-color2,#8881);font-size:.9em}
.jspark-foot{padding:5px 10px;border-top:1px solid var(--jp-border-color3,#8882);
 color:var(--jp-ui-font-color2,GrayText);display:flex;flex-wrap:wrap;gap:2px 14px}
.jspark-foot p,.jspark-foot span{margin:0}
.jspark-ok{color:var(--jp-success-color0,#2e7d32)}.jspark-bad{color:var(--jp-error-color0,#c62828)}
.jspark-say{flex-basis:100%;color:var(--jp-ui-font-color1,CanvasText)}
.jspark-bar{height:2px;background:var(--jp-brand-color1,#1976d2)}
.jspark .k,.jspark .kn,.jspark .kc,.jspark .ow{color:var(--jp-mirror-editor-keyword-color,#7b1fa2);font-weight:600}
.jspark .nb,.jspark .bp{color:var(--jp-mirror-editor-builtin-color,#2e7d32)}
.jspark .nf,.jspark .nc{color:var(--jp-mirror-editor-def-color,#1565c0)}
.jspark .s1,.jspark .s2,.jspark .sd,.jspark .sa,.jspark .si{color:var(--jp-mirror-editor-string-color,#b3261e)}
.jspark .c1{color:var(--jp-mirror-editor-comment-color,#408080);font-style:italic}
.jspark .mi,.jspark .mf{color:var(--jp-mirror-editor-number-color,#2e7d32)}
</style>"""
_SIGNS = {"new": "+", "old": "−", "same": " ", "waiting": " "}
_SAID = {"new": "added", "old": "removed"}


def turn_html(view: TurnView) -> str:
    """Return the whole turn: what was asked, the change, the checks, the figures, what is next."""
    return f'{STYLE}<div class="jspark">{asked_html(view)}{_bar(view)}{change_html(view)}{foot_html(view)}</div>'


def asked_html(view: TurnView) -> str:
    """Return the request."""
    return f'<div class="jspark-asked"><b aria-hidden="true">✦</b>{escape(view.asked)}</div>'


def change_html(view: TurnView) -> str:
    """Return the change, line by line."""
    rows = "".join(
        f'<div class="jspark-fold">⋯ {entry} more line{"s" if entry > 1 else ""}</div>'
        if isinstance(entry, int)
        else _row(entry)
        for entry in view.lines()
    )
    return f'<div class="jspark-code" role="group" aria-label="change"><div>{rows}</div></div>' if rows else ""


def code_html(view: TurnView) -> str:
    """Return the new code alone."""
    rows = "".join(f'<div class="jspark-l"><i></i><span>{_coloured(line)}</span></div>' for line in view.new)
    return f'{STYLE}<div class="jspark"><div class="jspark-code"><div>{rows}</div></div></div>'


def words_html(text: str) -> str:
    """Return plain words, paragraph by paragraph."""
    body = escape(text.strip()) or "Nothing was said beside the code."
    return f'{STYLE}<div class="jspark"><div class="jspark-asked" style="white-space:pre-wrap">{body}</div></div>'


def foot_html(view: TurnView) -> str:
    """Return the quiet line: checks, figures, and what happened."""
    parts = []
    checks = view.checks()
    bad = [text for ok, text in checks if not ok]
    if checks and not bad:
        parts.append(f'<span class="jspark-ok">✓ {escape(view.checked())}</span>')
    parts += [f'<span class="jspark-bad">✗ {escape(text)}</span>' for text in bad]
    if not view.ended:
        parts.append(f"<span>{'streaming' if view.state == 'streaming' else 'waiting for the first token'} …</span>")
    if view.state == "stopped":
        parts.append("<span>stopped; nothing was applied</span>")
    if view.state == "failed":
        parts.append('<span class="jspark-bad">failed; nothing was applied</span>')
    parts.append(f"<span>{escape(' · '.join(view.closing()))}</span>")
    parts += [f'<span class="jspark-say">{escape(notice)}</span>' for notice in view.notices]
    if view.outcome:
        parts.append(f'<span class="jspark-say">{escape(view.outcome)}</span>')
    return f'<div class="jspark-foot" role="status">{"".join(parts)}</div>'


def _bar(view: TurnView) -> str:
    if view.ended or not view.wants_code:
        return ""
    percent = round(view.progress() * 100)
    return (
        f'<div class="jspark-bar" role="progressbar" aria-label="progress" aria-valuenow="{percent}" '
        f'aria-valuemin="0" aria-valuemax="100" style="width:{percent}%"></div>'
    )


def _row(line: DiffLine) -> str:
    label = f' aria-label="{_SAID[line.tag]}"' if line.tag in _SAID else ""
    sign = _SIGNS[line.tag]
    return f'<div class="jspark-l jspark-{line.tag}"{label}><i>{sign}</i><span>{_coloured(line.text)}</span></div>'


@lru_cache(maxsize=4096)
def _coloured(line: str) -> str:
    """Colour one line; by the line, so that a frame costs only its new lines."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    if len(line) > 2000:
        return escape(line)
    return str(highlight(line, PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True))) or " "
