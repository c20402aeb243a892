"""Pooling: which pixel won, and where the gradient flows back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import given

from core.layers import CARDS
from tests.core.layers.arguments import arguments
from tests.core.layers.test_convolution import FEW, read, result_of


@FEW
@given(arguments(CARDS["maxpool2d"]))
def test_the_winner_is_the_largest_of_its_window(values: dict[str, Any]) -> None:
    result = result_of("maxpool2d", values)
    if result is None:
        return
    arrays = result.arrays
    patches = read(arrays["x"] + 1, arrays["rows"], arrays["columns"])[0]
    np.testing.assert_allclose(patches.max(axis=(1, 3)) - 1, arrays["y"][0], atol=1e-6)
    np.testing.assert_array_equal(arrays["x"].ravel()[arrays["winner"]], arrays["y"])
    times = np.bincount(arrays["winner"].ravel(), minlength=arrays["x"].size)
    np.testing.assert_array_equal(times, arrays["grad"].ravel())


@FEW
@given(arguments(CARDS["avgpool2d"]))
def test_the_mean_is_the_sum_by_its_divisor(values: dict[str, Any]) -> None:
    result = result_of("avgpool2d", values)
    if result is not None:
        assert_means(result.arrays)


@FEW
@given(arguments(CARDS["adaptiveavgpool2d"]))
def test_torch_finds_these_windows(values: dict[str, Any]) -> None:
    result = result_of("adaptiveavgpool2d", values)
    assert result is not None
    assert_means(result.arrays)


def assert_means(arrays: dict[str, np.ndarray]) -> None:
    """Output and gradient are what the windows and divisors say."""
    patches = read(arrays["x"], arrays["rows"], arrays["columns"])[0]
    np.testing.assert_allclose(patches.sum(axis=(1, 3)) / arrays["divisor"], arrays["y"][0], atol=1e-5)
    grad = np.zeros_like(arrays["grad"][0])
    for r, rows in enumerate(arrays["rows"]):
        for c, columns in enumerate(arrays["columns"]):
            grad[np.ix_(rows[rows >= 0], columns[columns >= 0])] += 1 / arrays["divisor"][r, c]
    np.testing.assert_allclose(grad, arrays["grad"][0], atol=1e-5)


@FEW
@given(arguments(CARDS["lppool2d"]))
def test_lp_is_the_root_of_the_powers(values: dict[str, Any]) -> None:
    result = result_of("lppool2d", values)
    if result is None:
        return
    arrays, p = result.arrays, result.facts["power"]
    if values.get("ceil_mode") and arrays["x"].shape[1] % values.get("stride", 2):
        return  # torch scales a window that only partly fits by how much of it is there
    x = torch.from_numpy(arrays["x"]).double()[0].requires_grad_()
    rows, columns = (torch.from_numpy(arrays[name]).long() for name in ("rows", "columns"))
    windows = x[rows][:, :, columns]
    by_hand = windows.pow(p).sum(dim=(1, 3)).pow(1 / p)
    np.testing.assert_allclose(by_hand.detach().numpy(), arrays["y"][0], atol=1e-4)
    if float(x.detach().min()) > 0.01:
        torch.autograd.backward(by_hand.sum())
        assert x.grad is not None
        np.testing.assert_allclose(x.grad.numpy(), arrays["grad"][0], atol=1e-3)
