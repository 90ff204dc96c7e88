"""Every task is fair and strict: its reference passes, its old cell fails, and nothing leaves the sandbox."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from evals.run import request_for
from evals.sandbox import CheckOutcome, run_check, run_checks, take_variables
from evals.tasks import CONTEXT_DIR, TASKS_DIR, Task, load_tasks
from jupyter_spark.checks import EditUnderCheck, check_edit
from jupyter_spark.edits import ParsedAnswer
from jupyter_spark.errors import ConfigError, SparkError
from jupyter_spark.settings import Profile

TASKS = load_tasks()
CONTEXT = load_tasks(directory=CONTEXT_DIR)
BY_ID = {task.id: task for task in (*TASKS, *CONTEXT)}
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SOURCES_README = TASKS_DIR.with_name("sources") / "README.md"
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


# --- the set ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcomes() -> dict[tuple[str, str], CheckOutcome]:
    """What happens to each task's reference and to its old cell, run in one process for speed."""
    tasks = BY_ID.values()
    answers = [(task, text) for task in tasks for text in (task.reference, task.cell)]
    names = [(task.id, which) for task in tasks for which in ("reference", "old cell")]
    return dict(zip(names, run_checks(answers), strict=True))


@pytest.mark.parametrize("task_id", BY_ID)
def test_reference_passes(task_id: str, outcomes: dict[tuple[str, str], CheckOutcome]) -> None:
    assert outcomes[task_id, "reference"] == CheckOutcome(True, "")


@pytest.mark.parametrize("task_id", BY_ID)
def test_old_cell_fails(task_id: str, outcomes: dict[tuple[str, str], CheckOutcome]) -> None:
    outcome = outcomes[task_id, "old cell"]
    assert not outcome.passed
    # The edit is what is missing: the surroundings work, and the cell itself breaks only where that is the point.
    assert outcome.detail.startswith(("check: ", "cell: ") if task_id in BROKEN_CELLS else "check: ")


@pytest.mark.parametrize("task_id", BY_ID)
def test_every_check_holds_for_what_is_right(task_id: str) -> None:
    """A finding in a right answer would be a false alarm."""
    task = BY_ID[task_id]
    told = take_variables([task])[0] if task.context else ()
    context = request_for(task, Profile(name="p", models=("m",)), variables=told).context
    for code in (task.reference, *([ALSO_RIGHT[task_id]] if task_id in ALSO_RIGHT else [])):
        edit = EditUnderCheck(
            answer=ParsedAnswer(code, "", closed=True, blocks=1),
            old_source=task.cell,
            kind=task.kind,
            instruction=task.instruction,
            known_names=context.known_names,
            names_are_complete=context.names_are_complete,
        )
        assert [result.message for result in check_edit(edit) if not result.ok] == []


BROKEN_CELLS = {
    "context-wrong-argument",
    "context-wrong-column",
    "original-missing-import",
    "original-wrong-column",
    "original-add-text",
    "original-syntax-error",
    "pandas-skip-missing",
}


def test_set_is_large_real_and_even() -> None:
    assert len(TASKS) >= 44
    assert sum(task.source != "original" for task in TASKS) >= 30
    assert len(load_tasks("tune")) == len(load_tasks("test")) == len(TASKS) / 2
    for difficulty in ("easy", "medium", "hard"):
        halves = Counter(task.half for task in TASKS if task.difficulty == difficulty)
        assert abs(halves["tune"] - halves["test"]) <= 2


def test_set_is_varied() -> None:
    category, count = Counter(task.category for task in TASKS).most_common(1)[0]
    assert count <= 5, category
    assert len({task.instruction for task in TASKS}) > 50


def test_cells_are_as_they_were_cut() -> None:
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (\d+) \| `(\w+)` \|$", SOURCES_README.read_text("utf-8"), re.MULTILINE)
    listed = {task_id: (f"{notebook}#{cell}", digest) for task_id, notebook, cell, digest in rows}
    cut = {
        task.id: (task.source, hashlib.sha256(task.cell.encode()).hexdigest()[:16])
        for task in TASKS
        if task.source != "original"
    }
    assert listed == cut


# --- tasks that rest on other cells --------------------------------------------------------------------


def test_the_context_group_is_its_own() -> None:
    assert len(CONTEXT) >= 20
    assert not any(task.context for task in TASKS)
    assert all(task.context for task in CONTEXT)
    assert not {task.id for task in TASKS} & {task.id for task in CONTEXT}
    assert sum(task.source != "original" for task in CONTEXT) >= 2 * len(CONTEXT) / 3
    assert sum(task.half == "tune" for task in CONTEXT) == len(CONTEXT) / 2
    for difficulty in ("easy", "medium", "hard"):
        halves = Counter(task.half for task in CONTEXT if task.difficulty == difficulty)
        assert min(halves.values()) >= 3
        assert abs(halves["tune"] - halves["test"]) <= 1


