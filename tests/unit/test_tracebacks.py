"""What a traceback tells: the user's frames whole, and the line of the cell at which it failed."""

from __future__ import annotations

import pytest

from jupyter_spark.tracebacks import MAX_CHARS, brief_traceback, failing_line

CELL = "total = 0\nfor order in orders:\n    total += order['price']\ntotal"
IPYTHON = """\
---------------------------------------------------------------------------
TypeError                                 Traceback (most recent call last)
Cell In[4], line 3
      1 total = 0
      2 for order in orders:
----> 3     total += order['price']
      4 total

File /home/ada/.venv/lib/python3.11/site-packages/pandas/core/frame.py:410, in DataFrame.__getitem__(self, key)
    408 a
--> 410 indexer = self.columns.get_loc(key)

TypeError: string indices must be integers"""


def test_libraries_are_folded() -> None:
    told = brief_traceback(IPYTHON)
    assert "----> 3     total += order['price']" in told
    assert "get_loc(key)" not in told
    assert "a frame of libraries, the last: pandas/core/frame.py:410" in told
    assert "/home/ada" not in told
    assert told.endswith("TypeError: string indices must be integers")


def test_a_traceback_without_frames_stays_but_for_its_middle() -> None:
    assert brief_traceback("Error in print(x) : object 'x' not found") == "Error in print(x) : object 'x' not found"
    long = "\n".join(f"line {number} of another language" for number in range(2000))
    told = brief_traceback(long)
    assert len(told) < MAX_CHARS + 10
    assert told.startswith("line 0 of")
    assert told.endswith("line 1999 of another language")


@pytest.mark.parametrize(
    "traceback",
    [
        IPYTHON,
        "  cell line 3, in <module>: total += order['price']\nTypeError: no",  # our kernel log's
        # of several frames in the cell the innermost one
        "----> 2 for order in orders:\nCell In[1], line 3, in f()\n----> 3     total += order['price']",
    ],
)
def test_the_line_at_which_a_cell_failed(traceback: str) -> None:
    assert failing_line(traceback, CELL) == (3, "total += order['price']")


@pytest.mark.parametrize(
    "traceback",
    [
        "",
        "Error: no",
        "----> 3 another_cell()",
        "----> 9     total += order['price']",
        IPYTHON.replace("price", "cost"),
    ],
)
def test_a_line_of_another_text_is_none(traceback: str) -> None:
    assert failing_line(traceback, CELL) is None
