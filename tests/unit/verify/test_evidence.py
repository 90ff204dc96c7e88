"""What fails before and after a change tells nothing of it, and that is said."""

from __future__ import annotations

import pytest

from jupyter_spark.verify import VerificationReport
from jupyter_spark.verify._evidence import Evidence, evidence_of
from jupyter_spark.wire_verify import CellVerification, Verdict

WHY = "ModuleNotFoundError: No module named 'torch'"
CELLS = ("import torch", "def double(x):\n    return 2 * x", "double(torch.ones(3))", "print('hello')")


def told(
    verdicts: str, edits: dict[int, str], speaking: str = "", cells: tuple[str, ...] = CELLS
) -> tuple[Evidence, VerificationReport]:
    """What is told of verdicts, by letters: same, fails still, not run, differs; ``speaking`` put out something."""
    words: dict[str, Verdict] = {"s": "same", "f": "still_fails", "n": "not_run", "d": "differs", "v": "varies"}
    before = {f"c{number}": source for number, source in enumerate(cells)}
    after = before | {f"c{number}": source for number, source in edits.items()}
    found = [
        CellVerification(
            verdict=words[letter],
            before_ids=(f"c{number}",),
            after_ids=(f"c{number}",),
            before_index=number,
            after_index=number,
            why=WHY
            if letter == "f"
            else "before and after the change: it took longer than 2 s"
            if letter == "n"
            else "",
        )
        for number, letter in enumerate(verdicts)
    ]
    evidence = evidence_of(found, before, after, {f"c{number}" for number in speaking})
    return evidence, VerificationReport(cells=tuple(found), unverified=evidence.unverified)


@pytest.mark.parametrize(
    ("verdicts", "edits", "speaking"),
    [
        ("ffff", {}, ""),
        ("ffff", {3: "print('bye')"}, ""),
        ("fsfs", {2: "double(torch.zeros(3))"}, "3"),
        # it runs, and says nothing; the only cell that uses it fails
        ("fsfs", {1: "def double(x):\n    return x + x"}, "3"),
        ("fsfs", {0: "import torch as torch", 1: "def double(y):\n    return 2 * y"}, "3"),
    ],
)
def test_nothing_could_be_verified(verdicts: str, edits: dict[int, str], speaking: str) -> None:
    evidence, report = told(verdicts, edits, speaking)
    assert evidence.unverified == f"Nothing could be verified: cell 0 fails before and after the change ({WHY})."
    assert not report.holds


@pytest.mark.parametrize(
    ("verdicts", "edits", "speaking"),
    [
        ("ssss", {}, "23"),
        ("fsfs", {}, "3"),  # nothing was changed, and a cell ran
        ("fsfs", {3: "print('hel' + 'lo')"}, "3"),
        ("ssss", {1: "def double(x):\n    return x + x"}, "23"),
        ("ssvs", {2: "double(1)"}, "23"),
        ("sssf", {1: "def double(x):\n    return x + x"}, "2"),
    ],
)
def test_something_was_verified(verdicts: str, edits: dict[int, str], speaking: str) -> None:
    evidence, report = told(verdicts, edits, speaking)
    assert evidence == Evidence()
    assert report.holds


def test_a_difference_is_the_finding_whatever_else_fails() -> None:
    evidence, report = told("fdff", {1: "def double(x):\n    print(x)"}, "1")
    assert evidence == Evidence()
    assert not report.holds


def test_a_run_that_did_not_end_is_told_as_that() -> None:
    evidence, _ = told("nn", {1: "2"}, cells=("while True: pass", "1"))
    expected = "cell 0 was not run to its end before and after the change: it took longer than 2 s"
    assert evidence.unverified == f"Nothing could be verified: {expected}."


def test_changed_cells_of_which_nothing_is_known_are_counted() -> None:
    evidence, report = told("fsfs", {2: "double(torch.zeros(3))", 3: "print('hel' + 'lo')"}, "3")
    assert evidence.unverified == ""
    assert evidence.notes == (
        "1 of 2 changed cells could not be verified (cell 2): "
        "they, or all that use them, fail before and after the change.",
    )
    assert report.holds


def test_a_notebook_that_says_nothing_is_told_so() -> None:
    evidence, report = told("ss", {0: "x = 2 - 1"}, cells=("x = 1", "y = x"))
    assert evidence == Evidence(notes=("No cell puts anything out: only that each of them runs was compared.",))
    assert report.holds
    assert told("", {}, cells=())[0] == Evidence()
