"""The projection of a test set to two directions."""

import torch

from core.views.images import projection


def test_two_images_lie_apart_in_one_direction_only() -> None:
    places = projection(torch.tensor([[1.0, 2.0, 3.0], [4.0, 0.0, 1.0]]), torch.tensor([0, 1]))
    assert places.tolist() == [[1.0, places[0, 1]], [-1.0, places[1, 1]]]
    assert abs(places[:, 1]).max() < 1e-2


def test_points_in_a_line_stay_in_a_line() -> None:
    features = torch.arange(5.0)[:, None] * torch.tensor([[1.0, 2.0]])
    places = projection(features, torch.tensor([1, 1, 0, 0, 0]))
    assert places[:, 0].tolist() == sorted(places[:, 0].tolist()) and abs(places[:, 1]).max() < 1e-2


def test_one_image_lies_in_the_middle() -> None:
    assert projection(torch.ones(1, 3), torch.tensor([0])).tolist() == [[0, 0]]
