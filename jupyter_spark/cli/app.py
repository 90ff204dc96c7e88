"""The commands and their options; what each does stands in a module of its own, imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jupyter_spark._version import __version__
from jupyter_spark.cli.options import (
    Again,
    Apply,
    Cell,
    CellTimeout,
    Cluster,
    Common,
    Config,
    Json,
    LastCell,
    ModelName,
    MoreWords,
    NoContext,
    Notebook,
    Notebooks,
    OutputFolder,
    PlanFile,
    ProfileName,
    Revise,
    SourceName,
    Tier,
    TierName,
    Verify,
    VerifyName,
    Words,
    Yes,
)
from jupyter_spark.cli.report import USAGE, carry_out
from jupyter_spark.errors import UsageError

_SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
app = typer.Typer(name="spark", help="Conversational coding in Jupyter: fast, checked cell rewrites.", **_SETTINGS)
model_app = typer.Typer(help="The built-in model's files: list, pull, path, remove.", **_SETTINGS)
app.add_typer(model_app, name="model")


def run_app(argv: list[str]) -> int:
    """Parse the arguments and run a command; returns the exit status."""
    try:
        return int(app(argv, prog_name="jupyter spark", standalone_mode=False) or 0)
    except Exception as error:
        # Typer has the parser's errors under different names from version to version; their shape is the same.
        if not hasattr(error, "format_message"):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":  # only a group's name was written
            typer.echo(error.format_message(), err=True)
            return USAGE
        told = " ".join(str(error.format_message()).split())
        context = getattr(error, "ctx", None)
        path = getattr(context, "command_path", None) or "jupyter spark"
        hint = f"See: {path} --help"
        if told.startswith("No such option"):
            hint += " (words that begin with a dash go after --)"
    as_json = "--json" in argv[: argv.index("--") if "--" in argv else None]

    def refuse(_: object) -> int:
        raise UsageError(told if told.endswith((".", "?", ")")) else f"{told}.", hint)

    return carry_out(as_json, refuse)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"jupyter_spark {__version__}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def _spark(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Conversational coding in Jupyter: fast, checked cell rewrites."""


# --- turns -----------------------------------------------------------------------------------------


@app.command()
def ask(
    notebook: Notebook,
    words: Words,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
    no_context: NoContext = False,
) -> int:
    """Answer a question with the notebook as context."""
    from jupyter_spark.cli.edit import ask_about

    common = Common(tier.value, profile, config, not no_context)
    return carry_out(as_json, lambda report: ask_about(report, common, notebook, words))


@app.command()
def explain(
    notebook: Notebook,
    cell: Cell,
    words: MoreWords = None,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
    no_context: NoContext = False,
) -> int:
    """Explain a code cell."""
    from jupyter_spark.cli.edit import explain_cell

    common = Common(tier.value, profile, config, not no_context)
    return carry_out(as_json, lambda report: explain_cell(report, common, notebook, cell, words or []))


@app.command()
def rewrite(
    notebook: Notebook,
    words: Words,
    cell: Cell,
    apply: Apply = False,
    yes: Yes = False,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
    no_context: NoContext = False,
) -> int:
    """Rewrite a code cell as told; only a diff without --apply."""
    from jupyter_spark.cli.edit import Writing, rewrite_cell

    common = Common(tier.value, profile, config, not no_context)
    writing = Writing(apply, yes)
    return carry_out(as_json, lambda report: rewrite_cell(report, common, notebook, cell, words, writing))


@app.command()
def fix(
    notebook: Notebook,
    cell: LastCell = None,
    words: MoreWords = None,
    apply: Apply = False,
    yes: Yes = False,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
    no_context: NoContext = False,
) -> int:
    """Fix a code cell by its stored error; only a diff without --apply."""
    from jupyter_spark.cli.edit import Writing, fix_cell

    common = Common(tier.value, profile, config, not no_context)
    writing = Writing(apply, yes)
    return carry_out(as_json, lambda report: fix_cell(report, common, notebook, cell, words or [], writing))


