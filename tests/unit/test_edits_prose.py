"""An answer that is prose with blocks of its own, in the fence that was asked for, in another one, or in none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_spark.edits import Lines, ParsedAnswer, ProseParser
from tests.unit.turns import CELL, Replies, request, turn

OLD = "# Title\nKeep this text.\n```python\nx = 1\n```\nEnd text."
NEW = "# Title\n**Keep this text.**\n```python\nx = 1\n```\nEnd text."


def read(answer: str, old: str = OLD, *, fence: str = "", **how: Any) -> ParsedAnswer:
    """The whole answer at once."""
    parser = ProseParser(old, fence, is_markdown=how.pop("is_markdown", True))
    parser.feed(answer)
    return parser.finish(**how)[1]


def reading(answer: ParsedAnswer) -> tuple[str | None, bool, bool]:
    return answer.code, answer.closed and answer.blocks == 1, answer.unclear


@pytest.mark.parametrize(
    "answer",
    [
        f"````markdown\n{NEW}\n````",
        f"````markdown\n{NEW}\n```",  # closed with the fence of the blocks within
        f"````markdown\n{NEW}\n```\n````",
        f"```markdown\n{NEW}\n```",
        f"Sure!\n\n```markdown\n{NEW}\n```\nI made it bold.",
        f"```\n{NEW}\n```",
        f"~~~markdown\n{NEW}\n~~~",
        f"```md\r\n{NEW.replace(chr(10), chr(13) + chr(10))}\r\n```\r\n",
        NEW,
        f"{NEW}\n\n",
    ],
)
def test_the_whole_text_is_taken(answer: str) -> None:
    assert reading(read(answer)) == (NEW, True, False)


@pytest.mark.parametrize("answer", [NEW, f"{NEW}\n```", f"{NEW}\n````\nDone."])
def test_an_answer_that_was_begun_for_the_model(answer: str) -> None:
    assert reading(read(answer, fence="````", stopped_at_fence="Done" not in answer)) == (NEW, True, False)


def test_an_answer_that_was_cut_off_is_not_whole() -> None:
    for answer in (NEW[:-4], f"````markdown\n{NEW}\n```", f"````markdown\n{NEW}"):
        assert not read(answer, cut_off=True).closed
    assert not read(f"{NEW}\n```", fence="````", cut_off=True).closed


@pytest.mark.parametrize(
    "answer",
    [
        "```markdown\n# Title\n```python\nx = 1\n```\nEnd text.",  # which one is it that closes?
        "```markdown\n# Title\n```\nIt was:\n```python\nx = 1\n```",
        "```\n# Title\n```\nor\n```\n# Titel\n```",
        "```markdown\nA\n```\nor\n```markdown\nB\n```",
        "Sure!\n```python\nx = 2\n```",  # where is the text?
        "````markdown\n# Title\n```python\nx = 1\n````",
        "````markdown\n# Title\n````\nEnd text.",  # a line of the cell is left outside
        "# Title\n```python\nx = 1\n",
    ],
)
def test_what_is_not_certain_is_a_finding(answer: str) -> None:
    assert answer.count("```") > 0
    parsed = read(answer)
    assert parsed.unclear or not parsed.closed


def test_words_stay_words() -> None:
    assert read("Which part do you mean?").is_only_words
    assert reading(read("**Title**", "# Title")) == (None, False, False)
    parsed = read("I cannot.\n\n```\n# Title\n```\nSorry.", "# Old")
    assert (parsed.code, parsed.words) == ("# Title", "I cannot.\n\nSorry.")


def test_blocks_without_a_language_are_taken_as_the_cell_has_them() -> None:
    old = "# Title\n```\n$ ls\n```\nEnd."
    assert reading(read(f"```markdown\n{old}\n```", old)) == (old, True, False)
    assert reading(read(old.replace("$ ls", "$ ls -l"), old)) == (old.replace("$ ls", "$ ls -l"), True, False)
    assert read(f"```markdown\n{old}\n```", "# Title\nEnd.").unclear


def test_a_cell_that_is_not_balanced_itself_is_left_in_peace() -> None:
    old = "# Title\n```python\nx = 1"
    assert reading(read(f"````markdown\n{old}\ny = 2\n````", old)) == (f"{old}\ny = 2", True, False)


def test_a_raw_cell_may_be_in_any_language() -> None:
    assert reading(read("```yaml\na: 2\n```", "a: 1", is_markdown=False)) == ("a: 2", True, False)
    assert read("```yaml\na: 2\n```", "a: 1").unclear
    assert reading(read("```html\n<p>Hi</p>\nEnd.\n```", "Hi\nEnd.")) == ("<p>Hi</p>\nEnd.", True, False)


lines = st.sampled_from(["", "text", "Keep this text.", "- a list", "    ```", "a ``` b", "``", "### Part"])
blocks = st.builds(lambda info, body: [f"```{info}", *body, "```"], st.sampled_from(["python", "sh"]), st.lists(lines))
texts = st.lists(st.one_of(lines.map(lambda line: [line]), blocks), min_size=1, max_size=6).map(
    lambda parts: "\n".join(["# Title", *(line for part in parts for line in part), "End text."])
)


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_balanced_text_comes_back_from_each_fence(text: str, data: st.DataObject) -> None:
    head, tail = data.draw(
        st.sampled_from([("````markdown\n", "\n````"), ("````\n", "\n```"), ("```md\n", "\n```"), ("", "")])
    )
    answer = head + text + tail
    assert reading(read(answer)) == (text, True, False)
    parser, cut = ProseParser(OLD), data.draw(st.integers(0, len(answer)))
    for piece in (answer[:cut], answer[cut:]):
        parser.feed(piece)
    assert parser.finish()[1] == read(answer)


answer_lines = st.sampled_from(
    ["```", "```markdown", "```python", "````markdown", "````", "~~~", "  ```", "Sure!", *OLD.split("\n")]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(answer_lines, max_size=12))
def test_no_line_of_the_cell_is_left_out_in_silence(answer: list[str]) -> None:
    parsed = read("\n".join(answer))
    if parsed.code is None or parsed.unclear or not parsed.closed or parsed.blocks != 1:
        return
    kept = parsed.code.split("\n")
    said = {line for line in answer if "`" not in line and "~" not in line}
    assert {line for line in OLD.split("\n") if "`" not in line} & said <= set(kept)


def test_what_streams_is_the_text_where_its_blocks_tell_their_language() -> None:
    parser = ProseParser(OLD)
    seen = [
        line
        for piece in f"Sure!\n```markdown\n{NEW}\n```\nDone.".splitlines(keepends=True)
        for event in parser.feed(piece)
        if isinstance(event, Lines)
        for line in event.lines
    ]
    assert "\n".join(seen) == NEW


def test_a_turn_says_what_is_not_certain_and_asks_again() -> None:
    target = CELL.model_copy(update={"kind": "markdown", "source": OLD})
    torn = "```markdown\n# Title\n```python\nx = 1\n```\nEnd text."
    provider = Replies(torn, f"````markdown\n{NEW}\n````")
    finished = turn(request("rewrite", target=target), provider)[-1]
    assert (finished.proposal.edit.new_source, finished.proposal.holds) == (NEW, True)
    assert "The fences are not balanced" in provider.requests[1].messages[-1].content
    kept = turn(request("rewrite", target=target, repair=False), Replies(torn))[-1].proposal
    assert not kept.checks[0].ok
