"""No name is used above its definition that was not so before: new cells go lower, all else is held back."""

from __future__ import annotations

import pytest

from tests.unit.refactor.test_repair_pass import fenced, of_type, run

CELLS = ("import os", "df = [1, 2]", "total = sum(df)", "print(total)")
ONE_BY_ONE = {"jobs": 1, "one_stream_tokens": 0}


def test_a_new_cell_goes_just_below_what_it_uses():
    events, proposal, after, provider = run(
        "insert below cell 0: show how many rows there are", fenced("print(len(df))"), cells=CELLS
    )
    assert after == [*CELLS[:2], "print(len(df))", *CELLS[2:]]
    assert proposal.holds, proposal.findings
    assert proposal.changes[0].repaired
    [notice] = of_type(events, "refactor_notice")
    assert notice.message == "The new cell goes below cell 1 instead of cell 0: it uses 'df' from there."
    assert len(provider.requests) == 2  # no model is asked for that


def test_new_cells_that_rest_on_each_other_go_together():
    plan = "insert below top: define `rows`\ninsert below top: define `count` of them"
    replies = (fenced("rows = df + df"), fenced("count = len(rows) + total"))
    _, proposal, after, _ = run(plan, *replies, cells=CELLS, **ONE_BY_ONE)
    assert proposal.holds, proposal.findings
    order = [after.index(source) for source in ("df = [1, 2]", "rows = df + df", "count = len(rows) + total")]
    assert order == sorted(order) and after.index("total = sum(df)") < order[2]


def test_a_new_cell_that_others_rest_on_stays_where_it_was_asked_to_be():
    # It uses what is below it, and what is below it uses it: no place is right.
    plan = "insert below cell 0: define `count`\nedit cell 1: use `count`"
    replies = (fenced("count = len(df)"), fenced("df = [1, 2] * count"))
    _, proposal, after, _ = run(plan, *replies, cells=CELLS, **ONE_BY_ONE)
    assert after[1] == "count = len(df)"
    assert not proposal.holds


@pytest.mark.parametrize(
    ("plan", "name", "user", "home"),
    [
        ("move cell 3 below top", "total", 3, 2),
        ("move cell 1 below cell 3", "df", 2, 1),
        ("move cell 2 below cell 0", "df", 2, 1),
    ],
)
def test_a_move_that_breaks_the_order_does_not_hold_and_is_named_as_the_cause(plan, name, user, home):
    _, proposal, _, provider = run(plan, cells=CELLS)
    assert not proposal.holds
    [check] = [check for check in proposal.checks if not check.ok]
    where = f"'{name}' is used in cell {user} and not defined above it (cell {home} defines it further down)."
    assert check.message == where
    assert check.groups == (proposal.changes[0].group,)
    assert len(provider.requests) == 1  # another text of a cell mends no order


def test_what_only_a_move_breaks_is_not_asked_to_be_mended_by_another_text():
    plan = "move cell 1 below cell 3\nedit cell 2: say how much it is"
    events, proposal, _, provider = run(plan, fenced("total = sum(df)\ntotal"), cells=CELLS)
    [check] = [check for check in proposal.checks if not check.ok]
    move = next(change for change in proposal.changes if change.operation == "move")
    assert (check.cell_id, check.groups) == ("id2", (move.group,))
    assert not of_type(events, "refactor_notice")
    assert len(provider.requests) == 2
