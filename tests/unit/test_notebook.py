"""Notebook files: what is read, and that a change touches one cell's source and no other byte."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook import (
    NotebookFile,
    apply_edits,
    find_cell,
    parse_notebook,
    read_notebook,
    remove_below,
    replace_source,
    snapshot,
    source_json,
    write_atomically,
)
from jupyter_spark.notebook import _write as write_module
from jupyter_spark.wire import CellEdit, CellSnapshot, NotebookSnapshot, text_hash

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
NEW = 'print("naïve – 😀")\n\n\tx = {"a": 1}\\\n# end'


def edit(cell: CellSnapshot, new: str, operation: Any = "replace") -> CellEdit:
    return CellEdit(
        cell_id=cell.cell_id,
        operation=operation,
        old_source=cell.source,
        new_source=new,
        base_hash=text_hash(cell.source),
    )


def notebook(*cells: dict[str, Any], minor: int = 5, **rest: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": minor} | rest


def code(source: Any = "x = 1", **rest: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source} | rest


def dump(content: Any, **style: Any) -> bytes:
    return json.dumps(content, **style).encode()


def cells_of(data: bytes) -> tuple[CellSnapshot, ...]:
    return snapshot(parse_notebook(data)).cells


# --- real notebooks --------------------------------------------------------------------------------


def test_the_real_notebooks_are_there() -> None:
    assert len(NOTEBOOKS) >= 10


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_the_target_source_changes_and_undo_gives_the_same_bytes(path: Path) -> None:
    original = path.read_bytes()
    file = parse_notebook(original)
    cells = snapshot(file).cells
    targets = [index for index, cell in enumerate(cells) if cell.kind == "code"]
    assert targets
    for index in targets:
        source = file.cells[index].source
        assert source is not None
        raw = file.text[source.value_start : source.end]
        front = file.text[: source.value_start].encode()
        back = file.text[source.end :].encode()
        changed = apply_edits(original, [edit(cells[index], NEW)])
        assert original == front + raw.encode() + back
        assert changed.startswith(front) and changed.endswith(back)
        assert json.loads(changed[len(front) : len(changed) - len(back)]) == NEW.splitlines(True)
        assert replace_source(changed, cells[index].cell_id, NEW, cells[index].source) == original
        if index in targets[:3] + targets[-3:]:
            expected = json.loads(original)
            assert "".join(expected["cells"][index]["source"]) == cells[index].source
            expected["cells"][index]["source"] = NEW.splitlines(True)
            assert json.loads(changed) == expected
            assert source_json(original, cells[index].cell_id) == raw
            assert replace_source(changed, cells[index].cell_id, NEW, cells[index].source, raw) == original


def code_cells(data: bytes) -> list[CellSnapshot]:
    return [cell for cell in cells_of(data) if cell.kind == "code"]


def pieces(file: NotebookFile) -> tuple[list[str], list[str]]:
    """The text around the sources of a file's code cells, and these sources as the file has them."""
    around, sources, at = [], [], 0
    for cell in file.cells:
        if cell.source is not None and cell.snapshot.kind == "code":
            around.append(file.text[at : cell.source.value_start])
            sources.append(file.text[cell.source.value_start : cell.source.end])
            at = cell.source.end
    return [*around, file.text[at:]], sources


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_sources_of_all_code_cells_change_and_no_other_byte(path: Path) -> None:
    """What holds for each cell alone holds for all of them at once."""
    original = path.read_bytes()
    file = parse_notebook(original)
    targets = code_cells(original)
    changed = apply_edits(original, [edit(cell, NEW) for cell in targets])
    (around, _), (around_after, sources) = pieces(file), pieces(parse_notebook(changed))
    assert around_after == around
    assert [json.loads(source) for source in sources] == [NEW.splitlines(True)] * len(targets)
    back = [edit(now, was.source) for was, now in zip(targets, code_cells(changed), strict=True)]
    assert apply_edits(changed, back) == original


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_changed_notebook_is_written_as_jupyter_writes_it(path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    original = path.read_bytes()
    if nbformat.writes(nbformat.from_dict(json.loads(original))).encode() + b"\n" != original:
        pytest.skip("this file was written by something else")
    target = next(cell for cell in cells_of(original) if cell.kind == "code")
    changed = apply_edits(original, [edit(target, NEW), edit(target, "y = 2\nz = 3", "insert_below")])
    assert nbformat.writes(nbformat.from_dict(json.loads(changed))).encode() + b"\n" == changed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_inserted_and_taken_back(path: Path) -> None:
    original = path.read_bytes()
    cells = cells_of(original)
    for index in (0, len(cells) // 2, len(cells) - 1):
        changed = apply_edits(original, [edit(cells[index], NEW, "insert_below")])
        after = json.loads(changed)
        new = after["cells"].pop(index + 1)
        assert after == json.loads(original)
        assert new == code(NEW.splitlines(True)) | ({"id": new["id"]} if after["nbformat_minor"] >= 5 else {})
        anchor = cells_of(changed)[index].cell_id
        assert remove_below(changed, anchor, NEW) == original


# --- any style of JSON -----------------------------------------------------------------------------

TEXT = st.text(st.sampled_from('ab \n\t\r"\\/é–😀漢\u2028\x0c\x7f\x00\x85') | st.characters(codec="utf-8"), max_size=40)
# Lone surrogates can stand in a file as escapes only.
FILE_TEXT = st.text(st.sampled_from('ab\n\\"é😀\ud83d\udc00\u2028\x0c'), max_size=30) | TEXT


def random_split(draw: Any, text: str) -> list[str]:
    """A list of strings that joins to the text: at line ends in two ways, or anywhere."""
    way = draw(st.sampled_from(["nbformat", "newline", "odd"]))
    if way == "nbformat":
        return text.splitlines(True)
    if way == "newline":
        return [line for line in text.replace("\n", "\n\0").split("\0") if line]
    cut = draw(st.integers(0, len(text)))
    return [text[:cut], text[cut:]]


@st.composite
def files(draw: Any) -> bytes:
    sources = draw(st.lists(FILE_TEXT, min_size=1, max_size=4))
    as_list = draw(st.booleans())
    with_ids = draw(st.booleans())
    cells = []
    for i, source in enumerate(sources):
        cell = code(random_split(draw, source) if as_list else source)
        cell["cell_type"] = draw(st.sampled_from(["code", "markdown", "raw"]))
        cell["metadata"] = draw(st.sampled_from([{}, {"source": "no", "cells": [1.10, 1e400]}]))
        if with_ids:
            cell["id"] = f"c{i}"
        cells.append({key: cell[key] for key in draw(st.permutations(sorted(cell)))})
    content = notebook(*cells, minor=5 if with_ids else 4, metadata={"é": "cells"})
    content = {key: content[key] for key in draw(st.permutations(sorted(content)))}
    indent = draw(st.sampled_from([None, 0, 1, 2, 4, "\t"]))
    separators = draw(st.sampled_from([None, (",", ":")])) if indent is None else None
    escape = draw(st.booleans())
    text = json.dumps(content, indent=indent, ensure_ascii=escape, separators=separators)
    text = "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    before, after = draw(st.sampled_from(["", "\ufeff", "\n "])), draw(st.sampled_from(["", "\n", "\r\n \n"]))
    return (before + text + after).encode()


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(files(), TEXT, st.integers(0, 3), st.sampled_from(["replace", "insert_below"]))
def test_any_style_round_trips(data: bytes, new: str, place: int, operation: str) -> None:
    cells = cells_of(data)
    cell = cells[place % len(cells)]
    index = cells.index(cell)
    changed = apply_edits(data, [edit(cell, new, operation)])
    before, after = json.loads(data.decode("utf-8-sig")), json.loads(changed.decode("utf-8-sig"))
    if operation == "insert_below":
        inserted = after["cells"].pop(index + 1)
        assert "".join(inserted["source"]) == new
        assert inserted["cell_type"] == "code" and ("id" in inserted) == (before["nbformat_minor"] == 5)
        assert remove_below(changed, cell.cell_id, new) == data
    else:
        old_source, new_source = before["cells"][index].pop("source"), after["cells"][index].pop("source")
        assert type(new_source) is type(old_source) and "".join(new_source) == new
        raw = source_json(data, cell.cell_id)
        assert replace_source(changed, cell.cell_id, new, cell.source, raw) == data
    assert before == after


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXT, min_size=1, max_size=3), TEXT, st.sampled_from([None, 1, 2, 4]), st.booleans())
def test_a_file_in_one_style_stays_in_it(sources: list[str], new: str, indent: int | None, escape: bool) -> None:
    """Of a file that one writer wrote, the result is what the same writer would write: no raw text is needed."""
    marker = {"marker": "é"}  # shows how the writer escapes even where no source does

    def write(*texts: str) -> bytes:
        cells = [code(text.splitlines(True)) for text in texts]
        return dump(notebook(*cells, minor=4, metadata=marker), indent=indent, ensure_ascii=escape)

    original = write(*sources)
    changed = apply_edits(original, [edit(cells_of(original)[0], new)])
    assert changed == write(new, *sources[1:])
    assert replace_source(changed, "#0", new, sources[0]) == original


