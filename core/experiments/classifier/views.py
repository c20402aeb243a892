"""What the screen shows of the classifier: the boundary, and each neuron's part in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from core.experiments.classifier.config import ClassifierConfig
from core.experiments.classifier.loop import make_data, prepare, set_aside
from core.models import Net
from core.snapshot import Frame, Snapshot, undisturbed
from core.views.plane import (
    AT_ONCE,
    COARSE,
    GRID,
    decision,
    enlarged,
    every_third,
    gradient_norms,
    grid_over,
    hidden_activations,
    linear,
    nice_domain,
    unit_maps,
    weights,
)

MOVING_WEIGHTS = 400
"""Weights up to which the whole grid is computed even while the picture moves: it costs no more."""


@dataclass(frozen=True)
class Scene:
    """What the picture of a config needs beside the network.

    Attributes:
        x_train, y_train, x_test, y_test: the points.
        x_validation, y_validation: those that decide when to stop; none where nothing asks them.
        domain: the axes' range.
        inputs: the boundary's grid as network inputs (GRID * GRID, number of features).
        fine: the same in columns.
        coarse: every third point of it along each axis, in columns.
    """

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    x_validation: Tensor
    y_validation: Tensor
    domain: tuple[float, float, float, float]
    inputs: Tensor
    fine: Tensor
    coarse: Tensor


@lru_cache(maxsize=64)
def scene(config: ClassifierConfig) -> Scene:
    """The points of a config and the grid that its boundary is drawn on."""
    with undisturbed(), torch.no_grad():
        x_train, y_train, x_test, y_test = make_data(config)
        x_validation, y_validation = x_train[:0], y_train[:0]
        if config.validates:
            x_train, y_train, x_validation, y_validation = set_aside(config, x_train, y_train)
        domain = nice_domain(torch.cat([x_train, x_test, x_validation]).numpy())
        inputs = prepare(config, grid_over(domain, GRID), x_train)
        coarse = every_third(inputs)
        points = (x_train, y_train, x_test, y_test, x_validation, y_validation)
        return Scene(*points, domain, inputs, inputs.T.contiguous(), coarse.T.contiguous())


def view(config: ClassifierConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """The boundary, each hidden unit's map, the weights and the gradients' sizes."""
    return _frame(config, snapshot, coarsely=False, left_out=focus.get("left_out", ()))


def moving(config: ClassifierConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """The same, with the boundary of a large network computed at a ninth of the points and interpolated between."""
    weights_in_all = sum(inputs * outputs for inputs, outputs in pairwise(config.layer_sizes))
    return _frame(config, snapshot, weights_in_all > MOVING_WEIGHTS, focus.get("left_out", ()))


def _frame(config: ClassifierConfig, snapshot: Snapshot, coarsely: bool, left_out: Collection[str]) -> Frame:
    net = snapshot.net
    assert isinstance(net, Net)
    known = scene(config)
    with torch.inference_mode():
        device = net.out.weight.device
        coarse = known.coarse.to(device)
        activations = hidden_activations(net.hidden, coarse) if coarsely or "units" not in left_out else []
        if coarsely:
            output = enlarged(linear(net.out, (activations or [coarse])[-1]), GRID)
        else:
            parts = torch.split(known.fine.to(device), AT_ONCE, dim=1)
            output = torch.cat([_logits(net, part) for part in parts], dim=1)
        if config.loss == "MSELoss" and "softmax" not in config.bugs:
            probability = output - output.mean(dim=0) + 1 / config.n_output
        else:
            probability = torch.softmax(output, dim=0)
        levels = 255 // config.n_output
        arrays = {"decision": decision(probability, levels).reshape(GRID, GRID), "gradient_norm": gradient_norms(net)}
        facts: dict[str, Any] = {"levels": levels}
        if "units" not in left_out:
            arrays["units"], facts["units_scale"] = unit_maps(activations, COARSE)
        if "weights" not in left_out:
            arrays["weights"] = weights(net)
        return Frame(snapshot.step, snapshot.epoch, arrays, facts)


def _logits(net: Net, x: Tensor) -> Tensor:
    """The logits (K, N) of points x (features, N), as in eval mode."""
    return linear(net.out, (hidden_activations(net.hidden, x) or [x])[-1])
