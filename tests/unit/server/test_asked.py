"""What the user took away is not sent, what was added is; and a file is read only where it may be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from jupyter_spark.errors import UsageError
from jupyter_spark.server.asked import MAX_FILE_BYTES, MAX_FILES, asked_request, read_file
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.wire import CellSnapshot, ErrorReport, NotebookSnapshot, TurnRequest, VariableSummary
from jupyter_spark.wire_page import TurnRequested

NOBODY = 65534

CELLS = (
    CellSnapshot(cell_id="a", source="orders = load()", execution_count=1),
    CellSnapshot(cell_id="b", source="total = sum(orders)", execution_count=2),
    CellSnapshot(cell_id="c", source="other = 1", execution_count=3),
    CellSnapshot(cell_id="d", source="print(total)"),
    CellSnapshot(cell_id="k", source="hidden = login('me')", execution_count=5, tags=("spark-ignore",)),
)
SNAPSHOT = NotebookSnapshot(cells=CELLS, origin="live", path="n.ipynb")
LARGE = Profile(name="large", models=("m",), context_tokens=10_000, max_output_tokens=1000)
TINY = Profile(name="tiny", models=("m",), context_tokens=600, max_output_tokens=200, small=True)
ORDERS = VariableSummary(name="orders", type="list", summary="of length 3")
RATES = VariableSummary(name="rates", type="dict", summary="of length 2")


def asked(root: Path = Path(), profile: Profile = LARGE, privacy: Privacy | None = None, **fields: Any) -> TurnRequest:
    base = {"turn_id": "t", "notebook": "n.ipynb", "conversation_id": "c", "kind": "ask"}
    frame = TurnRequested(**{**base, "instruction": "what of orders?", "variables": (ORDERS, RATES), **fields})
    return asked_request(frame, profile, SNAPSHOT, root, privacy=privacy)


def labels(request: TurnRequest) -> list[str]:
    return [piece.label for piece in request.context.pieces]


def test_the_notebook_and_the_variables_named_are_sent() -> None:
    request = asked(cell_id="b")
    assert set(labels(request)) == {"In[1]", "In[2]", "In[3]", "cell d", "orders"}
    assert request.target == CELLS[1]
    assert (request.turn_id, request.conversation_id) == ("t", "c")


@pytest.mark.parametrize(
    ("without", "left"),
    [
        (("notebook",), {"orders"}),
        (("variables",), {"In[1]", "In[2]", "In[3]", "cell d"}),
        (("cell:c",), {"In[1]", "In[2]", "cell d", "orders"}),
        (("notebook", "variables"), set()),
    ],
)
def test_what_was_taken_away_is_not_sent_but_its_names_are_known(without: tuple[str, ...], left: set[str]) -> None:
    request = asked(cell_id="b", without=without)
    assert set(labels(request)) == left
    assert {"orders", "rates", "other"} <= request.context.known_names


def test_what_was_added_is_sent_once(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "notes.md").write_text("# Notes: ä", "utf-8")
    request = asked(
        tmp_path,
        cell_id="b",
        cells=("c", "b"),
        chosen_variables=("rates", "orders"),
        files=("data/notes.md", "data/notes.md"),
        selection="sum(orders)",
        without=("notebook",),
    )
    assert labels(request) == ["In[3]", "orders", "rates", "Selected in the cell", "File data/notes.md"]
    texts = {piece.label: piece.text for piece in request.context.pieces}
    assert texts["File data/notes.md"] == "# Notes: ä"
    assert texts["rates"] == "rates: dict of length 2"
    assert request.context.tokens <= request.context.budget_tokens


def test_what_was_added_takes_the_room_of_what_was_not(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("word " * 200, "utf-8")
    request = asked(tmp_path, TINY, files=("long.txt",), without=())
    assert labels(request)[-1] == "File long.txt"
    with pytest.raises(UsageError, match="What you added is too large for 'tiny'"):
        asked(tmp_path, TINY, files=("long.txt",), cells=("a", "b", "c", "d"), selection="word " * 400)


def test_an_error_of_the_cell_and_of_another_one() -> None:
    error = ErrorReport(name="KeyError", message="'qty'", traceback="Traceback: KeyError")
    own = asked(cell_id="b", error=error, error_cell_id="b")
    assert own.error == error
    other = asked(cell_id="b", error=error, error_cell_id="c")
    assert other.error is None
    assert labels(other)[-1] == "The last error, in In[3]"


def test_a_cell_that_is_gone() -> None:
    for fields in ({"cell_id": "x"}, {"cells": ("x",)}):
        with pytest.raises(UsageError, match="not in the notebook any more"):
            asked(**fields)


def test_files_that_may_not_be_sent(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config").write_text("x")
    (root / ".env").write_text("KEY=1")
    (root / "link").symlink_to(root / ".env")
    (tmp_path / "outside.txt").write_text("x")
    (root / "out").symlink_to(tmp_path / "outside.txt")
    (root / "picture.bin").write_bytes(b"\x89PNG\x00\xff")
    (root / "zeros.txt").write_bytes(b"a\0b")
    (root / "large.txt").write_text("x" * (MAX_FILE_BYTES + 1))
    (root / "loop").symlink_to(root / "loop")
    (root / "exact.txt").write_text("x" * MAX_FILE_BYTES)
    refused = {
        ".env": "hidden",
        ".git/config": "hidden",
        "link": "hidden",
        "../outside.txt": "not below",
        str(tmp_path / "outside.txt"): "no file",
        "out": "not below",
        "gone.txt": "no file",
        "": "no file",
        "a\0b": "no file",
        "loop": "no file|below",
        "picture.bin": "no text",
        "zeros.txt": "no text",
        "large.txt": "larger than 200 kB",
    }
    for name, why in refused.items():
        with pytest.raises(UsageError, match=why):
            read_file(root, name)
    assert len(read_file(root, "exact.txt")) == MAX_FILE_BYTES
    with pytest.raises(UsageError, match="too many"):
        asked(root, files=tuple(f"{number}.txt" for number in range(MAX_FILES + 1)))


@pytest.fixture
def without_privileges() -> Iterator[Path]:
    """A folder that anybody may read, and a test that is nobody in particular: root may read everything."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        am_root = os.geteuid() == 0
        if am_root:
            os.chown(folder, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            if am_root:
                os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_without_rights(without_privileges: Path) -> None:
    root = without_privileges
    (root / "mine.txt").write_text("x")
    (root / "mine.txt").chmod(0)
    (root / "folder").mkdir()
    (root / "folder" / "mine.txt").write_text("x")
    (root / "folder").chmod(0)
    try:
        for name in ("mine.txt", "folder/mine.txt"):
            with pytest.raises(UsageError, match=f"'{name}' cannot be read: Permission denied"):
                read_file(root, name)
    finally:
        (root / "folder").chmod(0o700)


def test_what_is_kept_out_stays_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="kept out \\(spark-ignore\\)"):
        asked(cells=("k",))
    traceback = "Traceback\n----> 1 hidden = login('me')\nKeyError"
    request = asked(cell_id="b", error=ErrorReport(name="E", message="", traceback=traceback), error_cell_id="k")
    assert "login" not in str(request.context.pieces)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "notes.md").write_text("x")
    with pytest.raises(UsageError, match="kept out by the settings"):
        asked(tmp_path, privacy=Privacy(exclude=("private/",)), files=("private/notes.md",))


def test_secrets_of_what_was_added_are_counted(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("the key is sk-proj-" + "a1B2c3D4" * 6)
    request = asked(tmp_path, LARGE.model_copy(update={"base_url": "https://models.example/v1"}), files=("notes.md",))
    assert sum(row.count for row in request.context.kept_back) == 1
