"""One training step taken by hand: press zero_grad, backward and step in any order and see what each does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from core.config import TrainingConfig
from core.experiments import experiment
from core.snapshot import Bench, undisturbed

Press = Literal["zero_grad", "backward", "step"]
PRESSES: tuple[Press, ...] = ("zero_grad", "backward", "step")
MOST_PRESSES = 300


@dataclass(frozen=True)
class Row:
    """One number of one parameter.

    Attributes:
        gradient: its `.grad`, None before the first backward and after zero_grad.
        change: by how much the last press changed the value.
        gradient_change: by how much the last press changed the gradient.
    """

    parameter: str
    value: float
    gradient: float | None
    change: float
    gradient_change: float


@dataclass(frozen=True)
class Table:
    """All parameters after the presses so far.

    Attributes:
        loss: that of the last backward, None before the first.
        lr: the learning rate.
        presses_of_backward: backward passes since the gradients were last cleared.
    """

    rows: list[Row]
    loss: float | None
    lr: float
    presses_of_backward: int


def replay(config: TrainingConfig, presses: Sequence[Press]) -> Table:
    """Take the steps from the first weights on: the same presses always give the same table."""
    bench = experiment(config.experiment).bench(config)
    loss, backwards = None, 0
    before = _numbers(bench)
    with undisturbed():
        torch.manual_seed(0)
        for press in presses[-MOST_PRESSES:]:
            before = _numbers(bench)
            if press == "zero_grad":
                bench.optimizer.zero_grad()
                backwards = 0
            elif press == "backward":
                value = bench.loss()
                value.backward()  # type: ignore[no-untyped-call]
                loss = value.item()
                backwards += 1
            else:
                bench.optimizer.step()
    rows = [
        Row(name, value, gradient, value - old_value, (gradient or 0.0) - (old_gradient or 0.0))
        for (name, value, gradient), (_, old_value, old_gradient) in zip(_numbers(bench), before, strict=True)
    ]
    lr: Any = bench.optimizer.param_groups[0]["lr"]
    return Table(rows, loss, lr, backwards)


def _numbers(bench: Bench) -> list[tuple[str, float, float | None]]:
    numbers: list[tuple[str, float, float | None]] = []
    for name, parameter in bench.net.named_parameters():
        values = parameter.detach().flatten().tolist()
        gradients = parameter.grad.flatten().tolist() if parameter.grad is not None else [None] * len(values)
        numbers += [
            (name + _index(parameter, position), value, gradient)
            for position, (value, gradient) in enumerate(zip(values, gradients, strict=True))
        ]
    return numbers


def _index(parameter: Tensor, position: int) -> str:
    index = []
    for size in reversed(parameter.shape):
        index.append(str(position % size))
        position //= size
    return f"[{', '.join(reversed(index))}]"
