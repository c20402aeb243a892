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
from core.views.plane import COARSE, GRID, decision, enlarged, grid_over, nice_domain

MOVING_FLOPS = 1e7
"""Operations that a picture may cost while it moves."""


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
    return Scene(x_train, y_train, x_test, y_test, domain, grid_over(domain, side))


def scene_of(config: BuildConfig) -> Scene:
    """The scene of a config: a network that computes more is drawn on a coarser grid."""
    return _scene(config, (GRID, 50), SHOWN_FLOPS)


def _scene(config: BuildConfig, sides: tuple[int, ...], most: float) -> Scene:
    """The scene with the finest of some grids on which the picture costs at most `most` operations."""
    side = next((side for side in sides if side * side * config.checked.flops < most), 20)
    return scene(config.dataset, config.points_per_class, config.spread, config.seed, side)


def view_plane(config: BuildConfig, snapshot: Snapshot, moving: bool = False) -> Frame:
    """What the network says in the plane, and how sure it is: the decision boundary.

    Args:
        moving: whether it is soon drawn again: then an expensive network is computed at fewer points.
    """
    net, grid = snapshot.net, scene_of(config).grid
    side = math.isqrt(len(grid))
    if moving:
        grid = _scene(config, (side, COARSE), MOVING_FLOPS).grid
    net.eval()
    with torch.inference_mode():
        logits = in_parts(net, grid.to(device_of(net)), at_once(config)).T.contiguous()
        if len(grid) < side * side:
            logits = enlarged(logits, side)
        levels = 255 // config.n_classes
        boundary = decision(torch.softmax(logits, dim=0), levels).reshape(side, side)
    net.train()
    return Frame(snapshot.step, snapshot.epoch, {"decision": boundary}, {"levels": levels})
