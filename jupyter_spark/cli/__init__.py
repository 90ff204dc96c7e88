"""The command line: ``jupyter spark ...``, also to be had as ``jupyter-spark ...``.

Nothing heavy is imported until a command needs it: ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main", "run"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit status."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; the process's own by default.

    Returns
    -------
    int
        0 done, 1 failed, 2 usage, 3 a check did not hold, 130 stopped by Ctrl-C.
    """
    from jupyter_spark.cli.app import run_app

    return run_app(list(sys.argv[1:] if argv is None else argv))
