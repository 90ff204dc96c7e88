"""What crosses between a page and the Jupyter server, over the sidebar's WebSocket.

A page sends one JSON object a message. The server sends a JSON array of frames a message, one message a batch of about
16 ms: objects with a ``type``, and, for what streams, short forms: ``[turn number, log position, text]`` for words,
``[turn number, log position, [line, ...]]`` for an edit's lines. At sixty messages a second an object's keys would
outweigh its text. The position is the turn's log after the frame; it is what ``turn_joined`` takes.
The TypeScript types are generated from this module and from ``wire`` (``make wire``).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from jupyter_spark.wire import (
    AnyTurnEvent,
    CellSnapshot,
    EditOutcome,
    ErrorReport,
    Proposal,
    Tier,
    TurnFigures,
    TurnKind,
    VariableSummary,
    WireModel,
)
from jupyter_spark.wire_magic import (
    CellTurn,
    KernelReady,
    PageOpened,
    ReviewAnswered,
    ReviewAsked,
    RunAnnounced,
    TurnSettled,
    TurnShown,
    TurnWithdrawn,
)
from jupyter_spark.wire_review import (
    AnyReviewEvent,
    RefactorFrame,
    RefactorList,
    RefactorLost,
    RefactorNews,
    RefactorNumbered,
)

# Raised with every change that an older page or server would misread.
PAGE_VERSION = 5


def text_mark(text: str) -> str:
    """Return what tells a cell's text from its earlier ones: CRC-32 of its UTF-8 in hexadecimal, and its size in bytes.

    A page that is not served over TLS has no SHA-256 of the browser's.
    """
    data = text.encode("utf-8", "replace")
    return f"{zlib.crc32(data):08x}-{len(data)}"


def cell_mark(source: str, tags: Sequence[str] = ()) -> str:
    """Return what tells a cell from its earlier selves: its text and its tags, which may keep it out."""
    return text_mark("\0".join((source, *tags)))


# --- from the page -----------------------------------------------------------------------------------


class Hello(WireModel):
    """The first frame of a page: which version it speaks."""

    type: Literal["hello"] = "hello"
    version: int


class ListedCell(WireModel):
    """A cell by its mark (see ``cell_mark``), for a server that may have the text already."""

    cell_id: str
    mark: str


class CellsListed(WireModel):
    """All cells of a notebook in order; the server answers with those whose text it lacks."""

    type: Literal["cells_listed"] = "cells_listed"
    notebook: str
    language: str = "python"
    cells: tuple[ListedCell, ...]


class CellsChanged(WireModel):
    """Cells that are new or changed; ``order`` is every cell's id, and absent where the order is as before."""

    type: Literal["cells_changed"] = "cells_changed"
    notebook: str
    cells: tuple[CellSnapshot, ...] = ()
    order: tuple[str, ...] | None = None


class TurnRequested(WireModel):
    """A turn, as the user asked for it; the page makes its id, so that it can be joined again.

    ``without`` names what the user took away: ``notebook`` (all other cells), ``variables``, or a piece by its key;
    ``cells``, ``chosen_variables`` and ``files`` (paths below the server's root) are what the user added.
    ``error_cell_id`` is the cell that raised the error; ``variables_age_s`` is how old the kernel's word on its
    variables is, in seconds. ``others`` are the ids of further tries at the same edit, run beside this one
    (alternatives): each is a turn of its own. Without a ``conversation_id`` the turn stands alone: it goes on from
    none, and none goes on from it.
    """

    type: Literal["turn_requested"] = "turn_requested"
    turn_id: str
    notebook: str
    conversation_id: str | None = None
    kind: TurnKind
    instruction: str
    tier: Tier = "spark"
    profile: str | None = None
    cell_id: str | None = None
    selection: str = ""
    error: ErrorReport | None = None
    error_cell_id: str | None = None
    variables: tuple[VariableSummary, ...] = ()
    variables_age_s: float | None = None
    without: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    chosen_variables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    with_context: bool = True
    again: bool = False
    others: tuple[str, ...] = ()


class TurnJoined(WireModel):
    """Follow a turn that was begun elsewhere, or before this page was loaded, from a position of its log on."""

    type: Literal["turn_joined"] = "turn_joined"
    turn_id: str
    position: int = 0


