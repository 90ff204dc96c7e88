"""A conversation only grows, the model is told what is so, and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_spark.context import estimate_tokens
from jupyter_spark.conversation import KEPT_MESSAGES, KEPT_SHARE, STALE_SHARE, begin, settled
from jupyter_spark.edits import make_edit
from jupyter_spark.prompts import render_prompt
from jupyter_spark.request import build_request
from jupyter_spark.settings import Profile
from jupyter_spark.wire import (
    CellSnapshot,
    Conversation,
    Message,
    NotebookSnapshot,
    Proposal,
    TurnRequest,
    VariableSummary,
    text_hash,
)

LARGE = Profile(name="large", context_tokens=100_000, max_output_tokens=1_000)
ROOMY = "".join(f"row_{i} = load('table {i}', clean=True)\n" for i in "abcdefghijklmnopqrst")


def cell(name: str, source: str, count: int | None = None, kind: Any = "code") -> CellSnapshot:
    return CellSnapshot(cell_id=name, source=source, execution_count=count, kind=kind)


@dataclass
class Talk:
    """A notebook and a conversation about it with one model."""

    cells: dict[str, CellSnapshot] = field(default_factory=dict)
    profile: Profile = LARGE
    origin: Any = "live"
    conversation: Conversation = field(default_factory=begin)
    variables: tuple[VariableSummary, ...] = ()

    def put(self, name: str, source: str, count: int | None = None) -> None:
        self.cells[name] = cell(name, source, count)

    @property
    def snapshot(self) -> NotebookSnapshot:
        return NotebookSnapshot(cells=tuple(self.cells.values()), origin=self.origin)

    def request(self, kind: Any = "ask", words: str = "why?", target: str | None = None, **more: Any) -> TurnRequest:
        return build_request(
            kind,
            words,
            self.profile,
            self.snapshot,
            target=self.cells[target] if target else None,
            variables=self.variables,
            live_names=[v.name for v in self.variables],
            conversation=self.conversation,
            **more,
        )

    def turn(self, kind: Any = "ask", words: str = "why?", target: str | None = None, new: str = "") -> list[Message]:
        """Run a turn to its good end, and return what was sent after the rules."""
        request = self.request(kind, words, target)
        sent, answer, proposal = list(render_prompt(request).messages[1:]), "Because.", None
        if new:
            answer = f"```python\n{new}\n```"
            old = self.cells[target].source if target else ""
            operation: Any = "replace" if target else "insert_below"
            edit = make_edit(new, cell_id=target or "", old_source=old, operation=operation)
            proposal = Proposal(proposal_id="p", turn_id=request.turn_id, edit=edit, checks=())
        self.conversation = settled(request, (sent[-1], Message(role="assistant", content=answer)), proposal)
        return sent

    def news(self, *args: Any, **kwargs: Any) -> str:
        """What the next turn would say last."""
        return render_prompt(self.request(*args, **kwargs)).messages[-1].content


def talk(**cells: str) -> Talk:
    one = Talk()
    for count, (name, source) in enumerate(cells.items(), start=1):
        one.put(name, source, count)
    return one


# --- turns add ------------------------------------------------------------------------------------


def test_the_notebook_is_sent_once() -> None:
    one = talk(a="x = 1", b=ROOMY)
    first = one.turn("ask", "what is x?")
    second = one.turn("ask", "and y?")
    assert [message.role for message in first] == ["user", "user"]
    assert first[0].content == f"The notebook (its cells, then live variables):\n\n# In[1]\nx = 1\n\n# In[2]\n{ROOMY}"
    assert first[1].content == "what is x?"
    assert second == [
        *first,
        Message(role="assistant", content="Because."),
        Message(role="user", content="and y?"),
    ]


def test_only_what_changed_is_told_and_only_once() -> None:
    one = talk(a="x = 1", b=ROOMY, c="z = 3")
    one.turn()
    one.put("a", "x = 2", 4)
    one.put("d", "new = 4", 5)
    assert one.news() == "New or changed since:\n\n# In[4]\nx = 2\n\n# In[5]\nnew = 4\n\nwhy?"
    one.turn()
    assert one.news() == "why?"


def test_a_cell_that_ran_again_has_another_name() -> None:
    one = talk(a="x = 1", b="y = 2")
    one.turn()
    one.put("a", "x = 1", 7)
    assert one.news() == "Run again, unchanged: In[1] is In[7].\n\nwhy?"
    one.turn()
    assert one.news() == "why?"


def test_a_cell_that_is_gone_is_told_once() -> None:
    one = talk(a="x = 1", b="y = 2", c=ROOMY)
    one.turn()
    del one.cells["b"]
    assert one.news() == "No longer as above: In[2].\n\nwhy?"
    one.turn()
    assert one.news() == "why?"
    one.put("b", "y = 2", 9)
    assert one.news() == "New or changed since:\n\n# In[9]\ny = 2\n\nwhy?"


def test_a_kernels_history_cannot_tell_that_a_cell_is_gone() -> None:
    one = talk(a="x = 1", b="y = 2")
    one.origin = "history"
    one.turn()
    del one.cells["b"]
    assert one.news() == "why?"


def test_variables_are_told_when_they_change() -> None:
    one = talk(b=ROOMY)
    one.variables = (VariableSummary(name="df", type="DataFrame", summary="(3, 2)"),)
    one.turn("ask", "what is df?")
    assert one.news("ask", "what is df?") == "what is df?"
    one.variables = (VariableSummary(name="df", type="DataFrame", summary="(9, 2)"),)
    assert one.news("ask", "what is df?") == "New or changed since:\n\n# df\ndf: DataFrame (9, 2)\n\nwhat is df?"
    one.variables = ()
    assert one.news("ask", "why?") == "No longer as above: df.\n\nwhy?"


# --- the target -----------------------------------------------------------------------------------


def test_the_notebook_is_told_alike_whichever_cell_is_the_target() -> None:
    one = talk(a="x = 1", b="y = x", c="z = y")
    one.variables = (VariableSummary(name="x", type="int"),)
    alike = {render_prompt(one.request("rewrite", "x", target)).messages[:-1] for target in ("a", "b", "c")}
    assert len(alike) == 1
    (messages,) = alike
    assert messages[-1].content.endswith("# In[1]\nx = 1\n\n# In[2]\ny = x\n\n# In[3]\nz = y\n\n# x\nx: int")


def test_a_cell_that_was_shown_as_the_target_is_not_told_again() -> None:
    one = talk(a="x = 1", b=ROOMY)
    one.turn()
    one.put("a", "x = 2", 1)
    assert one.news("explain", "", "a") == (
        "The cell to work on, In[1]:\n\n```python\nx = 2\n```\n\nExplain what this cell does."
    )
    one.turn("explain", "", "a")
    assert one.news() == "why?"


def test_a_target_of_which_more_is_told_than_its_text_is_not_told_again() -> None:
    """A piece may hold what the cell put out, too; the request shows the cell's text alone."""
    one = talk(a="x", b=ROOMY)
    asked = one.request("explain", "", "a")
    pieces = [
        p.model_copy(update={"text": f"{p.text}\n# Out: 7"}) if p.key == "cell:a" else p for p in asked.context.pieces
    ]
    context = asked.context.model_copy(update={"pieces": tuple(pieces)})
    for _ in range(2):
        asked = asked.model_copy(update={"context": context, "conversation": one.conversation})
        said = (render_prompt(asked).messages[-1], Message(role="assistant", content="It is x."))
        one.conversation = settled(asked, said)
        assert one.conversation.told["cell:a"].text_hash == text_hash("x\n# Out: 7")


