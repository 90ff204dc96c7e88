"""What crosses to the page: marks that both sides make alike, and types that are fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_spark.wire_page import PAGE_VERSION, cell_mark, text_mark


# The same texts and marks stand in labextension/src/notebook/mark.test.ts.
@pytest.mark.parametrize(
    ("text", "mark"), [("", "00000000-0"), ("123456789", "cbf43926-9"), ('x = "ä€😀"\n', "161cc5c7-16")]
)
def test_the_mark_of_a_text(text: str, mark: str) -> None:
    assert text_mark(text) == mark


def test_tags_are_a_part_of_a_cell() -> None:
    assert cell_mark("x") == text_mark("x")
    assert cell_mark("x", ("a", "b")) == "e529fd70-5"


def test_the_page_and_the_server_speak_one_version() -> None:
    channel = Path(__file__).parents[2] / "labextension" / "src" / "channel" / "channel.ts"
    assert f"export const PAGE_VERSION = {PAGE_VERSION};" in channel.read_text("utf-8")
