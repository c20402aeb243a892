"""Convolutions: the patch, the kernel and the sum that a card shows are torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings

from core.config import ConfigError
from core.layers import CARDS
from core.layers.card import Result
from core.layers.convolution import PRESETS, Conv2dConfig, kernel2d, resized
from tests.core.layers.arguments import arguments

FEW = settings(max_examples=20, deadline=None, derandomize=True)


def result_of(name: str, values: dict[str, Any]) -> Result | None:
    """The card with these values, where they fit together."""
    try:
        return CARDS[name].show(CARDS[name].config.create(values), None)
    except ConfigError:
        return None


def read(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The patches of an input (C, H, W): (C, rows, row taps, columns, column taps), 0 where a tap is outside."""
    patches = x[:, np.maximum(rows, 0)][:, :, :, np.maximum(columns, 0)]
    outside = (rows < 0)[:, :, None, None] | (columns < 0)[None, None]
    return np.where(outside[None], 0, patches)


@FEW
@given(arguments(CARDS["conv2d"]))
def test_conv2d_is_the_sum_of_its_patches(values: dict[str, Any]) -> None:
    result = result_of("conv2d", values)
    if result is None:
        return
    arrays, groups = result.arrays, result.facts["groups"]
    outputs, inputs = arrays["weight"].shape[:2]
    for o in range(outputs):
        first = o // (outputs // groups) * inputs
        patches = read(arrays["x"][first : first + inputs], arrays["rows"], arrays["columns"])
        by_hand = np.einsum("irucv,iuv->rc", patches, arrays["weight"][o])
        np.testing.assert_allclose(by_hand + result.facts["bias"], arrays["y"][o], atol=2e-4)


@FEW
@given(arguments(CARDS["convtranspose2d"]))
def test_convtranspose2d_is_the_sum_of_what_reaches_a_pixel(values: dict[str, Any]) -> None:
    result = result_of("convtranspose2d", values)
    if result is None:
        return
    arrays = result.arrays
    patches = read(arrays["x"], arrays["rows"], arrays["columns"])[0]
    np.testing.assert_allclose(np.einsum("rucv,uv->rc", patches, arrays["weight"][0, 0]), arrays["y"][0], atol=1e-5)


@FEW
@given(arguments(CARDS["conv1d"]))
def test_conv1d_is_the_sum_of_its_window(values: dict[str, Any]) -> None:
    result = result_of("conv1d", values)
    if result is None:
        return
    arrays = result.arrays
    np.testing.assert_allclose(arrays["x"][arrays["taps"]] @ arrays["weight"], arrays["y"], atol=1e-5)


@FEW
@given(arguments(CARDS["conv3d"]))
def test_conv3d_is_the_sum_of_its_block(values: dict[str, Any]) -> None:
    result = result_of("conv3d", values)
    assert result is not None
    x, weight = result.arrays["x"], result.arrays["weight"]
    padding = (1, 2, 2)
    # -1 stands for outside: a border of zeros at the end is read there.
    big = np.pad(x, [(0, p) for p in padding])
    frames, rows, columns = (result.arrays[name] for name in ("frames", "rows", "columns"))
    blocks = big[frames][:, :, rows][:, :, :, :, columns]
    np.testing.assert_allclose(np.einsum("ftruCv,tuv->frC", blocks, weight), result.arrays["y"], atol=1e-5)


def test_moving_and_standing_things_are_told_apart() -> None:
    still = CARDS["conv3d"].show(CARDS["conv3d"].config.create({"preset": "motion"}), None).arrays
    assert np.abs(still["y"][2:5, :, 13]).max() < 1e-6, "the wall is not seen"
    assert np.abs(still["y"][2:5, :, :12]).max() > 0.3, "the ball is"


@pytest.mark.parametrize("size", range(1, 8))
@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "own"])
def test_presets(preset: str, size: int) -> None:
    kernel = kernel2d(preset, size)
    assert kernel.shape == (size, size)
    total = {"identity": 1, "blur": 1, "sharpen": 1, "edges": 0, "upright": 0, "level": 0, "emboss": 1}[preset]
    assert float(kernel.sum()) == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("size", range(1, 8))
def test_an_own_kernel_keeps_its_middle_when_it_is_resized(size: int) -> None:
    kernel = resized(tuple(float(i) for i in range(9)), size)
    assert kernel.shape == (size, size)
    if size % 2:
        assert kernel[size // 2, size // 2] == 4
    assert torch.equal(
        resized(tuple(float(i) for i in range(size * size)), size), torch.arange(size**2).reshape(size, -1).float()
    )


def test_own_numbers_are_used() -> None:
    numbers = (0.0, 1.0, 0.0, 0.0, -2.0, 0.0, 0.0, 1.0, 0.5)
    result = CARDS["conv2d"].show(Conv2dConfig.create({"preset": "own", "kernel": numbers}), None)
    expected = F.conv2d(result.given["x"], torch.tensor(numbers).reshape(1, 1, 3, 3), padding=1)
    np.testing.assert_allclose(result.arrays["y"], expected[0].numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"groups": "2"}, "groups"), ({"in_channels": "3", "groups": "3"}, "groups"),
        ({"same": "true", "stride": "2"}, "same"), ({"kernel": "1,2"}, "kernel"), ({"kernel": "1,2,3,999"}, "kernel"),
        ({"kernel_size": "9"}, "kernel_size"),
    ],
)  # fmt: skip
def test_conv2d_refuses(values: dict[str, str], field: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Conv2dConfig.create(values)
    assert [problem.field for problem in refused.value.problems] == [field]
