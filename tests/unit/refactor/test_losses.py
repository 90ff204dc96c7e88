"""A definition that nobody asked to go is found, repaired, or its change refused."""

from __future__ import annotations

import asyncio

from jupyter_spark.refactor import RefactorJob, check_notebook, compose, read_plan, run_refactor
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot
from jupyter_spark.wire_refactor import CellChange
from tests.unit.turns import Replies

CELLS = ("df = [3, 1, 2]", "total = sum(df)\nprint(total)", "top = max(df)\nprint(top)", "print('old')")


def lost(edits, instruction, step="", cells=CELLS):
    before = tuple(CellSnapshot(cell_id=str(i), source=source) for i, source in enumerate(cells))
    lines = "\n".join(f"edit cell {i}: {step or instruction}" for i in edits)
    plan = read_plan(f"```\n{lines}\n```", NotebookSnapshot(cells=before), instruction)
    steps = {step.cell_id: step.step_id for step in plan.steps}
    changes = [
        CellChange(
            change_id=str(i),
            group=str(i),
            operation="edit",
            cell_id=str(i),
            step_id=steps[str(i)],
            old_source=cells[i],
            new_source=source,
        )
        for i, source in edits.items()
    ]
    found = check_notebook(before, compose(before, changes), plan, changes, only=("definitions_kept",))
    return [check.message for check in found if not check.ok]


def test_a_variable_that_no_later_cell_uses_may_not_vanish():
    assert lost({1: 'import os\nos.remove("x")'}, "double the total") == [
        "cell 1 no longer defines 'total', which was not asked for."
    ]
    words = "rename total to total_amount and print a label"
    assert lost({1: "total_amount = sum(df)\nprint('label', total_amount)"}, words) == []
    assert lost({2: "total_amount = sum(df)\nprint('label', total_amount)"}, words) == [
        "cell 2 no longer defines 'top', which was not asked for."
    ]


def test_each_of_several_definitions_of_a_name_counts():
    cells = ("df = load()", "df = df.dropna()\nprint(df)", "print(df)")
    assert len(lost({1: "print(df)"}, "add a comment", cells=cells)) == 1
    assert lost({0: "df = load().dropna()", 1: "print(df)"}, "turn it into one chain", cells=cells) == []


def test_what_is_asked_to_go_may_go_but_not_to_be_something_else():
    cells = ("a = 1\nunused = 2\nprint(a)",)
    assert lost({0: "a = 1\nprint(a)"}, "remove what is not used", cells=cells) == []
    assert lost({0: "a = 1\nprint(a)"}, "tidy up", step="delete the unused variable", cells=cells) == []
    assert len(lost({0: "a = 1\nprint(a)"}, "add a comment", cells=cells)) == 1
    assert len(lost({0: "import os\nos.remove('x')"}, "remove what is not used", cells=cells)) == 2


def test_a_value_in_another_shape_is_not_lost():
    cells = ("rate = 0.1\nsize = 3",)
    words = "put the settings into one place"
    assert lost({0: "settings = {'rate': 0.1, 'size': 3}"}, words, cells=cells) == []
    assert lost({0: "class Settings:\n    rate = 0.1\n    size = 3"}, words, cells=cells) == []
    assert lost({0: "def settings():\n    rate = 0.1\n    size = 3\n    return rate, size"}, words, cells=cells) == []
    assert lost({0: "def settings():\n    return 0.1, 3"}, "turn it into a function", cells=cells) == []
    assert len(lost({0: "def settings():\n    return 0.1"}, "turn it into a function", cells=cells)) == 1


def test_what_is_written_anew_for_the_same_use_is_no_loss():
    cells = ("with open('x') as f:\n    text = f.read()\nfor i in range(3):\n    out = i",)
    after = "text = Path('x').read_text()\nout = max(range(3))"
    assert lost({0: after}, "use pathlib", cells=cells) == []


def refactor(instruction, *replies):
    cells = tuple(CellSnapshot(cell_id=f"id{i}", source=source) for i, source in enumerate(CELLS))
    provider = Replies(*replies)
    job = RefactorJob(NotebookSnapshot(cells=cells), instruction, provider.profile)

    async def read():
        return [event async for event in run_refactor(job, provider)]

    return cells, asyncio.run(read())[-1].proposal, provider


def test_a_lost_definition_is_repaired():
    plan, wrong = "```\nedit cell 1: double the total\n```", '```python\nimport os\nos.remove("x")\n```'
    right = "total = 2 * sum(df)\nprint(total)"
    cells, proposal, provider = refactor("double the total", plan, wrong, f"```python\n{right}\n```")
    assert proposal.holds, proposal.findings
    assert compose(cells, proposal.changes)[1].source == right
    assert "It must define it still, as before: total = sum(df)" in provider.requests[-1].messages[-1].content


def test_a_lost_definition_that_is_not_repaired_is_a_finding_of_its_change():
    plan, wrong = "```\nedit cell 1: double the total\n```", '```python\nimport os\nos.remove("x")\n```'
    back = f"```python\n{CELLS[1]}\n```"  # nothing done is no repair
    _, proposal, _ = refactor("double the total", plan, wrong, back)
    assert not proposal.holds
    (check,) = [check for check in proposal.checks if not check.ok]
    assert check.name == "definitions_kept"
    assert check.groups == (proposal.changes[0].group,)


def test_where_each_cell_is_asked_the_same_one_that_would_lose_something_is_left():
    cells = tuple(CellSnapshot(cell_id=f"id{i}", source=source) for i, source in enumerate(CELLS[:3]))
    instruction = "rename total to total_amount and print a label"
    # In the order in which they are written: the longest first.
    named = "```python\ntotal_amount = sum(df)\nprint('label', total_amount)\n```"
    provider = Replies(named, named, "```python\ndf = [3, 1, 2]\nprint('label', df)\n```", *[named] * 6, small=True)
    job = RefactorJob(NotebookSnapshot(cells=cells), instruction, provider.profile, jobs=1)

    async def read():
        return [event async for event in run_refactor(job, provider)]

    events = asyncio.run(read())
    proposal = events[-1].proposal
    after = [cell.source for cell in compose(cells, proposal.changes)]
    assert after[1].startswith("total_amount = sum(df)")
    assert after[2] == CELLS[2]
    assert proposal.holds, proposal.findings
    assert any("cell 2 is left as it was" in event.message for event in events if event.type == "refactor_notice")