class WordsSaid(WireModel):
    """New words for a turn that runs."""

    type: Literal["words_said"] = "words_said"
    turn_id: str
    words: str


class TurnStopped(WireModel):
    """The reader wants no more of a turn."""

    type: Literal["turn_stopped"] = "turn_stopped"
    turn_id: str


class EditJudged(WireModel):
    """What the user did with a proposed edit in the page, for history and undo.

    ``cell_id`` is the cell that was changed; for ``insert_below``, the new one. ``before`` and ``after`` are its whole
    text, before the act and after it (for what was refused, both are the text as it stands). An edit that is taken in
    parts is told once for each part: the second's ``before`` is the first's ``after``, and each is taken back alone.
    """

    type: Literal["edit_judged"] = "edit_judged"
    turn_id: str
    proposal_id: str
    notebook: str
    cell_id: str
    operation: Literal["replace", "insert_below"]
    outcome: Literal["taken", "taken_back", "refused"]
    before: str
    after: str


class CompletionRequested(WireModel):
    """What is to be written at the caret? The cell's text before and after it. A page asks one at a time."""

    type: Literal["completion_requested"] = "completion_requested"
    completion_id: str
    notebook: str
    cell_id: str
    before: str
    after: str
    tier: Tier = "spark"
    profile: str | None = None


class CompletionStopped(WireModel):
    """The caret has moved on."""

    type: Literal["completion_stopped"] = "completion_stopped"
    completion_id: str


PageFrame: TypeAlias = Annotated[
    Hello
    | CellsListed
    | CellsChanged
    | TurnRequested
    | TurnJoined
    | WordsSaid
    | TurnStopped
    | CompletionRequested
    | CompletionStopped
    | EditJudged
    | RefactorFrame,
    Field(discriminator="type"),
]
PAGE_FRAME: TypeAdapter[PageFrame] = TypeAdapter(PageFrame)

# --- from the server ---------------------------------------------------------------------------------


class Welcome(WireModel):
    """The server's answer to ``hello``; a page of another version says "reload" and nothing else."""

    type: Literal["welcome"] = "welcome"
    version: int


class CellsWanted(WireModel):
    """The cells whose text the server lacks."""

    type: Literal["cells_wanted"] = "cells_wanted"
    notebook: str
    cell_ids: tuple[str, ...]


class TurnNumbered(WireModel):
    """A turn's number on this connection, for the short frames that follow."""

    type: Literal["turn_numbered"] = "turn_numbered"
    turn_id: str
    number: int


class TurnLost(WireModel):
    """A turn that this server does not know: it was restarted meanwhile."""

    type: Literal["turn_lost"] = "turn_lost"
    turn_id: str


class TurnNews(WireModel):
    """An event of a turn that is not plain words, with its place in the turn's log."""

    type: Literal["turn_news"] = "turn_news"
    number: int
    position: int
    event: AnyTurnEvent


class Refused(WireModel):
    """A frame that could not be taken: what is wrong, and what to do. ``turn_id`` may be a refactor's id."""

    type: Literal["refused"] = "refused"
    turn_id: str | None = None
    code: str
    message: str
    hint: str = ""


class ModelProgress(WireModel):
    """How far the download of the built-in model is, in bytes; ``done`` once its file is in place."""

    type: Literal["model_progress"] = "model_progress"
    received_bytes: int
    total_bytes: int
    done: bool = False
    problem: str = ""


class CompletionSaid(WireModel):
    """All that is to be shown at the caret so far."""

    type: Literal["completion_said"] = "completion_said"
    completion_id: str
    text: str


class CompletionEnded(WireModel):
    """A completion is whole, failed (``code``) or was stopped; ``counted``: its tokens are the endpoint's count."""

    type: Literal["completion_ended"] = "completion_ended"
    completion_id: str
    tier: Tier
    model: str = ""
    figures: TurnFigures = TurnFigures()
    counted: bool = True
    stopped: bool = False
    code: str = ""
    message: str = ""
    hint: str = ""


ServerFrame: TypeAlias = Annotated[
    Welcome
    | CellsWanted
    | TurnNumbered
    | TurnLost
    | TurnNews
    | Refused
    | ModelProgress
    | CompletionSaid
    | CompletionEnded
    | RefactorNumbered
    | RefactorLost
    | RefactorNews,
    Field(discriminator="type"),
]

# --- between a page and a kernel (see wire_magic) -----------------------------------------------------

