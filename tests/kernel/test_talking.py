"""`%spark ask`, `explain`, `fix`, and what tells about the state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.conftest import KEY
from tests.kernel.driver import Kernel
from tests.paced import PacedServer

Prompt = Callable[[int], str]
Fenced = Callable[[str], str]


@pytest.mark.parametrize("question", ["what is x?", "what is x ?", "why??", "is it so", "?"])
def test_a_question_is_answered(kernel: Kernel, paced: PacedServer, prompt: Prompt, question: str) -> None:
    kernel.run("x = 5  # five, for a reason")
    paced.answer = "It is **five**,\nfor a reason."
    ran = kernel.run(f"%spark ask {question}")
    assert (ran.status, ran.payload, ran.warned) == ("ok", [], "")
    assert prompt(-1) == question or prompt(-1).endswith(f"\n\n{question}")
    answer, closing = ran.displays
    assert answer["text/markdown"] == "It is **five**,\nfor a reason."
    assert closing["text/plain"].startswith("spark · gpt-5.3-codex-spark · first token ")
    assert paced.records[-1].body is not None
    assert "five, for a reason" in str(paced.records[-1].body["input"])


def test_a_cell_is_explained(kernel: Kernel, paced: PacedServer, prompt: Prompt) -> None:
    first = kernel.run("first_cell = 1").reply["execution_count"]
    kernel.run("second_cell = 2")
    paced.answer = "It sets a name."
    cases = {
        f"%spark explain {first}": "first_cell = 1",
        f"%spark explain In[{first}]": "first_cell = 1",
        "%spark explain": "second_cell = 2",
        "%spark explain last": "second_cell = 2",
        "%%spark --explain\nthird_cell = 3": "third_cell = 3",
    }
    for code, source in cases.items():
        ran = kernel.run(code)
        assert (ran.status, ran.payload) == ("ok", [])
        assert ran.displays[0]["text/markdown"] == "It sets a name."
        assert source in prompt(-1)
        assert prompt(-1).endswith("Explain what this cell does.")
        about = {"first_cell = 1": f"In [{first}]", "second_cell = 2": f"In [{first + 1}]"}.get(source)
        assert ran.shown.endswith(f"This is about {about}.") == (about is not None)
    kernel.run(f"%spark explain {first} in one word?")
    assert prompt(-1).endswith("in one word?")


def test_a_failed_cell_is_fixed(kernel: Kernel, paced: PacedServer, prompt: Prompt, fenced: Fenced) -> None:
    failing = "def mean(xs):\n    return sum(xs) / len(xs)\nmean([])"
    failed = kernel.run(failing, cell_id="cell-mean")
    assert failed.status == "error"
    paced.answer = fenced("mean = lambda xs: sum(xs) / max(len(xs), 1)\nmean([])")
    fixed = kernel.run("%spark fix", cell_id="cell-asking")
    assert fixed.payload == [("mean = lambda xs: sum(xs) / max(len(xs), 1)\nmean([])", True)]
    asked = prompt(-1)
    assert failing in asked
    assert "ZeroDivisionError: division by zero" in asked
    assert "cell line 2, in mean" in asked
    assert asked.endswith("Fix the cell so that it runs.")
    assert "\x1b" not in asked
    # A question in between does not make the error forgotten; a number says which cell.
    assert kernel.run(f"%spark fix {failed.reply['execution_count']} without lambda").status == "ok"
    assert prompt(-1).endswith("Fix the cell so that it runs. without lambda")
    assert "ZeroDivisionError" in prompt(-1)
    # Once it runs, nothing is to be fixed any more.
    kernel.run("mean = None", cell_id="cell-mean")
    assert kernel.run("%spark fix").error["evalue"].startswith("No cell has failed.")


@pytest.mark.parametrize(
    ("code", "error"), [("x = (1 +", "SyntaxError"), ("import no_such_module_here", "ModuleNotFoundError")]
)
def test_what_was_never_run_is_fixed_too(
    kernel: Kernel, paced: PacedServer, prompt: Prompt, fenced: Fenced, code: str, error: str
) -> None:
    assert kernel.run(code).status == "error"
    paced.answer = fenced("x = 1")
    assert kernel.run("%spark fix").payload == [("x = 1", True)]
    assert code in prompt(-1)
    assert error in prompt(-1)


def test_status_and_use(kernel: Kernel, paced: PacedServer) -> None:
    kernel.run("%spark ask hello")
    spark, deep, last = kernel.run("%spark status").printed.splitlines()
    assert spark.split()[:2] == ["spark", "openai"]
    assert spark.endswith("ready")
    assert deep.split()[:2] == ["deep", "openai-deep"]
    assert last.startswith("last   spark · gpt-5.3-codex-spark · first token ")
    assert KEY not in spark + deep + last

    used = kernel.run("%spark use codex-spark")
    assert used.printed.splitlines()[0].split()[:2] == ["spark", "codex-spark"]
    used = kernel.run("%spark use openai-deep")
    assert used.printed.splitlines()[1].split()[:2] == ["deep", "openai-deep"]
    used = kernel.run("%spark use groq --tier deep")
    assert used.printed.splitlines()[1].split()[:2] == ["deep", "groq"]
    assert "needs a key. Set GROQ_API_KEY" in used.printed.splitlines()[1]
    assert kernel.run("%spark ask hello --tier deep").status == "error"
    kernel.run("%spark use openai")
    kernel.run("%spark use openai-deep")


def test_context_tells_what_would_be_sent_and_sends_nothing(kernel: Kernel, paced: PacedServer) -> None:
    kernel.run("prices = [1.5, 2.5]", cell_id="cell-prices")
    kernel.run("total_price = sum(prices)", cell_id="cell-total")
    ran = kernel.run("%spark context")
    head, *rows = ran.printed.splitlines()
    assert "tokens of context would go to 'openai':" in head
    assert rows[0] == "  the cell itself: 1 line"
    assert any("defines prices" in row for row in rows)
    assert any(row.split()[1] == "prices" and "used by the cell" in row for row in rows)
    assert paced.records == []
    none = kernel.run("%spark context --no-context").printed
    assert none.startswith("0 of ")
    assert "defines" not in none


@pytest.mark.parametrize(
    "code", ["%%spark --help", "%%spark --help\nx = 1", "%spark --help", "%spark", "%spark ask -h", "%%spark -h"]
)
def test_help_is_printed(kernel: Kernel, paced: PacedServer, code: str) -> None:
    ran = kernel.run(code)
    assert ran.status == "ok"
    name = "%%spark" if code.startswith("%%") else "%spark"
    assert ran.printed.startswith(f"  {name} [")
    for option in ("--tier", "--profile", "--below", "--dry-run", "--no-context", "--vars", "--yes"):
        assert option in ran.printed
    assert paced.records == []


@pytest.mark.parametrize("code", ["%%spark?", "%spark?"])
def test_a_question_mark_shows_the_help(kernel: Kernel, paced: PacedServer, code: str) -> None:
    (page,) = (row for row in kernel.run(code).reply["payload"] if row["source"] == "page")
    assert "--dry-run" in page["data"]["text/plain"]
    assert "::" not in page["data"]["text/plain"]
    assert paced.records == []
