"""``jupyter spark refactor``: what cannot be done is said in one line, and before a model is asked."""

from __future__ import annotations

import json

import pytest

PLAN = {"when": "Plan this refactor", "answer": "```\nedit cell 0: two\nedit cell 1: three\n```"}


@pytest.fixture
def planned(user, fenced):
    """A notebook, and the plan of it in a file; returns both and a way to change the plan."""
    user.answer(PLAN, fenced("df = 2"))
    path, plan = user.notebook("df = 1", "print(df)"), user.home / "plan.json"
    assert user.run("refactor", path, "make it more", "--plan", plan).status == 0
    first = json.loads(plan.read_text("utf-8"))
    user.answer("never asked")

    def change(**fields):
        plan.write_text(json.dumps(first | fields), "utf-8")
        return user.run("refactor", path, "make it more", "--plan", plan, "--apply")

    return path, plan, first["steps"], change


def error_of(done):
    (line,) = [line for line in done.err_lines if line.startswith("error:")]
    return line.removeprefix("error: ")


def test_words_that_were_not_quoted_are_no_notebooks(user):
    user.answer("never asked")
    path = user.notebook("df = 1", "print(df)")
    before = path.read_bytes()
    done = user.run("refactor", path, "rename", "df", "to", "orders", "--apply")
    assert done.status == 2
    assert error_of(done).startswith("'rename' is no notebook. Quote the instruction")
    assert path.read_bytes() == before
    assert user.run("history", "--json").json["turns"] == []


def test_a_notebook_is_done_once_whatever_it_is_called(user):
    user.answer("never asked")
    path = user.notebook("df = 1")
    link = user.home / "link.ipynb"
    link.symlink_to(path)
    done = user.run("refactor", path, "./nb.ipynb", link, "rename df to orders")
    assert done.status == 0, done.err
    assert len([line for line in done.out.splitlines() if line.endswith("not written")]) == 1
    assert done.err.count("it is done once") == 2


def test_a_missing_notebook_is_named_once(user):
    user.answer("never asked")
    assert error_of(user.run("refactor", "gone.ipynb", "rename df to orders")).count("gone.ipynb") == 1


def test_an_empty_notebook_is_not_sent(user):
    user.answer("never asked")
    for path in (user.notebook(name="none.ipynb"), user.notebook("", "\n", name="blank.ipynb")):
        done = user.run("refactor", path, "make it better", "--apply")
        assert done.status == 1
        assert "There is no cell with a text in the notebook" in error_of(done)


def test_why_nothing_of_a_plan_can_be_done_is_told(user):
    path = user.notebook("df = 1")
    for step, why in (
        ("edit cell 99: x", "There is no cell '99'"),
        ("rename df -> print", "one of Python's own names"),
    ):
        user.answer(f"```\n{step}\n```")
        done = user.run("refactor", path, "make it better", "--apply")
        assert done.status == 1
        assert why in error_of(done)


# --- places ------------------------------------------------------------------------------------------


def test_places_that_cannot_be_written_are_told_before_a_model_is_asked(user, tmp_path):
    user.answer("never asked")
    path, other = user.notebook("df = 1"), user.notebook("df = 1", name="other.ipynb")
    bad = {
        ("--output", str(other)): "is a file",
        ("--output", str(other / "in")): "cannot be written",
        ("--plan", str(tmp_path / "nowhere" / "plan.json")): "cannot be written",
        ("--plan", str(tmp_path)): "cannot be read as a plan",
    }
    for option, why in bad.items():
        done = user.run("refactor", path, "rename df to orders", *option)
        assert done.status == 2, option
        assert option[1] in error_of(done) and why in error_of(done)
    assert user.run("history", "--json").json["turns"] == []


# --- plans changed by hand ---------------------------------------------------------------------------


def test_a_plan_is_for_its_own_words(user, planned):
    path, plan, *_ = planned
    before = path.read_bytes()
    done = user.run("refactor", path, "other words", "--plan", plan, "--apply")
    assert done.status == 2
    assert "is of 'make it more', not of 'other words'" in error_of(done)
    assert path.read_bytes() == before
    # What it was revised with stands below its own words.
    user.answer({"when": "Revise", "answer": "```\nedit cell 0: two\n```"})
    assert user.run("refactor", path, "make it more", "--plan", plan, "--revise", "only one").status == 0
    user.answer("```python\ndf = 2\n```")
    assert user.run("refactor", path, "make it more", "--plan", plan, "--apply").status == 0


