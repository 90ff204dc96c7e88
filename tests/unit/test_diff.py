"""The line diff: nothing is lost on either side, complete or not."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_spark.diff import DiffLine, fold, line_diff

texts = st.lists(st.sampled_from(["", "a", "b", "c", "    return x", "# note"]), max_size=14)
diff_lines = st.lists(
    st.builds(DiffLine, st.sampled_from(["same", "same", "same", "same", "old", "new", "waiting"]), st.just("x")),
    max_size=40,
)


def side(diff: list[DiffLine], *tags: str) -> list[str]:
    return [line.text for line in diff if line.tag in tags]


def short(diff: list[DiffLine]) -> str:
    marks = {"same": " ", "old": "-", "new": "+", "waiting": "?"}
    return "|".join(marks[line.tag] + line.text for line in diff)


@settings(max_examples=300, deadline=None)
@given(texts, texts, st.booleans())
def test_both_texts_come_back(old: list[str], new: list[str], complete: bool) -> None:
    diff = line_diff(old, new, complete=complete)
    assert side(diff, "same", "new") == new
    assert side(diff, "same", "old", "waiting") == old
    if complete:
        assert side(diff, "waiting") == []


@settings(max_examples=200, deadline=None)
@given(texts, st.data())
def test_a_text_that_arrives_unchanged_takes_nothing_out(old: list[str], data: st.DataObject) -> None:
    arrived = data.draw(st.integers(0, len(old)))
    diff = line_diff(old, old[:arrived], complete=False)
    assert diff == [DiffLine("same", t) for t in old[:arrived]] + [DiffLine("waiting", t) for t in old[arrived:]]


@settings(max_examples=200, deadline=None)
@given(texts, texts)
def test_waiting_lines_are_the_last_ones(old: list[str], new: list[str]) -> None:
    tags = [line.tag for line in line_diff(old, new, complete=False)]
    waiting = tags.count("waiting")
    assert tags[len(tags) - waiting :] == ["waiting"] * waiting


def test_reading_order() -> None:
    old, new = ["a", "b", "c", "d"], ["a", "B", "c", "e", "d"]
    assert short(line_diff(old, new)) == " a|-b|+B| c|+e| d"
    assert short(line_diff([], ["a"])) == "+a"
    assert short(line_diff(["a"], [])) == "-a"
    assert line_diff([], []) == line_diff([], [], complete=False) == []


def test_the_common_end_is_kept() -> None:
    assert short(line_diff(["a", "x", "x"], ["x", "x"])) == "-a| x| x"
    assert short(line_diff(["x"], ["x", "x"])) == " x|+x"  # head and tail do not count a line twice


def test_a_stream_in_the_middle() -> None:
    old = ["a", "b", "c", "d", "e"]
    assert short(line_diff(old, ["a"], complete=False)) == " a|?b|?c|?d|?e"
    assert short(line_diff(old, ["a", "B"], complete=False)) == " a|-b|+B|?c|?d|?e"
    assert short(line_diff(old, ["a", "B", "C", "D", "E", "F"], complete=False)) == " a|-b|-c|-d|-e|+B|+C|+D|+E|+F"
    assert short(line_diff(old, ["a", "c"], complete=False)) == " a|-b| c|?d|?e"
    assert short(line_diff(["a"], ["a", "n"], complete=False)) == " a|+n"


@settings(max_examples=300, deadline=None)
@given(diff_lines, st.integers(0, 4))
def test_fold_keeps_the_count_and_every_change(lines: list[DiffLine], context: int) -> None:
    folded = fold(lines, context=context)
    assert sum(entry if isinstance(entry, int) else 1 for entry in folded) == len(lines)
    changes = [line for line in lines if line.tag in ("old", "new")]
    assert [e for e in folded if isinstance(e, DiffLine) and e.tag in ("old", "new")] == changes
    assert all(entry >= 2 for entry in folded if isinstance(entry, int))  # a single line is shown, not counted
    assert not any(isinstance(a, int) and isinstance(b, int) for a, b in itertools.pairwise(folded))
    if not changes:
        assert folded == lines


def test_fold_leaves_context_beside_each_change() -> None:
    lines = [DiffLine("same", str(i)) for i in range(20)]
    lines[10] = DiffLine("new", "x")
    assert fold(lines) == [7, *lines[7:14], 6]
    assert fold(lines, context=1) == [9, *lines[9:12], 8]
    lines[3] = DiffLine("old", "y")
    assert fold(lines, context=2) == [*lines[:6], 2, *lines[8:13], 7]
    assert fold(lines, context=3)[7] == lines[7]


def test_fold_shows_a_lonely_line() -> None:
    lines = [DiffLine("same", "a"), DiffLine("same", "b"), DiffLine("new", "c")]
    assert fold(lines, context=1) == lines
