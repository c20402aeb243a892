"""The arrays that pictures are drawn from."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.models import Net
from core.views.plane import (
    COARSE,
    GRID,
    MAPS_BUDGET,
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

COORDINATE = st.floats(-10_000, 10_000, width=32)


@given(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=20))
def test_every_point_lies_inside_its_domain(points: list[tuple[float, float]]) -> None:
    x0, x1, y0, y1 = nice_domain(np.array(points, np.float32))
    for low, high, values in ((x0, x1, [x for x, _ in points]), (y0, y1, [y for _, y in points])):
        assert low <= min(values) and max(values) <= high
        across = torch.linspace(low, high, 100)
        assert across.diff().min() > 0, "the grid's 100 columns are apart in float32"


@pytest.mark.parametrize(
    ("points", "expected"),
    [([(0, 0)], (-6, 6, -6, 6)), ([(6, -6)], (-6, 6, -6, 6)), ([(100, 0), (200, 3)], (90, 210, -0.3, 3.3))],
)
def test_a_domain_has_round_numbers(points: list[tuple[float, float]], expected: tuple[float, ...]) -> None:
    assert nice_domain(np.array(points, np.float32)) == pytest.approx(expected)


@pytest.mark.parametrize("point", [(10_000, 10_000), (-10_000, 0), (7, 1e-9)])
def test_points_all_in_one_place_have_a_domain(point: tuple[float, float]) -> None:
    x0, x1, y0, y1 = nice_domain(np.array([point] * 5, np.float32))
    assert x0 < point[0] < x1 and y0 < point[1] < y1


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_decision_can_be_read_back(classes: int) -> None:
    levels = 255 // classes
    torch.manual_seed(0)
    probability = torch.softmax(3 * torch.randn(500, classes), dim=1)
    values = torch.from_numpy(decision(probability.T, levels)).int()
    assert torch.equal(values // levels, probability.argmax(dim=1))
    sure = 1 / classes + (1 - 1 / classes) * (values % levels) / (levels - 1)
    assert torch.allclose(sure, probability.max(dim=1).values, atol=0.51 / (levels - 1))


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_decision_fits_into_a_byte(classes: int) -> None:
    levels = 255 // classes
    assert decision(torch.eye(classes), levels).tolist() == [(label + 1) * levels - 1 for label in range(classes)]
    assert decision(torch.full((classes, 1), 1 / classes), levels).tolist() == [0]
    assert decision(torch.full((classes, 1), math.nan), levels).tolist() == [0]


def test_unit_maps_are_signed_sizes_around_128() -> None:
    side = 100
    across = torch.linspace(-1, 1, side).repeat(side)
    maps, scale = unit_maps([torch.stack([across, -4 * across, 0 * across])], side)
    assert maps.shape == (3, 25, 25)
    assert scale == [1.0, 4.0, 0.0]
    assert (maps[0, :, 0] == 1).all() and (maps[0, :, -1] == 255).all() and (abs(maps[0, :, 12] - 128.0) <= 1).all()
    assert (maps[1, :, 0] == 255).all() and (maps[1, :, -1] == 1).all()
    assert (maps[2] == 128).all()


@pytest.mark.parametrize("units", [1, 10, 384])
def test_unit_maps_keep_to_their_budget(units: int) -> None:
    maps, _ = unit_maps([torch.zeros(units, 100 * 100)], 100)
    assert maps.shape[0] == units and maps.shape[1] == maps.shape[2] >= 8
    assert maps.nbytes <= max(MAPS_BUDGET, 64 * units)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 3e38])
def test_unit_maps_of_broken_activations_are_numbers(value: float) -> None:
    activation = torch.zeros(1, 100 * 100)
    activation[0, 0] = value
    maps, scale = unit_maps([activation], 100)
    assert all(math.isfinite(size) for size in scale)
    assert maps[0, 0, 0] == (128 if math.isnan(value) else 255 if value > 0 else 1)


def test_no_hidden_layer_has_no_maps() -> None:
    maps, scale = unit_maps([], 100)
    assert maps.shape == (0, 1, 1) and scale == []


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.ELU, nn.Identity])
@pytest.mark.parametrize("sizes", [(), (3,), (4, 5, 6)])
def test_activations_are_those_of_the_forward_pass(
    sizes: tuple[int, ...], activation: type[nn.Module], dropout: float, batch_norm: bool
) -> None:
    torch.manual_seed(0)
    net = Net(2, sizes, 3, activation, dropout, batch_norm)
    for _ in range(3):
        net(3 + torch.randn(20, 2))  # running statistics other than 0 and 1
    net.eval()
    x = torch.randn(7, 2)
    with torch.no_grad():
        activations = hidden_activations(net.hidden, x.T.contiguous())
        assert [layer.shape for layer in activations] == [(size, 7) for size in sizes]
        expected = [net.hidden[: end + 1](x).T for end in ends_of_layers(net.hidden)]
        for ours, theirs in zip(activations, expected, strict=True):
            assert torch.allclose(ours, theirs, atol=1e-5)
        assert torch.allclose(linear(net.out, (activations or [x.T])[-1]), net(x).T, atol=1e-5)


def ends_of_layers(hidden: nn.Sequential) -> list[int]:
    """The number of the last module of each hidden layer."""
    starts = [number for number, layer in enumerate(hidden) if isinstance(layer, nn.Linear)]
    return [start - 1 for start in starts[1:]] + [len(hidden) - 1] * bool(starts)


def test_coarse_points_are_some_of_the_fine_ones() -> None:
    fine = grid_over((-6, 6, -3, 9), GRID)
    coarse = every_third(fine)
    assert torch.allclose(coarse, grid_over((-6, 6, -3, 9), COARSE), atol=1e-5)
    assert {tuple(point) for point in coarse.tolist()} <= {tuple(point) for point in fine.tolist()}


def test_what_is_straight_is_enlarged_exactly() -> None:
    coarse, fine = grid_over((-6, 6, -3, 9), COARSE), grid_over((-6, 6, -3, 9), GRID)
    assert torch.allclose(enlarged(coarse.T, GRID), fine.T, atol=1e-4)


def test_weights_and_gradients_come_layer_by_layer() -> None:
    net = Net(2, (3,), 2, batch_norm=True)
    first, last = net.hidden[0], net.out
    assert isinstance(first, nn.Linear)
    expected = torch.cat([first.weight.flatten(), first.bias, last.weight.flatten(), last.bias])
    assert torch.equal(torch.from_numpy(weights(net)), expected.detach())
    assert gradient_norms(net).tolist() == [0, 0]
    net(torch.randn(4, 2)).sum().backward()
    assert last.weight.grad is not None and last.bias.grad is not None
    norm = math.sqrt(float((last.weight.grad**2).sum() + (last.bias.grad**2).sum()))
    assert gradient_norms(net)[1] == pytest.approx(norm, rel=1e-5)
