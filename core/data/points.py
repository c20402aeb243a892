"""Points in the plane, in classes. All randomness is torch's global generator: seed it for the same points."""

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


def clouds(points_per_class: int, spread: float) -> tuple[Tensor, Tensor]:
    """The tutorial's two normal clouds around (2, 2) and (-2, -2).

    Returns:
        x: float32 (2 * points_per_class, 2), and y: int64 (2 * points_per_class,) of 0 and 1.
    """
    ones = torch.ones(points_per_class, 2)
    x0 = torch.normal(2 * ones, spread)
    x1 = torch.normal(-2 * ones, spread)
    x = torch.cat([x0, x1])
    y = torch.cat([torch.zeros(points_per_class), torch.ones(points_per_class)]).long()
    return x, y


def blobs(points_per_class: int, spread: float, n_classes: int) -> tuple[Tensor, Tensor]:
    """Normal clouds on a circle of radius 3.5, one a class.

    Returns:
        x: float32 (n_classes * points_per_class, 2), and y: int64 of 0 .. n_classes - 1.
    """
    y = torch.arange(n_classes).repeat_interleave(points_per_class)
    angle = 2 * math.pi * y / n_classes + math.pi / 2
    centre = 3.5 * torch.stack([angle.cos(), angle.sin()], dim=1)
    return torch.normal(centre, 0.7 * spread), y


def moons(points_per_class: int, spread: float) -> tuple[Tensor, Tensor]:
    """Two half circles that reach into each other.

    Returns:
        x: float32 (2 * points_per_class, 2), and y: int64 of 0 and 1.
    """
    angle = math.pi * torch.rand(2 * points_per_class)
    y = torch.arange(2).repeat_interleave(points_per_class)
    upper = torch.stack([3 * angle.cos() - 1.5, 3 * angle.sin() - 0.75], dim=1)
    lower = torch.stack([1.5 - 3 * angle.cos(), 0.75 - 3 * angle.sin()], dim=1)
    x = torch.where((y == 0)[:, None], upper, lower)
    return torch.normal(x, 0.3 * spread), y


def circles(points_per_class: int, spread: float) -> tuple[Tensor, Tensor]:
    """A disc of radius 1.8 inside a ring from 3 to 4.5.

    Returns:
        x: float32 (2 * points_per_class, 2), and y: int64: 0 in the disc, 1 in the ring.
    """
    y = torch.arange(2).repeat_interleave(points_per_class)
    angle = 2 * math.pi * torch.rand(2 * points_per_class)
    share = torch.rand(2 * points_per_class)
    radius = torch.where(y == 0, 1.8 * share.sqrt(), 3 + 1.5 * share)
    x = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return torch.normal(x, 0.25 * spread), y


def xor(points_per_class: int, spread: float) -> tuple[Tensor, Tensor]:
    """Four squares: class 0 where x1 and x2 have the same sign, else 1.

    Returns:
        x: float32 (2 * points_per_class, 2), and y: int64 of 0 and 1.
    """
    y = torch.arange(2).repeat_interleave(points_per_class)
    size = 0.4 + 4 * torch.rand(2 * points_per_class, 2)
    sign = torch.where(torch.rand(2 * points_per_class) < 0.5, -1.0, 1.0)
    side = torch.stack([sign, torch.where(y == 0, sign, -sign)], dim=1)
    return torch.normal(side * size, 0.25 * spread), y


def spirals(points_per_class: int, spread: float) -> tuple[Tensor, Tensor]:
    """Two arms that turn one and three quarter times around each other.

    Returns:
        x: float32 (2 * points_per_class, 2), and y: int64 of 0 and 1.
    """
    y = torch.arange(2).repeat_interleave(points_per_class)
    along = torch.rand(2 * points_per_class).sqrt()
    angle = 3.5 * math.pi * along + math.pi * y
    x = 5 * along[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return torch.normal(x, 0.15 * spread), y


class PointChoice(Protocol):
    """Settings that choose a set of points."""

    @property
    def dataset(self) -> str:
        """Its name."""

    @property
    def spread(self) -> float:
        """How far the points scatter."""

    @property
    def n_classes(self) -> int:
        """The number of blobs."""


def draw(config: PointChoice, points_per_class: int) -> tuple[Tensor, Tensor]:
    """Fresh points x (N, 2) and their labels y (N,)."""
    if config.dataset == "clouds":
        return clouds(points_per_class, config.spread)
    elif config.dataset == "moons":
        return moons(points_per_class, config.spread)
    elif config.dataset == "circles":
        return circles(points_per_class, config.spread)
    elif config.dataset == "xor":
        return xor(points_per_class, config.spread)
    elif config.dataset == "spirals":
        return spirals(points_per_class, config.spread)
    else:
        return blobs(points_per_class, config.spread, config.n_classes)


def flip_labels(y: Tensor, share: float, n_classes: int) -> Tensor:
    """Labels (N,) of which about `share` were replaced by another class."""
    other = (y + torch.randint(1, n_classes, y.shape)) % n_classes
    return torch.where(torch.rand(len(y)) < share, other, y)


def split(x: Tensor, y: Tensor, test_fraction: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Points (N, 2) and labels (N,) in random order, cut into training and test parts.

    Each part keeps at least one point.

    Returns:
        x_train, y_train, x_test, y_test.
    """
    order = torch.randperm(len(x))
    n_test = min(max(1, round(test_fraction * len(x))), len(x) - 1)
    test, train = order[:n_test], order[n_test:]
    return x[train], y[train], x[test], y[test]


def features(x: Tensor, names: Sequence[str]) -> Tensor:
    """What the network is given of points x (N, 2): float32 (N, len(names))."""
    x1, x2 = x[:, 0], x[:, 1]
    columns = {
        "x1": x1,
        "x2": x2,
        "x1^2": x1**2,
        "x2^2": x2**2,
        "x1*x2": x1 * x2,
        "sin(x1)": torch.sin(x1),
        "sin(x2)": torch.sin(x2),
    }
    return torch.stack([columns[name] for name in names], dim=1)
