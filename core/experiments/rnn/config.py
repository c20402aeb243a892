"""The settings of the recurrent network that follows a wave."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from core import settings
from core.config import Problem, TrainingConfig, setting
from core.data.csv_series import LARGEST, MOST_POINTS
from core.data.waves import FormulaRefused, check_formula
from core.settings import PYTORCH, Device, Optimizer

TUTORIAL = "the tutorial's step 7"
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
        help="Numbers from a CSV, in the order of time. The network always predicts the next one.",
    )
    predict: Literal["quarter", "next"] = setting(
        "quarter", label="Predict", group="data", folded=False, source=TUTORIAL,
        shown_if=("signal", ("sine", "shifted", "sum", "square", "damped", "noisy", "formula")),
        choices={"quarter": "a quarter period ahead (cos)", "next": "the next point"},
        help="What the network has to predict at each point. A sine, a quarter of a period ahead, is the cosine.",
    )
    time_steps: int = setting(
        10, label="Points per window", group="data", low=5, high=200, step=1, folded=False, source=TUTORIAL,
        help="Each step trains on one window of pi radians. With more points the gradient has a longer way back.",
    )
    cell: Cell = settings.cell(
        Cell, source=TUTORIAL,
        help="What is computed at each point. LSTM and GRU have gates that let memory and gradients last longer.",
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
        help="Used at each time step. tanh keeps the state between -1 and 1; with ReLU it may grow without limit.",
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
    lr: float = settings.lr(0.02, extremes="At 0.1 the tutorial's network fails to learn", source=TUTORIAL)
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
            yield Problem("bugs", "Leaving out detach changes nothing here: the hidden state is not carried.")
        if "forgotten_batch_first" in self.bugs and not self.batch_first:
            yield Problem("bugs", "batch_first is switched off here, so it can't be forgotten.")
        if self.compare and self.bugs:
            yield Problem("compare", "Either the three cells side by side, or a bug beside the correct run.")

    @property
    def steps_per_epoch(self) -> int:
        """Every step trains on a window of its own."""
        return 1
