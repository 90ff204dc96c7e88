"""A streamed answer becomes words and the lines of one block, however it is cut into pieces."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_spark.edits import AnswerParser, Lines, ParsedAnswer, Words, fence_for, make_edit
from jupyter_spark.wire import text_hash

ANSWER = "Here it is.\n\n```python\nx = 1\n\ny = 2\n```\nI added y.\n"


def parse(*pieces: str, fence: str = "", stopped_at_fence: bool = False) -> tuple[list[str], str, ParsedAnswer]:
    """The block's lines and the words as they were streamed, and the answer at the end."""
    parser = AnswerParser(fence)
    events: list[Words | Lines] = []
    for piece in pieces:
        events += parser.feed(piece)
    rest, answer = parser.finish(stopped_at_fence=stopped_at_fence)
    events += rest
    lines = [line for event in events if isinstance(event, Lines) for line in event.lines]
    return lines, "".join(event.text for event in events if isinstance(event, Words)), answer


def cut(text: str, places: list[int]) -> list[str]:
    """The text cut at these places (taken modulo its length)."""
    marks = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in itertools.pairwise(marks)]


# Lines of the kinds that decide something, so that their edges meet the edges of the pieces.
lines_of_answers = st.lists(
    st.sampled_from(
        (
            *("```python", "```", "````", "````py", "~~~", "~~~py", " ```", "    ```", "x = 1```", "x = 1````"),
            *("``` ", "\r", "x = 1", "", "  y", "# ☃🎉", "a ``` b", "``", "words"),
        )
    ),
    max_size=12,
)
answers = st.builds(
    lambda lines, end, last: end.join(lines) + last,
    lines_of_answers,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n", "\r", "\r\n"]),
)


@settings(max_examples=300, deadline=None)
@given(answers, st.lists(st.integers(0, 200), max_size=20), st.sampled_from(["", "```", "````"]), st.booleans())
@example(ANSWER, list(range(100)), "", False)
@example("```py\r\nx\r\n```\r\n", list(range(30)), "", False)
def test_pieces_do_not_matter(text: str, places: list[int], fence: str, stopped: bool) -> None:
    pieces = cut(text, places)
    assert "".join(pieces) == text
    assert parse(*pieces, fence=fence, stopped_at_fence=stopped) == parse(text, fence=fence, stopped_at_fence=stopped)


code_lines = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12))


@settings(max_examples=200, deadline=None)
@given(code_lines)
def test_a_source_in_its_own_fence_comes_back(lines: list[str]) -> None:
    source = "\n".join(lines).strip("\n").rstrip()
    fence = fence_for(source)
    streamed, words, answer = parse(f"Words.\n{fence}python\n{source}\n{fence}\nMore.")
    assert "\n".join(streamed) == source
    assert words == "Words.\nMore.\n"
    assert answer == ParsedAnswer(source, "Words.\nMore.", closed=True, blocks=1)


def test_words_block_words() -> None:
    lines, words, answer = parse(ANSWER)
    assert lines == ["x = 1", "", "y = 2"]
    assert words == "Here it is.\n\nI added y.\n"
    assert answer == ParsedAnswer("x = 1\n\ny = 2", "Here it is.\n\nI added y.", closed=True, blocks=1)


def test_only_what_is_certain_comes_out() -> None:
    parser = AnswerParser()
    assert not parser.started
    assert parser.feed("Here") == []
    assert parser.feed(" it is.\n```py") == [Words("Here it is.\n")]
    assert not parser.started
    assert parser.feed("\nx = 1\ny") == [Lines(("x = 1",))]
    assert parser.started
    assert parser.feed(" = 2\n```\nDone.\n") == [Lines(("y = 2",)), Words("Done.\n")]
    assert parser.finish() == ([], ParsedAnswer("x = 1\ny = 2", "Here it is.\nDone.", closed=True, blocks=1))


def test_no_block() -> None:
    assert parse("Only `words`.")[2] == ParsedAnswer(None, "Only `words`.", closed=False, blocks=0)
    assert parse()[2] == ParsedAnswer(None, "", closed=False, blocks=0)


def test_an_empty_block() -> None:
    assert parse("```\n```")[2] == ParsedAnswer("", "", closed=True, blocks=1)


