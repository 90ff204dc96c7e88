"""What keeping secrets back costs a turn: the 286-cell notebook, cold, warm, and with one cell changed.

``python -m tests.bench.redaction``. Beside each time stands how often it goes into estimating the same text's tokens,
which every turn does anyway.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_spark.context import estimate_tokens
from jupyter_spark.redact import Vault, _find
from tests.planted import Gardener

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "handson-ml3-02_end_to_end_machine_learning_project.ipynb"
TIMES = 15


def _ms(work: Callable[[int], object]) -> float:
    times = []
    for number in range(TIMES):
        begun_s = time.perf_counter()
        work(number)
        times.append(1000 * (time.perf_counter() - begun_s))
    return statistics.median(times)


def main() -> None:
    """Print the medians."""
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]]
    text = "\n\n".join(cells)

    def cold(_: int) -> None:
        _find._found.clear()
        Vault().redact(text)

    def changed(number: int) -> None:
        vault.redact(text.replace("housing.head()", f"housing.head({number})", 1))

    estimate_ms = _ms(lambda _: estimate_tokens(text))
    vault = Vault()
    rows = {"cold": _ms(cold), "one cell changed": _ms(changed), "unchanged": _ms(lambda _: vault.redact(text))}
    vault.redact_all(planted.code for planted in Gardener(1).plant(200))
    rows["one cell changed, 200 secrets known"] = _ms(changed)
    print(f"redaction of {len(cells)} cells, {len(text):,} characters (tokens estimated in {estimate_ms:.2f} ms):")
    for name, taken_ms in rows.items():
        print(f"  {name:<36} {taken_ms:7.2f} ms  {taken_ms / estimate_ms:5.1f} x")


if __name__ == "__main__":
    main()
