"""A small model writes docstrings and signatures into blanks: a turn from its words to its proposal."""

from __future__ import annotations

from jupyter_spark.filling import blanks_of
from jupyter_spark.providers import Completed, Delta
from jupyter_spark.wire import CellSnapshot
from tests.unit.turns import Replies, kinds, only, request, streamed, turn

SOURCE = "@cache\ndef f(x, y):\n    return x + y\n\n\nclass A:\n    def g(self, n=1): return n\n\nf(1, 2)"
SMALL = {"small": True, "prefill": True}


def asked(words, source=SOURCE, **more):
    return request(**{"target": CellSnapshot(cell_id="c1", source=source), **more}).model_copy(
        update={"instruction": words}
    )


def test_each_docstring_is_asked_for_by_itself_and_put_into_the_cell():
    provider = Replies("Add two numbers.", "Hold nothing.", "\n    Return `n`.\n\n    More.\n    ", **SMALL)
    events = turn(asked("add a one-line docstring to each function and class"), provider)
    proposal = only(events, "turn_finished").proposal
    assert proposal.holds and not proposal.repaired
    assert proposal.edit.new_source == (
        '@cache\ndef f(x, y):\n    """Add two numbers."""\n    return x + y\n\n\n'
        'class A:\n    """Hold nothing."""\n    def g(self, n=1):\n        """Return `n`."""\n        return n\n\n'
        "f(1, 2)"
    )
    assert "\n".join(streamed(events)) == proposal.edit.new_source
    assert kinds(events)[-3:] == ["edit_delta", "edit_ready", "turn_finished"]
    first, second, third = provider.requests
    assert first.prefill.endswith('def f(x, y):\n    """') and first.stop == ('"""',)
    assert second.prefill.endswith('class A:\n    """') and third.prefill.endswith('def g(self, n=1):\n    """')
    assert "class A:\n    def g" in third.messages[-1].content and "f(1, 2)" not in third.messages[-1].content


def test_hints_are_written_from_the_first_parameter_that_has_none():
    provider = Replies(" float, y: float) -> float", " int = 1) -> int", **SMALL)
    events = turn(asked("add type hints"), provider)
    proposal = only(events, "turn_finished").proposal
    assert proposal.holds
    assert "def f(x: float, y: float) -> float:\n" in proposal.edit.new_source
    assert "def g(self, n: int = 1) -> int: return n" in proposal.edit.new_source
    assert [sent.prefill.splitlines()[-1] for sent in provider.requests] == ["def f(x:", "def g(self, n:"]


def test_what_cannot_be_taken_is_asked_once_more_and_then_left():
    nonsense = "float[3], y) -> 1 +"
    provider = Replies(nonsense, nonsense, nonsense, " int = 1) -> int", **SMALL)
    proposal = only(turn(asked("add type hints"), provider), "turn_finished").proposal
    assert proposal.holds
    assert proposal.edit.new_source == SOURCE.replace("(self, n=1):", "(self, n: int = 1) -> int:")
    assert [sent.temperature for sent in provider.requests] == [None, 0.7, None, 0.7]


def test_where_nothing_can_be_taken_the_checks_say_so():
    provider = Replies(*["..."] * 2, **SMALL)
    proposal = only(turn(asked("add a docstring to f"), provider), "turn_finished").proposal
    assert proposal.edit.new_source == SOURCE
    assert {check.name for check in proposal.findings} == {"changed", "as_asked"}


def test_an_endpoint_that_fails_ends_the_turn():
    provider = Replies("One.", [Delta("Tw"), RuntimeError("gone")], **SMALL)
    assert only(turn(asked("add docstrings"), provider), "turn_failed").message == "RuntimeError: gone"


def test_only_what_is_named_is_asked_for():
    provider = Replies([Delta("Add"), Completed("stop")], **SMALL)
    assert only(turn(asked("add a docstring to f"), provider), "turn_finished").proposal.holds


def test_a_large_model_writes_the_cell_and_only_its_docstrings_are_taken():
    answer = '```python\ndef f(x, y):\n    """Add."""\n    return x * y\n```'
    provider = Replies(answer)
    proposal = only(turn(asked("add docstrings", "def f(x, y):\n    return x + y"), provider), "turn_finished").proposal
    assert proposal.holds
    assert proposal.edit.new_source == 'def f(x, y):\n    """Add."""\n    return x + y'


def test_other_words_and_other_requests_have_no_blanks():
    assert blanks_of(asked("add docstrings"))
    assert not blanks_of(asked("add docstrings and use pathlib"))
    assert not blanks_of(asked("add docstrings", kind="fix"))
    assert not blanks_of(asked("add docstrings", language="R"))
    assert not blanks_of(asked("add docstrings", "def f(:"))
    assert not blanks_of(asked("add docstrings", 'def f():\n    """Done."""'))


def test_a_method_of_a_long_class_is_shown_alone():
    long = "class A:\n" + "\n".join(f"    value_{i} = {i}" for i in range(500)) + "\n    def g(self, n): return n"
    (blank,) = blanks_of(asked("add a type hint to g", long))
    assert blank.prompt.messages[-1].content.startswith("```python\n    def g(self, n): return n\n```")
