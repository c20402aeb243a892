"""Optimizers on a surface, and schedules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from core.config import ConfigError
from core.layers import CARDS
from core.layers.optimizers import FRAMES, MINIMA, SURFACES, OptimizersConfig, SchedulesConfig, heights, start_of
from tests.core.layers.test_convolution import result_of


def reached(**values: Any) -> dict[str, float]:
    """How high above the minimum each optimizer ends."""
    result = result_of("optimizers", values)
    assert result is not None
    ends = result.arrays["reached"][:, -1] - result.facts["lowest"]
    return dict(zip(result.facts["names"], ends.tolist(), strict=True))


@pytest.mark.parametrize("surface", SURFACES)
def test_the_crosses_are_minima(surface: str) -> None:
    f = eval(f"lambda x, y: {SURFACES[surface]}")
    for place in MINIMA[surface]:
        p = torch.tensor(place, dtype=torch.float64, requires_grad=True)
        value = f(*p)
        (gradient,) = torch.autograd.grad(value, p)
        assert float(gradient.abs().max()) < 1e-9
        assert value.item() <= heights(surface).min() + 1e-6
        left, right, bottom, top = FRAMES[surface]
        assert left < place[0] < right
        assert bottom < place[1] < top


def test_plain_sgd_by_hand() -> None:
    result = result_of("optimizers", {"functions": ("SGD",), "steps": 20, "lr_plain": 0.1})
    assert result is not None
    p = np.array([-9.0, 2.5])
    for place in result.arrays["paths"][0]:
        np.testing.assert_allclose(place, p, atol=1e-5)
        p = p - 0.1 * np.array([0.1, 5.0]) * p


def test_what_the_lesson_says_of_the_ravine() -> None:
    ends = reached(functions=("SGD", "momentum"), lr_plain=0.05, steps=100)
    assert ends["momentum"] < ends["SGD"] / 10
    blown = reached(functions=("SGD",), lr_plain=0.5, steps=100)
    assert blown["SGD"] > 1e6


def test_what_the_lesson_says_of_saddle_and_valley() -> None:
    result = result_of("optimizers", {"surface": "saddle", "functions": ("SGD", "momentum", "Adam"), "steps": 200})
    assert result is not None
    left = [int((np.abs(path[:, 1]) > 1).argmax()) for path in result.arrays["paths"]]
    assert left == [52, 19, 6]
    valley = {"surface": "rosenbrock", "functions": ("SGD", "momentum", "Adam"), "steps": 200}
    slow, fast = (result_of("optimizers", {**valley, "lr_plain": lr}) for lr in (0.002, 0.01))
    assert slow is not None
    assert fast is not None
    assert (slow.arrays["reached"][:2, -1] < 1e-3).all()
    assert np.isnan(fast.arrays["reached"][:2, -1]).all()
    assert fast.arrays["reached"][2, -1] < 2


def test_a_start_is_taken_only_where_it_is_on_the_surface() -> None:
    assert start_of(OptimizersConfig()) == (-9.0, 2.5)
    assert start_of(OptimizersConfig.create({"start_x": 1.5, "start_y": -2.0})) == (1.5, -2.0)
    assert start_of(OptimizersConfig.create({"surface": "rosenbrock", "start_x": 9, "start_y": 0})) == (-1.5, 2.0)


def test_refused() -> None:
    with pytest.raises(ConfigError, match="Nesterov"):
        OptimizersConfig.create({"functions": ("Nesterov",), "momentum": 0})
    with pytest.raises(ConfigError, match="warm-up"):
        SchedulesConfig.create({"warmup": 50, "epochs": 50})


def test_schedules_by_formula() -> None:
    functions = ("StepLR", "ExponentialLR", "CosineAnnealingLR", "OneCycleLR", "warm-up + cosine")
    result = CARDS["schedules"].show(SchedulesConfig.create({"functions": functions}), None)
    step, exponential, cosine, cycle, warm = result.arrays["rates"]
    t = np.arange(100)
    np.testing.assert_allclose(step, 0.1 * 0.5 ** (t // 30), rtol=1e-5)
    np.testing.assert_allclose(exponential, 0.1 * 0.97**t, rtol=1e-4)
    np.testing.assert_allclose(cosine, 0.05 * (1 + np.cos(math.pi * t / 100)), atol=1e-6)
    assert cycle.argmax() in (28, 29, 30)
    assert cycle.max() == pytest.approx(0.1, rel=1e-3)
    assert warm[0] == pytest.approx(0.001)
    assert warm.max() == pytest.approx(0.1)
    assert warm.argmax() == 10
