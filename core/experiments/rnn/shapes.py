"""The tensors of a recurrent network and its parameters with their shapes: read off the network on the meta device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.experiments.rnn.config import RNNConfig
from core.experiments.rnn.loop import build_net
from core.snapshot import undisturbed

Shape = tuple[int, ...]


@dataclass(frozen=True)
class TensorShape:
    """One tensor of a training step: its name in the code, and its shape with batch_first=True and without."""

    name: str
    batch_first: Shape
    time_first: Shape


@dataclass(frozen=True)
class ParameterShape:
    """One parameter: its name in the state_dict, its shape, and how many numbers it learns."""

    name: str
    shape: Shape
    count: int


def step_tensors(config: RNNConfig) -> list[TensorShape]:
    """What goes into one training step and comes out of it, in either order of the axes."""
    first, second = (_tensors(config.changed(batch_first=order, bugs=())) for order in (True, False))
    return [TensorShape(name, shape, second[name]) for name, shape in first.items()]


def parameters(config: RNNConfig) -> list[ParameterShape]:
    """Everything that the network learns."""
    with undisturbed(), torch.device("meta"):
        net = build_net(config)
    return [ParameterShape(name, tuple(p.shape), p.numel()) for name, p in net.named_parameters()]


def _tensors(config: RNNConfig) -> dict[str, Shape]:
    with undisturbed(), torch.device("meta"), torch.no_grad():
        net = build_net(config)
        axes = (1, config.time_steps, 1) if config.batch_first else (config.time_steps, 1, 1)
        x = torch.empty(axes)
        r_out, h_state = net.rnn(x)
        prediction: Tensor = net.out(r_out)
    states = {"h_n": h_state[0], "c_n": h_state[1]} if config.cell == "LSTM" else {"h_state": h_state}
    tensors = {"x": x, "r_out": r_out, **states, "prediction": prediction}
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}
