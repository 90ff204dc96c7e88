"""The chat's answers in a real browser: rendered as Lab would, safe, readable by everyone, and useful for the cells."""

from __future__ import annotations

import http.server
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.paced import PacedServer
from tests.ui.hostile_answers import ANSWERS
from tests.ui.lab import ROOT
from tests.ui.talk import Talk

pytestmark = [pytest.mark.usefixtures("calm"), pytest.mark.browser, pytest.mark.timeout(300)]

AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast")
CODE = 'import math\n\n\ndef area(r):\n    """Of a circle,\n\n    in its unit squared."""\n    return math.pi * r**2'
MARKDOWN = f"""# Result

It is **bold** and `code`, see [the docs](https://example.org/docs).

```python
{CODE}
```

| name | count |
|:-----|------:|
| a    | 1     |

- one
- two
  - three

So $x^2$ it is.

$$
\\sum_i x_i
$$
"""


@pytest.fixture
def chat(lab: str, home: Path, page: Page, request: pytest.FixtureRequest) -> Callable[..., Talk]:
    def start(*sources: str) -> Talk:
        name = "".join(c if c.isalnum() else "-" for c in request.node.name) + ".ipynb"
        return Talk(page, lab, home / "examples", name, *(sources or ("x = 1",)))

    return start


@pytest.mark.parametrize("rate_tok_s", [40.0, 1000.0])
def test_an_answer_is_rendered_as_lab_renders_it(
    chat: Callable[..., Talk], paced: PacedServer, rate_tok_s: float
) -> None:
    paced.answer, paced.rate_tok_s = MARKDOWN, rate_tok_s
    turn = chat().ask("what?")
    answer = turn.locator(".jp-Spark-answer")
    expect(answer.locator("h1")).to_have_text("Result")
    expect(answer.locator("strong")).to_have_text("bold")
    link = answer.get_by_role("link", name="the docs")
    expect(link).to_have_attribute("href", "https://example.org/docs")
    expect(link).to_have_attribute("target", "_blank")
    expect(answer.locator("td").last).to_have_text("1")
    expect(answer.locator("li li")).to_have_text("three")
    expect(answer.locator("mjx-container")).to_have_count(2)
    code = answer.locator(".jp-Spark-code code")
    assert code.text_content() == CODE
    # In the colours that Lab's editor has for the whole of it, a string over several lines included.
    expect(code.locator("span", has_text="Of a circle")).to_have_text('"""Of a circle,\n\n    in its unit squared."""')
    assert code.locator("..").evaluate("pre => getComputedStyle(pre).whiteSpace") == "pre"
    assert "|" not in (answer.text_content() or "")


