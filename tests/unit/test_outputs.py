"""A cell's outputs as a short text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.outputs import LIMIT_BYTES, MAX_LINE, MAX_READ, html_text, plain_text, render_outputs, shorten

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
PIXELS = "iVBORw0KGgo" * 5000


def stream(text: Any, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: Any) -> dict[str, Any]:
    kinds = {"plain": "text/plain", "html": "text/html", "png": "image/png", "markdown": "text/markdown"}
    kinds |= {"latex": "text/latex", "json": "application/json", "widget": "application/vnd.jupyter.widget-view+json"}
    return {"output_type": "display_data", "metadata": {}, "data": {kinds.get(k, k): v for k, v in data.items()}}


def error(*traceback: str, name: str = "ValueError", message: str = "no") -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": list(traceback)}


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ([], ""),
        ([stream("a\n"), stream(["b\n", "c\n"]), stream("warning\n", "stderr")], "a\nb\nc\nwarning"),
        ([stream("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07\x07")], "red link"),
        ([stream(" 10%|#\r 50%|##\r100%|###\r\nready\n")], "100%|###\nready"),
        ([stream("working\rdone\r")], "done"),
        ([stream("a:  10%|# | 1/10\n\na:  50%|# | 5/10\na: 100%|##| 10/10\n\nready")], "a: 100%|##| 10/10\nready"),
        ([shown(plain="42")], "42"),
        ([shown(plain=["a\n", "b"])], "a\nb"),
        (
            [shown(plain="<Figure size 640x480 with 1 Axes>", png=PIXELS)],
            "<Figure size 640x480 with 1 Axes>\n[image/png left out, 41 KB]",
        ),
        ([shown(**{"image/svg+xml": "<svg></svg>"})], "[image/svg+xml left out, 11 bytes]"),
        ([shown(plain="   a\n0  1", html="<table><tr><td>1</td></tr></table>")], "   a\n0  1"),
        ([shown(plain="<pandas.io.formats.style.Styler at 0x7f>", html="<table><tr><td>1</td></tr></table>")], "1"),
        (
            [shown(plain="<IPython.core.display.HTML object>", html="<script>no</script>")],
            "<IPython.core.display.HTML object>",
        ),
        ([shown(plain="<IPython.core.display.Markdown object>", markdown="**x** $y$")], "**x** $y$"),
        ([shown(plain="x**2", latex=r"$\displaystyle x^{2}$")], r"$\displaystyle x^{2}$"),
        ([shown(plain="<IPython.core.display.JSON object>", json={"a": [1, "ä"]})], '{"a": [1, "ä"]}'),
        ([shown(plain="IntSlider(value=3)", widget={"model_id": "m"})], "[widget IntSlider(value=3)]"),
        ([shown(widget={"model_id": "m"})], "[widget]"),
        (
            [shown(plain="Figure()", **{"application/vnd.plotly.v1+json": {"data": []}})],
            "Figure()\n[application/vnd.plotly.v1+json left out, 12 bytes]",
        ),
        ([error()], "ValueError: no"),
        ([error(name="AssertionError", message="")], "AssertionError"),
        (["not an output", {"output_type": "else"}, {"data": 3}, stream(None)], ""),
    ],
)
def test_rendering(outputs: list[Any], text: str) -> None:
    assert render_outputs(outputs) == text


def test_a_long_text_keeps_both_ends() -> None:
    text = render_outputs([stream("".join(f"line {i}\n" for i in range(1000)))])
    assert len(text.encode()) <= LIMIT_BYTES
    head, number, tail = re.split(r"\n\.\.\. (\d+) lines left out \.\.\.\n", text)
    assert head.startswith("line 0\nline 1\n")
    assert tail.endswith("line 998\nline 999")
    assert int(number) == 1000 - head.count("line") - tail.count("line")
    assert len(head) > len(tail) > 400


def test_a_long_line_keeps_both_ends() -> None:
    text = render_outputs([shown(plain="[" + "1, " * 5000 + "2]")])
    assert text.startswith("[1, 1, ")
    assert text.endswith("1, 2]")
    assert f"... {15003 - MAX_LINE} characters left out ..." in text


def test_base64_in_texts_is_left_out() -> None:
    text = render_outputs([stream(f"key {PIXELS} end"), shown(html=f'<img src="data:image/png;base64,{PIXELS}"> seen')])
    assert text == "key [base64 left out, 41 KB] end\n[picture left out] seen"
    assert "[base64 left out" in render_outputs([shown(markdown=f"![x](data:image/png;base64,{PIXELS})")])


def test_of_a_huge_output_the_middle_is_not_read() -> None:
    text = plain_text("a" + "b c " * MAX_READ + "z")
    assert text.startswith("ab c")
    assert text.endswith("c z")
    assert f"... {3 * MAX_READ + 2} characters left out ..." in text
    assert html_text("<p>x</p>" * MAX_READ).endswith(f"... {7 * MAX_READ} characters left out ...")


TABLE = """
<div><style scoped>.dataframe {}</style><table border="1"><thead><tr style=""><th></th><th>name</th><th>age</th></tr>
</thead><tbody><tr><th>0</th><td>Ada &amp; co</td><td>36</td></tr><tr><th>1</th><td></td><td>5</td></tr></tbody></table>
<p>2 rows &times; 2 columns</p></div>
"""


def test_a_table_is_read_row_by_row() -> None:
    assert html_text("<!-- <p>no</p> -->a<br/>b < c<script>if (a<b) {}</script><svg><p>no</p></svg>") == "a\nb < c"
    assert html_text("a<style>never closed") == "a"
    assert html_text(TABLE) == "| name | age\n0 | Ada & co | 36\n1 |  | 5\n2 rows × 2 columns"


FRAMES = (
    "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
    "\x1b[31mKeyError\x1b[39m                                  Traceback (most recent call last)",
    "File \x1b[32m/home/ada/.venv/lib/python3.11/site-packages/"
    "pandas/core/indexes/base.py:3805\x1b[39m, in Index.get_loc"
    "(self, key)\n   3804 try:\n-> 3805     return self._engine.get_loc(casted_key)\n   3806 except KeyError as err:",
    "File pandas/_libs/index.pyx:167, in pandas._libs.index.IndexEngine.get_loc()",
    "\x1b[31mKeyError\x1b[39m: 'b'",
    "\nThe above exception was the direct cause of the following exception:\n",
    "\x1b[31mKeyError\x1b[39m                                  Traceback (most recent call last)",
    "Cell \x1b[32mIn[3], line 2\x1b[39m\n      1 from tools import pick\n----> 2 pick(df, 'b')",
    "File \x1b[32m/home/ada/work/tools.py:2\x1b[39m, in pick(df, name)\n      1 def pick(df, name):\n"
    "----> 2     return df[name]",
    "File \x1b[32m/usr/lib/python3.11/json/decoder.py:1\x1b[39m, in decode(s)\n----> 1 x",
    "File \x1b[32m/home/ada/.venv/lib/python3.11/site-packages/"
    "pandas/core/frame.py:4102\x1b[39m, in DataFrame.__getitem__"
    "(self, key)\n-> 4102 indexer = self.columns.get_loc(key)",
    "\x1b[31mKeyError\x1b[39m: 'b'",
)


def test_a_traceback_is_whole_at_the_users_frames() -> None:
    assert render_outputs([error(*FRAMES, name="KeyError", message="'b'")]) == (
        "  ... 2 frames of libraries, the last: pandas/_libs/index.pyx:167, in "
        "pandas._libs.index.IndexEngine.get_loc()\n"
        "KeyError: 'b'\n"
        "The above exception was the direct cause of the following exception:\n"
        "Cell In[3], line 2\n      1 from tools import pick\n----> 2 pick(df, 'b')\n"
        "File /home/ada/work/tools.py:2, in pick(df, name)\n      1 def pick(df, name):\n----> 2     return df[name]\n"
        "  ... 2 frames of libraries, the last: pandas/core/frame.py:4102, in DataFrame.__getitem__(self, key)\n"
        "KeyError: 'b'"
    )


@pytest.mark.parametrize(
    ("frames", "kept"),
    [
        (  # IPython 7
            "<ipython-input-3-abc> in <module>\n----> 1 f()\n\n/opt/lib/python3.8/site-packages/x/y.py in f(a)\n   1 b",
            "<ipython-input-3-abc> in <module>\n----> 1 f()\n  ... a frame of libraries, the last: x/y.py in f(a)",
        ),
        (  # plain Python
            'Traceback (most recent call last):\n  File "work.py", line 3, in <module>\n    f()\n'
            '  File "/usr/lib/python3.11/json/__init__.py", line 9, in f\n    g()',
            '  File "work.py", line 3, in <module>\n    f()\n'
            "  ... a frame of libraries, the last: json/__init__.py, line 9, in f",
        ),
        (  # Windows
            r"File C:\py\Lib\site-packages\x\y.py:3, in f(a)" + "\n----> 3 b",
            r"  ... a frame of libraries, the last: x\y.py:3, in f(a)",
        ),
    ],
)
def test_other_ways_to_write_a_frame(frames: str, kept: str) -> None:
    assert render_outputs([error(frames, "ValueError: no")]) == f"{kept}\nValueError: no"


def test_a_frame_that_repeats_itself_is_told_once() -> None:
    frames = ["Cell In[1], line 1, in f()\n----> 1 f()"] * 900
    text = render_outputs([error(*frames, "RecursionError: too deep", name="RecursionError", message="too deep")])
    assert text == "Cell In[1], line 1, in f()\n----> 1 f()\n  ... the same 899 more times\nRecursionError: too deep"


def test_the_exceptions_line_outlives_the_limit() -> None:
    frames = [f"Cell In[{i}], line {i}\n----> {i} f{i}()" for i in range(500)]
    text = render_outputs([error(*frames, message="what went wrong")], 500)
    assert text.endswith("ValueError: what went wrong")
    assert "lines left out" in text
    assert len(text.encode()) <= 500


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebooks_outputs(notebook: Path) -> None:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    for cell in cells:
        text = render_outputs(cell.get("outputs", []))
        assert len(text.encode()) <= LIMIT_BYTES
        assert "\x1b" not in text
        assert not re.search(r"[A-Za-z0-9+/]{300}", text)
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                assert f"{output['ename']}" in text
            if "image/png" in output.get("data", {}):
                assert "[image/png left out" in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
texts = st.text() | st.lists(st.text(), max_size=4) | st.sampled_from(["\x1b[", "\r\n\r", "<![", "<a <b", *FRAMES])
kinds = st.sampled_from(["text/plain", "text/html", "text/markdown", "image/png", "application/json", "video/mp4", "x"])
any_output = (
    st.builds(lambda name, text: stream(text, name), st.text(max_size=3), texts | json_values)
    | st.builds(
        lambda data: {"output_type": "execute_result", "data": data}, st.dictionaries(kinds, texts | json_values)
    )
    | st.builds(
        lambda name, message, frames: {"output_type": "error", "ename": name, "evalue": message, "traceback": frames},
        texts | json_values,
        texts | json_values,
        st.lists(texts | json_values) | json_values,
    )
    | json_values
)


@given(st.lists(any_output, max_size=5), st.integers(0, 3000))
def test_any_outputs_are_rendered_within_the_limit(outputs: list[Any], limit_bytes: int) -> None:
    text = render_outputs(outputs, limit_bytes)
    assert len(text.encode("utf-8", "replace")) <= limit_bytes
    assert "\x1b" not in text


@given(st.text(), st.integers(0, 500))
def test_a_text_that_fits_stays_as_it_is(text: str, limit_bytes: int) -> None:
    short = shorten(text, limit_bytes)
    assert len(short.encode("utf-8", "replace")) <= limit_bytes
    if len(text.encode("utf-8", "replace")) <= limit_bytes and max(map(len, text.split("\n"))) <= MAX_LINE:
        assert short == text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["1", "1/", "<", "<a ", "<!--", "&", "\x1b]", "a|", "a\r", "9%|", "/a", " ", "File a:", "A+/"]
)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (MAX_READ // len(unit))
    render_outputs([stream(text), shown(html=text), error(text, "File " + text, name=text, message=text)])
