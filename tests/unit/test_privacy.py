"""What is kept out of a turn altogether, and the count of what is kept back."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_spark.errors import UsageError
from jupyter_spark.privacy import excluded_by, say_kept_back
from jupyter_spark.request import build_request
from jupyter_spark.settings import Privacy, Profile
from jupyter_spark.wire import CellSnapshot, ErrorReport, KeptBack, NotebookSnapshot, VariableSummary
from tests.planted import Gardener

REMOTE = Profile(name="far", api="chat", base_url="http://127.0.0.1:9/v1", models=("m",))
LOCAL = Profile(name="local", api="local", models=("0.5b",))
OURS = "margin_rate = 0.07\ndef margin(x):\n    return x * margin_rate"
TAGGED = CellSnapshot(cell_id="a", source=OURS, tags=("spark-ignore",))
USER = CellSnapshot(cell_id="b", source="price = margin(3)")


def book(*cells: CellSnapshot, path: str | None = "/home/me/work/nb.ipynb") -> NotebookSnapshot:
    return NotebookSnapshot(cells=cells, path=path)


@pytest.mark.parametrize(
    "out",
    [
        TAGGED,
        CellSnapshot(cell_id="a", source=f"# spark-ignore\n{OURS}"),
        CellSnapshot(cell_id="a", source=f"\n#  Spark-Ignore: ours\n{OURS}"),
    ],
)
def test_a_cell_that_is_out_stays_here_and_its_names_are_known(out: CellSnapshot) -> None:
    error = ErrorReport(
        name="NameError", message="x", traceback="cell line 1, in <module>: price = margin(3)\n  return x * margin_rate"
    )
    request = build_request(
        "fix",
        "",
        REMOTE,
        book(out, USER, CellSnapshot(cell_id="c", source="y = 1")),
        target=USER,
        error=error,
        variables=[
            VariableSummary(name="margin", type="function", summary="(x)"),
            VariableSummary(name="y", type="int"),
        ],
        live_names=("margin", "margin_rate", "y"),
    )
    told = request.model_dump_json(include={"target", "error", "instruction"}) + "".join(
        piece.text for piece in request.context.pieces
    )
    assert "margin_rate" not in told
    assert "function" not in told
    assert {"margin", "margin_rate", "y"} <= request.context.known_names
    assert request.context.kept_out == 1


@pytest.mark.parametrize(
    "source", ["x = 1  # spark-ignore this line", "'# spark-ignore'", "x = 1\n# spark-ignore", "# spark-ignored"]
)
def test_other_words_keep_nothing_out(source: str) -> None:
    request = build_request("ask", "what is x?", REMOTE, book(CellSnapshot(cell_id="a", source=source)))
    assert [piece.text for piece in request.context.pieces] == [source]
    assert request.context.kept_out == 0


def test_a_cell_that_is_out_is_refused_as_target_by_its_text_or_by_the_tag_of_the_file() -> None:
    running = CellSnapshot(cell_id="a", source="margin_rate = 0.08")
    for target in (TAGGED, running):
        with pytest.raises(UsageError, match="kept out of every turn") as caught:
            build_request("rewrite", "more", LOCAL, book(TAGGED), target=target)
        assert caught.value.code == "kept_out_cell"


@pytest.mark.parametrize(
    ("pattern", "path", "out"),
    [
        ("secret/**", "/home/me/secret/a/nb.ipynb", True),
        ("secret/**", "/home/me/secrets/nb.ipynb", False),
        ("secret/", "/home/me/x/secret/nb.ipynb", True),
        ("/home/me/work", "/home/me/work/deep/nb.ipynb", True),
        ("/home/me/work", "/srv/home/me/work/nb.ipynb", False),
        ("~/clients", "~/clients/nb.ipynb", True),
        ("~/clients/*", "~/clients/acme/nb.ipynb", True),
        ("*.private.ipynb", "/x/a.private.ipynb", True),
        ("clients/*/raw.ipynb", "/x/clients/acme/raw.ipynb", True),
        ("clients/*/raw.ipynb", "/x/clients/acme/deep/raw.ipynb", False),
        ("clients/**/raw.ipynb", "/x/clients/acme/deep/raw.ipynb", True),
        ("nb?.ipynb", "/x/nb1.ipynb", True),
        ("a+b(c).ipynb", "/x/a+b(c).ipynb", True),
    ],
)
def test_notebooks_and_folders_by_pattern(pattern: str, path: str, out: bool) -> None:
    assert (excluded_by(Path(path).expanduser(), [pattern]) is not None) is out


def test_a_link_into_a_folder_that_is_out_is_out(tmp_path: Path) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "nb.ipynb").write_text("{}")
    link = tmp_path / "innocent.ipynb"
    link.symlink_to(tmp_path / "clients" / "nb.ipynb")
    assert excluded_by(link, ["clients"]) == "clients"


def test_a_notebook_that_is_out_is_for_the_built_in_model_only() -> None:
    privacy = Privacy(exclude=("work/**",))
    with pytest.raises(UsageError, match=r"'nb\.ipynb' is kept out by 'work/\*\*'") as caught:
        build_request("ask", "what?", REMOTE, book(USER), privacy=privacy)
    assert caught.value.code == "kept_out"
    assert build_request("ask", "what?", LOCAL, book(USER), privacy=privacy).instruction == "what?"


def test_without_a_notebook_the_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="The folder"):
        build_request("ask", "what?", REMOTE, book(path=None), privacy=Privacy(exclude=(str(tmp_path),)))


def test_the_receipt_counts_by_piece_and_kind() -> None:
    garden = Gardener(1)
    one, two, three = garden.one("openai"), garden.one("password"), garden.one("groq")
    target = CellSnapshot(cell_id="t", source=f"{one.code}\n{two.code}")
    other = CellSnapshot(cell_id="o", source=three.code, execution_count=2)
    request = build_request("rewrite", f"use {three.value}", REMOTE, book(other, target), target=target)
    assert request.context.kept_back == (
        KeptBack(label="your words", kind="groq-key"),
        KeptBack(label="the cell itself", kind="openai-key"),
        KeptBack(label="the cell itself", kind="password"),
        KeptBack(label="In[2]", kind="groq-key"),
    )
    assert say_kept_back(request.context.kept_back) == "4 secrets kept back (Groq key, OpenAI key, password)"
    assert build_request("rewrite", "x", LOCAL, book(other, target), target=target).context.kept_back == ()
