"""What may put out something else is marked: what is gone, never what is only written in another way."""

from __future__ import annotations

import pytest

from jupyter_spark.refactor._output_marks import with_output_marks
from jupyter_spark.wire import CellSnapshot
from jupyter_spark.wire_refactor import CellChange, NameChange, RefactorPlan
from tests.unit.refactor.test_repair_pass import fenced, run

CELLS = ("import pandas as pd", "df = pd.DataFrame()", "df = df.dropna()", "df.head()", "n = len(df)")


def marks(cells, *changes, renames=()):
    plan = RefactorPlan(plan_id="p", instruction="change it", notebook_hash="h", renames=renames)
    snapshots = tuple(CellSnapshot(cell_id=str(i), source=source) for i, source in enumerate(cells))
    return {c.cell_id: c.may_differ for c in with_output_marks(snapshots, plan, changes) if c.may_differ}


def change(operation, cell_id, old="", new="", **more):
    return CellChange(
        change_id=f"{operation}{cell_id}",
        group="g",
        operation=operation,
        cell_id=cell_id,
        old_source=old,
        new_source=new,
        **more,
    )


def edited(old, new, renames=()):
    return marks((old,), change("edit", "0", old, new), renames=renames).get("0", ())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("x = 1\nx", "x = 1", ["'x', at its end, is not shown any more."]),
        ("x = 1", "x = 1\nx", ["'x', at its end, is shown now."]),
        ("x\ny", "y\nx", ["'x' is shown at its end instead of 'y'."]),
        ("x", "x;", ["'x', at its end, is not shown any more."]),
        ("print(x)\nprint(y)", "print(x, y)", ["it prints in 1 place instead of 2 places."]),
        ("df.dropna(inplace=True)\nshow(df)", "show(df)", ["dropna() is not called any more."]),
        ("df = read()\ndf = df.dropna()", "df = read()", ["dropna() is not called any more."]),
        ("%matplotlib inline\nx = 1", "x = 1", ["%matplotlib inline is not called any more."]),
        ("plot(x, label='hours')", "plot(x, label='days')", ["'hours' does not stand there any more."]),
        ("f(3 * i)", "f(4 * i)", ["'3' does not stand there any more.", "'4' stands there now."]),
        ("f(x)", "f(x + 0.001)", ["'0.001' stands there now."]),
    ],
)
def test_what_is_gone_is_marked(old, new, expected):
    assert list(edited(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("print('a %s is %.2f' % (b, c))", "print(f'a {b} is {c:.2f}')"),
        ("print('a {} is {:d}'.format(b, c))", "print(f'a {b} is {c}')"),
        ("'total: ' + str(x)", "f'total: {x}'"),
        ("def f(a):\n    return a", 'def f(a: int) -> int:\n    """Return 1 of 20."""\n    return a'),
        ("x = f(1)\nx", "def compute():\n    return f(1)\n\n\nx = compute()\nx"),
        ("p = os.path.join(a, 'data')\nopen(p)", "p = Path(a) / 'data'\np.open()"),
        ("x = 1\n", "# what for\nx = 1"),
        ("%%sql\nSELECT 1", "%%sql\nSELECT 2"),  # no Python: nothing is known
    ],
)
def test_what_is_written_in_another_way_is_not(old, new):
    assert edited(old, new) == ()


def test_a_renamed_value_is_the_same():
    assert edited("df\n", "orders\n", (NameChange(old="df", new="orders"),)) == ()


def test_what_moved_into_another_cell_is_not_gone():
    cells = ("plt.style.use('dark')\nplot(x, 'hours')", "y = 2")
    edit = change("edit", "0", cells[0], "plot(x, UNIT)")
    new = change("insert", "n", new="UNIT = 'hours'\nplt.style.use('dark')")
    assert marks(cells, edit, new) == {}
    assert "use() is not called any more." in marks(cells, edit)["0"]


def test_a_move_past_a_cell_that_changes_what_it_uses_is_marked():
    assert marks(CELLS, change("move", "3", below="1")) == {"3": ("it goes past cell 2, which changes 'df'.",)}
    assert marks(CELLS, change("move", "2", below="3")) == {"2": ("it goes past cell 3, which uses 'df'.",)}
    assert marks(CELLS, change("move", "4", below="2")) == {}


def test_a_proposal_carries_its_marks_and_holds():
    cells = ("df = [1, 2]", "print(df)\ndf")
    _, proposal, _, _ = run("edit cell 1: shorter", fenced("print(df)"), cells=cells)
    assert proposal.holds, proposal.findings
    assert proposal.marks == ("id1: the output may change: 'df', at its end, is not shown any more.",)
