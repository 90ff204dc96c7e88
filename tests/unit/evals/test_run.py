"""What is run, and how it is told: the edits, and the tasks that rest on other cells, with context and without."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import pytest

from evals import run
from evals.run import Outcome, compare_context, report
from evals.tasks import CONTEXT_DIR, load_tasks
from jupyter_spark.settings import Profile, Settings

BASE = Outcome(
    "a", "tune", "", "", format_ok=True, holds=True, repaired=False, seconds=2.0, problem="", group="context"
)


def outcome(half: str, *, passed: bool, with_context: bool) -> Outcome:
    return dataclasses.replace(BASE, half=half, first_passed=passed, final_passed=passed, with_context=with_context)


def test_the_comparison_tells_both_rates_of_each_half() -> None:
    outcomes = [
        outcome("tune", passed=True, with_context=True),
        outcome("tune", passed=False, with_context=False),
        outcome("test", passed=True, with_context=True),
        outcome("test", passed=False, with_context=True),
        outcome("test", passed=True, with_context=False),
        outcome("test", passed=False, with_context=False),
    ]
    assert [line.split() for line in compare_context(outcomes).splitlines()] == [
        ["half", "with", "context", "--no-context"],
        ["tune", "1", "of", "1", "100.0%", "0", "of", "1", "0.0%"],
        ["test", "1", "of", "2", "50.0%", "1", "of", "2", "50.0%"],
        ["all", "2", "of", "3", "66.7%", "1", "of", "3", "33.3%"],
    ]
    assert len(compare_context(outcomes[:2]).splitlines()) == 3  # no row for a half that was not run


def test_the_report_counts_each_half() -> None:
    table = report([outcome("tune", passed=True, with_context=True)], "local").splitlines()
    assert table[0] == "profile local"
    assert [line.split()[:4] for line in table[2:]] == [["tune", "1", "1", "100.0%"], ["all", "1", "1", "100.0%"]]


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ({}, [("edits", True)]),
        ({"no_context": True}, [("edits", False)]),
        ({"group": "context"}, [("context", True)]),
        ({"compare_context": True}, [("edits", True), ("context", True), ("context", False)]),
        ({"compare_context": True, "group": "context"}, [("context", True), ("context", False)]),
    ],
)
def test_what_is_run(options: dict[str, object], runs: list[tuple[str, bool]]) -> None:
    given = argparse.Namespace(**{"group": "edits", "no_context": False, "compare_context": False, **options})
    assert run._runs(given) == runs


def test_only_a_run_with_context_sends_what_the_cells_above_define(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script knows the right answer if it is sent the colours, and else gives the cell back."""
    (task,) = (task for task in load_tasks(directory=CONTEXT_DIR) if task.id == "context-colours")
    answers = [{"when": "#1b9e77", "answer": fenced(task.reference)}, {"answer": fenced(task.cell)}]
    script, written = tmp_path / "script.jsonl", tmp_path / "out.json"
    script.write_text("\n".join(json.dumps(answer) for answer in answers), "utf-8")
    profile = Profile(name="p", api="scripted", script=str(script), small=True, context_tokens=1_000)
    monkeypatch.setattr(run, "load_settings", lambda: Settings(profiles={"p": profile}, spark="p", deep="p"))
    options = ["--profile", "p", "--group", "context", "--compare-context", "--only", task.id, "--json", str(written)]
    assert run.main(options) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split() for line in told[-3:-1]] == [
        ["half", "with", "context", "--no-context"],
        ["tune", "1", "of", "1", "100.0%", "0", "of", "1", "0.0%"],
    ]
    done = json.loads(written.read_text("utf-8"))
    assert [(o["with_context"], o["final_passed"]) for o in done] == [(True, True), (False, False)]


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"
