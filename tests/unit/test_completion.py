"""What is asked for a caret, and how much of an answer is shown there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.completion import (
    MAX_LINES,
    Place,
    completion_budget_tokens,
    cut_answer,
    nothing_to_complete,
    render_completion,
)
from jupyter_spark.settings import Profile
from jupyter_spark.wire import CellSnapshot, ContextPiece, NotebookSnapshot

BODY = "def mean(values):\n    "
CUTS = [
    # what stands before, what stands after, the answer, what is shown
    ("total = sum(", ")", "orders)", "orders"),
    ("total = sum(", ")", "f(x)", "f(x)"),
    ("total = sum(", ")", "f(x))", "f(x)"),
    ("total = sum(", ")\nprint(total)", "orders)\nprint(total)", "orders"),
    ("a = [1, 2", "]\nprint(a)", ", 3]\nprint(a)", ", 3"),
    ("a = [1, 2", "\nprint(a)", ", 3]\nprint(a)", ", 3]"),
    ('print("hel', '")', 'lo")', "lo"),
    ('print("hel', '")', "lo\", sep='')", "lo"),
    ("for i in ", ":\n    pass", "range(3):\n    print(i)", "range(3)"),
    ("x = ", " + 1", "y + 1", "y"),
    ("x = ", " + 1", "y", "y"),
    ("total = ", "\nprint(total)", "sum(orders)\nprint(total)\nmore()", "sum(orders)"),
    ("df.gro", "", "groupby('a').sum()", "upby('a').sum()"),
    ("df.gro", "", "upby('a').sum()", "upby('a').sum()"),
    ("import pandas as pd\ndf = pd.", "", "df = pd.read_csv('a.csv')", "read_csv('a.csv')"),
    ("import pandas as pd\ndf = pd.", "", "import pandas as pd\ndf = pd.read_csv('a.csv')", "read_csv('a.csv')"),
    (BODY, "", "    return sum(values) / len(values)", "return sum(values) / len(values)"),
    (BODY, "", "\n    return 1", "return 1"),
    (BODY, "", "if not values:\n    return 0\nreturn 1", "if not values:\n        return 0\n    return 1"),
    (BODY, "", "if not values:\n        return 0\n    return 1", "if not values:\n        return 0\n    return 1"),
    (BODY, "", "return 1\n\nprint(mean([1]))", "return 1"),
    (
        BODY,
        "",
        "n = len(values)\n\n    return sum(values) / n\nprint(1)",
        "n = len(values)\n\n    return sum(values) / n",
    ),
    (BODY, "", 'doc = """\n\nnot the end\n"""\n    return 1', 'doc = """\n\nnot the end\n"""\n    return 1'),
    ("x =", "", " 1\n\ny = 2", " 1"),
    ("x = ", "", " 1   \n\n", "1"),
    ("", "", "import os\n\nprint(os)", "import os"),
    ("f(", "", "[\n    1,\n\n    2,\n])\nprint()", "[\n    1,\n\n    2,\n])\nprint()"),
    ("x = 1  # see (", "", "1)\ny = 2", "1)\ny = 2"),
    ("x = 'it\ny = (", ")", "1)", "1"),  # a string that was never closed ends with its line
    ("s = '\\'", "'", "a\\'b' + c", "a\\'b"),
    ('"""Words, ', '"""\nx = 1', 'more"""\nx = 1', "more"),
    ("x = 1", "\ny = 2", "\ny = 2", ""),
    ("x", " = 1", "", ""),
    ("x", "", "   \n  \n", ""),
    ("y = 1", "", "<|endoftext|>more", ""),
    ("y = ", "", "1<|fim_pad|>more", "1"),
    ("y = ", "", "1\n```\n\nThis code sets y.", "1"),
    ("if a <", "", " b:\n    pass", " b:\n    pass"),
]


@pytest.mark.parametrize(("before", "after", "answer", "shown"), CUTS)
def test_what_is_shown_of_an_answer(before: str, after: str, answer: str, shown: str) -> None:
    assert cut_answer(answer, Place(before, after), whole=True, fenced=False).text == shown


