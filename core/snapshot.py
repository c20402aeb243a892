"""What a training step leaves behind, and what is drawn of it; checkpoints, engine and experiments all stand on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


@dataclass
class Snapshot:
    """What one training step leaves behind.

    Attributes:
        step: optimizer steps taken so far; 0 is the untrained network.
        epoch: the epoch the step belongs to, from 1.
        metrics: "loss/train" of the step's batch before its update, and what was evaluated after it.
        net: the network, its last gradients still in `.grad`.
        optimizer: the optimizer, with its state.
        order: this epoch's permutation of the training points; unused with full batches.
    """

    step: int
    epoch: int
    metrics: dict[str, float]
    net: nn.Module
    optimizer: torch.optim.Optimizer
    order: Tensor


Row = tuple[int, int, dict[str, float]]
"""What is recorded of a step: step, epoch, metrics."""


@dataclass
class Frame:
    """What the screen draws of one step of one lane.

    Attributes:
        step, epoch: as in its Snapshot.
        arrays: by name; of a type that `core.frames` encodes.
        facts: plain values that go with them. A list is kept for each lane; anything else is one for all lanes.
    """

    step: int
    epoch: int
    arrays: dict[str, np.ndarray]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Bench:
    """A network on the bench, to take one step by hand: `loss()` runs the forward pass on a fixed batch."""

    net: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[], Tensor]


_alone = threading.RLock()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Seed and draw inside without disturbing a training run's chance, nor another thread's."""
    with _alone, torch.random.fork_rng(devices=[]):
        yield
