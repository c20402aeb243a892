"""What the screen shows of the classifier: the boundary, and each neuron's part in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from core.experiments.classifier.config import ClassifierConfig
from core.experiments.classifier.loop import make_data, prepare
from core.models import Net
from core.snapshot import Frame, Snapshot, undisturbed
from core.views.plane import decision, gradient_norms, hidden_activations, nice_domain, unit_maps, weights

GRID = 100
"""Points of the boundary picture along each axis."""


@dataclass(frozen=True)
class Scene:
    """What the picture of a config needs beside the network: the points, and the grid the boundary is drawn on."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    domain: tuple[float, float, float, float]
    inputs: Tensor


@lru_cache(maxsize=64)
def scene(config: ClassifierConfig) -> Scene:
    """The points of a config, and its boundary grid as network inputs (GRID * GRID, number of features)."""
    with undisturbed(), torch.no_grad():
        x_train, y_train, x_test, y_test = make_data(config)
        domain = nice_domain(torch.cat([x_train, x_test]).numpy())
        across = torch.linspace(domain[0], domain[1], GRID)
        up = torch.linspace(domain[2], domain[3], GRID)
        grid = torch.stack([across.repeat(GRID), up.repeat_interleave(GRID)], dim=1)
        return Scene(x_train, y_train, x_test, y_test, domain, prepare(config, grid, x_train))


def view(config: ClassifierConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """The boundary, each hidden unit's map, the weights and the gradients' sizes."""
    net = snapshot.net
    assert isinstance(net, Net)
    net.eval()
    with torch.no_grad():
        inputs = scene(config).inputs.to(next(net.parameters()).device)
        activations = hidden_activations(net.hidden, inputs)
        output = net.out(activations[-1] if activations else inputs)
        if config.loss == "MSELoss" and "softmax" not in config.bugs:
            probability = output - output.mean(dim=1, keepdim=True) + 1 / config.n_output
        else:
            probability = torch.softmax(output, dim=1)
    net.train()
    maps, scale = unit_maps(activations, GRID)
    levels = 255 // config.n_output
    return Frame(
        snapshot.step,
        snapshot.epoch,
        {
            "decision": decision(probability, levels).reshape(GRID, GRID),
            "units": maps,
            "weights": weights(net),
            "gradient_norm": gradient_norms(net),
        },
        {"levels": levels, "units_scale": scale},
    )
