"""A run's state at one step, enough to continue bit for bit: write it, read it back."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core import disk
from core.config import TrainingConfig
from core.foreign import BROKEN_ZIP
from core.snapshot import Snapshot


@dataclass(frozen=True)
class KeptStep:
    """A step of a run apart from its folder: all that a run needs to continue from it.

    Attributes:
        lanes: "run", the run itself, and what was trained beside it.
        changes: what was changed while it trained.
        states: lane -> its checkpoint.
        frame: the picture of the step.
    """

    lanes: dict[str, TrainingConfig]
    changes: dict[int, dict[str, Any]]
    states: dict[str, Any]
    frame: bytes

    @property
    def config(self) -> TrainingConfig:
        """The config of the run itself."""
        return self.lanes["run"]

    @property
    def step(self) -> int:
        """The step that was kept."""
        return max(int(state["step"]) for state in self.states.values())


def own_fields(snapshot: Snapshot) -> list[str]:
    """The fields that an experiment's own kind of snapshot has beyond `Snapshot`'s; the next step depends on them."""
    general = {field.name for field in fields(Snapshot)}
    return [field.name for field in fields(snapshot) if field.name not in general]


def checkpoint(snapshot: Snapshot, losses: list[float]) -> dict[str, Any]:
    """All that the next step depends on.

    Gradients belong to it: without `zero_grad` the next step adds to them.

    Args:
        losses: the training loss of every step so far.
    """
    device = next(snapshot.net.parameters()).device
    return {
        "step": snapshot.step,
        "epoch": snapshot.epoch,
        "metrics": snapshot.metrics,
        "net": snapshot.net.state_dict(),
        "gradients": [p.grad for p in snapshot.net.parameters()],
        "optimizer": snapshot.optimizer.state_dict(),
        "order": snapshot.order,
        **{name: getattr(snapshot, name) for name in own_fields(snapshot)},
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "losses": torch.tensor(losses, dtype=torch.float64),
    }


def restore(
    state: Mapping[str, Any], net: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, Tensor, list[float]]:
    """Put a checkpoint into a freshly built network and optimizer.

    Returns:
        the next step, the current epoch's order, and the losses so far.
    """
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    for parameter, gradient in zip(net.parameters(), state["gradients"], strict=True):
        parameter.grad = None if gradient is None else gradient.clone().to(parameter.device)
    torch.set_rng_state(state["rng"])
    if state.get("cuda_rng") is not None:
        torch.cuda.set_rng_state(state["cuda_rng"].cpu(), next(net.parameters()).device)
    return state["step"] + 1, state["order"], state["losses"].tolist()


def recall(state: Mapping[str, Any], untrained: Snapshot) -> Snapshot:
    """The snapshot that a checkpoint was made of, built into an untrained one; chance stands where it stood then."""
    restore(state, untrained.net, untrained.optimizer)
    kept = {name: state[name] for name in ("step", "epoch", "metrics", "order", *own_fields(untrained))}
    return replace(untrained, **kept)


def save(state: Mapping[str, Any], path: Path) -> None:
    """Write a checkpoint whole or not at all: whenever the process or the machine dies, the older file is still there.

    The new file gets the name only once the disk has all of it; that the name itself outlasts a power cut takes
    `disk.sync_folder`.

    Raises:
        disk.DiskError: the disk does not take it.
    """
    with disk.written(path) as file:
        torch.save(dict(state), file)


def whole(path: Path) -> bool:
    """Whether every byte of a checkpoint's tensors is as it was written; torch.load does not look."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (*BROKEN_ZIP, OSError, ValueError):
        return False


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint that this app wrote."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


def all_finite(net: nn.Module) -> bool:
    """Whether every weight, and every running statistic of batch norm, is a finite number."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in net.state_dict().values())
