"""``status`` and ``history``: who would answer, what is there, and what was."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from jupyter_spark.cli.report import DONE, Report
from jupyter_spark.errors import AuthenticationError, ConfigError, JournalError, LocalModelError
from jupyter_spark.figures import say_figures
from jupyter_spark.journal import journal_path, notebook_scope, open_journal, outcome_of
from jupyter_spark.settings import Profile, Settings, find_key, load_limits, load_settings
from jupyter_spark.wire import EditOutcome, TurnFigures, TurnRecord

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common

WIDE_CHARS = 60
OUTCOMES = {"taken": "accepted", "taken_back": "taken back", "refused": "rejected"}


def show_status(report: Report, common: Common) -> int:
    """Show the tiers, the built-in model, the last turn and the files."""
    settings = load_settings(common.config)
    tiers = {
        tier: _profile_state(settings.for_tier(tier, _override(common, tier)))
        | {"fallback": [profile.name for profile in settings.fallbacks(tier, _override(common, tier))]}
        for tier in ("spark", "deep")
    }
    report.result = {
        "tiers": tiers,
        "profiles": sorted(settings.profiles),
        "local": _local_state(),
        "last_turn": _last_turn(settings),
        "journal": _journal_state(),
        "settings_files": list(settings.files),
    }
    for tier, state in tiers.items():
        report.line(f"{tier:<9} {state['profile']} → {state['model']}  ({state['where']}; {state['key_text']})")
        if state["fallback"]:
            report.line(f"{'':<9} else {', '.join(state['fallback'])}")
    local = report.result["local"]
    for model in local["models"]:
        report.line(
            f"{'model':<9} {model['name']} {'is here: ' + model['path'] if model['present'] else 'is not here'}"
        )
    for engine in local["engines"] or [None]:
        told = f"runs {Path(engine['model']).name} (process {engine['pid']})" if engine else "not running"
        report.line(f"{'engine':<9} {told}")
    report.line(f"{'last turn':<9} {_turn_line(report.result['last_turn'])}")
    report.line(f"{'journal':<9} {report.result['journal']}")
    report.line(f"{'settings':<9} {', '.join(settings.files) or 'built in'}")
    return DONE


def _journal_state() -> str:
    try:
        return str(journal_path() or "off")
    except JournalError as error:
        return str(error)


def _override(common: Common, tier: str) -> str | None:
    return common.profile if common.tier == tier else None


def key_source(profile: Profile) -> str | None:
    """Return where a profile's key is (never the key): a variable's name or ``keyring``; None if it needs none.

    Raises
    ------
    AuthenticationError
        It needs one and there is none.
    """
    found = find_key(profile)
    return next((name for name in profile.key_env if os.environ.get(name, "").strip()), "keyring") if found else None


def _profile_state(profile: Profile) -> dict[str, Any]:
    try:
        source = key_source(profile)
        key, told = ("found", f"key from {source}") if source else ("not needed", "no key needed")
    except AuthenticationError as error:
        source, key, told = None, "missing", f"no key: set {' or '.join(profile.key_env) or 'one'}"
        if error.code == "bad_key":
            key, told = "broken", error.message
    where = {"local": "on this machine", "scripted": f"script {profile.script}"}.get(profile.api, "")
    if not where:
        try:
            where = profile.endpoint(os.environ)
        except ConfigError as error:
            where = error.message
    return {
        "profile": profile.name,
        "title": profile.title,
        "api": profile.api,
        "model": profile.model_path or next(iter(profile.models), Path(profile.script or "default").name),
        "models": list(profile.models),
        "where": where,
        "key": key,
        "key_source": source,
        "key_text": told,
    }


def _local_state() -> dict[str, Any]:
    from jupyter_spark.providers._engine import engine_status
    from jupyter_spark.providers.models import list_models

    models = [{"name": s.spec.name, "present": s.present, "path": str(s.path)} for s in list_models()]
    try:
        engines = [
            {"pid": e.pid, "model": str(e.model), "address": e.base_url, "idle_for_s": round(e.idle_for_s, 1)}
            for e in engine_status()
        ]
    except (LocalModelError, OSError):  # its directory is not to be had: then there is no engine either
        engines = []
    return {"models": models, "engines": engines}


def _last_turn(settings: Settings) -> dict[str, Any] | None:
    try:
        journal = open_journal(limits=settings.limits)
    except JournalError:
        return None
    try:
        last = next(iter(journal.turns(1)), None)
    finally:
        journal.close()
    return last.model_dump(mode="json", exclude={"text"}) if last else None


def _turn_line(turn: dict[str, Any] | None) -> str:
    if turn is None:
        return "none"
    told = [turn["kind"], turn["status"], f"{turn['profile']} → {turn['model']}"]
    known = {name: value for name, value in turn["figures"].items() if name in TurnFigures.model_fields}
    with suppress(ValidationError):  # as another version kept them
        told += say_figures(TurnFigures.model_validate(known)) if known else []
    return " · ".join(told)


def show_history(report: Report, common: Common, path: Path | None, number: int) -> int:
    """List turns, the newest first."""
    journal = open_journal(limits=load_limits(common.config))
    try:
        turns = journal.turns(number, notebook_scope(path) if path else None)
        # The code that a turn proposed, written or not: what could not be written is found again here.
        proposals = [journal.proposal(turn.turn_id) for turn in turns]
        outcomes = [
            outcome_of(proposal, journal.applied_by(turn.turn_id))[0] if proposal or turn.kind == "refactor" else None
            for turn, proposal in zip(turns, proposals, strict=True)
        ]
    finally:
        journal.close()
    report.result = {
        "turns": [
            turn.model_dump(mode="json")
            | {"new_source": proposal.edit.new_source if proposal else None, "edit": outcome}
            for turn, proposal, outcome in zip(turns, proposals, outcomes, strict=True)
        ]
    }
    if turns:
        report.table(["WHEN", "KIND", "STATUS", "NOTEBOOK", "MODEL", "TOOK", "WORDS"], list(map(_row, turns, outcomes)))
    else:
        report.note("No turns yet." if path is None else f"No turns about {path}.")
    return DONE


def _row(turn: TurnRecord, outcome: EditOutcome | None) -> list[str]:
    words = " ".join((turn.instruction or turn.error).split())
    total_s = turn.figures.get("total_s")
    return [
        datetime.fromtimestamp(turn.created_at_s).strftime("%Y-%m-%d %H:%M"),
        turn.kind,
        f"{turn.status}, {OUTCOMES[outcome]}" if outcome and outcome in OUTCOMES else turn.status,
        Path(turn.notebook_path).name if turn.notebook_path else "",
        turn.model,
        f"{total_s:.1f} s" if isinstance(total_s, int | float) else "",
        words if len(words) <= WIDE_CHARS else words[: WIDE_CHARS - 1] + "…",
    ]


def clear_history(report: Report, common: Common, path: Path | None) -> int:
    """Forget everything that the journal keeps."""
    from jupyter_spark.errors import UsageError

    if path is not None:
        raise UsageError("--clear forgets the whole history.", "Leave the notebook out.")
    journal = open_journal(limits=load_limits(common.config))
    try:
        journal.clear()
    finally:
        journal.close()
    report.result = {"cleared": True}
    report.note("✓ the history is empty; edits made before can no longer be undone", style="green")
    return DONE
