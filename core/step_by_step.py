"""One training step taken by hand: press zero_grad, backward and step in any order and see what each does."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from core.config import TrainingConfig, has_own_data
from core.experiments import experiment
from core.snapshot import Bench, undisturbed

Press = Literal["zero_grad", "backward", "step"]
PRESSES: tuple[Press, ...] = ("zero_grad", "backward", "step")
MOST_PRESSES = 300
MOST_NUMBERS = 1_000_000
"""Numbers that all remembered tables have together: 33 MB."""
Numbers = npt.NDArray[np.float64]


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
    """All parameters after the presses so far, a number of each array for every one of their numbers.

    Attributes:
        parameters: name and shape of each parameter.
        values: float64 (numbers,).
        gradients: float64 (numbers,), meaningless where there is none.
        graded: bool (numbers,): whether there is a gradient.
        changes: by how much the last press changed each value, float64 (numbers,).
        gradient_changes: by how much it changed each gradient, float64 (numbers,).
        loss: that of the last backward, None before the first.
        lr: the learning rate.
        presses_of_backward: backward passes since the gradients were last cleared.
    """

    parameters: tuple[tuple[str, tuple[int, ...]], ...]
    values: Numbers
    gradients: Numbers
    graded: npt.NDArray[np.bool_]
    changes: Numbers
    gradient_changes: Numbers
    loss: float | None
    lr: float
    presses_of_backward: int

    @property
    def names(self) -> list[str]:
        """What each number is called: "out.bias[1]"."""
        return [name + index for name, shape in self.parameters for index in _indices(shape)]

    def name_at(self, at: int) -> str:
        """What the number at a place is called."""
        for name, shape in self.parameters:
            count = math.prod(shape)
            if at < count:
                return f"{name}[{', '.join(map(str, np.unravel_index(at, shape)))}]" if shape else f"{name}[]"
            at -= count
        raise IndexError(at)

    def places(self, parameter: str = "", words: str = "", by_change: bool = False) -> npt.NDArray[np.int64]:
        """Where the numbers are that one asks for, int64 (numbers found,).

        Args:
            parameter: the parameter that they are of; any if empty.
            words: what their names have in them, such as "bias" or "weight[3,"; spaces do not matter.
            by_change: whether those come first of which the last press changed value or gradient the most.
        """
        words = "".join(words.split())
        before, bracket, index = words.partition("[")
        found, start = [np.zeros(0, np.int64)], 0
        for name, shape in self.parameters:
            if parameter in ("", name) and (name.endswith(before) if bracket else before in name):
                found.append(start + _below(shape, index))
            start += math.prod(shape)
        places = np.concatenate(found)
        if by_change:
            change = np.nan_to_num(np.abs(self.changes[places]) + np.abs(self.gradient_changes[places]))
            places = places[np.argsort(-change, kind="stable")]
        return places

    @property
    def rows(self) -> list[Row]:
        """Every number with its name."""
        return [self._row(name, at) for at, name in enumerate(self.names)]

    @property
    def most_changed(self) -> Row:
        """The number of which the last press changed value and gradient the most."""
        at = int(np.argmax(np.nan_to_num(np.abs(self.changes) + np.abs(self.gradient_changes))))
        return self._row(self.name_at(at), at)

    def _row(self, name: str, at: int) -> Row:
        gradient = float(self.gradients[at]) if self.graded[at] else None
        return Row(name, float(self.values[at]), gradient, float(self.changes[at]), float(self.gradient_changes[at]))


_tables: dict[tuple[TrainingConfig, tuple[Press, ...]], Table] = {}
_lock = threading.Lock()


def replay(config: TrainingConfig, presses: Sequence[Press]) -> Table:
    """Take the steps from the first weights on: the same presses always give the same table, which is remembered."""
    last = tuple(presses[-MOST_PRESSES:])
    if has_own_data(config):
        return _replay(config, last)
    key = (config, last)
    with _lock:
        table = _tables.get(key)
    if table is None:
        table = _replay(config, last)
        with _lock:
            _tables[key] = table
            while len(_tables) > 1 and sum(known.values.size for known in _tables.values()) > MOST_NUMBERS:
                del _tables[next(iter(_tables))]
    return table


def _replay(config: TrainingConfig, presses: Sequence[Press]) -> Table:
    bench = experiment(config.experiment).bench(config)
    loss, backwards = None, 0
    before = _numbers(bench)
    with undisturbed():
        torch.manual_seed(0)
        for press in presses:
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
    values, gradients, graded = _numbers(bench)
    parameters = tuple((name, tuple(parameter.shape)) for name, parameter in bench.net.named_parameters())
    lr: Any = bench.optimizer.param_groups[0]["lr"]
    return Table(parameters, values, gradients, graded, values - before[0], gradients - before[1], loss, lr, backwards)


def _numbers(bench: Bench) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
    """All values, all gradients (0 where there is none), and which of these there are."""
    parameters = [parameter for _name, parameter in bench.net.named_parameters()]
    values = [parameter.detach().flatten().double().numpy() for parameter in parameters]
    gradients = [
        np.zeros(parameter.numel()) if parameter.grad is None else parameter.grad.flatten().double().numpy()
        for parameter in parameters
    ]
    graded = [np.full(parameter.numel(), parameter.grad is not None) for parameter in parameters]
    return np.concatenate(values), np.concatenate(gradients), np.concatenate(graded)


def _below(shape: tuple[int, ...], index: str) -> npt.NDArray[np.int64]:
    """Where in a parameter the numbers are whose index begins with this text, such as "3,0" or "3,0]"."""
    texts = [text for text in index.rstrip("]").split(",") if text]
    if len(texts) > len(shape) or not all(text.isdecimal() and len(text) < 10 for text in texts):
        return np.zeros(0, np.int64)
    first = [int(text) for text in texts]
    if any(number >= side for number, side in zip(first, shape, strict=False)):
        return np.zeros(0, np.int64)
    count = math.prod(shape[len(first) :])
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(first))]
    return np.arange(count) + sum(number * stride for number, stride in zip(first, strides, strict=True))


@lru_cache(maxsize=64)
def _indices(shape: tuple[int, ...]) -> tuple[str, ...]:
    """The index of each number of a parameter: "[0, 1]"."""
    return tuple(f"[{', '.join(map(str, index))}]" for index in np.ndindex(*shape))
