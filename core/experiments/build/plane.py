"""The picture of a network of one's own that is trained on points: the boundary in the plane."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from core.experiments.build.config import BuildConfig
from core.experiments.build.loop import make_data
from core.experiments.build.portions import SHOWN_FLOPS, at_once, device_of, in_parts
from core.snapshot import Frame, Snapshot, undisturbed
from core.views.plane import decision, nice_domain

GRID = 100
"""Points of the boundary picture along each axis at most."""


@dataclass(frozen=True)
class Scene:
    """What the picture of points needs beside the network: the points, and the grid that the boundary is drawn on."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    domain: tuple[float, float, float, float]
    grid: Tensor


@lru_cache(maxsize=64)
def scene(dataset: str, points_per_class: int, spread: float, seed: int, side: int) -> Scene:
    """The points of a set, and a grid (side * side, 2) over them."""
    values: dict[str, Any] = {"dataset": dataset, "points_per_class": points_per_class, "spread": spread, "seed": seed}
    with undisturbed():
        x_train, y_train, x_test, y_test = make_data(BuildConfig.model_construct(**values))
    domain = nice_domain(torch.cat([x_train, x_test]).numpy())
    across, up = torch.linspace(domain[0], domain[1], side), torch.linspace(domain[2], domain[3], side)
    grid = torch.stack([across.repeat(side), up.repeat_interleave(side)], dim=1)
    return Scene(x_train, y_train, x_test, y_test, domain, grid)


def scene_of(config: BuildConfig) -> Scene:
    """The scene of a config: a network that computes more is drawn on a coarser grid."""
    side = next((side for side in (GRID, 50) if side * side * config.checked.flops < SHOWN_FLOPS), 20)
    return scene(config.dataset, config.points_per_class, config.spread, config.seed, side)


def view_plane(config: BuildConfig, snapshot: Snapshot) -> Frame:
    """What the network says in the plane, and how sure it is: the decision boundary."""
    net, grid = snapshot.net, scene_of(config).grid
    side = math.isqrt(len(grid))
    net.eval()
    with torch.no_grad():
        logits = in_parts(net, grid.to(device_of(net)), at_once(config))
    net.train()
    levels = 255 // config.n_classes
    boundary = decision(torch.softmax(logits, dim=1), levels).reshape(side, side)
    return Frame(snapshot.step, snapshot.epoch, {"decision": boundary}, {"levels": levels})
