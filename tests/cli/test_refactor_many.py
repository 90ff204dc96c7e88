"""Many notebooks: stopped, gone on with, told in a table, kept in the history; others' files left alone."""

from __future__ import annotations

import json

import pytest

from jupyter_spark.errors import TurnStopped

RENAME = "rename df to orders"


@pytest.fixture
def two(user):
    user.answer("never asked")
    return [user.notebook("df = 1", name=name) for name in ("a.ipynb", "b.ipynb")]


def fates(done):
    return [row["fate"] for row in done.json["notebooks"]]


@pytest.fixture
def stopped_at(monkeypatch):
    """Stop when a notebook's turn comes."""
    from jupyter_spark.cli import refactor

    real = refactor.run_interruptible
    count = iter(range(100))

    def stop(number):
        def run(work):
            if next(count) == number:
                work.close()
                raise TurnStopped("Stopped.", "Nothing was written.")
            return real(work)

        monkeypatch.setattr(refactor, "run_interruptible", run)

    return stop


def test_what_was_stopped_goes_on_with_the_rest(user, two, stopped_at):
    stopped_at(1)
    stopped = user.run("refactor", *two, RENAME, "--apply", "--json")
    assert stopped.status == 130
    assert fates(stopped) == ["written", "not done"]
    assert "1 of 2 notebooks are done" in stopped.json["error"]["message"]
    assert b"df = 1" in two[1].read_bytes()
    turns = user.run("history", "--json").json["turns"]
    assert [turn["status"] for turn in turns] == ["cancelled", "finished"]
    on = user.run("refactor", *two, RENAME, "--apply", "--json")
    assert on.status == 0
    assert fates(on) == ["done before", "written"]
    assert b"orders = 1" in two[1].read_bytes()


def test_what_was_taken_back_or_asked_for_again_is_done_again(user, two):
    assert user.run("refactor", two[0], RENAME, "--apply").status == 0
    assert user.run("undo", two[0]).status == 0
    assert fates(user.run("refactor", two[0], RENAME, "--apply", "--json")) == ["written"]
    assert fates(user.run("refactor", two[0], RENAME, "--apply", "--json")) == ["done before"]
    assert user.run("refactor", two[0], "rename orders to df", "--apply").status == 0
    assert fates(user.run("refactor", two[0], RENAME, "--apply", "--json")) == ["written"]


def test_a_notebook_with_nothing_to_change_is_done_too_unless_again_is_said(user, fenced):
    user.answer({"when": "Plan this", "answer": "```\nedit cell 0: nothing\n```"}, fenced("df = 1"))
    path = user.notebook("df = 1")
    assert fates(user.run("refactor", path, "better", "--apply", "--json")) == ["nothing to write"]
    assert fates(user.run("refactor", path, "better", "--apply", "--json")) == ["done before"]
    assert fates(user.run("refactor", path, "better", "--apply", "--again", "--json")) == ["nothing to write"]
    assert fates(user.run("refactor", path, "better", "--apply", "--verify", "none", "--json")) == ["nothing to write"]


def test_output_goes_on_too_and_leaves_the_files_of_others_alone(user, two, stopped_at):
    out = user.home / "out"
    stopped_at(1)
    assert user.run("refactor", *two, RENAME, "--output", out).status == 130
    assert [path.name for path in sorted(out.glob("*.ipynb"))] == ["a.ipynb"]
    on = user.run("refactor", *two, RENAME, "--output", out, "--json")
    assert [row.get("done_before", False) for row in on.json["notebooks"]] == [True, False]
    assert b"orders" in (out / "b.ipynb").read_bytes()
    (out / "a.ipynb").write_text("mine", "utf-8")
    refused = user.run("refactor", two[0], "rename df to rows", "--output", out)
    assert refused.status == 1
    assert "not as a refactor wrote it" in refused.err
    assert (out / "a.ipynb").read_text("utf-8") == "mine"
    assert user.run("refactor", two[1], "rename df to rows", "--output", out).status == 0
    assert b"rows" in (out / "b.ipynb").read_bytes()


def test_the_table_tells_of_each_and_a_bad_one_stops_no_other(user, fenced):
    plan = {"when": "Plan this", "answer": "```\nedit cell 0: two\n```"}
    user.answer(plan, fenced("df = 2"))
    good, bad = user.notebook("df = 1"), user.home / "bad.ipynb"
    bad.write_text("{", "utf-8")
    done = user.run("refactor", bad, good, "make it two", "--apply")
    assert done.status == 1
    rows = [line.split("\t") for line in done.out.splitlines() if "\t" in line]
    assert rows[0] == ["NOTEBOOK", "CHANGES", "VERIFIED", "TOOK", "TOKENS", "FATE"]
    assert [row[-1] for row in rows[1:]] == ["failed", "written"]
    assert "+" in rows[2][4]  # tokens in and out


