"""`%%spark`: what it puts into which cell, what it refuses to, and how it is taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.kernel.driver import Kernel
from tests.paced import PacedServer, whole_input

Prompt = Callable[[int], str]
Fenced = Callable[[str], str]
OLD = "def half(x):\n    return x / 2"
NEW = "def half(x: float) -> float:\n    return x / 2"


def in_order(*answers: str) -> Callable[[dict[str, Any]], str]:
    """Answer one request after the other with these."""
    left: Iterator[str] = iter(answers)
    lock = threading.Lock()

    def answer(body: dict[str, Any]) -> str:
        with lock:
            return next(left)

    return answer


def test_code_is_rewritten_in_its_own_cell(kernel: Kernel, paced: PacedServer, prompt: Prompt, fenced: Fenced) -> None:
    paced.rate_tok_s, paced.answer = 200.0, fenced(NEW) + "Hints added."
    ran = kernel.run(f"%%spark add type hints\n{OLD}", cell_id="cell-half")
    assert ran.status == "ok"
    assert ran.payload == [(NEW, True)]
    assert OLD in prompt(-1)
    assert "add type hints" in prompt(-1)
    assert ran.shown.splitlines()[:3] == ["- def half(x):", "+ def half(x: float) -> float:", "      return x / 2"]
    said, checks, *_, last = ran.shown.splitlines()[3:]
    assert said == "Hints added."
    for part in ("✓ parses · names known", "spark · gpt-5.3-codex-spark", "first token", "tok/s"):
        assert part in checks
    assert last == "This cell now holds the new code. %spark undo brings the old code back."
    assert 'aria-label="added"' in ran.html
    assert (ran.printed, ran.warned) == ("", "")
    assert kernel.run("'half' in dir()").messages  # the cell itself was not run
    assert "NameError" in kernel.run("half").error["ename"]


@pytest.mark.parametrize("cell", ["%%spark\nwrite a sum", "%%spark write a sum", "%%spark write a sum\n\n"])
def test_words_become_a_new_cell_below(
    kernel: Kernel, paced: PacedServer, prompt: Prompt, fenced: Fenced, cell: str
) -> None:
    paced.answer = fenced("total = sum([1, 2])\nprint(total)")
    ran = kernel.run(cell)
    assert ran.payload == [("total = sum([1, 2])\nprint(total)", False)]
    assert prompt(-1).endswith("Write the code of a new cell: write a sum")
    assert ran.shown.startswith("+ total = sum([1, 2])\n+ print(total)\n✓")


@pytest.mark.parametrize(
    ("options", "payload", "said"),
    [
        ("--below", [(NEW, False)], "The new code is in a new cell below."),
        ("--dry-run", [], "Dry run: nothing was applied."),
        ("--dry-run --below", [], "Dry run: nothing was applied."),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_where_the_new_code_goes(
    kernel: Kernel,
    paced: PacedServer,
    prompt: Prompt,
    fenced: Fenced,
    options: str,
    payload: list[tuple[str, bool]],
    said: str,
    first: bool,
) -> None:
    paced.answer = fenced(NEW)
    line = f"{options} add hints" if first else f"add hints {options}"
    ran = kernel.run(f"%%spark {line}\n{OLD}")
    assert ran.payload == payload
    assert said in ran.shown
    assert prompt(-1).endswith("Change the cell: add hints")


def test_the_users_words_arrive_as_they_are(kernel: Kernel, paced: PacedServer, prompt: Prompt) -> None:
    kernel.run("name = 'INTERPOLATED'; x = 41")
    words = """it's "quoted, {name} and {x!r} and $name, ~/x -1 \\n 50% `{undefined_here}`"""
    kernel.run(f"%%spark --dry-run {words}\nx = 1")
    assert prompt(-1).endswith(f"Change the cell: {words}")
    kernel.run(f"%%spark --dry-run\n{words}")
    assert prompt(-1).endswith(words)
    kernel.run(f"%spark ask --no-context {words}")
    assert prompt(-1) == words
    kernel.run(f"%spark ask --no-context {words} ?")
    assert prompt(-1) == f"{words} ?"
    kernel.run("%%spark --dry-run -- use --below and --yes\nx = 1")
    assert prompt(-1).endswith("Change the cell: use --below and --yes")


def test_a_change_whose_check_does_not_hold_is_not_applied(kernel: Kernel, paced: PacedServer, fenced: Fenced) -> None:
    paced.answer = fenced("y = unheard_of + 1")
    ran = kernel.run("%%spark add one\ny = 1")
    assert (ran.status, ran.payload) == ("ok", [])
    assert "✗ line 1: 'unheard_of' is not defined in this cell, the notebook or the kernel." in ran.shown
    assert "Not applied: a check does not hold." in ran.shown
    assert len(paced.records) == 2  # it was asked once to repair it
    assert kernel.run("%%spark add one --yes\ny = 1").payload == [("y = unheard_of + 1", True)]
    kernel.run("unheard_of = 1")
    paced.records.clear()
    assert kernel.run("%%spark add one\ny = 1").payload == [("y = unheard_of + 1", True)]
    assert len(paced.records) == 1