def test_a_block_that_is_cut_off() -> None:
    lines, _, answer = parse("```python\nx = 1\ny = ")
    assert lines == ["x = 1", "y = "]
    assert answer == ParsedAnswer("x = 1\ny =", "", closed=False, blocks=1)


@pytest.mark.parametrize("line", ["  ```", "\t```", "``` x", "``", "~~~", "x ```", "```x"])
def test_what_does_not_close(line: str) -> None:
    lines, _, answer = parse(f"```\n{line}\ny = 1\n```\n")
    assert lines == [line, "y = 1"]
    assert (answer.closed, answer.blocks) == (True, 1)


@pytest.mark.parametrize(
    ("opening", "closing"), [("```", "```"), ("```", "`````  "), ("~~~py", "~~~"), ("  ```", "```")]
)
def test_what_opens_and_closes(opening: str, closing: str) -> None:
    assert parse(f"{opening}\nx\n{closing}\nwords")[2] == ParsedAnswer("x", "words", closed=True, blocks=1)


@pytest.mark.parametrize("line", ["    ```", "```a`b", "words ```", "``"])
def test_what_does_not_open(line: str) -> None:
    assert parse(f"{line}\n")[2] == ParsedAnswer(None, line.strip(), closed=False, blocks=0)


def test_a_longer_fence_holds_a_shorter_one() -> None:
    code = 'TEXT = """\n```python\nx\n```\n"""'
    fence = fence_for(code)
    assert fence == "````"
    assert parse(f"{fence}python\n{code}\n{fence}\n")[2] == ParsedAnswer(code, "", closed=True, blocks=1)


def test_fence_for() -> None:
    assert fence_for("") == fence_for("a `` b") == "```"
    assert fence_for("a ````` b ``` c") == "``````"


def test_a_second_block_is_counted_and_is_not_the_edit() -> None:
    lines, words, answer = parse("```python\nx = 1\n```\nor\n```python\nx = 2\n```\n")
    assert lines == ["x = 1"]
    assert "x = 2" in words
    assert (answer.code, answer.blocks) == ("x = 1", 2)


def test_an_answer_that_was_begun_for_the_model() -> None:
    lines, words, answer = parse("x = 1\n", "y = 2", fence="```", stopped_at_fence=True)
    assert (lines, words) == (["x = 1", "y = 2"], "")
    assert answer == ParsedAnswer("x = 1\ny = 2", "", closed=True, blocks=1)
    assert AnswerParser("```").started
    assert parse("x = 1", fence="```")[2].closed is False
    assert parse("x = 1\n```\nDone.", fence="```")[2] == ParsedAnswer("x = 1", "Done.", closed=True, blocks=1)


@pytest.mark.parametrize("fence", ["```", "````"])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_fence_that_is_glued_to_the_last_line(fence: str, stopped: bool) -> None:
    answer = parse(f"x = 1\ny = 2 {fence}", fence=fence, stopped_at_fence=stopped)[2]
    assert answer == ParsedAnswer("x = 1\ny = 2", "", closed=True, blocks=1)


def test_what_is_not_a_glued_fence() -> None:
    assert parse("````\nx = 1```")[2] == ParsedAnswer("x = 1```", "", closed=False, blocks=1)  # too short
    assert parse("```\nx = 1```\ny = 2")[2] == ParsedAnswer("x = 1```\ny = 2", "", closed=False, blocks=1)  # not last
    assert parse("```\n")[2] == ParsedAnswer("", "", closed=False, blocks=1)


def test_blank_edges_of_the_block_go() -> None:
    assert parse("```\n\n\n    x = 1\n\n  \n```")[2].code == "    x = 1"


def test_make_edit() -> None:
    edit = make_edit("x = 2", cell_id="c1", old_source="x = 1", operation="insert_below")
    assert (edit.cell_id, edit.operation, edit.old_source, edit.new_source) == ("c1", "insert_below", "x = 1", "x = 2")
    assert edit.base_hash == text_hash("x = 1")


@pytest.mark.parametrize(
    ("old", "new"), [("x = 1\r\ny = 2", "x = 2\r\ny = 2"), ("x = 1\ny = 2", "x = 2\ny = 2"), ("x = 1", "x = 2\ny = 2")]
)
def test_an_edit_has_the_line_ends_of_its_cell(old: str, new: str) -> None:
    assert make_edit("x = 2\ny = 2", cell_id="c1", old_source=old, operation="replace").new_source == new
