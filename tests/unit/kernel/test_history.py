"""What the kernel remembers of what was run."""

from __future__ import annotations

import weakref

import pytest

from jupyter_spark.kernel.history import CellLog, describe_error
from jupyter_spark.ours import is_only_ours, is_ours


def ran(log: CellLog, source: str, cell_id: str | None = None, error: BaseException | None = None) -> None:
    log.before_run(source, cell_id)
    log.after_run(error, log.last_count + 1)


def test_a_cell_is_known_by_its_latest_text_and_count() -> None:
    log = CellLog()
    ran(log, "a = 1", "one")
    ran(log, "b = 2", "two")
    ran(log, "a = 3", "one")
    assert [(c.cell_id, c.source, c.execution_count) for c in log.cells.values()] == [
        ("two", "b = 2", 2),
        ("one", "a = 3", 3),
    ]
    last = log.find("last")
    assert last is not None
    assert last.source == "a = 3"
    assert log.find("") == last == log.find("3") == log.find("In[3]")
    assert log.find("1") is None  # that text is gone
    assert log.find("three") is None


def test_requests_are_no_cells_and_keep_the_code_that_stood_there() -> None:
    log = CellLog()
    ran(log, "a = 1", "one")
    ran(log, "%%spark add hints\na = 1", "one")
    ran(log, "%spark status")
    assert [c.source for c in log.cells.values()] == ["a = 1"]
    assert log.current is not None
    assert log.current.source == "%spark status"


@pytest.mark.parametrize(
    "source",
    ["%spark undo", "%%spark add\nx", "  %%sparkai x\ny", "%load_ext jupyter_spark", "%reload_ext jupyter_spark"],
)
def test_ours(source: str) -> None:
    assert is_ours(source)


@pytest.mark.parametrize(
    "source", ["spark = 1", "%sparkline", "x = 1\n%spark undo", "%load_ext sparkmagic", "%%sql\nx"]
)
def test_theirs(source: str) -> None:
    assert not is_ours(source)


@pytest.mark.parametrize(
    ("source", "only"),
    [
        ("%%spark add\nx = 1", True),
        ("# why\n%load_ext jupyter_spark\n%spark use groq", True),
        ("%load_ext jupyter_spark\nimport os", False),
        ("x = 1\n%spark undo", False),
        ("# spark", False),
    ],
)
def test_nothing_but_ours(source: str, only: bool) -> None:
    assert is_only_ours(source) is only


def test_ipythons_word_on_the_count_is_taken() -> None:
    log = CellLog()
    ran(log, "a = 1")
    log.before_run("%reset -f", None)
    log.after_run(None, 2)
    log.before_run("b = 1", None)  # taken for the third, but counting began again
    log.after_run(ValueError("no"), 1)
    assert [(c.cell_id, c.execution_count) for c in log.cells.values()] == [("In[2]", 2), ("In[1]", 1)]
    failed = log.failed()
    assert failed is not None
    assert (failed.source, failed.cell_id) == ("b = 1", "In[1]")
    log.before_run("c = 1", "named")
    log.after_run(None, 7)
    assert log.cells["named"].execution_count == 7
    log.before_run("d = 1", None)
    assert log.current is not None
    assert log.current.execution_count == 8


def test_what_ran_before_loading_is_known() -> None:
    log = CellLog()
    log.read_history(["", "a = 1", "  ", "%load_ext jupyter_spark", "b = 2"])
    assert [(c.source, c.execution_count) for c in log.cells.values()] == [("a = 1", 1), ("b = 2", 4)]
    log.after_run(None, 5)  # the cell that loads: its beginning was not seen
    ran(log, "c = 3")
    assert log.cells["In[6]"].source == "c = 3"


def test_an_error_lasts_until_its_cell_runs_well() -> None:
    log = CellLog()
    ran(log, "1 / 0", "one", ZeroDivisionError("division by zero"))
    ran(log, "int('x')", "two", ValueError("no"))
    ran(log, "%spark fix", None, RuntimeError("ours is not remembered"))
    assert log.failed() == log.cells["two"]
    assert log.errors["one"].name == "ZeroDivisionError"
    ran(log, "int('1')", "two")
    assert log.failed() is None
    assert set(log.errors) == {"one"}
    ran(log, "while True: pass", "three", KeyboardInterrupt())
    assert log.failed() is None


def test_an_error_in_plain_text() -> None:
    def deep(n: int) -> None:
        if n:
            deep(n - 1)
        raise ValueError("\x1b[31mred\x1b[0m")

    with pytest.raises(ValueError, match="red") as caught:
        deep(20)
    seen = describe_error(caught.value)
    assert (seen.name, seen.message) == ("ValueError", "red")
    *frames, last = seen.traceback.splitlines()
    assert last == "ValueError: red"
    assert len(frames) == 6
    assert all("in deep" in frame for frame in frames)


def test_a_syntax_error_shows_its_line() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("x = 1\ny = (\n", "<cell>", "exec")
    seen = describe_error(caught.value)
    assert "line 2: y = (" in seen.traceback
    assert "<cell>" not in seen.message


def test_an_error_whose_text_raises() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe_error(MuteError()).traceback == "MuteError: "


def test_what_a_cell_put_out_is_told_in_a_few_words() -> None:
    log = CellLog()
    log.before_run("[1, 2]", "one")
    log.after_run(None, 1, [1, 2])
    assert log.outputs("one") == "list of length 2: 1, 2"
    ran(log, "1 / 0", "one", ZeroDivisionError("division by zero"))
    assert log.outputs("one") == "ZeroDivisionError: division by zero"
    ran(log, "x = 1", "one")
    assert log.outputs("one") == "" == log.outputs("never ran")


def test_a_result_is_not_kept_alive_and_not_asked() -> None:
    class Result:
        def __repr__(self) -> str:
            raise AssertionError("ran")

    log, result = CellLog(), Result()
    gone = weakref.ref(result)
    log.before_run("result", "one")
    log.after_run(None, 1, result)
    assert log.outputs("one") == "Result"
    del result
    assert gone() is None
