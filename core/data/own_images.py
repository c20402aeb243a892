"""A person's own images: a zip of class folders, read with suspicion, kept as small images, grey or in colour."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from core import disk, limits
from core.config import Problem
from core.data.encodings import CODECS, SCRIPTS, by_script, is_chinese, plausible
from core.data.opened_images import MOST_PIXELS, NoImage, TooManyPixels, opened, size_of
from core.foreign import BROKEN_ZIP

SIZE, COLOUR_SIZE = 28, 32
"""Side in pixels of grey images, and of those in colour."""
ARRAYS = ("images", "labels", "test_images", "test_labels", "names")
"""What a file of a person's images holds."""
MAX_FILES = 20_000
MAX_IMAGE_BYTES = 10_000_000
MAX_ALL_BYTES = 500_000_000
"""The most bytes of all images together, unpacked."""
MAX_ALL_PIXELS = 500_000_000
"""The most pixels of all images together: decoding them takes a core some seconds."""
MAX_CLASSES = 10
MOST_LEVELS = 8
"""Folders in folders that are looked at."""
UTF_8 = 0x800
"""The flag with which a zip says that a name is UTF-8."""
ENDINGS = {".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".webp"}
UNREAD = {".tif", ".tiff", ".heic", ".heif", ".avif", ".svg", ".jp2", ".ico", ".raw", ".dng"}
"""Images of other kinds."""


class ImagesRefused(ValueError):
    """A zip that can't be used. `problem` says why in one sentence."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class ZipReading:
    """How the folders of a zip are read; where that can be done in several ways, the person may have chosen one.

    Attributes:
        level: which folder of an image's path is its class, 0 for the outermost that differs, -1 for the one it is in,
            where that is at another level for each; None: not chosen.
        encoding: of the folders' names; empty: not chosen, or the zip says that it is UTF-8.
        levels: level -> some classes, for all levels that could be the classes.
        encodings: those that the names could be in, where the zip doesn't say.
        blank: how many images are one single grey.
        unread: the endings of files of other kinds, one for each file.
    """

    level: int | None = None
    encoding: str = ""
    levels: dict[int, list[str]] = field(default_factory=dict)
    encodings: tuple[str, ...] = ()
    blank: int = 0
    unread: tuple[str, ...] = ()


AS_IT_IS = ZipReading()
"""Nobody chose anything."""
SPLITS = {
    "train", "training", "trainset", "test", "testing", "testset", "val", "valid", "validation", "valset", "dev",
    "eval", "训练", "训练集", "测试", "测试集", "验证", "验证集",
}  # fmt: skip
"""Words in the names of folders that divide images otherwise than by class."""


def read_zip(
    data: bytes, colour: bool = False, wanted: ZipReading = AS_IT_IS
) -> tuple[Tensor, Tensor, list[str], ZipReading]:
    """Read a zip with a folder of images for each class.

    As in torchvision's ImageFolder the class is the outermost folder that differs, whatever folders are in it; folders
    named train or test are no classes if there are others.

    Each image becomes grey and 28 x 28, its sides in proportion; where its border is light it is inverted, since
    MNIST's strokes are light on black. In colour it becomes 32 x 32, and its middle is taken if it is no square.

    Args:
        data: the zip.
        colour: whether the images keep their colours.
        wanted: what the person chose where the folders can be read in several ways.

    Returns:
        images uint8 (N, 28, 28), in colour (N, 3, 32, 32), labels int64 (N,), the classes' names in alphabetical
        order, and how the folders were read.

    Raises:
        ImagesRefused: it can't be used.
    """
    if len(data) > limits.UPLOAD_MB * limits.MEGABYTE:
        raise ImagesRefused(Problem("", "The zip is larger than {most} MB.", {"most": limits.UPLOAD_MB}))
    if count_entries(data) > MAX_FILES:
        raise ImagesRefused(Problem("", "The zip has more than {most} files.", {"most": MAX_FILES}))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive, colour, wanted)
    except BROKEN_ZIP:
        raise ImagesRefused(Problem("", "This is not a complete zip file, or it has a password.")) from None


def count_entries(data: bytes) -> int:
    """How many files a zip names, without reading their names: each has a header in the zip's directory."""
    return data.count(b"PK\x01\x02")


def _read(archive: zipfile.ZipFile, colour: bool, wanted: ZipReading) -> tuple[Tensor, Tensor, list[str], ZipReading]:
    files, encoding, encodings = _images_in(archive, wanted.encoding)
    for path in files:
        if len(path.parts) < 2:
            raise ImagesRefused(
                Problem(
                    "", "“{file}” is in no folder: put the images of each class into one.", {"file": str(path)[:80]}
                )
            )
    levels = _levels(list(files))
    possible = {level: names for level, names in levels.items() if 2 <= len(names) <= MAX_CLASSES}
    level = wanted.level if wanted.level in possible else _likeliest(possible)
    if level is None and len(levels.get(0, ())) == 1:
        raise ImagesRefused(
            Problem(
                "",
                "The zip has one folder of images (PNG, JPEG, GIF, BMP or WebP); 2 to {most} are needed, one for each "
                "class.",
                {"most": MAX_CLASSES},
            )
        )
    if level is None:
        raise ImagesRefused(
            Problem(
                "",
                "The zip has {count} folders of images (PNG, JPEG, GIF, BMP or WebP); 2 to {most} are needed, one for "
                "each class.",
                {"count": len(levels.get(0, ())), "most": MAX_CLASSES},
            )
        )
    depth = _common(list(files))
    entries: dict[str, list[zipfile.ZipInfo]] = {}
    for path, entry in files.items():
        entries.setdefault(_class_of(path, depth, level), []).append(entry)
    names = sorted(entries)
    for name in names:
        if len(entries[name]) < 2:
            raise ImagesRefused(Problem("", "The folder “{name}” has fewer than 2 images.", {"name": name}))
    labelled = [(entry, label) for label, name in enumerate(names) for entry in entries[name]]
    _check_sizes(archive, [entry for entry, _label in labelled])
    images = []
    for entry, _label in labelled:
        with _named(entry):
            image = opened(_content(archive, entry))
        images.append(small_colour(image) if colour else small_grey(image))
    blank = sum(int(image.min() == image.max()) for image in images)
    reading = ZipReading(level, encoding, possible, encodings, blank, _unread(archive))
    return torch.from_numpy(np.stack(images)), torch.tensor([label for _entry, label in labelled]), names, reading


def _images_in(
    archive: zipfile.ZipFile, wanted: str
) -> tuple[dict[PurePosixPath, zipfile.ZipInfo], str, tuple[str, ...]]:
    """The images of a zip by their paths; the encoding of these, and those possible, where the zip doesn't say it."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    unsaid = [entry for entry in entries if not entry.flag_bits & UTF_8 and not entry.filename.isascii()]
    raw = b"\n".join(entry.filename.encode("cp437") for entry in unsaid)
    possible = plausible(raw, ("UTF-8", "GB18030", "CP437", "Big5", *SCRIPTS)) if unsaid else ()
    order = ("UTF-8", "GB18030", "Big5", "CP437") if is_chinese(raw) else ("UTF-8", "CP437")
    likely = next((name for name in (order[0], *by_script(raw), *order[1:]) if name in possible), "CP437")
    encoding = wanted if wanted in possible else likely if unsaid else ""
    files = {}
    for entry in entries:
        name = entry.filename
        if encoding and not entry.flag_bits & UTF_8:
            name = name.encode("cp437").decode(CODECS[encoding])
        path = _path_of(name)
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
        if not hidden and path.suffix.lower() in ENDINGS:
            files[path] = entry
    return files, encoding, possible if len(possible) > 1 else ()


def _path_of(name: str) -> PurePosixPath:
    """An image's path without what leads out of its folder, "..": nothing is ever written to it."""
    parts: list[str] = []
    for part in PurePosixPath(name.replace("\\", "/")).parts:  # as Windows' PowerShell writes them
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def _unread(archive: zipfile.ZipFile) -> tuple[str, ...]:
    """The ending of each image of a kind that is not read."""
    paths = [_path_of(entry.filename) for entry in archive.infolist()]
    shown = [path for path in paths if not any(part.startswith((".", "__MACOSX")) for part in path.parts)]
    return tuple(sorted(path.suffix.lower() for path in shown if path.suffix.lower() in UNREAD))


def _common(paths: list[PurePosixPath]) -> int:
    """How many folders all paths have in common."""
    folders = [path.parts[:-1] for path in paths]
    depth = 0
    while folders and all(len(parts) > depth + 1 and parts[depth] == folders[0][depth] for parts in folders):
        depth += 1
    return depth


def _levels(paths: list[PurePosixPath]) -> dict[int, list[str]]:
    """Level -> the folders there, for all levels that every image has."""
    depth = _common(paths)
    depths = {len(path.parts) - 1 - depth for path in paths}
    levels = [*range(min(MOST_LEVELS, min(depths, default=0))), *([-1] if len(depths) > 1 else [])]
    return {level: sorted({_class_of(path, depth, level) for path in paths}) for level in levels}


def _class_of(path: PurePosixPath, depth: int, level: int) -> str:
    """The folder at a level of an image's path, behind those that all have in common."""
    return path.parts[-2 if level < 0 else depth + level][:40]


def _likeliest(possible: dict[int, list[str]]) -> int | None:
    """The level of the classes: the outermost one that is no division into training and test images."""
    for level, names in possible.items():
        if any(SPLITS.isdisjoint(re.split(r"[\W\d_]+", name.lower())) for name in names):
            return level
    return next(iter(possible), None)


def _check_sizes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Unpack all images and read their headers, before the first is decoded (raises ImagesRefused)."""
    size = pixels = 0
    for entry in entries:
        content = _content(archive, entry)
        size += len(content)
        if len(content) > MAX_IMAGE_BYTES or size > MAX_ALL_BYTES:
            raise ImagesRefused(Problem("", "“{file}” is too large when unpacked.", {"file": entry.filename[-80:]}))
        with _named(entry):
            width, height = size_of(content)
        pixels += width * height
        if pixels > MAX_ALL_PIXELS:
            raise ImagesRefused(
                Problem(
                    "",
                    "The images have more than {most} million pixels in all: make them smaller first.",
                    {"most": MAX_ALL_PIXELS // 1_000_000},
                )
            )


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A file of the zip, up to one byte more than it may have: what the zip says of its sizes may be a lie."""
    with archive.open(entry) as file:
        return file.read(MAX_IMAGE_BYTES + 1)


@contextmanager
def _named(entry: zipfile.ZipInfo) -> Iterator[None]:
    """Refuse what is no image by its name in the zip."""
    name = entry.filename[-80:]
    try:
        yield
    except TooManyPixels:
        values = {"file": name, "most": MOST_PIXELS // 1_000_000}
        raise ImagesRefused(
            Problem("", "“{file}” has too many pixels: at most {most} million are read.", values)
        ) from None
    except NoImage:
        raise ImagesRefused(Problem("", "“{file}” is no image that can be read.", {"file": name})) from None


def small_colour(image: Image.Image) -> np.ndarray:
    """The middle of an image as uint8 (3, 32, 32)."""
    fitted = ImageOps.fit(image, (COLOUR_SIZE, COLOUR_SIZE), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(fitted).transpose(2, 0, 1))


def small_grey(image: Image.Image) -> np.ndarray:
    """An image as uint8 (28, 28)."""
    grey = image.convert("L")
    pixels = np.asarray(grey)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if border.mean() > 127:
        grey = Image.fromarray(255 - pixels)
        border = 255 - border
    scale = SIZE / max(grey.size)
    width, height = (max(1, round(side * scale)) for side in grey.size)
    square = Image.new("L", (SIZE, SIZE), int(border.mean()))
    square.paste(grey.resize((width, height), Image.Resampling.LANCZOS), ((SIZE - width) // 2, (SIZE - height) // 2))
    return np.asarray(square)


def split_by_class(labels: Tensor) -> Tensor:
    """Which images are for testing: of each class every fifth, and at least one."""
    test = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(int(labels.max()) + 1):
        test[(labels == label).nonzero()[::5, 0]] = True
    return test


def save_own(images: Tensor, labels: Tensor, names: list[str], root: Path) -> str:
    """Keep a person's images in the folder `root`; returns the key that settings and links name them by.

    The key tells how many training images and how many classes there are, and "-3" that they are in colour. Raises
    DiskError.
    """
    test = split_by_class(labels)
    digest = hashlib.sha256(images.numpy().tobytes() + labels.numpy().tobytes() + "/".join(names).encode()).hexdigest()
    key = f"{digest[:16]}-{int((~test).sum())}-{len(names)}{'-3' if images.dim() == 4 else ''}"
    disk.make_folder(root)
    with disk.written(root / f"{key}.npz") as file:
        np.savez_compressed(
            file,
            images=images[~test].numpy(),
            labels=labels[~test].numpy(),
            test_images=images[test].numpy(),
            test_labels=labels[test].numpy(),
            names=np.array(names),
        )
    disk.sync_folder(root)
    return key


def own_images(key: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A person's own images, from the folder "own" in TORCH_PLAYGROUND_DATA, or in "data".

    Returns:
        images uint8 (N, 28, 28) or (N, 3, 32, 32), labels int64 (N,), and the same of the test set.
    """
    path = Path(os.environ.get("TORCH_PLAYGROUND_DATA", "data")) / "own" / f"{key}.npz"
    with np.load(path) as kept:
        images, labels = torch.from_numpy(kept["images"]), torch.from_numpy(kept["labels"])
        test_images, test_labels = torch.from_numpy(kept["test_images"]), torch.from_numpy(kept["test_labels"])
    return images, labels, test_images, test_labels


def own_file(key: str, root: Path) -> Path:
    """The file that keeps the images under a key."""
    return root / f"{key}.npz"


def own_problem(key: str, root: Path) -> Problem | None:
    """Why the images under a key can't be used; damaged ones are set aside."""
    file = own_file(key, root)
    try:
        about = file.stat()
        if _whole(file, about.st_mtime_ns, about.st_size):
            return None
    except OSError:
        return Problem("dataset", "The uploaded images are not on this machine: upload them again.")
    disk.set_aside(file)
    return Problem("dataset", "The uploaded images are damaged on the disk: upload them again.")


@lru_cache(maxsize=256)
def _whole(file: Path, changed: int, size: int) -> bool:
    """Whether a file of images has all its bytes, as they were written."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is None and {f"{name}.npy" for name in ARRAYS} <= set(archive.namelist())
    except (*BROKEN_ZIP, ValueError):
        return False


def own_names(key: str, root: Path) -> list[str]:
    """The names of the classes of the images under a key."""
    with np.load(own_file(key, root)) as kept:
        return [str(name) for name in kept["names"]]


def own_tests(key: str, root: Path) -> int:
    """How many of the images under a key are for testing."""
    with np.load(own_file(key, root)) as kept:
        return len(kept["test_labels"])
