"""Image files of strangers: their pixels are counted from the header before anything is decoded."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError

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
    """An image file on white paper, RGB.

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
            if not image.has_transparency_data:
                return image.convert("RGB")
            paper = Image.new("RGBA", image.size, "white")
            paper.alpha_composite(image.convert("RGBA"))
            return paper.convert("RGB")
        except (OSError, ValueError, SyntaxError):
            raise NoImage from None


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