@pytest.mark.parametrize(("before", "after", "answer", "shown"), CUTS)
def test_what_is_shown_only_grows(before: str, after: str, answer: str, shown: str) -> None:
    place, told = Place(before, after), ""
    for end in range(len(answer) + 1):
        cut = cut_answer(answer[:end], place, whole=False, fenced=False)
        assert cut.text.startswith(told)
        assert shown.startswith(cut.text)
        told = cut.text
        if cut.ended:
            assert told == shown
            break


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("```python\norders.sum()\n```", "orders.sum()"),
        ("```\norders.sum()\n```\nThat is the sum.", "orders.sum()"),
        ("Here it is:\n\n```python\norders.sum()\n```", "orders.sum()"),
        ("```python\norders.sum()", "orders.sum()"),
        ("````python\norders.sum()\n````", "orders.sum()"),
        ("orders.sum()", "orders.sum()"),
        ("```python\n```", ""),
        ("```", ""),
        ("``", "``"),
        ("", ""),
    ],
)
def test_the_fence_is_not_shown(answer: str, shown: str) -> None:
    place, told = Place("total = ", ""), ""
    for end in range(len(answer) + 1):
        cut = cut_answer(answer[:end], place, whole=False, fenced=True)
        assert cut.text.startswith(told)
        assert shown.startswith(cut.text)
        assert "`" not in cut.text
        told = cut.text
    assert cut_answer(answer, place, whole=True, fenced=True).text == shown


def test_an_answer_is_ended_as_soon_as_nothing_more_would_be_shown() -> None:
    assert cut_answer("```python\nx\n```", Place("y = ", ""), whole=False, fenced=True).ended
    assert cut_answer("x\n\nz", Place("y = ", ""), whole=False, fenced=False).ended
    assert cut_answer("x)", Place("y = f(", ")"), whole=False, fenced=False).ended
    assert not cut_answer("x\n\n", Place("y = ", ""), whole=False, fenced=False).ended
    long = "\n".join(f"y{number} = 1" for number in range(3 * MAX_LINES))
    cut = cut_answer(long, Place("x = 1\n", ""), whole=False, fenced=False)
    assert cut.ended
    assert len(cut.text.splitlines()) == MAX_LINES


LINES = st.sampled_from(
    [
        "x = 1",
        "    y = f(x)",
        "for a in b:",
        "        g(a",
        ")",
        "]",
        "    ])",
        "",
        "  ",
        'print("a")',
        "s = '''",
        "# (",
        "if x:",
    ]
)
TEXT = st.one_of(st.lists(LINES, max_size=6).map("\n".join), st.text(alphabet="ab(){}[]'\"\n #:=`<|>\\", max_size=30))


@given(TEXT, TEXT, TEXT, st.booleans())
def test_whatever_is_answered(before: str, after: str, answer: str, fenced: bool) -> None:
    place = Place(before, after)
    shown = cut_answer(answer, place, whole=True, fenced=fenced).text
    assert shown == shown.rstrip()
    assert len(shown.splitlines()) <= MAX_LINES
    if place.rest.strip():
        assert "\n" not in shown
    if place.next_line and shown:
        first, *below = shown.split("\n")
        assert place.next_line not in [line.strip() for line in below]
        assert not first or place.next_line != (place.line + first).strip()
    # No prefix of the answer shows what the whole of it would not.
    told = ""
    for end in range(len(answer) + 1):
        cut = cut_answer(answer[:end], place, whole=False, fenced=fenced)
        assert cut.text.startswith(told)
        told = cut.text
        if cut.ended:
            break
    assert shown.startswith(told)


SOURCES = [
    "total = sum(x for x in orders)\nprint(total)",
    "def mean(values):\n    if not values:\n        return 0\n    return sum(values) / len(values)\n\nprint(mean([1]))",
    'names = {"a": [1, 2, (3, 4)], "b": []}\nfor name, rows in names.items():\n    print(name, len(rows))',
]


@pytest.mark.parametrize("source", SOURCES)
def test_a_model_that_writes_on_past_the_gap_fills_the_gap(source: str) -> None:
    """Every gap within a line, answered with all that follows: the whole is as before, or shows less than the gap."""
    filled = gaps = 0
    for start in range(len(source)):
        for end in range(start + 1, len(source) + 1):
            gap = source[start:end]
            place = Place(source[:start], source[end:])
            if "\n" in gap or gap[0].isspace() or not place.rest.strip():
                break
            shown = cut_answer(source[start:], place, whole=True, fenced=False).text
            assert gap.startswith(shown) or shown.startswith(gap.rstrip())
            assert "\n" not in shown
            gaps += 1
            filled += shown == gap.rstrip()
    assert filled > 0.8 * gaps  # where the rest of the line stands twice in the answer, nobody can know


@pytest.mark.parametrize("source", SOURCES)
def test_what_stands_before_the_caret_is_not_repeated(source: str) -> None:
    for at in range(len(source)):
        place = Place(source[:at], "")
        if len(place.line.strip()) < 3 or place.line[-1].isspace():
            continue
        plain = cut_answer(source[at:], place, whole=True, fenced=False)
        assert cut_answer(place.line.strip() + source[at:], place, whole=True, fenced=False) == plain
        assert cut_answer(source, place, whole=True, fenced=False) == plain