# --- single cases ----------------------------------------------------------------------------------


def test_several_edits_at_once_and_text_instead_of_bytes() -> None:
    data = dump(notebook(code("a", id="a"), code("b", id="b")), indent=1)
    a, b = cells_of(data)
    edits = [
        edit(b, "B"),
        edit(a, "one", "insert_below"),
        edit(a, "A"),
        edit(a, "two", "insert_below"),
        edit(b, "end", "insert_below"),
    ]
    changed = apply_edits(data.decode(), edits)
    cells = cells_of(changed)
    assert [cell.source for cell in cells] == ["A", "one", "two", "B", "end"]
    assert len({cell.cell_id for cell in cells}) == 5


def test_inserting_the_same_twice_gives_two_ids_and_the_same_once_gives_the_same() -> None:
    data = dump(notebook(code(id="a")))
    (a,) = cells_of(data)
    twice = cells_of(apply_edits(data, [edit(a, "n", "insert_below")] * 2))
    assert twice[1].cell_id != twice[2].cell_id
    assert apply_edits(data, [edit(a, "n", "insert_below")]) == apply_edits(data, [edit(a, "n", "insert_below")])


def test_an_insert_below_takes_the_style_of_a_code_cell_not_of_its_markdown_neighbour() -> None:
    markdown = {"cell_type": "markdown", "metadata": {}, "source": ["# Title"], "attachments": {"a": {}}}
    data = dump(notebook(markdown, code(["x"]), minor=4), indent=2)
    changed = apply_edits(data, [edit(cells_of(data)[0], "n\nm", "insert_below")])
    assert changed == dump(notebook(markdown, code(["n\n", "m"]), code(["x"]), minor=4), indent=2)


