"""What a deep stack of layers looks like inside: the maps of its blocks, its first filters, signal and gradient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from core.views.images import byte_maps

MOST_MAPS = 16
"""Maps of a block on the screen."""
MOST_BLOCKS = 5
MOST_SIDE = 32
"""Pixels of a map's side on the screen."""
LEVELS = 24
"""Steps of a map's colour from 0 to its strongest: so small a map shows no more, and it packs a quarter smaller."""


def maps_of_blocks(features: nn.Sequential, x: Tensor) -> tuple[list[np.ndarray], Tensor]:
    """One image through the layers.

    Args:
        features: convolutions and poolings; a block ends before each pooling.
        x: (1, channels, height, width).

    Returns:
        of each block the first maps, uint8 (maps, height, width), and what comes out at the end.
    """
    blocks: list[Tensor] = []
    for layer in features:
        if isinstance(layer, nn.MaxPool2d):
            blocks.append(x)
        x = layer(x)
    if not isinstance(features[-1], nn.MaxPool2d):
        blocks.append(x)
    chosen = [blocks[i] for i in shown_blocks(len(blocks))]
    return [byte_maps(small(block[0, :MOST_MAPS]), LEVELS) for block in chosen], x


def shown_blocks(count: int) -> list[int]:
    """Which of `count` blocks have room on the screen."""
    numbers: list[int] = torch.linspace(0, count - 1, min(MOST_BLOCKS, count)).round().long().tolist()
    return numbers


def small(maps: Tensor) -> Tensor:
    """Maps (C, H, W), brought down to what the screen shows."""
    return maps if maps.shape[-1] <= MOST_SIDE else nn.functional.adaptive_avg_pool2d(maps, MOST_SIDE)


def colour_filters(first: nn.Conv2d) -> dict[str, np.ndarray]:
    """The first filters and their gradients: uint8 (filters, 3, 3, 3) in colour, (filters, 3, 3) for grey images."""
    weight = first.weight[:MOST_MAPS]
    gradient = torch.zeros_like(weight) if first.weight.grad is None else first.weight.grad[:MOST_MAPS]
    if weight.shape[1] == 1:
        return {"filters": byte_maps(weight[:, 0]), "filter_gradients": byte_maps(gradient[:, 0])}
    return {
        "filters": byte_maps(weight.flatten(end_dim=1)).reshape(weight.shape),
        "filter_gradients": byte_maps(gradient.flatten(end_dim=1)).reshape(weight.shape),
    }


@contextmanager
def by_the_batch(net: nn.Module) -> Iterator[None]:
    """Batch norm goes by the batch, as in training, and leaves its stored statistics alone."""
    norms = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in norms:
        layer.training, layer.track_running_stats = True, False
    try:
        yield
    finally:
        for layer in norms:
            layer.training, layer.track_running_stats = False, True


def depth(net: nn.Module, x: Tensor) -> dict[str, np.ndarray]:
    """How signal and gradient pass through the layers that have weights, from first to last.

    Args:
        net: in eval mode.
        x: a batch of images as the network is given them.

    Returns:
        float32 (layers,): "gradient", the L2 norm of each weight's last gradient, NaN before the first step; and
        "signal", the standard deviation of each layer's output on x, with batch norm as in training.
    """
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    signal: list[float] = []
    with ExitStack() as hooks:
        for layer in layers:
            hook = layer.register_forward_hook(lambda _layer, _x, out: signal.append(float(out.std(correction=0))))
            hooks.callback(hook.remove)
        with by_the_batch(net):
            net(x)
    gradient = [float("nan") if layer.weight.grad is None else float(layer.weight.grad.norm()) for layer in layers]
    return {"gradient": np.array(gradient, np.float32), "signal": np.array(signal, np.float32)}
