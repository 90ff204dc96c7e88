"""From what a host knows to a request: what cannot be asked, and how much context there is room for."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_spark.context import estimate_tokens
from jupyter_spark.conversation import NOTEBOOK_SHARE
from jupyter_spark.errors import UsageError
from jupyter_spark.request import PROMPT_TOKENS, RULES_TOKENS, build_request
from jupyter_spark.settings import Profile
from jupyter_spark.tokens import CORRECTIONS, PER_BASE64_CHARACTER
from jupyter_spark.wire import (
    CellSnapshot,
    ContextPack,
    Conversation,
    ErrorReport,
    Message,
    NotebookSnapshot,
    Told,
    VariableSummary,
    text_hash,
)

LARGE = Profile(name="large", context_tokens=2_000, max_output_tokens=500)
SMALL = Profile(name="tiny", context_tokens=300, max_output_tokens=1_000, small=True)
CELL = CellSnapshot(cell_id="c1", source="df.head()", execution_count=2)
NOTEBOOK = NotebookSnapshot(cells=(CellSnapshot(cell_id="c0", source="df = 1"), CELL), path="a.ipynb")


def build(kind: Any = "rewrite", instruction: str = "add hints", profile: Profile = LARGE, **more: Any) -> Any:
    more.setdefault("target", CELL)
    return build_request(kind, instruction, profile, more.pop("snapshot", NOTEBOOK), **more)


def test_everything_comes_through() -> None:
    error = ErrorReport(name="E", message="m")
    said = Conversation(notebook="", messages=(Message(role="user", content="before"),), cache_key="k")
    request = build("fix", "mend it", tier="deep", error=error, conversation=said)
    assert (request.kind, request.instruction, request.tier) == ("fix", "mend it", "deep")
    assert (request.target, request.error, request.conversation) == (CELL, error, said)
    assert request.session_key == "k"
    assert request.notebook_path == "a.ipynb"
    assert request.repair
    assert request.turn_id != build().turn_id
    assert [piece.text for piece in request.context.pieces] == ["df = 1", "df.head()"]


@pytest.mark.parametrize("kind", ["ask", "generate", "rewrite"])
@pytest.mark.parametrize("words", ["", " \n"])
def test_no_words(kind: str, words: str) -> None:
    with pytest.raises(UsageError, match="no words"):
        build(kind, words)


@pytest.mark.parametrize("kind", ["explain", "fix", "rewrite"])
@pytest.mark.parametrize("target", [None, CellSnapshot(cell_id="c", source=" \n")])
def test_no_code(kind: str, target: CellSnapshot | None) -> None:
    with pytest.raises(UsageError, match="no code"):
        build(kind, "words", target=target)


def test_what_needs_no_words_or_no_code() -> None:
    assert build("fix", "").instruction == build("explain", "").instruction == ""
    assert build("ask", "why?", target=None).target is build("generate", "plot", target=None).target is None


def test_the_budget_is_what_is_left() -> None:
    fixed = estimate_tokens(CELL.source) + estimate_tokens("add hints") + PROMPT_TOKENS
    # The cell stands among the others, and in the request.
    room = 2_000 - 500 - fixed - RULES_TOKENS - estimate_tokens(CELL.source)
    assert build().context.budget_tokens == room
    assert build(conversation=Conversation()).context.budget_tokens == int(room * NOTEBOOK_SHARE)
    assert build(profile=SMALL).context.budget_tokens == 300 - fixed
    assert build("ask", "add hints", target=None).context.budget_tokens == 1_500 - 150 - RULES_TOKENS - estimate_tokens(
        "add hints"
    )


def cell_of(tokens: int) -> CellSnapshot:
    return CellSnapshot(cell_id="c1", source="A" * int(tokens / PER_BASE64_CHARACTER))


def test_a_cell_that_is_too_large() -> None:
    most = 2_000 - 500 - PROMPT_TOKENS - RULES_TOKENS - estimate_tokens("add hints")
    most -= most % 2
    assert estimate_tokens(cell_of(most).source) == most
    assert build(target=cell_of(most)).context.budget_tokens <= 1
    with pytest.raises(UsageError) as caught:
        build(target=cell_of(most + 2))
    assert caught.value.message.startswith("The cell is too large for 'large': about 150")
    assert "of 1500" in caught.value.message
    assert caught.value.hint.startswith("Split the cell")


def test_words_that_are_too_many_are_not_blamed_on_the_cell() -> None:
    with pytest.raises(UsageError) as caught:
        build(target=cell_of(100), instruction="why " * 3_000)
    assert caught.value.message.startswith("The request is too large for 'large'")
    assert caught.value.hint.startswith("Say it in fewer words")


def test_a_small_model_tries_any_cell() -> None:
    request = build(profile=SMALL, target=cell_of(5_000))
    assert request.context.budget_tokens == 0
    assert request.context.pieces == ()


def test_a_small_model_gets_an_outline() -> None:
    snapshot = NotebookSnapshot(cells=(CellSnapshot(cell_id="c0", source="df = 1\nz = 2"), CELL))
    assert [piece.text for piece in build(snapshot=snapshot).context.pieces] == ["df = 1\nz = 2", CELL.source]
    outline = build("explain", snapshot=snapshot, profile=SMALL).context.pieces
    assert [piece.text for piece in outline] == ["df = 1"]


def test_a_small_model_that_edits_is_told_only_names_that_are_new_to_the_cell() -> None:
    """It would copy the others into the cell."""
    snapshot = NotebookSnapshot(cells=(CellSnapshot(cell_id="c0", source="df = 1\nz = 2"), CELL))
    assert build(snapshot=snapshot, profile=SMALL).context.pieces == ()
    request = build("rewrite", "add z", SMALL, snapshot=snapshot)
    assert [piece.text for piece in request.context.pieces] == ["z = 2"]
    assert {"df", "z"} <= request.context.known_names


def test_a_window_smaller_than_the_answer() -> None:
    profile = Profile(name="odd", context_tokens=100, max_output_tokens=500)
    with pytest.raises(UsageError, match="too large"):
        build(profile=profile)


def test_without_context_nothing_is_sent_and_names_are_known() -> None:
    values = [VariableSummary(name="df", type="DataFrame")]
    request = build(with_context=False, variables=values, live_names=["df", "live"])
    assert request.context == ContextPack(known_names=frozenset({"df", "live"}))
    star = NotebookSnapshot(cells=(CellSnapshot(cell_id="s", source="from m import *"),))
    assert not build(with_context=False, snapshot=star).context.names_are_complete


def test_variables() -> None:
    values = [VariableSummary(name="df", type="DataFrame"), VariableSummary(name="other", type="int")]
    assert [piece.label for piece in build(variables=values).context.pieces] == ["cell c0", "In[2]", "df"]
    only = build(variables=values, only_variables=("other",))
    assert [piece.label for piece in only.context.pieces] == ["cell c0", "In[2]", "other"]


def test_a_cell_that_is_kept_out_after_it_was_told() -> None:
    other = CellSnapshot(cell_id="c0", source="df = 'between us'")
    told = Told(label="cell c0", text_hash=text_hash(other.source), tokens=5)
    said = (Message(role="user", content="it was between us"), Message(role="assistant", content="I see"))
    before = Conversation(cache_key="k", notebook=other.source, told={other.key: told}, messages=said)
    open_ = build(snapshot=NotebookSnapshot(cells=(other, CELL)), conversation=before)
    assert open_.conversation.messages == said
    hidden = other.model_copy(update={"tags": ("spark-ignore",)})
    request = build(snapshot=NotebookSnapshot(cells=(hidden, CELL)), conversation=before)
    assert "between us" not in request.model_dump_json()
    assert request.conversation.cache_key == "k"
    assert "df" in request.context.known_names


def test_an_endpoints_own_count_corrects_the_budget() -> None:
    before = build("ask", "add hints", LARGE, target=None).context.budget_tokens
    CORRECTIONS.learn(LARGE.name, 1_000, 1_500)
    fixed = round(1.5 * (PROMPT_TOKENS + RULES_TOKENS + estimate_tokens("add hints")))
    after = build("ask", "add hints", LARGE, target=None).context.budget_tokens
    assert after == int((1_500 - fixed) / 1.5) < before