def test_an_edit_that_was_taken_is_known_and_one_that_was_not_is_corrected() -> None:
    one = talk(a="x = 1", b=ROOMY)
    one.turn("rewrite", "make it two", "a", new="x = 2")
    assert one.news() == "New or changed since:\n\n# In[1]\nx = 1\n\nwhy?"
    one.put("a", "x = 2", 3)
    assert one.news() == "Run again, unchanged: In[1] is In[3].\n\nwhy?"


def test_new_code_is_of_no_cell_yet() -> None:
    one = talk(a="x = 1", b=ROOMY)
    one.turn("generate", "plot x", None, new="plot(x)")
    assert set(one.conversation.told) == {"cell:a", "cell:b"}


def test_a_follow_up_sees_the_edit() -> None:
    one = talk(a="x = 1", b=ROOMY)
    one.turn("rewrite", "make it two", "a", new="x = 2")
    one.put("a", "x = 2", 3)
    sent = render_prompt(one.request("rewrite", "no, three", "a")).messages
    assert sent[-2] == Message(role="assistant", content="```python\nx = 2\n```")
    assert sent[-1].content.endswith("```python\nx = 2\n```\n\nChange the cell: no, three")


# --- beginning anew -------------------------------------------------------------------------------


def test_a_conversation_that_is_mostly_out_of_date_begins_anew() -> None:
    one = talk(a=ROOMY, b=ROOMY.upper())
    key = one.conversation.cache_key
    before: list[Message] = []
    for turn in range(1, 8):
        one.put("a", ROOMY + f"turn = {turn}", turn)
        sent = one.turn("ask", f"question {turn}")
        if before and sent[: len(before)] != before:
            break
        before = sent
        assert one.conversation.stale_tokens <= STALE_SHARE * one.conversation.tokens
    else:
        pytest.fail("it never began anew")
    assert f"turn = {turn}" in sent[0].content
    assert sum("turn =" in message.content for message in sent) <= 1 + KEPT_MESSAGES // 2
    assert "from before; where they differ" in sent[0].content
    assert sent[1:-1] == [*before, Message(role="assistant", content="Because.")][-len(sent[1:-1]) :]
    assert one.conversation.cache_key == key
    assert one.conversation.stale_tokens == 0


