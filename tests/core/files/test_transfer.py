"""Trained convolutions, frozen: they stay as they are, and they help."""

import json
from collections.abc import Callable

import pytest
import torch

from core.files.transfer import WAYS, digits_between, freeze, load_convolutions, run_compare, train_head
from core.models import CNN


def test_only_the_head_is_new_and_only_the_head_learns() -> None:
    torch.manual_seed(1)
    file, net = CNN(n_output=10).state_dict(), CNN(n_output=5)
    head = net.out.weight.clone()
    load_convolutions(net, dict(file))
    assert torch.equal(net.state_dict()["conv2.0.weight"], file["conv2.0.weight"])
    assert torch.equal(net.out.weight, head)
    images, labels, _, _ = digits_between(5, 9)
    losses = list(train_head(net, images[:50], labels[:50], frozen=True, num_epochs=3))
    assert losses[-1] < losses[0]
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, file[name]) if name.startswith("conv") else not torch.equal(tensor, head), name


def test_freezing_leaves_the_head_free() -> None:
    net = CNN()
    freeze(net)
    assert {name for name, parameter in net.named_parameters() if parameter.requires_grad} == {"out.weight", "out.bias"}


def test_the_digits_are_others_than_before() -> None:
    low, high = digits_between(0, 4), digits_between(5, 9)
    assert set(high[1].tolist()) == set(low[1].tolist()) == {0, 1, 2, 3, 4}
    assert len(low[0]) == len(high[0]) == 2000 and len(high[2]) == 500


def test_trained_convolutions_are_ahead_after_an_epoch() -> None:
    """What the lesson says: frozen convolutions that were trained before are far ahead of random ones."""
    accuracies = json.loads(run_compare(50, 1, 1))
    assert list(accuracies) == list(WAYS)
    assert accuracies["frozen"][1] > accuracies["new"][1] + 0.1
    assert accuracies["frozen"][1] > accuracies["chance"][1] + 0.1
    assert accuracies["tuned"][0] == accuracies["frozen"][0] and accuracies["new"][0] == accuracies["chance"][0]


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_trained_convolutions_help_on_every_seed(seed: int, record_property: Callable[[str, object], None]) -> None:
    """What the lesson says of 25 images: soon ahead of a network from scratch, at the end of random convolutions."""
    accuracies = json.loads(run_compare(25, 20, seed))
    for way in WAYS:
        record_property(way, f"{accuracies[way][1]:.3f} then {accuracies[way][-1]:.3f}")
    assert accuracies["frozen"][1] > accuracies["new"][1]
    assert accuracies["frozen"][-1] > accuracies["chance"][-1]