def test_a_slow_answer_is_rendered_before_its_paragraph_ends(chat: Callable[..., Talk], paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = "The **bold** word comes first; " + "then many more follow it. " * 20, 30.0
    talk = chat()
    turn = talk.ask("what?", wait=False)
    expect(turn.locator("strong")).to_have_text("bold")
    expect(turn).to_have_attribute("data-state", "streaming")
    talk.panel.get_by_label("Ask Spark").press("Escape")
    talk.wait_done(turn)
    expect(turn.locator(".jp-Spark-foot")).to_contain_text("stopped")


def test_code_goes_into_cells_as_one_undo_step(chat: Callable[..., Talk], paced: PacedServer) -> None:
    paced.answer = "Try:\n\n```python\ny = 2\n```\n\n```sql\nSELECT 1\n```\n"
    talk = chat("x = 1")
    turn = talk.ask("how?")
    python, sql = turn.locator(".jp-Spark-code").first, turn.locator(".jp-Spark-code").last
    expect(sql.get_by_role("button")).to_have_count(1)  # nothing but Copy: it is not the kernel's language
    python.get_by_role("button", name="Insert below").click()
    talk.notebook.wait_until(lambda: talk.notebook.source(1) == "y = 2")
    assert talk.notebook.source(0) == "x = 1"
    talk.notebook.write(0, "typed = True")
    python.get_by_role("button", name="Replace cell").click()
    talk.notebook.wait_until(lambda: talk.notebook.source(0) == "y = 2")
    talk.notebook.cell(0).locator(".jp-InputArea-editor .cm-content").click()
    talk.page.keyboard.press("ControlOrMeta+z")
    talk.notebook.wait_until(lambda: talk.notebook.source(0) == "typed = True")


def test_an_edit_is_taken_only_into_the_cell_it_was_made_from(chat: Callable[..., Talk], paced: PacedServer) -> None:
    before, after = "total = 0\nfor x in [1, 2]:\n    total += x", "total = sum([1, 2])"
    paced.answer = f"```python\n{after}\n```\n"
    talk = chat(before)
    talk.notebook.cell(0).locator(".jp-InputArea-editor .cm-content").click()
    card = talk.ask("/edit in one line").get_by_label("Proposed change")
    expect(card.locator("del")).to_have_text(before.split("\n"))
    expect(card.locator("ins")).to_have_text(after)
    expect(card).to_contain_text("checked")
    card.get_by_role("button", name="Accept").click()
    talk.notebook.wait_until(lambda: talk.notebook.source(0) == after)
    card.get_by_role("button", name="Undo").click()
    talk.notebook.wait_until(lambda: talk.notebook.source(0) == before)
    talk.notebook.write(0, "total = 7")
    card.get_by_role("button", name="Accept").click()
    expect(card).to_contain_text("has changed since")
    assert talk.notebook.source(0) == "total = 7"
    card.get_by_role("button", name="Show both").click()
    expect(card.locator("figure pre")).to_have_text(["total = 7", after])


def test_the_view_stays_at_the_end_only_while_the_reader_is_there(
    chat: Callable[..., Talk], paced: PacedServer
) -> None:
    paced.answer = "\n\n".join(f"Paragraph {number}." for number in range(200))
    talk = chat()
    talk.ask("long?")
    log = talk.panel.get_by_role("log")
    distance = "log => log.scrollHeight - log.scrollTop - log.clientHeight"
    talk.notebook.wait_until(lambda: log.evaluate(distance) < 2)
    paced.rate_tok_s = 400.0
    turn = talk.ask("again?", wait=False)
    turn.get_by_text("Paragraph 20.").wait_for()
    # Between a piece of text and the paint after it the end is a moment further down.
    talk.notebook.wait_until(lambda: log.evaluate(distance) < 2)
    assert turn.get_attribute("data-state") == "streaming"
    log.hover()
    talk.page.mouse.wheel(0, -600)
    latest = talk.panel.get_by_role("button", name="Jump to latest")
    latest.wait_for()
    top = log.evaluate("log => log.scrollTop")
    turn.get_by_text("Paragraph 60.").wait_for(state="attached")
    assert abs(log.evaluate("log => log.scrollTop") - top) < 5
    latest.click()
    talk.notebook.wait_until(lambda: log.evaluate(distance) < 100)
    expect(latest).to_have_count(0)
    talk.wait_done(turn)
    talk.notebook.wait_until(lambda: log.evaluate(distance) < 2)


def test_a_screen_reader_hears_blocks_and_no_tokens(chat: Callable[..., Talk], paced: PacedServer) -> None:
    paced.answer, paced.rate_tok_s = "First **block** here.\n\n- second\n- list\n\nThird one.\n", 20.0
    talk = chat()
    expect(talk.panel.get_by_role("log")).to_have_attribute("aria-live", "off")
    talk.page.evaluate(
        """() => {
          window.heard = [];
          const mirror = document.querySelector('#jupyter-spark-chat [aria-live=polite]');
          new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node =>
            window.heard.push(node.textContent)))).observe(mirror, {childList: true, subtree: true});
        }"""
    )
    turn = talk.ask("what?", wait=False)
    expect(turn).to_have_attribute("aria-busy", "true")
    talk.wait_done(turn)
    expect(turn).to_have_attribute("aria-busy", "false")
    heard = [" ".join(words.split()) for words in talk.page.evaluate("window.heard")]
    assert heard == ["First block here.", "second list", "Third one."]


def test_nothing_serious_for_axe(chat: Callable[..., Talk], paced: PacedServer) -> None:
    paced.answer = MARKDOWN
    talk = chat()
    turn = talk.ask("what?")
    turn.get_by_text("Context").click()
    talk.page.add_script_tag(path=AXE)
    for theme in THEMES:
        talk.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        talk.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        talk.page.wait_for_timeout(300)  # colours fade in
        result: dict[str, Any] = talk.page.evaluate("() => axe.run('#jupyter-spark-chat .jp-Spark-reading')")
        serious = [
            (theme, found["id"], [node["html"][:200] for node in found["nodes"]])
            for found in result["violations"]
            if found["impact"] in ("serious", "critical")
        ]
        assert not serious, json.dumps(serious, indent=1)


@contextmanager
def trap() -> Iterator[tuple[str, list[str]]]:
    """A server that writes down what it is asked."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()


STATE = """() => ({
  names: Object.getOwnPropertyNames(window).sort(),
  where: location.href.split('?')[0],
  title: document.title,
  sheets: document.querySelectorAll('style, link[rel=stylesheet]').length,
  frames: window.frames.length,
  pwned: window.pwned ?? null
})"""
REMAINS = """() => {
  const found = [];
  for (const answer of document.querySelectorAll('.jp-Spark-answer')) {
    for (const bad of answer.querySelectorAll(
      'script, style, iframe, object, embed, form, input, select, textarea, link, meta, base, video, audio, ' +
      'source, img, svg'
    )) {
      if (!bad.closest('.jp-Spark-codeRow')) { found.push(bad.outerHTML.slice(0, 200)); }
    }
    for (const element of answer.querySelectorAll('*')) {
      for (const {name, value} of element.attributes) {
        const isLink = name === 'href' || name === 'src';
        if (name.startsWith('on') || name.startsWith('data-command') || /url\\(/i.test(value) && name === 'style' ||
            isLink && !/^(https?:|mailto:)/i.test(value)) {
          found.push(`${element.tagName} ${name}=${value}`.slice(0, 200));
        }
      }
    }
    for (const element of answer.querySelectorAll('.jp-Dialog, #jp-main-dock-panel, #main')) {
      found.push(element.outerHTML.slice(0, 200));
    }
  }
  return found;
}"""


def test_hostile_answers_run_nothing_and_fetch_nothing(chat: Callable[..., Talk], paced: PacedServer) -> None:
    assert len(ANSWERS) >= 60
    talk = chat()
    page = talk.page
    dialogs: list[str] = []
    requests: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: dialogs.append(popup.url))
    paced.answer = MARKDOWN  # so that what Lab loads for math is loaded
    talk.ask("first")
    page.wait_for_timeout(500)
    before = page.evaluate(STATE)
    page.on("request", lambda sent: requests.append(sent.url))
    with trap() as (address, heard):
        for number, answer in enumerate(ANSWERS):
            paced.answer = answer.format(trap=address, trap_host=address.removeprefix("http://"))
            paced.rate_tok_s = math.inf if number % 4 else 400.0
            talk.ask(f"hostile {number}")
        page.wait_for_timeout(1000)
        assert heard == []
    own = talk.notebook.address
    assert [url for url in requests if not url.startswith((f"{own}/", "data:font"))] == []
    assert [url for url in requests if "hostile" in url or "trap" in url or "relative" in url] == []
    assert dialogs == []
    assert page.evaluate(REMAINS) == []
    after = page.evaluate(STATE)
    assert set(after["names"]) - set(before["names"]) == set()
    assert {name: after[name] for name in ("where", "frames", "pwned", "sheets")} == {
        name: before[name] for name in ("where", "frames", "pwned", "sheets")
    }
    expect(talk.panel.get_by_label("Ask Spark")).to_be_enabled()
