"""The messages: a stable prefix, what was asked last, a fence that the cell cannot close."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_spark.context import estimate_tokens
from jupyter_spark.prompts import (
    REPAIR_TEMPERATURE,
    RULES,
    SMALL_EDIT_RULES,
    SMALL_REPAIR_DRAFTS,
    SMALL_WORDS_RULES,
    SPARE_TOKENS,
    Prompt,
    draft_repairs,
    render_prompt,
    render_repair,
)
from jupyter_spark.wire import (
    CellSnapshot,
    CheckResult,
    ContextPack,
    ContextPiece,
    Conversation,
    ErrorReport,
    Message,
    TurnRequest,
)

CELL = CellSnapshot(cell_id="c1", source="x = 1")
PIECES = (
    ContextPiece(label="In[1]", reason="", text="import os", tokens=1),
    ContextPiece(label="df", reason="", text="df: DataFrame", tokens=1),
)


def request(kind: Any, instruction: str = "add hints", **more: Any) -> TurnRequest:
    more.setdefault("target", None if kind in ("ask", "generate") else CELL)
    return TurnRequest(turn_id="t", kind=kind, instruction=instruction, **more)


def user(prompt: Prompt) -> str:
    assert prompt.messages[-1].role == "user"
    return prompt.messages[-1].content


def system(prompt: Prompt) -> str:
    assert prompt.messages[0].role == "system"
    return prompt.messages[0].content


@pytest.mark.parametrize(
    ("kind", "small"),
    [
        ("rewrite", SMALL_EDIT_RULES),
        ("fix", SMALL_EDIT_RULES),
        ("generate", SMALL_EDIT_RULES),
        ("ask", SMALL_WORDS_RULES),
        ("explain", SMALL_WORDS_RULES),
    ],
)
def test_rules(kind: str, small: str) -> None:
    """A large model's are the same for every kind: they stand before everything that an endpoint may have cached."""
    assert system(render_prompt(request(kind))) == RULES
    assert system(render_prompt(request(kind), small=True)) == small


def test_a_notebook_of_another_language() -> None:
    large, small = (render_prompt(request("rewrite", language="R"), small=one, prefill=True) for one in (False, True))
    for prompt in (large, small):
        assert prompt.prefill == "```R\n"
        assert "```R\nx = 1\n```" in user(prompt)
        assert not any("python" in message.content.lower() for message in prompt.messages)
    assert system(small).startswith("You are a R expert")


@pytest.mark.parametrize(
    ("kind", "words", "task"),
    [
        ("rewrite", " add hints\n", "Change the cell: add hints"),
        ("generate", "plot df", "Write the code of a new cell: plot df"),
        ("fix", "", "Fix the cell so that it runs."),
        ("fix", "keep x", "Fix the cell so that it runs. keep x"),
        ("explain", "", "Explain what this cell does."),
        ("explain", "why x?", "why x?"),
        ("ask", " why? ", "why?"),
    ],
)
def test_the_task_stands_last(kind: str, words: str, task: str) -> None:
    text = user(render_prompt(request(kind, words)))
    assert text == task or text.endswith(f"\n\n{task}")


@pytest.mark.parametrize("kind", ["rewrite", "generate", "fix", "explain", "ask"])
def test_a_small_model_is_told_what_it_needs(kind: str) -> None:
    """Its wording is tuned by measurement, so only what must be in it is held here."""
    context = ContextPack(pieces=PIECES)
    prompt = render_prompt(request(kind, "add hints", context=context), small=True)
    text = user(prompt)
    known = text.index("import os")
    assert known < text.index("df: DataFrame") < text.index("add hints")
    # A question is about the cells themselves, so they have their names; an edit only needs what they define.
    assert ("# In[1]" in text) == (kind == "ask")
    if kind not in ("ask", "generate"):
        assert text.index("```python\nx = 1\n```") < known
    # The system's text is the same for every notebook: a cached prefix.
    assert "import os" not in system(prompt)
    assert user(render_prompt(request("explain", " "), small=True)).strip().endswith((".", "?"))


def test_the_whole_of_a_large_request() -> None:
    prompt = render_prompt(request("rewrite", context=ContextPack(pieces=PIECES)))
    assert [(message.role, message.content) for message in prompt.messages] == [
        ("system", RULES),
        ("user", "The notebook (its cells, then live variables):\n\n# In[1]\nimport os\n\n# df\ndf: DataFrame"),
        ("user", "The cell to work on, cell c1:\n\n```python\nx = 1\n```\n\nChange the cell: add hints"),
    ]
    assert prompt == Prompt(prompt.messages, fence="```")


def test_the_prefix_does_not_depend_on_what_was_asked() -> None:
    context = ContextPack(pieces=PIECES)
    other = request("fix", "b", context=context, target=CellSnapshot(cell_id="c2", source="y"))
    assert (
        render_prompt(request("rewrite", "a", context=context)).messages[:-1]
        == render_prompt(other).messages[:-1]
        == render_prompt(request("ask", "c", context=context)).messages[:-1]
    )


def test_new_code_is_shown_its_fence() -> None:
    assert user(render_prompt(request("generate", "plot"))).startswith("Use this fence:\n\n```python\n...\n```\n\n")
    assert "```" not in user(render_prompt(request("ask", "why?")))
    assert "```" not in user(render_prompt(request("generate", "plot"), small=True))


@pytest.mark.parametrize("small", [False, True])
def test_a_cell_with_a_fence_in_it(small: bool) -> None:
    cell = CellSnapshot(cell_id="c1", source="t = '''\n```\n'''")
    prompt = render_prompt(request("rewrite", target=cell), small=small, prefill=True)
    assert prompt.fence == "````"
    assert (prompt.prefill, prompt.stop) == ("````python\n", ("\n````",))
    assert f"````python\n{cell.source}\n````\n" in user(prompt)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize(("kind", "info"), [("markdown", "markdown"), ("raw", "text")])
