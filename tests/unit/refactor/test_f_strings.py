"""Format calls become f-strings by rule; what is not certain stays."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_spark.refactor._fstrings import formatted_places, with_f_strings
from jupyter_spark.refactor._rules import plan_by_rules
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"({}) * ({})\\n".format(self.a, b)', 'f"({self.a}) * ({b})\\n"'),
        ('"{:.1f} + {:>{}}ε".format(x, y, w)', 'f"{x:.1f} + {y:>{w}}ε"'),
        ('"{a[b]} {c.d!r:>{w}} {0[0]}".format(z, a=d, c=x, w=10)', "f\"{d['b']} {x.d!r:>{10}} {z[0]}\""),
        ("'{}'.format(d['k'])", "f\"{d['k']}\""),
        ('"{}".format({1: 2})', 'f"{ {1: 2} }"'),
        ('"{}".format(lambda: 1)', 'f"{(lambda: 1)}"'),
        ('"{0.real}".format(1 + 2)', 'f"{(1 + 2).real}"'),
        ('r"\\d{}{{}}".format(x)', 'rf"\\d{x}{{}}"'),
        ('("a {} "\n "b {{}} c {}".format(x,\n  y))', '(f"a {x} "\n f"b {{}} c {y}")'),
        ('("a" "{}").format(x).upper()', '("a" f"{x}").upper()'),
        ('"""\n{} "{}"\n""".format(x, y)', 'f"""\n{x} "{y}"\n"""'),
        ('"{}".format("{}".format(x))', "f\"{f'{x}'}\""),
        ('"é {}".format(a), "é {}".format(b)', 'f"é {a}", f"é {b}"'),
        ('%matplotlib inline\nprint("{0} {0}".format(a))', '%matplotlib inline\nprint(f"{a} {a}")'),
        ('"%s %r" % (a, b)', 'f"{a} {b!r}"'),
        ('"%5.2f%% {}" % (x,)', 'f"{x:5.2f}% {{}}"'),
        ('"%-5s|%05d|%+.1e" % (a, len(b), c)', 'f"{a!s:<5}|{len(b):05d}|{c:+.1e}"'),
        ('"%g %%" % (100 * x / y)', 'f"{100 * x / y:g} %"'),
    ],
)
def test_what_is_certain_is_done(source, expected):
    assert with_f_strings(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"{0} {0}".format(f())',  # it would be called twice
        '"{1} {0}".format(f(), g())',  # in another order
        '"{} {}".format(a, f(), b)',  # and never
        '"{}".format(*a)',
        '"{}".format(x  # why\n)',
        '"\\x7b{}".format(x)',
        "'it\"s {}'.format(d['k'])",  # both quotes are taken
        '"{} {n} {n}".format(a, b, n=1)',
        '"%s" % x',  # it may be a tuple
        '"%s" % (x * 2)',
        '"%d" % (x,)',  # it cuts a float off
        '"%c" % (x,)',
        '"%(a)s" % d',
        '"%*d" % (w, x)',
        '"%s %s" % (*a, b)',
        'fn = "{}".format',
        "x % 3",
    ],
)
def test_what_is_not_certain_stays(source):
    assert with_f_strings(source) == source


VALUES = {"a": 1.5, "b": "tëxt", "c": [1, "x"], "n": 7, "w": 12}
SPECS = st.sampled_from(["", "!r", "!s:>{w}", ":>9", ":^{}", "!a"])
FIELDS = st.sampled_from(["", "0", "1", "a", "b", "c[0]", "c[1]", "n.real"])
LITERALS = st.text(st.sampled_from("ab '\"%{}\\\nñ"), max_size=6)


@given(st.lists(st.tuples(LITERALS, FIELDS, SPECS), min_size=1, max_size=4), st.sampled_from(["'", '"', '"""']))
def test_a_format_that_is_changed_gives_the_same_text(parts, quote):
    text = "".join(literal.replace("{", "{{").replace("}", "}}") + f"{{{name}{spec}}}" for literal, name, spec in parts)
    body = text.replace("\\", "\\\\").replace(quote[0], f"\\{quote[0]}").replace("\n", "\\n")
    source = f"{quote}{body}{quote}.format(a, b, a=a, b=b, c=c, n=n, w=w)"
    for given_source in (source, source.replace("a, b, a=a, b=b, c=c, n=n, w=w", "b, w, a=a, b=b, c=c, n=n, w=w")):
        after = with_f_strings(given_source)
        if after != given_source:
            assert eval(after, dict(VALUES)) == eval(given_source, dict(VALUES))


