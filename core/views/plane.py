"""What a network looks like inside, as arrays small enough to send many times a second.

Points stand in columns here, (features, N): then softmax and the choice of a class run along whole rows, many times as
fast as over a few columns.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

MAPS_BUDGET = 24_000
"""Bytes that all unit maps of one frame may take together."""
GRID = 100
"""Points of the boundary picture along each axis."""
COARSE = 34
"""Points along each axis that a network is asked about while its picture moves: every third of `GRID`."""
AT_ONCE = 1000
"""Points that go through a network together: what a layer says of them still fits into the processor's cache."""
IN_PLACE: dict[type[nn.Module], Callable[[Tensor], Tensor]] = {
    nn.ReLU: torch.relu_,
    nn.Tanh: torch.tanh_,
    nn.Sigmoid: torch.sigmoid_,
    nn.ELU: lambda x: nn.functional.elu(x, inplace=True),
    nn.Identity: lambda x: x,
    nn.Dropout: lambda x: x,
}
"""Layers in eval mode that may overwrite what they are given."""


def nice_domain(points: np.ndarray) -> tuple[float, float, float, float]:
    """The axes' range (x0, x1, y0, y1) for points (N, 2): -6..6 where they fit, else round numbers around them."""
    if np.abs(points).max() <= 6:
        return (-6.0, 6.0, -6.0, 6.0)
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    room = np.maximum(0.08 * (high - low), np.maximum(1e-3, 1e-4 * np.abs(points).max(axis=0)))
    unit = 10.0 ** np.floor(np.log10(high - low + 2 * room) - 1)
    low, high = np.floor((low - room) / unit) * unit, np.ceil((high + room) / unit) * unit
    return (float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def grid_over(domain: tuple[float, float, float, float], side: int) -> Tensor:
    """Points (side * side, 2) over the plane, to the right first, then up."""
    across, up = torch.linspace(domain[0], domain[1], side), torch.linspace(domain[2], domain[3], side)
    return torch.stack([across.repeat(side), up.repeat_interleave(side)], dim=1)


def every_third(grid: Tensor) -> Tensor:
    """The coarse points (COARSE * COARSE, features) among those of a grid (GRID * GRID, features)."""
    return grid.reshape(GRID, GRID, -1)[::3, ::3].reshape(COARSE * COARSE, -1)


def enlarged(logits: Tensor, side: int) -> Tensor:
    """Logits (K, n * n) over the plane, drawn out in straight lines to (K, side * side).

    Logits, not probabilities: they change evenly from point to point, so that the boundary lies where it belongs.
    """
    classes, count = logits.shape
    coarse = logits.reshape(1, classes, round(count**0.5), -1)
    fine = nn.functional.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=True)
    return fine.reshape(classes, side * side)


def decision(probability: Tensor, levels: int) -> np.ndarray:
    """The most likely class and how sure it is, in one byte a point.

    Args:
        probability: (K, N), columns that sum to 1.
        levels: steps between 1/K and 1; K * levels must fit into a byte.

    Returns:
        uint8 (N,): label * levels + round((p - 1/K) / (1 - 1/K) * (levels - 1)).
    """
    classes = len(probability)
    best, label = torch.nan_to_num(probability, nan=1 / classes).max(dim=0)
    sure = best.sub_(1 / classes).mul_((levels - 1) / (1 - 1 / classes)).round_().clamp_(0, levels - 1)
    return sure.add_(label, alpha=levels).to(torch.uint8).cpu().numpy()


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """What a Linear layer makes of points in columns: (out, N) of x (in, N)."""
    return torch.addmm(layer.bias[:, None], layer.weight, x)


def hidden_activations(hidden: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Each hidden layer's output (neurons, N) for inputs x (features, N), after its activation, as in eval mode."""
    activations = []
    for layer in hidden:
        if isinstance(layer, nn.Linear):
            x = linear(layer, x)
            activations.append(x)
        elif isinstance(layer, nn.BatchNorm1d):
            _normalise(layer, x)
        else:
            IN_PLACE[type(layer)](x)
    return activations


def _normalise(norm: nn.BatchNorm1d, x: Tensor) -> None:
    """Batch norm in eval mode, in place, of x (neurons, N)."""
    assert norm.running_mean is not None and norm.running_var is not None
    size = norm.weight / (norm.running_var + norm.eps).sqrt()
    x.mul_(size[:, None]).add_((norm.bias - norm.running_mean * size)[:, None])


def unit_maps(activations: Sequence[Tensor], side: int) -> tuple[np.ndarray, list[float]]:
    """Every hidden unit's activation over the plane as a small picture.

    Args:
        activations: (neurons, side * side) for each layer, over a grid.
        side: points of that grid along each axis.

    Returns:
        uint8 (units, r, r) with 128 for 0 and 255 for the unit's largest size, and that size for each unit.
    """
    units = sum(len(layer) for layer in activations)
    if not units:
        return np.zeros((0, 1, 1), np.uint8), []
    wanted = min(25, max(8, int((MAPS_BUDGET / units) ** 0.5)))
    where = _spread(side, wanted).to(activations[0].device)
    maps = torch.nan_to_num(torch.cat([layer[:, where] for layer in activations]))
    scale = maps.abs().amax(dim=1)
    scaled = (128 + 127 * (maps / scale.clamp(min=1e-12)[:, None])).round().to(torch.uint8)
    return scaled.reshape(units, wanted, wanted).cpu().numpy(), scale.double().cpu().numpy().round(4).tolist()


@lru_cache
def _spread(side: int, wanted: int) -> Tensor:
    """The numbers of wanted * wanted points that are spread over a grid of side * side."""
    pick = torch.linspace(0, side - 1, wanted).round().long()
    return (pick[:, None] * side + pick[None, :]).flatten()


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
        gradients = [p.grad for p in (layer.weight, layer.bias) if p.grad is not None]
        norms.append(math.hypot(*(float(torch.linalg.vector_norm(gradient)) for gradient in gradients)))
    return np.array(norms, np.float32)