def test_a_cell_of_prose_is_no_code(kind: Any, info: str, small: bool) -> None:
    """Its fence says so, and leaves room for blocks of code of its own."""
    prompt = render_prompt(request("rewrite", target=CELL.model_copy(update={"kind": kind})), small=small, prefill=True)
    assert f"````{info}\nx = 1\n````" in user(prompt)
    assert prompt.prefill == f"````{info}\n"
    assert "Python" not in system(prompt) or not small
    assert "code" not in user(prompt)


def test_the_error_is_told() -> None:
    error = ErrorReport(name="NameError", message="name 'y' is not defined", traceback="Traceback\nNameError: …")
    told = user(render_prompt(request("fix", "", error=error)))
    assert "\n\nIt failed:\n\nTraceback\nNameError: …\n\n" in told
    told = user(render_prompt(request("fix", "", error=error.model_copy(update={"traceback": ""}))))
    assert "\n\nIt failed:\n\nNameError: name 'y' is not defined\n\n" in told
    told = user(render_prompt(request("fix", "", error=error), small=True))
    assert "NameError: name 'y' is not defined\n" in told
    assert "Traceback" not in told
    assert "NameError" not in user(render_prompt(request("fix", ""), small=True))


def test_the_answer_is_begun_only_for_code() -> None:
    assert render_prompt(request("rewrite"), prefill=True).prefill == "```python\n"
    assert render_prompt(request("rewrite"), prefill=True).stop == ("\n```",)
    for prompt in (render_prompt(request("ask"), prefill=True), render_prompt(request("rewrite"))):
        assert (prompt.prefill, prompt.stop) == ("", ())


def test_a_conversation_stands_between() -> None:
    said = (Message(role="user", content="a"), Message(role="assistant", content="b"))
    prompt = render_prompt(request("ask", "c", conversation=Conversation(notebook="The notebook", messages=said)))
    assert [message.role for message in prompt.messages] == ["system", "user", "user", "assistant", "user"]
    assert prompt.messages[1].content == "The notebook"
    assert prompt.messages[2:4] == said
    small = render_prompt(request("ask", "c", conversation=Conversation(messages=said)), small=True)
    assert [message.role for message in small.messages] == ["system", "user"]


FINDINGS = (
    CheckResult(name="parses", ok=False, message="SyntaxError: no", line=3),
    CheckResult(name="changed", ok=False, message="The cell is unchanged."),
)


def test_a_repair_goes_on_from_the_answer() -> None:
    asked = request("rewrite")
    prompt = render_prompt(asked, prefill=True)
    repair = render_repair(prompt, asked, "the answer", FINDINGS)
    assert repair.messages[:-2] == prompt.messages
    assert repair.messages[-2] == Message(role="assistant", content="the answer")
    assert "\n- Line 3: SyntaxError: no\n- The cell is unchanged.\n" in user(repair)
    assert (repair.fence, repair.prefill, repair.stop) == (prompt.fence, prompt.prefill, prompt.stop)
    assert repair.temperature is None


def test_a_small_repair_starts_afresh() -> None:
    """A small model copies what it is shown, so it is not shown the answer that did not hold."""
    asked = request("rewrite", "use numpy")
    prompt = render_prompt(asked, small=True, prefill=True)
    repair = render_repair(prompt, asked, "the answer", FINDINGS, small=True)
    assert repair.messages[:-1] == prompt.messages[:-1]
    assert "use numpy" in user(repair)
    assert CELL.source in user(repair)
    assert "\n- Line 3: SyntaxError: no\n- The cell is unchanged.\n" in user(repair)
    assert user(repair).endswith("use numpy")
    assert not any("the answer" in message.content for message in repair.messages)
    assert (repair.fence, repair.prefill, repair.stop) == (prompt.fence, prompt.prefill, prompt.stop)
    assert draft_repairs(prompt, repair) == (repair,)
    best, *freer = draft_repairs(prompt, repair, small=True)
    assert best == repair
    assert [draft.temperature for draft in freer] == [REPAIR_TEMPERATURE] * (SMALL_REPAIR_DRAFTS - 1)
    assert all(draft.messages == prompt.messages for draft in freer)


def test_a_small_repair_of_new_code() -> None:
    asked = request("generate", "plot df")
    repair = render_repair(render_prompt(asked, small=True), asked, "no", FINDINGS, small=True)
    assert user(repair).startswith("Write the code of a notebook cell: plot df\n\n")
    assert "```" not in user(repair)


@pytest.mark.parametrize("kind", ["rewrite", "generate"])
def test_a_small_repair_knows_what_the_first_try_was_told(kind: str) -> None:
    asked = request(kind, "plot df", context=ContextPack(pieces=PIECES))
    repair = render_repair(render_prompt(asked, small=True), asked, "no", FINDINGS, small=True)
    assert "import os\ndf: DataFrame" in user(repair)


def test_a_small_models_edit_is_bounded_by_its_cell() -> None:
    prompt = render_prompt(request("rewrite"), small=True, prefill=True)
    assert prompt.max_output_tokens == 2 * estimate_tokens(CELL.source) + SPARE_TOKENS
    longer = CellSnapshot(cell_id="c", source="x = 1\n" * 100)
    bound = render_prompt(request("rewrite", target=longer), small=True, prefill=True).max_output_tokens
    assert bound == 2 * estimate_tokens(longer.source) + SPARE_TOKENS
    assert render_prompt(request("rewrite"), prefill=True).max_output_tokens is None
    assert render_prompt(request("explain"), small=True, prefill=True).max_output_tokens is None
