"""What a turn is about: the notebook file, the settings, the words, the cell."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_spark.cli.report import printable
from jupyter_spark.errors import NotebookError, UsageError
from jupyter_spark.fallback import Substitute
from jupyter_spark.journal import notebook_scope
from jupyter_spark.notebook import NotebookFile, find_cell, read_notebook, snapshot
from jupyter_spark.providers import open_provider
from jupyter_spark.request import build_request
from jupyter_spark.settings import Profile, Settings, load_settings
from jupyter_spark.wire import CellSnapshot, ErrorReport, NotebookSnapshot, Tier, TurnKind, TurnRequest

if TYPE_CHECKING:
    from jupyter_spark.cli.options import Common

_TERMINAL_CODE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class Scene:
    """The notebook and the settings a command works with."""

    file: NotebookFile
    path: Path
    notebook: NotebookSnapshot
    settings: Settings
    profile: Profile
    common: Common

    def index_of(self, cell: CellSnapshot) -> int:
        """Return a cell's place, counted from 0."""
        return self.file.cell(cell.cell_id).index

    def request(self, kind: TurnKind, words: str, **rest: Any) -> TurnRequest:
        """Return what is asked of the profile; ``rest`` as for ``build_request``."""
        tier: Tier = "deep" if self.common.tier == "deep" else "spark"
        with_context = self.common.with_context
        rest |= {"tier": tier, "with_context": with_context, "privacy": self.settings.privacy}
        return build_request(kind, words, self.profile, self.notebook, **rest)

    def substitutes(self, asked: TurnRequest) -> list[Substitute]:
        """Return who is asked the same instead, where the scene's profile cannot begin to answer."""

        def put(scene: Scene) -> TurnRequest:
            return scene.request(asked.kind, asked.instruction, target=asked.target, error=asked.error)

        profiles = self.settings.fallbacks(self.common.tier, self.common.profile)
        scenes = [replace(self, profile=profile) for profile in profiles]
        return [Substitute(open_provider(scene.profile), partial(put, scene)) for scene in scenes]


def read_words(words: list[str], *, needed: bool = True) -> str:
    """Return the user's words as they are; from stdin, if there is only a dash."""
    text = sys.stdin.read() if words == ["-"] else " ".join(words)
    if needed and not text.strip():
        raise UsageError("There are no words to go by.", 'Say what you want, e.g. "add type hints".')
    return text


def set_scene(common: Common, path: Path) -> Scene:
    """Read the settings and the notebook."""
    settings = load_settings(common.config)
    profile = settings.for_tier(common.tier, common.profile)
    file = read_notebook(path)
    # However the file was named, the journal knows it under one name.
    notebook = snapshot(file).model_copy(update={"path": notebook_scope(path)})
    return Scene(file, path, notebook, settings, profile, common)


def code_cell(scene: Scene, ref: str) -> CellSnapshot:
    """Return the code cell that is meant; it has some code."""
    try:
        cell = find_cell(scene.notebook, ref)
    except NotebookError as error:  # here it is an option's value that cannot be taken
        raise UsageError(error.message, error.hint, code=error.code) from None
    if cell.kind != "code":
        raise UsageError(f"Cell {scene.index_of(cell)} is a {cell.kind} cell.", "Name a code cell.", code="not_code")
    if not cell.source.strip():
        raise UsageError(f"Cell {scene.index_of(cell)} is empty.", "Name a cell with code.", code="empty_cell")
    return cell


def failed_cell(scene: Scene, ref: str | None) -> tuple[CellSnapshot, ErrorReport]:
    """Return the cell that is meant, or the last that failed, with the error in its stored output."""
    if ref is not None:
        cell = code_cell(scene, ref)
        if error := _stored_error(scene, cell):
            return cell, error
        raise NotebookError(
            f"Cell {scene.index_of(cell)} holds no error.",
            "Run it, save the notebook and try again; or say what is wrong with: jupyter spark rewrite",
            code="no_error",
        )
    for cell in reversed(scene.notebook.cells):
        if cell.kind == "code" and cell.source.strip() and (error := _stored_error(scene, cell)):
            return cell, error
    raise NotebookError("No cell holds an error.", "Run the notebook, save it and try again.", code="no_error")


def _stored_error(scene: Scene, cell: CellSnapshot) -> ErrorReport | None:
    """The error in a cell's output, as the file has it: from anybody, so of any shape."""
    outputs = scene.file.cell(cell.cell_id).span.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict) and output.get("output_type") == "error":
            trace = output.get("traceback")
            lines = [str(line) for line in trace] if isinstance(trace, list) else []
            name, message = str(output.get("ename") or "Error"), str(output.get("evalue") or "")
            return ErrorReport(name=_plain(name), message=_plain(message), traceback=_plain("\n".join(lines)))
    return None


def _plain(text: str) -> str:
    return printable(_TERMINAL_CODE.sub("", text))
