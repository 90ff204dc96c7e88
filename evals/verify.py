"""Verifies real notebooks: unchanged ones must be found the same each time, planted changes must all be reported.

``python -m evals.verify [--times 3] [--only NAME]``

An unchanged notebook is verified against itself several times; every cell must be ``same``. Then changes are planted,
each with an effect on its own cell only: that cell must be told to differ or to fail, and every other to be the same.
Exit status 0 if all of that holds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_spark.verify import VerificationReport, verify_notebook_sync

NOTEBOOKS = Path(__file__).parents[1] / "tests" / "notebooks"


@dataclass(frozen=True)
class Plant:
    """A change of one cell (its index over all cells): a text that stands there once, and another for it."""

    notebook: str
    cell: int
    text: str
    other: str
    what: str


PLANTS = (
    Plant("pytudes-lispy", 17, "3 * i", "4 * i", "a number in a printed syntax tree"),
    Plant("pytudes-lispy", 22, "batch(program1)", "batch(program1.replace('10', '10.001'))", "a result, by 0.02 %"),
    Plant("pytudes-lispy", 43, "(range 0 20)", "(range 0 19)", "a list's last value is gone"),
    Plant("pytudes-Probability", 96, "100 * P", "P", "a factor"),
    Plant("pytudes-Probability", 106, "joint(4, die6)", "joint(3, die6)", "another distribution"),
    Plant("pytudes-Cryptarithmetic", 15, "A + B = CD", "A + B = DC", "the order of two letters"),
    Plant("handson-ml3-tools_pandas", 19, '"bob"', '"bobby"', "a key that is not there"),
    Plant("handson-ml3-tools_pandas", 68, 'label="Period: 1 hour"', 'label="Period: 2 hour"', "a digit in a picture"),
    Plant("handson-ml3-tools_pandas", 188, "np.sqrt(grades)", "np.sqrt(grades + 0.001)", "a table's fourth digits"),
    Plant("handson-ml3-tools_pandas", 273, 'on="city"', 'on="city", how="left"', "a table's rows"),
)


def planted(notebook: dict[str, Any], plants: Sequence[Plant]) -> dict[str, Any]:
    """Return a notebook with changes."""
    changed: dict[str, Any] = json.loads(json.dumps(notebook))
    for plant in plants:
        cell = changed["cells"][plant.cell]
        source = "".join(cell["source"])
        if source.count(plant.text) != 1:
            raise SystemExit(
                f"{plant.notebook}, cell {plant.cell}: {plant.text!r} stands there {source.count(plant.text)} times."
            )
        cell["source"] = source.replace(plant.text, plant.other)
    return changed


def main(argv: Sequence[str] | None = None) -> int:
    """Verify, and print two tables."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.verify", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--times", type=int, default=3, help="how often each unchanged notebook is verified")
    parser.add_argument("--only", metavar="NAME", help="one notebook, by its name without .ipynb")
    args = parser.parse_args(argv)
    names = [name for name in dict.fromkeys(plant.notebook for plant in PLANTS) if args.only in (None, name)]
    if not names:
        parser.error(f"no notebook is named {args.only!r}")
    print(f"{'notebook':<28} {'change':<9} {'cells':>5} {'same':>5} {'other':>5} {'reported':>8} {'seconds':>8}")
    rows = [row for name in names for row in verify_one(name, args.times)]
    cells, alarms = sum(row.cells for row in rows), sum(row.alarms for row in rows)
    found, plants = sum(row.found for row in rows), sum(plant.notebook in names for plant in PLANTS)
    unchanged = sum(row.unchanged for row in rows)
    print(f"\n{len(names)} notebooks, {unchanged} verifications of them unchanged, {len(rows) - unchanged} changed")
    print(f"false alarms: {alarms} of {cells - plants} cells that were not changed")
    print(f"planted changes reported: {found} of {plants}")
    return 0 if not alarms and found == plants else 1


@dataclass(frozen=True)
class Row:
    """One verification: how many cells were compared, and, of changed ones or not, how many were told of."""

    unchanged: bool
    cells: int
    found: int
    alarms: int


def verify_one(name: str, times: int) -> list[Row]:
    """Verify one notebook unchanged several times, and changed."""
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text("utf-8"))
    plants = [plant for plant in PLANTS if plant.notebook == name]
    rows = [_row(name, f"none, {time + 1}", _verify(notebook, notebook), []) for time in range(times)]
    return [*rows, _row(name, "planted", _verify(notebook, planted(notebook, plants)), plants)]


def _verify(before: dict[str, Any], after: dict[str, Any]) -> VerificationReport:
    with tempfile.TemporaryDirectory() as folder:
        return verify_notebook_sync(before, after, Path(folder))


def _row(name: str, change: str, report: VerificationReport, plants: Sequence[Plant]) -> Row:
    places = {plant.cell for plant in plants}
    told = {cell.after_index: cell for cell in report.cells if cell.verdict != "same"}
    found = [plant for plant in plants if plant.cell in told and not told[plant.cell].holds]
    others = [cell for place, cell in told.items() if place not in places]
    same = len(report.cells) - len(told)
    shown = f"{len(found)} of {len(plants)}" if plants else ""
    print(
        f"{name:<28} {change:<9} {len(report.cells):>5} {same:>5} {len(others):>5} {shown:>8} {report.elapsed_s:>8.1f}"
    )
    for plant in plants:
        cell = told.get(plant.cell)
        print(f"    cell {plant.cell}, {plant.what}: {f'{cell.verdict} ({cell.why})' if cell else 'NOT REPORTED'}")
    for cell in others:
        print(f"    cell {cell.after_index}: {cell.verdict} ({cell.why})")
    sys.stdout.flush()
    alarms = len(others) or int(bool(report.unverified))
    return Row(not plants, len(report.cells), len(found), alarms)


if __name__ == "__main__":
    raise SystemExit(main())
