"""Step 7 of the tutorial: a recurrent network that follows a wave, cos from sin."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from core import settings
from core.checkpoints import restore
from core.config import Problem, TrainingConfig, setting
from core.data.csv_series import LARGEST, MOST_POINTS
from core.data.waves import (
    FormulaRefused,
    check_formula,
    damped,
    formula,
    sine,
    square,
    standardized,
    sum_of_sines,
    times,
)
from core.experiment import Experiment, cell_lanes
from core.models import RNN
from core.optimizers import build_optimizer
from core.settings import PYTORCH, Device, Optimizer
from core.snapshot import Bench, Frame, Snapshot, undisturbed
from core.views.images import byte_maps

TUTORIAL = "the tutorial's step 7"
NOISE = 0.2
"""Standard deviation of the noisy signal's noise."""

Cell = Literal["RNN", "LSTM", "GRU"]
Bug = Literal["no_detach", "forgotten_batch_first", "no_zero_grad"]


class RNNConfig(TrainingConfig):
    """The settings of the recurrent network; the defaults are the tutorial's where it gives one."""

    experiment: ClassVar[str] = "rnn"

    # fmt: off
    signal: Literal["sine", "shifted", "sum", "square", "damped", "noisy", "formula", "own"] = setting(
        "sine", label="Signal", group="data", folded=False, source=TUTORIAL,
        choices={
            "sine": "sine", "shifted": "shifted sine", "sum": "sum of sines", "square": "square wave",
            "damped": "damped wave", "noisy": "noisy sine", "formula": "own formula", "own": "own series",
        },
        help="The wave that goes in, point by point. A sum of sines takes longer to follow than one.",
    )
    formula: str = setting(
        "sin(t) + 0.3*cos(3*t)", label="Formula in t", group="data", length=(None, 200), folded=False,
        shown_if=("signal", ("formula",)),
        help="A formula in t, in radians, with + - * / ^, pi, and sin, cos, exp, sqrt, abs, sign, tanh and the like.",
    )
    shift: float = setting(
        1.0, label="Shift in radians", group="data", low=-3.1, high=3.1, step=0.1, folded=False,
        shown_if=("signal", ("shifted",)),
        help="How far the sine is moved along the time axis.",
    )
    series: tuple[Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)], ...] = setting(
        (), label="Own series", group="data", length=(0, MOST_POINTS),
        help="Numbers from a CSV, in the order of time. The network is always asked for the next one.",
    )
    predict: Literal["quarter", "next"] = setting(
        "quarter", label="Predict", group="data", folded=False, source=TUTORIAL,
        shown_if=("signal", ("sine", "shifted", "sum", "square", "damped", "noisy", "formula")),
        choices={"quarter": "a quarter period ahead (cos)", "next": "the next point"},
        help="What the network is asked for at each point. Of a sine, a quarter of a period ahead is the cosine.",
    )
    time_steps: int = setting(
        10, label="Points per window", group="data", low=5, high=200, step=1, folded=False, source=TUTORIAL,
        help="Each step trains on one window of pi radians. With more points gradients travel further back.",
    )
    cell: Cell = settings.cell(
        Cell, source=TUTORIAL,
        help="What happens at each point. LSTM and GRU have gates that let memory and gradients last longer.",
    )
    hidden_size: int = settings.hidden_size(32, remembers="the past", source=TUTORIAL)
    num_layers: int = settings.num_layers(folded=True)
    h_state: Literal["carry", "reset"] = setting(
        "carry", label="Hidden state", group="network", folded=False, source=TUTORIAL,
        choices={"carry": "carried and detached", "reset": "reset at each window"},
        help="Whether a window begins with what the one before it remembered, or with zeros.",
    )
    nonlinearity: Literal["tanh", "relu"] = setting(
        "tanh", label="Nonlinearity", group="network", shown_if=("cell", ("RNN",)), source=PYTORCH,
        choices={"tanh": "tanh", "relu": "ReLU"},
        help="The bend in each time step. tanh holds the state between -1 and 1; with ReLU it may grow without end.",
    )
    bias: bool = setting(
        True, label="Bias", group="network", source=PYTORCH,
        help="Whether the cells add a constant of their own. The signal is centred, so little depends on it here.",
    )
    batch_first: bool = setting(
        True, label="batch_first", group="network", source=TUTORIAL,
        help="Only the order of the axes: (batch, time, feature), or (time, batch, feature). The losses stay the same.",
    )
    dropout: float = settings.dropout_between_layers()
    bidirectional: bool = setting(
        False, label="Bidirectional", group="network", source=PYTORCH,
        help="A second pass reads each window from its end: it knows the future of the window, and may cheat.",
    )
    compare: bool = settings.compare_cells(Cell)
    seed: int = settings.seed(fixes="first weights, noise, dropout")
    optimizer: Optimizer = settings.optimizer("Adam", source=TUTORIAL)
    lr: float = settings.lr(0.02, extremes="At 0.1 the network fails to learn", source=TUTORIAL)
    clip: float = settings.clip()
    num_steps: int = settings.num_steps(help="How many windows a run trains on.")
    device: Device = settings.device(pays="For a network this small the CPU is the fastest.")
    bugs: tuple[Bug, ...] = settings.bugs(Bug, {"no_detach": "no detach"})
    # fmt: on

    def problems(self) -> Iterator[Problem]:
        if self.signal == "formula":
            try:
                check_formula(self.formula)
            except FormulaRefused as refused:
                if refused.word == "t":
                    yield Problem("formula", "This formula has no finite value, or a huge one, at some times t.")
                elif refused.word:
                    yield Problem("formula", "“{word}” can't be used in this formula.", {"word": refused.word})
                else:
                    yield Problem(
                        "formula", "This is not a formula in t; one is `sin(t) + 0.3*cos(3*t)`, with * in each product."
                    )
        if self.signal == "own" and len(self.series) <= self.time_steps:
            yield Problem(
                "signal",
                "At least {count} numbers are needed, a window and one more; there are {given}. Upload them under "
                "“Own series from a CSV”, below all settings.",
                {"count": self.time_steps + 1, "given": len(self.series)},
            )
        if "no_detach" in self.bugs and self.h_state == "reset":
            yield Problem("bugs", "Without detach nothing happens here: the hidden state is not carried.")
        if "forgotten_batch_first" in self.bugs and not self.batch_first:
            yield Problem("bugs", "Here batch_first is switched off, so it can't be forgotten.")
        if self.compare and self.bugs:
            yield Problem("compare", "Either the three cells side by side, or a bug beside the correct run.")

    @property
    def steps_per_epoch(self) -> int:
        """Every step trains on a window of its own."""
        return 1


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
        resume: a checkpoint to go on from.

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


