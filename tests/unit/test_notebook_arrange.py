"""A notebook's cells in another order, and back again byte for byte."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from jupyter_spark.errors import NotebookError
from jupyter_spark.notebook import parse_notebook
from jupyter_spark.notebook._arrange import arrange, content_hash
from jupyter_spark.wire import text_hash
from jupyter_spark.wire_refactor import Arrangement, Placed

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def plain(*sources: str, minor: int = 5) -> bytes:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for i, source in enumerate(sources)
    ]
    if minor < 5:
        for cell in cells:
            del cell["id"]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}, indent=1).encode()


def sources(data: bytes) -> list[str]:
    return [cell.snapshot.source for cell in parse_notebook(data).cells]


def kept(*names: str) -> tuple[Placed, ...]:
    return tuple(Placed(cell_id=name) for name in names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_real_notebooks_come_back_byte_for_byte(path: Path) -> None:
    data = path.read_bytes()
    cells = [cell.snapshot for cell in parse_notebook(data).cells]
    for seed in range(2):
        chance = random.Random(seed)
        stay = [cell for cell in cells if chance.random() > 0.1] or cells[:1]
        chance.shuffle(stay)
        placed = [
            Placed(cell_id=one.cell_id, source="x = 1\n# é\u2028", base_hash=text_hash(one.source))
            if chance.random() < 0.2
            else Placed(cell_id=one.cell_id)
            for one in stay
        ]
        placed.insert(0, Placed(kind="code", source="import os", like=cells[-1].cell_id))
        placed.append(Placed(kind="markdown", source="# End"))
        gone = kept(*{one.cell_id for one in cells} - {one.cell_id for one in stay})
        changed, inverse = arrange(data, Arrangement(cells=tuple(placed), removed=gone))
        assert sources(changed)[0] == "import os"
        assert sources(changed)[-1] == "# End"
        back, again = arrange(changed, inverse)
        assert back == data
        assert arrange(back, again)[0] == changed


def test_what_somebody_added_meanwhile_stays_behind_its_neighbour() -> None:
    data = plain("a", "mine", "b")
    changed, inverse = arrange(data, Arrangement(cells=kept("c2", "c0")))
    assert sources(changed) == ["b", "a", "mine"]
    assert inverse.base_sha256 == content_hash(changed)
    assert sources(arrange(plain("first", "a"), Arrangement(cells=kept("c1")))[0]) == ["first", "a"]


@pytest.mark.parametrize(
    ("arrangement", "code"),
    [
        (Arrangement(cells=(Placed(cell_id="c0", base_hash=text_hash("other")),)), "changed_meanwhile"),
        (Arrangement(cells=kept("c0"), removed=(Placed(cell_id="nowhere"),)), "changed_meanwhile"),
        (Arrangement(cells=(), removed=kept("c0", "c1")), "no_cell"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(arrangement: Arrangement, code: str) -> None:
    with pytest.raises(NotebookError) as caught:
        arrange(plain("a", "b"), arrangement)
    assert caught.value.code == code


def test_a_notebook_without_cells_is_refused() -> None:
    with pytest.raises(NotebookError) as caught:
        arrange(plain(), Arrangement(cells=()))
    assert caught.value.code == "no_cell"


def test_a_new_cell_has_an_id_of_its_own_where_the_format_has_ids() -> None:
    new = (Placed(kind="code", source="x", new_id="fresh"), Placed(kind="code", source="y", new_id="fresh"))
    changed, _ = arrange(plain("a"), Arrangement(cells=(*new, *kept("c0"))))
    ids = [cell["id"] for cell in json.loads(changed)["cells"]]
    assert ids[0] == "fresh"
    assert len(set(ids)) == 3
    old = plain("a", minor=4)
    name = parse_notebook(old).cells[0].snapshot.cell_id
    changed, _ = arrange(old, Arrangement(cells=(*kept(name), Placed(kind="markdown", source="words"))))
    assert all("id" not in cell for cell in json.loads(changed)["cells"])