def test_an_insert_below_the_only_cell_of_a_file_without_spaces() -> None:
    data = dump(notebook(code("x"), minor=4), separators=(",", ":"))
    changed = apply_edits(data, [edit(cells_of(data)[0], "n", "insert_below")])
    assert changed == dump(notebook(code("x"), code("n"), minor=4), separators=(",", ":"))


def test_an_insert_below_may_lean_on_no_text() -> None:
    data = dump(notebook(code("x", id="a")))
    bare = CellEdit(cell_id="a", operation="insert_below", old_source="", new_source="n", base_hash=text_hash(""))
    assert [cell.source for cell in cells_of(apply_edits(data, [bare]))] == ["x", "n"]


@pytest.mark.parametrize("source", ["", [], [""], None])
@pytest.mark.parametrize("indent", [None, 1, 3])
def test_empty_sources(source: Any, indent: int | None) -> None:
    cell = code(source)
    if source is None:
        cell["source"] = "x"
    data = dump(notebook(cell if source is not None else code(""), minor=4), indent=indent)
    (found,) = cells_of(data)
    assert found.source == ""
    changed = apply_edits(data, [edit(found, "a\nb")])
    new = ["a\n", "b"] if isinstance(source, list) else "a\nb"
    assert changed == dump(notebook(code(new), minor=4), indent=indent)
    assert replace_source(changed, "#0", "a\nb", "", source_json(data, "#0")) == data


def test_an_indent_that_is_odd_still_gives_json() -> None:
    data = b'{"cells": [\n {\n"cell_type": "code", "source": []}\n], "nbformat": 4}'
    changed = apply_edits(data, [edit(cells_of(data)[0], "a\nb")])
    assert cells_of(changed)[0].source == "a\nb"


