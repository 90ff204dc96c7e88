"""On real notebooks: one cell's source changes and nothing else; undo gives the file back byte for byte."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.edits import fence_for

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
NOTE = "# noted: \"é\" 'ü' \\d {name} 🎲"


def read_cells(data: bytes) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(data)["cells"]
    return cells


def source_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def choose(cells: list[dict[str, Any]]) -> list[int]:
    """The first, the middle and the last code cell that are Python and do not end in white space."""
    good = [
        index
        for index, cell in enumerate(cells)
        if cell["cell_type"] == "code"
        and (source := source_of(cell)).strip()
        and source == source.strip()
        and not re.search(r"^\s*[%!?]|\?$", source, re.MULTILINE)
    ]
    return sorted({good[0], good[len(good) // 2], good[-1]})


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 10


@pytest.mark.parametrize("original", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_rewrite_changes_one_source_and_undo_gives_the_same_bytes(user, original: Path) -> None:
    path = user.home / original.name
    shutil.copyfile(original, path)
    before = path.read_bytes()
    for index in choose(read_cells(before)):
        old = source_of(read_cells(before)[index])
        fence = fence_for(old)
        user.answer(f"{fence}python\n{old}\n{NOTE}\n{fence}\n")
        done = user.run("rewrite", path, "--cell", str(index), "add a note", "--apply", "--json")
        assert done.status == 0, done
        after = path.read_bytes()
        assert_only_the_note_came(before, after)
        expected = json.loads(before)
        found = json.loads(after)
        assert source_of(found["cells"][index]) == f"{old}\n{NOTE}"
        assert type(found["cells"][index]["source"]) is type(expected["cells"][index]["source"])
        expected["cells"][index]["source"] = found["cells"][index]["source"]
        assert found == expected
        assert list(found) == list(expected)
        assert user.run("undo", path, "--json").status == 0
        assert path.read_bytes() == before
        assert user.run("redo", path, "--json").status == 0
        assert path.read_bytes() == after
        assert user.run("undo", path, "--json").status == 0
        assert path.read_bytes() == before


def common_head(a: bytes, b: bytes) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def assert_only_the_note_came(before: bytes, after: bytes) -> None:
    """The bytes of before are all there, in order; what is new is the note and the punctuation of a list of lines."""
    head = common_head(before, after)
    tail = min(common_head(before[::-1], after[::-1]), len(before) - head)
    assert head + tail == len(before)
    came = after[head : len(after) - tail].decode()
    written = [json.dumps(NOTE)[1:-1], json.dumps(NOTE, ensure_ascii=False)[1:-1]]
    # The insertion may begin anywhere in what repeats, e.g. after the quote of the line before.
    assert any(re.fullmatch(rf'[\\n",\s]*{re.escape(note)}[\\n",\s]*', came) for note in written), came


def test_lines_that_go_and_change_are_as_safe_as_lines_that_come(user, fenced: Callable[[str], str]) -> None:
    original = next(path for path in NOTEBOOKS if path.stem.endswith("lispy"))
    path = user.home / original.name
    shutil.copyfile(original, path)
    before = path.read_bytes()
    index = choose(read_cells(before))[-1]
    user.answer(fenced("simplified = 'no more than this'"))
    assert user.run("rewrite", path, "--cell", str(index), "simplify it", "--apply").status == 0
    expected = json.loads(before)
    expected["cells"][index]["source"] = ["simplified = 'no more than this'"]
    assert json.loads(path.read_bytes()) == expected
    assert user.run("undo", path).status == 0
    assert path.read_bytes() == before
