"""The data sets have the shapes, the geometry and the chance they claim."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.data.points import blobs, circles, clouds, features, flip_labels, moons, spirals, split, xor

MANY = 2000
Draw = Callable[[int, float], tuple[Tensor, Tensor]]
TWO_CLASSES: list[Draw] = [clouds, moons, circles, xor, spirals]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(7)


@pytest.mark.parametrize("draw", TWO_CLASSES)
def test_both_classes_have_all_their_points(draw: Draw) -> None:
    x, y = draw(30, 1.0)
    assert (x.shape, x.dtype) == ((60, 2), torch.float32)
    assert (y.shape, y.dtype) == ((60,), torch.int64)
    assert y.bincount().tolist() == [30, 30]


@pytest.mark.parametrize("draw", TWO_CLASSES)
def test_the_same_seed_gives_the_same_points(draw: Draw) -> None:
    torch.manual_seed(3)
    first = draw(20, 1.0)[0]
    torch.manual_seed(3)
    assert torch.equal(first, draw(20, 1.0)[0])
    assert not torch.equal(first, draw(20, 1.0)[0])


def test_clouds_lie_around_the_tutorials_centres() -> None:
    x, y = clouds(MANY, 1.5)
    for label, centre in ((0, 2.0), (1, -2.0)):
        assert x[y == label].mean(dim=0).tolist() == pytest.approx([centre] * 2, abs=0.15)
        assert x[y == label].std(dim=0).tolist() == pytest.approx([1.5] * 2, rel=0.08)


@pytest.mark.parametrize("n_classes", [3, 4, 5])
def test_blobs_stand_on_a_circle(n_classes: int) -> None:
    x, y = blobs(MANY, 1.0, n_classes)
    centres = torch.stack([x[y == label].mean(dim=0) for label in range(n_classes)])
    assert y.bincount().tolist() == [MANY] * n_classes
    assert centres.norm(dim=1).tolist() == pytest.approx([3.5] * n_classes, abs=0.1)
    assert centres.mean(dim=0).norm() < 0.1


def test_moons_are_half_circles_that_reach_into_each_other() -> None:
    x, y = moons(MANY, 0.0)
    upper, lower = x[y == 0] - torch.tensor([-1.5, -0.75]), x[y == 1] - torch.tensor([1.5, 0.75])
    assert torch.allclose(upper.norm(dim=1), torch.tensor(3.0), atol=1e-4)
    assert torch.allclose(lower.norm(dim=1), torch.tensor(3.0), atol=1e-4)
    assert (upper[:, 1] >= -1e-4).all() and (lower[:, 1] <= 1e-4).all()
    assert x[y == 0][:, 1].min() < x[y == 1][:, 1].max()
    assert x[y == 0][:, 0].max() > x[y == 1][:, 0].min()


def test_circles_are_a_disc_inside_a_ring() -> None:
    x, y = circles(MANY, 0.0)
    radius = x.norm(dim=1)
    assert radius[y == 0].max() <= 1.8001
    assert radius[y == 1].min() >= 2.9999 and radius[y == 1].max() <= 4.5001
    inner = (radius[y == 0] < 0.9).float().mean()
    assert inner == pytest.approx(0.25, abs=0.04), "evenly over the disc's area"


def test_xor_is_told_by_the_sign_of_the_product() -> None:
    x, y = xor(MANY, 0.0)
    assert torch.equal((x[:, 0] * x[:, 1] < 0).long(), y)
    assert {tuple(quadrant) for quadrant in x.sign().int().tolist()} == {(1, 1), (-1, -1), (1, -1), (-1, 1)}


def test_spirals_are_each_others_half_turn() -> None:
    x, y = spirals(MANY, 0.0)
    radius, angle = x.norm(dim=1), torch.atan2(x[:, 1], x[:, 0])
    expected = 3.5 * math.pi * radius / 5 + math.pi * y
    assert torch.cos(angle - expected).min() > 0.999
    assert radius.max() <= 5.001


@pytest.mark.parametrize("n_classes", [2, 5])
def test_a_flipped_label_is_always_another_class(n_classes: int) -> None:
    y = torch.arange(n_classes).repeat(MANY)
    assert not (flip_labels(y, 1.0, n_classes) == y).any()
    assert torch.equal(flip_labels(y, 0.0, n_classes), y)
    changed = flip_labels(y, 0.3, n_classes)
    assert (changed != y).float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert changed.min() >= 0 and changed.max() < n_classes


@pytest.mark.parametrize(
    ("count", "share", "n_test"), [(10, 0.5, 5), (10, 0.1, 1), (2, 0.9, 1), (4, 0.9, 3), (2, 0.1, 1)]
)
def test_a_split_keeps_every_point_once(count: int, share: float, n_test: int) -> None:
    x, y = torch.arange(2.0 * count).reshape(count, 2), torch.arange(count)
    x_train, y_train, x_test, y_test = split(x, y, share)
    assert len(y_test) == n_test
    assert sorted([*y_train.tolist(), *y_test.tolist()]) == list(range(count))
    both: Tensor = torch.cat([x_train, x_test])
    assert torch.equal(both, x[torch.cat([y_train, y_test])])


def test_features_come_in_the_order_asked_for() -> None:
    x = torch.tensor([[2.0, -3.0]])
    names = ("sin(x2)", "x1", "x1*x2", "x2^2", "x1^2", "sin(x1)", "x2")
    expected = [math.sin(-3), 2, -6, 9, 4, math.sin(2), -3]
    assert features(x, names)[0].tolist() == pytest.approx(expected)
