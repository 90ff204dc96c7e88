"""How a failure is told to a small model."""

from __future__ import annotations

import pytest

from jupyter_spark.failing import say_failure
from jupyter_spark.wire import CellSnapshot, ContextPack, ErrorReport, TurnRequest


def request(source: str, name: str, message: str, traceback: str = "", known: tuple[str, ...] = ()) -> TurnRequest:
    return TurnRequest(
        turn_id="t",
        kind="fix",
        target=CellSnapshot(cell_id="c", source=source),
        error=ErrorReport(name=name, message=message, traceback=traceback),
        context=ContextPack(known_names=frozenset(known)),
    )


def test_the_line_is_named_where_there_are_many() -> None:
    lines = "\n".join(f"x{number} = {number}" for number in range(9)) + "\nx1()"
    told = say_failure(request(lines, "TypeError", "'int' object is not callable", "---> 10 x1()"))
    assert told == "Running it fails at line 10, `x1()`, with TypeError: 'int' object is not callable"
    short = say_failure(request("x1()", "TypeError", "no", "----> 1 x1()"))
    assert short == "Running it fails with TypeError: no"


def test_a_name_that_may_have_been_meant() -> None:
    one = request("print(order_)", "NameError", "name 'order_' is not defined", known=("orders", "customers"))
    assert say_failure(one).endswith("name 'order_' is not defined. Did you mean 'orders'?")
    other = request("print(x)", "NameError", "name 'x' is not defined", known=("orders",))
    assert say_failure(other).endswith("name 'x' is not defined")


@pytest.mark.parametrize("message", ["incomplete input (3810314499.py, line 1)", "'(' was never closed (<x>, line 1)"])
def test_python_says_itself_what_does_not_parse(message: str) -> None:
    assert (
        say_failure(request("f(", "SyntaxError", message)) == "Running it fails with SyntaxError: '(' was never closed"
    )


def test_an_error_that_is_no_more_is_told_without_the_name_of_the_cell() -> None:
    told = say_failure(request("f()", "SyntaxError", "invalid syntax (915922196.py, line 1)"))
    assert told == "Running it fails with SyntaxError: invalid syntax"
