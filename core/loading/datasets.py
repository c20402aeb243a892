"""Data sets for a DataLoader, as one writes them: samples by index, and samples as a stream."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from core.data.coloured_shapes import SHAPES, coloured_shapes, distance

SIZE = 32
"""Side of every sample in pixels."""

Sample = tuple[Tensor, int]
"""An image, uint8 (3, 32, 32), and its label."""


def draw(index: int, seed: int) -> Sample:
    """The coloured shape of that index, drawn from nothing."""
    random = torch.Generator().manual_seed(10_000 * seed + index)
    label = index % len(SHAPES)
    radius, centre_x, centre_y, angle = torch.rand(4, generator=random)
    paper, ink = torch.rand(2, 3, 1, 1, generator=random)
    radius, angle = (0.2 + 0.22 * radius) * SIZE, 2 * torch.pi * angle
    pixel = torch.arange(SIZE) + 0.5
    right = (pixel - (0.32 + 0.36 * centre_x) * SIZE) / radius
    down = (pixel[:, None] - (0.32 + 0.36 * centre_y) * SIZE) / radius
    x = torch.cos(angle) * right + torch.sin(angle) * down
    y = torch.cos(angle) * down - torch.sin(angle) * right
    covered = (0.5 - distance(x, y, label) * radius).clamp(0, 1)
    return (255 * (paper + covered * (ink - paper))).to(torch.uint8), label


def work_for(ms: float) -> None:
    """Keep the core busy until this thread has computed for so long, however many others want the core too."""
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end:
        pass


class ShapesInMemory(Dataset[Sample]):
    """All images lie ready: a sample is an index away."""

    def __init__(self, samples: int, seed: int):
        self.images, self.labels = coloured_shapes(samples, seed, SIZE)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        return self.images[index], int(self.labels[index])


class DrawnShapes(Dataset[Sample]):
    """Each image is drawn when it is asked for."""

    def __init__(self, samples: int, seed: int):
        self.samples = samples
        self.seed = seed

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> Sample:
        return draw(index, self.seed)


class ShapesInFiles(Dataset[Sample]):
    """Each image is read from its JPEG, decoded, and shrunk."""

    def __init__(self, folder: str):
        self.paths = sorted(Path(folder).glob("*.jpg"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Sample:
        path = self.paths[index]
        with Image.open(path) as image:
            small = image.convert("RGB").resize((SIZE, SIZE))
        return torch.from_numpy(np.array(small)).permute(2, 0, 1), int(path.stem.split("_")[1])


class SlowShapes(ShapesInMemory):
    """Images that take long to decode: the time is spent for real, the picture was ready before."""

    def __init__(self, samples: int, seed: int, decode_ms: float, decode: str):
        super().__init__(samples, seed)
        self.decode_ms = decode_ms
        self.decode = decode

    def __getitem__(self, index: int) -> Sample:
        if self.decode == "waiting":
            time.sleep(self.decode_ms / 1000)
        else:
            work_for(self.decode_ms)
        return super().__getitem__(index)


class Stream(IterableDataset[Any]):
    """Samples one after another, as from a socket or a large log: they have no index to ask for.

    Every worker has a copy of the stream. Unless they share it out, each of them yields all of it.
    """

    def __init__(self, samples: Any, split: bool):
        self.samples = samples
        self.split = split

    def __iter__(self) -> Iterator[Any]:
        first, step = 0, 1
        worker = get_worker_info()
        if self.split and worker is not None:
            first, step = worker.id, worker.num_workers
        for index in range(first, len(self.samples), step):
            yield self.samples[index]


def write_files(folder: str, samples: int, seed: int, side: int) -> None:
    """Draw the images that `ShapesInFiles` reads, ten at a time."""
    for start in range(0, samples, len(SHAPES)):
        images, labels = coloured_shapes(len(SHAPES), 1000 * seed + start, side)
        for number in range(start, min(samples, start + len(SHAPES))):
            image = Image.fromarray(images[number - start].permute(1, 2, 0).numpy())
            data = io.BytesIO()
            image.save(data, "JPEG", quality=90)
            path = Path(folder) / f"{number:05d}_{int(labels[number - start])}.jpg"
            path.write_bytes(data.getvalue())