def test_lines_split_at_newlines_only_stay_so() -> None:
    data = dump(notebook(code(["a\x0cb\n", "c"])))
    changed = apply_edits(data, [edit(cells_of(data)[0], "d\x0ce\nf\n")])
    assert json.loads(changed)["cells"][0]["source"] == ["d\x0ce\n", "f\n"]


def test_escapes_follow_the_cell_then_the_file() -> None:
    escaped = dump(notebook(code("é"), code("x")))
    assert rb'"\u00fc"' in apply_edits(escaped, [edit(cells_of(escaped)[1], "ü")])
    plain = dump(notebook(code("é"), code("x")), ensure_ascii=False)
    assert '"ü"'.encode() in apply_edits(plain, [edit(cells_of(plain)[1], "ü")])
    # Python's own escapes in a source are no escapes of the file, nor is half a surrogate pair a choice.
    unknown = dump(notebook(code(r'"\u00e9"'), code("\ud83d"), code("x")))
    assert '"ü"'.encode() in apply_edits(unknown, [edit(cells_of(unknown)[2], "ü")])


def test_half_a_surrogate_pair_is_shown_as_replaced_and_can_be_written() -> None:
    data = dump(notebook(code("a\ud83d", id="a")))
    (cell,) = cells_of(data)
    assert cell.source == "a\ufffd"
    changed = replace_source(data, "a", cell.source, "b\udc00é")
    assert b'"b\\udc00\xc3\xa9"' in changed
    assert replace_source(changed, "a", "b\udc00é", "a\ufffd", source_json(data, "a")) == data


@pytest.mark.parametrize("raw", ['"other"', "no json", '"old" ', "[1]", "7", "{}"])
def test_raw_text_that_does_not_say_the_source_is_not_used(raw: str) -> None:
    data = dump(notebook(code("new", id="a")))
    assert replace_source(data, "a", "new", "old", raw) == dump(notebook(code("old", id="a")))


def test_of_equal_keys_the_last_counts() -> None:
    data = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "a", "source": "b"}]}'
    changed = apply_edits(data, [edit(cells_of(data)[0], "c")])
    assert changed == data.replace(b'"b"', b'"c"')


# --- what is read ----------------------------------------------------------------------------------


def test_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cells = [
        code(["a\n", "b"], id="one", execution_count=7),
        {"cell_type": "markdown", "metadata": {}, "source": "# T", "id": "one"},
        {"cell_type": "odd", "metadata": {}, "id": "#7"},
        code(id=""),
    ]
    path.write_bytes(dump(notebook(*cells, metadata={"kernelspec": {"language": "R"}})))
    taken = snapshot(read_notebook(path))
    assert [(cell.cell_id, cell.kind, cell.source) for cell in taken.cells] == [
        ("one", "code", "a\nb"),
        ("#1", "markdown", "# T"),
        ("#2", "raw", ""),
        ("#3", "code", "x = 1"),
    ]
    assert taken.cells[0].execution_count == 7
    assert (taken.path, taken.language, taken.origin) == (str(path), "r", "file")
    assert taken.taken_at_s > 0


def test_a_cells_outputs_are_told_as_text() -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": ["one\n", "two \ud800\n"]}
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo="}}
    cells = cells_of(dump(notebook(code(outputs=[stream, picture]), code(outputs=None), {"cell_type": "raw"})))
    assert [cell.outputs for cell in cells] == ["one\ntwo \ufffd\n[image/png left out, 9 bytes]", "", ""]


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "python"),
        ([], "python"),
        ({"kernelspec": 3, "language_info": {"name": "julia"}}, "julia"),
        ({"kernelspec": {"language": ""}}, "python"),
    ],
)
def test_language(metadata: Any, language: str) -> None:
    assert parse_notebook(dump(notebook(code(), metadata=metadata, nbformat_minor="x"))).language == language


