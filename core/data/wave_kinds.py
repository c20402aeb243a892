"""Short waves of four kinds: which generator made this one?"""

import math

import torch
from torch import Tensor

KINDS = ("sine", "square", "saw", "noise")
"""The generators, in the order of their labels."""
POINTS = 40
"""Points of each wave."""
TRAIN, TEST = 4000, 1000
"""How many waves there are to train on, and to test with."""


def wave_kinds(noise: float, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Waves of random frequency, phase and height, with noise on each; every kind equally often.

    Args:
        noise: standard deviation of what is added to every point.
        seed: of all the chance in them.

    Returns:
        waves float32 (4000, 40, 1), kinds int64 (4000,), and the same of the test set (1000).
    """
    chance = torch.Generator().manual_seed(seed)
    count = TRAIN + TEST
    kinds = torch.arange(count) % len(KINDS)
    turns, start, height = torch.rand(3, count, 1, generator=chance)
    turns = (1 + 3 * turns) * torch.arange(POINTS) / POINTS + start
    sine = torch.sin(2 * math.pi * turns)
    saw = 2 * torch.remainder(turns, 1) - 1
    chaos = torch.rand(count, POINTS, generator=chance) * 2 - 1
    waves = torch.stack([sine, torch.sign(sine), saw, chaos])[kinds, torch.arange(count)]
    waves = (0.5 + height) * waves + noise * torch.randn(count, POINTS, generator=chance)
    waves = waves.unsqueeze(2)
    return waves[:TRAIN], kinds[:TRAIN], waves[TRAIN:], kinds[TRAIN:]


def wave_pictures(waves: Tensor, size: int = 28) -> Tensor:
    """Small pictures of waves (N, points, 1), uint8 (N, size, size): time goes to the right, bright on black."""
    steps = torch.linspace(0, waves.shape[1] - 1, 6 * size)
    before = steps.floor().long().clamp(max=waves.shape[1] - 2)
    part = steps - before
    lines = waves[:, before, 0] * (1 - part) + waves[:, before + 1, 0] * part
    rows = ((1 - lines.clamp(-2, 2) / 2) / 2 * (size - 1)).round().long()
    columns = (torch.arange(6 * size) // 6).expand_as(rows)
    pictures = torch.zeros(len(waves), size, size, dtype=torch.uint8)
    pictures[torch.arange(len(waves))[:, None], rows, columns] = 255
    return pictures
