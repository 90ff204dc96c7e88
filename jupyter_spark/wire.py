"""Every type that leaves the process: events, edits, snapshots, the journal's records.

All are frozen pydantic models, so that one definition serves Python, JSON and (generated) TypeScript.
Character offsets never cross: Python counts code points and JavaScript UTF-16 units; lines cross instead.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, computed_field

WIRE_VERSION = 1

Tier = Literal["spark", "deep"]
TurnKind = Literal["ask", "explain", "rewrite", "generate", "fix"]
CheckName = Literal[
    "closed_fence",
    "parses",
    "no_elision",
    "keeps_size",
    "names_known",
    "changed",
    "keeps_definitions",
    "as_asked",
    "keeps_secrets",
    "keeps_magic",
]


@lru_cache(maxsize=4096)  # a turn asks for the hash of each cell several times
def text_hash(text: str) -> str:
    """Return the short SHA-256 by which an edit knows the text it was made from."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class WireModel(BaseModel):
    """A frozen value; an unknown field is an error, so that drift between two sides is seen at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- what is there ---------------------------------------------------------------------------------


class CellSnapshot(WireModel):
    """One cell as it stood when the snapshot was taken; ``outputs`` is what it put out, as a short text.

    ``editable`` and ``deletable`` are false where the cell's metadata lock it.
    """

    cell_id: str
    kind: Literal["code", "markdown", "raw"] = "code"
    source: str = ""
    execution_count: int | None = None
    outputs: str = ""
    tags: tuple[str, ...] = ()
    editable: bool = True
    deletable: bool = True

    @property
    def is_locked(self) -> bool:
        """Whether the cell is to be left as it is: nobody may change it, or take it away."""
        return not (self.editable and self.deletable)

    @property
    def key(self) -> str:
        """The name of this cell among all pieces of a context (``ContextPiece.key``)."""
        return f"cell:{self.cell_id}"

    @property
    def label(self) -> str:
        """What people and models call this cell."""
        return f"In[{self.execution_count}]" if self.execution_count is not None else f"cell {self.cell_id}"


class NotebookSnapshot(WireModel):
    """A notebook's cells, where they were read, and when (seconds since the epoch)."""

    cells: tuple[CellSnapshot, ...] = ()
    origin: Literal["file", "history", "live"] = "file"
    path: str | None = None
    language: str = "python"
    taken_at_s: float = 0.0


class VariableSummary(WireModel):
    """A live variable in one line: its type, shape and first values, never its whole value."""

    name: str
    type: str
    summary: str = ""


class ErrorReport(WireModel):
    """An exception as the user saw it, without terminal colours."""

    name: str
    message: str
    traceback: str = ""


class ContextPiece(WireModel):
    """One piece of what is sent: what it is, why it is in, and its price.

    ``key`` names it from turn to turn, whatever its text and label become: ``cell:ID``, ``variable:NAME``.
    """

    key: str = ""
    label: str
    reason: str
    text: str
    tokens: int


class KeptBack(WireModel):
    """Secrets that are not sent: in which piece, of what kind, how many."""

    label: str
    kind: str
    count: int = 1


class ContextPack(WireModel):
    """What goes to the model beside the instruction, and the names that an edit may rely on.

    ``kept_back`` counts the secrets that are not sent, those of the cell itself included; ``kept_out`` the cells of
    which nothing is sent (``spark-ignore``).
    ``cut`` are the labels of what is sent shortened, ``dropped`` of what is not sent for the budget; ``origin`` and
    ``taken_at_s`` tell where the notebook was read, and when (seconds since the epoch).
    """

    pieces: tuple[ContextPiece, ...] = ()
    budget_tokens: int = 0
    dropped: tuple[str, ...] = ()
    known_names: frozenset[str] = frozenset()
    names_are_complete: bool = True
    kept_back: tuple[KeptBack, ...] = ()
    kept_out: int = 0
    cut: tuple[str, ...] = ()
    origin: Literal["file", "history", "live"] = "file"
    taken_at_s: float = 0.0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def tokens(self) -> int:
        """The estimated size of all pieces, in tokens."""
        return sum(piece.tokens for piece in self.pieces)


# --- what is asked ---------------------------------------------------------------------------------


class Message(WireModel):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Told(WireModel):
    """What a model was last told of one piece: the name it has there, the text's hash, and its size."""

    label: str
    text_hash: str
    tokens: int