@pytest.mark.parametrize(
    ("data", "code_", "words"),
    [
        (b"", "not_a_notebook", "is empty"),
        (b"\xef\xbb\xbf \n", "not_a_notebook", "is empty"),
        (b"hello", "not_a_notebook", "line 1"),
        (b"\xff\xfe{", "not_a_notebook", "UTF-8"),
        (b"[]", "not_a_notebook", "nbformat"),
        (b"3", "not_a_notebook", "nbformat"),
        (b"{}", "not_a_notebook", "nbformat"),
        (b'{"nbformat": 4}', "not_a_notebook", "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "not_a_notebook", "no list of cells"),
        (b'{"nbformat": 4, "cells": [1]}', "not_a_notebook", "at 0"),
        (b'{"nbformat": 4, "cells": [{}]}', "not_a_notebook", "at 0"),
        (b'{"nbformat": 4, "cells": [{"source": 5}]}', "not_a_notebook", "source of cell 0"),
        (b'{"nbformat": 4, "cells": [{"source": ["a", 5]}]}', "not_a_notebook", "source of cell 0"),
        (b'{"nbformat": 3, "worksheets": []}', "nbformat", "nbformat 3"),
        (b'{"nbformat": 5, "cells": []}', "nbformat", "nbformat 5"),
        (b'{"nbformat": 4, "cells": []} x', "not_a_notebook", "Extra data: line 1"),
        (b'{"nbformat": 4,\n "cells": []', "not_a_notebook", "line 2"),
        (b'{"nbformat": 4, "cells": [],}', "not_a_notebook", "line 1"),
        (b'{"nbformat": 4, "cells": [}', "not_a_notebook", "line 1"),
        (b'{"nbformat" 4}', "not_a_notebook", "line 1"),
        (b"{3: 4}", "not_a_notebook", "line 1"),
        (b'{"a": ' + b"[" * 200_000, "not_a_notebook", "nested"),
    ],
    ids=range(22),
)
def test_what_is_not_a_notebook_is_said_in_one_line(data: bytes, code_: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_bytes(data)
    with pytest.raises(NotebookError) as caught:
        read_notebook(path)
    assert caught.value.code == code_
    assert words in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value) and caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="There is no file") as caught:
        read_notebook(tmp_path / "none.ipynb")
    assert caught.value.code == "no_file"
    with pytest.raises(NotebookError, match="is a directory"):
        read_notebook(tmp_path)
    with pytest.raises(NotebookError, match="cannot be read"):
        read_notebook(str(tmp_path / "nul\0.ipynb"))
    with pytest.raises(NotebookError, match="UTF-8"):
        apply_edits('{"nbformat": 4, "cells": ["\ud800"]}', [])


# --- which cell ------------------------------------------------------------------------------------

CELLS = NotebookSnapshot(
    cells=(
        CellSnapshot(cell_id="abc", source="a", execution_count=7),
        CellSnapshot(cell_id="87654321", kind="markdown", execution_count=1),
        CellSnapshot(cell_id="#2", execution_count=1),
        CellSnapshot(cell_id="d", execution_count=2),
        CellSnapshot(cell_id="e", execution_count=2),
    )
)


@pytest.mark.parametrize(
    ("ref", "index"),
    [("0", 0), (" 4 ", 4), ("abc", 0), ("87654321", 1), ("#2", 2), ("In[7]", 0), ("in [1]:", 2), ("In[ 7 ]", 0)],
)
def test_find_cell(ref: str, index: int) -> None:
    assert find_cell(CELLS, ref) is CELLS.cells[index]


@pytest.mark.parametrize("ref", ["5", "-1", "00", "", "In[8]", "In[-1]", "ABC", "9" * 5000, "²", "1.0"])
def test_no_such_cell(ref: str) -> None:
    with pytest.raises(NotebookError, match=r"5 cells \(0 to 4\)") as caught:
        find_cell(CELLS, ref)
    assert caught.value.code == "no_cell"


def test_a_count_that_two_cells_have_names_both() -> None:
    with pytest.raises(NotebookError, match=r"2 cells are In\[2\]: 3, 4\.") as caught:
        find_cell(CELLS, "In[2]")
    assert caught.value.code == "ambiguous_cell"


@pytest.mark.parametrize(("count", "words"), [(0, "no cells"), (1, r"1 cell \(0\)")])
def test_no_cell_in_a_short_notebook(count: int, words: str) -> None:
    data = dump(notebook(*[code()] * count, minor=4))
    with pytest.raises(NotebookError, match=words):
        find_cell(snapshot(parse_notebook(data)), "1")
    with pytest.raises(NotebookError, match=words):
        parse_notebook(data).cell("x")


