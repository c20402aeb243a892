"""A kept step is whole or not there, and has all that the next step depends on."""

import math
from pathlib import Path

import pytest
import torch

from core import checkpoints
from core.experiments.classifier import ClassifierConfig, build_net, build_optimizer, train
from core.snapshot import Snapshot


@pytest.fixture
def config() -> ClassifierConfig:
    return ClassifierConfig(device="cpu", batch_norm=True, dropout=0.2, batch_size=30, optimizer="Adam", num_steps=9)


@pytest.fixture
def snapshot(config: ClassifierConfig) -> Snapshot:
    *_, last = train(config, {})
    return last


def test_what_is_saved_comes_back(config: ClassifierConfig, snapshot: Snapshot, tmp_path: Path) -> None:
    losses = [0.1 + 1e-17, math.inf, 1 / 3]
    checkpoints.save(checkpoints.checkpoint(snapshot, losses), tmp_path / "a.pt")
    chance = torch.rand(3)
    net = build_net(config)
    optimizer = build_optimizer(config, net)
    step, order, restored = checkpoints.restore(checkpoints.load(tmp_path / "a.pt"), net, optimizer)
    assert (step, restored) == (10, losses)
    assert torch.equal(order, snapshot.order)
    assert torch.equal(torch.rand(3), chance)
    for name, tensor in snapshot.net.state_dict().items():
        assert torch.equal(net.state_dict()[name], tensor)
    for new, old in zip(net.parameters(), snapshot.net.parameters(), strict=True):
        assert new.grad is not None and old.grad is not None and torch.equal(new.grad, old.grad)
    assert str(optimizer.state_dict()) == str(snapshot.optimizer.state_dict())


def test_the_untrained_network_has_no_gradients(config: ClassifierConfig, tmp_path: Path) -> None:
    checkpoints.save(checkpoints.checkpoint(next(train(config, {})), []), tmp_path / "0.pt")
    net = build_net(config)
    net(torch.randn(4, 2)).sum().backward()
    step, _, losses = checkpoints.restore(checkpoints.load(tmp_path / "0.pt"), net, build_optimizer(config, net))
    assert (step, losses) == (1, [])
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_full_disk_leaves_the_older_file_whole(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    checkpoints.save({"step": 1}, path)
    path.with_suffix(".part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(checkpoints.checkpoint(snapshot, []), path)
    assert checkpoints.load(path) == {"step": 1}


def test_nothing_but_the_file_is_left(snapshot: Snapshot, tmp_path: Path) -> None:
    checkpoints.save(checkpoints.checkpoint(snapshot, []), tmp_path / "a.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["out.bias", "hidden.0.weight", "hidden.1.running_var"])
def test_one_number_that_is_not_finite_is_found(snapshot: Snapshot, name: str, value: float) -> None:
    assert checkpoints.all_finite(snapshot.net)
    snapshot.net.state_dict()[name].view(-1)[-1] = value
    assert not checkpoints.all_finite(snapshot.net)
