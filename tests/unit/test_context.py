"""What of the notebook is sent: what the target needs first, within the budget, and a receipt of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_spark.context import PackOptions, estimate_tokens, pack_context
from jupyter_spark.context._cells import head_of
from jupyter_spark.context._outline import stem
from jupyter_spark.wire import CellSnapshot, ContextPiece, ErrorReport, NotebookSnapshot, VariableSummary

PLENTY = PackOptions(budget_tokens=10_000)


def notebook(*sources: str) -> NotebookSnapshot:
    cells = (CellSnapshot(cell_id=f"c{i}", source=s, execution_count=i or None) for i, s in enumerate(sources))
    return NotebookSnapshot(cells=tuple(cells))


def variable(name: str, summary: str = "") -> VariableSummary:
    return VariableSummary(name=name, type="DataFrame", summary=summary)


# --- cells -----------------------------------------------------------------------------------------


def test_cells_stand_in_the_notebooks_order_with_their_reasons() -> None:
    snapshot = notebook("import pandas as pd", "df = pd.DataFrame()", "x = 1", "df.plot(y)", "y = 2")
    pack = pack_context(snapshot, snapshot.cells[3], "colour it", PLENTY)
    assert [(p.label, p.reason, p.text) for p in pack.pieces] == [
        ("cell c0", "defines what a needed cell uses", "import pandas as pd"),
        ("In[1]", "defines df", "df = pd.DataFrame()"),
        ("In[2]", "stands near the cell", "x = 1"),
        ("In[4]", "defines y", "y = 2"),
    ]
    assert pack.dropped == ()
    assert pack.budget_tokens == 10_000
    assert pack.tokens == sum(piece.tokens for piece in pack.pieces) > 0
    for piece in pack.pieces:
        assert piece.tokens == estimate_tokens(piece.text) + estimate_tokens(piece.label)


def test_what_the_target_needs_comes_first_then_what_is_near_above() -> None:
    filler = "'" + "x " * 20 + "'"
    snapshot = notebook(f"need = {filler}", f"far = {filler}", f"near = {filler}", "print(need)", f"below = {filler}")
    cost = max(estimate_tokens(c.source) + estimate_tokens(c.label) for c in snapshot.cells)
    sent = []
    for cells in range(5):
        options = PackOptions(budget_tokens=cells * cost)
        pack = pack_context(snapshot, snapshot.cells[3], "", options)
        sent.append([piece.text.split()[0] for piece in pack.pieces])
    assert sent == [[], ["need"], ["need", "near"], ["need", "far", "near"], ["need", "far", "near", "below"]]


def test_without_a_target_the_last_cells_are_nearest() -> None:
    snapshot = notebook("a = 'xxxxxxxxxx'", "b = 'xxxxxxxxxx'", "c = 'xxxxxxxxxx'")
    price = pack_context(snapshot, None, "go on", PLENTY).pieces[2].tokens
    pack = pack_context(snapshot, None, "go on", PackOptions(budget_tokens=price))
    assert [piece.text for piece in pack.pieces] == ["c = 'xxxxxxxxxx'"]
    assert pack.dropped == ("In[1]", "cell c0")
    elsewhere = CellSnapshot(cell_id="gone", source="x")
    assert pack_context(snapshot, elsewhere, "go on", PackOptions(budget_tokens=price)).pieces == pack.pieces


def test_a_large_piece_does_not_keep_a_small_one_out() -> None:
    snapshot = notebook("small = 1", "large = '" + "x " * 500 + "'", "target")
    pack = pack_context(snapshot, snapshot.cells[2], "", PackOptions(budget_tokens=20))
    assert [piece.label for piece in pack.pieces] == ["cell c0"]
    assert pack.dropped == ("In[1]",)


def test_the_budget_may_be_spent_to_the_last_token() -> None:
    snapshot = notebook("aaaa = 1")
    price = pack_context(snapshot, None, "", PLENTY).tokens
    assert len(pack_context(snapshot, None, "", PackOptions(budget_tokens=price)).pieces) == 1
    assert pack_context(snapshot, None, "", PackOptions(budget_tokens=price - 1)).dropped == ("cell c0",)


def test_names_in_the_instruction_count_as_used() -> None:
    snapshot = notebook("größe_2 = 1", "x = 2")
    pack = pack_context(snapshot, None, "plot größe_2, please", PLENTY)
    assert [piece.reason for piece in pack.pieces] == ["defines größe_2", "stands near the cell"]


def test_a_long_list_of_names_is_cut() -> None:
    snapshot = notebook("b = a = d = c = f = e = g = 1")
    (piece,) = pack_context(snapshot, None, "a b c d e f g", PLENTY).pieces
    assert piece.reason == "defines a, b, c, d, e"


def test_empty_and_raw_cells_and_the_target_itself_stay_away() -> None:
    cells = (
        CellSnapshot(cell_id="m", kind="markdown", source=" \n"),
        CellSnapshot(cell_id="r", kind="raw", source="raw"),
        CellSnapshot(cell_id="e", source="  \n"),
        CellSnapshot(cell_id="t", source="x = 1"),
    )
    assert pack_context(NotebookSnapshot(cells=cells), cells[3], "x", PLENTY).pieces == ()


def words(source: str) -> NotebookSnapshot:
    return NotebookSnapshot(cells=(CellSnapshot(cell_id="m", kind="markdown", source=source), *notebook("x = 1").cells))


def test_of_words_the_headings_are_sent_first_and_the_whole_where_there_is_room() -> None:
    snapshot = words("# Title\nMany words of text.\n## Part\nMore words.")
    whole = pack_context(snapshot, snapshot.cells[1], "", PLENTY)
    assert [(p.reason, p.text) for p in whole.pieces] == [("words of the notebook", snapshot.cells[0].source)]
    assert (whole.cut, whole.dropped) == ((), ())
    cut = pack_context(snapshot, snapshot.cells[1], "", PackOptions(whole.tokens - 1))
    assert [(p.reason, p.text) for p in cut.pieces] == [("outline", "# Title\n## Part")]
    assert (cut.cut, cut.dropped) == (("cell m",), ())
    none = pack_context(snapshot, snapshot.cells[1], "", PackOptions(1))
    assert (none.pieces, none.cut, none.dropped) == ((), (), ("cell m",))
    heading = words("# Title")
    assert [p.reason for p in pack_context(heading, heading.cells[1], "", PLENTY).pieces] == ["outline"]


def test_a_definition_that_is_too_large_is_cut_to_its_head() -> None:
    body = "".join(f"    total = total + a * {i}\n" for i in range(50))
    source = (
        f'import m\n\ndef f(a,\n      b):\n    """Add up.\n\n    Slowly.\n    """\n{body}\nclass A(m.B):\n    k = 1'
    )
    snapshot = notebook(source, "f(1, A)")
    pack = pack_context(snapshot, snapshot.cells[1], "", PackOptions(80))
    (piece,) = pack.pieces
    assert piece.text == 'import m\ndef f(a,\n      b):\n    """Add up."""\nclass A(m.B):\n    ...'
    assert piece.reason == "defines A, f (cut to its head)"
    assert (pack.cut, pack.dropped) == (("cell c0",), ())
    assert pack_context(snapshot, snapshot.cells[1], "", PackOptions(5)).dropped == ("cell c0",)


@pytest.mark.parametrize("source", ["x = 1", "x = (", "%%bash\nls", "def f(): pass"])
def test_what_has_no_shorter_head_is_not_cut(source: str) -> None:
    assert head_of(source) == ""


def test_reasons_and_ranks_follow_the_dataflow() -> None:
    snapshot = notebook("import m", "d = m.f()", "d['k'] = 1", "y = d", "print(y)", "z = 3")
    pack = pack_context(snapshot, snapshot.cells[3], "", PLENTY)
    assert [piece.reason for piece in pack.pieces] == [
        "defines what a needed cell uses",
        "defines d",
        "changes d",
        "uses what the cell defines",
        "stands near the cell",
    ]


def test_the_cells_of_a_traceback_and_the_names_of_its_message_are_needed() -> None:
    snapshot = notebook("k = 1", "a = 1", "b = 2", "c = 3")
    error = ErrorReport(name="E", message="b is bad", traceback="Cell In[1], line 1\n----> 1 f()")
    pack = pack_context(snapshot, snapshot.cells[3], "", PLENTY, error=error)
    assert [piece.reason for piece in pack.pieces] == ["stands near the cell", "is in the traceback", "defines b"]


def test_outputs_come_last_but_those_of_failed_cells_do_not() -> None:
    cells = (
        CellSnapshot(cell_id="o", source="f()", execution_count=1, outputs="42"),
        *notebook("x = 1", "y = 2").cells,
    )
    snapshot = NotebookSnapshot(cells=cells, origin="live", taken_at_s=5.0)
    pack = pack_context(snapshot, cells[2], "", PLENTY)
    assert [(piece.label, piece.key) for piece in pack.pieces] == [
        ("In[1]", "cell:o"),
        ("output of In[1]", "output:o"),
        ("cell c0", "cell:c0"),
    ]
    assert (pack.origin, pack.taken_at_s) == ("live", 5.0)
    less = pack_context(snapshot, cells[2], "", PackOptions(pack.tokens - 1))
    assert less.dropped == ("output of In[1]",)


def test_which_pieces_are_sent_does_not_change_their_order() -> None:
    snapshot = notebook("a = 1", "b = a", "c = b", "d = a")
    orders = [[p.key for p in pack_context(snapshot, cell, "", PLENTY).pieces] for cell in snapshot.cells]
    assert all(order == sorted(order) for order in orders)


def test_no_cells_but_their_names() -> None:
    snapshot = notebook("a = 1", "b = 2")
    pack = pack_context(snapshot, snapshot.cells[1], "a", PackOptions(budget_tokens=100, cells=False))
    assert (pack.pieces, pack.dropped) == ((), ())
    assert pack.known_names == {"a"}


def test_an_outline_tells_a_line_for_each_needed_name() -> None:
    snapshot = notebook("import os, sys", "df = 1\nother = 2", "def f(a):\n    return df", "df = 3", "f(df, os, sys)")
    options = PackOptions(budget_tokens=100, outline=True)
    pieces = pack_context(snapshot, snapshot.cells[4], "plot other", options).pieces
    assert sorted((p.text, p.reason) for p in pieces) == [
        ("df = 3", "used by the cell"),  # the last definition counts
        ("f(a)", "used by the cell"),
        ("import os, sys", "used by the cell"),  # once, for both names
        ("other = 2", "named in the instruction"),
    ]
    assert all(piece.tokens == estimate_tokens(piece.text) + 1 for piece in pieces)
    assert all(piece.label in ("os", "sys", "df", "f", "other") for piece in pieces)
    assert pack_context(snapshot, snapshot.cells[4], "", PackOptions(100, cells=False, outline=True)).pieces == ()


HELPERS = notebook(
    "RATE = 0.19\nCOLOURS = {'a': 'red'}",
    'def to_cents(x):\n    "Round an amount."\n    return round(x, 2)\n\ndef amounts(): return []',
    "def rounds(x, size=3): return x",
    "class Order:\n    qty: int",
    "orders = [Order(1)]",
    "total = sum(o.qty for o in orders)",
)


def told(instruction: str, *values: VariableSummary, only_new: bool = True, budget_tokens: int = 500) -> list[str]:
    options = PackOptions(budget_tokens=budget_tokens, outline=True, only_new=only_new)
    return [p.text for p in pack_context(HELPERS, HELPERS.cells[5], instruction, options, variables=values).pieces]


def test_an_outline_tells_what_the_instruction_only_describes() -> None:
    assert told("use the helper for rounding an amount") == [
        "to_cents(x)  # Round an amount.",
        "amounts()",
        "rounds(x, size=3)",
    ]
    assert told("use the same colours") == ["COLOURS = {'a': 'red'}"]
    assert told("with the rate") == ["RATE = 0.19"]
    assert told("a rated helper") == []  # a constant is no helper
    assert told("something else, for all of them") == []
    named = notebook("def toGröße(x): ...", "HTTP_URL = 'http'", "x = 1")
    for words, line in (("with the größe", "toGröße(x)"), ("take that URL", "HTTP_URL = 'http'")):
        pieces = pack_context(named, named.cells[2], words, PackOptions(100, outline=True, only_new=True)).pieces
        assert [piece.text for piece in pieces] == [line]


def test_what_is_described_gives_way_to_what_is_named() -> None:
    assert told("call amounts, rounded") == ["amounts()", "rounds(x, size=3)", "to_cents(x)  # Round an amount."]
    assert told("call amounts, rounded", budget_tokens=6) == ["amounts()"]


def test_an_outline_tells_the_class_of_what_the_cell_uses() -> None:
    orders = VariableSummary(name="orders", type="list", summary="of length 1: Order")
    assert told("", orders) == ["class Order: qty: int", "orders: list of length 1: Order"]
    assert told("", VariableSummary(name="other", type="Order")) == []


def test_an_outline_tells_a_function_from_its_cell() -> None:
    snapshot = notebook("import math", "def f(a, b=3):\n    'Add.'", "f(math.pi)")
    values = [
        VariableSummary(name="f", type="function", summary="(a, b=…)"),
        VariableSummary(name="math", type="module", summary="math"),
    ]
    options = PackOptions(budget_tokens=100, outline=True, only_new=True)
    pieces = pack_context(snapshot, snapshot.cells[2], "", options, variables=values).pieces
    assert [(p.text, p.reason) for p in pieces] == [("f(a, b=3)  # Add.", "used by the cell")]


@pytest.mark.parametrize(
    ("words", "root"),
    [
        (("round", "rounds", "rounded", "rounding"), "round"),
        (("simulate", "simulation", "simulated"), "simul"),
        (("multiply", "multiplies", "multiplied"), "multipl"),
        (("roll", "rolling"), "rol"),
        (("colours", "colour"), "colour"),
        (("as", "is", "yes"), None),
    ],
)
def test_a_stem_is_one_for_the_forms_of_a_word(words: tuple[str, ...], root: str | None) -> None:
    assert [stem(word) for word in words] == [root or word for word in words]


# --- variables -------------------------------------------------------------------------------------


def test_variables_that_are_named_stand_last() -> None:
    snapshot = notebook("y = 1", "df.plot(y)")
    values = [variable("df", "3 × 4"), variable("other"), variable("z")]
    pack = pack_context(snapshot, snapshot.cells[1], "use z", PLENTY, variables=values)
    assert [(p.label, p.reason, p.text) for p in pack.pieces] == [
        ("cell c0", "defines y", "y = 1"),
        ("df", "used by the cell", "df: DataFrame 3 × 4"),
        ("z", "named in the instruction", "z: DataFrame"),
    ]
    assert pack.pieces[1].tokens == estimate_tokens("df: DataFrame 3 × 4") + 1


def test_variables_are_paid_before_cells() -> None:
    snapshot = notebook("df = 1", "df")
    prices = {piece.label: piece.tokens for piece in pack(snapshot, 100)}
    assert list(prices) == ["cell c0", "df"]
    assert prices["cell c0"] < prices["df"]
    assert [piece.label for piece in pack(snapshot, prices["df"] - 1)] == ["cell c0"]
    assert [piece.label for piece in pack(snapshot, prices["df"])] == ["df"]
    assert [piece.label for piece in pack(snapshot, sum(prices.values()))] == ["cell c0", "df"]


def pack(snapshot: NotebookSnapshot, budget: int) -> tuple[ContextPiece, ...]:
    values = [variable("df", "1 × 2")]
    return pack_context(snapshot, snapshot.cells[-1], "", PackOptions(budget), variables=values).pieces


def test_only_the_variables_that_were_asked_for() -> None:
    values = [variable("df"), variable("other")]
    options = PackOptions(budget_tokens=100, variables=("other",))
    (piece,) = pack_context(notebook(), None, "df", options, variables=values).pieces
    assert (piece.label, piece.reason) == ("other", "asked for")
    assert pack_context(notebook(), None, "df", PackOptions(100, ()), variables=values).pieces == ()


# --- names -----------------------------------------------------------------------------------------


def test_known_names_come_from_other_cells_and_the_kernel() -> None:
    snapshot = notebook("a = 1", "def f(): pass", "mine = f(a)")
    pack = pack_context(snapshot, snapshot.cells[2], "", PackOptions(0), live_names=["live"])
    assert pack.known_names == {"a", "f", "live"}
    assert pack.names_are_complete
    assert pack_context(snapshot, None, "", PackOptions(0)).known_names == {"a", "f", "mine"}


def test_a_star_import_hides_names_unless_the_kernel_lists_them() -> None:
    snapshot = notebook("from pylab import *", "x = 1")
    assert not pack_context(snapshot, snapshot.cells[1], "", PLENTY).names_are_complete
    assert pack_context(snapshot, snapshot.cells[1], "", PLENTY, live_names=["plot"]).names_are_complete
    assert pack_context(snapshot, snapshot.cells[0], "", PLENTY).names_are_complete  # its own, which the check sees


# --- always ----------------------------------------------------------------------------------------

sources = st.lists(
    st.sampled_from(["", "a = 1", "b = a", "print(b)", "c = 'xxxxxxxxxxxxxxxxxxxx'", "x = ("]), max_size=8
)


@settings(max_examples=100, deadline=None)
@given(sources, st.integers(-5, 60), st.data())
def test_the_receipt_adds_up(texts: list[str], budget: int, data: st.DataObject) -> None:
    snapshot = notebook(*texts)
    target = data.draw(st.sampled_from([None, *snapshot.cells]))
    values = [variable("a"), variable("b", "x" * 30)]
    pack = pack_context(snapshot, target, "a b", PackOptions(budget), variables=values)
    assert pack.tokens <= max(budget, 0)
    others = [c for c in snapshot.cells if c.source.strip() and (target is None or c.cell_id != target.cell_id)]
    assert len(pack.pieces) + len(pack.dropped) == len(others) + 2
    sent = [piece.text for piece in pack.pieces if piece.label not in ("a", "b")]
    places = iter(c.source for c in others)
    assert all(text in places for text in sent)  # in the notebook's order
