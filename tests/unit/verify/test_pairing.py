"""Which cells became which."""

from __future__ import annotations

import pytest

from jupyter_spark.verify import CellGroup
from jupyter_spark.verify._pairing import pair_cells, with_neighbours
from jupyter_spark.wire import CellSnapshot


def cells(*named: str) -> list[CellSnapshot]:
    """Cells from ``id:source``."""
    pairs = [text.split(":", 1) for text in named]
    return [CellSnapshot(cell_id=cell_id, source=source) for cell_id, source in pairs]


def pairs(before: list[CellSnapshot], after: list[CellSnapshot], known: tuple[CellGroup, ...] = ()) -> list[str]:
    return [f"{' '.join(g.before)}>{' '.join(g.after)}" for g in pair_cells(before, after, known)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], []),
        (["a:1", "b:2"], ["a:1", "b:3"], ["a>a", "b>b"]),
        (["a:1", "b:2"], ["b:2", "a:1"], ["b>b", "a>a"]),
        (["a:1", "b:2", "c:3"], ["a:1", "c:3"], ["a>a", "b>", "c>c"]),
        (["b:2", "c:3"], ["c:3"], ["b>", "c>c"]),
        (["a:1"], ["n:0", "a:1"], [">n", "a>a"]),
        # ids that are new: by source
        (["a:x = 1", "b:y = 2"], ["c:x = 1", "d:y = 2"], ["a>c", "b>d"]),
        (["a:x = 1", "b:y = 2"], ["c:x = 1", "d:y = 3"], ["a>c", "b>d"]),
        # a place is no identity
        (["#0:x = 1", "#1:y = 2"], ["#0:import os", "#1:x = 1", "#2:y = 2"], [">#0", "#0>#1", "#1>#2"]),
        # what moved and changed a little
        (
            ["a:one = load ( p )", "b:y = 2", "c:z = 3"],
            ["d:y = 2", "e:z = 3", "f:q = 7", "g:one = load ( q )"],
            ["b>d", "c>e", ">f", "a>g"],
        ),
    ],
)
def test_pairs(before: list[str], after: list[str], expected: list[str]) -> None:
    assert pairs(cells(*before), cells(*after)) == expected


def test_what_is_known_comes_first() -> None:
    before, after = cells("a:1", "b:2", "c:3"), cells("a:1\n2", "c:3", "d:4")
    assert pairs(before, after, (CellGroup(("a", "b"), ("a",)),)) == ["a b>a", "c>c", ">d"]
    assert pairs(before, after, (CellGroup(("c",), ("c", "d")), CellGroup(("m",), ("m",)))) == ["a>a", "b>", "c>c d"]


def test_every_cell_is_in_one_group() -> None:
    before, after = cells(*(f"{n}:v{n} = {n}" for n in range(9))), cells(*(f"{n}:v{n} = {n}" for n in range(4, 15)))
    groups = pair_cells(before, after)
    assert sorted(i for g in groups for i in g.before) == sorted(c.cell_id for c in before)
    assert [i for g in groups for i in g.after] == [c.cell_id for c in after]


def test_stretches_around_a_lone_cell_the_nearest_first() -> None:
    groups = [CellGroup(("a",), ("a",)), CellGroup(("b",), ("b",)), CellGroup(("c",), ()), CellGroup(("d",), ("d",))]
    assert list(with_neighbours(groups, [False, True, True, True])) == [(1, 3), (2, 4), (1, 4)]
    assert list(with_neighbours(groups, [False, False, True, False])) == []
    assert list(with_neighbours(groups, [True, True, False, True])) == []
