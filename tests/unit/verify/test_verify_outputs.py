"""What a cell put out, piece by piece: streams, results, tables, pictures, errors."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image, ImageDraw

from jupyter_spark.verify import VerifyOptions, _images
from jupyter_spark.verify._outputs import compare_outputs

OPTIONS = VerifyOptions()


def stream(text: Any, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: Any) -> dict[str, Any]:
    kinds = {"plain": "text/plain", "html": "text/html", "png": "image/png", "svg": "image/svg+xml"}
    kinds |= {"json": "application/json", "widget": "application/vnd.jupyter.widget-view+json"}
    return {"output_type": "display_data", "metadata": {}, "data": {kinds[k]: v for k, v in data.items()}}


def error(name: str = "ValueError", message: str = "no") -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def picture(*, mark: int = 0, colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (60, 40)) -> str:
    """A circle, and a square of ``mark`` pixels a side."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 10, 50, 35), fill=colour)
    if mark:
        draw.rectangle((0, 0, mark - 1, mark - 1), fill="black")
    written = io.BytesIO()
    image.save(written, "png", compress_level=9 if mark else 1)
    return base64.b64encode(written.getvalue()).decode()


def table(*rows: str) -> str:
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], []),
        ([], [stream("\n")]),
        ([stream("a\n"), stream("b\n")], [stream(["a\n", "b\n"])]),
        ([stream("a\n"), stream("w", "stderr"), stream("b\n")], [stream("w", "stderr"), stream("a\nb\n")]),
        ([stream("a"), shown(plain="1")], [shown(plain="1"), stream("a")]),
        ([shown(plain="0.1")], [shown(plain="0.10000000001")]),
        ([shown(html=table("<td>0.1</td>"), plain="x  0.1")], [shown(html=table("<td>0.1</td>"), plain="x 0.1")]),
        ([shown(html='<p id="a1">x</p>')], [shown(html='<p id="b2">x</p>')]),
        ([shown(svg='<g id="p1"><path clip-path="url(#c1)" d="M 0 0"/></g>')],
         [shown(svg='<g id="p2"><path clip-path="url(#c9)" d="M 0 0"/></g>')]),
        ([shown(widget={"model_id": "a"}, plain="Bar()")], [shown(widget={"model_id": "b"}, plain="Bar()")]),
        ([shown(json={"a": 1, "b": 2})], [shown(json={"b": 2, "a": 1})]),
        ([error()], [error()]),
        ([error(message="at 0x7f1234567890")], [error(message="at 0x7f1234567fff")]),
        ([shown(png=picture())], [shown(png=picture(colour=(205, 35, 25)))]),
    ],
)  # fmt: skip
def test_puts_out_the_same(before: list[Any], after: list[Any]) -> None:
    assert compare_outputs(before, after, OPTIONS) == {}
    assert compare_outputs(after, before, OPTIONS) == {}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ([stream("a\nb")], [stream("a\nc")], "stdout differs, line 2"),
        ([stream("a")], [], "stdout is gone"),
        ([], [stream("careful", "stderr")], "stderr is new"),
        ([shown(plain="1")], [shown(plain="2")], "the result differs"),
        ([shown(plain="1"), shown(plain="2")], [shown(plain="1"), shown(plain="3")], "the result of display 2 differs"),
        ([shown(plain="1")], [], "the result is gone"),
        ([shown(html=table("<td>1</td>"))], [shown(html=table("<td>2</td>"))], "the table or page differs"),
        (
            [shown(html=table("<td>1</td>"))],
            [shown(html=table("<td>1</td>", "<td>2</td>"))],
            "the table or page differs",
        ),
        ([shown(svg='<path d="M 0 0"/>')], [shown(svg='<path d="M 0 9"/>')], "the picture differs"),
        ([shown(json={"a": [1]})], [shown(json={"a": [2]})], "the result differs, line 3"),
        ([error()], [error(message="yes")], "the error differs"),
        ([shown(png=picture())], [shown(png=picture(mark=4))], "the picture differs in 16 of 2400 pixels"),
        ([shown(png=picture())], [shown(png=picture(size=(60, 41)))], "the picture was 60 x 40 pixels and is 60 x 41"),
        ([shown(png=picture())], [shown(png="AAAA")], "the picture has other bytes, and cannot be decoded"),
    ],
)
def test_puts_out_something_else(before: list[Any], after: list[Any], why: str) -> None:
    [difference] = compare_outputs(before, after, OPTIONS).values()
    assert difference.why.startswith(why)


def test_a_picture_within_a_page() -> None:
    pages = [f'<img src="data:image/png;base64,{picture(mark=mark)}">' for mark in (0, 6)]
    found = compare_outputs([shown(html=pages[0])], [shown(html=pages[1])], OPTIONS)
    assert any("36 of 2400" in difference.why for difference in found.values())


def test_the_tolerance_of_pictures_is_the_callers() -> None:
    before, after = [shown(png=picture())], [shown(png=picture(mark=4))]
    assert compare_outputs(before, after, VerifyOptions(image_tolerance=0.01)) == {}
    pale = [shown(png=picture(colour=(205, 35, 25)))]
    assert compare_outputs(before, pale, VerifyOptions(pixel_tolerance=0.0)) != {}


def test_without_pillow_bytes_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_images, "can_decode", lambda: False)
    [difference] = compare_outputs([shown(png=picture())], [shown(png=picture(mark=1))], OPTIONS).values()
    assert "install Pillow" in difference.why
    assert compare_outputs([shown(png=picture())], [shown(png=picture())], OPTIONS) == {}


def test_what_is_shown_stands_around_the_difference() -> None:
    before, after = [
        "\n".join(f"row {n}" for n in range(1000)),
        "\n".join(f"row {n + (n == 500)}" for n in range(1000)),
    ]
    [difference] = compare_outputs([stream(before)], [stream(after)], OPTIONS).values()
    assert difference.before == "...\nrow 498\nrow 499\nrow 500\nrow 501\nrow 502\n..."
    assert "row 501\nrow 501" in difference.after