class Conversation(WireModel):
    """What one model was sent about one notebook and what it answered; the next turn only adds to it.

    Attributes
    ----------
    notebook : str or None
        The notebook as it was sent first. None: the next turn sends it.
    messages : tuple of Message
        Everything after that, as it was sent and as it came back.
    told : dict
        What the model was last told of each piece, by the piece's key.
    tokens : int
        The estimated size of notebook and messages.
    stale_tokens : int
        How much of that no longer holds.
    cache_key : str
        The same from turn to turn, random: an endpoint may route by it. Empty: the turn stands alone.
    """

    notebook: str | None = None
    messages: tuple[Message, ...] = ()
    told: dict[str, Told] = Field(default_factory=dict)
    tokens: int = 0
    stale_tokens: int = 0
    cache_key: str = ""


class TurnRequest(WireModel):
    """What the user asked of which cell, with everything the turn needs to answer.

    ``gone`` are the keys of what the conversation tells and no longer holds, where nothing newer is sent.
    """

    turn_id: str
    kind: TurnKind
    instruction: str = ""
    tier: Tier = "spark"
    target: CellSnapshot | None = None
    error: ErrorReport | None = None
    context: ContextPack = ContextPack()
    conversation: Conversation = Conversation()
    gone: tuple[str, ...] = ()
    repair: bool = True
    temperature: float | None = None
    notebook_path: str | None = None
    conversation_id: str | None = None
    group_id: str | None = None  # of tries at the same: the first one's turn id
    language: str = "python"  # the notebook's
    session_key: str = ""  # the same for requests that share a prefix; random, never a path or a name

    @property
    def wants_code(self) -> bool:
        """Whether the answer is an edit rather than words."""
        return self.kind in ("rewrite", "generate", "fix")

    @property
    def is_prose(self) -> bool:
        """Whether the edit is one of a cell that holds no code."""
        return self.kind == "rewrite" and self.target is not None and self.target.kind != "code"

    @property
    def is_python(self) -> bool:
        """Whether the notebook is Python's: of another language we know no more than its name."""
        return self.language.lower() in ("python", "ipython")


# --- what comes back -------------------------------------------------------------------------------


class CellEdit(WireModel):
    """A change of one cell, and the hash of the text that it was made from."""

    cell_id: str
    operation: Literal["replace", "insert_below"]
    old_source: str
    new_source: str
    base_hash: str


class CheckResult(WireModel):
    """One check of an edit; ``line`` counts from 1 in the new text."""

    name: CheckName
    ok: bool
    message: str = ""
    line: int | None = None


class Proposal(WireModel):
    """An edit with its checks: a proposal until the user takes it."""

    proposal_id: str
    turn_id: str
    edit: CellEdit
    checks: tuple[CheckResult, ...]
    repaired: bool = False
    words: str = ""
    refused: bool = False  # the user wants none of it

    @property
    def holds(self) -> bool:
        """Whether every check held."""
        return all(check.ok for check in self.checks)

    @property
    def findings(self) -> tuple[CheckResult, ...]:
        """The checks that did not hold."""
        return tuple(check for check in self.checks if not check.ok)


class Usage(WireModel):
    """Token counts as the provider itself reports them; ``output_tokens`` includes reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in Usage.model_fields})


class TurnFigures(WireModel):
    """What a turn took. Times in seconds, rates in tokens a second, cost in US dollars.

    ``tokens_per_s`` is the answer's tokens, by the provider's own count and without reasoning, over the time from the
    first of them to the end. ``queue_s`` and ``endpoint_tokens_per_s`` are what the endpoint itself tells, if it does.
    """

    first_token_s: float | None = None
    total_s: float = 0.0
    tokens_per_s: float | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    queue_s: float | None = None
    endpoint_tokens_per_s: float | None = None


# --- events ----------------------------------------------------------------------------------------


class TurnEvent(WireModel):
    """The head that every event of a turn has: whose it is, and its place in the order."""

    turn_id: str
    seq: int


class TurnStarted(TurnEvent):
    """The turn is on its way to this profile and model."""

    type: Literal["turn_started"] = "turn_started"
    kind: TurnKind
    tier: Tier
    profile: str
    model: str


class ContextPacked(TurnEvent):
    """What is sent, piece by piece (the receipt)."""

    type: Literal["context_packed"] = "context_packed"
    context: ContextPack
    prompt_tokens: int


class Notice(TurnEvent):
    """Something the user should know that does not end the turn."""

    type: Literal["notice"] = "notice"
    message: str


class TurnSteered(TurnEvent):
    """New words redirected the running turn: what it said before is void and must no longer be shown.

    If ``in_place``, the endpoint took the words while it answered; otherwise it is asked anew. An edit's next event is
    an ``edit_started``.
    """

    type: Literal["turn_steered"] = "turn_steered"
    words: str
    in_place: bool


class TextDelta(TurnEvent):
    """More of the answer's words (what stands outside of the edit)."""

    type: Literal["text_delta"] = "text_delta"
    text: str


