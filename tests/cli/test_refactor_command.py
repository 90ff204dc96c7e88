"""``jupyter spark refactor``: shown, written, taken back."""

from __future__ import annotations

import json


def test_a_rename_is_written_and_taken_back_byte_for_byte(user):
    user.answer("never asked")
    path = user.notebook("df = 1", "print(df)")
    before = path.read_bytes()
    assert user.run("refactor", path, "rename df to orders").status == 0
    assert path.read_bytes() == before
    done = user.run("refactor", path, "rename df to orders", "--apply")
    assert done.status == 0, done.err
    assert b"print(orders)" in path.read_bytes()
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == before
    assert user.run("redo", path).status == 0
    assert b"print(orders)" in path.read_bytes()


def test_what_does_not_hold_is_not_written(user):
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 0: use another name\n```"}
    user.answer(plan, "```python\nother = 1\n```")
    path = user.notebook("df = 1", "print(df)")
    before = path.read_bytes()
    refused = user.run("refactor", path, "use another name", "--apply")
    assert refused.status == 3
    assert "'df' is used in cell 1" in refused.err
    assert path.read_bytes() == before


def test_a_notebook_that_fails_is_told_and_stops_no_other(user):
    user.answer("never asked")
    path = user.notebook("df = 1")
    done = user.run("refactor", "gone.ipynb", path, "rename df to orders", "--apply")
    assert done.status == 1
    (line,) = [line for line in done.err_lines if line.startswith("error:")]
    assert "gone.ipynb" in line
    assert b"orders = 1" in path.read_bytes()


def test_a_step_that_fails_leaves_the_notebook_alone(user, fenced):
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 0: more of it\nedit cell 1: and here\n```"}
    user.answer(plan, {"when": "and here", "answer": "no code at all"}, {"answer": fenced("df = 2")})
    path = user.notebook("df = 1", "print(df)")
    before = path.read_bytes()
    done = user.run("refactor", path, "make it more", "--apply")
    assert done.status == 3, done.err
    assert "could not be done" in done.err
    assert path.read_bytes() == before


def test_a_plan_is_written_changed_and_carried_out(user, fenced):
    answer = "```\nedit cell 0: two\nedit cell 1: three\n```"
    user.answer({"when": "Plan this refactor", "answer": answer}, fenced("df = 2"))
    path, plan = user.notebook("df = 1", "print(df)"), user.home / "plan.json"
    before = path.read_bytes()
    planned = user.run("refactor", path, "make it more", "--plan", plan, "--apply", "--json")
    assert planned.status == 0
    assert planned.json["notebooks"][0]["figures"]["total_s"] > 0  # what the plan took
    assert path.read_bytes() == before
    told = json.loads(plan.read_text("utf-8"))
    assert [step["instruction"] for step in told["steps"]] == ["two", "three"]
    told["steps"] = told["steps"][:1]
    plan.write_text(json.dumps(told), "utf-8")
    done = user.run("refactor", path, "make it more", "--plan", plan, "--apply")
    assert done.status == 0, done.err
    assert b'"df = 2"' in path.read_bytes()
    assert b'"print(df)"' in path.read_bytes()
    stale = user.run("refactor", path, "make it more", "--plan", plan, "--apply")
    assert stale.status == 1
    assert "another state" in stale.err
    plan.write_text("{}", "utf-8")
    assert user.run("refactor", path, "make it more", "--plan", plan).status == 2


def test_output_leaves_the_notebook_and_writes_a_copy(user):
    user.answer("never asked")
    path = user.notebook("df = 1", "print(df)")
    before = path.read_bytes()
    assert user.run("refactor", path, "rename df to orders", "--output", user.home / "new").status == 0
    assert path.read_bytes() == before
    assert (user.home / "new" / path.name).read_bytes() == before.replace(b"df", b"orders")
    assert user.run("refactor", path, "rename df to orders", "--output", user.home).status == 2
    assert path.read_bytes() == before


def test_what_runs_otherwise_is_not_written(user, fenced):
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 0: the other number\nmerge cells 1, 2\n```"}
    user.answer(plan, {"when": "the other number", "answer": fenced("df = 2")})
    path = user.notebook("df = 1", "print(df)", "print('kept')")
    before = path.read_bytes()
    refused = user.run("refactor", path, "use the other number", "--apply", "--verify", "run", "--json")
    assert refused.status == 3, refused.err
    assert path.read_bytes() == before
    (row,) = refused.json["notebooks"]
    assert not row["verification"]["holds"]
    assert ["cell-1", "cell-2"] in [cell["before_ids"] for cell in row["verification"]["cells"]]
    done = user.run("refactor", path, "rename df to orders", "--apply", "--verify", "run")
    assert done.status == 0, done.err
    assert "print(orders)" in path.read_text("utf-8")


def test_a_cell_that_fails_when_it_runs_is_repaired_once_where_the_change_was(user, fenced):
    wrong, right = "def double(x):\n    return x.twice", "def double(x):\n    return 2 * x"
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 0: multiply\n```"}
    user.answer(plan, {"when": "It failed:", "answer": fenced(right)}, fenced(wrong))
    path = user.notebook("def double(x):\n    return x + x", "print(double(2))")
    done = user.run("refactor", path, "multiply, do not add", "--apply", "--verify", "run", "--json")
    assert done.status == 0, done.err
    (row,) = done.json["notebooks"]
    assert row["verification"]["holds"]
    assert "2 * x" in path.read_text("utf-8")


def test_a_definition_that_would_vanish_is_not_written(user, fenced):
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 1: double the total\n```"}
    user.answer(plan, fenced('import os\nos.remove("x")'))
    path = user.notebook("df = [3, 1, 2]", "total = sum(df)\nprint(total)", "top = max(df)\nprint(top)")
    before = path.read_bytes()
    refused = user.run("refactor", path, "double the total", "--apply")
    assert refused.status == 3, refused.err
    assert "cell 1 no longer defines 'total'" in refused.err
    assert path.read_bytes() == before


def test_a_notebook_that_fails_from_its_first_cell_is_not_verified_and_not_written(user):
    user.answer("never asked")
    path = user.notebook("import no_such\ndf = no_such.read()", "print(df)")
    before = path.read_bytes()
    done = user.run("refactor", path, "rename df to orders", "--verify", "run", "--apply")
    why = "cell 0 fails before and after the change (ModuleNotFoundError: No module named 'no_such')"
    assert done.status == 3
    [line] = [line for line in done.err_lines if line.startswith("error:")]
    assert f"nb.ipynb: nothing could be verified: {why}. Nothing was written; --yes" in line
    assert "does not hold" not in done.err and "not verified: not written" in done.out
    assert path.read_bytes() == before
    assert user.run("refactor", path, "rename df to orders", "--verify", "run", "--apply", "--yes").status == 0
    assert b"print(orders)" in path.read_bytes()


def test_what_may_put_out_something_else_is_marked_and_written(user, fenced):
    plan = {"when": "Plan this refactor", "answer": "```\nedit cell 1: shorter\n```"}
    user.answer(plan, fenced("print(df)"))
    path = user.notebook("df = 1", "print(df)\ndf")
    done = user.run("refactor", path, "make it shorter", "--apply")
    assert done.status == 0, done.err
    assert "the output may change: 'df', at its end, is not shown any more." in done.err
    assert "--verify run" in done.err
    assert b'"print(df)"' in path.read_bytes()
