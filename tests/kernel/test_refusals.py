"""What goes wrong is told in one clear line with what to do, and it stops Run All."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.conftest import KEY
from tests.kernel.driver import Kernel, Ran
from tests.paced import Fault, PacedServer
from tests.paced.faults import FaultName

Fenced = Callable[[str], str]


def told(ran: Ran) -> tuple[str, str]:
    """What was wrong and what to do, having looked that nothing else was said and nothing done."""
    assert (ran.status, ran.payload, ran.warned, ran.printed) == ("error", [], "", "")
    error = ran.error
    assert error["ename"] in ("SparkError", "ConfigError", "UsageError")
    what, do = error["traceback"]
    assert what.startswith("Spark: ")
    assert do.startswith("  → ")
    assert "\n" not in what + do
    assert error["evalue"] == f"{what.removeprefix('Spark: ')} {do.removeprefix('  → ')}"
    assert KEY not in ran.shown + ran.html + error["evalue"]
    return what.removeprefix("Spark: "), do.removeprefix("  → ")


def reload_with(kernel: Kernel, **env: str | None) -> None:
    """Load the extension anew with other variables of the environment; None takes one away."""
    lines = ["import os", "%unload_ext jupyter_spark"]
    lines += [
        f"os.environ.pop({name!r}, None)" if value is None else f"os.environ[{name!r}] = {value!r}"
        for name, value in env.items()
    ]
    ran = kernel.run("\n".join([*lines, "%load_ext jupyter_spark"]))
    assert (ran.status, ran.warned) == ("ok", "")


@pytest.fixture
def restored(kernel: Kernel, paced: PacedServer) -> Kernel:
    """The kernel with the environment that it began with."""
    reload_with(kernel, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=paced.base_url, JUPYTER_SPARK_PROFILE=None)
    return kernel


def test_no_key(restored: Kernel, paced: PacedServer) -> None:
    what, do = told(restored.run("%%spark --profile groq add\nx = 1"))
    assert what == "Profile 'groq' needs a key."
    assert do == "Set GROQ_API_KEY in the environment, or: keyring set jupyter_spark GROQ_API_KEY"
    assert paced.records == []


def test_a_wrong_key_is_not_shown(restored: Kernel, paced: PacedServer) -> None:
    paced.require_key = "sk-another-one-entirely"
    what, do = told(restored.run("%%spark add\nx = 1"))
    assert what == "OpenAI, fast refuses the key: Incorrect API key provided: ***."
    assert do == "Check OPENAI_API_KEY."


def test_an_unknown_profile(restored: Kernel, paced: PacedServer) -> None:
    for code in ("%spark ask hello --profile opneai", "%spark use opneai"):
        what, do = told(restored.run(code))
        assert what == "There is no profile 'opneai'."
        assert do.startswith("Did you mean openai? Known profiles: ")
    reload_with(restored, JUPYTER_SPARK_PROFILE="opneai")
    assert told(restored.run("%spark ask hello"))[0] == "There is no profile 'opneai' (JUPYTER_SPARK_PROFILE)."
    assert paced.records == []


def test_an_unknown_model(restored: Kernel, paced: PacedServer) -> None:
    paced.fault = Fault("http_404_model")
    what, do = told(restored.run("%spark ask hello"))
    assert "has no model for this key under that name" in what
    assert do == "Choose another model in jupyter_spark.toml."


def test_a_model_that_the_key_may_not_use_is_replaced_by_its_successor(restored: Kernel, paced: PacedServer) -> None:
    reload_with(restored)
    paced.fault = Fault("http_404_model", model="gpt-5.3-codex-spark")
    ran = restored.run("%spark ask hello")
    assert ran.status == "ok"
    assert "'gpt-5.3-codex-spark' is not to be had with this key: gpt-5.6-luna answers." in ran.shown
    paced.records.clear()
    restored.run("%spark ask hello")
    assert [record.body["model"] for record in paced.records if record.body] == ["gpt-5.6-luna"]


def test_a_refused_connection(restored: Kernel) -> None:
    with socket.socket() as taken:  # bound but not listening: nobody else can answer there
        taken.bind(("127.0.0.1", 0))
        reload_with(restored, OPENAI_BASE_URL=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        what, do = told(restored.run("%%spark add\nx = 1"))
        assert what == f"No connection to 'openai' at 127.0.0.1:{taken.getsockname()[1]}: refused."
    assert do == "Check the network and the profile's address (jupyter spark doctor)."


def test_no_key_at_all_and_no_model_file(restored: Kernel) -> None:
    reload_with(restored, OPENAI_API_KEY=None)
    what, do = told(restored.run("%%spark add\nx = 1"))
    assert "model" in what
    assert "jupyter spark model pull" in do
    assert told(restored.run("%spark ask hello --profile local-large")) != (what, do)


def test_settings_that_cannot_be_read(restored: Kernel, home: Path) -> None:
    file = home / "config" / "jupyter_spark.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("[tiers\n", "utf-8")
    try:
        reload_with(restored)
        what, do = told(restored.run("%spark ask hello"))
        assert str(file) in what
        assert do == "Mend the file, or move it away."
    finally:
        file.unlink()
    assert restored.run("%spark ask hello").status == "ok"  # as soon as it is mended


def test_a_mistake_in_the_tiers_does_not_block_undo(
    restored: Kernel, home: Path, paced: PacedServer, fenced: Fenced
) -> None:
    paced.answer, paced.fault = fenced("x = 2"), None
    assert restored.run("%%spark two\nx = 1").status == "ok"
    file = home / "config" / "jupyter_spark.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text('[tiers]\ndeep = "groqq"\n', "utf-8")
    try:
        reload_with(restored)
        what, do = told(restored.run("%spark ask hello"))
        assert what == f"There is no profile 'groqq' ([tiers] deep in {file})."
        assert do.startswith("Did you mean groq?")
        undone = restored.run("%spark undo")
        assert undone.status == "ok"
        assert undone.payload == [("x = 1", True)]
    finally:
        file.unlink()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("http_403", "refuses the key"),
        ("http_429_quota", "takes no more requests now"),
        ("http_500", "failed (status 500)"),
        ("cut_mid_token", "the connection was cut in mid-answer"),
        ("cut_before_terminal", "closed the connection in mid-answer"),
        ("error_event", "OpenAI, fast"),
        ("failed_event", "OpenAI, fast"),
        ("filtered", "withheld its answer"),
    ],
)
def test_what_the_endpoint_does(
    restored: Kernel, paced: PacedServer, fenced: Fenced, fault: FaultName, said: str
) -> None:
    paced.answer, paced.fault = fenced("x = 2\n" * 20), Fault(fault)
    ran = restored.run("%%spark change it\nx = 1")
    assert said in told(ran)[0]
    assert "failed; nothing was applied" in ran.shown
    paced.fault = None
    assert len(restored.run("%%spark change it\nx = 1").payload) == 1  # the next turn is clean


@pytest.mark.parametrize("code", ["%spark ask why", "%spark explain", "%%spark change it\nx = 1"])
def test_an_answer_of_nothing_is_no_success(kernel: Kernel, paced: PacedServer, code: str) -> None:
    kernel.run("x = 1")
    paced.answer = ""
    assert told(kernel.run(code)) == ("The endpoint answered nothing.", "Try again.")


@pytest.mark.parametrize("widgets", ["on", "off"])
def test_a_question_of_the_models_is_shown_whole(kernel: Kernel, paced: PacedServer, widgets: str) -> None:
    kernel.run(f"%config SparkMagics.widgets = {widgets!r}")
    question = "There are two columns with such a name.\nWhich one do you mean?"
    paced.answer = question
    ran = kernel.run("%%spark drop the column\ndf = 1")
    kernel.run("%config SparkMagics.widgets = 'auto'")
    assert told(ran) == (
        f"The model answered in words: {question.replace(chr(10), ' ')}",
        "Answer it: ask again with more words.",
    )
    assert ran.shown.startswith(question)
    assert question in ran.html
    assert len(paced.records) == 1


@pytest.mark.parametrize(
    ("code", "what", "do"),
    [
        ("%spark shout hello", "%spark does not know 'shout'.", "Say one of: ask, explain, fix,"),
        (
            "%spark make it faster",
            "%spark does not know 'make'.",
            "Say one of: ask, explain, fix, refactor, undo, redo, retry, alternatives, pick, status, use, context. "
            "To have code rewritten: %%spark make it faster above the code.",
        ),
        *[
            (f"%%spark {words}{below}", f"Did you mean '%spark {words}'?", "A command has one %: %%spark is about")
            for words in ("undo", "redo", "retry", "status", "context", "fix", "pick 2", "alternatives", "explain this")
            for below in ("", "\n\n")
        ],
        ("%%spark ask what is it?", "Did you mean '%spark ask what is it?'?", "A command has one %"),
        ("%spark undo 3", "%spark undo takes no words, and '3' means nothing there.", "Say %spark undo"),
        ("%spark redo 3", "%spark redo takes no words, and '3' means nothing there.", "Say %spark redo"),
        (
            "%spark status of it all",
            "%spark status takes no words, and 'of it all' means nothing there.",
            "Say %spark status",
        ),
        ("%spark ask --vars pandsa hi", "--vars: there is no variable 'pandsa'.", "Give names of variables"),
        (
            "%%spark --vars Inn,no_such add\nx = 1",
            "--vars: there is no variable 'Inn' nor 'no_such'.",
            "Did you mean In?",
        ),
        ("%spark context --vars no_such", "--vars: there is no variable 'no_such'.", "Give names of variables"),
        ("%%spark", "There are no words to go by.", "Say what you want"),
        ("%spark ask", "There are no words to go by.", "Say what you want to know, e.g. %spark ask what is df?"),
        ("%spark explain 9999", "There is no cell '9999' that ran.", "Give the N of its In [N]."),
        ("%spark fix nine", "There is no cell 'nine' that ran.", "Run the cell first"),
        ("%spark use", "Which profile?", "Say %spark use NAME; known: "),
        ("%%spark --explain\n\n", "There is no code to work on.", "Give a cell that has some."),
    ],
)
def test_words_that_cannot_be_taken(kernel: Kernel, paced: PacedServer, code: str, what: str, do: str) -> None:
    said, hint = told(kernel.run(code))
    assert said == what
    assert hint.startswith(do)
    assert paced.records == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "%%spark --belwo add\nx = 1",
            "UsageError: unrecognized arguments: --belwo. Words that begin with -- go after a -- of their own. "
            "See %%spark --help\n",
        ),
        ("%spark ask --tier quick hi", "UsageError: argument --tier: invalid choice: 'quick'"),
        ("%spark ask hi --profile", "UsageError: argument --profile: expected one argument. See %spark --help\n"),
    ],
)
def test_options_that_do_not_exist(kernel: Kernel, paced: PacedServer, code: str, said: str) -> None:
    ran = kernel.run(code)
    assert ran.status == "error"
    assert ran.warned.startswith(said)
    assert ran.warned.count("\n") == 1
    assert paced.records == []


def test_nothing_to_take_back_or_to_ask_again(new_kernel: Callable[[], Kernel]) -> None:
    kernel = new_kernel()
    kernel.run("%load_ext jupyter_spark")
    for command, said in {
        "undo": "There is nothing to take back in this notebook.",
        "redo": "There is nothing to do again in this notebook.",
        "retry": "Nothing has been asked yet.",
        "fix": "No cell has failed.",
        "explain": "There is no cell 'last' that ran.",
    }.items():
        assert told(kernel.run(f"%spark {command}"))[0] == said


@pytest.mark.parametrize("cell", ["%%spark change it\nx = 1", "%spark ask hello", "%spark ask hello --profile groq"])
def test_an_error_stops_run_all(kernel: Kernel, paced: PacedServer, cell: str) -> None:
    paced.fault = Fault("http_500")
    kernel.run("ran_after = False")
    sent = [kernel.send(code) for code in (cell, "ran_after = True", "ran_after = True")]
    assert [kernel.finish(one).status for one in sent] == ["error", "aborted", "aborted"]
    assert kernel.run("print(ran_after)").printed == "False\n"
