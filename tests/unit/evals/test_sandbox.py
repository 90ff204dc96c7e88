"""The sandbox: what a check sees, how failures are told, and that an answer can do no harm by accident."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from evals.sandbox import CheckOutcome, run_check, run_checks
from evals.tasks import Task

PLAIN = Task(
    id="plain",
    half="tune",
    kind="rewrite",
    category="any",
    difficulty="easy",
    source="original",
    instruction="any",
    cell="x = 1",
    check="assert True",
    reference="x = 1",
)


def check_with(check: str, source: str = "x = 1", setup: str = "", timeout_s: float = 20.0) -> CheckOutcome:
    return run_check(dataclasses.replace(PLAIN, check=check, setup=setup), source, timeout_s=timeout_s)


def test_check_sees_the_cell() -> None:
    check = """
assert SOURCE == 'print(y)\\ny + 1' and OUTPUT == '5\\n' and RESULT == 6 and NAMES == {'print', 'y'}
assert isinstance(TREE, ast.Module)
assert printed(print, 'a', end='') == 'a' and raises(KeyError, {}.pop, 1) and not raises(KeyError, dict)
"""
    assert check_with(check, "print(y)\ny + 1", setup="y = 5") == CheckOutcome(True, "")


def test_ipython_syntax_runs() -> None:
    assert check_with("assert n == 6 and '%time' in SOURCE", "%time n = sum(range(4))").passed
    assert check_with("assert n == 6", "%%time\nn = sum(range(4))").passed


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("1 / 0", "cell: ZeroDivisionError: division by zero"),
        ("def f(:", "cell: SyntaxError"),
        ("import sys; sys.exit(0)", "cell: SystemExit: 0"),
        ("import os; os._exit(0)", "ended the process (status 0)"),
        ("raise KeyboardInterrupt", "cell: KeyboardInterrupt"),
        ("input()", "cell: EOFError"),
    ],
)
def test_failures_are_told(source: str, detail: str) -> None:
    outcome = check_with("assert True", source)
    assert not outcome.passed
    assert outcome.detail.startswith(detail)


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not hold this limit")
def test_memory_is_limited() -> None:
    assert check_with("assert True", "x = 'a' * 2**33").detail == "cell: MemoryError"


def test_failed_assertion_is_shown() -> None:
    outcome = check_with("y = x\nassert y == 2, 'not two'")
    assert outcome.detail == "check: AssertionError: not two (line 2: assert y == 2, 'not two')"


def test_endless_cell_is_ended() -> None:
    assert check_with("assert True", "while True: pass", timeout_s=0.5) == CheckOutcome(False, "took longer than 0.5 s")


def test_one_answer_does_not_reach_the_next() -> None:
    leave = dataclasses.replace(PLAIN, check="import math; math.left = 1; open('left.txt', 'w').close(); left = 1")
    look = dataclasses.replace(
        PLAIN,
        check="import math, os; assert not hasattr(math, 'left') and not os.listdir() and 'left' not in globals()",
    )
    assert [outcome.detail for outcome in run_checks([(leave, "x = 1"), (look, "x = 1")])] == ["", ""]
    assert run_checks([]) == []


@pytest.mark.parametrize(
    "source",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess, sys; subprocess.run([sys.executable, '-V'])",
        "import os; os.system('true')",
        "!true",
    ],
)
def test_network_and_programs_are_refused(source: str) -> None:
    assert "refused in a check" in check_with("assert True", source).detail


def test_writing_elsewhere_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    for source in (
        f"open({str(kept)!r}, 'w')",
        f"import os; os.remove({str(kept)!r})",
        f"import os; os.mkdir({str(tmp_path / 'new')!r})",
    ):
        assert "refused in a check" in check_with("assert True", source).detail
    assert kept.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [kept]
    assert check_with(f"assert open({str(kept)!r}).read() == 'mine'").passed


def test_the_users_environment_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k-1234")
    assert check_with(
        "import os; assert 'OPENAI_API_KEY' not in os.environ and os.environ['HOME'] == os.getcwd()"
    ).passed