def test_a_change_that_does_not_hold_is_repaired(kernel: Kernel, paced: PacedServer, prompt: Prompt) -> None:
    paced.answer = in_order("```python\nz = (1 +\n```\n", "```python\nz = (1 + 2)\n```\n")
    ran = kernel.run("%%spark add two\nz = 1")
    assert ran.payload == [("z = (1 + 2)", True)]
    assert "repaired once" in ran.shown
    assert "Repairing once." in ran.shown
    assert "SyntaxError" in prompt(1)
    assert "z = (1 +" not in ran.shown.replace("z = (1 + 2)", "")


def test_what_is_sent_of_the_notebook(kernel: Kernel, paced: PacedServer) -> None:
    kernel.run("marker_one = [1, 2, 3]\nmarker_two = 'a text'  # the cell that defines them")

    def sent(options: str) -> str:
        kernel.run(f"%%spark --dry-run {options} add them up\nprint(marker_one, marker_two)")
        return str(whole_input(paced.records, paced.records[-1])).replace("print(marker_one, marker_two)", "")

    one = sent("--vars marker_one")
    assert "marker_one: list of length 3" in one
    assert "marker_two: str" not in one
    everything = sent("")
    assert "the cell that defines them" in everything
    assert "marker_one: list of length 3: 1, 2, 3" in everything
    assert "marker_two: str = 'a text'" in everything
    nothing = sent("--no-context")
    assert "marker" not in nothing
    assert "the cell that defines them" not in nothing


def test_who_is_asked(kernel: Kernel, paced: PacedServer) -> None:
    def model(options: str) -> tuple[str, str]:
        ran = kernel.run(f"%%spark --dry-run {options} add\nx = 1")
        assert ran.status == "ok"
        body = paced.records[-1].body
        assert body is not None
        return str(body["model"]), ran.shown

    fast, _ = model("")
    deep, shown = model("--tier deep")
    assert (fast, deep) == ("gpt-5.3-codex-spark", "gpt-5.6-sol")
    assert "deep · gpt-5.6-sol" in shown
    assert model("--profile openai-deep")[0] == deep
    kernel.run("%config SparkMagics.tier = 'deep'")
    assert model("")[0] == deep
    kernel.run("%config SparkMagics.tier = 'spark'")


def test_undo_and_redo_step_through_the_changes(kernel: Kernel, paced: PacedServer, fenced: Fenced) -> None:
    for number in (1, 2):
        paced.answer = fenced(f"step = {number}")
        kernel.run(f"%%spark next\nstep = {number - 1}")
    assert kernel.run("%spark undo").payload == [("step = 1", True)]
    assert kernel.run("%spark undo").payload == [("step = 0", True)]
    again = kernel.run("%spark redo")
    assert again.payload == [("step = 1", True)]
    assert again.printed == "The new code of the cell that began 'step = 0' (1 line) is in this cell.\n"
    assert kernel.run("%spark redo").payload == [("step = 2", True)]
    assert kernel.run("%spark redo").error["evalue"].startswith("There is nothing to do again in this notebook")
    # A cell that holds code of the user's is not overwritten.
    assert kernel.run("kept = 1\n%spark undo").payload == [("step = 1", False)]


def test_undo_says_the_number_of_a_cell_that_ran(kernel: Kernel, paced: PacedServer, fenced: Fenced) -> None:
    paced.answer = fenced("stage = 2")
    kernel.run("%%spark next\nstage = 1", cell_id="of-stages")
    number = kernel.run("stage = 2", cell_id="of-stages").reply["execution_count"]
    undone = kernel.run("%spark undo", cell_id="elsewhere")
    assert undone.printed == f"The old code of In [{number}] (1 line) is in this cell.\n"


def test_undo_of_code_in_a_cell_of_its_own(kernel: Kernel, paced: PacedServer, fenced: Fenced) -> None:
    paced.answer = fenced("fresh = 1")
    kernel.run("%%spark\nwrite something fresh")
    undone = kernel.run("%spark undo")
    assert undone.payload == []
    assert undone.printed == ("That code went into a new cell and changed no other: delete the cell to take it back.\n")


def test_retry_asks_the_same_again(kernel: Kernel, paced: PacedServer, prompt: Prompt, fenced: Fenced) -> None:
    paced.answer = fenced("a = 2")
    kernel.run("%%spark double it\na = 1")
    paced.answer = fenced("a = 1 * 2")
    assert kernel.run("%spark retry").payload == [("a = 1 * 2", True)]
    assert prompt(1) == prompt(0)
    kernel.run("%spark retry with a loop --dry-run --tier deep")
    assert prompt(2).endswith("Change the cell: double it (with a loop)")
    assert paced.records[2].body is not None
    assert paced.records[2].body["model"] == "gpt-5.6-sol"


def test_undo_and_redo_after_a_restart(kernel: Kernel, paced: PacedServer, fenced: Fenced) -> None:
    paced.answer = fenced("kept = 'new'")
    kernel.run("%%spark change it\nkept = 'old'")
    kernel.restart()
    kernel.run("%load_ext jupyter_spark")
    assert kernel.run("%spark undo").payload == [("kept = 'old'", True)]
    assert kernel.run("%spark redo").payload == [("kept = 'new'", True)]
    assert kernel.run("%%spark add\nkept = 1").status == "ok"