def test_a_mistake_in_a_plan_is_told_by_its_step_and_field(planned):
    path, _, steps, change = planned
    before = path.read_bytes()
    first, second = steps
    new = {"step_id": "9", "operation": "insert", "cell_id": "new", "below": "cell-99", "instruction": "x"}
    moved = {"step_id": "9", "operation": "move", "cell_id": "cell-0", "below": "cell-99"}
    told = {
        "step 1: 'operation' must be one of edit, insert": [first | {"operation": "edti"}],
        "step 2 has no field 'instructions'. Did you mean instruction?": [first, second | {"instructions": "x"}],
        "step 1 lacks the field 'cell_id'": [{"step_id": "1", "operation": "edit"}],
        "step 1: 'accepted' must be true or false": [first | {"accepted": "maybe"}],
        "step 1 must be an object": ["edit"],
        "step 3 (insert): 'below' is 'cell-99', which is no cell here": [first, second, new],
        "step 1 (move): 'below' is 'cell-99', which is no cell here": [moved],
        "step 1 (edit): 'cell_id' is 'cell-9', which is no cell here": [first | {"cell_id": "cell-9"}],
        "step 1 (edit): 'instruction' is empty": [first | {"instruction": " "}],
        "step 2 (edit): 'step_id' is '1', and so is that of step 1": [first, second | {"step_id": "1"}],
        "step 2 (delete): step 1 (edit) is about the same cell": [
            first,
            second | {"operation": "delete", "cell_id": "cell-0"},
        ],
        "step 1 (merge): 'cells' must be all that become one cell": [first | {"operation": "merge"}],
        "The plan has no step that is to be done": [],
    }
    for why, wrong in told.items():
        done = change(steps=wrong)
        assert done.status == 2, why
        assert why in error_of(done)
        assert "Remove" not in done.err
    assert path.read_bytes() == before


def test_a_rename_in_a_plan_that_cannot_be_done_is_told(planned):
    *_, change = planned
    assert "rename 1 (df -> 1 bad): '1 bad' cannot be a name" in error_of(
        change(renames=[{"old": "df", "new": "1 bad"}])
    )
    assert "rename 1 lacks the field 'new'" in error_of(change(renames=[{"old": "df"}]))
    assert "the plan has no field 'renamed'" in error_of(change(renamed=[]))


def test_a_file_that_is_no_plan_is_told_for_what_it_is(user, planned):
    path, plan, *_ = planned
    for text, why in {"[]": "holds a list", "{": "is not JSON", path.read_text("utf-8"): "is a notebook"}.items():
        plan.write_text(text, "utf-8")
        done = user.run("refactor", path, "make it more", "--plan", plan, "--apply")
        assert done.status == 2
        assert why in error_of(done)
        assert plan.read_text("utf-8") == text


# --- locked cells ------------------------------------------------------------------------------------

LOCKED = {"metadata": {"editable": False}}


def test_a_locked_cell_is_left_alone_and_told(user, fenced):
    plan = {"when": "they are locked: cells 1", "answer": "```\nedit cells 0, 1: more\n```"}
    user.answer(plan, fenced("df = 2"))
    path = user.notebook("df = 1", {"source": "n = 1", **LOCKED})
    done = user.run("refactor", path, "make it more", "--apply")
    assert done.status == 0, done.err
    assert "Dropped: edit cell 1 (cell 1 is locked)" in done.err
    assert [cell["source"] for cell in json.loads(path.read_text("utf-8"))["cells"]] == [["df = 2"], ["n = 1"]]


def test_a_rename_that_needs_a_locked_cell_is_refused(user):
    user.answer("never asked")
    path = user.notebook("df = 1", {"source": "print(df)", **LOCKED})
    before = path.read_bytes()
    done = user.run("refactor", path, "rename df to orders", "--apply")
    assert done.status == 1
    assert error_of(done).endswith("It cannot be renamed: cell 1 is locked, and has 'df'. Nothing was changed.")
    assert path.read_bytes() == before


def test_imports_of_a_locked_cell_stay_in_it(user):
    user.answer("never asked")
    path = user.notebook("x = 1", {"source": "import os", **LOCKED}, "import sys\nprint(sys)")
    assert user.run("refactor", path, "move the imports to the top", "--apply").status == 0
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    assert sources == ["import sys", "x = 1", "import os", "print(sys)"]


def test_a_step_of_a_plan_in_a_file_is_dropped_for_a_locked_cell(user, planned):
    path, plan, _, _ = planned
    content = json.loads(path.read_text("utf-8"))
    content["cells"][1]["metadata"] = {"deletable": False}
    path.write_text(json.dumps(content), "utf-8")  # the texts are the same, so the plan is still for it
    user.answer("```python\ndf = 2\n```")
    done = user.run("refactor", path, "make it more", "--plan", plan, "--apply")
    assert done.status == 0, done.err
    assert "Dropped: edit cell 1 (cell 1 is locked)" in done.err
    assert json.loads(path.read_text("utf-8"))["cells"][1]["source"] == ["print(df)"]
