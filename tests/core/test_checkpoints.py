"""A kept step is whole or not there, and has all that the next step depends on."""

import errno
import io
import math
from pathlib import Path

import pytest
import torch

from core import checkpoints
from core.disk import DiskError, DiskFile
from core.experiments.classifier import ClassifierConfig, build_net, build_optimizer, train
from core.snapshot import Snapshot
from tests.full_disk import full_disk, needs_limits


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


@needs_limits
def test_a_full_disk_leaves_the_older_file_whole(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    checkpoints.save({"step": 1}, path)
    with full_disk(), pytest.raises(DiskError, match="File too large"):
        checkpoints.save(checkpoints.checkpoint(snapshot, []), path)
    assert checkpoints.load(path) == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_what_torch_says_of_a_full_disk_is_one_error(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [3]

    def write(file: DiskFile, data: bytes) -> int:
        left[0] -= 1
        if left[0] < 0:
            file.refusal = OSError(errno.ENOSPC, "No space left on device")
            raise file.refusal
        return io.FileIO.write(file, data)

    monkeypatch.setattr(DiskFile, "write", write)
    state = {**checkpoints.checkpoint(snapshot, []), "more": torch.zeros(100_000)}
    with pytest.raises(DiskError) as refused:
        checkpoints.save(state, tmp_path / "a.pt")
    assert refused.value.full and left[0] < 0 and list(tmp_path.iterdir()) == []


def test_a_flipped_bit_is_noticed(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    checkpoints.save(checkpoints.checkpoint(snapshot, []), path)
    data = path.read_bytes()
    assert checkpoints.whole(path)
    at = data.index(snapshot.order.numpy().tobytes())
    for damaged in (data[: len(data) // 2], b"", bytes(len(data)), data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]):
        path.write_bytes(damaged)
        assert not checkpoints.whole(path)
    path.unlink()
    assert not checkpoints.whole(path)


def test_nothing_but_the_file_is_left(snapshot: Snapshot, tmp_path: Path) -> None:
    checkpoints.save(checkpoints.checkpoint(snapshot, []), tmp_path / "a.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["out.bias", "hidden.0.weight", "hidden.1.running_var"])
def test_one_number_that_is_not_finite_is_found(snapshot: Snapshot, name: str, value: float) -> None:
    assert checkpoints.all_finite(snapshot.net)
    snapshot.net.state_dict()[name].view(-1)[-1] = value
    assert not checkpoints.all_finite(snapshot.net)
