"""Normalisation: which numbers of the (N, C, H, W) block share a mean and a variance."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.config import Problem
from core.layers.card import Card, CardConfig, Result, argument, call, choice
from core.layers.samples import digit, grey, house, stripes

Mode = Literal["train", "eval"]
MODES = {"train": "train()", "eval": "eval()"}
MODE = "train() uses the mean and variance of the batch, eval() the running statistics."
JOINS = "A very bright image joins the batch. Does the output of the first image change? The change is shown below."
IMAGES = "How many images are in the batch."
SIDE = "Rows and columns of each map. At 1 a map is a single number."
EPS = "Added to the variance, to avoid division by zero."
AFFINE = (
    "Whether each channel has a weight and a bias to learn. They start at 1 and 0, so at first they change nothing."
)
CHANNELS = 4


@cache
def block(images: int, side: int) -> Tensor:
    """Real maps of unlike brightness and contrast: float32 (images, 4, side, side), images up to 4."""
    pictures = [house(), stripes(), F.interpolate(digit()[None], 48)[0].expand(3, -1, -1), house().flip(2)]
    x = torch.stack([torch.cat([picture, grey(picture)[None]]) for picture in pictures])
    contrast = torch.tensor([1.5, 4.0, 1.0, 2.0])[None, :, None, None]
    brightness = (
        torch.tensor([0.0, 0.5, -0.4, 0.2])[:, None, None, None] + torch.tensor([0.0, 1.0, -0.5, 0.2])[:, None, None]
    )
    return (F.adaptive_avg_pool2d(x * contrast + brightness, side))[:images]


def guest(side: int) -> Tensor:
    """The very bright image that may join: (1, 4, side, side)."""
    return 3 + 2 * block(4, side)[1:2].flip(2)


class BatchNorm2dConfig(CardConfig):
    """Arguments of the BatchNorm2d card."""

    experiment: ClassVar[str] = "layers batchnorm2d"

    mode: Mode = choice("train", "Mode", MODE, choices=MODES)
    joins: bool = choice(False, "Another image joins", JOINS)
    images: int = choice(3, "Images", IMAGES, low=1, high=4)
    side: int = choice(5, "Rows and columns", SIDE, low=1, high=8)
    batches: int = choice(
        5,
        "Batches before",
        "How many batches the layer has seen in training mode: its running statistics follow them.",
        low=0,
        high=50,
    )
    momentum: float = argument(
        "momentum",
        0.1,
        "How fast the running statistics follow: new = (1 - momentum) x old + momentum x the batch's value.",
        low=0,
        high=1,
        step=0.05,
    )
    eps: float = argument("eps", 1e-5, EPS, low=1e-5, high=1, log=True)
    affine: bool = argument("affine", True, AFFINE)

    def problems(self) -> Iterator[Problem]:
        alone = self.images * self.side**2 == 1
        if alone and (self.mode == "train" or self.batches):
            yield Problem(
                "side", "In train mode BatchNorm needs more than one number per channel to compute a variance."
            )


class LayerNormConfig(CardConfig):
    """Arguments of the LayerNorm card."""

    experiment: ClassVar[str] = "layers layernorm"

    normalized_shape: Literal["chw", "hw", "w"] = argument(
        "normalized_shape",
        "chw",
        "The last axes: all numbers along them share one mean.",
        choices={"chw": "[C, H, W]", "hw": "[H, W]", "w": "[W]"},
    )
    mode: Mode = choice("train", "Mode", "train() and eval() do the same here.", choices=MODES)
    joins: bool = choice(False, "Another image joins", JOINS)
    images: int = choice(3, "Images", IMAGES, low=1, high=4)
    side: int = choice(5, "Rows and columns", SIDE, low=1, high=8)
    eps: float = argument("eps", 1e-5, EPS, low=1e-5, high=1, log=True)
    affine: bool = argument("elementwise_affine", True, "Whether each number has a weight and a bias to learn.")


class GroupNormConfig(CardConfig):
    """Arguments of the GroupNorm card."""

    experiment: ClassVar[str] = "layers groupnorm"

    num_groups: int = argument(
        "num_groups",
        2,
        "Into how many groups the four channels are split: 1 is like LayerNorm, 4 like InstanceNorm.",
        low=1,
        high=4,
    )
    mode: Mode = choice("train", "Mode", "train() and eval() do the same here.", choices=MODES)
    joins: bool = choice(False, "Another image joins", JOINS)
    images: int = choice(3, "Images", IMAGES, low=1, high=4)
    side: int = choice(5, "Rows and columns", SIDE, low=1, high=8)
    eps: float = argument("eps", 1e-5, EPS, low=1e-5, high=1, log=True)
    affine: bool = argument("affine", True, AFFINE)

    def problems(self) -> Iterator[Problem]:
        if CHANNELS % self.num_groups:
            yield Problem(
                "num_groups",
                "{channels} channels can't be split into {groups} equal groups.",
                {"channels": CHANNELS, "groups": self.num_groups},
            )
        elif self.images * self.side**2 == 1 and self.num_groups == CHANNELS:
            yield Problem("side", "torch needs more than one number in a group to compute a variance.")


class InstanceNorm2dConfig(CardConfig):
    """Arguments of the InstanceNorm2d card."""

    experiment: ClassVar[str] = "layers instancenorm2d"

    mode: Mode = choice("train", "Mode", "Without running statistics train() and eval() do the same.", choices=MODES)
    joins: bool = choice(False, "Another image joins", JOINS)
    images: int = choice(3, "Images", IMAGES, low=1, high=4)
    side: int = choice(5, "Rows and columns", SIDE, low=1, high=8)
    eps: float = argument("eps", 1e-5, EPS, low=1e-5, high=1, log=True)
    affine: bool = argument("affine", False, AFFINE)

    def problems(self) -> Iterator[Problem]:
        if self.side == 1:
            yield Problem("side", "A map of a single number has no variance: InstanceNorm needs more than one.")


def show_norm(config: Any, layer: str, tags: np.ndarray, before: tuple[str, ...] = ()) -> Result:
    """A normalisation's card.

    Args:
        tags: int, broadcast over (N, C, H, W): numbers with the same tag share a mean and a variance.
        before: lines between the layer and its use.
    """
    x = block(config.images, config.side)
    rest = "x[:-1]" if config.joins else "x"
    x = torch.cat([x, guest(config.side)]) if config.joins else x
    given: dict[str, Any] = {"x": x}
    lines = [f"norm = {layer}", *before]
    if before:
        given["batches"] = [batch(i, config.images, config.side) for i in range(config.batches)]
    if config.mode == "eval":
        lines.append("norm.eval()")
    lines.append("y = norm(x)")
    if config.joins:
        lines += [f"without = norm({rest})", "change = y[:1] - without[:1]"]
    result = Result(given, tuple(lines), {"x": "x", "y": "y"}, "panels", layer="norm")
    tags = np.broadcast_to(tags, x.shape).astype(np.int32)
    result.arrays["tags"] = tags.copy()
    means, variances = statistics(x, tags)
    if config.mode == "eval" and before:
        # The running statistics as they were when y was made: eval() does not move them.
        means, variances = result.value("norm.running_mean").tolist(), result.value("norm.running_var").tolist()
    spread = 0.6 * float(block(config.images, config.side).abs().max())
    panels: dict[str, Any] = {
        "x": {"look": "signed", "most": spread, "title": "input", "tags": "tags", "axes": ["N", "C"]},
        "y": {"look": "signed", "most": 2, "title": "output", "tags": "tags", "axes": ["N", "C"]},
    }
    rows = [["x", "y"]]
    if config.joins:
        result.arrays["change"] = result.value("change").detach().numpy()
        most = max(float(np.abs(result.arrays["change"]).max()), 0.5)
        panels["change"] = {"look": "signed", "most": most, "title": "change", "axes": ["N", "C"]}
        rows.append(["change"])
    if before:
        running = [result.value("norm.running_mean"), result.value("norm.running_var")]
        result.arrays["running"] = torch.stack(running).numpy()
        panels["running"] = {"look": "signed", "title": "running", "numbers": True, "row_names": ["mean", "var"]}
        rows = [*rows[:1], [*(rows[1] if len(rows) > 1 else []), "running"]]
    result.facts = {
        "rows": rows,
        "panels": panels,
        "tell": "norm_running" if config.mode == "eval" and before else "norm",
        "together": ["x", "y"],
        "by_tag": {"mean": means, "var": variances},
        "at": {"x": int(np.prod(x.shape[1:]) // 2 + 1)},
    }
    return result


def statistics(x: Tensor, tags: np.ndarray) -> tuple[list[float], list[float]]:
    """Mean and (biased) variance of the numbers of each tag."""
    flat = [x.flatten()[torch.from_numpy(tags.ravel() == tag)] for tag in range(int(tags.max()) + 1)]
    return [float(part.mean()) for part in flat], [float(part.var(correction=0)) for part in flat]


def batch(number: int, images: int, side: int) -> Tensor:
    """A batch that was seen before: the same images, in other light."""
    random = torch.Generator().manual_seed(number)
    light = torch.randn(images, 1, 1, 1, generator=random)
    return block(images, side) + 0.3 * light


def index(*sizes: int) -> list[np.ndarray]:
    """Number of image and channel, to broadcast over (N, C, H, W)."""
    return [np.arange(size).reshape([-1 if axis == at else 1 for axis in range(4)]) for at, size in enumerate(sizes)]


SHARED = r"y = \frac{x - E[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}}\cdot\gamma + \beta,\quad E, \mathrm{Var}:\ "


def show_batchnorm2d(config: BatchNorm2dConfig, own: np.ndarray | None) -> Result:
    """The BatchNorm2d card."""
    layer = call("nn.BatchNorm2d", CHANNELS, eps=config.eps, momentum=config.momentum, affine=config.affine)
    tags = np.arange(CHANNELS).reshape(1, -1, 1, 1)
    result = show_norm(config, layer, tags, ("for batch in batches:", "    norm(batch)"))
    result.formula = (
        SHARED + r"(N, H, W)"
        if config.mode == "train"
        else (r"y = \frac{x - running\_mean}{\sqrt{running\_var + \epsilon}}\cdot\gamma + \beta")
    )
    return result


def show_layernorm(config: LayerNormConfig, own: np.ndarray | None) -> Result:
    """The LayerNorm card."""
    sizes = [CHANNELS, config.side, config.side][-len(config.normalized_shape) :]
    layer = call("nn.LayerNorm", sizes, eps=config.eps, elementwise_affine=config.affine)
    count = config.images + config.joins
    n, c, h = index(count, CHANNELS, config.side)
    tags = {"chw": n, "hw": n * CHANNELS + c, "w": (n * CHANNELS + c) * config.side + h}[config.normalized_shape]
    result = show_norm(config, layer, tags)
    result.formula = SHARED + rf"({', '.join(config.normalized_shape.upper())})"
    return result


def show_groupnorm(config: GroupNormConfig, own: np.ndarray | None) -> Result:
    """The GroupNorm card."""
    layer = call("nn.GroupNorm", config.num_groups, CHANNELS, eps=config.eps, affine=config.affine)
    n, c = index(config.images + config.joins, CHANNELS)
    result = show_norm(config, layer, n * config.num_groups + c // (CHANNELS // config.num_groups))
    result.formula = SHARED + rf"(C/{config.num_groups}, H, W)"
    return result


def show_instancenorm2d(config: InstanceNorm2dConfig, own: np.ndarray | None) -> Result:
    """The InstanceNorm2d card."""
    layer = call("nn.InstanceNorm2d", CHANNELS, eps=config.eps, affine=config.affine)
    n, c = index(config.images + config.joins, CHANNELS)
    result = show_norm(config, layer, n * CHANNELS + c)
    result.formula = SHARED + r"(H, W)"
    return result


CARDS = [
    Card("batchnorm2d", "BatchNorm2d", "normalisation", BatchNorm2dConfig, show_batchnorm2d),
    Card("layernorm", "LayerNorm", "normalisation", LayerNormConfig, show_layernorm),
    Card("groupnorm", "GroupNorm", "normalisation", GroupNormConfig, show_groupnorm),
    Card("instancenorm2d", "InstanceNorm2d", "normalisation", InstanceNorm2dConfig, show_instancenorm2d),
]