PERCENTS = st.sampled_from(
    ["%s", "%r", "%5s", "%-6s|", "%.2f", "%+08.3f", "%-9.1e|", "%g", "%#x", "%05d", "%%", "%.3s"]
)


@given(st.lists(st.tuples(LITERALS, PERCENTS), min_size=1, max_size=4), st.data())
def test_a_percent_that_is_changed_gives_the_same_text(parts, data):
    names = {"f": ["a", "n"], "e": ["a", "n"], "g": ["a", "n"], "x": ["n"], "d": ["len(b)", "7"]}
    text = "".join(literal.replace("%", "%%") + percent for literal, percent in parts)
    kinds = [percent.rstrip("|")[-1] for _, percent in parts if percent != "%%"]
    arguments = "".join(f"{data.draw(st.sampled_from(names.get(kind, [*VALUES])))}, " for kind in kinds)
    source = f"{text!r} % ({arguments})"
    after = with_f_strings(source)
    if after != source:
        assert eval(after, dict(VALUES)) == eval(source, dict(VALUES))


# --- as a plan -------------------------------------------------------------------------------------

CELLS = ('print("{}".format(a))', '"{} %s".format(a), "%s" % a', '"%s" % a', "a + 1", '"%s" % (a,)')


def plan(instruction, *, small=False):
    cells = tuple(CellSnapshot(cell_id=f"id{i}", source=source) for i, source in enumerate(CELLS))
    return plan_by_rules(NotebookSnapshot(cells=cells), instruction, small=small)


def told(made):
    return {step.cell_id: step.source for step in made.steps}


def test_what_is_certain_is_planned_and_the_rest_asked_for():
    made = plan("Use f-strings everywhere.")
    assert told(made) == {"id0": 'print(f"{a}")', "id1": None, "id2": None, "id4": 'f"{a}"'}
    assert {step.instruction for step in made.steps if step.source is None} == {"Use f-strings everywhere."}


def test_a_small_model_is_not_asked_for_the_rest_of_a_cell():
    made = plan("use f-strings", small=True)
    assert told(made) == {"id0": 'print(f"{a}")', "id1": 'f"{a} %s", "%s" % a', "id2": None, "id4": 'f"{a}"'}
    assert made.notes == ("cell 1: 1 place is left, where an f-string may mean something else.",)


@pytest.mark.parametrize(
    ("instruction", "cells"),
    [
        ("use f-strings instead of .format()", {"id0", "id1"}),
        ("convert % formatting to f-strings", {"id1", "id2", "id4"}),
        ("replace old-style formatting with f-strings", {"id1", "id2", "id4"}),
        ("use f-strings instead of format and %", {"id0", "id1", "id2", "id4"}),
    ],
)
def test_only_what_is_spoken_of_is_changed(instruction, cells):
    assert told(plan(instruction)).keys() == cells


@pytest.mark.parametrize(
    "instruction",
    [
        "use format instead of f-strings",
        "replace f-strings with format",
        "use f-strings and pathlib",
        "use f-strings in f",
    ],
)
def test_words_that_mean_more_are_for_a_model(instruction):
    assert plan(instruction) is None


def test_places_are_found_in_order_and_not_within_f_strings():
    tree = ast.parse("\"{}\".format(x), f\"{'%s' % y}\", '%d' % z")
    assert [place.col_offset for place in formatted_places(tree)] == [0, 31]
