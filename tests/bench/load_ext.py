"""How long ``%load_ext jupyter_spark`` takes: the median over fresh kernels.

``python -m tests.bench.load_ext [KERNELS]``; 20 kernels unless told otherwise. One kernel before them compiles the
bytecode and is not counted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from tests.kernel.driver import Kernel

TIMED = """
import time as _time
_begun_s = _time.perf_counter()
get_ipython().run_line_magic("load_ext", "jupyter_spark")
print(1000 * (_time.perf_counter() - _begun_s))
"""


def load_ms(folder: Path) -> float:
    """Start a kernel, load the extension, and return how long that took, in milliseconds."""
    kernel = Kernel(folder, {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_DATA_DIR": str(folder / "data")})
    try:
        return float(kernel.run(TIMED).printed)
    finally:
        kernel.close()


def main(kernels: int = 20) -> None:
    """Print the median, the fastest and the slowest."""
    with tempfile.TemporaryDirectory() as name:
        load_ms(Path(name) / "first")
        times_ms = [load_ms(Path(name) / str(number)) for number in range(kernels)]
    print(
        f"%load_ext jupyter_spark: median {statistics.median(times_ms):.1f} ms of {kernels} fresh kernels "
        f"(fastest {min(times_ms):.1f}, slowest {max(times_ms):.1f})"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
