"""What a page asks becomes a request: what the user took away is not sent, and what the user added is sent first.

Names are known all the same: an edit is checked against the whole notebook, whatever of it was sent.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from jupyter_spark.errors import UsageError
from jupyter_spark.privacy import excluded_by, is_ignored, without_ignored, without_lines
from jupyter_spark.request import PROMPT_TOKENS, RULES_TOKENS, build_request
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.tokens import estimate_tokens
from jupyter_spark.tracebacks import brief_traceback
from jupyter_spark.turn import SAMPLING_TEMPERATURE
from jupyter_spark.wire import (
    CellSnapshot,
    ContextPack,
    ContextPiece,
    Conversation,
    NotebookSnapshot,
    TurnRequest,
)
from jupyter_spark.wire_page import TurnRequested

MAX_FILES = 16
MAX_FILE_BYTES = 200_000
# What ``without`` may name beside keys of pieces, and the keys that belong to it.
GROUPS = {"notebook": ("cell:", "output:", "definition:"), "variables": ("variable:",)}


def asked_request(
    frame: TurnRequested,
    profile: Profile,
    snapshot: NotebookSnapshot,
    root: Path,
    *,
    privacy: Privacy | None = None,
    conversation: Conversation | None = None,
) -> TurnRequest:
    """Make the request that a page asks for.

    Parameters
    ----------
    frame : TurnRequested
        The words, the cell, and what was taken away or added.
    profile : Profile
        Who will answer.
    snapshot : NotebookSnapshot
        The notebook as its page last told it.
    root : Path
        The server's root folder; no file outside of it is read.
    privacy : Privacy, optional
        Which notebooks and folders are kept out.
    conversation : Conversation, optional
        What was said before, to this profile about this notebook.

    Raises
    ------
    UsageError
        A cell or file that is not there or may not be sent, or more than the profile's context takes.
    """
    privacy = privacy or Privacy()
    added = tuple(_added(frame, snapshot))
    added += tuple(_files(frame.files, root, () if profile.stays_here else privacy.exclude))
    request = build_request(
        frame.kind,
        frame.instruction,
        _with_room_for(added, profile),
        snapshot,
        target=_target(snapshot, frame),
        error=frame.error if not _is_elsewhere(frame) else None,
        tier=frame.tier,
        variables=frame.variables,
        live_names=[variable.name for variable in frame.variables],
        with_context=frame.with_context,
        conversation=conversation,
        privacy=privacy,
        choose=lambda packed: _chosen(packed, added, frame.without),
    )
    changes: dict[str, object] = {"turn_id": frame.turn_id, "conversation_id": frame.conversation_id}
    if frame.again:
        changes["temperature"] = SAMPLING_TEMPERATURE
    return request.model_copy(update=changes)


def _with_room_for(added: tuple[ContextPiece, ...], profile: Profile) -> Profile:
    """The profile with a context that is smaller by what was added: that comes first."""
    added_tokens = sum(piece.tokens for piece in added)
    answer_tokens = 0 if profile.small else profile.max_output_tokens + RULES_TOKENS
    room_tokens = profile.context_tokens - added_tokens
    if added and room_tokens < PROMPT_TOKENS + answer_tokens:
        raise UsageError(
            f"What you added is too large for '{profile.name}': about {added_tokens} tokens of "
            f"{profile.context_tokens - answer_tokens}.",
            "Take a file or a cell away, or use a profile with a larger context.",
        )
    return profile.model_copy(update={"context_tokens": room_tokens})


def _target(snapshot: NotebookSnapshot, frame: TurnRequested) -> CellSnapshot | None:
    if frame.cell_id is None:
        return None
    return _cell(snapshot, frame.cell_id)


def _cell(snapshot: NotebookSnapshot, cell_id: str) -> CellSnapshot:
    cell = next((cell for cell in snapshot.cells if cell.cell_id == cell_id), None)
    if cell is None:
        raise UsageError("That cell is not in the notebook any more.", "Choose another cell and ask again.")
    return cell


def _is_elsewhere(frame: TurnRequested) -> bool:
    """Whether the error is of another cell than the one asked about."""
    return frame.error is not None and frame.error_cell_id not in (None, frame.cell_id)


def _chosen(packed: ContextPack, added: tuple[ContextPiece, ...], without: Collection[str]) -> ContextPack:
    """The pack without what the user took away, and with what was added; each piece once."""
    out = tuple(prefix for name, prefixes in GROUPS.items() if name in without for prefix in prefixes)
    keys = {piece.key for piece in added}
    kept = tuple(
        piece
        for piece in packed.pieces
        if piece.key not in keys and piece.key not in without and not piece.key.startswith(out)
    )
    return packed.model_copy(
        update={
            "pieces": (*kept, *added),
            "budget_tokens": packed.budget_tokens + sum(piece.tokens for piece in added),
            "dropped": packed.dropped if not out else (),
        }
    )


def _added(frame: TurnRequested, snapshot: NotebookSnapshot) -> Iterator[ContextPiece]:
    """What the user chose by hand: cells, variables, the selection, an error of another cell.

    What is kept out (``spark-ignore``) stays out.
    """
    open_cells, _names, hidden_lines = without_ignored(snapshot)
    for cell in (_cell(snapshot, cell_id) for cell_id in frame.cells if cell_id != frame.cell_id):
        if is_ignored(cell):
            raise UsageError(f"{cell.label} is kept out (spark-ignore).", "Take it away, and ask again.")
        yield _piece(cell.key, cell.label, "added by you", cell.source)
    chosen = set(frame.chosen_variables)
    for variable in (variable for variable in frame.variables if variable.name in chosen):
        text = f"{variable.name}: {variable.type} {variable.summary}".rstrip()
        yield _piece(f"variable:{variable.name}", variable.name, "added by you", text)
    if frame.selection.strip():
        yield _piece("selection", "Selected in the cell", "selected by you", frame.selection)
    error = without_lines(frame.error, hidden_lines)
    if error is not None and _is_elsewhere(frame):
        where = next((cell.label for cell in open_cells.cells if cell.cell_id == frame.error_cell_id), "another cell")
        report = brief_traceback(error.traceback) or f"{error.name}: {error.message}"
        yield _piece("error", f"The last error, in {where}", "the last error of the notebook", report)


def _piece(key: str, label: str, reason: str, text: str) -> ContextPiece:
    tokens = estimate_tokens(text) + estimate_tokens(label)
    return ContextPiece(key=key, label=label, reason=reason, text=text, tokens=tokens)


def _files(names: Iterable[str], root: Path, kept_out: Collection[str]) -> Iterator[ContextPiece]:
    once = tuple(dict.fromkeys(names))
    if len(once) > MAX_FILES:
        raise UsageError(f"{len(once)} files are too many.", f"Add at most {MAX_FILES}.")
    for name in once:
        text = read_file(root, name)
        if (pattern := excluded_by(root / name.lstrip("/"), kept_out)) is not None:
            raise UsageError(f"'{name}' is kept out by the settings ('{pattern}').", "Take it away, and ask again.")
        yield _piece(f"file:{name}", f"File {name}", "added by you", text)


def read_file(root: Path, name: str) -> str:
    """Return the text of a file below the server's root.

    Raises
    ------
    UsageError
        A file that is hidden, elsewhere, missing, too large, or no text. Where it points to counts, not its name.
    """
    root = root.resolve()
    try:
        path = (root / name.lstrip("/")).resolve()
    except (OSError, ValueError, RuntimeError):  # a loop of links, or a NUL in the name
        raise UsageError(f"There is no file '{name}'.", "Choose one of the file browser's.") from None
    if not path.is_relative_to(root):
        raise UsageError(f"'{name}' is not below the server's folder.", "Copy the file there, and add the copy.")
    spelled = (*path.relative_to(root).parts, *Path(name).parts)
    if any(part.startswith(".") and part not in (".", "..") for part in spelled):
        raise UsageError(f"'{name}' is hidden, and hidden files are never sent.", "Copy what is needed into another.")
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except PermissionError as error:  # a folder on the way that may not be read
        raise _unreadable(name, error) from None
    except OSError:
        is_file = False
    if not is_file:
        raise UsageError(f"There is no file '{name}'.", "Choose one of the file browser's.")
    return _text_of(path, name)


def _unreadable(name: str, error: OSError) -> UsageError:
    return UsageError(f"'{name}' cannot be read: {error.strerror or error}.", "Mend its rights.")


def _text_of(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unreadable(name, error) from None
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(
            f"'{name}' is larger than {MAX_FILE_BYTES // 1000} kB.", "Add a smaller file, or select what matters."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError(f"'{name}' is no text.", "Add text files only (UTF-8).")
    return text
