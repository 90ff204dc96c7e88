"""A turn as HTML, in the colours of the page it stands in (with fallbacks where there are none)."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from jupyter_spark.diff import DiffLine
from jupyter_spark.kernel.view import TurnView

STYLE = """<style>
.jspark{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:var(--jp-ui-font-size1,13px);
 line-height:1.5;color:var(--jp-ui-font-color1,CanvasText);border:1px solid var(--jp-border-color2,#8884);
 border-radius:4px;margin:2px 0;overflow:hidden}
.jspark-asked{padding:6px 10px;border-bottom:1px solid var(--jp-border-color2,#8884);overflow-wrap:anywhere}
.jspark-asked b{color:var(--jp-brand-color1,#1976d2);font-weight:600;margin-right:6px}
.jspark-words{padding:8px 10px;white-space:pre-wrap;overflow-wrap:anywhere;max-width:70ch}
.jspark-code{font-family:var(--jp-code-font-family,ui-monospace,monospace);padding:4px 0;
 font-size:var(--jp-code-font-size,13px);line-height:var(--jp-code-line-height,1.4);overflow:auto;max-height:36em}
.jspark-code>div{min-width:max-content}
.jspark-l{white-space:pre;padding:0 10px 0 0;border-left:3px solid transparent;display:flex}
.jspark-l>i{flex:none;width:1.6em;text-align:center;font-style:normal;opacity:.7;user-select:none}
.jspark-new{background:color-mix(in srgb,var(--jp-success-color1,#2e7d32) 14%,transparent);
 border-left-color:var(--jp-success-color1,#2e7d32)}
.jspark-old{background:color-mix(in srgb,var(--jp-error-color1,#c62828) 11%,transparent);
 border-left-color:var(--jp-error-color1,#c62828)}
.jspark-old>span{opacity:.75}
.jspark-waiting{opacity:.5}
.jspark-fold{padding:1px 10px;color:var(--jp-ui-font-color2,GrayText);
 background:var(--jp-layout-color2,#8881);font-size:.9em}
.jspark-foot{padding:6px 10px;border-top:1px solid var(--jp-border-color2,#8884);overflow-wrap:anywhere;
 color:var(--jp-ui-font-color2,GrayText);display:flex;flex-wrap:wrap;gap:0 14px}
.jspark:has(>.jspark-foot:only-child){border:0}
.jspark-foot:only-child{border-top:0;padding:2px 0}
.jspark-foot p,.jspark-foot span{margin:0}
.jspark-ok{color:var(--jp-success-color0,#2e7d32)}.jspark-bad{color:var(--jp-error-color0,#c62828)}
.jspark-say{flex-basis:100%;color:var(--jp-ui-font-color1,CanvasText)}
.jspark-bar{height:2px;margin-bottom:-2px;background:var(--jp-brand-color1,#1976d2)}
.jspark .k,.jspark .kn,.jspark .kc,.jspark .ow{color:var(--jp-mirror-editor-keyword-color,#7b1fa2);font-weight:600}
.jspark .nb,.jspark .bp{color:var(--jp-mirror-editor-builtin-color,#2e7d32)}
.jspark .nf,.jspark .nc{color:var(--jp-mirror-editor-def-color,#1565c0)}
.jspark .s1,.jspark .s2,.jspark .sd,.jspark .sa,.jspark .si{color:var(--jp-mirror-editor-string-color,#b3261e)}
.jspark .c1{color:var(--jp-mirror-editor-comment-color,#408080);font-style:italic}
.jspark .mi,.jspark .mf{color:var(--jp-mirror-editor-number-color,#2e7d32)}
</style>"""
# The card's widgets are one frame: no borders, gaps, heights or fonts of the widgets' own.
CARD_STYLE = """<style>
.jspark-card.jupyter-widgets{border:1px solid var(--jp-border-color2,#8884);border-radius:4px;margin:2px 0;
 overflow:hidden;width:100%;box-sizing:border-box}
.jspark-card .jspark{border:0;border-radius:0;margin:0}
.jspark-card .jupyter-widgets{margin:0;min-width:0}
.jspark-card .widget-html,.jspark-card .widget-html-content{height:auto;line-height:1.5;flex:1 1 auto;min-width:0}
.jspark-card .jspark-asked:only-child{border-bottom:0}
.jspark-card .jspark-end{align-items:flex-start;border-top:1px solid var(--jp-border-color2,#8884)}
.jspark-card .jspark-end .jspark-foot{padding:6px 10px}
.jspark-card button.jupyter-button{width:auto;height:24px;line-height:22px;margin:4px 6px;padding:0 10px;flex:none;
 font-size:var(--jp-ui-font-size1,13px);color:var(--jp-ui-font-color1);background:transparent;box-shadow:none;
 border:1px solid var(--jp-border-color1);border-radius:3px}
.jspark-card button.jupyter-button:hover{background:var(--jp-layout-color2)}
.jspark-card button.jupyter-button i{font-size:.8em;margin-right:6px;color:var(--jp-error-color1)}
.jspark-card .widget-vbox>button.jupyter-button{align-self:flex-start;margin:4px 10px 8px}
.jspark-card .widget-text{flex:0 1 16em;margin:4px 0 4px 6px}
.jspark-card .widget-text input[type=text]{height:24px;border-radius:3px}
.jspark-card .widget-tab{width:100%}
.jspark-card .widget-tab>.widget-tab-contents{border:0;padding:0;background:none;overflow:visible}
.jspark-card .widget-tab>.lm-TabBar{min-height:28px;padding:0 4px;background:none;
 border-bottom:1px solid var(--jp-border-color2)}
.jspark-card .widget-tab>.lm-TabBar .lm-TabBar-content{border:0}
.jspark-card .widget-tab>.lm-TabBar .lm-TabBar-tab{flex:none;min-width:0;width:auto;height:28px;min-height:28px;
 line-height:28px;padding:0 10px;margin:0;border:0;transform:none;background:none;cursor:pointer;
 font-family:var(--jp-ui-font-family);font-size:var(--jp-ui-font-size1,13px);color:var(--jp-ui-font-color2)}
.jspark-card .widget-tab>.lm-TabBar .lm-TabBar-tab:hover{color:var(--jp-ui-font-color1);background:none}
.jspark-card .widget-tab>.lm-TabBar .lm-TabBar-tab::before,
.jspark-card .widget-tab>.lm-TabBar .lm-TabBar-tab.lm-mod-current::before{display:none}
.jspark-card .widget-tab>.lm-TabBar .lm-TabBar-tab.lm-mod-current{color:var(--jp-ui-font-color1);
 background:none;min-height:28px;transform:none;box-shadow:inset 0 -2px 0 var(--jp-brand-color1)}
.jspark-card button:focus-visible,.jspark-card .lm-TabBar-tab:focus-visible{
 outline:2px solid var(--jp-brand-color1)!important;outline-offset:-2px}
</style>"""
_SIGNS = {"new": "+", "old": "−", "same": " ", "waiting": " "}
_SAID = {"new": "added", "old": "removed"}


def turn_html(view: TurnView) -> str:
    """Return the whole turn: what was asked, the change, the checks, the figures, what is next."""
    return f"{STYLE}{part_html(turn_body_html(view), foot_html(view))}"


def turn_body_html(view: TurnView) -> str:
    """Return what was asked, and the change as far as it has come; at the end, the words beside it."""
    return f"{asked_html(view)}{_bar(view)}{change_html(view)}{said_html(view)}"


def part_html(*parts: str) -> str:
    """Return parts of a turn in the frame that gives them their look."""
    return f'<div class="jspark">{"".join(parts)}</div>'


def asked_html(view: TurnView) -> str:
    """Return the request."""
    return f'<div class="jspark-asked"><b aria-hidden="true">✦</b>{escape(view.asked)}</div>'


def change_html(view: TurnView) -> str:
    """Return the change, line by line; of a turn that failed before its first line, nothing."""
    if view.state == "failed" and not view.new:
        return ""
    rows = "".join(
        f'<div class="jspark-fold">⋯ {entry} more line{"s" if entry > 1 else ""}</div>'
        if isinstance(entry, int)
        else _row(entry)
        for entry in view.lines()
    )
    return f'<div class="jspark-code" role="group" aria-label="change"><div>{rows}</div></div>' if rows else ""


def said_html(view: TurnView) -> str:
    """Return the words beside the code, or in its place."""
    return f'<div class="jspark-words">{escape(view.said_beside)}</div>' if view.said_beside else ""


def code_html(view: TurnView) -> str:
    """Return the new code alone."""
    rows = "".join(f'<div class="jspark-l"><i></i><span>{_coloured(line)}</span></div>' for line in view.new)
    return f'{STYLE}<div class="jspark"><div class="jspark-code"><div>{rows}</div></div></div>'


def words_html(text: str) -> str:
    """Return plain words, paragraph by paragraph."""
    body = escape(text.strip()) or "Nothing was said beside the code."
    return f'{STYLE}<div class="jspark"><div class="jspark-words">{body}</div></div>'


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


def line_html(view: TurnView, *parts: str) -> str:
    """Return one quiet line for a turn that is shown elsewhere: what was asked, and ``parts``."""
    spans = "".join(f"<span>{escape(part)}</span>" for part in (f"✦ {view.asked}", *parts) if part)
    notices = "".join(f'<span class="jspark-say">{escape(notice)}</span>' for notice in view.notices)
    foot = f'<div class="jspark-foot" role="status">{spans}{notices}</div>'
    return f"{STYLE}{part_html(said_html(view), foot)}"


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
