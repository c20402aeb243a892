"""What the screen shows of the recurrent network: how it follows the wave, and how it continues by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.experiments.rnn.config import RNNConfig
from core.experiments.rnn.loop import RNNSnapshot, make_window
from core.models import RNN
from core.snapshot import Frame
from core.views.images import byte_maps

PARTS = ("fit", "free")
"""What a viewer may look at: how the network follows the wave, or how it continues by itself."""
SHOWN_POINTS = 160
"""Points on the screen at most, unless two windows have more."""
FREE_POINTS = 120
"""Points that the network continues by itself."""
HEAT_ROWS, HEAT_COLUMNS = 64, 160
"""Hidden units and points of the heat map at most."""


def focus(wish: Any) -> dict[str, Any]:
    """What a viewer wants to look at, checked: "part", one of `PARTS`, and a "version" that the frame carries back.

    Raises:
        ValueError: it makes no sense.
    """
    if not isinstance(wish, dict) or wish.get("part", "fit") not in PARTS:
        raise ValueError("no such part")
    version = wish.get("version", 0)
    if not isinstance(version, int) or not 0 <= version <= 10**9:
        raise ValueError("no such version")
    return {"part": wish.get("part", "fit"), "version": version}


def detached(h_state: Any) -> Any:
    """A hidden state without its past."""
    if isinstance(h_state, tuple):
        return tuple(part.detach() for part in h_state)
    return None if h_state is None else h_state.detach()


def flat(values: Tensor) -> np.ndarray:
    """The numbers of one window, (time_steps,), whatever the order of its axes."""
    numbers: np.ndarray = torch.nan_to_num(values.detach()).flatten().cpu().numpy()
    return numbers


def view(config: RNNConfig, snapshot: RNNSnapshot, focus: Mapping[str, Any]) -> Frame:
    """How the network continues from one step: along the wave, with the run's own hidden state, or by itself."""
    net = snapshot.net
    assert isinstance(net, RNN)
    part = focus.get("part", "fit")
    net.eval()
    arrays, facts = view_free(config, snapshot) if part == "free" else view_fit(config, snapshot)
    net.train()
    return Frame(snapshot.step, snapshot.epoch, arrays, {"part": part, "version": focus.get("version", 0), **facts})


@dataclass(frozen=True)
class Reading:
    """One window as the network reads it: x, y and prediction as `make_window` has them.

    Attributes:
        r_out: the hidden states, as the recurrent layer gives them.
        h_state: the hidden state after the window.
    """

    x: Tensor
    y: Tensor
    prediction: Tensor
    r_out: Tensor
    h_state: Any


def upcoming(config: RNNConfig, snapshot: RNNSnapshot, count: int) -> tuple[int, list[Reading]]:
    """Read the windows after a step as training would, without training.

    The picture of a wave of period 2 pi stands still if it moves by two windows at a time, so it begins at an even one.

    Args:
        count: how many windows are on the screen.

    Returns:
        the first of them, and the readings of all.
    """
    net = snapshot.net
    assert isinstance(net, RNN)
    device = net.out.weight.device
    first = snapshot.step + snapshot.step % 2
    h_state = detached(snapshot.h_state)
    readings = []
    for index in range(snapshot.step, first + count):
        x, y = (values.to(device) for values in make_window(config, index))
        with torch.no_grad():
            r_out, h_state = net.rnn(x, None if config.h_state == "reset" else h_state)
            readings.append(Reading(x, y, net.out(r_out), r_out, h_state))
    return first, readings[-count:]


def view_fit(config: RNNConfig, snapshot: RNNSnapshot) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The wave, what is asked for and what the network says; its hidden states; how far its gradient reaches back."""
    count = max(2, min(6, SHOWN_POINTS // config.time_steps // 2 * 2))
    first, readings = upcoming(config, snapshot, count)
    hidden = torch.cat([reading.r_out.reshape(config.time_steps, -1) for reading in readings]).T
    columns = torch.linspace(0, hidden.shape[1] - 1, min(HEAT_COLUMNS, hidden.shape[1])).round().long()
    rows = torch.linspace(0, hidden.shape[0] - 1, min(HEAT_ROWS, hidden.shape[0])).round().long()
    arrays = {
        "x": np.concatenate([flat(reading.x) for reading in readings]),
        "target": np.concatenate([flat(reading.y) for reading in readings]),
        "prediction": np.concatenate([flat(reading.prediction) for reading in readings]),
        "hidden": byte_maps(hidden[rows][:, columns]),
        "reach": reach(config, snapshot),
    }
    return arrays, {"first": [first], "time_steps": config.time_steps}


def reach(config: RNNConfig, snapshot: RNNSnapshot) -> np.ndarray:
    """How strongly the error at the next window's last point depends on each of its inputs: float32 (time_steps,).

    Absolute values of the gradient: tiny for the first points where it vanishes on its way, huge where it explodes.
    """
    device = next(snapshot.net.parameters()).device
    x, y = (values.to(device) for values in make_window(config, snapshot.step))
    h_state = None if config.h_state == "reset" else detached(snapshot.h_state)
    with torch.enable_grad():
        x.requires_grad_()
        prediction, _ = snapshot.net(x, h_state)
        error = (prediction.flatten()[-1] - y.flatten()[-1]) ** 2
        (gradient,) = torch.autograd.grad(error, x)
    sizes: np.ndarray = np.abs(flat(gradient)).astype(np.float32)
    return sizes


def view_free(config: RNNConfig, snapshot: RNNSnapshot) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The network fed with its own output, after two windows of the wave as a start."""
    net = snapshot.net
    if config.bidirectional or (config.predict != "next" and config.signal != "own"):
        return {"x": np.zeros(0, np.float32)}, {"possible": False}
    first, readings = upcoming(config, snapshot, 2)
    output, h_state = readings[-1].prediction.flatten()[-1], readings[-1].h_state
    free: list[Tensor] = []
    with torch.no_grad():
        while len(free) < FREE_POINTS:
            free.append(output)
            prediction, h_state = net(output.reshape(1, 1, 1), h_state)
            output = prediction.flatten()[-1]
    later = range(first + 2, first + 3 + FREE_POINTS // config.time_steps)
    arrays = {
        "x": np.concatenate([flat(reading.x) for reading in readings]),
        "free": flat(torch.stack(free)).clip(-1e6, 1e6),
        "truth": np.concatenate([flat(make_window(clean(config), index)[0]) for index in later])[:FREE_POINTS],
    }
    return arrays, {"possible": True, "first": [first], "time_steps": config.time_steps}


def clean(config: RNNConfig) -> RNNConfig:
    """The config without noise in its signal."""
    return config.changed(signal="sine") if config.signal == "noisy" else config