PARTS = ("fit", "free")
"""What a viewer may look at: how the network follows the wave, or how it goes on by itself."""
SHOWN_POINTS = 160
"""Points on the screen at most, unless two windows have more."""
FREE_POINTS = 120
"""Points that the network goes on by itself."""
HEAT_ROWS, HEAT_COLUMNS = 64, 160
"""Hidden units and points of the heat map at most."""


def focus(asked: Any) -> dict[str, Any]:
    """What a viewer asks to look at, checked: "part", one of `PARTS`, and a "version" that the frame carries back.

    Raises:
        ValueError: it makes no sense.
    """
    if not isinstance(asked, dict) or asked.get("part", "fit") not in PARTS:
        raise ValueError("no such part")
    version = asked.get("version", 0)
    if not isinstance(version, int) or not 0 <= version <= 10**9:
        raise ValueError("no such version")
    return {"part": asked.get("part", "fit"), "version": version}


def detached(h_state: Any) -> Any:
    """A hidden state without its past."""
    if isinstance(h_state, tuple):
        return tuple(part.detach() for part in h_state)
    return None if h_state is None else h_state.detach()


def flat(values: Tensor) -> np.ndarray:
    """The numbers of one window, (time_steps,), whatever the order of its axes."""
    found: np.ndarray = torch.nan_to_num(values.detach()).flatten().cpu().numpy()
    return found


def view(config: RNNConfig, snapshot: RNNSnapshot, focus: Mapping[str, Any]) -> Frame:
    """How the network of one step goes on from there: along the wave, with the run's own hidden state, or by itself."""
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


def upcoming(config: RNNConfig, snapshot: RNNSnapshot, shown: int) -> tuple[int, list[Reading]]:
    """Read the windows after a step as training would, without training.

    The picture of a wave of period 2 pi stands still if it moves by two windows at a time, so it begins at an even one.

    Returns:
        the first window shown, and the readings of those shown.
    """
    net = snapshot.net
    assert isinstance(net, RNN)
    device = net.out.weight.device
    first = snapshot.step + snapshot.step % 2
    h_state = detached(snapshot.h_state)
    readings = []
    for index in range(snapshot.step, first + shown):
        x, y = (values.to(device) for values in make_window(config, index))
        with torch.no_grad():
            r_out, h_state = net.rnn(x, None if config.h_state == "reset" else h_state)
            readings.append(Reading(x, y, net.out(r_out), r_out, h_state))
    return first, readings[-shown:]


def view_fit(config: RNNConfig, snapshot: RNNSnapshot) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The wave, what is asked for and what the network says; its hidden states; how far its gradient reaches back."""
    shown = max(2, min(6, SHOWN_POINTS // config.time_steps // 2 * 2))
    first, readings = upcoming(config, snapshot, shown)
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
    """How strongly the error at the next window's last point pulls at each of its inputs: float32 (time_steps,).

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
    said, h_state = readings[-1].prediction.flatten()[-1], readings[-1].h_state
    free: list[Tensor] = []
    with torch.no_grad():
        while len(free) < FREE_POINTS:
            free.append(said)
            prediction, h_state = net(said.reshape(1, 1, 1), h_state)
            said = prediction.flatten()[-1]
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
        found: Tensor = nn.MSELoss()(net(x)[0], y)
        return found

    return Bench(net, optimizer, loss)


def logged_batch(config: RNNConfig) -> tuple[Tensor, Tensor]:
    """The first window and what is asked for."""
    return make_window(config, 0)


EXPERIMENT = Experiment(
    order=3,
    config=RNNConfig,
    train=train,
    view=view,
    untrained=untrained,
    lanes=cell_lanes,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    smallest={"time_steps": 5, "hidden_size": 4, "num_steps": 15},
)
