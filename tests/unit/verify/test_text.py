"""Two texts that say the same, and two that do not."""

from __future__ import annotations

import datetime
import time

import pytest

from jupyter_spark.verify import VerifyOptions
from jupyter_spark.verify._text import compare_text, steady

OPTIONS = VerifyOptions()
NOW = datetime.datetime.now()


def same(before: str, after: str, options: VerifyOptions = OPTIONS) -> bool:
    return compare_text(steady(before), steady(after), options) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("a  \nb\n", "a\nb"),
        # numbers
        ("0.1", "0.10000000001"),
        ("loss: 0.30000000000000004", "loss: 0.3"),
        ("[1.0, 2.5e-3]", "[1.00000001, 0.0025]"),
        ("x 1.00000000001 y\n", "x  1.0          y\n"),
        ("(0.5, 1e-13)", "(0.5, 0.0)"),
        ("+3", "3"),
        # tables
        ("   a    b\n0  1  0.1", "   a             b\n0  1  0.1000000000001"),
        # addresses, places, temporary files
        ("<A object at 0x7f1234567890>", "<A object at 0x7fabcdef0123>"),
        ("id=0x1f", "id=0x2f"),
        ("/tmp/ipykernel_12/345.py:3: UserWarning: old\n  f()", "/tmp/ipykernel_99/1.py:7: UserWarning: old\n  g()"),
        ("Cell In[3], line 2", "Cell In[14], line 5"),
        ("written to /tmp/abc123/x.csv", "written to /tmp/other/x.csv"),
        ("run 123e4567-e89b-12d3-a456-426614174000", "run 123e4567-e89b-12d3-a456-426614174fff"),
        # times
        ("CPU times: user 3 ms, sys: 1 ms\nWall time: 4 ms", "CPU times: user 1 s, sys: 2 ms\nWall time: 1.2 s"),
        ("1.2 ms ± 30 µs per loop (mean ± std. dev.)", "4 µs ± 2 ns per loop (mean ± std. dev.)"),
        ("12 function calls in 0.003 seconds", "12 function calls in 1.2 seconds"),
        ("Training took 3.2 s", "Training took 41 s"),
        ("finished in 12 seconds", "finished in 3.5 seconds"),
        pytest.param(f"now {NOW:%Y-%m-%d %H:%M:%S}", f"now {NOW:%Y-%m-%d} 00:00:01", id="now"),
        pytest.param(f"at {time.time():.4f}", f"at {time.time() - 60:.3f}", id="now in seconds"),
        # progress bars
        (" 10%|#         | 1/10\r100%|##########| 10/10 [00:01<00:00, 9.1it/s]\ndone", "done"),
        # sets
        ("{3, 1, 2}", "{1, 2, 3}"),
        ("{'a': {1, 2}}", "{'a': {2, 1}}"),
        ("[{0.1, 2.0}, {'x'}]", "[{2.0, 0.1}, {'x'}]"),
        # colours
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_says_the_same(before: str, after: str) -> None:
    assert same(before, after)
    assert same(after, before)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a", "b", {0}),
        ("1", "2", {0}),
        ("1000000000", "1000000001", {0}),  # integers are exact
        ("1", "1.00001", {0}),
        ("0.1", "0.10001", {0}),
        ("-1.5", "1.5", {0}),
        ("nan", "0.0", {0}),
        ("a\nb\nc", "a\nx\nc", {1}),
        ("a\nb", "a\nb\nc", {2}),
        ("a\nb\nc", "a", {1, 2}),
        ("a b", "a  b", {0}),  # where no number moved it, space is a change
        ("    f()", "f()", {0}),
        ("x1", "x2", {0}),
        ("1.2.3", "1.2.4", {0}),
        ("   a  b\n0  1  2", "   b  a\n0  2  1", {0, 1}),
        ("took 3 apples", "took 4 apples", {0}),
        ("5.2 s", "5.3 s", {0}),
        ("1999-12-31", "2000-01-01", {0}),
        ("mask 0xff", "mask 0xfe", {0}),
        ("{1, 2}", "{1, 3}", {0}),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", {0}),  # a dict's order is seen
        ("[1, 2]", "[2, 1]", {0}),
        ("{1: True}", "{1: 1}", {0}),
        ("ValueError: no", "KeyError: no", {0}),
    ],
)
def test_says_something_else(before: str, after: str, lines: set[int]) -> None:
    for one, other in ((before, after), (after, before)):
        found = compare_text(steady(one), steady(other), OPTIONS)
        assert found is not None
        assert (found.lines, found.first_line) == (lines, min(lines))


def test_the_tolerance_is_the_callers() -> None:
    rough = VerifyOptions(relative_tolerance=0.1)
    assert same("1.0", "1.05", rough) and not same("1.0", "1.2", rough)
    assert same("0.0", "0.4", VerifyOptions(absolute_tolerance=0.5))
    assert not same("10", "11", rough)


def test_a_profile_without_its_times() -> None:
    line = "{count}    {time:.3f}    0.000    0.004    0.000 cell.py:1(f)"
    assert same(line.format(count=10, time=0.1), line.format(count=10, time=0.3))


@pytest.mark.parametrize("long", ["9" * 100_000, "word" * 25_000, "0x" + "ab" * 50_000, "1." * 50_000])
def test_a_long_line_is_read_in_one_go(long: str) -> None:
    """Each took hours while a pattern looked at it from every place; the test's own limit of time ends that."""
    assert steady(long) == long
    assert compare_text(long, long + "x", VerifyOptions()) is not None