def test_cells_of_the_context_group_are_whole_cells_of_their_notebooks() -> None:
    row = re.compile(r"^\| (\S+) \| (\S+) \| (\d+) \| `(\w+)` \| ([\d, ]+) \|$", re.MULTILINE)
    found = row.findall(SOURCES_README.read_text("utf-8"))
    assert {row[0] for row in found} == {task.id for task in CONTEXT if task.source != "original"}
    for task_id, name, place, digest, above in found:
        task = BY_ID[task_id]
        notebook = json.loads((NOTEBOOKS / name).read_text("utf-8"))
        sources = ["".join(cell["source"]) for cell in notebook["cells"]]
        assert task.source == f"{name}#{place}"
        assert task.context == tuple(sources[int(number)] for number in above.split(", "))
        assert hashlib.sha256(sources[int(place)].encode()).hexdigest()[:16] == digest
        if task.kind != "generate":
            assert task.cell == sources[int(place)]


# Here the names are known, and what they are is not: what a function returns, and takes.
KNOWN_BY_NAME = {"context-only-letters", "context-search"}


@pytest.mark.parametrize("task", CONTEXT, ids=lambda task: task.id)
def test_what_an_instruction_rests_on_is_not_in_the_task_itself(task: Task) -> None:
    """Something that the right answer needs stands neither in the instruction nor in the cell, but in the context."""
    names = re.compile(r"[^\W\d]\w*|#\w+")
    needed = set(names.findall(task.reference)) - set(names.findall(f"{task.instruction}\n{task.cell}"))
    above = set(names.findall("\n".join(task.context)))
    assert needed & above or task.id in KNOWN_BY_NAME


@pytest.mark.parametrize("with_context", [True, False])
def test_a_task_asks_as_a_kernel_would(with_context: bool) -> None:
    task = BY_ID["context-colours"]
    told = take_variables([task])[0]
    assert [variable.name for variable in told] == ["visits_by_region", "REGION_COLOURS", "lines"]  # the cell's first
    small = Profile(name="p", models=("m",), small=True, context_tokens=1_000)
    for profile in (small, Profile(name="p", models=("m",))):
        request = request_for(task, profile, variables=told, with_context=with_context)
        assert ("#1b9e77" in "".join(piece.text for piece in request.context.pieces)) == with_context
        assert "REGION_COLOURS" in request.context.known_names


def test_cells_that_do_not_run_have_no_variables() -> None:
    with pytest.raises(SparkError, match="The cells before 'plain' do not run: setup: NameError"):
        take_variables([dataclasses.replace(PLAIN, context=("y",))])


def test_a_future_import_holds_for_the_cells_below() -> None:
    task = dataclasses.replace(
        PLAIN, context=("from __future__ import annotations", "def f(a: nowhere): pass"), check="assert g and f"
    )
    assert run_check(task, "def g(a: nowhere): pass") == CheckOutcome(True, "")
    assert not run_check(dataclasses.replace(task, context=("f = 1",)), "def g(a: nowhere): pass").passed or (
        sys.version_info >= (3, 14)
    )


def test_errors_are_summarised() -> None:
    assert BY_ID["original-missing-import"].error_summary == ("NameError", "name 'Path' is not defined")
    assert BY_ID["advent-syntax-warning"].error_summary[0] == "SyntaxWarning"
    assert BY_ID["original-with"].error_summary == ("", "")
    assert all(all(task.error_summary) for task in TASKS if task.kind == "fix")


# --- other answers ------------------------------------------------------------------------------------


def replaced(task_id: str, *pairs: tuple[str, str]) -> str:
    source = BY_ID[task_id].cell
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return source


