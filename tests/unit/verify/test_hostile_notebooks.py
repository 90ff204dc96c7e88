"""Notebooks that a run must survive: each is told as what it is, nothing is left, the folder is as it was."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from jupyter_spark.verify import VerifyOptions, verify_notebook_sync
from jupyter_spark.verify._kernel import KEPT_CHARACTERS
from tests.unit.verify.test_verify import living, notebook, verdicts

MUCH = "for number in range(40): print(str(number % 10) * 50_000)"
ODD = {
    "name = input('who? ')": "still_fails",
    "%cd sub\nopen('new.txt', 'w').write('x')\nopen('../data.txt', 'w').write('other')": "same",
    "import os; os.remove('../data.txt'); os.listdir('..')": "same",
    "import webbrowser; webbrowser.open('about:blank')": "same",
    "import ipywidgets; ipywidgets.IntSlider(3)": "same",
    "for part in range(40): print(f'\\r{part}%|{part * chr(35)}', end='')": "same",
    "import subprocess; p = subprocess.Popen(['sleep', '600'], start_new_session=True)": "same",
    MUCH: "same",
    "import random, numpy as np\nrandom.random(), np.random.rand(2)": "same",
    "1 / 0": "still_fails",
    "print('the end')": "same",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    (own / "sub").mkdir(parents=True)
    (own / "data.txt").write_text("as it was")
    return own


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def assert_nothing_is_left(folder: Path, scratch: Path) -> None:
    assert living(scratch) == []
    assert list(scratch.iterdir()) == []
    assert sorted(path.name for path in folder.rglob("*")) == ["data.txt", "sub"]
    assert (folder / "data.txt").read_text() == "as it was"


def test_odd_cells_are_run_and_leave_nothing(folder: Path, scratch: Path) -> None:
    report = verify_notebook_sync(notebook(*ODD), notebook(*ODD), folder)
    assert dict(zip(ODD, verdicts(report), strict=True)) == ODD
    assert_nothing_is_left(folder, scratch)


def test_a_change_behind_what_is_kept_of_much_output_is_seen(folder: Path, scratch: Path) -> None:
    assert KEPT_CHARACTERS < 40 * 50_000
    changed = MUCH + "\nprint('one more')"
    report = verify_notebook_sync(notebook(MUCH), notebook(changed), folder)
    assert verdicts(report) == ["differs"]
    assert_nothing_is_left(folder, scratch)


def test_a_small_change_of_random_output_is_seen(folder: Path, scratch: Path) -> None:
    draw = "import random\nround(100 * random.random())"
    report = verify_notebook_sync(notebook(draw), notebook(draw + " + 1"), folder)
    assert verdicts(report) == ["differs"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os; os._exit(3)", "the kernel died while it ran"),
        ("held = []\nwhile True: held.append(bytearray(20_000_000))", "it took more than 0.5 GB of memory"),
    ],
)
def test_a_cell_that_ends_its_run_is_told(source: str, why: str, folder: Path, scratch: Path) -> None:
    options = VerifyOptions(held_bytes=500_000_000, memory_bytes=None)
    report = verify_notebook_sync(notebook("1", "2"), notebook(source, "2"), folder, options)
    assert verdicts(report) == ["newly_fails", "not_run"]
    assert report.cells[0].why == f"RunEnded: {why}"
    assert_nothing_is_left(folder, scratch)
