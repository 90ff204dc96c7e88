"""``model``: the built-in model's files."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, cast

from jupyter_spark.cli.report import DONE, Report, console, has_display
from jupyter_spark.errors import TurnStopped
from jupyter_spark.providers.models import (
    Progress,
    Source,
    find_spec,
    list_models,
    model_path,
    models_dir,
    pull_model,
    remove_model,
)
from jupyter_spark.settings import load_settings

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from jupyter_spark.cli.options import Common

FRAME_S = 0.1


def list_files(report: Report) -> int:
    """List the built-in models."""
    rows, found = [], []
    for state in list_models():
        spec = state.spec
        told = "here" if state.present else "begun" if state.partial_bytes else "not here"
        rows.append([spec.name, told, f"{spec.size_bytes / 1e6:,.0f} MB", str(state.path), spec.title])
        found.append(
            {
                "name": spec.name,
                "title": spec.title,
                "present": state.present,
                "size_bytes": spec.size_bytes,
                "partial_bytes": state.partial_bytes,
                "path": str(state.path),
            }
        )
    report.result = {"models": found, "directory": str(models_dir())}
    report.table(["MODEL", "STATE", "SIZE", "FILE", "TITLE"], rows)
    return DONE


def pull_file(report: Report, common: Common, name: str | None, source: str | None) -> int:
    """Download a model with a progress bar."""
    spec = find_spec(name or _name_from(common, built_in=True))
    wanted = cast("Source | None", source)
    begun_s = time.monotonic()
    try:
        if has_display(sys.stderr) and not report.as_json:
            with _progress_bar() as bar:
                path = pull_model(spec, source=wanted, progress=_drawn_on(bar))
        else:
            path = pull_model(spec, source=wanted, progress=_told_to(report))
    except KeyboardInterrupt:
        again = f"What has arrived is kept; go on with: jupyter spark model pull {spec.name}"
        raise TurnStopped("Stopped.", again) from None
    report.result = {"name": spec.name, "path": str(path), "size_bytes": spec.size_bytes}
    report.line(str(path))
    took_s = time.monotonic() - begun_s
    report.note(f"✓ {spec.name} is here, whole and checked ({took_s:.0f} s)", style="green")
    return DONE


def show_path(report: Report, common: Common, name: str | None) -> int:
    """Print where a model's file is; fails if it is not there."""
    name = name or _name_from(common, built_in=False)
    path = model_path(name)
    report.result = {"name": name, "path": str(path), "size_bytes": path.stat().st_size}
    report.line(str(path))
    return DONE


def remove_file(report: Report, name: str) -> int:
    """Remove a model's file."""
    freed_bytes = remove_model(name)
    report.result = {"name": name, "freed_bytes": freed_bytes}
    told = f"✓ {name} removed, {freed_bytes / 1e6:,.0f} MB freed" if freed_bytes else f"{name} was not here"
    report.note(told)
    return DONE


def _name_from(common: Common, *, built_in: bool) -> str:
    """The model of the profile that is chosen, if that is a local one; else the smallest."""
    profile = load_settings(common.config).for_tier(common.tier, common.profile)
    if profile.api != "local":
        return "0.5b"
    if profile.model_path and not built_in:
        return profile.model_path
    return profile.models[0] if profile.models else "0.5b"


def _progress_bar() -> Bar:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    what = TextColumn("{task.description}", markup=False)
    return Progress(what, *columns, console=console(sys.stderr), transient=True)


def _drawn_on(bar: Bar) -> Progress:
    # The task begins with the first bytes told: what was here before does not count as speed.
    task: TaskID | None = None
    drawn_s = 0.0

    def progress(done_bytes: int, total_bytes: int, what: str) -> None:
        nonlocal task, drawn_s
        if task is None:
            task = bar.add_task(what, total=total_bytes, completed=done_bytes)
            return
        if time.monotonic() - drawn_s < FRAME_S and done_bytes < total_bytes:
            return
        drawn_s = time.monotonic()
        bar.update(task, completed=done_bytes, total=total_bytes, description=what)

    return progress


def _told_to(report: Report) -> Progress:
    """A line at each tenth, and whenever something else is being done."""
    told: tuple[str, int] = ("", -1)

    def progress(done_bytes: int, total_bytes: int, what: str) -> None:
        nonlocal told
        tenth = 10 * done_bytes // max(1, total_bytes)
        if (what, tenth) != told:
            told = (what, tenth)
            report.note(f"{what}: {done_bytes / 1e6:,.0f} of {total_bytes / 1e6:,.0f} MB")

    return progress
