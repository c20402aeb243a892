"""Whether two training loops do the same, bit for bit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch

from core import checkpoints
from core.snapshot import Snapshot


def state_of(snapshot: Snapshot) -> dict[str, Any]:
    """All that the next step depends on."""
    return checkpoints.checkpoint(snapshot, [])


def same(one: Any, other: Any) -> bool:
    """Whether two states are equal bit for bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.dtype == other.dtype and torch.equal(bits(one), bits(other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(itertools.starmap(same, zip(one, other, strict=True)))
    return bool(one == other) or (one != one and other != other)


def bits(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor's bytes: NaN equals NaN, and 0 is not -0."""
    return tensor.contiguous().flatten().view(torch.uint8)


def assert_equal(ours: Iterator[Snapshot], theirs: Iterator[Snapshot]) -> None:
    """Two loops yield the same, and leave the same: weights, gradients, optimizer, order, chance."""
    rows: list[list[Any]] = []
    states: list[dict[str, Any]] = []
    for loop in (ours, theirs):
        rows.append([])
        for snapshot in loop:
            rows[-1].append((snapshot.step, snapshot.epoch, list(snapshot.metrics.items())))
        states.append(state_of(snapshot))
    assert same(rows[0], rows[1])
    assert same(states[0], states[1])
