"""The notebook from the best source there is."""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_spark.kernel import snapshot as module
from jupyter_spark.kernel.history import CellLog
from jupyter_spark.kernel.session import KernelSession
from jupyter_spark.kernel.snapshot import notebook_snapshot, push_live, without_our_line
from jupyter_spark.wire import CellSnapshot, NotebookSnapshot

LONG_AGO_S = 1_000_000_000.0


@pytest.fixture(autouse=True)
def nobody_pushed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    yield
    push_live(None)


def write(path: Path, *cells: dict[str, Any], at_s: float = LONG_AGO_S) -> Path:
    made = []
    for number, cell in enumerate(cells):
        whole = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": "", **cell}
        if whole["cell_type"] == "code":
            whole = {"outputs": [], "execution_count": None, **whole}
        made.append(whole)
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    os.utime(path, (at_s, at_s))
    return path


def log_of(*runs: tuple[str, str | None], before: list[str] | None = None) -> CellLog:
    log = CellLog()
    log.read_history(["", *(before or [])])
    log.last_count = len(before or [])
    for source, cell_id in runs:
        log.before_run(source, cell_id)
        log.after_run(None, log.last_count + 1)
    return log


def told(snapshot: NotebookSnapshot) -> list[tuple[str, str]]:
    return [(cell.cell_id, cell.source) for cell in snapshot.cells]


def test_without_a_file_it_is_the_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = log_of(("x = 1", None), ("y = 2", "b"))
    assert told(notebook_snapshot(log, {})) == [("In[1]", "x = 1"), ("b", "y = 2")]
    for broken in ("{", "[]", '{"nbformat": 3}', ""):
        path = tmp_path / "nb.ipynb"
        path.write_text(broken)
        monkeypatch.setenv("JPY_SESSION_NAME", str(path))
        taken = notebook_snapshot(log, {})
        assert (taken.origin, taken.path, len(taken.cells)) == ("history", str(path), 2)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "gone.ipynb"))
    assert notebook_snapshot(log, {}).origin == "history"
    monkeypatch.setattr(module, "LARGEST_FILE_BYTES", 10)
    monkeypatch.setenv("JPY_SESSION_NAME", str(write(path, {"source": "x = 1"})))
    assert notebook_snapshot(log, {}).origin == "history"


def test_the_file_gives_order_prose_tags_and_ids_and_the_history_what_was_run_since(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "nb.ipynb",
        {"cell_type": "markdown", "source": "# Title"},
        {"source": "x = 1", "metadata": {"tags": ["spark-ignore", "b"]}},
        {"source": "y = 2"},
        {"source": "never_run = 3"},
    )
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    taken = notebook_snapshot(log_of(("y = 22", "c2"), ("new = 4", "n"), ("x = 1", "c1")), {})
    assert told(taken) == [
        ("c0", "# Title"),
        ("c1", "x = 1"),
        ("c2", "y = 22"),
        ("n", "new = 4"),
        ("c3", "never_run = 3"),
    ]
    assert (taken.origin, taken.taken_at_s, taken.path) == ("file", LONG_AGO_S, str(path))
    assert [cell.execution_count for cell in taken.cells] == [None, 3, 1, 2, None]
    assert taken.cells[1].tags == ("spark-ignore", "b")


def test_a_file_that_was_saved_later_has_the_last_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "nb.ipynb", {"source": "x = 'edited'"}, {"source": "y = 2"}, at_s=4e9)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    taken = notebook_snapshot(log_of(("x = 1", "c0"), ("deleted = 1", "gone"), ("y = 2", "c1")), {})
    assert told(taken) == [("c0", "x = 'edited'"), ("c1", "y = 2")]
    assert [cell.execution_count for cell in taken.cells] == [1, 3]


def test_cells_without_ids_are_known_by_their_text_or_their_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "nb.ipynb",
        {"source": "a = 1"},
        {"source": "b = 'as saved'", "execution_count": 2},
        {"source": "a = 1"},
    )
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    log = log_of(("a = 1", None), ("b = 'as run'", None), ("c = 3", None), before=None)
    assert told(notebook_snapshot(log, {})) == [
        ("In[1]", "a = 1"),
        ("In[2]", "b = 'as run'"),
        ("In[3]", "c = 3"),
        ("c2", "a = 1"),
    ]


def test_what_ran_before_anybody_looked_does_not_overrule_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write(tmp_path / "nb.ipynb", {"source": "a = 'saved'", "execution_count": 1})
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert told(notebook_snapshot(log_of(before=["a = 'old'", "b = 2"]), {})) == [("In[1]", "a = 'saved'")]


