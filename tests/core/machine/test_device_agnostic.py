"""The training loops run on any device: on the meta device, which refuses to mix tensors, and on a GPU where one is."""

from pathlib import Path
from typing import Any

import pytest
import torch

from core import checkpoints
from core.experiments import experiment
from tests.core.files.test_resuming import WITH_OPTIMIZERS
from tests.experiments import general, hardest, over_all

NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")


def on(name: str, device: str, **values: Any) -> Any:
    """A config for a device, also for one that the form does not offer."""
    fields = experiment(name).config.model_fields
    seldom = {"evaluate_every": 1000} if "evaluate_every" in fields else {}
    return hardest(name, **seldom, **values).model_copy(update={"device": device})


@over_all
def test_a_step_on_the_meta_device_mixes_no_devices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that meets in an operation was moved: else PyTorch says so. A meta tensor has no number for item()."""
    monkeypatch.setattr(torch.Tensor, "item", lambda self: 0.5)
    made = []
    for snapshot in experiment(name).train(on(name, "meta", optimizer="SGD"), {}):
        made.append(snapshot)
        if snapshot.step == 3:
            break
    assert [snapshot.step for snapshot in made] == [0, 1, 2, 3]
    assert {parameter.device.type for parameter in made[-1].net.parameters()} == {"meta"}
    assert all(p.grad is not None and p.grad.device.type == "meta" for p in made[-1].net.parameters())


def test_the_meta_device_catches_what_was_not_moved() -> None:
    """The test above would fail if a tensor stayed on the CPU."""
    with pytest.raises(RuntimeError, match="is not on the expected device"):
        torch.nn.Linear(2, 2).to("meta")(torch.zeros(1, 2))


@NEEDS_CUDA
@general
@pytest.mark.parametrize(("name", "optimizer"), WITH_OPTIMIZERS)
def test_trains_and_resumes_on_cuda(name: str, optimizer: str, tmp_path: Path) -> None:
    trained = experiment(name)
    config = on(name, "cuda:0", optimizer=optimizer, lr=0.01)
    losses: list[float] = []
    for snapshot in trained.train(config, {}):
        losses += [snapshot.metrics["loss/train"]] if snapshot.metrics else []
        if snapshot.step == 7:
            checkpoints.save(checkpoints.checkpoint(snapshot, losses), tmp_path / "7.pt")
            trained.view(config, snapshot, {})
    again = [
        snapshot.metrics["loss/train"] for snapshot in trained.train(config, {}, checkpoints.load(tmp_path / "7.pt"))
    ]
    assert again == pytest.approx(losses[7:], rel=1e-3)
