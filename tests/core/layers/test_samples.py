"""What the cards are tried on, and a person's own image."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.layers.samples import IMAGES, MEGABYTES, SIDE, ImageRefused, feature_maps, image, read_image, volume, wave


def file_of(width: int, height: int, kind: str = "PNG", colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize(("channels", "side"), [(1, 48), (3, 48), (1, 7), (3, 1)])
def test_images(name: str, channels: int, side: int) -> None:
    own = np.full((SIDE, SIDE, 3), 200, np.uint8)
    x = image(name, own, channels, side)
    expected = min(side, 28 if name == "digit" else SIDE)
    assert x.shape == (1, channels, expected, expected)
    assert 0 <= float(x.min()) <= float(x.max()) <= 1
    x.zero_()
    assert image(name, own, channels, side).any(), "nobody's change reaches the next one"


def test_waves_and_film() -> None:
    for name in ("tone", "chirp", "beat", "clicks"):
        assert wave(name).shape == (1, 1, 128)
    assert volume().shape == (1, 1, 8, 16, 16)
    assert feature_maps(14).shape == (1, 6, 14, 14)


def test_an_own_image_is_cut_to_its_middle() -> None:
    wide = Image.new("RGB", (300, 100), "black")
    wide.paste("white", (100, 0, 200, 100))
    out = io.BytesIO()
    wide.save(out, "JPEG")
    small = read_image(out.getvalue())
    assert small.shape == (SIDE, SIDE, 3)
    assert small.min() > 200


def test_what_is_transparent_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (60, 60), (0, 0, 0, 0)).save(out, "PNG")
    assert read_image(out.getvalue()).min() == 255


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no image", "can't be read"), (file_of(60, 60)[:80], "can't be read"), (file_of(4, 60), "4 x 60"),
        (b"x" * (MEGABYTES * 2**20 + 1), "5 MB"), (file_of(5000, 4000, colour="white"), "16 million"),
    ],
)  # fmt: skip
def test_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageRefused, match=reason):
        read_image(data)
