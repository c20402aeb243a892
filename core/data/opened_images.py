"""Image files of strangers: their pixels are counted from the header before anything is decoded."""

from __future__ import annotations

import io
import struct
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ["PNG", "JPEG", "GIF", "BMP", "WEBP"]
MOST_PIXELS = 16_000_000
"""Pixels of one image that is decoded."""


class NoImage(ValueError):
    """A file that is no image of FORMATS, or a damaged one."""


class TooManyPixels(ValueError):
    """An image with more than MOST_PIXELS."""


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height that an image file's header says (raises NoImage, TooManyPixels)."""
    with _open(content) as image:
        return image.size


def opened(content: bytes, least: int = 0) -> Image.Image:
    """An image file, RGB: upright, its numbers in 8 bits, on white paper where it is transparent.

    Light strokes on a transparent ground lie on black paper: on white they could not be seen.

    Args:
        content: the file.
        least: a JPEG may be decoded at a smaller size, down to this many pixels a side; 0 for its own size.

    Raises:
        NoImage, TooManyPixels: it is not decoded.
    """
    with _open(content) as image:
        try:
            if least:
                image.draft("RGB", (least, least))
            upright = _upright(image)
            if upright.mode.startswith("I"):
                return _in_8_bits(upright).convert("RGB")
            if not upright.has_transparency_data:
                return upright.convert("RGB")
            drawn = upright.convert("RGBA")
            paper = Image.new("RGBA", drawn.size, "black" if _is_light(drawn) else "white")
            paper.alpha_composite(drawn)
            return paper.convert("RGB")
        except (OSError, ValueError, SyntaxError):
            raise NoImage from None


def _upright(image: Image.Image) -> Image.Image:
    """An image as its camera was held; as it is stored where what it says of that can't be read."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, struct.error):
        return image


def _in_8_bits(image: Image.Image) -> Image.Image:
    """An image of whole numbers up to 65535 as one of numbers up to 255; cameras of 10 or 12 bits use a part of those.

    Numbers that small are left as they are.
    """
    pixels = np.asarray(image).astype(np.int64).clip(0, 65535)
    bits = int(pixels.max()).bit_length()
    return Image.fromarray((pixels >> max(0, bits - 8)).astype(np.uint8))


def _is_light(drawn: Image.Image) -> bool:
    """Whether an image in RGBA is light strokes on a ground that is transparent, and so would be lost on white."""
    alpha = np.asarray(drawn.getchannel("A"), dtype=np.float64)
    grey = np.asarray(drawn.convert("L"))
    if not 0 < alpha.mean() < 255:
        return False
    if alpha.mean() < 128:
        return float((grey * alpha).sum() / alpha.sum()) > 127
    return int(grey[alpha > 127].min()) > 200


def _open(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise NoImage from None
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise TooManyPixels
    return image
