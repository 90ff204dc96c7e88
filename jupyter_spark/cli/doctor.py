"""``doctor``: is everything there that the chosen profiles need? One line each, with what to do."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jupyter_spark.cli.probe import probe
from jupyter_spark.cli.report import DONE, FAILED, Report
from jupyter_spark.cli.show import key_source
from jupyter_spark.errors import JournalError, SparkError
from jupyter_spark.journal import open_journal
from jupyter_spark.settings import Limits, Profile, Settings, load_settings

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common

NEEDED = {"ipykernel": (7,), "jupyterlab": (4, 5)}
WELCOME = {"notebook": (7, 5)}  # Notebook is one of several front ends: old is wrong, absent is not
LOW_DISK_BYTES = 100_000_000
_MARKS = {"ok": ("✓", "green"), "broken": ("✗", "red"), "note": ("–", "dim")}


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, how it stands, what to do. A ``note`` is nothing that is needed."""

    name: str
    state: Literal["ok", "broken", "note"]
    message: str
    hint: str = ""


def examine(report: Report, common: Common) -> int:
    """Check everything, print a line for each, and fail if something needed is broken."""
    findings = []
    for finding in _look(common):
        findings.append(finding)
        mark, style = _MARKS[finding.state]
        hint = f" → {finding.hint}" if finding.hint else ""
        report.line(f"{mark} {finding.name}: {finding.message}{hint}", style=style)
    broken = [finding for finding in findings if finding.state == "broken"]
    report.result = {"ok": not broken, "checks": [asdict(finding) for finding in findings]}
    if not broken:
        return DONE
    told = "1 thing is broken" if len(broken) == 1 else f"{len(broken)} things are broken"
    report.note(f"error: {told}; what to do stands behind each ✗.", style="red")
    return FAILED


def _look(common: Common) -> Iterator[Finding]:
    yield _python()
    for package, least in NEEDED.items():
        yield _version(package, least, needed=True)
    for package, least in WELCOME.items():
        yield _version(package, least, needed=False)
    limits = Limits()
    try:
        settings = load_settings(common.config)
        chosen = _chosen(settings, common)
    except SparkError as error:
        yield Finding("settings", "broken", error.message, error.hint)
    else:
        limits = settings.limits
        yield Finding("settings", "ok", ", ".join(settings.files) or "built in")
        for profile in chosen:
            yield from _profile(profile)
    yield _journal(limits)
    yield _disk()


def _chosen(settings: Settings, common: Common) -> list[Profile]:
    """The profiles that would answer, or would instead, each once."""
    tiers = [common.tier] if common.tier else ["spark", "deep"]
    profiles = [settings.for_tier(tier, common.profile) for tier in tiers]
    profiles += [profile for tier in tiers for profile in settings.fallbacks(tier, common.profile)]
    return list({profile.name: profile for profile in profiles}.values())


def _python() -> Finding:
    return Finding("Python", "ok", f"{'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})")


def _version(package: str, least: tuple[int, ...], *, needed: bool) -> Finding:
    wanted = ".".join(map(str, least))
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        hint = f'Run: pip install "{package}>={wanted}"' if needed else ""
        return Finding(package, "broken" if needed else "note", "not installed", hint)
    numbers = tuple(int(part) for part in version.split(".")[: len(least)] if part.isdigit())
    if numbers >= least:
        return Finding(package, "ok", version)
    return Finding(package, "broken", version, f'Run: pip install --upgrade "{package}>={wanted}"')


def _profile(profile: Profile) -> Iterator[Finding]:
    name = f"profile {profile.name}"
    if profile.api == "scripted":
        yield _finding(name, lambda: _script(profile))
    elif profile.api == "local":
        yield _finding(f"{name}, model", lambda: _model_file(profile))
        yield _engine(name)
    else:
        address = _finding(f"{name}, address", lambda: profile.endpoint(os.environ))
        if address.state != "ok":
            yield address
        key = _finding(f"{name}, key", lambda: _key(profile))
        yield key
        if key.state == address.state == "ok":  # without its key an endpoint is not asked
            yield _finding(f"{name}, endpoint", lambda: probe(profile, os.environ))


def _finding(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", look())
    except SparkError as error:
        return Finding(name, "broken", error.message, error.hint)


def _key(profile: Profile) -> str:
    source = key_source(profile)
    return f"from {source}" if source else "none needed"


def _script(profile: Profile) -> str:
    if not profile.script or not Path(profile.script).is_file():
        raise SparkError(f"There is no script {profile.script or ''}".strip() + ".", "Mend 'script' in the settings.")
    return profile.script


def _model_file(profile: Profile) -> str:
    from jupyter_spark.providers.models import model_path, model_specs

    name = profile.model_path or next(iter(profile.models), "0.5b")
    path = model_path(name)
    spec = model_specs().get(name)
    if spec is None:
        return str(path)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != spec.sha256:
        raise SparkError(f"{path} is damaged: its SHA-256 is wrong.", f"Run: jupyter spark model pull {name}")
    return f"{path}, whole"


def _engine(name: str) -> Finding:
    if importlib.util.find_spec("xllamacpp") is None:
        hint = 'Run: pip install "jupyter-spark-ai[local]", or choose an endpoint with a key.'
        return Finding(f"{name}, engine", "broken", "xllamacpp is not installed", hint)
    return Finding(f"{name}, engine", "ok", f"xllamacpp {metadata.version('xllamacpp')}")


def _journal(limits: Limits) -> Finding:
    try:
        journal = open_journal(limits=limits)
    except JournalError as error:
        state: Literal["note", "broken"] = "note" if error.code == "journal_off" else "broken"
        return Finding("journal", state, error.message, error.hint)
    journal.close()
    if journal.problem:
        return Finding("journal", "note", journal.problem)
    if not os.access(journal.path, os.W_OK):
        return Finding("journal", "broken", f"{journal.path} is read-only.", "Mend its rights.")
    return Finding("journal", "ok", str(journal.path))


def _disk() -> Finding:
    from jupyter_core.paths import jupyter_data_dir

    folder = Path(jupyter_data_dir())
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free_bytes = shutil.disk_usage(there).free
    told = f"{free_bytes / 1e9:,.1f} GB free for {folder}"
    if free_bytes < LOW_DISK_BYTES:
        return Finding("disk", "broken", told, "Make room.")
    return Finding("disk", "ok", told)
