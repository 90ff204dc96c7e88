"""The checks of a notebook as a whole."""

from __future__ import annotations

from jupyter_spark.refactor import check_notebook, compose, read_plan
from jupyter_spark.refactor._run import names_of
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_refactor import CellChange


def findings(sources, edits, instruction="change it", deleted=()):
    cells = tuple(CellSnapshot(cell_id=str(i), source=source) for i, source in enumerate(sources))
    changes = [
        CellChange(change_id=f"e{i}", group=f"e{i}", operation="edit", cell_id=str(i), new_source=source)
        for i, source in edits.items()
    ]
    lines = "\n".join([*(f"edit cell {i}: it" for i in edits), *(f"delete cell {i}" for i in deleted)])
    plan = read_plan(f"```\n{lines}\n```", NotebookSnapshot(cells=cells), instruction)
    by_cell = {step.cell_id: step.step_id for step in plan.steps}
    changes += [
        CellChange(change_id=f"d{i}", group=f"d{i}", operation="delete", cell_id=str(i), step_id=by_cell[str(i)])
        for i in deleted
    ]
    found = check_notebook(cells, compose(cells, changes), plan, changes)
    return [(check.name, check.cell_id) for check in found if not check.ok]


def test_a_star_import_hides_no_name_that_a_cell_defined():
    sources = ("from math import *\nodd = {1, 3}", "print(odd, pi)")
    assert findings(sources, {0: "from math import *\nuneven = {1, 3}"}) == [("names_in_order", "1")]
    assert findings(sources, {1: "print(odd, pi, tau)"}) == []
    # What a new star import gives is not known.
    assert findings(sources, {0: "from math import *\nfrom sets import *"}) == [("imports_found", "0")]


def test_of_several_functions_of_one_name_each_counts():
    sources = ("def parse(a):\n    return a", "def parse(b):\n    return b + 1\n\nprint(parse(1))")
    other = "def new_parse(b):\n    return b + 1\n\nprint(parse(1))"
    assert findings(sources, {1: other}) == [("definitions_kept", "1")]
    assert findings(sources, {1: "class P:\n    def parse(self, b):\n        return b\n\nprint(parse(1))"}) == []
    assert findings(sources, {0: "parse = int"}) == []


def test_cells_that_are_not_changed_are_not_judged():
    assert findings(("print(unknown)", "def f(:", "x = 1"), {2: "x = 2"}) == []


def test_a_deletion_that_nobody_asked_for_is_found():
    assert findings(("x = 1", "y = 2"), {}, deleted=(1,)) == [("cells_kept", "1")]
    assert findings(("x = 1", "y = 2"), {}, "remove what is not used", deleted=(1,)) == []
    assert findings(("x = 1", "print(x)"), {}, "remove what is not used", deleted=(0,)) == [("names_in_order", "1")]


def test_a_plan_speaks_of_the_names_that_it_brings():
    imports = "insert below top: import logging, numpy as np and pathlib; set the level"
    lines = f"rename a -> total\n{imports}\nedit cell 0: call load_all()"
    plan = read_plan(
        f"```\n{lines}\n```", NotebookSnapshot(cells=(CellSnapshot(cell_id="0", source="a = 1"),)), "do it"
    )
    assert {"total", "logging", "numpy", "np", "pathlib", "load_all"} <= names_of(plan)
    assert not {"set", "the", "level", "and", "as"} & names_of(plan)
