"""Own images: a good zip, and bad ones."""

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.image_sets import class_names, missing
from core.data.own_images import (
    AS_IT_IS,
    ImagesRefused,
    ZipReading,
    own_images,
    own_names,
    own_tests,
    read_zip,
    save_own,
)
from core.experiments.cnn import CNNConfig, train
from core.experiments.vgg import VGGConfig
from core.experiments.vgg import train as train_vgg
from core.export import script
from tests.core.scripts import Scripts


def png(width: int, height: int, ink: int = 255, paper: int = 0) -> bytes:
    image = Image.new("L", (width, height), paper)
    image.paste(ink, (width // 3, height // 3, 2 * width // 3 + 1, 2 * height // 3 + 1))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def header_only(width: int, height: int) -> bytes:
    """A PNG that claims a size and has next to no data."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    facts = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", facts) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def good() -> dict[str, bytes]:
    cats = {f"set/cat/{i}.png": png(40, 40, paper=i) for i in range(10)}
    dogs = {f"set/dog/{i}.png": png(64, 32, ink=0, paper=255 - i) for i in range(7)}
    return {**cats, **dogs, "__MACOSX/cat/._0.png": b"junk", "set/readme.txt": b"hello", "set/cat/.DS_Store": b"x"}


def test_a_good_zip() -> None:
    images, labels, names, _ = read_zip(zipped(good()))
    assert names == ["cat", "dog"]
    assert images.shape == (17, 28, 28)
    assert images.dtype == torch.uint8
    assert labels.tolist() == [0] * 10 + [1] * 7
    assert images[0, 14, 14] > 250
    assert images[-1, 14, 14] > 250, "light paper was not inverted"
    assert images[-1, 0, 0] < 10


def test_kept_and_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_script: Scripts) -> None:
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(tmp_path))
    key = save_own(*read_zip(zipped(good()))[:3], tmp_path / "own")
    images, labels, test_images, test_labels = own_images(key)
    assert (len(images), len(test_images)) == (13, 4)
    assert set(test_labels.tolist()) == {0, 1} == set(labels.tolist())
    assert own_names(key, tmp_path / "own") == ["cat", "dog"]
    assert own_tests(key, tmp_path / "own") == 4
    config = CNNConfig.create({"dataset": "own", "own_images": key, "num_epochs": 2, "device": "cpu"})
    assert config.n_train == 13
    assert class_names(config) == ["cat", "dog"]
    assert missing(config) is None
    *_, last = train(config, {})
    assert last.step == 2
    assert last.net.out.out_features == 2  # type: ignore[union-attr]
    assert CNNConfig.create(config.to_query()) == config.changed(device=config.device)
    text = script(config)
    assert "import numpy as np" in text and f'own_images("{key}")' in text
    assert run_script(text)[-1]["loss/train"] == last.metrics["loss/train"]
    (tmp_path / "own" / f"{key}.npz").unlink()
    assert "not on this machine" in str(missing(config))
    assert [path.name for path in (tmp_path / "own").iterdir()] == []


def test_folders_may_be_written_as_on_windows() -> None:
    images, labels, names, _ = read_zip(zipped({name.replace("/", "\\"): content for name, content in good().items()}))
    assert names == ["cat", "dog"]
    assert torch.equal(images, read_zip(zipped(good()))[0])
    assert labels.tolist() == [0] * 10 + [1] * 7


def test_folders_above_the_zip_are_left_out_of_a_path() -> None:
    for above in ("../../", "..\\..\\", "/", "./../"):
        images, labels, names, _ = read_zip(zipped({f"{above}{name}": content for name, content in good().items()}))
        expected = read_zip(zipped(good()))
        assert names == expected[2] and torch.equal(labels, expected[1]) and torch.equal(images, expected[0])


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1)])
def test_tiny_images_are_images(size: tuple[int, int]) -> None:
    images, *_ = read_zip(zipped({**good(), "set/cat/tiny.png": png(*size)}))
    assert images.shape == (18, 28, 28)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {f"{name}/{i}.tiff": png(9, 9) for name in ("cat", "dog") for i in range(2)},
            "The zip has 0 folders of images (PNG, JPEG, GIF, BMP or WebP); 2 to 10 are needed, one for each class.",
        ),
        ({}, "The zip has 0 folders of images"),
        ({f"cat/{i}.png": png(9, 9) for i in range(3)}, "The zip has one folder of images"),
        ({f"{c}/{i}.png": png(3, 3) for c in range(11) for i in range(2)}, "The zip has 11 folders"),
        ({**good(), "loose.png": png(9, 9)}, "“loose.png” is in no folder"),
        ({**good(), "ant/1.png": png(9, 9)}, "The folder “ant” has fewer than 2 images."),
        ({**good(), "set/cat/a.png": b"only text"}, "“set/cat/a.png” is no image that can be read."),
        ({**good(), "set/cat/a.png": png(30, 30)[:60]}, "“set/cat/a.png” is no image that can be read."),
        (
            {**good(), "set/cat/a.png": header_only(20_000, 20_000)},
            "“set/cat/a.png” has too many pixels: at most 16 million are read.",
        ),
        ({**good(), "set/cat/a.png": bytes(200_000_000)}, "“set/cat/a.png” is too large when unpacked."),
    ],
)
def test_what_can_not_be_used_is_told_in_a_sentence(files: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(ImagesRefused) as refused:
        read_zip(zipped(files))
    assert sentence in str(refused.value)


def test_no_zip_at_all() -> None:
    for data in (b"", b"PK", b"hello" * 100, zipped(good())[:-40], zipped(good())[:200]):
        with pytest.raises(ImagesRefused, match="not a complete zip"):
            read_zip(data)


def test_a_damaged_zip() -> None:
    data = bytearray(zipped(good()))
    data[60:90] = bytes(30)
    with pytest.raises(ImagesRefused):
        read_zip(bytes(data))


def test_a_hundred_thousand_files_are_refused_before_one_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"c/{i}": b"" for i in range(100_000)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ImagesRefused, match="more than 20000 files"):
        read_zip(data)


def test_too_large_a_zip() -> None:
    with pytest.raises(ImagesRefused, match="larger than 50 MB"):
        read_zip(bytes(50 * 2**20 + 1))


def test_a_key_is_no_path() -> None:
    for key in ("../../etc/passwd", "0" * 16, "0" * 16 + "-5-2/../x", "0" * 16 + "-5-11"):
        _, problems = CNNConfig.forgive({"dataset": "own", "own_images": key})
        assert problems


def test_in_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_script: Scripts) -> None:
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(tmp_path))
    image = Image.new("RGB", (60, 30), (10, 20, 200))
    image.paste((250, 30, 0), (15, 0, 45, 30))
    file = io.BytesIO()
    image.save(file, "PNG")
    files = {f"{name}/{number}.png": file.getvalue() for name in ("red", "blue") for number in range(10)}
    images, labels, names, _ = read_zip(zipped(files), colour=True)
    assert images.shape == (20, 3, 32, 32) and images.dtype == torch.uint8 and names == ["blue", "red"]
    assert images[0, :, 16, 16].tolist() == [250, 30, 0], "the middle of the image, in its colours, not inverted"
    key = save_own(images, labels, names, tmp_path / "own")
    assert key.endswith("-16-2-3")
    config = VGGConfig.create({"dataset": "own", "own_images": key, "cfg": "8,M", "num_epochs": 1, "device": "cpu"})
    assert (config.n_train, config.n_classes, class_names(config)) == (16, 2, ["blue", "red"])
    *_, last = train_vgg(config, {})
    assert math.isfinite(last.metrics["loss/test"])
    assert run_script(script(config))[-1]["loss/train"] == last.metrics["loss/train"]
    grey = save_own(*read_zip(zipped(good()))[:3], tmp_path / "own")
    *_, last = train_vgg(config.changed(own_images=grey), {})
    assert math.isfinite(last.metrics["loss/test"]), "grey ones can be used too"


def named_in(encoding: str, names: list[str]) -> bytes:
    """A zip of folders, as Windows packs it: their names in an encoding that it doesn't say."""
    raw = {
        chr(ord("Q") + number) * len(name.encode(encoding)): name.encode(encoding) for number, name in enumerate(names)
    }
    data = zipped({f"{placeholder}/{number}.png": png(9, 9) for placeholder in raw for number in range(2)})
    for placeholder, name in raw.items():
        data = data.replace(f"{placeholder}/".encode(), name + b"/")
    return data


@pytest.mark.parametrize(
    ("names", "encoding", "read_as"),
    [
        (["猫", "狗"], "gb18030", "GB18030"),
        (["苹果", "香蕉", "梨"], "gb18030", "GB18030"),
        (["Äpfel", "Häuser"], "cp437", "CP437"),
        (["猫", "Äpfel"], "utf-8", "UTF-8"),
        (["貓", "狗"], "big5", "Big5"),
        (["ねこ", "いぬ"], "cp932", "Shift_JIS"),
        (["кот", "собака"], "cp1251", "Windows-1251"),
    ],
)
def test_folders_named_in_an_encoding_that_the_zip_does_not_say(names: list[str], encoding: str, read_as: str) -> None:
    _images, _labels, classes, reading = read_zip(named_in(encoding, names))
    assert set(classes) == set(names) and reading.encoding == read_as


def test_the_person_may_choose_the_encoding_of_names() -> None:
    data = named_in("gb18030", ["猫", "狗"])
    *_, reading = read_zip(data)
    assert reading.encodings == ("GB18030", "CP437", "Big5", "EUC-KR")
    _images, _labels, classes, reading = read_zip(data, wanted=ZipReading(encoding="CP437"))
    assert classes == ["├¿", "╣╖"] and reading.encoding == "CP437"
    assert read_zip(zipped(good()))[3].encodings == ()


def test_images_of_other_kinds_are_counted() -> None:
    files = {**good(), "set/cat/a.HEIC": b"", "set/dog/b.tif": b"", "set/dog/c.tif": b"", "__MACOSX/d.tif": b""}
    *_, reading = read_zip(zipped(files))
    assert reading.unread == (".heic", ".tif", ".tif")
    assert len(read_zip(zipped({f"{name}/{n}.jfif": png(9, 9) for name in "ab" for n in range(2)}))[0]) == 4


def levels_of(*paths: str, wanted: ZipReading = AS_IT_IS) -> tuple[list[str], ZipReading]:
    """The classes of two images in each folder, and how they were found."""
    _images, _labels, names, reading = read_zip(
        zipped({f"{path}/{number}.png": png(9, 9) for path in paths for number in range(2)}), wanted=wanted
    )
    return names, reading


def test_the_class_is_the_outermost_folder_that_differs() -> None:
    deep = ["cat/anna", "cat/ben", "dog/anna", "dog/ben"]
    for paths in (deep, [f"my images/{path}" for path in deep]):
        names, reading = levels_of(*paths)
        assert names == ["cat", "dog"] and reading.level == 0
        assert reading.levels == {0: ["cat", "dog"], 1: ["anna", "ben"]}
        names, reading = levels_of(*paths, wanted=ZipReading(level=1))
        assert names == ["anna", "ben"] and reading.level == 1
    names, reading = levels_of("train/cat", "train/dog", "test/cat", "test/dog")
    assert names == ["cat", "dog"] and reading.levels[0] == ["test", "train"]
    for splits in (("training_set", "test_set"), ("seg_train", "seg_test"), ("训练集", "测试集"), ("TRAIN", "Val")):
        assert levels_of(*(f"{split}/{name}" for split in splits for name in ("cat", "dog")))[0] == ["cat", "dog"]
    assert levels_of("train/anna", "train/ben", "bus/anna", "bus/ben")[0] == ["bus", "train"]
    names, reading = levels_of("cat/anna", "dog")
    assert names == ["cat", "dog"] and reading.levels == {0: ["cat", "dog"], -1: ["anna", "dog"]}
    names, reading = levels_of("cat", "dog", wanted=ZipReading(level=7))
    assert names == ["cat", "dog"] and reading.levels == {0: ["cat", "dog"]}
    many = [f"{number}/{name}" for number in range(12) for name in ("cat", "dog")]
    assert levels_of(*many)[0] == ["cat", "dog"], "twelve classes are too many, two are not"


def drawn(mode: str, ground: Any, ink: Any, **saved: Any) -> bytes:
    """A bar at the top of a 40 x 40 image."""
    image = Image.new(mode, (40, 40), ground)
    image.paste(ink, (4, 4, 36, 12))
    file = io.BytesIO()
    image.save(file, **{"format": "PNG", **saved})
    return file.getvalue()


def read_one(content: bytes) -> torch.Tensor:
    """An image as it is read, uint8 (28, 28)."""
    images, *_ = read_zip(zipped({f"{name}/{number}.png": content for name in "ab" for number in range(2)}))
    return images[0]


def test_images_of_16_bits_keep_their_greys() -> None:
    pixels = np.zeros((40, 40), dtype=np.uint16)
    pixels[4:12, 4:36], pixels[20:30, 4:36] = 60_000, 20_000
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    image = read_one(file.getvalue())
    assert abs(int(image[5, 14]) - 60_000 // 256) < 3 and abs(int(image[17, 14]) - 20_000 // 256) < 3
    assert image[26, 14] < 10


def test_images_of_12_bits_are_not_nearly_black() -> None:
    pixels = np.zeros((40, 40), dtype=np.uint16)
    pixels[4:12, 4:36], pixels[20:30, 4:36] = 4_095, 1_300
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    image = read_one(file.getvalue())
    assert image[5, 14] > 240 and abs(int(image[17, 14]) - 1_300 // 16) < 3


def test_images_stand_as_their_camera_was_held() -> None:
    upright = read_one(drawn("L", 0, 255))
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    with Image.open(io.BytesIO(drawn("L", 0, 255))) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(file, "PNG", exif=exif)
    assert (read_one(file.getvalue()).int() - upright.int()).abs().max() < 3
    assert upright[5, 14] > 200 and upright[14, 5] < 50


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_strokes_on_a_transparent_ground_can_be_seen(mode: str) -> None:
    for ink in (255, 0):
        strokes = (ink,) * 3 + (255,)
        image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
        image.paste(strokes, (4, 4, 36, 12))
        file = io.BytesIO()
        (image.quantize(4) if mode == "P" else image.convert(mode)).save(file, "PNG")
        read = read_one(file.getvalue())
        assert read[5, 14] > 200 and read[20, 14] < 50


def test_light_strokes_that_cover_most_of_a_transparent_ground_can_be_seen() -> None:
    for ink in ((255, 255, 255, 255), (255, 240, 210, 255)):
        image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
        image.paste(ink, (0, 0, 40, 30))
        file = io.BytesIO()
        image.save(file, "PNG")
        read = read_one(file.getvalue())
        assert abs(int(read[5, 14]) - int(read[25, 14])) > 200
    photo = Image.new("RGBA", (40, 40), (250, 250, 250, 255))
    photo.paste((0, 0, 0, 255), (10, 10, 20, 20))
    photo.paste((0, 0, 0, 0), (0, 0, 2, 2))
    file = io.BytesIO()
    photo.save(file, "PNG")
    read = read_one(file.getvalue())
    assert read[10, 10] > 240 and read[0, 0] < 20, "what is not light alone lies on white paper"


def test_images_without_a_picture_are_counted() -> None:
    *_, reading = read_zip(zipped({**good(), "set/cat/blank.png": png(9, 9, ink=0), "set/dog/b.png": png(9, 9, 7, 7)}))
    assert reading.blank == 2
