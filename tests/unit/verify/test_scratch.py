"""A run's copy of the notebook's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_spark.verify._scratch import copy_folder, folder_to_copy


def test_what_the_notebook_writes_is_not_the_users(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "data").mkdir(parents=True)
    (own / "data" / "a.csv").write_text("1")
    (own / "link.csv").symlink_to(own / "data" / "a.csv")
    (own / ".git").mkdir()
    (own / ".git" / "HEAD").write_text("x")
    assert copy_folder(own, tmp_path / "copy", [], 1000) == ()
    for name in ("data/a.csv", "link.csv"):
        (tmp_path / "copy" / name).write_text("2")
    assert (own / "data" / "a.csv").read_text() == "1"
    assert not (tmp_path / "copy" / ".git").exists()


def test_what_is_named_is_copied_first_and_what_is_not_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_spark.verify._scratch._share_blocks", lambda *_: False)
    own = tmp_path / "own"
    own.mkdir()
    (own / "named.csv").write_bytes(b"x" * 80)
    (own / "other.bin").write_bytes(b"x" * 70)
    [note] = copy_folder(own, tmp_path / "copy", ["read('named.csv')"], 100)
    assert note.startswith("Not copied, as more than 100 bytes would be: other.bin (70 bytes).")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["named.csv"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", "p/q/r"),
        ("open('../a.csv')", "p/q"),
        ("open('../../a.csv')", "p"),
        ("Path('..') / 'a'", "p/q"),
        ("os.path.join('..', '..', 'a')", "p"),
        ("print(...)", "p/q/r"),
        ("a[..., 0]", "p/q/r"),
    ],
)
def test_the_folder_that_the_cells_reach(tmp_path: Path, source: str, expected: str) -> None:
    assert folder_to_copy(tmp_path / "p/q/r", [source]) == tmp_path / expected


def test_never_the_home_nor_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    project = tmp_path / "home" / "project"
    assert folder_to_copy(project, ["open('../../x')"]) == project