def test_a_conversation_that_outgrows_the_window_begins_anew() -> None:
    one = talk(a="x = 1", b=ROOMY)
    one.profile = Profile(name="narrow", context_tokens=2_500, max_output_tokens=500)
    begun = 0
    for turn in range(80):
        asked = f"question {turn}: " + "tell me about x " * 24
        fresh = one.request("ask", asked).conversation.notebook is None
        if fresh and turn:
            begun += 1
            kept = sum(estimate_tokens(message.content) for message in one.request("ask", asked).conversation.messages)
            assert 0 < kept <= 2_000 * KEPT_SHARE
        sent = one.turn("ask", asked)
        assert sum(estimate_tokens(message.content) for message in sent) <= 2_000
        assert ROOMY in sent[0].content
    assert 2 <= begun <= 10


def test_what_changed_and_has_no_room_is_named() -> None:
    one = talk(a="x = 1", b="y = 2", c=ROOMY)
    one.turn()
    one.put("a", " ", 3)
    assert one.news() == "No longer as above: In[1].\n\nwhy?"
    large = ROOMY * 12
    one.profile = Profile(name="narrow", context_tokens=3_000, max_output_tokens=500)
    one.put("b", large, 4)
    assert one.news() == "No longer as above: In[1], In[2].\n\nwhy?"
    one.turn()
    assert one.news() == "why?"


@pytest.mark.parametrize("count", [0, 3])
def test_an_empty_notebook(count: int) -> None:
    one = Talk()
    for turn in range(count):
        assert one.turn("ask", f"q{turn}")[-1].content == f"q{turn}"
    one.put("a", "x = 1", 1)
    sent = one.turn("ask", "last")
    assert len(sent) == 2 * count + (1 if count else 2)
    assert sum("x = 1" in message.content for message in sent) == 1


def test_a_turn_that_stands_alone() -> None:
    one = talk(a="x = 1")
    one.turn("ask", "a secret of before")
    alone = one.request("ask", "q", with_context=False)
    assert alone.conversation == Conversation()
    assert [m.content for m in render_prompt(alone).messages[1:]] == ["q"]
    one.profile = Profile(name="tiny", context_tokens=700, small=True)
    assert one.request("ask", "q").conversation == Conversation()


def test_a_cache_key_says_nothing() -> None:
    keys = {begin().cache_key for _ in range(10)}
    assert len(keys) == 10
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)


# --- always ---------------------------------------------------------------------------------------

names = st.sampled_from("abcdefgh")
sources = st.text("xyz =1\n#", min_size=1, max_size=40).filter(str.strip) | st.sampled_from([ROOMY, "import os"])
steps = st.one_of(
    st.tuples(st.just("edit"), names, sources),
    st.tuples(st.just("delete"), names, st.none()),
    st.tuples(st.just("ask"), st.none(), st.none()),
    st.tuples(st.just("explain"), names, st.none()),
    st.tuples(st.just("rewrite"), names, sources),
    st.tuples(st.just("take"), names, sources),
)


@settings(deadline=None, max_examples=150)
@given(
    cells=st.dictionaries(names, sources, max_size=6),
    steps=st.lists(steps, min_size=1, max_size=25),
    window=st.sampled_from([100_000, 1_500]),
)
def test_the_model_is_told_what_is_so_and_what_was_sent_stays(
    cells: dict[str, str], steps: list[tuple[str, str, Any]], window: int
) -> None:
    one = Talk(profile=Profile(name="p", context_tokens=window, max_output_tokens=500))
    for name, source in cells.items():
        one.put(name, source, 1)
    sent: list[Message] = []
    for count, (step, name, source) in enumerate(steps, start=2):
        if step == "edit":
            one.put(name, source, count)
        elif step == "delete":
            one.cells.pop(name, None)
        elif step == "ask" or name in one.cells:
            before, known = sent, one.conversation
            rewrites = step in ("rewrite", "take")
            request = one.request("ask" if step == "ask" else "explain" if step == "explain" else "rewrite", "q", name)
            sent = one.turn(request.kind, "q", name, new=source if rewrites else "")
            if step == "take":
                one.put(name, source, count)
            # What was sent stays, and the answer stands behind it; unless the notebook is told afresh.
            if request.conversation.notebook is not None:
                assert sent[: len(before)] == before
                assert sent[len(before)].role == "assistant"
                assert len(sent) == len(before) + 2
            elif known.notebook is not None:
                assert sent[0].content != ""
            # What the model knows of each cell is what the cell holds; a proposal is known as it was proposed.
            for key, told in one.conversation.told.items():
                current = one.cells[key.removeprefix("cell:")].source
                proposed = source if rewrites and key == f"cell:{name}" else current
                assert told.text_hash in (text_hash(current), text_hash(proposed))
            if window == 100_000:
                holding = {c.key for c in one.cells.values() if c.source.strip()}
                assert holding == set(one.conversation.told)
            assert 0 <= one.conversation.stale_tokens <= one.conversation.tokens
    # Every text that is known as told stands in what was sent.
    whole = "\n".join(message.content for message in (*sent, *one.conversation.messages[-1:]))
    digests = {text_hash(c.source): c.source for c in one.cells.values()}
    for told in one.conversation.told.values():
        if told.text_hash in digests:
            assert digests[told.text_hash] in whole
