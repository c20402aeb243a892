"""A data set without a file: coloured shapes, drawn on the spot; any number of them, in any size."""

import torch
from torch import Tensor

SHAPES = ("circle", "ring", "half disc", "crescent", "triangle", "square", "bar", "cross", "star", "two dots")
"""The classes, in the order of their labels."""


def distance(x: Tensor, y: Tensor, label: int) -> Tensor:
    """How far a point lies outside of a shape, in the shape's own radius; below 0 inside. x and y of any one shape."""
    r = torch.hypot(x, y)
    if label == 0:
        return r - 0.9
    if label == 1:
        return (r - 0.7).abs() - 0.2
    if label == 2:
        return torch.maximum(r - 0.9, -y)
    if label == 3:
        return torch.maximum(r - 0.9, 0.75 - torch.hypot(x - 0.45, y))
    if label == 4:
        return torch.maximum(-y, 0.866 * x.abs() + 0.5 * y) - 0.45
    if label == 5:
        return torch.maximum(x.abs(), y.abs()) - 0.7
    if label == 6:
        return torch.maximum(x.abs() - 0.95, y.abs() - 0.28)
    if label == 7:
        return torch.minimum(torch.maximum(x.abs() - 0.9, y.abs() - 0.28), torch.maximum(x.abs() - 0.28, y.abs() - 0.9))
    if label == 8:
        return r - 0.6 - 0.3 * torch.cos(5 * torch.atan2(y, x))
    return torch.minimum(torch.hypot(x - 0.5, y), torch.hypot(x + 0.5, y)) - 0.4


def coloured_shapes(count: int, seed: int, size: int = 32) -> tuple[Tensor, Tensor]:
    """Draw shapes in random places, sizes, angles and colours, with a little noise.

    Args:
        count: number of images; the classes take turns, so that each has a tenth of them.
        seed: fixes all chance.
        size: side in pixels.

    Returns:
        images uint8 (count, 3, size, size), labels int64 (count,).
    """
    random = torch.Generator().manual_seed(seed)

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=random)

    labels = torch.arange(count) % len(SHAPES)
    radius = between(0.2, 0.42, 1, 1) * size
    centre_x, centre_y = between(0.32, 0.68, 1, 1) * size, between(0.32, 0.68, 1, 1) * size
    angle = between(0, 2 * torch.pi, 1, 1)
    paper = between(0, 1, 3, 1, 1)
    ink = (paper + between(0.35, 0.65, 3, 1, 1)) % 1
    noise = torch.randn(count, 3, size, size, generator=random)

    pixel = torch.arange(size) + 0.5
    right, down = (pixel - centre_x) / radius, (pixel[:, None] - centre_y) / radius
    x = torch.cos(angle) * right + torch.sin(angle) * down
    y = torch.cos(angle) * down - torch.sin(angle) * right
    outside = torch.empty(count, size, size)
    for label in range(len(SHAPES)):
        outside[labels == label] = distance(x[labels == label], y[labels == label], label)
    covered = (0.5 - outside * radius).clamp(0, 1)[:, None]
    images = paper + covered * (ink - paper) + 0.04 * noise
    return (255 * images).clamp(0, 255).to(torch.uint8), labels


def shape_set() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """5,000 coloured shapes: 4,000 to train on, 1,000 to test with, each class equally often.

    Returns:
        images uint8 (4000, 3, 32, 32), labels int64 (4000,), and the same of the test set (1000).
    """
    parts = [coloured_shapes(500, seed) for seed in range(10)]  # one after another: drawing takes much memory
    images, labels = torch.cat([part for part, _ in parts]), torch.cat([part for _, part in parts])
    return images[:4000], labels[:4000], images[4000:], labels[4000:]