def test_requests_to_us_are_no_cells_but_the_code_below_the_running_one_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "nb.ipynb",
        {"source": "%load_ext jupyter_spark"},
        {"source": "%spark ask why"},
        {"source": "%%spark faster\nold = 1"},
        {"source": "%%spark faster\nrunning = 1", "metadata": {"tags": ["spark-ignore"]}},
    )
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    log = log_of()
    log.before_run("%%spark faster\nrunning = 2", "c3")
    taken = notebook_snapshot(log, {})
    assert told(taken) == [("c3", "running = 2")]
    assert taken.cells[0].tags == ("spark-ignore",)


def test_vs_code_leaves_the_path_in_the_namespace(tmp_path: Path) -> None:
    path = write(tmp_path / "nb.ipynb", {"source": "x = 1"})
    assert told(notebook_snapshot(log_of(), {"__vsc_ipynb_file__": str(path)})) == [("c0", "x = 1")]
    for odd in (3, "notebook.py", None):
        assert notebook_snapshot(log_of(), {"__vsc_ipynb_file__": odd}).origin == "history"


def test_what_a_front_end_pushed_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(write(tmp_path / "nb.ipynb", {"source": "saved = 1"})))
    cells = (CellSnapshot(cell_id="c0", source="typed = 1"), CellSnapshot(cell_id="m", kind="markdown", source="# A"))
    push_live(NotebookSnapshot(cells=cells, origin="live", taken_at_s=4e9))
    taken = notebook_snapshot(log_of(("saved = 1", "c0")), {})
    assert told(taken) == [("c0", "typed = 1"), ("m", "# A")]
    assert (taken.origin, taken.taken_at_s) == ("live", 4e9)
    push_live(None)
    assert notebook_snapshot(log_of(), {}).origin == "file"


def test_a_page_tells_no_outputs_so_they_come_from_the_file_and_the_history(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    printed = [{"output_type": "stream", "name": "stdout", "text": "saved\n"}]
    cells = ({"source": "a = 1", "outputs": printed}, {"source": "b = 1", "outputs": printed}, {"source": "c"})
    monkeypatch.setenv("JPY_SESSION_NAME", str(write(tmp_path / "nb.ipynb", *cells)))
    log = log_of()
    log.before_run("c", "c2")
    log.after_run(None, 1, 3)
    live = [CellSnapshot(cell_id=f"c{at}", source=source) for at, source in enumerate(("a = 1", "b = 'typed'", "c"))]
    push_live(NotebookSnapshot(cells=tuple(live), origin="live", taken_at_s=4e9))
    outputs = [cell.outputs for cell in notebook_snapshot(log, {}).cells]
    assert ["saved" in outputs[0], outputs[1], outputs[2]] == [True, "", "int = 3"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (f"%%spark two\n\n{'x = 1'}\n", "x = 1"),
        ("%%sparkai two\nx", "x"),
        ("x = 1\n", "x = 1\n"),
        ("%%spark two", "%%spark two"),
    ],
)
def test_the_code_below_our_line(source: str, code: str) -> None:
    assert without_our_line(source) == code


def test_what_a_cell_was_given_holds_until_it_runs_or_the_page_says_otherwise() -> None:
    log = log_of()
    session = KernelSession(SimpleNamespace(user_ns={}), log)  # type: ignore[arg-type]  # all that is used of a shell
    log.before_run("%%spark two\nx = 1", "c0")
    session.took("x = 2")
    told_before = NotebookSnapshot(cells=(CellSnapshot(cell_id="c0", source="x = 'before'"),), origin="live")
    push_live(told_before)
    assert told(session.snapshot()) == [("c0", "x = 2")]
    push_live(told_before.model_copy(update={"taken_at_s": 4e9}))
    assert told(session.snapshot()) == [("c0", "x = 'before'")]
    push_live(NotebookSnapshot(origin="live", taken_at_s=4e9))  # there it is nothing but a request to us
    assert told(session.snapshot()) == [("c0", "x = 2")]
    push_live(None)
    assert told(session.snapshot()) == [("c0", "x = 2")]
    session.close()


def test_colab_is_asked_and_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, float]] = []

    def answer(name: str, timeout_sec: float) -> Any:
        asked.append((name, timeout_sec))
        cell = {"cell_type": "code", "metadata": {"id": "x"}, "source": ["x = 1"], "outputs": [], "execution_count": 1}
        return (
            {"ipynb": {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}} if len(asked) < 2 else None
        )

    message = types.ModuleType("google.colab._message")
    message.blocking_request = answer  # type: ignore[attr-defined]
    colab = types.ModuleType("google.colab")
    colab._message = message  # type: ignore[attr-defined]
    google = types.ModuleType("google")
    google.colab = colab  # type: ignore[attr-defined]
    for name, one in {"google": google, "google.colab": colab, "google.colab._message": message}.items():
        monkeypatch.setitem(sys.modules, name, one)
    taken = notebook_snapshot(log_of(), {})
    assert ([cell.source for cell in taken.cells], taken.origin) == (["x = 1"], "live")
    assert notebook_snapshot(log_of(), {}).origin == "history"
    assert asked == [("get_ipynb", module.COLAB_TIMEOUT_S)] * 2
