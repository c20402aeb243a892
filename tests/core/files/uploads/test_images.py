"""Zips of images that are bombs: refused by their headers, decoded in a process with limits, given up with the tab."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from PIL import Image

from core import limits
from core.data import own_images
from core.data.opened_images import MOST_PIXELS, NoImage, TooManyPixels, opened, size_of
from core.data.own_images import ImagesRefused, read_zip
from core.engine.manager import Manager
from core.files.uploads.images import image_of, images_of
from core.layers.samples import MEGABYTES, SIDE, read_image
from core.processes import confined
from core.processes.confined import Unable
from tests.core.processes.endless import never_ends
from tests.core.test_own_images import good, png, zipped
from tests.waiting import until


def one_colour(side: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    """An image that is small as a file, whatever its size."""
    file = io.BytesIO()
    Image.new(mode, (side, side)).save(file, kind)
    return file.getvalue()


def bomb(count: int, side: int) -> bytes:
    """A zip of large images in one colour, which is 41 kB with 150 of 4000 x 4000."""
    content = one_colour(side)
    return zipped({f"set/{'ab'[i % 2]}/{i}.png": content for i in range(count)})


def refusal(data: bytes, colour: bool = False) -> str:
    """The sentence with which a zip is refused."""
    with pytest.raises(Unable) as refused:
        images_of(data, colour)
    return str(refused.value)


def test_a_bomb_of_one_colour_is_refused_by_its_headers(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bomb(150, 4000)
    assert len(data) < limits.MEGABYTE
    sentence = "The images have more than 500 million pixels in all: make them smaller first."
    assert refusal(data) == refusal(data, colour=True) == sentence
    monkeypatch.setattr(own_images, "opened", None)  # nothing is decoded before all are counted
    with pytest.raises(ImagesRefused, match="500 million"):
        read_zip(data)


def test_what_is_just_within_the_budget_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_images, "MAX_ALL_PIXELS", 4 * 100 * 100)
    assert len(read_zip(bomb(4, 100))[0]) == 4
    with pytest.raises(ImagesRefused, match="in all"):
        read_zip(bomb(5, 100))


def test_images_come_out_of_the_process_as_they_were_read_in_it(manager: Manager) -> None:
    for colour in (False, True):
        images, labels, names, reading = images_of(zipped(good()), colour)
        expected = read_zip(zipped(good()), colour)
        assert torch.equal(images, expected[0]) and torch.equal(labels, expected[1])
        assert names == expected[2] == ["cat", "dog"] and reading == expected[3]
    picture = one_colour(60, "JPEG")
    assert (image_of(picture) == read_image(picture)).all() and image_of(picture).shape == (SIDE, SIDE, 3)


@pytest.mark.long
def test_the_most_images_that_a_zip_may_have_fit_into_the_process(manager: Manager) -> None:
    count = own_images.MAX_FILES
    content = [png(8, 8, paper=paper) for paper in range(100)]
    images, *_ = images_of(zipped({f"{'ab'[i % 2]}/{i}.png": content[i % 100] for i in range(count)}), True)
    assert images.shape == (count, 3, 32, 32)


def test_images_for_a_card_are_refused_in_a_sentence(manager: Manager) -> None:
    for data in (b"", b"PK", b"no image", one_colour(20_000, mode="1"), one_colour(4)[:40], b"x" * 6_000_000):
        with pytest.raises(Unable) as refused:
            image_of(data)
        assert str(refused.value).endswith((".", f"larger than {MEGABYTES} MB."))


def test_sizes_that_are_too_large(manager: Manager) -> None:
    assert refusal(bytes(limits.UPLOAD_MB * limits.MEGABYTE + 1)) == f"The zip is larger than {limits.UPLOAD_MB} MB."


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_pixels_are_counted_without_decoding(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = one_colour(200, kind)
    cut = content[: len(content) * 2 // 3]
    assert size_of(content) == (200, 200)
    if kind != "WEBP":  # whose decoder looks at the whole file first
        assert size_of(cut) == (200, 200)
    with pytest.raises(NoImage):
        opened(cut)
    monkeypatch.setattr("core.data.opened_images.MOST_PIXELS", 200 * 200 - 1)
    for read in (size_of, opened):
        with pytest.raises(TooManyPixels):
            read(content)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_image_lies_on_white_paper(mode: str) -> None:
    image = Image.new("RGBA", (9, 9), (10, 20, 30, 0 if mode in ("LA", "RGBA") else 255))
    image = image.convert("I").convert(mode) if mode == "I;16" else image.convert(mode)
    file = io.BytesIO()
    image.save(file, "JPEG" if mode == "CMYK" else "PNG")
    paper = Image.new("RGBA", (9, 9), "white")
    with Image.open(file) as stored:
        paper.alpha_composite(stored.convert("RGBA"))
    assert opened(file.getvalue()).tobytes() == paper.convert("RGB").tobytes()
    assert MOST_PIXELS == 16_000_000


def test_work_is_given_up_when_nobody_waits_for_it(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = tmp_path / "pid"
    monkeypatch.setattr(confined, "is_awaited", lambda: not running.exists())
    with pytest.raises(Unable, match="closed: it was given up"):
        confined.confined(never_ends, str(running))
    pid = int(running.read_text())
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_nobody_stands_in_line_after_leaving(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter([True, False])
    monkeypatch.setattr(confined, "is_awaited", lambda: next(asked))
    taken = [confined._places.acquire(blocking=False) for _ in range(confined.AT_ONCE)]
    try:
        with pytest.raises(Unable, match="closed: it was given up"):
            confined.confined(never_ends, "")
    finally:
        for _ in filter(None, taken):
            confined._places.release()
