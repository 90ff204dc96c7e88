"""`%load_ext` and its like, each in a kernel of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.driver import Kernel

HEAVY = ("openai", "pydantic", "httpx2", "ipywidgets", "nbformat")
LOADED = f"import sys; print(sorted(sys.modules.keys() & set({HEAVY!r})))"
NewKernel = Callable[[], Kernel]


def test_loading_imports_nothing_heavy_and_loading_again_changes_nothing(new_kernel: NewKernel) -> None:
    kernel = new_kernel()
    # In one cell: the background import begins two seconds later.
    first = kernel.run(f"%load_ext jupyter_spark\n{LOADED}")
    assert (first.status, first.printed, first.warned) == ("ok", "[]\n", "")

    again = kernel.run("%load_ext jupyter_spark")
    assert (again.status, again.warned) == ("ok", "")
    assert "already loaded" in again.printed
    hooks = "len([f for f in get_ipython().input_transformers_cleanup if 'jupyter_spark' in f.__module__])"
    assert kernel.run(f"print({hooks})").printed == "1\n"

    reloaded = kernel.run("%reload_ext jupyter_spark")
    assert (reloaded.status, reloaded.printed, reloaded.warned) == ("ok", "", "")
    assert kernel.run(f"print({hooks})").printed == "1\n"
    assert kernel.run("%spark status").status == "ok"

    unloaded = kernel.run("%unload_ext jupyter_spark")
    assert (unloaded.status, unloaded.warned) == ("ok", "")
    assert kernel.run(f"print({hooks})").printed == "0\n"
    gone = kernel.run("%spark status")
    assert gone.status == "error"
    assert "not found" in gone.warned
    assert kernel.run("%load_ext jupyter_spark\n%spark status").status == "ok"


def test_the_engine_is_imported_in_the_background(new_kernel: NewKernel) -> None:
    kernel = new_kernel()
    kernel.run(
        "from traitlets.config import Config\nget_ipython().config.merge(Config(SparkMagics={'warm_after_s': 0.0}))"
    )
    kernel.run("%load_ext jupyter_spark")
    waited = kernel.run(
        "import sys, time\nuntil = time.monotonic() + 60\n"
        "while 'openai' not in sys.modules and time.monotonic() < until: time.sleep(0.05)\n"
        "print('openai' in sys.modules, 'httpx2' in sys.modules)"
    )
    assert waited.printed == "True True\n"


OTHER = """
def register_sparkmagic(line, cell=None):
    print("theirs", line)
get_ipython().register_magic_function(register_sparkmagic, {kind!r}, "spark")
"""


@pytest.mark.parametrize("kind", ["cell", "line"])
def test_a_spark_magic_of_somebody_elses_stays_theirs(new_kernel: NewKernel, kind: str) -> None:
    kernel = new_kernel()
    kernel.run(OTHER.format(kind=kind))
    loaded = kernel.run("%load_ext jupyter_spark")
    assert loaded.printed == "Another extension owns %%spark: this one answers to %%sparkai.\n"
    theirs = "%%spark SELECT\n1" if kind == "cell" else "%spark SELECT"
    assert kernel.run(theirs).printed == "theirs SELECT\n"
    assert kernel.run("%sparkai status").status == "ok"
    assert "%%sparkai" in kernel.run("%%sparkai --help").printed
    ours = kernel.run("%sparkai ask --profile openai is this ours?")
    assert "needs a key" in ours.error["evalue"]
    kernel.run("%unload_ext jupyter_spark")
    assert kernel.run(theirs).printed == "theirs SELECT\n"


BAD = "Spark: SparkMagics.race must be a boolean, not 'maybe': it stays {}.\n"


def test_a_setting_that_cannot_be_is_one_line_and_the_old_one_stays(new_kernel: NewKernel) -> None:
    kernel = new_kernel()
    assert kernel.run("%load_ext jupyter_spark\n%config SparkMagics.race = True").warned == ""
    assert kernel.run("%config SparkMagics.race = 'maybe'").warned == BAD.format(True)
    assert kernel.run("print(get_ipython().find_line_magic('config')('SparkMagics.race'))").printed == "True\n"
    reloaded = kernel.run("%reload_ext jupyter_spark")
    assert (reloaded.status, reloaded.warned) == ("ok", "")
    assert kernel.run("%config SparkMagics.race = False").warned == ""  # nor does one of before listen still
    assert kernel.run("print(get_ipython().find_line_magic('config')('SparkMagics.race'))").printed == "False\n"
    assert kernel.run("%spark status").status == "ok"


def test_loading_survives_settings_that_cannot_be(new_kernel: NewKernel) -> None:
    kernel = new_kernel()
    settings = "{'race': 'maybe', 'widgets': 'off', 'warm_after_s': 'soon'}"
    merged = f"from traitlets.config import Config\nget_ipython().config.merge(Config(SparkMagics={settings}))"
    loaded = kernel.run(f"{merged}\n%load_ext jupyter_spark")
    assert loaded.status == "ok"
    assert loaded.warned == (
        BAD.format(False) + "Spark: SparkMagics.warm_after_s must be a float, not 'soon': it stays 1.0.\n"
    )
    assert kernel.run("print(get_ipython().find_line_magic('config')('SparkMagics.widgets'))").printed == "off\n"
    assert kernel.run("%spark status").status == "ok"
