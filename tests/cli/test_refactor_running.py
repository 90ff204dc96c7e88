"""``--verify run``: which cell runs, and for how long it may."""

from __future__ import annotations

import json


def test_a_cell_that_does_not_end_is_told_and_ended(user, fenced):
    user.answer("never asked")
    path = user.notebook("df = 1", "import time\nwhile df:\n    time.sleep(0.1)", "print(df)")
    before = path.read_bytes()
    done = user.run("refactor", path, "rename df to orders", "--apply", "--verify", "run", "--cell-timeout", "3")
    assert done.status == 3, done.err
    assert "Running before: code cell 2 of 3" in done.err
    assert "Running after: code cell 2 of 3" in done.err
    assert "it took longer than 3 s" in done.err
    assert path.read_bytes() == before


def test_what_it_took_has_the_runs_in_it(user):
    user.answer("never asked")
    path = user.notebook("df = 1", "print(df)")
    done = user.run("refactor", path, "rename df to orders", "--verify", "run", "--json")
    (row,) = json.loads(done.out)["notebooks"]
    assert row["figures"]["total_s"] >= row["verification"]["elapsed_s"] > 0