# --- what is asked ---------------------------------------------------------------------------------

CHAT = Profile(name="p", models=("m",), context_tokens=32_000)
GAPS = Profile(name="p", models=("m",), infill="<{before}|{after}>", small=True, context_tokens=700)


def _piece(text: str) -> ContextPiece:
    return ContextPiece(key="cell:a", label="In[1]", reason="", text=text, tokens=5)


def test_the_prompt_stays_the_same_up_to_what_is_typed() -> None:
    pieces = [_piece("import pandas as pd\n")]
    first = render_completion(Place("df = pd.re", "\nprint(df)"), pieces, CHAT).messages[-1].content
    then = render_completion(Place("df = pd.read_c", "\nprint(df)"), pieces, CHAT).messages[-1].content
    assert first.index("import pandas") < first.index("print(df)") < first.index("pd.re\n")
    same = next(at for at, (a, b) in enumerate(zip(first, then, strict=False)) if a != b)
    assert first[:same].endswith("df = pd.re")


def test_a_model_that_fills_gaps_gets_code_alone() -> None:
    prompt = render_completion(Place("df = pd.", "\nprint(df)"), [_piece("import pandas as pd\n")], GAPS)
    assert prompt.before == "import pandas as pd\n\ndf = pd."
    assert prompt.after == "\nprint(df)"
    assert not prompt.fenced
    assert prompt.max_output_tokens < 100
    assert render_completion(Place("x", ""), [], CHAT).fenced


def test_fences_in_the_notebook_do_not_end_its_block() -> None:
    content = render_completion(Place("s = '''\n```\n'''\nx = ", ""), [], CHAT).messages[-1].content
    assert "````python\ns = " in content
    assert "Nothing follows." in content


def test_a_long_cell_is_cut_to_what_is_near_the_caret() -> None:
    lines = [f"value_{number} = {number}" for number in range(400)]
    place = Place("\n".join(lines) + "\nx = ", "\n" + "\n".join(lines))
    prompt = render_completion(place, [], GAPS)
    assert len(prompt.before) < 1000 and prompt.before.endswith("value_399 = 399\nx = ")
    assert len(prompt.after) < 300 and prompt.after.startswith("\nvalue_0 = 0\n")
    typed = render_completion(Place(place.before + "value_1 + val", place.after), [], GAPS)
    assert typed.before.startswith(prompt.before)
    one = render_completion(Place("y" * 10_000, "z" * 10_000), [], GAPS)
    assert len(one.before) < 2000
    assert len(one.after) < 300


def test_the_budget_is_small() -> None:
    assert completion_budget_tokens(GAPS) <= 175
    assert 500 < completion_budget_tokens(CHAT) < 3000
    assert completion_budget_tokens(CHAT.model_copy(update={"context_tokens": 1000})) == 250


def test_an_empty_notebook_has_nothing_to_go_by() -> None:
    cells = tuple(CellSnapshot(cell_id=key, source=text) for key, text in (("a", "x = 1"), ("b", " "), ("c", "y = 2")))
    notebook = NotebookSnapshot(cells=cells)
    assert nothing_to_complete(Place("", " "), notebook, "a")
    assert not nothing_to_complete(Place("", " "), notebook, "b")
    assert not nothing_to_complete(Place("z", ""), notebook, "a")
    assert nothing_to_complete(Place("\n", ""), NotebookSnapshot(), "new")


@pytest.mark.parametrize(
    "answer",
    [
        "I cannot.",
        "I cannot do that, sorry.\nTry again.",
        "Sorry, there is nothing to add!",
        "Here is the rest:\nx = 1",
    ],
)
def test_words_are_not_code(answer: str) -> None:
    """A block that follows them is, and in a comment or a string they may be what is wanted."""
    for end in range(len(answer) + 1):
        assert cut_answer(answer[:end], Place("y = ", ""), whole=False, fenced=True).text == ""
    assert cut_answer(answer, Place("y = ", ""), whole=True, fenced=True).text == ""
    assert cut_answer(f"{answer}\n```\nx\n```", Place("y = ", ""), whole=True, fenced=True).text == "x"
    for before in ("# ", "x = 1  # ", '"""'):
        assert cut_answer("I cannot.", Place(before, ""), whole=True, fenced=True).text == "I cannot."


@pytest.mark.parametrize("answer", ["True", "Frame(x)", "None if x else y", "Total = 1.", "I", "I + 1."])
def test_code_with_a_capital_is_code(answer: str) -> None:
    assert cut_answer(answer, Place("y = ", ""), whole=True, fenced=True).text == answer
