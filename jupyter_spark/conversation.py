"""A conversation about a notebook, to which turns only add.

The notebook is sent once. After that a turn sends what changed since, and its request: what was sent before stays as it
was, byte for byte, so that an endpoint has it in its cache, or need not be sent it again. Nothing is kept that was not
sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jupyter_spark.context import estimate_tokens
from jupyter_spark.wire import (
    CellSnapshot,
    ContextPack,
    ContextPiece,
    Conversation,
    Message,
    NotebookSnapshot,
    Proposal,
    Told,
    TurnRequest,
    text_hash,
)

STALE_SHARE = 1 / 3  # more of it out of date than this, and the notebook is sent afresh
NOTEBOOK_SHARE = 3 / 4  # of what a profile has room for: the rest is for the exchanges
KEPT_SHARE = 1 / 8
KEPT_MESSAGES = 6  # three exchanges outlive the notebook that they were about


@dataclass(frozen=True)
class News:
    """What a turn tells of the notebook: pieces new or changed, those with a new name, keys of what no longer holds."""

    changed: tuple[ContextPiece, ...] = ()
    renamed: tuple[ContextPiece, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """The estimated size, in tokens."""
        return sum(piece.tokens for piece in self.changed)


def begin() -> Conversation:
    """Return a conversation in which nothing was said."""
    return Conversation(cache_key=uuid.uuid4().hex)


def no_longer_holds(
    conversation: Conversation, pack: ContextPack, snapshot: NotebookSnapshot, live_names: Collection[str]
) -> tuple[str, ...]:
    """Find what the conversation tells that is not so any more, and of which the pack has nothing newer.

    A snapshot from the history of a kernel cannot tell that a cell is gone: it only knows what was run.
    """
    packed = {_key(piece) for piece in pack.pieces}
    sources = {cell.key: cell.source for cell in snapshot.cells}
    names = {f"variable:{name}" for name in live_names}

    def holds(key: str, told: Told) -> bool:
        if key in packed or not key.startswith(("cell:", "variable:")):
            return True
        if key.startswith("variable:"):
            return key in names
        if key not in sources:
            return snapshot.origin == "history"
        return text_hash(sources[key]) == told.text_hash

    return tuple(key for key, told in conversation.told.items() if not holds(key, told))


def with_target(pack: ContextPack, snapshot: NotebookSnapshot, target: CellSnapshot | None) -> ContextPack:
    """Put the target in its place among the cells, so that the notebook is told alike whichever cell is the target."""
    places = {cell.key: place for place, cell in enumerate(snapshot.cells)}
    if target is None or target.key not in places or any(piece.key == target.key for piece in pack.pieces):
        return pack
    piece = ContextPiece(
        key=target.key,
        label=snapshot.cells[places[target.key]].label,
        reason="the cell itself",
        text=target.source,
        tokens=estimate_tokens(target.source),
    )
    here = places[target.key]
    # Pieces that are no cells, the variables, stand after all cells.
    at = next((i for i, p in enumerate(pack.pieces) if places.get(p.key, len(places)) > here), len(pack.pieces))
    return pack.model_copy(update={"pieces": (*pack.pieces[:at], piece, *pack.pieces[at:])})


def take_up(
    conversation: Conversation, pack: ContextPack, gone: Sequence[str], target: CellSnapshot | None, limit_tokens: int
) -> Conversation:
    """Return the conversation that the next turn adds to: as it stands, or with the notebook to be sent afresh.

    Parameters
    ----------
    conversation : Conversation
        What was said so far.
    pack : ContextPack
        The notebook as it is now, as far as there is room for it.
    gone : sequence of str
        The keys of what no longer holds.
    target : CellSnapshot or None
        The cell that the request itself shows.
    limit_tokens : int
        What there is room for beside the request and the answer.
    """
    if conversation.notebook is None:
        return conversation
    added = news(conversation, pack, gone, target)
    tokens = conversation.tokens + added.tokens
    stale = conversation.stale_tokens + sum(conversation.told[key].tokens for key in gone)
    stale += sum(known.tokens for p in added.changed if (known := conversation.told.get(_key(p))) is not None)
    if tokens <= limit_tokens and stale <= STALE_SHARE * tokens:
        return conversation
    kept = conversation.messages[-KEPT_MESSAGES:]
    while _tokens(kept) > KEPT_SHARE * limit_tokens:
        kept = kept[2:]
    return Conversation(messages=kept, tokens=_tokens(kept), cache_key=conversation.cache_key)


def news(
    conversation: Conversation, pack: ContextPack, gone: Sequence[str] = (), target: CellSnapshot | None = None
) -> News:
    """Compare what the model was told with what is so now; the target is left out, for the request itself shows it."""
    if conversation.notebook is None:
        return News()
    changed: list[ContextPiece] = []
    renamed: list[ContextPiece] = []
    for piece in pack.pieces:
        told = conversation.told.get(_key(piece))
        if target is not None and _key(piece) == target.key:
            continue
        if told is None or told.text_hash != text_hash(piece.text):
            changed.append(piece)
        elif told.label != piece.label:
            renamed.append(piece)
    return News(tuple(changed), tuple(renamed), tuple(gone))


def notebook_text(request: TurnRequest) -> str:
    """Write what stands before the exchanges: the notebook as it was sent first, or as this turn sends it."""
    conversation = request.conversation
    if conversation.notebook is not None:
        return conversation.notebook
    if not request.context.pieces:
        return ""
    text = f"The notebook (its cells, then live variables):\n\n{_written(request.context.pieces)}"
    if conversation.messages:
        text += "\n\nThe exchanges up to my next request are from before; where they differ from this, this is so now."
    return text


def news_text(request: TurnRequest) -> str:
    """Write what changed since the model was told; empty if nothing did."""
    told = request.conversation.told
    new = news(request.conversation, request.context, request.gone, request.target)
    parts = []
    if new.changed:
        parts.append(f"New or changed since:\n\n{_written(new.changed)}")
    if new.renamed:
        names = ", ".join(f"{told[_key(piece)].label} is {piece.label}" for piece in new.renamed)
        parts.append(f"Run again, unchanged: {names}.")
    if new.gone:
        parts.append(f"No longer as above: {', '.join(told[key].label for key in new.gone)}.")
    return "\n\n".join(parts)


def target_label(request: TurnRequest) -> str:
    """Return what the model knows the target as."""
    assert request.target is not None  # noqa: S101 - callers ask only where there is one
    key = request.target.key
    packed = next((piece.label for piece in request.context.pieces if piece.key == key), None)
    known = request.conversation.told.get(key)
    return packed or (known.label if known else request.target.label)


def settled(request: TurnRequest, said: tuple[Message, Message], proposal: Proposal | None = None) -> Conversation:
    """Return the conversation after a turn that finished; after any other it is as it was.

    Parameters
    ----------
    request : TurnRequest
        What was asked, with the conversation before it.
    said : tuple of Message
        The user's message as it was sent, and the answer as it came.
    proposal : Proposal, optional
        The edit in the answer. The model knows the cell's new text, whether or not it is taken: if it is not, the next
        turn finds the cell different from that and says so.
    """
    before = request.conversation
    fresh = before.notebook is None
    new = news(before, request.context, request.gone, request.target)
    told = {key: known for key, known in before.told.items() if key not in request.gone}
    stale = before.stale_tokens + sum(before.told[key].tokens for key in request.gone)
    texts = [(_key(p), p.label, p.text) for p in (request.context.pieces if fresh else (*new.changed, *new.renamed))]
    if request.target is not None:
        key, label = request.target.key, target_label(request)
        if not _tells_target(request):
            texts.append((key, label, request.target.source))
        if proposal is not None and proposal.edit.operation == "replace":
            texts.append((key, label, proposal.edit.new_source))
    for key, label, text in texts:
        known, digest = told.get(key), text_hash(text)
        if known is not None and known.text_hash != digest:
            stale += known.tokens
        told[key] = Told(label=label, text_hash=digest, tokens=estimate_tokens(text))
    notebook = notebook_text(request)
    return Conversation(
        notebook=notebook,
        messages=(*before.messages, *said),
        told=told,
        tokens=before.tokens + _tokens(said) + (estimate_tokens(notebook) if fresh else 0),
        stale_tokens=stale,
        cache_key=before.cache_key,
    )


def _tells_target(request: TurnRequest) -> bool:
    """Whether the conversation tells the target as it is, perhaps with more about it than its text."""
    target, conversation = request.target, request.conversation
    for piece in request.context.pieces:
        if target is not None and piece.key == target.key and target.source in piece.text:
            told = conversation.told.get(piece.key)
            return conversation.notebook is None or (told is not None and told.text_hash == text_hash(piece.text))
    return False


def _tokens(messages: Sequence[Message]) -> int:
    return sum(estimate_tokens(message.content) for message in messages)


def _key(piece: ContextPiece) -> str:
    return piece.key or piece.label


def _written(pieces: Sequence[ContextPiece]) -> str:
    return "\n\n".join(f"# {piece.label}\n{piece.text}" for piece in pieces)