def test_a_refactor_is_in_the_history_with_its_plan_and_what_became_of_it(user, two):
    assert user.run("refactor", two[0], RENAME, "--apply").status == 0
    (turn,) = user.run("history", two[0], "--json").json["turns"]
    assert (turn["kind"], turn["instruction"], turn["text"]) == ("refactor", RENAME, "rename df -> orders")
    assert turn["edit"] == "taken"
    assert user.run("undo", two[0]).status == 0
    (turn,) = user.run("history", two[0], "--json").json["turns"]
    assert turn["edit"] == "taken_back"
    assert "taken back" in user.run("history", two[0]).out


def test_a_plan_is_made_anew_with_words(user):
    revised = {"when": "Revise the plan: only the second", "answer": "```\nedit cell 1: three\n```"}
    user.answer(revised, "```\nedit cell 0: two\nedit cell 1: three\n```")
    path, plan = user.notebook("df = 1", "print(df)"), user.home / "plan.json"
    asked = ("refactor", path, "make it more", "--plan", plan)
    early = user.run(*asked, "--revise", "only the second")
    assert early.status == 2
    assert user.run(*asked).status == 0
    told = json.loads(plan.read_text("utf-8"))
    told["steps"][0]["accepted"] = False
    plan.write_text(json.dumps(told), "utf-8")
    assert user.run(*asked, "--revise", "only the second").status == 0
    steps = json.loads(plan.read_text("utf-8"))["steps"]
    assert [(step["instruction"], step["accepted"]) for step in steps] == [("three", True), ("two", False)]


def test_a_notebook_that_was_changed_meanwhile_is_not_overwritten(user, two, monkeypatch):
    from jupyter_spark.cli import refactor

    real = refactor.run_interruptible

    def run(work):
        done = real(work)
        two[0].write_bytes(two[0].read_bytes().replace(b"df = 1", b"df = 5"))
        return done

    monkeypatch.setattr(refactor, "run_interruptible", run)
    done = user.run("refactor", two[0], RENAME, "--apply")
    assert done.status == 1
    assert "changed by somebody else" in done.err
    assert b"df = 5" in two[0].read_bytes()
    (turn,) = user.run("history", "--json").json["turns"]
    assert turn["status"] == "failed"


def test_many_are_taken_back_at_once_and_one_that_fails_stops_no_other(user, two):
    before = [path.read_bytes() for path in two]
    assert user.run("refactor", *two, RENAME, "--apply").status == 0
    done = user.run("undo", two[0], "gone.ipynb", two[1], "--json")
    assert done.status == 1
    assert [row.get("undone", False) for row in done.json["notebooks"]] == [True, False, True]
    assert done.json["notebooks"][1]["error"]["code"] == "no_file"
    assert [path.read_bytes() for path in two] == before
    assert user.run("redo", *two).status == 0
    assert all(b"orders" in path.read_bytes() for path in two)
    assert f"the refactor of {two[0]} is taken back" in user.run("undo", *two).err


def test_the_table_tells_that_the_checks_held(user, two):
    def verified(*more):
        done = user.run("refactor", two[0], RENAME, *more)
        return [line.split("\t")[2] for line in done.out.splitlines() if line.endswith("not written")]

    assert verified() == ["checks hold"]
    assert verified("--verify", "none") == ["no"]


def test_diffs_come_from_the_top_down_with_the_cells_of_the_plan(user, fenced):
    steps = "insert below cell 2: a new one\ndelete cell 1\nmove cell 3 below cell 4\nedit cell 0: two"
    user.answer(
        {"when": "Plan this", "answer": f"```\n{steps}\n```"},
        {"when": "Do these steps", "answer": "no sections"},
        {"when": "a new one", "answer": fenced("c = 3")},
        fenced("a = 2"),
    )
    path = user.notebook("a = 1", "print('gone')", "b = 1", "d = 1", "e = 1")
    done = user.run("refactor", path, "remove what only prints")
    heads = [line.removeprefix(f"--- {path} ") for line in done.out.splitlines() if line.startswith("--- ")]
    assert heads == ["cell 0", "cell 1, deleted", "new cell below cell 2", "cell 3, moved below cell 4"]
