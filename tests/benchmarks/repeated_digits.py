"""The embedded digits as often as makes MNIST's size, in MNIST's files: no network, and epochs as long as MNIST's."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from core.data.digits import digits

SIZES = {"train": 60_000, "t10k": 10_000}


@contextmanager
def mnist_of_digits() -> Iterator[Path]:
    """A data folder in which "mnist" is found; while inside, this process finds it there, too."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        train_images, train_labels, test_images, test_labels = digits()
        _write(raw, "train", train_images, train_labels)
        _write(raw, "t10k", test_images, test_labels)
        before = os.environ.get("TORCH_PLAYGROUND_DATA")
        os.environ["TORCH_PLAYGROUND_DATA"] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ["TORCH_PLAYGROUND_DATA"]
            if before is not None:
                os.environ["TORCH_PLAYGROUND_DATA"] = before


def _write(raw: Path, name: str, images: Tensor, labels: Tensor) -> None:
    """The two files of a part: a head of big-endian numbers, then a byte a pixel or label."""
    which = torch.arange(SIZES[name]) % len(images)
    for kind, shape, values in (("images-idx3", (28, 28), images), ("labels-idx1", (), labels)):
        head = (2048 + 1 + len(shape), SIZES[name], *shape)
        data = values[which].to(torch.uint8).numpy().tobytes()
        (raw / f"{name}-{kind}-ubyte").write_bytes(b"".join(number.to_bytes(4, "big") for number in head) + data)
