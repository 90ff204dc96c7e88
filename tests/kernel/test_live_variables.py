"""The variables of a real kernel: with the extension, and in one that has never heard of it."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_spark.kernel import variables
from tests.kernel.driver import ROOT, Kernel
from tests.paced import PacedServer

NewKernel = Callable[[], Kernel]
HOSTILE = ROOT / "tests" / "hostile.py"
SENT = (
    "(lambda scope: (exec(compile({source!r}, '<variables>', 'exec'), scope), "
    "scope['snapshot_json'](get_ipython().user_ns, limit_ms=60_000))[1])({{'__name__': 'sent'}})"
)


def ask(kernel: Kernel, expression: str) -> Any:
    """Ask silently, by a user expression, as a front end does for a kernel it knows nothing of."""
    reply = kernel.client.execute(
        "", silent=True, store_history=False, user_expressions={"it": expression}, reply=True, timeout=60
    )
    answer = reply["content"]["user_expressions"]["it"]
    assert answer["status"] == "ok", answer
    return ast.literal_eval(answer["data"]["text/plain"])


def test_hostile_variables_in_a_kernel_without_the_package(new_kernel: NewKernel) -> None:
    kernel = new_kernel()
    # The file's text runs in __main__, so the hostile classes are the user's own.
    kernel.run(f"exec(compile(open({str(HOSTILE)!r}).read(), 'hostile', 'exec'), globals())")
    built = kernel.run("globals().update(hostile_variables()); len(EFFECTS)")
    assert built.status == "ok", built.messages
    state = "[sorted(sys.modules), sorted(globals()), len(In), len(Out), EFFECTS, threading.active_count()]"
    before = ask(kernel, state)

    expression = SENT.format(source=Path(variables.__file__).read_text("utf-8"))
    text = ask(kernel, expression)

    after = ask(kernel, state)
    assert after == before
    assert after[4] == []
    assert "jupyter_spark" not in after[0]
    assert len(text.encode()) <= variables.LIMIT_BYTES
    told = {name: summary for name, _, summary in json.loads(text)["variables"]}
    assert told["row"] == "with a: Sleepy, password: str"
    assert told["evil_dict"] == "of length 1: 'a': int"
    assert kernel.run("disarm()").status == "ok"


def test_a_turn_says_what_the_variables_it_names_are(kernel: Kernel, paced: PacedServer) -> None:
    kernel.run("import numpy as np\ngrid = np.arange(6.0).reshape(2, 3)\nother = 'never named'")
    kernel.run("%%spark sum the grid\nprint(grid)")
    sent = str(paced.records[-1].body)
    assert "grid: ndarray shape (2, 3), float64: 0.0, 1.0, 2.0, … 3 more" in sent
    assert "other: str" not in sent


def test_what_a_cell_put_out_is_remembered_in_a_few_words(kernel: Kernel) -> None:
    kernel.run("values = [1, 2]\nvalues", cell_id="shown")
    kernel.run("values.missing", cell_id="failed")
    log = "next(c for c in get_ipython().configurables if type(c).__name__ == 'SparkMagics').log"
    assert kernel.run(f"print({log}.outputs('shown'))").printed == "list of length 2: 1, 2\n"
    failed = kernel.run(f"print({log}.outputs('failed'))").printed
    assert failed.endswith("AttributeError: 'list' object has no attribute 'missing'\n")
