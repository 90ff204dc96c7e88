"""Runs become verdicts: merges, splits, failures, and what varies by itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from jupyter_spark.verify import CellGroup, VerifyOptions
from jupyter_spark.verify._judging import Runs, judge, varies
from jupyter_spark.verify._worker import Ran

OPTIONS = VerifyOptions()
UNRUN = Ran(why_not="a cell before it ended the run")


def printed(text: str) -> Ran:
    return Ran(ran=True, outputs=[{"output_type": "stream", "name": "stdout", "text": text}] if text else [])


def failed(name: str, message: str = "no") -> Ran:
    output = {"output_type": "error", "ename": name, "evalue": message, "traceback": ["File x", f"{name}: {message}"]}
    return Ran(ran=True, outputs=[output])


def runs(before: Mapping[str, Ran], after: Mapping[str, Ran], *again: Mapping[str, Ran]) -> Runs:
    places = {name: place for place, name in enumerate(before)}, {name: place for place, name in enumerate(after)}
    return Runs(before, after, places, again)


def verdict(before: Ran, after: Ran, *again: Ran) -> str:
    [cell] = judge(
        [CellGroup(("a",), ("a",))], runs({"a": before}, {"a": after}, *({"a": ran} for ran in again)), OPTIONS
    )
    return cell.verdict


def told(before: Sequence[str], after: Sequence[str], groups: Sequence[CellGroup]) -> list[tuple[str, int, int]]:
    """Verdicts, and how many cells became how many. A cell prints its text; its name is its place."""
    old, new = ({f"{n}": printed(text) for n, text in enumerate(texts)} for texts in (before, after))
    cells = judge(groups, runs(old, new), OPTIONS)
    return [(cell.verdict, len(cell.before_ids), len(cell.after_ids)) for cell in cells]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (printed("1"), printed("1"), "same"),
        (printed("1"), printed("2"), "differs"),
        (printed("1"), failed("KeyError"), "newly_fails"),
        (failed("KeyError"), printed("1"), "newly_works"),
        (failed("KeyError"), failed("KeyError"), "still_fails"),
        (failed("KeyError"), failed("TypeError"), "differs"),
        (failed("KeyError"), failed("KeyError", "yes"), "differs"),
        (UNRUN, printed("1"), "not_run"),
        (printed("1"), UNRUN, "not_run"),
        (UNRUN, UNRUN, "not_run"),
        (printed("1"), Ran(why_not="it took longer than 1 s", elapsed_s=1.0), "newly_fails"),
        (Ran(why_not="it took longer than 1 s", elapsed_s=1.0), printed("1"), "newly_works"),
    ],
)
def test_verdicts(before: Ran, after: Ran, expected: str) -> None:
    assert verdict(before, after) == expected


def test_a_failure_has_its_whole_traceback_for_a_repair() -> None:
    [cell] = judge([CellGroup(("a",), ("a",))], runs({"a": printed("")}, {"a": failed("KeyError")}), OPTIONS)
    assert cell.error is not None
    assert (cell.error.name, cell.error.traceback) == ("KeyError", "File x\nKeyError: no")
    assert not cell.holds


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            failed("NameError", "name 'df' is not defined"),
            failed("NameError", "name 'orders' is not defined"),
            "still_fails",
        ),
        (
            failed("NameError", "name 'dfs' is not defined"),
            failed("NameError", "name 'orders' is not defined"),
            "differs",
        ),
        (
            failed("NameError", "name 'x' is not defined"),
            failed("NameError", "name 'orders' is not defined"),
            "differs",
        ),
        # not a name of the notebook's, but the text of a result
        (failed("KeyError", "'df'"), failed("KeyError", "'orders'"), "differs"),
        (printed("'df'"), printed("'orders'"), "differs"),
    ],
)
def test_who_lacks_a_name_lacks_the_new_one_after_a_rename(before: Ran, after: Ran, expected: str) -> None:
    options = VerifyOptions(renames=(("df", "orders"),))
    [cell] = judge([CellGroup(("a",), ("a",))], runs({"a": before}, {"a": after}), options)
    assert cell.verdict == expected


def one(before: str = "", after: str = "") -> CellGroup:
    return CellGroup(tuple(before), tuple(after))


def test_a_merge_that_nobody_told_of() -> None:
    assert told(["a\n", "b\n"], ["a\nb\n"], [one("0", "0"), one("1", "")]) == [("same", 2, 1)]
    assert told(["a\n", "b\n"], ["a\nx\n"], [one("0", "0"), one("1", "")]) == [("differs", 1, 1), ("differs", 1, 0)]


def test_a_split_that_nobody_told_of() -> None:
    assert told(["a\nb\n", "c"], ["a\n", "b\n", "c"], [one("0", "0"), one("", "1"), one("1", "2")]) == [
        ("same", 1, 2),
        ("same", 1, 1),
    ]


def test_what_is_told_of_a_merge_is_believed() -> None:
    assert told(["a\n", "b\n"], ["a\nb\n"], [one("01", "0")]) == [("same", 2, 1)]
    assert told(["a\n", "b\n"], ["b\na\n"], [one("01", "0")]) == [("differs", 2, 1)]


def test_a_cell_without_output_may_come_and_go() -> None:
    assert told(["", "b"], ["b", ""], [one("0", ""), one("1", "0"), one("", "1")]) == [
        ("same", 1, 0),
        ("same", 1, 1),
        ("same", 0, 1),
    ]
    assert told(["a"], [], [one("0", "")]) == [("differs", 1, 0)]


# --- what varies by itself -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "again", "expected"),
    [
        ("0.51", "0.52", ["0.53", "0.50"], "varies"),
        ("0.51", "0.52", ["0.51", "0.51"], "differs"),
        ("0.51", "0.52", ["0.52"], "varies"),
        # a line that varies does not hide another
        ("sum 7\nrows 3\nrandom 0.1", "sum 7\nrows 3\nrandom 0.2", ["sum 7\nrows 3\nrandom 0.3"], "varies"),
        ("sum 7\nrows 3\nrandom 0.1", "sum 8\nrows 3\nrandom 0.2", ["sum 7\nrows 3\nrandom 0.3"], "differs"),
        # a whole that varies in half of its lines: the others were the same by chance
        ("1\n2\n3\n4", "1\n9\n7\n8", ["5\n2\n6\n4"], "varies"),
        ("1\n2\n3\n4\n5", "1\n9\n3\n4\n5", ["1\n2\n6\n7\n5"], "differs"),
        # the words, which were the same in all runs
        ("mean 0.51", "median 0.52", ["mean 0.53", "mean 0.50"], "differs"),
        ("[0.51]", "[0.52, 0.3]", ["[0.53]", "[0.50]"], "differs"),
        ("{'H': 0.51, 'T': 0.49}", "{'T': 0.51, 'H': 0.49}", ["{'H': 0.52, 'T': 0.48}"] * 2, "varies"),
        ("ace\nof hearts", "two\nof spades", ["six\nof clubs", "ten\nof clubs"], "varies"),
        # the numbers, where all runs put them
        ("0.501", "0.874", ["0.502", "0.4995"], "differs"),
        ("0.501", "0.874", ["0.502"], "varies"),  # two runs do not tell where they lie
        ("0.501\n0.2", "0.499\n0.21", ["0.502\n0.22", "0.4995\n0.19"], "varies"),
        # what is printed now and then
        ("careful", "", ["", ""], "varies"),
        ("0.1", "", ["0.2", "0.3"], "differs"),
        ("", "0.1", ["", ""], "differs"),
    ],
)
def test_what_varies(before: str, after: str, again: list[str], expected: str) -> None:
    assert verdict(printed(before), printed(after), *map(printed, again)) == expected


def test_what_fails_now_and_then() -> None:
    assert verdict(printed("1"), failed("OSError"), printed("1"), failed("OSError")) == "varies"
    assert verdict(printed("1"), failed("OSError"), printed("1"), printed("2")) == "newly_fails"


def test_a_notebook_is_seen_to_vary() -> None:
    first = {"a": printed("1"), "b": printed("0.1")}
    assert not varies(first, {"a": printed("1"), "b": printed("0.10000000001")}, OPTIONS)
    assert varies(first, {"a": printed("1"), "b": printed("0.2")}, OPTIONS)
    assert varies(first, {"a": printed("1"), "b": UNRUN}, OPTIONS)


def frequencies(dice: random.Random) -> str:
    counts = Counter(dice.choices("abcdef", k=2000))
    return "\n".join(f"| {letter} | {counts[letter] / 20:5.1f} % | 16.67 % |" for letter in sorted(counts))


def draws(dice: random.Random) -> str:
    return str([round(dice.random(), 2) for _ in range(8)])


def counter(dice: random.Random) -> str:
    return repr(Counter(dice.choices(range(6), k=500)))


@pytest.mark.parametrize("make", [frequencies, draws, counter])
def test_no_false_alarm_in_a_hundred_random_notebooks(make: Any) -> None:
    for seed in range(100):
        dice = random.Random(seed)
        assert verdict(*(printed(make(dice)) for _ in range(4))) in ("same", "varies")


@pytest.mark.parametrize("make", [frequencies, draws, counter])
def test_one_line_more_is_told_in_random_output(make: Any) -> None:
    for seed in range(20):
        dice = random.Random(seed)
        known = [make(dice) for _ in range(3)]
        after = make(dice) + "\nextra"
        assert verdict(printed(known[0]), printed(after), *map(printed, known[1:])) == "differs"