ALSO_RIGHT = {
    "advent-unknown-opcode": replaced(
        "advent-unknown-opcode",
        ("        if opcode == 'jmp'", "        elif opcode == 'jmp'"),
        (
            "pc = pc - 1 + arg",
            "pc = pc - 1 + arg\n        elif opcode != 'nop':\n            raise ValueError(opcode)",
        ),
    ),
    "advent-none-if-full": replaced("advent-none-if-full", ("    [missing] =", "    missing ="), ("return missing", ""))
    + "\n    return next(iter(missing), None)",
    "lispy-comments": "import re\n" + replaced("lispy-comments", ("return chars", "return re.sub(r';.*', '', chars)")),
    "prob-prime-square-root": "@ImplicitSet\ndef is_prime(n):\n    if n < 2:\n        return False\n    i = 2\n"
    "    while i * i <= n:\n        if n % i == 0:\n            return False\n        i += 1\n    return True",
    "autodiff-tuple": replaced("autodiff-tuple", ("vars_list[:]", "[*vars_list]")),
    "housing-no-inplace": replaced(
        "housing-no-inplace",
        ('["total_bedrooms"].fillna(median, inplace=True)', " = housing_option3.fillna(median)"),
    ),
    "original-vectorise": "mse = np.mean((predicted - actual) ** 2)\nmse",
    "original-read-all": "import glob\ndf = pd.concat(map(pd.read_csv, glob.glob('data/*.csv')))\ndf.head()",
    "original-add-text": "best = max(scores, key=scores.get)\nprint(f'Best: {best} with {scores[best]} points')",
    "original-word-counts": "import collections as c\ndef word_counts(s):\n    return c.Counter(s.lower().split())",
    "pandas-current-year": replaced("pandas-current-year", ("2018", "pd.Timestamp.now().year")),
    "sim-expected-value": replaced(
        "sim-expected-value",
        ("def E(", "def expected_value("),
        ("\nE(P6)", "\nexpected_value(P6)"),
    ),
}
NOT_RIGHT = {
    "advent-spelling": replaced("advent-spelling", ("def manhatten", "def manhattan")),
    "advent-docstring": replaced(
        "advent-docstring", ("def day2_1(policies): return", "def day2_1(policies):\n    # Count.\n    return")
    ),
    "crypt-separator": replaced("crypt-separator", ("'—'*90", "'='*40"), ("%time ", "")),
    "lispy-loop": replaced("lispy-loop", ("return env", "while False: pass\n    return env")),
    "original-comprehension": "temperatures_f = list(map(lambda t: t * 9 / 5 + 32, temperatures_c))",
    "original-revenue": replaced("original-revenue", ("total = 0", "revenue = total = 0")),
    "original-totals": "totals = orders.groupby('customer')['amount'].sum()",
    "pandas-current-year": replaced("pandas-current-year", ("2018", "2030")),
    "pandas-csv-index": 'my_df.to_csv("my_df.csv", index=False)',
    "prob-f-string": replaced("prob-f-string", ("name + str(i)", "'{}{}'.format(name, i)")),
    "sim-verbose": replaced("sim-verbose", ("d=6)", "d=6, verbose=False)"), ("d = roll(d)", "print(d); d = roll(d)")),
}


@pytest.mark.parametrize("task_id", ALSO_RIGHT)
def test_other_right_answers_pass(task_id: str) -> None:
    assert run_check(BY_ID[task_id], ALSO_RIGHT[task_id]) == CheckOutcome(True, "")


@pytest.mark.parametrize("task_id", NOT_RIGHT)
def test_half_done_answers_fail(task_id: str) -> None:
    assert run_check(BY_ID[task_id], NOT_RIGHT[task_id]).detail.startswith("check: ")


# --- loading ------------------------------------------------------------------------------------------

GOOD = {
    **{field.name: getattr(PLAIN, field.name) for field in dataclasses.fields(PLAIN)},
    "context": [],
    "cell": "x = 1\n",
}


def write_tasks(folder: Path, *tables: dict[str, object]) -> Path:
    lines = []
    for table in tables:
        lines += ["[[task]]", *(f"{name} = {json.dumps(value)}" for name, value in table.items())]
    (folder / "some.toml").write_text("\n".join(lines), "utf-8")
    return folder


def test_loading_drops_the_last_line_feed(tmp_path: Path) -> None:
    assert load_tasks(directory=write_tasks(tmp_path, GOOD)) == [PLAIN]
    assert load_tasks("test", directory=tmp_path) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"half": "both"}, "half is none of tune, test"),
        ({"kind": "explain"}, "kind is none of"),
        ({"source": "a.ipynb"}, "source is neither"),
        ({"cell": ""}, "a cell is empty"),
        ({"kind": "fix"}, "an error is given"),
        ({"error": "NameError: x"}, "an error is given"),
        ({"check": ""}, "instruction, check or reference is empty"),
        ({"hint": "no"}, "'hint' is not a field"),
        ({"cell": "x\n" * 46}, "more than 45 lines"),
        ({"cell": 3}, "'cell' is not a string"),
        ({"context": "x = 1"}, "'context' is not a list of cells"),
        ({"context": ["x = 1", 2]}, "'context' is not a list of cells"),
    ],
)
def test_a_wrong_task_is_one_clear_line(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_tasks(directory=write_tasks(tmp_path, {**GOOD, **change}))


def test_other_wrong_input_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no half 'third'"):
        load_tasks("third")
    with pytest.raises(ConfigError, match="More than one task is called 'plain'"):
        load_tasks(directory=write_tasks(tmp_path, GOOD, GOOD))
    with pytest.raises(ConfigError, match="there is no 'check'"):
        load_tasks(directory=write_tasks(tmp_path, {name: value for name, value in GOOD.items() if name != "check"}))
    (tmp_path / "some.toml").write_text("[[task")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_tasks(directory=tmp_path)
