"""What the words ask for outright is read; what could mean something else is not."""

from __future__ import annotations

import ast

import pytest

from jupyter_spark.intent import (
    Rename,
    asked_names,
    asked_rename,
    bound_names,
    count_uses,
    missing_construct,
    unwanted_names,
)

CELL = "def area(w, h):\n    return w * h\n\ntotal = area(2, 3)\nprint(total)"


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("rename total to s", "total", "s"),
        ("Rename the function area to get_area.", "area", "get_area"),
        ("please rename `w` into `width`", "w", "width"),
        ("call total subtotal", "total", "subtotal"),
        ("fix the spelling: total should be totals", "total", "totals"),
    ],
)
def test_a_rename_that_is_asked_for(words: str, old: str, new: str) -> None:
    assert asked_rename(words, CELL) == Rename(old, new)


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("rename nothing to something", CELL),
        ("rename total to area", CELL),
        ("total should be positive", CELL),
        ("rename total to df.total", CELL),
        ("rename price to cost", 'df["price"] = price'),
        ("rename price to cost", "price = df.price"),
        ("rename price to cost", "price = 1\nf(price=price)"),
        ("rename mean to average", "from numpy import mean\nprint(mean([1]))"),
        ("rename np to numpy", "import numpy as np"),
        ("rename total to total", CELL),
        ("rename x to y", "x = ("),
        ("add a total", CELL),
    ],
)
def test_no_rename_or_none_that_is_clear(words: str, source: str) -> None:
    assert asked_rename(words, source) is None


@pytest.mark.parametrize(
    ("words", "code", "title"),
    [
        ("add a docstring", "def f():\n    'Does.'", "docstring"),
        ("Add type hints", "def f() -> int: ...", "type hint"),
        ("add type annotations", "def f(x: int): ...", "type hint"),
        ("use f-strings", "f'{x}'", "f-string"),
        ("turn the loop into a list comprehension", "[x for x in y]", "list comprehension"),
        ("use a dict comprehension", "{x: 1 for x in y}", "dict comprehension"),
        ("make it a set comprehension", "{x for x in y}", "set comprehension"),
        ("use a while loop instead of recursion", "while x: pass", "while loop"),
        ("use a for loop", "for x in y: pass", "for loop"),
        ("open it using a file and with a context manager", "with x: pass", "with statement"),
        ("use a with statement", "with x: pass", "with statement"),
        ("replace the for loop with a list comprehension", "[x for x in y]", "list comprehension"),
        ("change the while loop to a for loop", "for x in y: pass", "for loop"),
        ("check n and raise an error", "raise ValueError", "raise statement"),
        ("raise a ValueError if x is negative", "raise ValueError", "raise statement"),
    ],
)
def test_a_construct_that_is_asked_for(words: str, code: str, title: str) -> None:
    old, new = ast.parse("x = 1"), ast.parse(code)
    assert missing_construct(words, old, old) == title
    assert missing_construct(words, old, new) is None
    if words.lower().startswith("add"):
        assert missing_construct(words, new, new) == title  # it was there before: one more was asked for
    else:
        assert missing_construct(words, new, new) is None


@pytest.mark.parametrize(
    "words",
    [
        "remove the docstring",
        "don't use an f-string",
        "use join instead of a list comprehension",
        "write it without a while loop",
        "replace the for loop",
        "drop the type hints",
        "speed up the while loop",
        "use enumerate in the for loop",
        "make the docstring longer",
        "use numpy style in docstrings",
        "return None if it raises an error",
        "don't raise an error",
        "add an example to the docstring",
        "use zip in the inner for loop",
    ],
)
def test_a_construct_that_is_not_asked_for(words: str) -> None:
    tree = ast.parse("x = 1")
    assert missing_construct(words, tree, tree) is None


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("write a function word_counts(text)", ("word_counts",)),
        ("add a parameter seed=None and call `reset`", ("seed", "reset")),
        ("the column is called unit_price", ("unit_price",)),
        ("do it like load_all does", ()),
        ("don't call reset() any more", ()),
        ("use iloc instead of to_numpy(), then call head()", ("head",)),
        ("save it as out_1.csv or in a/b_c", ()),
        ("plain words only", ()),
    ],
)
def test_names_that_are_asked_for(words: str, names: tuple[str, ...]) -> None:
    assert asked_names(words) == names


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("don't use iterrows, use columns", ("iterrows",)),
        ("use the current year instead of 2018", ("2018",)),
        ("take data instead of the global df", ("df",)),
        ("do it without using eval()", ("eval",)),
        ("use a loop", ()),
        ("do it without a loop", ()),
    ],
)
def test_names_that_shall_go(words: str, names: tuple[str, ...]) -> None:
    assert unwanted_names(words) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = b", {"a", "b"}),
        ("def f(x, *args, y=1, **more): pass", {"f", "x", "args", "y", "more"}),
        ("async def f(): pass\nclass C: pass", {"f", "C"}),
        ("def f():\n    global a\n    nonlocal_ = lambda z: z", {"f", "a", "nonlocal_", "z"}),
        ("try: pass\nexcept E as error: pass\nexcept: pass", {"E", "error"}),
        ("import numpy as np, os.path\nfrom m import g as h, i", {"np", "os", "h", "i"}),
        ("a.b(c=d)['e']", {"a", "d"}),
    ],
)
def test_names_that_a_cell_binds_or_reads(source: str, names: set[str]) -> None:
    assert bound_names(ast.parse(source)) == names


@pytest.mark.parametrize(
    ("source", "name", "count"),
    [
        ("df.apply(f)\napply = df.apply", "apply", 3),
        ("x = 'apply'  # apply", "apply", 0),
        ("f(apply=1)", "apply", 0),
        ("x = 2018 + 2018.0", "2018", 1),
        ("x = '2018', b'2018', 12018", "2018", 0),
        ("x = 0.5 * 5", "0.5", 1),
        ("x = True, 1", "1", 1),
    ],
)
def test_uses_of_a_name_or_a_number(source: str, name: str, count: int) -> None:
    assert count_uses(ast.parse(source), name) == count
