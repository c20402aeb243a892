"""The recurrent network without a run: untrained, on the bench, what it is given, and a window to be logged."""

import torch
from torch import Tensor, nn

from core.experiments.rnn.config import RNNConfig
from core.experiments.rnn.loop import RNNSnapshot, build_net, make_window, train
from core.models import RNN
from core.optimizers import build_optimizer
from core.snapshot import Bench, undisturbed


def untrained(config: RNNConfig) -> RNNSnapshot:
    """The snapshot of step 0."""
    with undisturbed():
        return next(train(config, {}))


def bench(config: RNNConfig) -> Bench:
    """Net, optimizer and first window, to take one step by hand."""
    with undisturbed():
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = make_window(config, 0)

    def loss() -> Tensor:
        value: Tensor = nn.MSELoss()(net(x)[0], y)
        return value

    return Bench(net, optimizer, loss)


def logged_batch(config: RNNConfig) -> tuple[Tensor, Tensor]:
    """The first window and what is asked for."""
    return make_window(config, 0)


def batch_axis(config: RNNConfig) -> int:
    """The axis of x that the network takes for the examples, also where batch_first was forgotten."""
    return 0 if config.batch_first and "forgotten_batch_first" not in config.bugs else 1


def carried(config: RNNConfig, net: RNN, x: Tensor) -> Tensor | tuple[Tensor, Tensor] | None:
    """The hidden state after x, where the network carries it on: for each layer (layer, batch, hidden_size)."""
    if config.h_state != "carry":
        return None
    with torch.no_grad():
        h_state: Tensor | tuple[Tensor, Tensor] = net(x)[1]
    return h_state
