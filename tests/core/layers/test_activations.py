"""Activations, softmax and the deep stack, against formulas and autograd."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.layers import CARDS
from core.layers.activations import NAMES
from tests.core.layers.arguments import arguments
from tests.core.layers.test_convolution import FEW, result_of


def by_formula(name: str, x: Tensor, slope: float, alpha: float) -> Tensor:
    """An activation as the books write it, in float64."""
    positive, negative = x.clamp(min=0), x.clamp(max=0)
    sigmoid = 1 / (1 + torch.exp(-x))
    return {
        "ReLU": positive,
        "LeakyReLU": positive + slope * negative,
        "ELU": torch.where(x > 0, x, alpha * (torch.exp(negative) - 1)),
        "GELU": x * 0.5 * (1 + torch.erf(x / math.sqrt(2))),
        "SiLU": x * sigmoid,
        "Sigmoid": sigmoid,
        "Tanh": 2 / (1 + torch.exp(-2 * x)) - 1,
        "Hardswish": x * (x + 3).clamp(0, 6) / 6,
    }[name]


@FEW
@given(arguments(CARDS["activations"]))
def test_functions_and_derivatives(values: dict[str, Any]) -> None:
    result = result_of("activations", values)
    assert result is not None
    x = torch.from_numpy(result.arrays["x"]).double()
    corners = (x.abs() < 0.05) | ((x.abs() - 3).abs() < 0.05)
    for i, name in enumerate(values.get("functions", ("ReLU", "GELU", "Tanh"))):
        if name == "GELU" and values.get("approximate") == "tanh":
            continue
        how = (name, values.get("negative_slope", 0.1), values.get("alpha", 1.0))
        np.testing.assert_allclose(result.arrays["y"][i], by_formula(how[0], x, *how[1:]).numpy(), atol=1e-5)
        step = 1e-6
        rise = (by_formula(name, x + step, *how[1:]) - by_formula(name, x - step, *how[1:])) / (2 * step)
        np.testing.assert_allclose(result.arrays["slopes"][i][~corners], rise[~corners].numpy(), atol=1e-4)


def test_every_function_of_the_issue_is_there() -> None:
    assert {"ELU", "ReLU", "LeakyReLU", "GELU", "SiLU", "Sigmoid", "Tanh", "Hardswish"} == set(NAMES)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(arguments(CARDS["softmax"]))
def test_softmax_with_temperature(values: dict[str, Any]) -> None:
    result = result_of("softmax", values)
    assert result is not None
    z = result.arrays["z"][0].astype(np.float64) / values.get("temperature", 1.0)
    expected = np.exp(z - z.max())
    np.testing.assert_allclose(result.arrays["y"][0], expected / expected.sum(), atol=1e-5)
    np.testing.assert_allclose(result.arrays["curves"].sum(axis=0), 1, atol=1e-5)


def gradients(**values: Any) -> np.ndarray:
    result = result_of("deep_stack", values)
    assert result is not None
    return result.arrays["grads"]


def test_gradients_vanish_or_survive() -> None:
    """What the lesson says of the deep stack."""
    [sigmoid] = gradients(functions=("Sigmoid",))
    assert sigmoid[0] < 1e-12 < sigmoid[-1]
    [poor], [good] = gradients(functions=("ReLU",)), gradients(functions=("ReLU",), init="kaiming")
    assert poor[0] / poor[-1] < 1e-3
    assert 0.1 < good[0] / good[-1] < 10
    [skipped] = gradients(functions=("Sigmoid",), residual=True)
    assert skipped[0] > 1e-3
    [normed] = gradients(functions=("Tanh",), norm=True)
    assert normed[0] / normed[-1] > 0.01


@pytest.mark.parametrize("depth", [2, 7])
def test_the_stacks_gradients_are_autograds(depth: int) -> None:
    result = result_of("deep_stack", {"functions": ("Tanh",), "depth": depth, "init": "xavier"})
    assert result is not None
    linears = result.made["linears"]
    h = result.given["x"]
    for linear in linears:
        h = torch.tanh(h @ linear.weight.T + linear.bias)
    grads = torch.autograd.grad((h**2).mean(), [linear.weight for linear in linears])
    np.testing.assert_allclose(result.arrays["grads"][0], [float(grad.norm()) for grad in grads], rtol=1e-4)


@given(st.integers(0, 3))
@settings(max_examples=4, deadline=None)
def test_a_cold_softmax_takes_the_largest(largest: int) -> None:
    values = {f"z{i}": 2.0 if i == largest else 0.0 for i in range(4)}
    result = result_of("softmax", {**values, "temperature": 0.05})
    assert result is not None
    assert result.arrays["y"][0][largest] > 0.999
