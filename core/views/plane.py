"""What a network looks like inside, as arrays small enough to send many times a second."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

MAPS_BUDGET = 24_000
"""Bytes that all unit maps of one frame may take together."""


def nice_domain(points: np.ndarray) -> tuple[float, float, float, float]:
    """The axes' range (x0, x1, y0, y1) for points (N, 2): -6..6 where they fit, else round numbers around them."""
    if np.abs(points).max() <= 6:
        return (-6.0, 6.0, -6.0, 6.0)
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    room = np.maximum(0.08 * (high - low), np.maximum(1e-3, 1e-4 * np.abs(points).max(axis=0)))
    unit = 10.0 ** np.floor(np.log10(high - low + 2 * room) - 1)
    low, high = np.floor((low - room) / unit) * unit, np.ceil((high + room) / unit) * unit
    return (float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def decision(probability: Tensor, levels: int) -> np.ndarray:
    """The most likely class and how sure it is, in one byte a point.

    Args:
        probability: (N, K), rows that sum to 1.
        levels: steps between 1/K and 1; K * levels must fit into a byte.

    Returns:
        uint8 (N,): label * levels + round((p - 1/K) / (1 - 1/K) * (levels - 1)).
    """
    classes = probability.shape[1]
    best, label = torch.nan_to_num(probability, nan=1 / classes).max(dim=1)
    sure = ((best - 1 / classes) / (1 - 1 / classes)).clamp(0, 1)
    return (label * levels + (sure * (levels - 1)).round()).to(torch.uint8).cpu().numpy()


def hidden_activations(hidden: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Each hidden layer's output (N, neurons) for inputs x (N, features), after its activation."""
    activations = []
    for index, layer in enumerate(hidden):
        if isinstance(layer, nn.Linear) and index > 0:
            activations.append(x)
        x = layer(x)
    if len(hidden):
        activations.append(x)
    return activations


def unit_maps(activations: Sequence[Tensor], side: int) -> tuple[np.ndarray, list[float]]:
    """Every hidden unit's activation over the plane as a small picture.

    Args:
        activations: (side * side, neurons) for each layer, over a grid.
        side: points of that grid along each axis.

    Returns:
        uint8 (units, r, r) with 128 for 0 and 255 for the unit's largest size, and that size for each unit.
    """
    units = sum(layer.shape[1] for layer in activations)
    if not units:
        return np.zeros((0, 1, 1), np.uint8), []
    wanted = min(25, max(8, int((MAPS_BUDGET / units) ** 0.5)))
    pick = torch.linspace(0, side - 1, wanted).round().long()
    where = (pick[:, None] * side + pick[None, :]).flatten().to(activations[0].device)
    maps = torch.nan_to_num(torch.cat([layer[where] for layer in activations], dim=1).T)
    scale = maps.abs().amax(dim=1)
    scaled = (128 + 127 * (maps / scale.clamp(min=1e-12)[:, None])).round().to(torch.uint8)
    return scaled.reshape(units, wanted, wanted).cpu().numpy(), [round(float(s), 4) for s in scale]


def linear_layers(net: nn.Module) -> list[nn.Linear]:
    """All Linear layers of a network, from input to output."""
    return [layer for layer in net.modules() if isinstance(layer, nn.Linear)]


def weights(net: nn.Module) -> np.ndarray:
    """Float32: for each Linear layer its weight (out, in), flattened, then its bias."""
    with torch.no_grad():
        parts = [part.flatten() for layer in linear_layers(net) for part in (layer.weight, layer.bias)]
        return torch.cat(parts).cpu().numpy()


def gradient_norms(net: nn.Module) -> np.ndarray:
    """Float32 (layers,): the L2 norm of each Linear layer's gradient; 0 before the first step."""
    norms = []
    for layer in linear_layers(net):
        gradients = [p.grad.flatten() for p in (layer.weight, layer.bias) if p.grad is not None]
        norms.append(float(torch.cat(gradients).norm()) if gradients else 0.0)
    return np.array(norms, np.float32)
