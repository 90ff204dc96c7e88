"""Notebooks that a run must survive: each is told as what it is, nothing is left, the folder is as it was."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_spark.verify import VerifyOptions, render_report, verify_notebook_sync
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


NOTHING = "Nothing could be verified: cell 0"
BOTH = "was not run to its end before and after the change"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (
            "import no_such",
            f"{NOTHING} fails before and after the change (ModuleNotFoundError: No module named 'no_such').",
        ),
        (
            "name = input()",
            f"{NOTHING} fails before and after the change (it asks for input, which nobody is there to give).",
        ),
        ("while True: pass", f"{NOTHING} {BOTH}: it took longer than 2 s."),
        ("import os; os._exit(3)", f"{NOTHING} {BOTH}: the kernel died while it ran."),
        (
            "held = []\nwhile True: held.append(bytearray(20_000_000))",
            f"{NOTHING} {BOTH}: it took more than 0.3 GB of memory.",
        ),
    ],
)
def test_a_notebook_that_fails_from_the_first_cell_on_is_not_verified(
    source: str, line: str, folder: Path, scratch: Path
) -> None:
    options = VerifyOptions(held_bytes=300_000_000, memory_bytes=None, cell_timeout_s=2.0)
    before, after = notebook(source, "print(name)"), notebook(f"# what for\n{source}", "print(name)")
    report = verify_notebook_sync(before, after, folder, options)
    assert report.unverified == line
    assert not report.holds
    assert render_report(report).startswith(f"{line} Tried in ")
    assert_nothing_is_left(folder, scratch)


def test_a_cell_that_is_to_fail_is_the_same_as_long_as_it_fails_so(folder: Path, scratch: Path) -> None:
    def tagged(*sources: str) -> dict[str, Any]:
        made = notebook(*sources)
        for cell in made["cells"][:3]:
            cell["metadata"]["tags"] = ["raises-exception"]
        return made

    before = tagged("1 / 0", "1 / 0", "1 / 0", "print('the end')")
    report = verify_notebook_sync(before, tagged("1 / 0", "1 / 1", "int('x')", "print('the end')"), folder)
    assert verdicts(report) == ["same", "differs", "differs", "same"]
    expected = "is to fail (raises-exception) and does not any more; failed before: ZeroDivisionError: division by zero"
    assert report.cells[1].why == expected


ECHO = """
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Echo(Kernel):
    implementation, implementation_version, banner = "echo", "1", "echo"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}

    def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False):
        if not silent:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code})
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Echo)
"""


def test_a_kernel_of_another_language_is_run_too(
    folder: Path, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "jupyter" / "kernels" / "echo"
    place.mkdir(parents=True)
    (place / "echo.py").write_text(ECHO)
    spec = {"argv": [sys.executable, str(place / "echo.py"), "-f", "{connection_file}"], "display_name": "Echo"}
    (place / "kernel.json").write_text(json.dumps({**spec, "language": "echo"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    report = verify_notebook_sync(
        notebook("say <- 1", "SELECT 2;", kernel="echo"), notebook("say <- 1", "SELECT 3;", kernel="echo"), folder
    )
    assert (report.kernel, verdicts(report)) == ("echo", ["same", "differs"])
    assert_nothing_is_left(folder, scratch)
