"""A person's own images: a zip of class folders, read with suspicion, kept as small images, grey or in colour."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from core import disk, limits
from core.config import Problem
from core.data.opened_images import MOST_PIXELS, NoImage, TooManyPixels, opened, size_of

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
ENDINGS = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}


class ImagesRefused(ValueError):
    """A zip that can't be used. `problem` says why in one sentence."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem


def read_zip(data: bytes, colour: bool = False) -> tuple[Tensor, Tensor, list[str]]:
    """Read a zip with a folder of images for each class.

    Each image becomes grey and 28 x 28, its sides in proportion; where its border is light it is inverted, since
    MNIST's strokes are light on black. In colour it becomes 32 x 32, and its middle is taken if it is no square.

    Returns:
        images uint8 (N, 28, 28), in colour (N, 3, 32, 32), labels int64 (N,), the classes' names in alphabetical order.

    Raises:
        ImagesRefused: it can't be used.
    """
    if len(data) > limits.UPLOAD_MB * limits.MEGABYTE:
        raise ImagesRefused(Problem("", "The zip is larger than {most} MB.", {"most": limits.UPLOAD_MB}))
    if count_entries(data) > MAX_FILES:
        raise ImagesRefused(Problem("", "The zip has more than {most} files.", {"most": MAX_FILES}))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive, colour)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise ImagesRefused(Problem("", "This is not a whole zip file without a password.")) from None


def count_entries(data: bytes) -> int:
    """How many files a zip names, without reading their names: each has a header in the zip's directory."""
    return data.count(b"PK\x01\x02")


def _read(archive: zipfile.ZipFile, colour: bool) -> tuple[Tensor, Tensor, list[str]]:
    entries: dict[str, list[zipfile.ZipInfo]] = {}
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename.replace("\\", "/"))  # as Windows' PowerShell writes them
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
        if entry.is_dir() or hidden or path.suffix.lower() not in ENDINGS:
            continue
        if len(path.parts) < 2:
            raise ImagesRefused(
                Problem(
                    "", "“{file}” is in no folder: put the images of each class into one.", {"file": str(path)[:80]}
                )
            )
        entries.setdefault(path.parts[-2][:40], []).append(entry)
    if not 2 <= len(entries) <= MAX_CLASSES:
        raise ImagesRefused(
            Problem(
                "",
                "The zip has {count} folders of images (PNG, JPEG, GIF, BMP or WebP); 2 to {most} are needed, one for "
                "each class.",
                {"count": len(entries), "most": MAX_CLASSES},
            )
        )
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
    return torch.from_numpy(np.stack(images)), torch.tensor([label for _entry, label in labelled]), names


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
        return Problem("dataset", "These own images are not on this machine: upload them again.")
    disk.set_aside(file)
    return Problem("dataset", "These own images were damaged on the disk: upload them again.")


@lru_cache(maxsize=256)
def _whole(file: Path, changed: int, size: int) -> bool:
    """Whether a file of images has all its bytes, as they were written."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is None and {f"{name}.npy" for name in ARRAYS} <= set(archive.namelist())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        return False


def own_names(key: str, root: Path) -> list[str]:
    """The names of the classes of the images under a key."""
    with np.load(own_file(key, root)) as kept:
        return [str(name) for name in kept["names"]]
