"""From what a host knows to a request: one place decides how much context a profile is given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from jupyter_spark.attempts import new_id
from jupyter_spark.context import PackOptions, pack_context
from jupyter_spark.conversation import NOTEBOOK_SHARE, no_longer_holds, take_up, with_target
from jupyter_spark.errors import UsageError
from jupyter_spark.privacy import count_kept_back, refuse_kept_out, without_ignored, without_lines
from jupyter_spark.prompts import RULES
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.tokens import CORRECTIONS, estimate_tokens
from jupyter_spark.tracebacks import brief_traceback
from jupyter_spark.wire import (
    CellSnapshot,
    ContextPack,
    Conversation,
    ErrorReport,
    NotebookSnapshot,
    Tier,
    TurnKind,
    TurnRequest,
    VariableSummary,
)

PROMPT_TOKENS = 150  # the request's own words around the cell, and a small model's rules
RULES_TOKENS = estimate_tokens(RULES)


def build_request(
    kind: TurnKind,
    instruction: str,
    profile: Profile,
    snapshot: NotebookSnapshot,
    *,
    target: CellSnapshot | None = None,
    error: ErrorReport | None = None,
    tier: Tier = "spark",
    variables: Sequence[VariableSummary] = (),
    live_names: Collection[str] = (),
    only_variables: tuple[str, ...] | None = None,
    with_context: bool = True,
    conversation: Conversation | None = None,
    privacy: Privacy | None = None,
    choose: Callable[[ContextPack], ContextPack] | None = None,
) -> TurnRequest:
    """Make a request: check that it can be asked, and pack its context.

    Parameters
    ----------
    kind : str
        What is wanted.
    instruction : str
        The user's words, as they are.
    profile : Profile
        Who will answer; its context size is the budget.
    snapshot : NotebookSnapshot
        The notebook as it stands.
    target : CellSnapshot, optional
        The cell to change or explain.
    only_variables : tuple of str, optional
        Send only these variables.
    with_context : bool
        Whether anything of the notebook but the target is sent. Names are known all the same: they stay here.
    conversation : Conversation, optional
        What was said before, to this profile about this notebook; None for a turn that stands alone. A small model, and
        a turn without context, is told nothing of it.
    privacy : Privacy, optional
        Which notebooks and folders are kept out.
    choose : callable, optional
        What the user took away from what would be sent, and added to it by hand.

    Raises
    ------
    UsageError
        Nothing was asked, the cell alone is larger than the profile's context, or it or its notebook is kept out.
    """
    _require_words_and_code(kind, instruction, target)
    refuse_kept_out(snapshot, target, profile, privacy or Privacy())
    every_key = {cell.key for cell in snapshot.cells}
    snapshot, kept_names, kept_lines = without_ignored(snapshot)
    kept_out = every_key - {cell.key for cell in snapshot.cells}
    if conversation is not None and kept_out & conversation.told.keys():
        # It told a cell that has been kept out since: nothing of it is sent again.
        conversation = Conversation(cache_key=conversation.cache_key)
    variables = [variable for variable in variables if variable.name not in kept_names]
    live_names = kept_names.union(live_names) if live_names else live_names
    error = without_lines(error, kept_lines)
    if error is not None:
        error = error.model_copy(update={"traceback": brief_traceback(error.traceback)})
    room = _room(profile, instruction, target)
    share = NOTEBOOK_SHARE if conversation is not None else 1
    options = PackOptions(
        budget_tokens=int(room.tokens / room.factor * share) if with_context else 0,
        variables=only_variables,
        cells=with_context,
        outline=profile.small and kind != "ask",
        only_new=kind in ("rewrite", "fix"),
    )
    context = pack_context(
        snapshot, target, instruction, options, variables=variables, live_names=live_names, error=error
    )
    before, gone = Conversation(), tuple[str, ...]()
    if not with_context:
        context = ContextPack(known_names=context.known_names, names_are_complete=context.names_are_complete)
    elif not profile.small and room.shows_target:
        context = with_target(context, snapshot, target)
    context = choose(context) if choose is not None else context
    if with_context and not profile.small and conversation is not None:
        gone = no_longer_holds(conversation, context, snapshot, live_names)
        before = take_up(conversation, context, gone, target, room.tokens)
    if profile.redacts:
        kept_back = count_kept_back(context, target=target, error=error, instruction=instruction)
        context = context.model_copy(update={"kept_back": kept_back})
    context = context.model_copy(update={"known_names": context.known_names | kept_names, "kept_out": len(kept_out)})
    return TurnRequest(
        turn_id=new_id(),
        kind=kind,
        instruction=instruction,
        tier=tier,
        target=target,
        error=error,
        context=context,
        conversation=before,
        gone=gone if before.notebook is not None else (),
        notebook_path=snapshot.path,
        language=snapshot.language,
        session_key=before.cache_key,
    )


def _require_words_and_code(kind: TurnKind, instruction: str, target: CellSnapshot | None) -> None:
    if kind in ("ask", "generate", "rewrite") and not instruction.strip():
        example = "to know, e.g. %spark ask what is df?" if kind == "ask" else "e.g. %%spark add type hints"
        raise UsageError("There are no words to go by.", f"Say what you want{'' if kind == 'ask' else ','} {example}")
    if kind in ("explain", "fix", "rewrite") and (target is None or not target.source.strip()):
        raise UsageError("There is no code to work on.", "Give a cell that has some.")


@dataclass(frozen=True)
class _Room:
    """What a profile has room for beside the request: ``tokens`` are its own, estimates times ``factor``."""

    tokens: int
    factor: float
    shows_target: bool


def _room(profile: Profile, instruction: str, target: CellSnapshot | None) -> _Room:
    factor = CORRECTIONS.factor(profile.name)
    target_tokens = round(estimate_tokens(target.source) * factor) if target is not None else 0
    words = estimate_tokens(instruction) + PROMPT_TOKENS + (0 if profile.small else RULES_TOKENS)
    fixed = target_tokens + round(words * factor)
    # An edit is about as long as the cell; a small model's window counts both, a large one's is not the limit.
    limit = profile.context_tokens if profile.small else profile.context_tokens - profile.max_output_tokens
    if fixed > max(limit, 0) and not profile.small:
        what, how = (
            ("cell", "Split the cell") if target_tokens > words * factor else ("request", "Say it in fewer words")
        )
        raise UsageError(
            f"The {what} is too large for '{profile.name}': about {fixed} tokens of {limit}.",
            f"{how}, or use a profile with a larger context.",
        )
    left = max(0, limit - fixed)
    if profile.small:
        return _Room(left, factor, shows_target=False)
    # The target stands in the notebook too, where there is room for it twice.
    return _Room(max(0, left - target_tokens), factor, shows_target=target_tokens <= left)
