"""Compare two pictures as an eye would."""

from __future__ import annotations

import base64
import binascii
import importlib.util
import io
from dataclasses import dataclass

from jupyter_spark.verify._options import VerifyOptions


@dataclass(frozen=True)
class ImageDifference:
    """How two pictures differ, in words that follow "the picture"."""

    why: str


def can_decode() -> bool:
    """Whether pictures can be decoded here; else only their bytes are compared."""
    return importlib.util.find_spec("PIL") is not None


def compare_images(before: str, after: str, options: VerifyOptions) -> ImageDifference | None:
    """Compare two pictures in base64.

    They are the same if so few pixels differ in a colour by more than ``options.pixel_tolerance`` that they are no more
    than the part ``options.image_tolerance`` of all.
    """
    if before == after:
        return None
    try:
        one, other = (base64.b64decode(text) for text in (before, after))
    except (binascii.Error, ValueError):
        return ImageDifference("cannot be read")
    if one == other:
        return None
    if not can_decode():
        return ImageDifference("has other bytes (install Pillow to compare pictures by what they show)")
    return _compare_pixels(one, other, options)


def _compare_pixels(one: bytes, other: bytes, options: VerifyOptions) -> ImageDifference | None:
    from PIL import Image, ImageChops, UnidentifiedImageError

    try:
        left, right = (Image.open(io.BytesIO(data)).convert("RGBA") for data in (one, other))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return ImageDifference("has other bytes, and cannot be decoded")
    if left.size != right.size:
        sizes = [f"{width} x {height}" for width, height in (left.size, right.size)]
        return ImageDifference(f"was {sizes[0]} pixels and is {sizes[1]}")
    bands = ImageChops.difference(left, right).split()
    greatest = bands[0]
    for band in bands[1:]:
        greatest = ImageChops.lighter(greatest, band)
    limit = int(options.pixel_tolerance * 255)
    count = sum(greatest.histogram()[limit + 1 :])
    pixels = left.width * left.height
    if count <= options.image_tolerance * pixels:
        return None
    return ImageDifference(f"differs in {count} of {pixels} pixels")
