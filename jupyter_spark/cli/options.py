"""The options that the commands share, and what they say of who answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class TierName(str, Enum):
    """The tiers, as an option's choice."""

    SPARK = "spark"
    DEEP = "deep"


class SourceName(str, Enum):
    """Where a model file comes from, as an option's choice."""

    AUTO = "auto"
    HUB = "hub"
    INDEX = "index"


class VerifyName(str, Enum):
    """How a changed notebook is verified, as an option's choice."""

    NONE = "none"
    STATIC = "static"
    RUN = "run"


@dataclass(frozen=True)
class Common:
    """What every command takes: who answers, by which settings, with how much of the notebook."""

    tier: str = "spark"
    profile: str | None = None
    config: Path | None = None
    with_context: bool = True


Notebook = Annotated[Path, typer.Argument(metavar="NOTEBOOK", show_default=False)]
Notebooks = Annotated[list[Path], typer.Argument(metavar="NOTEBOOK...", show_default=False)]
Words = Annotated[list[str], typer.Argument(metavar="WORDS", help="What you want; - reads it from stdin.")]
MoreWords = Annotated[list[str] | None, typer.Argument(metavar="WORDS", help="What to mind.")]
Cell = Annotated[str, typer.Option("--cell", "-c", metavar="CELL", help="Index from 0, cell id, or In[7].")]
LastCell = Annotated[
    str | None,
    typer.Option("--cell", "-c", metavar="CELL", help="Index from 0, cell id, or In[7]; else the last with an error."),
]
Apply = Annotated[bool, typer.Option("--apply", help="Write the edit into the notebook.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="With --apply: write even if a check does not hold.")]
Verify = Annotated[VerifyName, typer.Option("--verify", help="How the changed notebook is checked as a whole.")]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan", metavar="FILE", help="Carry out this plan; where there is no file, write the plan and stop."
    ),
]
Revise = Annotated[
    str,
    typer.Option("--revise", metavar="WORDS", help="With --plan: have the plan made anew with these words, and stop."),
]
Again = Annotated[bool, typer.Option("--again", help="Do also notebooks that the same refactor is done with.")]
OutputFolder = Annotated[
    Path | None, typer.Option("--output", metavar="DIR", help="Write the changed notebooks there instead.")
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="Let the workers of this Dask cluster do it, e.g. tcp://HOST:8786."
    ),
]
CellTimeout = Annotated[
    float,
    typer.Option(
        "--cell-timeout",
        metavar="SECONDS",
        min=1,
        help="With --verify run: how long a cell may run; its run ends then.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Tier = Annotated[TierName, typer.Option("--tier", help="Who answers: the fast tier or the deep one.")]
ProfileName = Annotated[str | None, typer.Option("--profile", metavar="NAME", help="Who answers, by name.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file instead of those in Jupyter's directories."),
]
NoContext = Annotated[bool, typer.Option("--no-context", help="Send nothing of the notebook but the cell.")]
ModelName = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="0.5b or 1.5b; without it, the profile's own.", show_default=False),
]
