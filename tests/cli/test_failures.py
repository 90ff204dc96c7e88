"""Whatever goes wrong is one line that says what and what to do, with its exit status; never a traceback."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.paced import code_answer, running_paced_server, wait_until

Fenced = Callable[[str], str]
SECRET = "sk-abcdefghijklmnop"


def endpoint(base_url: str, *, more: str = "") -> str:
    return (
        "[tiers]\nspark = 'paced'\n[profiles.paced]\napi = 'chat'\nmodels = ['paced']\n"
        f"base_url = '{base_url}'\nkey_env = ['PACED_API_KEY']\n{more}"
    )


def assert_one_line(done, status: int, *words: str) -> None:
    assert (done.status, done.out) == (status, "")
    assert len(done.err_lines) == 1, done.err
    assert done.err.startswith("error: ")
    for word in words:
        assert word in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["rewrite", "nb.ipynb", "x"], 2, ["--cell", "jupyter spark rewrite --help"]),
        (["rewrite", "nb.ipynb", "--cell", "0"], 2, ["WORDS"]),
        (["rewrite", "nb.ipynb", "--cell", "0", " "], 2, ["no words"]),
        (["ask", "nb.ipynb", ""], 2, ["no words"]),
        (["ask", "nb.ipynb", "--cel", "what"], 2, ["No such option", "after --"]),
        (["ask", "nb.ipynb", "x", "--tier", "medium"], 2, ["medium", "spark"]),
        (["nonsense"], 2, ["nonsense", "--help"]),
        (["history", "-n", "0"], 2, ["--number"]),
        (["model"], 2, ["jupyter spark model --help"]),
        (["rewrite", "nb.ipynb", "--cell", "2", "x"], 2, ["Cell 2 is a markdown cell"]),
        (["rewrite", "nb.ipynb", "--cell", "3", "x"], 2, ["Cell 3 is empty"]),
        (["rewrite", "nb.ipynb", "--cell", "9", "x"], 2, ["no cell '9'", "4 cells"]),
        (["rewrite", "nb.ipynb", "-c", "999", "x"], 2, ["no cell '999'"]),
        (["rewrite", "nb.ipynb", "-c", "-1", "x"], 2, ["no cell '-1'"]),
        (["rewrite", "nb.ipynb", "-c", "abc", "x"], 2, ["no cell 'abc'"]),
        (["explain", "nb.ipynb", "-c", "abc"], 2, ["no cell 'abc'"]),
        (["fix", "nb.ipynb", "-c", "999"], 2, ["no cell '999'"]),
        (["rewrite", "nb.ipynb", "--cell", "0", ""], 2, ["no words", "add type hints"]),
        (["rewrite", "nb.ipynb", "--cell", "In[9]", "x"], 2, ["no cell 'In[9]'"]),
        (["explain", "none.ipynb", "--cell", "0"], 1, ["no file none.ipynb"]),
        (["explain", ".", "--cell", "0"], 1, ["directory"]),
        (["ask", "config/jupyter_spark.toml", "x"], 1, ["not a notebook"]),
        (["undo", "none.ipynb"], 1, ["no file"]),
        (["ask", "nb.ipynb", "x", "--profile", "nobody"], 1, ["no profile 'nobody'", "Known profiles"]),
        (["ask", "nb.ipynb", "x", "--config", "none.toml"], 1, ["none.toml"]),
        (["ask", "nb.ipynb", "x", "--profile", "openai"], 1, ["needs a key", "OPENAI_API_KEY"]),
        (["ask", "nb.ipynb", "x", "--profile", "azure"], 1, ["AZURE_OPENAI"]),
        (["ask", "nb.ipynb", "x", "--profile", "local"], 1, ["not on this machine", "model pull 0.5b"]),
        (["model", "path", "7b"], 1, ["no built-in model '7b'"]),
        (["model", "pull", "7b"], 1, ["no built-in model '7b'"]),
        (["model", "path"], 1, ["model pull 0.5b"]),
    ],
)
def test_one_line_and_its_status(user, arguments: list[str], status: int, words: list[str]) -> None:
    user.notebook("x = 1", "y = x", {"cell_type": "markdown", "source": "# Title"}, "")
    user.answer("unused")
    assert_one_line(user.run(*arguments), status, *words)
    with_json = user.run(*arguments, "--json")
    assert with_json.status == status
    told = with_json.json["error"]
    assert set(told) == {"code", "message", "hint", "exit_status"}
    assert told["exit_status"] == status


def test_a_notebook_of_the_future_is_one_line(user) -> None:
    path = user.notebook("x = 1")
    path.write_bytes(path.read_bytes().replace(b'"nbformat": 4,', b'"nbformat": 9,'))
    assert_one_line(user.run("ask", path, "x"), 1, "nbformat 9, newer than this version reads", "Update jupyter_spark")
    path.write_bytes(path.read_bytes().replace(b'"nbformat": 9,', b'"nbformat": 3,'))
    assert_one_line(user.run("ask", path, "x"), 1, "nbformat 3; only version 4", "nbconvert")


def test_settings_that_do_not_parse_are_one_line(user) -> None:
    path = user.notebook("x = 1")
    user.settings("[tiers\n")
    for command in (["ask", path, "x"], ["status"], ["undo", path], ["history"]):
        assert_one_line(user.run(*command), 1, "jupyter_spark.toml cannot be read")
    user.settings("[profiles.mine]\napi = 'telepathy'\n")
    assert_one_line(user.run("status"), 1, "api")


def test_a_mistake_in_the_tiers_does_not_block_undo_and_history(user, fenced: Fenced) -> None:
    path = user.notebook("x = 1")
    before = path.read_bytes()
    user.answer(fenced("x = 2"))
    assert user.run("rewrite", path, "--cell", "0", "two", "--apply").status == 0
    after = path.read_bytes()
    user.settings("[tiers]\nspark = 'groqq'\n")
    assert_one_line(user.run("ask", path, "x"), 1, f"'groqq' ([tiers] spark in {user.config})", "Did you mean groq?")
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == before
    assert user.run("redo", path).status == 0
    assert path.read_bytes() == after
    assert len(user.run("history", "--json").json["turns"]) == 1


def test_a_profile_of_ones_own_is_told_what_it_lacks_the_address_first(user) -> None:
    path = user.notebook("x = 1")
    user.settings("[profiles.mine]\napi = 'chat'\n")
    ask = ["ask", path, "x", "--profile", "mine"]
    assert_one_line(user.run(*ask), 1, "Profile 'mine' has no address. Set base_url, e.g. to http://localhost:8000/v1")
    assert "✗ profile mine, address: Profile 'mine' has no address." in user.run("doctor", "--profile", "mine").out
    user.settings("[profiles.mine]\napi = 'chat'\nbase_url = 'http://127.0.0.1:1/v1'\n")
    assert_one_line(
        user.run(*ask), 1, "needs a key", 'Set key_env = ["MY_KEY"] in [profiles.mine]', "key_required = false"
    )


def test_a_key_in_two_lines_is_refused_and_nothing_is_sent(user, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    monkeypatch.setenv("PACED_API_KEY", f"{SECRET}\nmore")
    with running_paced_server(answer="yes") as server:
        user.settings(endpoint(server.base_url))
        done, doctor, status = (user.run(*words) for words in (["ask", path, "x"], ["doctor"], ["status"]))
        assert server.records == []
    assert_one_line(done, 1, "The key in PACED_API_KEY holds a line break")
    assert "✗ profile paced, key: The key in PACED_API_KEY holds a line break" in doctor.out
    assert "The key in PACED_API_KEY holds a line break" in status.out
    assert SECRET not in done.err + doctor.out + status.out


def test_nobody_listens(user, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        user.settings(endpoint(f"http://127.0.0.1:{taken.getsockname()[1]}/v1"))
        monkeypatch.setenv("PACED_API_KEY", SECRET)
        assert_one_line(user.run("ask", path, "x"), 1, "No connection", "network")
        done = user.run("doctor")
    assert done.status == 1
    assert "✗ profile paced, endpoint: No answer from" in done.out


def test_an_address_that_lacks_its_end_is_named(user, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    with running_paced_server(answer="yes") as server:
        whole = server.base_url
        short = whole.removesuffix("/v1")
        user.settings("[tiers]\nspark = 'openai'\n[profiles.openai]\nwebsocket = false\n")
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        monkeypatch.setenv("OPENAI_BASE_URL", short)
        assert_one_line(
            user.run("ask", path, "x"), 1, f"at {short} (status 404)", "OPENAI_BASE_URL", f"Did you mean {whole}?"
        )
        done = user.run("doctor", "--tier", "spark")
        assert done.status == 1
        assert f"✗ profile openai, endpoint: {short} answers, but there is no API" in done.out
        assert f"Did you mean {whole}? Mend OPENAI_BASE_URL." in done.out
        monkeypatch.setenv("OPENAI_BASE_URL", whole)
        assert f"✓ profile openai, endpoint: {whole} answers\n" in user.run("doctor", "--tier", "spark").out
        monkeypatch.delenv("OPENAI_BASE_URL")
        user.settings(endpoint(short))
        monkeypatch.setenv("PACED_API_KEY", SECRET)
        assert_one_line(user.run("ask", path, "x"), 1, "base_url of profile 'paced'")


def test_a_wrong_key_is_one_line_without_the_key(user, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    monkeypatch.setenv("PACED_API_KEY", SECRET)
    with running_paced_server(require_key="another") as server:
        user.settings(endpoint(server.base_url))
        done = user.run("ask", path, "x")
        doctor = user.run("doctor", "--json")
    assert_one_line(done, 1, "refuses the key", "PACED_API_KEY")
    assert (doctor.status, doctor.json["ok"]) == (1, False)
    everything = done.err + doctor.out + doctor.err + user.run("status").out + user.run("history", "--json").out
    assert SECRET not in everything
    assert SECRET.encode() not in b"".join(file.read_bytes() for file in (user.home / "data").rglob("*.db*"))


@pytest.mark.parametrize(
    ("fault", "word"),
    [("http_404_model", "no model"), ("http_429_quota", "quota"), ("cut_before_terminal", "ended before its end")],
)
def test_what_the_endpoint_does_is_one_line(user, monkeypatch: pytest.MonkeyPatch, fault: str, word: str) -> None:
    path = user.notebook("x = 1")
    before = path.read_bytes()
    monkeypatch.setenv("PACED_API_KEY", SECRET)
    with running_paced_server(answer=code_answer(50), fault=fault) as server:
        user.settings(endpoint(server.base_url))
        assert_one_line(user.run("rewrite", path, "--cell", "0", "longer", "--apply"), 1, word)
    assert path.read_bytes() == before
    (turn,) = user.run("history", "--json").json["turns"]
    assert turn["status"] == "failed"
    assert word in turn["error"]


def test_an_answer_without_code_is_one_line(user) -> None:
    path = user.notebook("x = 1")
    user.answer("I would rather not.")
    done = user.run("rewrite", path, "--cell", "0", "longer", "--apply")
    assert (done.status, done.out) == (1, "I would rather not.\n")
    assert "The model answered in words: I would rather not." in done.err_lines[-1]
    done = user.run("rewrite", path, "--cell", "0", "longer", "--json")
    assert (done.status, done.json["text"], done.json["error"]["code"]) == (1, "I would rather not.", "no_code")


def test_a_bug_is_one_line_unless_one_looks_for_it(user, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    user.answer("unused")

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("jupyter_spark.cli.edit.open_provider", fail)
    assert_one_line(user.run("ask", path, "x"), 1, "ZeroDivisionError: of ours", "report it", "JUPYTER_SPARK_DEBUG=1")
    monkeypatch.setenv("JUPYTER_SPARK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        user.run("ask", path, "x")


def test_ctrl_c_closes_upstream_and_writes_nothing(user, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    before = path.read_bytes()
    monkeypatch.setenv("PACED_API_KEY", SECRET)
    with running_paced_server(answer=code_answer(3000), rate_tok_s=100) as server:
        user.settings(endpoint(server.base_url))
        process = user.start("rewrite", path, "--cell", "0", "longer", "--apply")
        wait_until(lambda: server.records and server.records[0].sent_tokens > 20, timeout_s=60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        (record,) = server.records
        wait_until(lambda: record.closed_at_s is not None)
        assert not record.finished
    assert (process.returncode, out, err) == (130, "", "error: Stopped. Nothing was written.\n")
    assert path.read_bytes() == before
    (turn,) = user.run("history", "--json").json["turns"]
    assert turn["status"] == "cancelled"
    assert turn["text"]


def test_ctrl_c_in_json_is_an_object_too(user, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user.notebook("x = 1")
    with running_paced_server(fault="first_token_never") as server:
        user.settings(endpoint(server.base_url, more="key_required = false\n"))
        process = user.start("ask", path, "x", "--json")
        wait_until(lambda: server.records, timeout_s=60)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "stopped"


def test_a_reader_that_leaves_is_no_error(user) -> None:
    path = user.notebook("x = 1")
    user.answer("word " * 100_000)
    process = user.start("ask", path, "x")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        err = process.stderr.read()
    assert process.wait(timeout=60) == 1
    assert err == ""


def test_help_is_instant_it_imports_nothing_heavy(user) -> None:
    heavy = ["openai", "IPython", "pydantic", "rich.console", "httpx2", "keyring", "nbformat", "asyncio"]
    code = (
        "import sys; from jupyter_spark.cli import run; status = run(['--help']);"
        f"print([name for name in {heavy} if name in sys.modules], status)"
    )
    import subprocess
    import sys

    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 0"
    for command in ("ask", "explain", "rewrite", "fix", "undo", "redo", "status", "doctor", "model", "history"):
        assert f"  {command} " in done.stdout