@app.command()
def refactor(
    notebooks: Annotated[list[str], typer.Argument(metavar="NOTEBOOK... WORDS", show_default=False)],
    apply: Apply = False,
    yes: Yes = False,
    verify: Verify = VerifyName.STATIC,
    plan: PlanFile = None,
    revise: Revise = "",
    output: OutputFolder = None,
    again: Again = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="How many cells are written at once.")] = 8,
    cluster: Cluster = None,
    cell_timeout: CellTimeout = 300.0,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Refactor whole notebooks as told; only diffs without --apply."""
    from jupyter_spark.cli.edit import Writing
    from jupyter_spark.cli.refactor import refactor_all
    from jupyter_spark.cli.refactor_arguments import Refactoring

    common = Common(tier.value, profile, config)
    how = Refactoring(
        jobs, verify.value, plan, output, revise=revise, again=again, cluster=cluster, cell_timeout_s=cell_timeout
    )
    writing = Writing(apply, yes)
    return carry_out(as_json, lambda report: refactor_all(report, common, notebooks, how, writing))


# --- what was applied ------------------------------------------------------------------------------


@app.command()
def undo(
    notebooks: Notebooks,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Take the last edit of each notebook back, byte for byte."""
    from jupyter_spark.cli.undo import take_back

    common = Common(tier.value, profile, config)
    return carry_out(as_json, lambda report: take_back(report, common, notebooks))


@app.command()
def redo(
    notebooks: Notebooks,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Apply again what was last taken back in each notebook."""
    from jupyter_spark.cli.undo import apply_again

    common = Common(tier.value, profile, config)
    return carry_out(as_json, lambda report: apply_again(report, common, notebooks))


@app.command()
def history(
    notebook: Annotated[Path | None, typer.Argument(metavar="NOTEBOOK", show_default=False)] = None,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many turns, the newest first.")] = 20,
    clear: Annotated[bool, typer.Option("--clear", help="Forget every turn and what undo needs.")] = False,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """List the turns that the journal keeps."""
    from jupyter_spark.cli.show import clear_history, show_history

    common = Common(tier.value, profile, config)
    if clear:
        return carry_out(as_json, lambda report: clear_history(report, common, notebook))
    return carry_out(as_json, lambda report: show_history(report, common, notebook, number))


# --- how things stand ------------------------------------------------------------------------------


@app.command()
def status(
    as_json: Json = False, tier: Tier = TierName.SPARK, profile: ProfileName = None, config: Config = None
) -> int:
    """Show who answers, the keys, the built-in model, the last turn."""
    from jupyter_spark.cli.show import show_status

    common = Common(tier.value, profile, config)
    return carry_out(as_json, lambda report: show_status(report, common))


@app.command()
def doctor(
    as_json: Json = False,
    tier: Annotated[TierName | None, typer.Option("--tier", help="Only this tier; both by default.")] = None,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Check that all that is needed is there; say what to do."""
    from jupyter_spark.cli.doctor import examine

    common = Common(tier.value if tier else "", profile, config)
    return carry_out(as_json, lambda report: examine(report, common))


@app.command()
def bench(
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many turns over a warm connection.")] = 20,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Measure how fast an endpoint answers, cold and warm."""
    from jupyter_spark.cli.bench import bench as measure

    common = Common(tier.value, profile, config)
    return carry_out(as_json, lambda report: measure(report, common, number))


# --- the built-in model ----------------------------------------------------------------------------


@model_app.command("list")
def model_list(
    as_json: Json = False, tier: Tier = TierName.SPARK, profile: ProfileName = None, config: Config = None
) -> int:
    """List the built-in models: which are here, how large, where."""
    from jupyter_spark.cli.model import list_files

    return carry_out(as_json, list_files)


@model_app.command("pull")
def model_pull(
    name: ModelName = None,
    source: Annotated[SourceName | None, typer.Option("--source", help="Where from.")] = None,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Download a built-in model; what has arrived before is kept and resumed."""
    from jupyter_spark.cli.model import pull_file

    common = Common(tier.value, profile, config)
    return carry_out(as_json, lambda report: pull_file(report, common, name, source.value if source else None))


@model_app.command("path")
def model_path(
    name: ModelName = None,
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Print where a model's file is."""
    from jupyter_spark.cli.model import show_path

    common = Common(tier.value, profile, config)
    return carry_out(as_json, lambda report: show_path(report, common, name))


@model_app.command("remove")
def model_remove(
    name: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    as_json: Json = False,
    tier: Tier = TierName.SPARK,
    profile: ProfileName = None,
    config: Config = None,
) -> int:
    """Remove a built-in model's file and what is left of its downloads."""
    from jupyter_spark.cli.model import remove_file

    return carry_out(as_json, lambda report: remove_file(report, name))
