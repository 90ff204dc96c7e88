"""``%%spark`` and ``%spark``."""

from __future__ import annotations

import atexit
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, TraitError, TraitType
from traitlets.config import Config
from traitlets.config.loader import DeferredConfig

from jupyter_spark.kernel.arguments import COMMANDS, cell_parser, help_text, line_parser, parse
from jupyter_spark.kernel.comms import leave_pages, listen_to_pages
from jupyter_spark.kernel.history import CellLog

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_spark.kernel.commands import Commands
    from jupyter_spark.kernel.pages import Pages
    from jupyter_spark.wire_magic import RunAnnounced

NAME, OTHER_NAME = "spark", "sparkai"
# IPython takes a trailing "?" as a request for help, and a question is what one asks here.
_QUESTION = re.compile(r"^%(?P<name>spark(?:ai)?)[ \t]+(?P<rest>\S.*\?)\s*$")
# IPython refuses a cell magic without a body; words alone are enough for us.
_ALONE = re.compile(r"^%%(?P<name>spark(?:ai)?)(?:[ \t]+(?P<rest>\S.*?))?\s*$")
_ONLY_MAGIC = re.compile(r"^\s*%spark(?:ai)?\b[^\n]*\s*$")


@magics_class
class SparkMagics(Magics):
    """The magics and their switches (``%config SparkMagics``)."""

    tier = Enum(("spark", "deep"), default_value="spark", help="Which tier answers if none is named.").tag(config=True)
    widgets = Enum(
        ("auto", "on", "off"), default_value="auto", help="Whether an edit is shown as an ipywidgets card with Stop."
    ).tag(config=True)
    in_cell = Bool(
        True,
        help="Whether JupyterLab shows an edit in the cell, and a refactor in its review tab, to be accepted there.",
    ).tag(config=True)
    race = Bool(False, help="Whether the deep tier thinks beside the spark tier and may offer a second proposal.").tag(
        config=True
    )
    warm = Bool(True, help="Import the engine and connect, in the background, shortly after loading.").tag(config=True)
    warm_after_s = Float(1.0, help="How long after loading that begins, in seconds.").tag(config=True)

    def __init__(self, shell: InteractiveShell, name: str = NAME) -> None:
        super().__init__(shell)
        self.ipython = shell
        self.name = name
        self.log = CellLog()
        self._commands: Commands | None = None
        self._pages: Pages | None = None
        self._lock = threading.Lock()

    def _load_config(
        self, cfg: Config, section_names: list[str] | None = None, traits: dict[str, TraitType[Any, Any]] | None = None
    ) -> None:
        """Take in settings; of one that cannot be, one line is told and the old value stays."""
        known, good = self.traits(config=True), Config()
        for name, value in self._find_my_config(cfg).items():
            if name not in known or self._fits(known[name], value):
                good[type(self).__name__][name] = value
                continue
            must, stays = known[name].info(), getattr(self, name)
            told = f"Spark: SparkMagics.{name} must be {must}, not {value!r}: it stays {stays!r}."
            print(told, file=sys.stderr)  # noqa: T201 - a raised error would keep the extension from loading
            for section in self.section_names():
                cfg.get(section, {}).pop(name, None)
        super()._load_config(good, section_names, traits)

    def _fits(self, trait: TraitType[Any, Any], value: Any) -> bool:
        try:
            trait._validate(self, value.get_value(trait) if isinstance(value, DeferredConfig) else value)
        except (TraitError, ValueError):
            return False
        return True

    @property
    def commands(self) -> Commands:
        """The engine's side, made at first use."""
        with self._lock:
            if self._commands is None:
                from jupyter_spark.kernel.commands import Commands

                self._commands = Commands(self)
            return self._commands

    @property
    def pages(self) -> Pages:
        """The pages that show this kernel's notebooks, made when the first one comes."""
        with self._lock:
            if self._pages is None:
                from jupyter_spark.kernel.pages import Pages

                self._pages = Pages(self)
            return self._pages

    @property
    def announced(self) -> RunAnnounced | None:
        """What a page said of the run that is under way; None where the run came from elsewhere."""
        current = self.log.current
        return self._pages.announced(current.cell_id) if self._pages is not None and current is not None else None

    def spark_line(self, line: str) -> None:
        """Talk about the notebook: ask, explain, fix, refactor, undo, redo, retry, alternatives, pick, status, ..."""
        parser = line_parser(f"%{self.name}")
        options = parse(parser, line)
        words = "" if options.help else options.words
        command, _, rest = words.partition(" ")
        if not words:
            print(help_text(parser))  # noqa: T201 - a magic's help is printed
            return
        if command not in COMMANDS:
            from jupyter_spark.errors import UsageError

            raise UsageError(
                f"%{self.name} does not know '{command}'.",
                f"Say one of: {', '.join(COMMANDS)}. To have code rewritten: %%{self.name} {words} above the code.",
            )
        self.commands.run(command, rest.strip(), options)

    def spark_cell(self, line: str, cell: str) -> None:
        """Rewrite this cell as the line says, explain it (--explain), or write new code from the cell's words."""
        parser = cell_parser(f"%%{self.name}")
        options = parse(parser, line)
        if options.help:
            print(help_text(parser))  # noqa: T201
            return
        self.commands.run_cell(options, cell.strip("\n"))

    def line_magic(self) -> Callable[[str], None]:
        """Return ``%spark`` as a function; its docstring (``%spark?``) is its help."""

        @no_var_expand
        def spark(line: str) -> None:
            self.spark_line(line)

        spark.__doc__ = help_text(line_parser(f"%{self.name}"))
        return spark

    def cell_magic(self) -> Callable[[str, str], None]:
        """Return ``%%spark`` as a function; its docstring (``%%spark?``) is its help."""

        @no_var_expand
        def spark(line: str, cell: str) -> None:
            self.spark_cell(line, cell)

        spark.__doc__ = help_text(cell_parser(f"%%{self.name}"))
        return spark

    def keep_words(self, lines: list[str]) -> list[str]:
        """IPython's input transformer: ``%spark ask ...?`` asks us, not for help; ``%%spark WORDS`` needs no body."""
        alone = _ALONE.match(lines[0]) if lines and not "".join(lines[1:]).strip() else None
        if alone and alone["name"] == self.name:
            return [f"get_ipython().run_cell_magic({self.name!r}, {alone['rest'] or ''!r}, '\\n')\n"]
        out = []
        for line in lines:
            question = _QUESTION.match(line)
            if question and question["name"] == self.name:
                line = f"get_ipython().run_line_magic({self.name!r}, {question['rest']!r})\n"
            out.append(line)
        return out

    # A terminal must not take the first line of a cell for the whole of it.
    keep_words.has_side_effects = True  # type: ignore[attr-defined]

    def replaces_own_cell(self) -> bool:
        """Whether the running cell is nothing but our line, so that its result may take its place."""
        current = self.log.current
        return current is not None and bool(_ONLY_MAGIC.match(current.source))

    def warm_up(self) -> None:
        """Import what a first turn needs and connect, off the user's way; a failure shows itself at the first turn."""
        with suppress(Exception):
            from jupyter_spark.providers import import_sdk

            commands = self.commands
            import_sdk()
            commands.session.warm()

    def before_run(self, info: Any) -> None:
        """IPython's event before a cell runs: the reader goes on, so the last card may settle."""
        if self._commands is not None:
            self._commands.settle()
        if info.store_history:
            self.log.before_run(info.raw_cell or "", getattr(info, "cell_id", None))

    def after_run(self, result: Any) -> None:
        """IPython's event after a cell ran."""
        if result.info is not None and result.info.store_history:
            error = result.error_before_exec or result.error_in_exec
            self.log.after_run(error, result.execution_count, result.result)
            if self._pages is not None and self.log.current is not None:
                self._pages.has_run(self.log.current.cell_id)

    def close(self) -> None:
        """Let go of everything that runs."""
        with self._lock:
            commands, self._commands = self._commands, None
            pages, self._pages = self._pages, None
        if pages is not None:
            pages.close()
        if commands is not None:
            commands.close()

    def remove(self) -> None:
        """Take the magics and the hooks away from the shell."""
        self.ipython.events.unregister("pre_run_cell", self.before_run)
        self.ipython.events.unregister("post_run_cell", self.after_run)
        for kind in ("line", "cell"):
            self.ipython.magics_manager.magics[kind].pop(self.name, None)
        self.ipython.input_transformers_cleanup.remove(self.keep_words)
        with suppress(ValueError):  # Magics puts itself there
            self.ipython.configurables.remove(self)  # type: ignore[arg-type]  # traitlets' own type is too narrow
        leave_pages(self)
        atexit.unregister(self.close)
        self.close()


def register(shell: InteractiveShell) -> SparkMagics:
    """Add the magics to a shell, under another name if ``%%spark`` belongs to somebody else."""
    taken = any(NAME in shell.magics_manager.magics[kind] for kind in ("line", "cell"))
    name = OTHER_NAME if taken else NAME
    magics = SparkMagics(shell, name)
    for kind, function in (("line", magics.line_magic()), ("cell", magics.cell_magic())):
        shell.magics_manager.register_function(function, kind, name)
    if taken:
        print(f"Another extension owns %%{NAME}: this one answers to %%{name}.")  # noqa: T201
    if shell.history_manager is not None:
        magics.log.read_history(list(shell.history_manager.input_hist_raw)[:-1])
    shell.events.register("pre_run_cell", magics.before_run)
    shell.events.register("post_run_cell", magics.after_run)
    shell.input_transformers_cleanup.append(magics.keep_words)
    listen_to_pages(magics)
    atexit.register(magics.close)
    if magics.warm:
        timer = threading.Timer(magics.warm_after_s, magics.warm_up)
        timer.daemon = True
        timer.start()
    return magics