MagicFrame: TypeAlias = Annotated[
    CellsChanged | RunAnnounced | TurnShown | TurnSettled | WordsSaid | TurnStopped | EditJudged | ReviewAnswered,
    Field(discriminator="type"),
]
MAGIC_FRAMES: TypeAdapter[list[MagicFrame]] = TypeAdapter(list[MagicFrame])
KernelFrame: TypeAlias = Annotated[
    KernelReady | CellTurn | TurnNews | TurnWithdrawn | ReviewAsked, Field(discriminator="type")
]

# --- over plain HTTP ---------------------------------------------------------------------------------


class TierStatus(WireModel):
    """Who fills a tier, whether it can answer, and what to do if not."""

    tier: Tier
    profile: str
    title: str
    model: str
    context_tokens: int
    ready: bool
    problem: str = ""
    hint: str = ""


class ServerStatus(WireModel):
    """What a page needs to know before the first question."""

    version: int
    tiers: tuple[TierStatus, ...]
    profiles: tuple[str, ...]
    key_names: tuple[str, ...]
    model_bytes: int
    model_ready: bool


class PastTurn(WireModel):
    """A turn of a conversation, as the journal kept it, and what became of its edit.

    ``taken_cell_id`` is the cell that holds the edit, if one does. Turns of one ``group_id`` are alternatives.
    """

    turn_id: str
    created_at_s: float
    kind: TurnKind
    instruction: str
    tier: Tier
    profile: str
    model: str
    status: Literal["running", "finished", "failed", "cancelled", "interrupted"]
    text: str
    error: str = ""
    figures: TurnFigures = TurnFigures()
    proposals: tuple[Proposal, ...] = ()
    outcome: EditOutcome = "open"
    taken_cell_id: str | None = None
    group_id: str | None = None


class PastConversation(WireModel):
    """A conversation about a notebook."""

    conversation_id: str
    notebook: str
    title: str
    changed_at_s: float
    turns: tuple[PastTurn, ...] = ()


class ConversationList(WireModel):
    """A notebook's conversations, the newest first."""

    conversations: tuple[PastConversation, ...]


class Spent(WireModel):
    """What one tier's turns and completions took; ``estimated`` where an answer was not heard to its end."""

    tier: Tier
    turns: int = 0
    completions: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None
    estimated: bool = False


class SpentList(WireModel):
    """What was spent since a moment, by tier."""

    since_s: float
    tiers: tuple[Spent, ...]


def json_schema() -> dict[str, Any]:
    """Return one JSON schema of everything that crosses, for the generator of the TypeScript types.

    What the server sends has every field; of what the page sends, fields with a default may be left out.
    """
    definitions: dict[str, Any] = {}
    kinds: dict[str, Any] = {
        "ServerFrame": ServerFrame,
        "TurnEvent": AnyTurnEvent,
        "ServerStatus": ServerStatus,
        "ConversationList": ConversationList,
        "SpentList": SpentList,
        "KernelFrame": KernelFrame,
        "ReviewEvent": AnyReviewEvent,
        "RefactorList": RefactorList,
    }
    for name, kind in kinds.items():
        _define(name, TypeAdapter(kind).json_schema(mode="serialization"), definitions, complete=True)
    for name, kind in {"PageFrame": PageFrame, "MagicFrame": MagicFrame, "PageOpened": PageOpened}.items():
        _define(name, TypeAdapter(kind).json_schema(mode="validation"), definitions, complete=False)
    return {
        "title": "Wire",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in sorted(definitions)},
        "required": sorted(definitions),
        "$defs": definitions,
    }


def _define(name: str, schema: dict[str, Any], definitions: dict[str, Any], *, complete: bool) -> None:
    inner: dict[str, Any] = schema.pop("$defs", {})
    schema.pop("discriminator", None)
    for key, definition in {**inner, name: schema}.items():
        fields = definition.get("properties", {})
        for field in fields.values():
            field.pop("title", None)  # the generator would make a named type of every field,
            field.pop("default", None)  # and another type of every default
        if fields:
            always = fields if complete else {"type"} & fields.keys()
            definition["required"] = sorted({*definition.get("required", ()), *always})
        definitions.setdefault(key, definition)


if __name__ == "__main__":
    import json
    import sys

    json.dump(json_schema(), sys.stdout, indent=1, sort_keys=True)
