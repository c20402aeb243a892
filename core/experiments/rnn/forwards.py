"""Two ways to the same numbers: the tutorial's loop over time steps, and the Linear on the whole tensor at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.experiments.rnn.config import RNNConfig
from core.experiments.rnn.loop import build_net, make_window
from core.models import RNN
from core.snapshot import undisturbed

ROUNDS = 15
"""Times each way is measured, in turn."""


def loop(net: RNN, x: Tensor, h_state: Any = None) -> tuple[Tensor, Any]:
    """The tutorial's forward: x (batch, time, input_size) to (batch, time, n_output), one time step after the other."""
    r_out, h_state = net.rnn(x, h_state)
    outs = []
    for time_step in range(r_out.size(1)):
        outs.append(net.out(r_out[:, time_step, :]))
    return torch.stack(outs, dim=1), h_state


def whole(net: RNN, x: Tensor, h_state: Any = None) -> tuple[Tensor, Any]:
    """This app's forward: nn.Linear takes any number of axes before the last one."""
    r_out, h_state = net.rnn(x, h_state)
    return net.out(r_out), h_state


@dataclass(frozen=True)
class Comparison:
    """How long the loop and the whole tensor take on one window, and how far they differ.

    Attributes:
        loop, whole: median seconds of a forward and backward pass.
        difference: the largest difference between their predictions.
        points: points in the window.
    """

    loop: float
    whole: float
    difference: float
    points: int


def compare(config: RNNConfig) -> Comparison:
    """Measure both ways with a config's network and first window, on the CPU."""
    with undisturbed():
        config = config.changed(device="cpu", batch_first=True, bugs=(), dropout=0.0)
        net = build_net(config)
        x, y = make_window(config, 0)
        pairs = [(_seconds(loop, net, x, y), _seconds(whole, net, x, y)) for _ in range(ROUNDS)]
        with torch.no_grad():
            difference = float((loop(net, x)[0] - whole(net, x)[0]).abs().max())
    first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Comparison(first, second, difference, config.time_steps)


def _seconds(forward: Callable[..., tuple[Tensor, Any]], net: RNN, x: Tensor, y: Tensor) -> float:
    net.zero_grad()
    start = time.perf_counter()
    prediction, _ = forward(net, x)
    loss = nn.MSELoss()(prediction, y)
    loss.backward()
    return time.perf_counter() - start