# --- what changed meanwhile ------------------------------------------------------------------------


def test_a_cell_that_changed_is_not_overwritten() -> None:
    data = dump(notebook(code("now", id="a"), code("other", id="b")))
    old = CellSnapshot(cell_id="a", source="then")
    now = cells_of(data)[0]
    for attempt in (
        lambda: apply_edits(data, [edit(old, "new")]),
        lambda: apply_edits(data, [edit(old, "new", "insert_below")]),
        lambda: apply_edits(data, [edit(now, "new"), edit(now, "newer")]),
        lambda: replace_source(data, "a", "then", "new"),
        lambda: remove_below(data, "a", "then"),
        lambda: remove_below(data, "b", "other"),
    ):
        with pytest.raises(NotebookError, match="changed meanwhile") as caught:
            attempt()
        assert caught.value.code == "changed_meanwhile"


def test_a_cell_without_a_source_cannot_be_changed_but_another_put_below_it() -> None:
    data = b'{"nbformat": 4, "cells": [{"cell_type": "code"}, {"cell_type": "code"}]}'
    cell = cells_of(data)[0]
    with pytest.raises(NotebookError, match="no source"):
        apply_edits(data, [edit(cell, "x")])
    assert cells_of(apply_edits(data, [edit(cell, "a\nb", "insert_below")]))[1].source == "a\nb"


# --- writing ---------------------------------------------------------------------------------------


def leftovers(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir() if path.suffix == ".tmp"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_write_keeps_the_mode_and_the_link(tmp_path: Path, mode: int) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "a.ipynb", tmp_path / "link.ipynb"
    real.write_bytes(b"old")
    real.chmod(mode)
    link.symlink_to(real)
    write_atomically(link, b"new", b"old")
    assert link.is_symlink() and real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == mode
    assert not leftovers(tmp_path) and not leftovers(tmp_path / "real")


def test_write_refuses_a_file_that_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"somebody else's")
    with pytest.raises(NotebookError) as caught:
        write_atomically(path, b"new", b"old")
    assert caught.value.code == "changed_meanwhile"
    assert path.read_bytes() == b"somebody else's" and not leftovers(tmp_path)


def test_write_says_why_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    with pytest.raises(NotebookError, match="is gone"):
        write_atomically(path, b"new", b"old")
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(write_module.os, "fsync", full)
        with pytest.raises(NotebookError, match="No space left"):
            write_atomically(path, b"new", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(write_module.os, "access", lambda *_: False)  # root may write to anything
        with pytest.raises(NotebookError, match="read-only"):
            write_atomically(path, b"new", b"old")
    assert path.read_bytes() == b"old" and not leftovers(tmp_path)


def test_write_gives_the_file_to_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"old")
    given_to: list[tuple[int, int]] = []
    owner = os.stat_result((0o100640, 1, 1, 1, 1234, 1235, 3, 0, 0, 0))
    monkeypatch.setattr(write_module.os, "chown", lambda name, uid, gid: given_to.append((uid, gid)))
    write_module._keep_rights(str(path), owner)
    assert given_to == [(1234, 1235)] and stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_cannot_be_written_is_told_before_it_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    with pytest.raises(NotebookError, match="is gone") as caught:
        write_module.require_writable(path)
    assert caught.value.code == "no_file"
    path.write_bytes(b"old")
    write_module.require_writable(path)
    denied: set[Path] = {path}
    # The rights of the tests' own user may be root's: everything is allowed then.
    monkeypatch.setattr(os, "access", lambda where, _mode: Path(where) not in denied)
    with pytest.raises(NotebookError, match=r"a\.ipynb is read-only"):
        write_module.require_writable(path)
    denied = {tmp_path}
    with pytest.raises(NotebookError, match=r"its folder .* is read-only"):
        write_module.require_writable(path)


def test_a_file_that_goes_away_meanwhile_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"old")
    monkeypatch.setattr(write_module, "_keep_rights", lambda _name, _before: path.unlink())
    with pytest.raises(NotebookError, match="is gone"):
        write_module.write_atomically(path, b"new", b"old")
    with pytest.raises(NotebookError, match="is gone"):
        write_module.write_atomically(path, b"new", b"old")
    assert list(tmp_path.iterdir()) == []
