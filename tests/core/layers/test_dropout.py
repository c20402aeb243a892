"""Dropout: holes in train mode, none in eval mode, and the input again in the mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given

from core.layers import CARDS
from tests.core.layers.arguments import arguments
from tests.core.layers.test_convolution import FEW, result_of


@FEW
@given(arguments(CARDS["dropout"]))
def test_struck_out_or_scaled(values: dict[str, Any]) -> None:
    result = result_of("dropout", values)
    assert result is not None
    x, y = result.arrays["x"], result.arrays["y"]
    p = values.get("p", 0.5)
    if values.get("mode") == "eval":
        np.testing.assert_array_equal(x, y)
        np.testing.assert_allclose(x, result.arrays["mean"], atol=1e-6)
    elif p < 1:
        kept = y != 0
        np.testing.assert_allclose(y[kept], x[kept] / (1 - p), rtol=1e-5)
    else:
        assert not y.any()


@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_the_mean_of_many_draws_comes_near(p: float) -> None:
    few, many = (
        CARDS["dropout"].show(CARDS["dropout"].config.create({"p": p, "draws": draws}), None).arrays
        for draws in (2, 200)
    )
    away = [np.abs(arrays["mean"] - arrays["x"]).mean() for arrays in (few, many)]
    assert away[1] < away[0] / 5


@FEW
@given(arguments(CARDS["dropout2d"]))
def test_whole_maps_go(values: dict[str, Any]) -> None:
    result = result_of("dropout2d", values)
    assert result is not None
    p = values.get("p", 0.5) if values.get("mode") != "eval" else 0
    for x, y in zip(result.arrays["x"], result.arrays["y"], strict=True):
        assert not y.any() or np.allclose(y, x / (1 - p), rtol=1e-5)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_alpha_dropout_keeps_mean_and_spread(p: float) -> None:
    result = CARDS["alphadropout"].show(CARDS["alphadropout"].config.create({"p": p}), None)
    (mean, std), (mean_alpha, std_alpha), (_, std_plain) = result.arrays["spread"]
    assert mean_alpha == pytest.approx(mean, abs=0.08)
    assert std_alpha == pytest.approx(std, rel=0.08)
    assert std_plain > std * 1.03
    counts = result.arrays["counts"]
    assert counts.sum(axis=1).tolist() == [4000] * 3
    assert torch.equal(torch.from_numpy(counts[0]), torch.histc(result.given["x"].clamp(-4, 4), 60, -4, 4))