class EditStarted(TurnEvent):
    """An edit begins; another one of the same turn (a repair, a redirection) replaces the first on screen."""

    type: Literal["edit_started"] = "edit_started"
    cell_id: str
    operation: Literal["replace", "insert_below"]
    old_source: str
    attempt: int


class EditDelta(TurnEvent):
    """More lines of the new text, whole lines only."""

    type: Literal["edit_delta"] = "edit_delta"
    lines: tuple[str, ...]


class EditReady(TurnEvent):
    """The edit is complete and checked."""

    type: Literal["edit_ready"] = "edit_ready"
    proposal: Proposal


class UsageReported(TurnEvent):
    """The provider's own count."""

    type: Literal["usage_reported"] = "usage_reported"
    usage: Usage


class TurnFinished(TurnEvent):
    """The turn is done; ``conversation`` is what the next one goes on from, and stays in the process.

    ``is_cut``: the answer ended at the output limit.
    """

    type: Literal["turn_finished"] = "turn_finished"
    model: str
    figures: TurnFigures
    text: str
    proposal: Proposal | None = None
    is_cut: bool = False
    conversation: Conversation | None = Field(default=None, exclude=True, repr=False)


class TurnFailed(TurnEvent):
    """The turn ended with an error; ``text`` is what had arrived."""

    type: Literal["turn_failed"] = "turn_failed"
    code: str
    message: str
    hint: str
    text: str = ""
    figures: TurnFigures = TurnFigures()


class TurnCancelled(TurnEvent):
    """The user stopped the turn; ``text`` is what had arrived."""

    type: Literal["turn_cancelled"] = "turn_cancelled"
    text: str = ""
    figures: TurnFigures = TurnFigures()


class ProposalOffered(TurnEvent):
    """After a turn's end: another turn, on another tier, came to a different edit that holds (a race).

    The ``turn_id`` is the first turn's; the other one's stands in the proposal.
    """

    type: Literal["proposal_offered"] = "proposal_offered"
    proposal: Proposal
    tier: Tier
    model: str
    figures: TurnFigures = TurnFigures()


AnyTurnEvent = Annotated[
    TurnStarted
    | ContextPacked
    | Notice
    | TurnSteered
    | TextDelta
    | EditStarted
    | EditDelta
    | EditReady
    | UsageReported
    | TurnFinished
    | TurnFailed
    | TurnCancelled
    | ProposalOffered,
    Field(discriminator="type"),
]


# --- the journal -----------------------------------------------------------------------------------


class TurnRecord(WireModel):
    """A turn as the journal keeps it, or all of a refactor as one.

    ``done_key`` is there for a refactor that was carried to its end: a hash of its words, of how it was verified, and
    of the file as it left it. A refactor of the same key would do the same again.
    """

    turn_id: str
    created_at_s: float
    kind: TurnKind | Literal["refactor"]
    instruction: str
    tier: Tier
    profile: str
    model: str
    status: Literal["running", "finished", "failed", "cancelled"]
    notebook_path: str | None = None
    conversation_id: str | None = None
    group_id: str | None = None
    text: str = ""
    error: str = ""
    figures: dict[str, Any] = Field(default_factory=dict)
    done_key: str = ""


# What became of a proposed edit: nothing yet, or what the user last did with it.
EditOutcome: TypeAlias = Literal["open", "taken", "taken_back", "refused"]


# Of a refactor the two texts are JSON: how a file is arranged (``refactor``), or what was done to the cells of an open
# notebook (``refactor_open``).
AppliedOperation: TypeAlias = Literal["replace", "insert_below", "refactor", "refactor_open"]


class AppliedEdit(WireModel):
    """An edit that was taken: the text before and after, and whether it is taken back now.

    ``raw_before`` is the source's JSON as the notebook file had it, so that undoing gives the same bytes again.
    """

    edit_id: int
    turn_id: str
    created_at_s: float
    scope: str
    cell_id: str
    operation: AppliedOperation
    before: str
    after: str
    undone: bool = False
    raw_before: str | None = None
