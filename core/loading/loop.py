"""A DataLoader made from settings, and the training loop that takes its time."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, default_collate

Step = Callable[[Any], None]
"""What is done with a batch."""


def floats(samples: list[Any]) -> tuple[Tensor, Tensor]:
    """A collate_fn that leaves nothing to do: images float32 (batch, 3, 32, 32) from 0 to 1, labels (batch,)."""
    images, labels = default_collate(samples)
    return images.float() / 255, labels


def build_net() -> nn.Module:
    """A small CNN for images (batch, 3, 32, 32) of ten classes."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 8 * 8, 10),
    )


def training_step(seed: int) -> Step:
    """The usual lines of training, as a function of a batch."""
    torch.manual_seed(seed)
    net = build_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    loss_func = nn.CrossEntropyLoss()

    def step(batch: tuple[Tensor, Tensor]) -> None:
        images, labels = batch
        if images.dtype == torch.uint8:
            images = images.float() / 255
        loss = loss_func(net(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def step_on_gpu(step_ms: float) -> Step:
    """What a training step on a GPU is to the CPU: it waits, and its cores are free."""

    def step(batch: tuple[Tensor, Tensor]) -> None:
        time.sleep(step_ms / 1000)

    return step


def no_step() -> Step:
    """Load and do nothing."""
    return lambda batch: None


class OneTensor:
    """The fast way out: all samples once into one tensor, then batches by indexing. No processes, no collate."""

    def __init__(self, dataset: Any, batch_size: int, shuffle: bool):
        whole = DataLoader(dataset, batch_size=len(dataset))
        self.images, self.labels = next(iter(whole))
        self.batch_size = batch_size
        self.shuffle = shuffle

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.images)) if self.shuffle else torch.arange(len(self.images))
        for batch in torch.split(order, self.batch_size):
            yield self.images[batch], self.labels[batch]


@dataclass
class Moment:
    """One batch on the clock of `time.perf_counter`, in seconds.

    Attributes:
        epoch: from 1.
        batch: what was loaded; None at the end of an epoch, when there was no further one.
        asked, got, done: when the next batch was asked for, was there, and was trained on.
    """

    epoch: int
    batch: Any
    asked: float
    got: float
    done: float


def run(loader: Iterable[Any], step: Step, num_epochs: int) -> Iterator[Moment]:
    """Train on all batches of all epochs, and yield when what happened."""
    for epoch in range(1, num_epochs + 1):
        asked = time.perf_counter()
        for batch in loader:
            got = time.perf_counter()
            step(batch)
            yield Moment(epoch, batch, asked, got, time.perf_counter())
            asked = time.perf_counter()
        end = time.perf_counter()
        yield Moment(epoch, None, asked, end, end)


def warm_up(step: Step) -> None:
    """The first steps of a program pay for much that later ones don't: take three before the clock starts."""
    for _ in range(3):
        step((torch.zeros(32, 3, 32, 32, dtype=torch.uint8), torch.zeros(32, dtype=torch.int64)))
