"""The RNN's loop once more, for speed: what `loop.train` yields, bit for bit, in about half of the time.

A window of a hundred points is a hundred small steps forward and a hundred back, in which autograd costs more than the
numbers do. Here the same kernels of PyTorch are called one by one, in the order in which autograd calls them. The
lesson is `loop.train`: it is what scripts show, and it runs wherever `fits` says no.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.experiments.rnn.config import RNNConfig
from core.experiments.rnn.loop import RNNSnapshot, build_net, make_window
from core.models import RNN
from core.optimizers import build_optimizer

aten = torch.ops.aten
MEAN = 1
"""MSELoss's default, as its kernel takes it."""
ONE = torch.ones(())


def fits(config: RNNConfig) -> bool:
    """Whether this loop can train a config: a single layer of nn.RNN, and nothing that only the plain loop does."""
    return (
        config.device == "cpu"
        and config.cell == "RNN"
        and config.num_layers == 1
        and config.dropout == 0
        and not config.bidirectional
        and config.bias
        and config.batch_first
        and not config.bugs
    )


class Unrolled:
    """The network, forward over a window and backward through time by hand. T points in a window, H units."""

    def __init__(self, net: RNN, relu: bool):
        self.parameters = [*net.rnn.parameters(), *net.out.parameters()]
        self.values = [parameter.detach() for parameter in self.parameters]
        self.gradients = [torch.empty_like(value) for value in self.values]
        self.bend = torch.relu if relu else torch.tanh
        self.relu = relu

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The predictions (1, T, 1) of x (1, T, 1), and the hidden states (1, H) from the given one to the last."""
        w_ih, w_hh, b_ih, b_hh, w_out, b_out = self.values
        turned = w_hh.t()
        states = [h]
        for told in nn.functional.linear(x.transpose(0, 1), w_ih, b_ih).unbind(0):
            h = self.bend(torch.addmm(b_hh, h, turned).add_(told))
            states.append(h)
        return nn.functional.linear(torch.stack(states[1:]).transpose(0, 1), w_out, b_out), states

    def backward(self, x: Tensor, states: list[Tensor], gradient: Tensor) -> None:
        """Fill the parameters' gradients, given the gradient of the predictions (1, T, 1)."""
        _, w_hh, _, _, w_out, _ = self.values
        to_w_ih, to_w_hh, to_b_ih, to_b_hh, to_w_out, to_b_out = self.gradients
        flat = gradient.reshape(-1, 1)
        torch.mm(flat.t(), torch.cat(states[1:]), out=to_w_out)
        torch.sum(flat, 0, out=to_b_out)
        asked = torch.split(torch.mm(flat, w_out), 1)
        before = len(asked) * [flat]
        later: Tensor | None = None
        for time in range(len(asked) - 1, -1, -1):
            error = asked[time] if later is None else asked[time] + later
            state = states[time + 1]
            if self.relu:
                bent = aten.threshold_backward.default(error, state, 0)
            else:
                bent = aten.tanh_backward.default(error, state)
            before[time] = bent
            if later is None:
                torch.mm(bent.t(), states[time], out=to_w_hh)
                torch.sum(bent, 0, out=to_b_hh)
            else:
                to_w_hh.add_(torch.mm(bent.t(), states[time]))
                to_b_hh.add_(torch.sum(bent, 0))
            later = torch.mm(bent, w_hh)
        together = torch.cat(before)
        torch.mm(together.t(), x.reshape(-1, 1), out=to_w_ih)
        torch.sum(together, 0, out=to_b_ih)
        if self.parameters[0].grad is not self.gradients[0]:
            for parameter, filled in zip(self.parameters, self.gradients, strict=True):
                parameter.grad = filled


def train(
    config: RNNConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[RNNSnapshot]:
    """Train as `loop.train` does, with the same arguments, a config that `fits`, and the same snapshots."""
    net = build_net(config)
    optimizer = build_optimizer(config, net)
    h_state: Tensor | None = None
    order = torch.arange(0)
    first_step = 1
    if resume is not None:
        first_step, order, _ = restore(resume, net, optimizer)
        h_state = resume["h_state"]
    else:
        yield RNNSnapshot(0, 0, {}, net, optimizer, order)

    unrolled = Unrolled(net, config.nonlinearity == "relu")
    for step in range(first_step, config.num_steps + 1):
        if step in changes:
            for group in optimizer.param_groups:
                group["lr"] = changes[step].get("lr", group["lr"])
        x, y = make_window(config, step - 1)
        if h_state is None or config.h_state == "reset":
            h_state = torch.zeros(1, 1, config.hidden_size)

        prediction, states = unrolled.forward(x, h_state[0])
        h_state = states[-1][None]
        metrics = {"loss/train": nn.functional.mse_loss(prediction, y).item()}
        if not math.isfinite(metrics["loss/train"]):
            yield RNNSnapshot(step, step, metrics, net, optimizer, order, h_state)
            return
        unrolled.backward(x, states, aten.mse_loss_backward.default(ONE, prediction, y, MEAN))
        if config.clip > 0:
            nn.utils.clip_grad_norm_(net.parameters(), config.clip)
        optimizer.step()
        yield RNNSnapshot(step, step, metrics, net, optimizer, order, h_state)
