"""How the recurrent network is trained: its windows of a wave, its network, and the loop."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import restore
from core.data.waves import damped, formula, sine, square, standardized, sum_of_sines, times
from core.experiments.rnn.config import RNNConfig
from core.models import RNN
from core.optimizers import build_optimizer
from core.snapshot import Snapshot

NOISE = 0.2
"""Standard deviation of the noisy signal's noise."""


def signal(config: RNNConfig, t: Tensor, index: int) -> Tensor:
    """The wave at times t.

    Args:
        t: float64 (N,), in radians.
        index: the window, on which the noise depends.

    Returns:
        float64 (N,).
    """
    if config.signal == "sine":
        return sine(t)
    elif config.signal == "shifted":
        return sine(t + config.shift)
    elif config.signal == "sum":
        return sum_of_sines(t)
    elif config.signal == "square":
        return square(t)
    elif config.signal == "damped":
        return damped(t)
    elif config.signal == "noisy":
        noise = torch.Generator().manual_seed(100_000 * config.seed + index)
        return sine(t) + NOISE * torch.randn(len(t), generator=noise, dtype=torch.float64)
    else:
        return formula(config.formula, t)


def clean_signal(config: RNNConfig, t: Tensor) -> Tensor:
    """The wave without noise: what is asked for."""
    if config.signal == "noisy":
        return sine(t)
    return signal(config, t, 0)


def make_window(config: RNNConfig, index: int) -> tuple[Tensor, Tensor]:
    """One window: what goes in, and what is asked for.

    Args:
        index: which window, from 0.

    Returns:
        x and y, each float32 (1, time_steps, 1), which is (batch, time, feature);
        without batch_first (time_steps, 1, 1).
    """
    if config.signal == "own":
        series = standardized(config.series)
        first = index % ((len(series) - 1) // config.time_steps) * config.time_steps
        x = series[first : first + config.time_steps]
        y = series[first + 1 : first + config.time_steps + 1]
        return arranged(config, x, y)
    x = signal(config, times(index, config.time_steps, 0), index)
    if config.predict == "quarter":
        y = clean_signal(config, times(index, config.time_steps, math.pi / 2))
    else:
        y = clean_signal(config, times(index, config.time_steps, math.pi / config.time_steps))
    return arranged(config, x, y)


def arranged(config: RNNConfig, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Input and target (time_steps,) with the axes that the network wants."""
    if config.batch_first:
        return x.float()[None, :, None], y.float()[None, :, None]
    else:
        return x.float()[:, None, None], y.float()[:, None, None]


def cell(config: RNNConfig) -> Callable[..., nn.RNNBase]:
    """The recurrent layer's class."""
    if config.cell == "RNN" and config.nonlinearity == "relu":
        return partial(nn.RNN, nonlinearity="relu")
    else:
        found: Callable[..., nn.RNNBase] = getattr(nn, config.cell)
        return found


def build_net(config: RNNConfig) -> RNN:
    """The network with its first weights, the same for the same seed."""
    torch.manual_seed(config.seed)
    return RNN(
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        cell=cell(config),
        bias=config.bias,
        batch_first=config.batch_first and "forgotten_batch_first" not in config.bugs,
        dropout=config.dropout,
        bidirectional=config.bidirectional,
    )


@dataclass
class RNNSnapshot(Snapshot):
    """What one training step leaves behind.

    Attributes:
        h_state: what the network hands to its next step: None, a tensor, or a pair of them.
    """

    h_state: Any = None


def train(
    config: RNNConfig, changes: Mapping[int, Mapping[str, Any]], resume: Mapping[str, Any] | None = None
) -> Iterator[RNNSnapshot]:
    """Train on one window after the other, and yield an RNNSnapshot after each step.

    Args:
        changes: step -> {field: value} from that step on, such as {120: {"lr": 0.01}}; may grow while this runs.
        resume: a checkpoint to continue from.

    Raises:
        RuntimeError: with the bug "no_detach", at the second step.
    """
    device = torch.device(config.device)
    net = build_net(config).to(device)
    optimizer = build_optimizer(config, net)
    loss_func = nn.MSELoss()
    h_state = None
    order = torch.arange(0)
    first_step = 1
    if resume is not None:
        first_step, order, _ = restore(resume, net, optimizer)
        h_state = resume["h_state"]
    else:
        yield RNNSnapshot(0, 0, {}, net, optimizer, order)

    for step in range(first_step, config.num_steps + 1):
        if step in changes:
            for group in optimizer.param_groups:
                group["lr"] = changes[step].get("lr", group["lr"])
        x, y = make_window(config, step - 1)
        x, y = x.to(device), y.to(device)
        if config.h_state == "reset":
            h_state = None

        prediction, h_state = net(x, h_state)
        loss = loss_func(prediction, y)
        metrics = {"loss/train": loss.item()}
        if not math.isfinite(metrics["loss/train"]):
            yield RNNSnapshot(step, step, metrics, net, optimizer, order, h_state)
            return
        if "no_zero_grad" not in config.bugs:
            optimizer.zero_grad()
        loss.backward()
        if config.clip > 0:
            nn.utils.clip_grad_norm_(net.parameters(), config.clip)
        optimizer.step()
        if "no_detach" not in config.bugs:
            if config.cell == "LSTM":
                h_state = (h_state[0].detach(), h_state[1].detach())
            else:
                h_state = h_state.detach()
        yield RNNSnapshot(step, step, metrics, net, optimizer, order, h_state)
