"""``%spark refactor`` in a real kernel that knows its notebook's file: shown, written, taken back."""

from __future__ import annotations

import json

import pytest

from jupyter_spark.journal import SafeJournal, keep_standing, notebook_scope, open_journal
from jupyter_spark.notebook import parse_notebook, snapshot
from jupyter_spark.refactor import plan_by_rules
from jupyter_spark.wire_refactor import AppliedCell, AppliedRefactor
from tests.kernel.conftest import KEY
from tests.kernel.driver import Kernel, plain

CELLS = ("df = [1, 2]", "print(df)")


def write(path, *cells):
    rows = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for i, source in enumerate(cells)
    ]
    content = {"cells": rows, "metadata": {"kept": 1.50}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return path.read_bytes()


@pytest.fixture(scope="module")
def notebook(home):
    path = home / "nb.ipynb"
    write(path, *CELLS)
    return path


@pytest.fixture(scope="module")
def filed(home, endpoint, notebook):
    """A kernel that was told its notebook."""
    env = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": KEY, "JPY_SESSION_NAME": str(notebook)}
    kernel = Kernel(home / "filed", env)
    try:
        assert kernel.run("%load_ext jupyter_spark").status == "ok"
        yield kernel
    finally:
        kernel.close()


@pytest.fixture
def saved(notebook):
    return write(notebook, *CELLS, "%spark refactor rename df to orders")


def test_it_is_shown_then_written_then_taken_back(filed, notebook, saved):
    shown = filed.run("%spark refactor rename df to orders", cell_id="c2")
    assert shown.status == "ok", shown.error
    text = plain(shown.printed)
    assert "rename df -> orders" in text
    assert "-print(df)" in text
    assert "+print(orders)" in text
    assert "every check holds" in text
    assert "%spark refactor --yes writes this into nb.ipynb" in text
    assert notebook.read_bytes() == saved
    written = filed.run("%spark refactor --yes")
    assert written.status == "ok", written.error
    assert "reload it from disk" in written.printed
    assert notebook.read_bytes() == saved.replace(b"df = [1", b"orders = [1").replace(b"print(df)", b"print(orders)")
    undone = filed.run("%spark undo")
    assert "taken back" in undone.printed
    assert not undone.payload
    assert notebook.read_bytes() == saved
    assert "written again" in filed.run("%spark redo").printed
    assert b"print(orders)" in notebook.read_bytes()
    assert filed.run("%spark undo").status == "ok"


def test_it_is_proved_by_running(filed, notebook, saved):
    """The cell that asks is not run there: it would ask once more."""
    shown = filed.run("%spark refactor rename df to orders --verify run", cell_id="c2")
    assert shown.status == "ok", shown.error
    assert " 2 same." in plain(shown.printed)
    assert "every check holds" in plain(shown.printed)
    assert notebook.read_bytes() == saved


def test_what_runs_otherwise_is_not_written_unseen(filed, notebook, saved, paced, fenced):
    plan = "```\nedit cell 0: another number\n```"
    paced.answer = lambda body: plan if "Plan this" in str(body["input"][-1]) else fenced("df = [1, 3]")
    refused = filed.run("%spark refactor use another number --verify run --yes")
    assert refused.status == "error"
    assert "differs" in plain(refused.printed)
    assert notebook.read_bytes() == saved


def test_a_plan_that_was_made_before_is_carried_out(filed, notebook, saved, home):
    made = plan_by_rules(snapshot(parse_notebook(saved)), "rename df to orders")
    file = home / "plan.json"
    file.write_text(made.model_dump_json(), "utf-8")
    write(notebook, *CELLS, "print(len(df))", "%spark refactor --plan")  # a cell came since
    done = filed.run(f"%spark refactor --plan {file} --yes")
    assert done.status == "ok", done.error
    assert b"print(len(orders))" in notebook.read_bytes()
    missing = filed.run("%spark refactor --plan nowhere.json")
    assert "holds no plan" in missing.error["evalue"]
    assert "--verify is for refactor" in filed.run("%spark ask why --verify run").error["evalue"]


def test_what_was_accepted_in_a_page_is_not_taken_back_blindly(filed, notebook, saved, home):
    """No page runs this cell: the kernel cannot reach the cells that hold it."""
    act = AppliedCell(change_id="c", group="c", operation="edit", cell_id="c0", before="a", after="b")
    journal = SafeJournal(lambda: open_journal(home / "data" / "jupyter_spark" / "journal.db"))
    applied = AppliedRefactor(instruction="i", order=("c0", "c1"), cells=(act,))
    keep_standing(journal, "r", notebook_scope(notebook), applied)
    refused = filed.run("%spark undo")
    assert "accepted in a page's review tab" in refused.error["evalue"]
    assert not refused.payload
    keep_standing(journal, "r", notebook_scope(notebook), applied.model_copy(update={"cells": ()}))
    journal.close()


def test_our_own_cell_is_not_changed_and_not_sent(filed, notebook, saved, paced, fenced):
    paced.answer = lambda body: (
        "```\nedit cell 1: say more\ndelete cell 2\n```"
        if "Plan this" in str(body["input"][-1])
        else fenced("print(df, 1)")
    )
    done = filed.run("%spark refactor say more --yes", cell_id="c2")
    assert done.status == "ok", done.error
    assert "kept out of every turn" in done.printed
    assert notebook.read_bytes() == saved.replace(b"print(df)", b"print(df, 1)")
    assert "%spark refactor" not in str(paced.records[0].body)


def test_what_does_not_hold_is_written_only_when_it_was_seen(filed, notebook, saved, paced, fenced):
    plan = "```\nedit cell 0: lose it\n```"
    paced.answer = lambda body: plan if "Plan this" in str(body["input"][-1]) else fenced("rows = [1, 2]")
    refused = filed.run("%spark refactor lose it --yes")
    assert refused.status == "error"
    assert "nothing was written" in refused.error["evalue"]
    assert "✗" in refused.printed
    assert notebook.read_bytes() == saved
    assert filed.run("%spark refactor --yes").status == "ok"
    assert b"rows = [1, 2]" in notebook.read_bytes()


def test_cells_that_ran_with_a_text_that_is_not_saved_stop_it(filed, notebook, saved):
    assert filed.run("df = [1, 2, 3]", cell_id="c0").status == "ok"
    refused = filed.run("%spark refactor rename df to orders --yes")
    assert "not saved" in refused.error["evalue"]
    assert notebook.read_bytes() == saved
    shown = filed.run("%spark refactor rename df to orders")
    assert "as it is saved" in plain(shown.printed)
    assert filed.run("df = [1, 2]", cell_id="c0").status == "ok"


def test_without_a_file_it_is_only_shown(kernel):
    assert kernel.run("df = 1").status == "ok"
    shown = kernel.run("%spark refactor rename df to orders")
    assert "+orders = 1" in plain(shown.printed), shown.error
    assert "no file" in shown.printed
    refused = kernel.run("%spark refactor --yes")
    assert "jupyter spark refactor" in refused.error["evalue"]
    assert kernel.run("%spark refactor").status == "error"


def test_the_stop_button_stops_it(filed, notebook, saved, paced):
    paced.first_token_s = 60.0
    running = filed.send("%spark refactor do something else --yes")
    while not paced.records:
        filed.pump(0.05)
    filed.interrupt()
    stopped = filed.finish(running)
    assert stopped.error["ename"] == "TurnStopped"
    assert notebook.read_bytes() == saved
